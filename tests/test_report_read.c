/* The JSON of a report: what is read, what is noted, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/identity.h"
#include "report/report_read.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define D(name)    DEVIATION(name)

/* The members of a report; a row below replaces one of them. */
#define NAME "\"organization-name\": \"o\", "
#define RANGE                                          \
	"\"date-range\": {\"start-datetime\": "        \
	"\"2026-01-01T00:00:00Z\", \"end-datetime\": " \
	"\"2026-01-01T23:59:59Z\"}, "
#define CONTACT "\"contact-info\": \"a@b.example\", "
#define ID      "\"report-id\": \"1\", "
#define POLICY  "{\"policy\": " INNER ", \"summary\": " SUMMARY "}"
#define INNER   "{\"policy-type\": \"sts\", \"policy-domain\": \"c.example\"}"
#define SUMMARY                                    \
	"{\"total-successful-session-count\": 7, " \
	"\"total-failure-session-count\": 3}"
#define POLICIES "\"policies\": [" POLICY "]"
#define WITH(inner, rest)                                              \
	"{" NAME RANGE CONTACT ID "\"policies\": [{\"policy\": " inner \
	", \"summary\": " SUMMARY rest "}]}"
#define COUNTS(summary)                                                \
	"{" NAME RANGE CONTACT ID "\"policies\": [{\"policy\": " INNER \
	", \"summary\": " summary "}]}"
#define START(date)                                                      \
	"{" NAME CONTACT ID "\"date-range\": {\"start-datetime\": " date \
	", \"end-datetime\": \"2026-01-01T23:59:59Z\"}, " POLICIES "}"
#define FAILURE(detail) WITH(INNER, ", \"failure-details\": [" detail "]")

static const struct limits limits = LIMITS_DEFAULT;
static struct arena *arena;

