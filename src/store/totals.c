#include "store/totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { ROOM_LEAST = 1024, DAY_LEN = 10 };

static int64_t
sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* NULL comes first, and equals itself. */
static int
compare(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_keys(const struct total_key *a, const struct total_key *b)
{
	int order = strcmp(a->day, b->day);

	if (order == 0)
		order = compare(a->organization, b->organization);
	if (order == 0)
		order = (int)a->auth - (int)b->auth;
	if (order == 0)
		order = compare(a->policy_type, b->policy_type);
	if (order == 0)
		order = compare(a->sts_mode, b->sts_mode);
	return order != 0 ? order : compare(a->result_type, b->result_type);
}

/* Both kinds of rows begin with their key. */
static int
by_key(const void *a, const void *b)
{
	return compare_keys(a, b);
}

static void
sum_up_policies(struct totals *totals)
{
	struct total *rows = totals->policies;
	size_t len = 0;

	if (totals->npolicies > 1)
		qsort(rows, totals->npolicies, sizeof(*rows), by_key);
	for (size_t i = 0; i < totals->npolicies; i++) {
		struct total *last = len > 0 ? &rows[len - 1] : NULL;

		if (last == NULL ||
		    compare_keys(&last->key, &rows[i].key) != 0) {
			rows[len++] = rows[i];
			continue;
		}
		last->policies = sum(last->policies, rows[i].policies);
		last->reports = sum(last->reports, rows[i].reports);
		last->successful = sum(last->successful, rows[i].successful);
		last->failed = sum(last->failed, rows[i].failed);
		last->twice_successful =
		    sum(last->twice_successful, rows[i].twice_successful);
		last->twice_failed =
		    sum(last->twice_failed, rows[i].twice_failed);
		last->lag = sum(last->lag, rows[i].lag);
		if (rows[i].last_received_at > last->last_received_at)
			last->last_received_at = rows[i].last_received_at;
	}
	totals->npolicies = len;
}

static void
sum_up_failures(struct totals *totals)
{
	struct total_failure *rows = totals->failures;
	size_t len = 0;

	if (totals->nfailures > 1)
		qsort(rows, totals->nfailures, sizeof(*rows), by_key);
	for (size_t i = 0; i < totals->nfailures; i++) {
		struct total_failure *last = len > 0 ? &rows[len - 1] : NULL;

		if (last == NULL ||
		    compare_keys(&last->key, &rows[i].key) != 0) {
			rows[len++] = rows[i];
			continue;
		}
		last->details = sum(last->details, rows[i].details);
		last->failed = sum(last->failed, rows[i].failed);
	}
	totals->nfailures = len;
}

/* Room for as many rows again, at least. */
static void *
grow(void *rows, size_t len, size_t size, size_t *room)
{
	*room = 2 * len > ROOM_LEAST ? 2 * len : ROOM_LEAST;
	rows = reallocarray(rows, *room, size);
	if (rows == NULL)
		fault_out_of_memory();
	return rows;
}

/* Only where summing up makes no room is there more of it. */
static struct total *
next_policy(struct totals *totals)
{
	if (totals->npolicies == totals->policies_room) {
		sum_up_policies(totals);
		if (totals->npolicies >= totals->policies_room / 2)
			totals->policies = grow(totals->policies,
			    totals->npolicies, sizeof(*totals->policies),
			    &totals->policies_room);
	}
	return &totals->policies[totals->npolicies++];
}

static struct total_failure *
next_failure(struct totals *totals)
{
	if (totals->nfailures == totals->failures_room) {
		sum_up_failures(totals);
		if (totals->nfailures >= totals->failures_room / 2)
			totals->failures = grow(totals->failures,
			    totals->nfailures, sizeof(*totals->failures),
			    &totals->failures_room);
	}
	return &totals->failures[totals->nfailures++];
}

static void
add_policy(struct totals *totals, const struct total_key *key,
    const struct rollup *rollup, const struct rollup_policy *sums,
    int64_t received_at)
{
	struct total *total = next_policy(totals);

	*total = (struct total){ .key = *key,
		.policies = sums->policies,
		.reports = sums->first,
		.successful = sums->successful,
		.failed = sums->failed,
		.twice_successful = sums->twice_successful,
		.twice_failed = sums->twice_failed,
		.lag = sums->first != 0 ? rollup->lag : 0,
		.last_received_at = received_at };
	if (sums->policy != NULL) {
		total->key.policy_type = sums->policy->type;
		total->key.sts_mode = sums->policy->sts_mode;
	}
}

void
totals_add(struct totals *totals, const struct report *report,
    const struct rollup *rollup, int64_t received_at)
{
	struct total_key key = { .auth = report->auth,
		.organization = rollup->organization };

	datetime_write(report->start, key.day);
	key.day[DAY_LEN] = '\0';
	for (size_t i = 0; i < rollup->npolicies; i++)
		add_policy(totals, &key, rollup, &rollup->policies[i],
		    received_at);
	for (size_t i = 0; i < rollup->nfailures; i++) {
		const struct rollup_failure *sums = &rollup->failures[i];
		struct total_failure *total = next_failure(totals);

		*total = (struct total_failure){ .key = key,
			.details = sums->details,
			.failed = sums->failed };
		total->key.policy_type = sums->policy->type;
		total->key.sts_mode = sums->policy->sts_mode;
		total->key.result_type = sums->failure->result_type;
	}
}

void
totals_sum_up(struct totals *totals)
{
	sum_up_policies(totals);
	sum_up_failures(totals);
}

void
totals_clear(struct totals *totals)
{
	totals->npolicies = 0;
	totals->nfailures = 0;
}

void
totals_free(struct totals *totals)
{
	free(totals->policies);
	free(totals->failures);
	*totals = (struct totals){ 0 };
}
