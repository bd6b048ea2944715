/* What part of the reports is asked for. */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"

/* Days are counted from 1970-01-01, UTC; both ends of a span belong to it. */
struct filter {
	int64_t since;
	int64_t until;
	int64_t before;           /* first day of the span before */
	bool until_now;           /* until is today, which is not over yet */
	const char *domain;       /* it and what is below; NULL: all */
	bool exact;               /* not what is below */
	const char *organization; /* NULL: all */
	bool verified;            /* only what DKIM vouches for */
};

/*
 * Read the span.  Each end is a date, or so many days or weeks (7d, 4w): of
 * until before today, of since before until.
 *
 *	since	NULL: fallback days before until
 *	until	NULL: today
 *	now	seconds since 1970
 *
 * The span before is as long as this one and ends the day before it; today,
 * whose reports come tomorrow, does not count for the length.  Fails with
 * FAULT_USAGE.
 */
bool filter_span(struct filter *filter, const char *since, const char *until,
    int fallback, int64_t now, struct fault *fault);

/* How many days the span has, without a today that is not over. */
int64_t filter_days(const struct filter *filter);

/* A day as 2024-01-15. */
const char *filter_day_text(int64_t day, struct arena *arena);

/* The day of a text that starts with a date; false where it is none. */
bool filter_day_read(const char *text, int64_t *day);

#endif