static const struct row {
	const char *name;
	const char *json;
	enum fault_kind fault;
	deviations noted;
} rows[] = {
	{ "nothing to note", "{" NAME RANGE CONTACT ID POLICIES "}", FAULT_NONE,
	    0 },
	{ "not JSON", "{", FAULT_CONTENT, 0 },
	{ "no object", "[]", FAULT_CONTENT, 0 },
	{ "no name", "{" RANGE CONTACT ID POLICIES "}", FAULT_NONE,
	    D(ORGANIZATION_MISSING) },
	{ "a name of null",
	    "{\"organization-name\": null, " RANGE CONTACT ID POLICIES "}",
	    FAULT_NONE, D(ORGANIZATION_MISSING) },
	{ "a blank name",
	    "{\"organization-name\": \" \", " RANGE CONTACT ID POLICIES "}",
	    FAULT_NONE, D(ORGANIZATION_BLANK) },
	{ "a name that is no text",
	    "{\"organization-name\": 5, " RANGE CONTACT ID POLICIES "}",
	    FAULT_NONE, D(ORGANIZATION_MISSING) | D(MEMBER_NOT_TEXT) },
	{ "no contact", "{" NAME RANGE ID POLICIES "}", FAULT_NONE,
	    D(CONTACT_MISSING) },
	{ "a URI as contact",
	    "{" NAME RANGE "\"contact-info\": \"mailto:a@b\", " ID POLICIES "}",
	    FAULT_NONE, D(CONTACT_NOT_ADDRESS) },
	{ "no contact's domain",
	    "{" NAME RANGE "\"contact-info\": \"a@\", " ID POLICIES "}",
	    FAULT_NONE, D(CONTACT_NOT_ADDRESS) },
	{ "no id", "{" NAME RANGE CONTACT POLICIES "}", FAULT_CONTENT, 0 },
	{ "a blank id",
	    "{" NAME RANGE CONTACT "\"report-id\": \" \", " POLICIES "}",
	    FAULT_CONTENT, 0 },
	{ "an id that is a number",
	    "{" NAME RANGE CONTACT "\"report-id\": 5, " POLICIES "}",
	    FAULT_CONTENT, 0 },
	{ "an id that is a long number",
	    "{" NAME RANGE CONTACT "\"report-id\": 12345678901234567, " POLICIES
	    "}",
	    FAULT_CONTENT, 0 },
	{ "no dates", "{" NAME CONTACT ID POLICIES "}", FAULT_CONTENT, 0 },
	{ "dates that are no object",
	    "{" NAME CONTACT ID "\"date-range\": \"x\", " POLICIES "}",
	    FAULT_CONTENT, 0 },
	{ "no start", START("null"), FAULT_CONTENT, 0 },
	{ "a start that is none", START("\"not-a-date\""), FAULT_CONTENT, 0 },
	{ "a start without a zone", START("\"2026-01-01T00:00:00\""),
	    FAULT_NONE, D(DATETIME_WITHOUT_ZONE) },
	{ "a start without a time", START("\"2026-01-01\""), FAULT_NONE,
	    D(DATETIME_WITHOUT_TIME) },
	{ "a start with a blank", START("\"2026-01-01 00:00:00Z\""), FAULT_NONE,
	    D(DATETIME_FORM) },
	{ "a start past the end", START("\"2026-01-02T00:00:00Z\""), FAULT_NONE,
	    D(DATES_REVERSED) },
	{ "no policies", "{" NAME RANGE CONTACT ID "\"x\": 1}", FAULT_CONTENT,
	    0 },
	{ "policies that are no list",
	    "{" NAME RANGE CONTACT ID "\"policies\": {}}", FAULT_CONTENT, 0 },
	{ "a list without any", "{" NAME RANGE CONTACT ID "\"policies\": []}",
	    FAULT_NONE, D(POLICIES_EMPTY) },
	{ "none that is of use",
	    "{" NAME RANGE CONTACT ID "\"policies\": [1, {}]}", FAULT_CONTENT,
	    0 },
	{ "one that is of use",
	    "{" NAME RANGE CONTACT ID "\"policies\": [1, " POLICY "]}",
	    FAULT_NONE, D(POLICY_LEFT_OUT) },
	{ "a key twice", "{" NAME RANGE CONTACT ID ID POLICIES "}", FAULT_NONE,
	    D(DUPLICATE_KEY) },
	{ "a key in capitals",
	    "{" NAME RANGE CONTACT "\"REPORT-ID\": \"1\", " POLICIES "}",
	    FAULT_NONE, D(KEY_CASE) },
	{ "a key in capitals besides",
	    "{" NAME RANGE CONTACT ID "\"REPORT-ID\": \"2\", " POLICIES "}",
	    FAULT_NONE, 0 },
	{ "no type", WITH("{\"policy-domain\": \"c.example\"}", ""), FAULT_NONE,
	    D(POLICY_TYPE_MISSING) },
	{ "a type of one's own",
	    WITH("{\"policy-type\": \"x\", \"policy-domain\": \"c.example\"}",
		""),
	    FAULT_NONE, D(POLICY_TYPE_UNREGISTERED) },
	{ "no domain", WITH("{\"policy-type\": \"sts\"}", ""), FAULT_NONE,
	    D(POLICY_DOMAIN_MISSING) },
	{ "an empty domain",
	    WITH("{\"policy-type\": \"sts\", \"policy-domain\": \" \"}", ""),
	    FAULT_NONE, D(POLICY_DOMAIN_MISSING) },
	{ "strings that are one",
	    WITH("{\"policy-type\": \"sts\", \"policy-domain\": \"c.example\", "
		 "\"policy-string\": \"a\", \"mx-host\": \"\"}",
		""),
	    FAULT_NONE, D(POLICY_STRING_NOT_ARRAY) | D(MX_HOST_NOT_ARRAY) },
	{ "hosts that are none",
	    WITH("{\"policy-type\": \"sts\", \"policy-domain\": \"c.example\", "
		 "\"mx-host\": [null, 5, \"a\"]}",
		""),
	    FAULT_NONE, D(ENTRY_NOT_TEXT) },
	{ "a draft's key",
	    WITH("{\"policy-type\": \"sts\", \"policy-domain\": \"c.example\", "
		 "\"mx-host-pattern\": [\"a\"]}",
		""),
	    FAULT_NONE, D(KEY_MISSPELT) },
	{ "no summary", COUNTS("null"), FAULT_NONE, D(SUMMARY_MISSING) },
	{ "a summary without any", COUNTS("{}"), FAULT_NONE,
	    D(SUMMARY_MISSING) },
	{ "a summary that is none", COUNTS("7"), FAULT_CONTENT, 0 },
	{ "one count", COUNTS("{\"total-failure-session-count\": 3}"),
	    FAULT_NONE, D(COUNT_MISSING) },
	{ "a count as text",
	    COUNTS("{\"total-successful-session-count\": \"7\", "
		   "\"total-failure-session-count\": 3}"),
	    FAULT_NONE, D(COUNT_AS_TEXT) },
	{ "a count of letters",
	    COUNTS("{\"total-successful-session-count\": \"7x\"}"),
	    FAULT_CONTENT, 0 },
	{ "a count of no digit",
	    COUNTS("{\"total-successful-session-count\": \"\"}"), FAULT_CONTENT,
	    0 },
	{ "a count below zero",
	    COUNTS("{\"total-successful-session-count\": -1}"), FAULT_CONTENT,
	    0 },
	{ "a count and a half",
	    COUNTS("{\"total-successful-session-count\": 1.5}"), FAULT_CONTENT,
	    0 },
	{ "a count of null",
	    COUNTS("{\"total-successful-session-count\": null}"), FAULT_CONTENT,
	    0 },
	{ "a count past 2^53",
	    COUNTS("{\"total-successful-session-count\": 9007199254740993, "
		   "\"total-failure-session-count\": 3}"),
	    FAULT_NONE, D(COUNT_BEYOND_DOUBLE) },
	{ "a count past 2^63",
	    COUNTS("{\"total-successful-session-count\": 9223372036854775808}"),
	    FAULT_CONTENT, 0 },
	{ "a count like a real number",
	    COUNTS("{\"total-successful-session-count\": 1e19}"), FAULT_CONTENT,
	    0 },
	{ "details of null", WITH(INNER, ", \"failure-details\": null"),
	    FAULT_NONE, 0 },
	{ "details that are no list", WITH(INNER, ", \"failure-details\": {}"),
	    FAULT_NONE, D(FAILURE_DETAILS_LEFT_OUT) },
	{ "details that are none", FAILURE("1, null"), FAULT_NONE,
	    D(FAILURE_LEFT_OUT) },
	{ "a detail without its count",
	    FAILURE("{\"result-type\": \"validation-failure\"}"), FAULT_NONE,
	    D(COUNT_MISSING) | D(FAILURE_SUM) },
	{ "a detail that adds up",
	    FAILURE("{\"result-type\": \"validation-failure\", "
		    "\"failed-session-count\": 3}"),
	    FAULT_NONE, 0 },
	{ "details whose sum is too large",
	    FAILURE("{\"result-type\": \"validation-failure\", "
		    "\"failed-session-count\": \"9223372036854775807\"}, "
		    "{\"result-type\": \"validation-failure\", "
		    "\"failed-session-count\": \"9223372036854775807\"}"),
	    FAULT_NONE,
	    D(COUNT_AS_TEXT) | D(COUNT_BEYOND_DOUBLE) | D(FAILURE_SUM) },
	{ "a result of one's own",
	    FAILURE("{\"result-type\": \"x\", \"failed-session-count\": 3}"),
	    FAULT_NONE, D(RESULT_TYPE_UNREGISTERED) },
	{ "no result", FAILURE("{\"failed-session-count\": 3}"), FAULT_NONE,
	    D(RESULT_TYPE_MISSING) },
	{ "addresses that are none",
	    FAILURE("{\"result-type\": \"validation-failure\", "
		    "\"failed-session-count\": 3, \"sending-mta-ip\": "
		    "\"x.x.x.x\", \"receiving-ip\": null}"),
	    FAULT_NONE, D(ADDRESS_UNREADABLE) | D(MEMBER_NULL) },
};

