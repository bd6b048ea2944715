#include "store/rollup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int64_t
sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* NULL comes first, and equals itself. */
static int
compare(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_policies(const struct policy *a, const struct policy *b)
{
	int order = compare(a->domain, b->domain);

	if (order == 0)
		order = compare(a->type, b->type);
	return order != 0 ? order : compare(a->sts_mode, b->sts_mode);
}

/* In a report the order in memory is that of the numbers. */
static int
by_group(const void *a, const void *b)
{
	const struct rollup_policy *left = a;
	const struct rollup_policy *right = b;
	int order = compare_policies(left->policy, right->policy);

	if (order != 0)
		return order;
	return left->policy < right->policy ? -1 : 1;
}

static bool
has_type(const struct rollup_policy *row, const char *type)
{
	return row->policy->type != NULL &&
	    strcmp(row->policy->type, type) == 0;
}

/* Put each policy on the row before it where that is of the same group. */
static size_t
join_policies(struct rollup_policy *rows, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct rollup_policy *last = len > 0 ? &rows[len - 1] : NULL;

		if (last == NULL ||
		    compare_policies(last->policy, rows[i].policy) != 0) {
			rows[len++] = rows[i];
			continue;
		}
		last->policies++;
		last->successful = sum(last->successful, rows[i].successful);
		last->failed = sum(last->failed, rows[i].failed);
	}
	return len;
}

/*
 * The rows of one domain: the first of its policies counts the report, and
 * tlsa is told what sts has seen too.
 */
static void
look_at_domain(struct rollup_policy *rows, size_t n)
{
	struct rollup_policy *leader = rows;
	int64_t successful = 0;
	int64_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].policy < leader->policy)
			leader = &rows[i];
		if (!has_type(&rows[i], "sts"))
			continue;
		successful = sum(successful, rows[i].successful);
		failed = sum(failed, rows[i].failed);
	}
	leader->reports = 1;
	for (size_t i = 0; i < n; i++) {
		if (!has_type(&rows[i], "tlsa"))
			continue;
		rows[i].twice_failed = least(failed, rows[i].failed);
		rows[i].twice_successful =
		    least(sum(successful, failed),
			sum(rows[i].successful, rows[i].failed)) -
		    rows[i].twice_failed;
	}
}

static void
roll_policies(const struct report *report, struct rollup *rollup)
{
	struct rollup_policy *rows = rollup->policies;
	size_t end;

	for (size_t i = 0; i < report->npolicies; i++)
		rows[i] =
		    (struct rollup_policy){ .policy = &report->policies[i],
			    .policies = 1,
			    .successful = report->policies[i].successful,
			    .failed = report->policies[i].failed };
	qsort(rows, report->npolicies, sizeof(*rows), by_group);
	rollup->npolicies = join_policies(rows, report->npolicies);
	for (size_t i = 0; i < rollup->npolicies; i = end) {
		end = i + 1;
		while (end < rollup->npolicies &&
		    compare(rows[i].policy->domain, rows[end].policy->domain) ==
			0)
			end++;
		look_at_domain(&rows[i], end - i);
	}
	for (size_t i = 0; i < rollup->npolicies; i++)
		rows[i].first = rows[i].policy == report->policies;
}

static int
compare_failures(const struct rollup_failure *a, const struct rollup_failure *b)
{
	int order = compare_policies(a->policy, b->policy);

	if (order == 0)
		order =
		    compare(a->failure->result_type, b->failure->result_type);
	return order != 0 ? order :
			    compare(a->failure->receiving_mx_hostname,
				b->failure->receiving_mx_hostname);
}

static int
by_result(const void *a, const void *b)
{
	return compare_failures(a, b);
}

static void
roll_failures(const struct report *report, struct rollup *rollup)
{
	struct rollup_failure *rows = rollup->failures;
	size_t n = 0;
	size_t len = 0;

	for (size_t i = 0; i < report->npolicies; i++) {
		const struct policy *policy = &report->policies[i];

		for (size_t k = 0; k < policy->nfailures; k++)
			rows[n++] = (struct rollup_failure){ policy,
				&policy->failures[k], 1,
				policy->failures[k].failed,
				policy->failures[k].failure_reason_code };
	}
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_result);
	for (size_t i = 0; i < n; i++) {
		if (len == 0 || compare_failures(&rows[len - 1], &rows[i]) != 0)
			rows[len++] = rows[i];
		else {
			rows[len - 1].details++;
			rows[len - 1].failed =
			    sum(rows[len - 1].failed, rows[i].failed);
			if (compare(rows[i].reason, rows[len - 1].reason) > 0)
				rows[len - 1].reason = rows[i].reason;
		}
	}
	rollup->nfailures = len;
}

void
rollup_of(const struct report *report, int64_t received_at, struct arena *arena,
    struct rollup *rollup)
{
	size_t nfailures = 0;

	for (size_t i = 0; i < report->npolicies; i++)
		nfailures += report->policies[i].nfailures;
	*rollup = (struct rollup){
		.organization = report->organization != NULL ?
		    report->organization :
		    report->submitter,
		.lag =
		    received_at > report->end ? received_at - report->end : 0,
		.policies = arena_array(arena, report->npolicies + 1,
		    sizeof(*rollup->policies)),
		.failures = arena_array(arena, nfailures + 1,
		    sizeof(*rollup->failures)),
	};
	if (report->npolicies == 0) {
		rollup->policies[0].first = 1;
		rollup->npolicies = 1;
		return;
	}
	roll_policies(report, rollup);
	roll_failures(report, rollup);
}
