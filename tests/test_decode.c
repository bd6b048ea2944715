/* Whole messages: what is found in them, and why some are turned away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "intake/decode.h"
#include "mail/message.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define D(name)    DEVIATION(name)

#define JSON_OF(id, domain)                                           \
	"{\"organization-name\": \"o\", \"report-id\": \"" id         \
	"\", \"contact-info\": \"a@b.example\", \"date-range\": "     \
	"{\"start-datetime\": \"2026-01-01T00:00:00Z\", "             \
	"\"end-datetime\": \"2026-01-01T23:59:59Z\"}, \"policies\": " \
	"[{\"policy\": {\"policy-type\": \"sts\"" domain "}, "        \
	"\"summary\": {\"total-successful-session-count\": 1, "       \
	"\"total-failure-session-count\": 0}}]}"
#define OURS ", \"policy-domain\": \"example.com\""
#define JSON JSON_OF("1", OURS)
#define REPORT \
	"Content-Type: multipart/report; report-type=tlsrpt; boundary=b\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n"
#define PART  "\n--b\nContent-Type: application/tlsrpt+json\n\n"
#define TOP   "Content-Type: application/tlsrpt+json\n"
#define DKIM                                                 \
	"Authentication-Results: mx.example.com; dkim=pass " \
	"header.d=b.example\n"

static const char *const ids[] = { "mx.example.com" };
static const char *const ours[] = { "example.com" };
static struct arena *arena;

static const struct row {
	const char *name;
	const char *raw;
	enum auth_rule auth;
	bool only_ours;
	enum reason reason; /* REASON_NONE: it has reports */
	size_t nreports;
	deviations noted;
} rows[] = {
	{ "as the RFC has it", REPORT PART JSON "\n--b--\n", AUTH_RECORD, false,
	    REASON_NONE, 1, 0 },
	{ "with CR LF",
	    "Content-Type: multipart/report; report-type=TLSRPT; boundary=b\r\n"
	    "\r\n--b\r\nContent-Type: application/tlsrpt+json\r\n\r\n" JSON
	    "\r\n--b--\r\n",
	    AUTH_RECORD, false, REASON_NONE, 1, 0 },
	{ "never closed", REPORT PART JSON "\n", AUTH_RECORD, false,
	    REASON_NONE, 1, 0 },
	{ "without a container", TOP "\n" JSON, AUTH_RECORD, false, REASON_NONE,
	    1, D(CONTAINER) },
	{ "behind a From line", "From a b\n" TOP "\n" JSON, AUTH_RECORD, false,
	    REASON_NONE, 1, D(CONTAINER) },
	{ "behind a quoted From line and an empty one",
	    "\n>From a b\n" TOP "\n" JSON, AUTH_RECORD, false, REASON_NONE, 1,
	    D(CONTAINER) },
	{ "in a mixed container", MIXED PART JSON "\n--b--\n", AUTH_RECORD,
	    false, REASON_NONE, 1, D(CONTAINER) },
	{ "typed as plain JSON", "Content-Type: application/json\n\n" JSON,
	    AUTH_RECORD, false, REASON_NONE, 1, D(CONTAINER) | D(MEDIA_TYPE) },
	{ "told by its name alone",
	    "Content-Type: text/x; name=\"a.JSON\"\n\n" JSON, AUTH_RECORD,
	    false, REASON_NONE, 1, D(CONTAINER) | D(MEDIA_TYPE) },
	{ "told by a name of gzip, which it is not",
	    "Content-Disposition: attachment; filename=a.json.gz\n"
	    "Content-Type: text/x\n\n" JSON,
	    AUTH_RECORD, false, REASON_NONE, 1,
	    D(CONTAINER) | D(MEDIA_TYPE) | D(MISLABELLED) },
	{ "said to be gzip", "Content-Type: application/tlsrpt+gzip\n\n" JSON,
	    AUTH_RECORD, false, REASON_NONE, 1, D(CONTAINER) | D(MISLABELLED) },
	{ "a bare document", JSON, AUTH_RECORD, false, REASON_NONE, 1, 0 },
	{ "a bare document behind blanks", " \r\n\t" JSON, AUTH_RECORD, false,
	    REASON_NONE, 1, 0 },
	{ "a bare document behind a mark", "\xef\xbb\xbf" JSON, AUTH_RECORD,
	    false, REASON_NONE, 1, D(BYTE_ORDER_MARK) },
	{ "two reports", REPORT PART JSON PART JSON_OF("2", OURS) "\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 2, D(SEVERAL_REPORTS) },
	{ "the same report twice", REPORT PART JSON PART JSON "\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 1, 0 },
	{ "a report and a broken one", REPORT PART JSON PART "{\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 1, D(PART_LEFT_OUT) },
	{ "a report and something else",
	    REPORT PART JSON
	    "\n--b\nContent-Type: application/octet-stream\n\nx\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 1, 0 },
	{ "a forwarded one",
	    MIXED "\n--b\nContent-Type: message/rfc822\n\n" TOP
		  "TLS-Report-Domain: EXAMPLE.com.\n\n" JSON "\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 1, D(CONTAINER) | D(FORWARDED) },
	{ "one of ours that came back",
	    "Content-Type: multipart/report; report-type=delivery-status; "
	    "boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nx: y\n"
	    "\n--b\nContent-Type: message/rfc822\n\n" TOP "\n" JSON "\n--b--\n",
	    AUTH_RECORD, false, REASON_NOT_A_REPORT, 0, 0 },
	{ "one that a mailer sent back",
	    "From: MAILER-DAEMON@x\n" MIXED
	    "\n--b\nContent-Type: message/rfc822\n\n" TOP "\n" JSON "\n--b--\n",
	    AUTH_RECORD, false, REASON_NOT_A_REPORT, 0, 0 },
	{ "one that nobody sent back",
	    "Return-Path: <>\n" MIXED
	    "\n--b\nContent-Type: message/rfc822\n\n" TOP "\n" JSON "\n--b--\n",
	    AUTH_RECORD, false, REASON_NOT_A_REPORT, 0, 0 },
	{ "the domain that is named",
	    "TLS-Report-Domain: Example.COM\n" TOP "\n" JSON, AUTH_RECORD,
	    false, REASON_NONE, 1, D(CONTAINER) },
	{ "another domain is named",
	    "TLS-Report-Domain: x.example\n" TOP "\n" JSON, AUTH_RECORD, false,
	    REASON_NONE, 1, D(CONTAINER) | D(REPORT_DOMAIN_MISMATCH) },
	{ "a domain is named that is missing",
	    "TLS-Report-Domain: example.com\n" TOP "\n" JSON_OF("1", ""),
	    AUTH_RECORD, false, REASON_NONE, 1,
	    D(CONTAINER) | D(POLICY_DOMAIN_MISSING) |
		D(POLICY_DOMAIN_DERIVED) },
	{ "of two reports one is named",
	    "TLS-Report-Domain: example.com\n" REPORT PART JSON PART
		JSON_OF("2", ", \"policy-domain\": \"x.example\"") "\n--b--\n",
	    AUTH_RECORD, false, REASON_NONE, 2, D(SEVERAL_REPORTS) },
	{ "the submitter that is the contact's",
	    "TLS-Report-Submitter: B.example\n" TOP "\n" JSON, AUTH_RECORD,
	    false, REASON_NONE, 1, D(CONTAINER) },
	{ "another submitter",
	    "TLS-Report-Submitter: =?utf-8?Q?c.example?=\n" TOP "\n" JSON,
	    AUTH_RECORD, false, REASON_NONE, 1,
	    D(CONTAINER) | D(SUBMITTER_MISMATCH) },
	{ "required, and signed", "From: x@b.example\n" DKIM TOP "\n" JSON,
	    AUTH_REQUIRE, false, REASON_NONE, 1, D(CONTAINER) },
	{ "required, and not signed", "From: x@b.example\n" TOP "\n" JSON,
	    AUTH_REQUIRE, false, REASON_UNAUTHENTICATED, 0, 0 },
	{ "signed, and nobody asks", DKIM TOP "\n" JSON, AUTH_OFF, false,
	    REASON_NONE, 1, D(CONTAINER) },
	{ "of ours", TOP "\n" JSON, AUTH_RECORD, true, REASON_NONE, 1,
	    D(CONTAINER) },
	{ "of below ours",
	    TOP "\n" JSON_OF("1", ", \"policy-domain\": \"a.example.com\""),
	    AUTH_RECORD, true, REASON_NONE, 1, D(CONTAINER) },
	{ "of others",
	    TOP "\n" JSON_OF("1", ", \"policy-domain\": \"badexample.com\""),
	    AUTH_RECORD, true, REASON_FOREIGN_DOMAIN, 0, 0 },
	{ "nothing at all", "", AUTH_RECORD, false, REASON_NOT_A_REPORT, 0, 0 },
	{ "no message", "just text", AUTH_RECORD, false, REASON_NOT_A_REPORT, 0,
	    0 },
	{ "a message of people", "Subject: x\n\nhello\n", AUTH_RECORD, false,
	    REASON_NOT_A_REPORT, 0, 0 },
	{ "a broken report", TOP "\n{", AUTH_RECORD, false, REASON_UNREADABLE,
	    0, 0 },
	{ "broken gzip",
	    "Content-Type: application/tlsrpt+gzip\n"
	    "Content-Transfer-Encoding: base64\n\nH4sIAAAA\n",
	    AUTH_RECORD, false, REASON_UNREADABLE, 0, 0 },
	{ "text where gzip should be",
	    "Content-Type: application/tlsrpt+gzip\n\nhello\n", AUTH_RECORD,
	    false, REASON_UNREADABLE, 0, 0 },
	{ "other JSON", "Content-Type: application/json\n\n{\"a\": 1}",
	    AUTH_RECORD, false, REASON_NOT_A_REPORT, 0, 0 },
	{ "JSON that looks like one",
	    "Content-Type: application/json\n\n{\"policies\": 1, "
	    "\"date-range\": 2}",
	    AUTH_RECORD, false, REASON_UNREADABLE, 0, 0 },
};

enum { NROWS = LEN(rows) };

static struct intake *
decode(const char *raw, size_t len, const struct decode_rules *rules)
{
	static const struct origin origin = { .source = "a\xff",
		.received_at = 1780000000,
		.now = 1780000000,
		.channel = CHANNEL_MAIL };

	return intake_decode((struct bytes){ (const unsigned char *)raw, len },
	    &origin, rules, arena);
}

static struct text_list
list(const char *const *at, size_t len)
{
	const char **copy = arena_array(arena, len, sizeof(*copy));

	memcpy(copy, at, len * sizeof(*copy));
	return (struct text_list){ copy, len };
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct decode_rules rules = { .limits = LIMITS_DEFAULT,
		.auth = row->auth,
		.authserv_ids = list(ids, LEN(ids)) };
	const struct intake *intake;

	if (row->only_ours)
		rules.domains = list(ours, LEN(ours));
	intake = decode(row->raw, strlen(row->raw), &rules);
	assert_int_equal(intake->reason, row->reason);
	assert_int_equal(intake->outcome,
	    row->reason == REASON_NONE ? OUTCOME_NONE : OUTCOME_REJECTED);
	assert_int_equal(intake->detail != NULL, row->reason != REASON_NONE);
	assert_int_equal(intake->nreports, row->nreports);
	assert_string_equal(intake->source, "a\xef\xbf\xbd");
	for (size_t i = 0; i < intake->nreports; i++)
		assert_true(intake->reports[i].deviations == row->noted);
}

static void
test_channel(void **state)
{
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT };
	static const char mail[] = "Subject: x\n\n";

	(void)state;
	assert_int_equal(decode(JSON, strlen(JSON), &rules)->channel,
	    CHANNEL_FILE);
	assert_int_equal(decode(mail, strlen(mail), &rules)->channel,
	    CHANNEL_MAIL);
}

/* The header, as the table of arrivals keeps it. */
static void
test_header(void **state)
{
	static const char raw[] =
	    "From: \"a, b\" <A@b.example>, c@d\nFrom: x@y\n"
	    "Subject: =?iso-8859-1?Q?=FC?=\n\tmore\nSubject: no\n"
	    "Message-ID:\n <1@b.example> \n\nx\n";
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT };
	const struct intake *intake = decode(raw, strlen(raw), &rules);

	(void)state;
	assert_string_equal(intake->sender, "A@b.example");
	assert_string_equal(intake->subject, "\xc3\xbc\tmore");
	assert_string_equal(intake->message_id, "<1@b.example>");
}

/* What is read of a field, at its limit and one past it. */
static void
test_field(void **state)
{
	const struct limits limits = LIMITS_DEFAULT;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buffer raw = { 0 };
		struct message message;
		struct fault fault;

		buffer_text(&raw, "TLS-Report-Domain:");
		for (size_t i = 0; i < LIMIT_FIELD + more; i++)
			buffer_text(&raw, "a");
		buffer_text(&raw, "\nSubject:");
		for (size_t i = 0; i < LIMIT_FIELD - 1; i++)
			buffer_text(&raw, "a");
		buffer_text(&raw, more == 0 ? "b\n\nx\n" : "ab\n\nx\n");
		assert_true(
		    message_read((struct bytes){ (const unsigned char *)raw.at,
				     raw.len },
			&limits, arena, &message, &fault));
		assert_int_equal(strlen(message.report_domain), LIMIT_FIELD);
		assert_int_equal(strlen(message.subject), LIMIT_FIELD);
		assert_int_equal(message.subject[LIMIT_FIELD - 1],
		    more == 0 ? 'b' : 'a');
		buffer_free(&raw);
	}
}

/* What says who signed: all of 64 KiB is read, and nothing past them. */
static void
test_signing(void **state)
{
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT,
		.authserv_ids = list(ids, LEN(ids)) };
	static const char value[] = " mx.example.com; dkim=pass "
				    "header.d=b.example";

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct buffer raw = { 0 };
		const struct intake *intake;

		buffer_text(&raw,
		    "From: x@b.example\n"
		    "Authentication-Results: other; (");
		for (size_t i = strlen(value) + strlen(" other; ()\n\n");
		     i < LIMIT_SIGNING + more; i++)
			buffer_text(&raw, "x");
		buffer_printf(&raw, ")\nAuthentication-Results:%s\n%s\n%s",
		    value, TOP, JSON);
		intake = decode(raw.at, raw.len, &rules);
		assert_int_equal(intake->nreports, 1);
		assert_int_equal(intake->reports[0].auth,
		    more == 0 ? AUTH_PASS : AUTH_NONE);
		buffer_free(&raw);
	}
}

