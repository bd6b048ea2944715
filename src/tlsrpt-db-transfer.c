#include "tlsrpt-db-transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/copy.h"
#include "store/import.h"

static const char program[] = "tlsrpt-db";

/* On a terminal, how far it is. */
static void
show_progress(const struct copy_counts *counts)
{
	(void)fprintf(stderr, "\r%" PRId64 " reports, %" PRId64 " were there",
	    counts->reports, counts->present);
}

static bool
copy_between(const char *from, const char *to, bool quiet, struct fault *fault)
{
	bool shows = !quiet && isatty(STDERR_FILENO) == 1;
	struct copy_counts counts = { 0 };
	struct store *store = NULL;
	struct query *query = NULL;
	bool done;

	done = query_open(from, program, 0, &query, fault) &&
	    store_open(to, STORE_WRITE, program, 0, &store, fault) &&
	    copy_all(query, store, shows ? show_progress : NULL, &counts,
		fault);
	if (shows)
		(void)fputc('\n', stderr);
	store_close(store);
	query_close(query);
	if (done && !quiet)
		(void)printf("%" PRId64 " reports copied, %" PRId64
			     " were there, %" PRId64 " superseded; %" PRId64
			     " intakes\n",
		    counts.reports, counts.present, counts.superseded,
		    counts.intakes);
	return done;
}

bool
transfer_copy(struct config *config, char *const operands[], bool quiet,
    struct fault *fault)
{
	struct arena *arena = arena_new();
	const char *from;
	const char *to;
	bool done;

	done = config_database(config, operands[0], arena, &from, fault) &&
	    config_database(config, operands[1], arena, &to, fault);
	if (done && strcmp(from, to) == 0)
		done = fault_set(fault, FAULT_USAGE,
		    "a database cannot be copied into itself");
	done = done && copy_between(from, to, quiet, fault);
	arena_free(arena);
	return done;
}

static void
tell_rejected(const char *source, const char *what)
{
	log_line(LOG_LEVEL_ERROR, source, "%s", what);
}

bool
transfer_import(const char *uri, const char *from, bool quiet,
    struct fault *fault)
{
	struct import_counts counts = { 0 };
	struct store *store = NULL;
	bool done;

	done = store_open(uri, STORE_WRITE, program, 0, &store, fault) &&
	    import_parsedmarc(from, store, tell_rejected, &counts, fault);
	store_close(store);
	if (done && !quiet)
		(void)printf("%" PRId64 " stored, %" PRId64
			     " duplicate, %" PRId64 " superseded, %" PRId64
			     " rejected\n",
		    counts.stored, counts.duplicate, counts.superseded,
		    counts.rejected);
	return done;
}
