#include "store/reparse.h"

#include <stdlib.h>
#include <string.h>

#include "report/rejoin.h"
#include "report/report_copy.h"
#include "store/reparse_rows.h"
#include "store/reparse_write.h"

enum {
	CHANGES_MOST = 500,
	CHANGES_BYTES = 16 << 20, /* of what was decoded, in one transaction */
	TRIES = 100               /* at one place, while others change it */
};

/* Before every key. */
static const struct reparse_place zero = {
	"00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z"
};

struct reparsing {
	struct query *from;
	struct store *to; /* NULL: change nothing */
	const struct reparse_wish *wish;
	struct reparse_counts *counts;
	int64_t total;
	struct reparse_place place; /* all up to it is done */
	/* A batch of reports, of which those up to one are done. */
	struct arena *arena;
	struct stored *stored;
	size_t n;
	struct reparse_place *before; /* each of them */
	size_t first;
	/* Those among them that are to be written. */
	struct reparse_change changes[CHANGES_MOST];
	size_t nchanges;
	/* Some that are decoded at once. */
	struct arena *group;
	struct fault *fault;
};

static void
tell(const struct reparsing *reparsing, const char *key, const char *why)
{
	if (reparsing->wish->tell != NULL)
		reparsing->wish->tell(key, why);
}

static void
count_change(struct reparse_counts *counts, unsigned differs)
{
	counts->changed++;
	counts->identities += (differs & DIFFERS_IDENTITY) != 0;
	counts->heads += (differs & DIFFERS_HEAD) != 0;
	counts->deviations += (differs & DIFFERS_DEVIATIONS) != 0;
	counts->policies += (differs & DIFFERS_POLICIES) != 0;
	counts->failures += (differs & DIFFERS_FAILURES) != 0;
}

static void
show(const struct reparsing *reparsing)
{
	if (reparsing->wish->show != NULL)
		reparsing->wish->show(reparsing->counts->reports,
		    reparsing->total, reparsing->counts->changed);
}

/* The report alone, to be written with what is known of its arrival. */
static void
add_change(struct reparsing *reparsing, size_t index, struct intake *intake,
    unsigned differs)
{
	const struct stored *stored = &reparsing->stored[index];
	struct intake *copy;

	if (reparsing->to == NULL) {
		count_change(reparsing->counts, differs);
		return;
	}
	intake->reports[0].document.len = 0;
	copy = intake_copy(intake, reparsing->arena);
	copy->channel = stored->channel;
	copy->received_at = stored->received_at;
	copy->reports[0].document = stored->document;
	reparsing->changes[reparsing->nchanges++] =
	    (struct reparse_change){ .stored = stored,
		    .index = index,
		    .intake = copy,
		    .differs = differs };
}

static void
examine(struct reparsing *reparsing, size_t index, struct intake *intake)
{
	const struct stored *stored = &reparsing->stored[index];
	unsigned differs;

	if (intake->outcome == OUTCOME_REJECTED || intake->nreports != 1 ||
	    !rejoin(&stored->kept, &intake->reports[0], reparsing->group)) {
		reparsing->counts->unreadable++;
		tell(reparsing, stored->place.key,
		    intake->detail != NULL ? intake->detail :
					     "none of its policies is left");
		return;
	}
	differs = reparse_compare(stored, &intake->reports[0]);
	if (differs != 0)
		add_change(reparsing, index, intake, differs);
}

/* Decode some reports from first on; *end is the first that is not of them. */
static bool
examine_group(struct reparsing *reparsing, size_t first, size_t *end)
{
	struct reparse_job jobs[REPARSE_DOCUMENTS];
	size_t indices[REPARSE_DOCUMENTS];
	size_t n = 0;
	size_t bytes = 0;

	arena_reset(reparsing->group);
	*end = first;
	while (*end < reparsing->n && n < REPARSE_DOCUMENTS &&
	    bytes < REPARSE_BYTES) {
		const struct stored *stored = &reparsing->stored[*end];

		if (stored->document.len > 0) {
			jobs[n] =
			    (struct reparse_job){ .key = stored->place.key,
				    .document = stored->document,
				    .received_at = stored->received_at };
			indices[n++] = *end;
		} else {
			reparsing->counts->undocumented++;
		}
		bytes += stored->document.len;
		(*end)++;
	}
	if (n > 0 &&
	    !reparsing->wish->decode(reparsing->wish->data, jobs, n,
		reparsing->group, reparsing->fault))
		return false;
	for (size_t i = 0; i < n; i++)
		examine(reparsing, indices[i], jobs[i].intake);
	return true;
}

static void
count_written(struct reparsing *reparsing)
{
	for (size_t i = 0; i < reparsing->nchanges; i++) {
		const struct reparse_change *change = &reparsing->changes[i];

		if (change->written)
			count_change(reparsing->counts, change->differs);
		if (change->refusal == NULL)
			continue;
		reparsing->counts->refused++;
		tell(reparsing, change->stored->place.key, change->refusal);
	}
}

/*
 * Write what is to be written of the reports up to end; *whole is false where
 * the batch is to be read once more from the place that was reached.
 */
