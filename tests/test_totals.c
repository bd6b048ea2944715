/* Sums over all policy domains, before they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/totals.h"

enum { DAY = 86400, MANY = 5000 };

/* One report with a policy and a failure, as rollup_of() gives it. */
struct sample {
	struct report report;
	struct policy policy;
	struct failure failure;
	struct rollup_policy policies;
	struct rollup_failure failures;
	struct rollup rollup;
};

static void
add(struct totals *totals, struct sample *sample, int64_t received_at)
{
	sample->policies.policy = &sample->policy;
	sample->failures.policy = &sample->policy;
	sample->failures.failure = &sample->failure;
	sample->rollup.policies = &sample->policies;
	sample->rollup.npolicies = 1;
	sample->rollup.failures = &sample->failures;
	sample->rollup.nfailures = 1;
	totals_add(totals, &sample->report, &sample->rollup, received_at);
}

static struct sample
make_sample(int64_t start, const char *organization, const char *type,
    const char *result_type)
{
	struct sample sample = {
		.report = { .start = start, .auth = AUTH_PASS },
		.policy = { .type = type, .sts_mode = "enforce" },
		.failure = { .result_type = result_type },
		.policies = { .policies = 1,
		    .reports = 1,
		    .first = 1,
		    .successful = 10,
		    .failed = 2,
		    .twice_successful = 1,
		    .twice_failed = 1 },
		.failures = { .details = 3, .failed = 2 },
		.rollup = { .organization = organization, .lag = 60 },
	};

	return sample;
}

static void
test_same_key(void **state)
{
	struct totals totals = { 0 };
	struct sample first = make_sample(0, "Example", "sts", "expired");
	struct sample second =
	    make_sample(DAY - 1, "Example", "sts", "expired");

	(void)state;
	second.policies.first = 0; /* a second policy of a report */
	add(&totals, &first, 100);
	add(&totals, &second, 90);
	totals_sum_up(&totals);
	assert_int_equal(totals.npolicies, 1);
	assert_string_equal(totals.policies[0].key.day, "1970-01-01");
	assert_int_equal(totals.policies[0].policies, 2);
	assert_int_equal(totals.policies[0].reports, 1);
	assert_int_equal(totals.policies[0].successful, 20);
	assert_int_equal(totals.policies[0].failed, 4);
	assert_int_equal(totals.policies[0].twice_successful, 2);
	assert_int_equal(totals.policies[0].twice_failed, 2);
	assert_int_equal(totals.policies[0].lag, 60);
	assert_int_equal(totals.policies[0].last_received_at, 100);
	assert_int_equal(totals.nfailures, 1);
	assert_int_equal(totals.failures[0].details, 6);
	assert_int_equal(totals.failures[0].failed, 4);
	totals_free(&totals);
}

static void
test_other_keys(void **state)
{
	struct totals totals = { 0 };
	struct sample samples[] = {
		make_sample(0, "Example", "sts", "expired"),
		make_sample(DAY, "Example", "sts", "expired"),
		make_sample(0, NULL, "sts", "expired"),
		make_sample(0, "", "sts", "expired"),
		make_sample(0, "Example", NULL, "expired"),
		make_sample(0, "Example", "", "expired"),
		make_sample(0, "Example", "sts", NULL),
	};
	enum { N = sizeof(samples) / sizeof(samples[0]) };

	(void)state;
	for (int i = 0; i < 2 * N; i++)
		add(&totals, &samples[i % N], 0);
	totals_sum_up(&totals);
	assert_int_equal(totals.npolicies, N - 1);
	assert_int_equal(totals.nfailures, N);
	for (size_t i = 0; i < totals.nfailures; i++)
		assert_int_equal(totals.failures[i].details, 6);
	totals_clear(&totals);
	totals_sum_up(&totals);
	assert_int_equal(totals.npolicies, 0);
	assert_int_equal(totals.nfailures, 0);
	totals_free(&totals);
}

static void
test_greatest(void **state)
{
	struct totals totals = { 0 };
	struct sample sample = make_sample(0, "Example", "sts", "expired");

	(void)state;
	sample.policies.successful = INT64_MAX;
	sample.failures.failed = INT64_MAX;
	add(&totals, &sample, 0);
	add(&totals, &sample, 0);
	totals_sum_up(&totals);
	assert_true(totals.policies[0].successful == INT64_MAX);
	assert_true(totals.failures[0].failed == INT64_MAX);
	totals_free(&totals);
}

/* More than there is room for at first: of one key, and of as many keys. */
static void
test_many(void **state)
{
	struct totals totals = { 0 };
	struct sample same = make_sample(0, "Example", "sts", "expired");
	struct sample others[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		others[i] = make_sample((int64_t)DAY * (i + 1), "Example",
		    "sts", "expired");
		add(&totals, &same, 0);
		add(&totals, &others[i], 0);
	}
	totals_sum_up(&totals);
	assert_int_equal(totals.npolicies, MANY + 1);
	assert_int_equal(totals.policies[0].policies, MANY);
	assert_int_equal(totals.policies[MANY].policies, 1);
	assert_int_equal(totals.nfailures, MANY + 1);
	assert_int_equal(totals.failures[0].details, 3 * MANY);
	totals_free(&totals);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_key),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_greatest),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