enum { NROWS = LEN(rows) };

static bool
read_text(const char *json, struct report *report, struct fault *fault)
{
	return report_read((struct bytes){ (const unsigned char *)json,
			       strlen(json) },
	    &limits, arena, report, fault);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct report report = { .id = "untouched" };
	struct fault fault = { .kind = FAULT_NONE };
	bool read = read_text(row->json, &report, &fault);

	assert_int_equal(fault.kind, row->fault);
	assert_int_equal(read, row->fault == FAULT_NONE);
	if (read)
		assert_true(report.deviations == row->noted);
	else
		assert_string_equal(report.id, "untouched");
}

/* All that a report can say, where it belongs. */
static void
test_values(void **state)
{
	static const char json[] =
	    "{" NAME RANGE CONTACT ID
	    "\"policies\": [{\"policy\": {\"policy-type\": \"sts\", "
	    "\"policy-domain\": \" C.Example. \", \"policy-string\": "
	    "[\"version: STSv1\", \"mode: enforce\\nmax_age : 5\", "
	    "\"mode: none\"], \"mx-host\": [\"MX.c.example\"]}, "
	    "\"summary\": " SUMMARY ", \"failure-details\": "
	    "[{\"result-type\": \"certificate-expired\", "
	    "\"sending-mta-ip\": \"192.0.2.1\", \"receiving-ip\": "
	    "\"2001:DB8::0:1\", \"receiving-mx-hostname\": \"MX.c.example.\", "
	    "\"receiving-mx-helo\": \"He\", \"failed-session-count\": 3, "
	    "\"additional-information\": \"i\", \"failure-reason-code\": "
	    "\"r\"}]}]}";
	struct report report;
	struct fault fault;
	const struct policy *policy;
	const struct failure *failure;

	(void)state;
	assert_true(read_text(json, &report, &fault));
	assert_string_equal(report.organization, "o");
	assert_string_equal(report.contact, "a@b.example");
	assert_string_equal(report.id, "1");
	assert_int_equal(report.start, 1767225600);
	assert_int_equal(report.end, 1767225600 + 86399);
	assert_int_equal(report.npolicies, 1);
	policy = &report.policies[0];
	assert_string_equal(policy->type, "sts");
	assert_string_equal(policy->domain, "c.example");
	assert_int_equal(policy->strings.len, 3);
	assert_string_equal(policy->mx_hosts.at[0], "MX.c.example");
	assert_string_equal(policy->sts_mode, "enforce");
	assert_int_equal(policy->sts_max_age, 5);
	assert_int_equal(policy->successful, 7);
	assert_int_equal(policy->failed, 3);
	assert_int_equal(policy->nfailures, 1);
	failure = &policy->failures[0];
	assert_string_equal(failure->result_type, "certificate-expired");
	assert_string_equal(failure->sending_mta_ip.text, "192.0.2.1");
	assert_string_equal(failure->receiving_ip.text, "2001:db8::1");
	assert_string_equal(failure->receiving_mx_hostname, "mx.c.example");
	assert_string_equal(failure->receiving_mx_helo, "He");
	assert_int_equal(failure->failed, 3);
	assert_string_equal(failure->additional_information, "i");
	assert_string_equal(failure->failure_reason_code, "r");
}

