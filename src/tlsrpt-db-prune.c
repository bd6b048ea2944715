#include "tlsrpt-db-prune.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "store/prune.h"
#include "store/store.h"
#include "tlsrpt-db-show.h"

static const char program[] = "tlsrpt-db";

enum {
	DAY = 24 * 60 * 60, /* seconds */
	DAYS_MOST = 36500
};

/* A unit is never shorter than what it is called. */
static const struct {
	char letter;
	int days;
} units[] = { { 'd', 1 }, { 'w', 7 }, { 'm', 31 }, { 'y', 366 } };

static int
days_of(char letter)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == letter)
			return units[i].days;
	return 0;
}

/* 400d and its like in seconds; 0 where it makes no sense. */
static int64_t
read_time(const char *text)
{
	int64_t days = 0;
	size_t ndigits = strspn(text, "0123456789");

	if (ndigits == 0 || ndigits > 5 || strlen(text) != ndigits + 1)
		return 0;
	for (size_t i = 0; i < ndigits; i++)
		days = 10 * days + (text[i] - '0');
	days *= days_of(text[ndigits]);
	return days <= DAYS_MOST ? days * DAY : 0;
}

static bool
take_time(const char *name, const char *text, int64_t *seconds,
    struct fault *fault)
{
	*seconds = read_time(text);
	return *seconds > 0 ||
	    fault_set(fault, FAULT_USAGE,
		"--%s=%s: write a number of days, weeks, months or years, as "
		"in 400d, 8w, 13m or 5y, of a hundred years at most",
		name, text);
}

static bool
take_wish(const struct prune_options *options, struct prune_wish *wish,
    struct fault *fault)
{
	const char *sums = options->keep_sums;

	if (options->keep == NULL)
		return fault_set(fault, FAULT_USAGE,
		    "prune needs --keep, as in --keep=400d");
	if (!take_time("keep", options->keep, &wish->keep, fault))
		return false;
	wish->keep_sums = wish->keep;
	if (sums != NULL && strcmp(sums, "forever") == 0)
		wish->keep_sums = PRUNE_NEVER;
	else if (sums != NULL &&
	    !take_time("keep-sums", sums, &wish->keep_sums, fault))
		return false;
	return wish->keep_sums >= wish->keep ||
	    fault_set(fault, FAULT_USAGE,
		"--keep-sums is shorter than --keep: sums do not go before "
		"their reports");
}

static void
show(const struct prune_found *found, bool dry_run, struct arena *arena)
{
	(void)printf("%s, of reports before %s and sums before %s:\n",
	    dry_run ? "Would be dropped" : "Dropped", found->before,
	    found->sums_before != NULL ? found->sums_before : "never");
	show_number("reports", found->reports);
	show_number("policies", found->policies);
	show_number("failures", found->failures);
	show_number("superseded", found->superseded);
	show_number("intakes", found->intakes);
	show_number("sums", found->sums);
	show_number("partitions", found->partitions);
	show_text("size", show_size(found->bytes, arena));
}

static void
show_json(const struct prune_found *found, bool dry_run)
{
	struct buffer out = { 0 };

	buffer_printf(&out,
	    "{\"dry_run\": %s, \"before\": ", dry_run ? "true" : "false");
	buffer_json(&out, found->before);
	buffer_text(&out, ", \"sums_before\": ");
	buffer_json(&out, found->sums_before);
	(void)printf("%s, \"reports\": %" PRId64 ", \"policies\": %" PRId64
		     ", \"failures\": %" PRId64 ", \"superseded\": %" PRId64
		     ", \"intakes\": %" PRId64 ", \"sums\": %" PRId64
		     ", \"partitions\": %" PRId64 ", \"bytes\": %" PRId64 "}\n",
	    out.at, found->reports, found->policies, found->failures,
	    found->superseded, found->intakes, found->sums, found->partitions,
	    found->bytes);
	buffer_free(&out);
}

bool
prune_run(const char *uri, const struct prune_options *options,
    struct fault *fault)
{
	struct prune_wish wish = { .dry_run = options->dry_run,
		.now = time(NULL) };
	struct prune_found found;
	struct store *store = NULL;
	struct arena *arena;
	bool done;

	if (!take_wish(options, &wish, fault) ||
	    !store_open(uri, STORE_ALTER, program, 0, &store, fault))
		return false;
	arena = arena_new();
	done = prune(store, &wish, arena, &found, fault);
	if (done && options->json)
		show_json(&found, wish.dry_run);
	else if (done && (!options->quiet || wish.dry_run))
		show(&found, wish.dry_run, arena);
	arena_free(arena);
	store_close(store);
	return done;
}