static bool
settle(struct reparsing *reparsing, size_t end, bool *whole)
{
	const struct reparse_place *place = &reparsing->stored[end - 1].place;
	const struct reparse_step step = { .changes = reparsing->changes,
		.n = reparsing->nchanges,
		.before = reparsing->before,
		.end = place,
		.program = reparsing->wish->program };
	size_t gone = reparsing->nchanges;

	if (reparsing->to != NULL &&
	    !reparse_write(reparsing->to, &step, reparsing->arena, &gone,
		reparsing->fault))
		return false;
	count_written(reparsing);
	*whole = gone == reparsing->nchanges;
	if (!*whole) {
		end = reparsing->changes[gone].index;
		place = &reparsing->before[end];
	}
	reparsing->place = *place;
	reparsing->counts->reports += (int64_t)(end - reparsing->first);
	reparsing->first = end;
	reparsing->nchanges = 0;
	return true;
}

static bool
examine_batch(struct reparsing *reparsing)
{
	size_t end = 0;
	bool whole = true;

	reparsing->first = 0;
	reparsing->nchanges = 0;
	reparsing->before = arena_array(reparsing->arena, reparsing->n,
	    sizeof(*reparsing->before));
	for (size_t i = 0; i < reparsing->n; i++)
		reparsing->before[i] =
		    i > 0 ? reparsing->stored[i - 1].place : reparsing->place;
	while (end < reparsing->n && whole) {
		size_t used = arena_used(reparsing->arena);

		while (end < reparsing->n &&
		    arena_used(reparsing->arena) - used < CHANGES_BYTES)
			if (!examine_group(reparsing, end, &end))
				return false;
		if (!settle(reparsing, end, &whole))
			return false;
	}
	return true;
}

/* Batch after batch; a place may have to be looked at twice, not for ever. */
static bool
walk(struct reparsing *reparsing)
{
	const struct reparse_wish *wish = reparsing->wish;
	int tries = 0;

	for (;;) {
		struct reparse_place before = reparsing->place;

		show(reparsing);
		reparsing->counts->stopped =
		    wish->stops != NULL && wish->stops();
		if (reparsing->counts->stopped)
			return true;
		arena_reset(reparsing->arena);
		if (!reparse_read(reparsing->from, &reparsing->place,
			reparsing->arena, &reparsing->stored, &reparsing->n,
			reparsing->fault))
			return false;
		if (reparsing->n == 0)
			return true;
		if (!examine_batch(reparsing))
			return false;
		tries = strcmp(before.key, reparsing->place.key) == 0 ?
		    tries + 1 :
		    0;
		if (tries == TRIES)
			return fault_set(reparsing->fault, FAULT_LATER,
			    "reports come and go while they are compared");
	}
}

/* Where a run of this program was broken off; another began elsewhere. */
static bool
find_place(struct reparsing *reparsing)
{
	static const struct query_sql sql = {
		"SELECT report_key, start_time FROM reparse "
		"WHERE program = CAST($1 AS text)",
		NULL
	};
	struct query_rows rows;

	reparsing->place = zero;
	if (reparsing->to == NULL)
		return true;
	if (!query_run(reparsing->from, &sql, &reparsing->wish->program, 1,
		reparsing->arena, &rows, reparsing->fault))
		return false;
	if (rows.len == 0)
		return true;
	reparsing->counts->resumed = true;
	reparse_set_place(&reparsing->place, query_text(&rows, 0, 0),
	    query_text(&rows, 0, 1));
	return true;
}

static bool
find_total(struct reparsing *reparsing)
{
	static const struct query_sql sql = {
		"SELECT count(*) FROM report WHERE (report_key, start_time) > "
		"(CAST($1 AS uuid), CAST($2 AS timestamptz))",
		"SELECT count(*) FROM report "
		"WHERE (report_key, start_time) > ($1, $2)",
	};
	const char *const params[] = { reparsing->place.key,
		reparsing->place.start };
	struct query_rows rows;

	if (reparsing->wish->show == NULL)
		return true;
	if (!query_run(reparsing->from, &sql, params, 2, reparsing->arena,
		&rows, reparsing->fault))
		return false;
	reparsing->total = query_number(&rows, 0, 0);
	return true;
}

bool
reparse(struct query *from, struct store *to, const struct reparse_wish *wish,
    struct reparse_counts *counts, struct fault *fault)
{
	struct reparsing *reparsing = calloc(1, sizeof(*reparsing));
	bool done;

	if (reparsing == NULL)
		fault_out_of_memory();
	*counts = (struct reparse_counts){ 0 };
	*reparsing = (struct reparsing){ .from = from,
		.to = to,
		.wish = wish,
		.counts = counts,
		.arena = arena_new(),
		.group = arena_new(),
		.fault = fault };
	done = find_place(reparsing) && find_total(reparsing) &&
	    walk(reparsing) &&
	    (to == NULL || counts->stopped || reparse_clear(to, fault));
	arena_free(reparsing->group);
	arena_free(reparsing->arena);
	free(reparsing);
	return done;
}
