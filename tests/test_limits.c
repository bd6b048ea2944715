/* The fixed limits of limits.h: at each of them, and one past it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "intake/decode.h"

static const char json_start[] =
    "{\"organization-name\": \"o\", \"report-id\": \"1\", \"contact-info\": "
    "\"a@b.example\", \"date-range\": {\"start-datetime\": "
    "\"2026-01-01T00:00:00Z\", \"end-datetime\": \"2026-01-01T23:59:59Z\"}, "
    "\"policies\": [";

static const char json_policy[] =
    "{\"policy\": {\"policy-type\": \"sts\", \"policy-domain\": "
    "\"example.com\"}, \"summary\": {\"total-successful-session-count\": 1, "
    "\"total-failure-session-count\": 0}}";

static void
repeat(struct buffer *out, const char *text, const char *between, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buffer_text(out, between);
		buffer_text(out, text);
	}
}

static void
make_policies(struct buffer *out, size_t n)
{
	buffer_text(out, json_start);
	repeat(out, json_policy, ",", n);
	buffer_text(out, "]}");
}

static void
make_failures(struct buffer *out, size_t n)
{
	buffer_text(out, json_start);
	buffer_text(out,
	    "{\"policy\": {}, \"summary\": {}, \"failure-details\": [");
	repeat(out, "{}", ",", n);
	buffer_text(out, "]}]}");
}

static void
make_strings(struct buffer *out, size_t n)
{
	buffer_text(out, json_start);
	buffer_text(out, "{\"policy\": {\"policy-string\": [");
	repeat(out, "\"a\"", ",", n);
	buffer_text(out, "]}, \"summary\": {}}]}");
}

static void
make_depth(struct buffer *out, size_t n)
{
	buffer_text(out, json_start);
	buffer_text(out, json_policy);
	buffer_text(out, "], \"x\": ");
	repeat(out, "[", "", n - 1);
	repeat(out, "]", "", n - 1);
	buffer_text(out, "}");
}

static void
make_fields(struct buffer *out, size_t n)
{
	repeat(out, "X: y\n", "", n - 1);
	buffer_text(out, "Content-Type: application/tlsrpt+json\n\n");
	make_policies(out, 1);
}

/* The header, its empty line included, is n bytes. */
static void
make_header(struct buffer *out, size_t n)
{
	static const char rest[] =
	    "\nContent-Type: application/tlsrpt+json\n\n";

	buffer_text(out, "X: ");
	repeat(out, "y", "", n - strlen("X: ") - strlen(rest));
	buffer_text(out, rest);
	make_policies(out, 1);
}

/* n parts, the container that holds the others counted. */
static void
make_parts(struct buffer *out, size_t n)
{
	buffer_text(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	repeat(out, "--b\n\nx\n", "", n - 2);
	buffer_text(out, "--b\nContent-Type: application/tlsrpt+json\n\n");
	make_policies(out, 1);
	buffer_text(out, "\n--b--\n");
}

static void
make_reports(struct buffer *out, size_t n)
{
	buffer_text(out, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (size_t i = 0; i < n; i++) {
		buffer_printf(out,
		    "--b\nContent-Type: application/tlsrpt+json\n\n"
		    "{\"report-id\": \"%zu\", \"date-range\": "
		    "{\"start-datetime\": \"2026-01-01T00:00:00Z\", "
		    "\"end-datetime\": \"2026-01-01T23:59:59Z\"}, "
		    "\"policies\": []}\n",
		    i);
	}
	buffer_text(out, "--b--\n");
}

/* Fields in the header of a part; the one of the message is no other's. */
static void
make_part_fields(struct buffer *out, size_t n)
{
	buffer_text(out, "Content-Type: multipart/mixed; boundary=b\n\n--b\n");
	repeat(out, "X: y\n", "", n - 2);
	buffer_text(out, "Content-Type: application/tlsrpt+json\n\n");
	make_policies(out, 1);
}

/* The header of the message is counted along. */
static void
make_part_header(struct buffer *out, size_t n)
{
	static const char start[] =
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
	static const char rest[] =
	    "\nContent-Type: application/tlsrpt+json\n\n";

	buffer_text(out, start);
	buffer_text(out, "X: ");
	repeat(out, "y", "",
	    n - (strlen(start) - 5) - strlen("X: ") - (strlen(rest) - 1));
	buffer_text(out, rest);
	make_policies(out, 1);
}

/* Addresses in groups, in the header of a forwarded message. */
static void
make_colons(struct buffer *out, size_t n)
{
	buffer_text(out, "Content-Type: message/rfc822\n\nTo");
	repeat(out, ":g", "", n);
	buffer_text(out, "\nContent-Type: application/tlsrpt+json\n\n");
	make_policies(out, 1);
}

/* Messages in messages: of these the nesting is what counts. */
static void
make_levels(struct buffer *out, size_t n)
{
	repeat(out, "Content-Type: message/rfc822\n\n", "", n);
	buffer_text(out, "Content-Type: application/tlsrpt+json\n\n");
	make_policies(out, 1);
}

static const struct row {
	const char *name;
	void (*make)(struct buffer *out, size_t n);
	size_t limit;
} rows[] = {
	{ "policies", make_policies, LIMIT_POLICIES },
	{ "failure details", make_failures, LIMIT_FAILURES },
	{ "strings of a policy", make_strings, LIMIT_STRINGS },
	{ "nesting of JSON", make_depth, 64 },
	{ "fields of a header", make_fields, LIMIT_HEADER_FIELDS },
	{ "bytes of a header", make_header, LIMIT_HEADER_BYTES },
	{ "fields of the headers of parts", make_part_fields,
	    LIMIT_HEADER_FIELDS },
	{ "bytes of the headers of parts", make_part_header,
	    LIMIT_HEADER_BYTES },
	{ "colons in a field", make_colons, LIMIT_COLONS },
	{ "nesting of messages", make_levels, 64 },
	{ "MIME parts", make_parts, LIMIT_PARTS },
	{ "reports in a message", make_reports, LIMIT_REPORTS },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static enum reason
reason_for(const struct row *row, size_t n)
{
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT };
	const struct origin origin = { .source = "test",
		.received_at = 1780000000,
		.now = 1780000000,
		.channel = CHANNEL_MAIL };
	struct arena *arena = arena_new();
	struct buffer raw = { 0 };
	struct intake *intake;
	enum reason reason;

	row->make(&raw, n);
	intake = intake_decode((struct bytes){ (const unsigned char *)raw.at,
				   raw.len },
	    &origin, &rules, arena);
	reason = intake->reason;
	assert_true((intake->nreports > 0) == (reason == REASON_NONE));
	buffer_free(&raw);
	arena_free(arena);
	return reason;
}

static void
test_row(void **state)
{
	const struct row *row = *state;

	assert_int_equal(reason_for(row, row->limit), REASON_NONE);
	assert_int_equal(reason_for(row, row->limit + 1), REASON_TOO_LARGE);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
