/* Let go of what is older than a site wants to keep. */
#ifndef PRUNE_H
#define PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "store/store.h"

/*
 * What to keep.  Months are dropped whole (UTC): what is dropped lies before
 * the first day of the month in which the time to keep begins.
 */
struct prune_wish {
	int64_t keep;      /* seconds, of reports and of all that came in */
	int64_t keep_sums; /* seconds, of the sums by day; not less than keep */
	bool dry_run;
	int64_t now;
};

/* For keep_sums: they are never dropped. */
#define PRUNE_NEVER INT64_MAX

/* What was there to be dropped. */
struct prune_found {
	const char *before;      /* as 2024-01-01 */
	const char *sums_before; /* NULL: all sums are kept */
	int64_t reports;
	int64_t policies;
	int64_t failures;
	int64_t superseded;
	int64_t intakes;
	int64_t sums;       /* rows of them */
	int64_t partitions; /* tables that are dropped whole */
	int64_t bytes;      /* of partitions; in SQLite, of documents only */
};

/*
 * Drop what is too old, in many small transactions: whoever writes or reads
 * meanwhile waits half a second at a time at most, and finds all reports whole
 * and all sums right; and a run that was broken off goes on when it is run
 * again.  Reports dated in the future go by the day they came in.
 *
 * Where sums outlive their reports their days are closed (table retention):
 * a late report of such a day is stored, and not added to them.
 *
 * Texts of found belong to the arena.  Fails with FAULT_LATER.
 */
bool prune(struct store *store, const struct prune_wish *wish,
    struct arena *arena, struct prune_found *found, struct fault *fault);

#endif
