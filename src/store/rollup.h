/*
 * What a report adds to the sums by day (tables policy_day, failure_day,
 * total_day and total_failure_day).  Pure; the views policy_rollup and
 * failure_rollup of sql/ say the same in SQL, and a change of one is a change
 * of both.
 */
#ifndef ROLLUP_H
#define ROLLUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "report/report.h"

/* All policies of one report that share domain, type and mode. */
struct rollup_policy {
	const struct policy
	    *policy; /* the first of them; NULL: there are none */
	int policies;
	int reports;        /* 1 in one row of each domain, else 0 */
	int first;          /* 1 in the first row, else 0 */
	int64_t successful; /* sums stop at INT64_MAX */
	int64_t failed;
	int64_t twice_successful; /* with tlsa: what sts counts as well */
	int64_t twice_failed;
};

/* All failures of such policies that share result type and MX. */
struct rollup_failure {
	const struct policy *policy;
	const struct failure *failure; /* the first of them */
	int details;
	int64_t failed;
	const char *reason; /* of the codes the last by its bytes, or NULL */
};

struct rollup {
	const char *organization; /* else the submitter; may be NULL */
	int64_t lag;              /* seconds from the end to the arrival */
	struct rollup_policy *policies; /* at least one */
	size_t npolicies;
	struct rollup_failure *failures;
	size_t nfailures;
};

/* The rows of one report; they point into it, and belong to the arena. */
void rollup_of(const struct report *report, int64_t received_at,
    struct arena *arena, struct rollup *rollup);

#endif