/* At the length that is kept, and one past it. */
static void
test_fit(void **state)
{
	static char text[LIMIT_TEXT + 2];
	struct failure failure = { .additional_information = text };
	struct policy policy = { .domain = text,
		.failures = &failure,
		.nfailures = 1 };
	struct report report = { .id = text,
		.policies = &policy,
		.npolicies = 1 };

	(void)state;
	memset(text, 'x', LIMIT_NAME);
	report_fit(&report, arena);
	assert_true(report.deviations == 0);
	assert_int_equal(strlen(policy.domain), LIMIT_NAME);
	text[LIMIT_NAME] = 'x';
	report_fit(&report, arena);
	assert_true(report.deviations == D(TEXT_CUT));
	assert_int_equal(strlen(report.id), LIMIT_NAME);
	assert_int_equal(strlen(policy.domain), LIMIT_NAME);
	assert_int_equal(strlen(failure.additional_information),
	    LIMIT_NAME + 1);
	memset(text, 'x', LIMIT_TEXT);
	report.deviations = 0;
	report_fit(&report, arena);
	assert_true(report.deviations == 0);
	assert_int_equal(strlen(failure.additional_information), LIMIT_TEXT);
	text[LIMIT_TEXT] = 'x';
	report_fit(&report, arena);
	assert_true(report.deviations == D(TEXT_CUT));
	assert_int_equal(strlen(failure.additional_information), LIMIT_TEXT);
	failure.additional_information = "\033";
	report_fit(&report, arena);
	assert_true(report.deviations == (D(TEXT_CUT) | D(CONTROL_CHARACTER)));
}

/* The key of these fields, by another program's SHA-256. */
static void
test_identity(void **state)
{
	struct policy policies[] = { { .domain = "b.example" },
		{ .domain = NULL }, { .domain = "a.example" },
		{ .domain = "b.example" } };
	struct report report = { .organization = "o",
		.id = "1",
		.start = 1767225600,
		.end = 1767311999,
		.policies = policies,
		.npolicies = LEN(policies) };
	unsigned char first[REPORT_KEY_SIZE];
	char text[REPORT_KEY_TEXT_SIZE];

	(void)state;
	identity_set(&report, arena);
	identity_write(report.key, text);
	assert_string_equal(text, "ab825ec8-e3e2-8b9b-a4e0-0e6e0879e292");
	memcpy(first, report.key, sizeof(first));
	policies[0].domain = "a.example";
	policies[2].domain = "b.example";
	report.contact = "x@y";
	report.auth = AUTH_PASS;
	identity_set(&report, arena);
	assert_memory_equal(report.key, first, sizeof(first));
	report.npolicies = 2;
	identity_set(&report, arena);
	assert_memory_not_equal(report.key, first, sizeof(first));
	report.npolicies = LEN(policies);
	report.organization = "o1";
	report.id = "";
	identity_set(&report, arena);
	assert_memory_not_equal(report.key, first, sizeof(first));
}

static int
start(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	struct CMUnitTest tests[NROWS + 3] = {
		[NROWS] = cmocka_unit_test(test_values),
		[NROWS + 1] = cmocka_unit_test(test_fit),
		[NROWS + 2] = cmocka_unit_test(test_identity),
	};

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("report_read", tests, start, stop);
}
