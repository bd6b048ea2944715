/*
 * What the reports of one transaction add to the sums over all policy domains
 * (tables total_day and total_failure_day), summed up before it is written: a
 * batch has few days, reporters and result types, and many reports.  Pure.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/datetime.h"
#include "report/report.h"
#include "store/rollup.h"

/* What rows of both tables have in common, and differ in. */
struct total_key {
	char day[DATETIME_SIZE]; /* as 2024-01-15 */
	enum auth auth;
	const char *organization; /* of texts, all but auth may be NULL */
	const char *policy_type;
	const char *sts_mode;
	const char *result_type; /* NULL in total_day */
};

/* Sums stop at INT64_MAX. */
struct total {
	struct total_key key;
	int64_t policies;
	int64_t reports;
	int64_t successful;
	int64_t failed;
	int64_t twice_successful;
	int64_t twice_failed;
	int64_t lag;              /* seconds */
	int64_t last_received_at; /* seconds since 1970 */
};

struct total_failure {
	struct total_key key;
	int64_t details;
	int64_t failed;
};

/* All zero is empty. */
struct totals {
	struct total *policies;
	size_t npolicies;
	size_t policies_room;
	struct total_failure *failures;
	size_t nfailures;
	size_t failures_room;
};

/* Add a report; its texts must live until the totals are cleared. */
void totals_add(struct totals *totals, const struct report *report,
    const struct rollup *rollup, int64_t received_at);

/* Leave one row for each key, in the order of their keys. */
void totals_sum_up(struct totals *totals);

/* Forget all rows, and keep the memory for the next transaction. */
void totals_clear(struct totals *totals);

/* Give everything back. */
void totals_free(struct totals *totals);

#endif