/* --max-message and --max-report: at the limit, and one past it. */
static void
test_bytes(void **state)
{
	static const char raw[] = TOP "\n" JSON;
	struct decode_rules rules = { .limits = LIMITS_DEFAULT };
	struct buffer padded = { 0 };
	size_t len = strlen(raw);

	(void)state;
	rules.limits.message = len;
	assert_int_equal(decode(raw, len, &rules)->reason, REASON_NONE);
	rules.limits.message = len - 1;
	assert_int_equal(decode(raw, len, &rules)->reason, REASON_TOO_LARGE);
	rules.limits.message = 1 << 20;
	rules.limits.report = 64 << 10;
	buffer_text(&padded, JSON);
	while (padded.len < rules.limits.report)
		buffer_text(&padded, " ");
	assert_int_equal(decode(padded.at, padded.len, &rules)->reason,
	    REASON_NONE);
	buffer_text(&padded, " ");
	assert_int_equal(decode(padded.at, padded.len, &rules)->reason,
	    REASON_TOO_LARGE);
	buffer_free(&padded);
}

static void
test_cut(void **state)
{
	const struct decode_rules rules = { .limits = { .message = 7 } };
	const struct origin origin = { .source = "x", .channel = CHANNEL_MAIL };
	static const char raw[] = "{\"a\": 1";
	const struct intake *intake =
	    intake_cut((struct bytes){ (const unsigned char *)raw,
			   strlen(raw) },
		&origin, &rules, arena);

	(void)state;
	assert_int_equal(intake->reason, REASON_TOO_LARGE);
	assert_int_equal(intake->outcome, OUTCOME_REJECTED);
	assert_int_equal(intake->channel, CHANNEL_FILE);
	assert_string_equal(intake->detail, "message is longer than 7 bytes");
	intake = intake_unreadable(&origin, "why", arena);
	assert_int_equal(intake->reason, REASON_UNREADABLE);
	assert_string_equal(intake->detail, "why");
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
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_channel),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_signing),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_cut),
	};
	struct CMUnitTest tests[NROWS + LEN(others)];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	memcpy(tests + NROWS, others, sizeof(others));
	return cmocka_run_group_tests_name("decode", tests, start, stop);
}
