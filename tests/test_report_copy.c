/* A copy of an intake stands by itself once the original is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "intake/decode.h"
#include "report/report_copy.h"
#include "report/report_write.h"

static const char full[] =
    "Message-ID: <1@example.com>\n"
    "From: reports@example.com\n"
    "Subject: Report Domain: example.org\n"
    "TLS-Report-Domain: example.org\n"
    "TLS-Report-Submitter: example.com\n"
    "Authentication-Results: mx.example; dkim=pass header.d=example.com\n"
    "Content-Type: application/tlsrpt+json\n"
    "\n"
    "{\"organization-name\":\"Example\",\"date-range\":{\"start-datetime\":"
    "\"2024-01-15T00:00:00Z\",\"end-datetime\":\"2024-01-15T23:59:59Z\"},"
    "\"contact-info\":\"tls@example.com\",\"report-id\":\"1\",\"policies\":["
    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":["
    "\"version: STSv1\",\"mode: enforce\",\"max_age: 86400\"],"
    "\"policy-domain\":\"example.org\",\"mx-host\":[\"*.example.org\"]},"
    "\"summary\":{\"total-successful-session-count\":5,"
    "\"total-failure-session-count\":2},\"failure-details\":["
    "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":"
    "\"192.0.2.1\",\"receiving-mx-hostname\":\"mx.example.org\","
    "\"receiving-mx-helo\":\"mx\",\"receiving-ip\":\"2001:db8::1\","
    "\"failed-session-count\":2,\"additional-information\":\"a\","
    "\"failure-reason-code\":\"b\"}]},"
    "{\"policy\":{\"policy-type\":\"no-policy-found\",\"policy-domain\":"
    "\"example.org\"},\"summary\":{}}]}";

static const char *const messages[] = { full, "no message at all", "",
	"From: a@example.com\n\n",
	"Content-Type: application/tlsrpt+json\n\n{\"policies\":[]" };

/* All that can be seen of an intake, and its documents. */
static struct buffer
written(const struct intake *intake)
{
	struct buffer out = { 0 };

	intake_write(intake, &out);
	buffer_printf(&out, "%s %s %s %s %d",
	    intake->message_id != NULL ? intake->message_id : "-",
	    intake->sender != NULL ? intake->sender : "-",
	    intake->subject != NULL ? intake->subject : "-",
	    intake->detail != NULL ? intake->detail : "-",
	    (int)intake->channel);
	for (size_t i = 0; i < intake->nreports; i++) {
		const struct report *report = &intake->reports[i];

		buffer_add(&out, report->document.at, report->document.len);
		for (size_t k = 0; k < report->npolicies; k++)
			buffer_printf(&out, " %s %lld",
			    report->policies[k].sts_mode != NULL ?
				report->policies[k].sts_mode :
				"-",
			    (long long)report->policies[k].sts_max_age);
	}
	return out;
}

static void
test_copy(void **state)
{
	const char *message = *state;
	const char *ids[] = { "mx.example" };
	const struct decode_rules rules = { .limits = LIMITS_DEFAULT,
		.authserv_ids = { ids, 1 } };
	const struct origin origin = { .source = "here",
		.received_at = 1705363200,
		.now = 1705363200,
		.channel = CHANNEL_MAIL };
	struct arena *first = arena_new();
	struct arena *second = arena_new();
	char *raw = strdup(message);
	const struct intake *intake;
	struct buffer before;
	struct buffer after;

	intake = intake_decode((struct bytes){ (const unsigned char *)raw,
				   strlen(raw) },
	    &origin, &rules, first);
	if (message == full) {
		assert_int_equal(intake->nreports, 1);
		assert_int_equal(intake->reports[0].auth, AUTH_PASS);
	}
	before = written(intake);
	intake = intake_copy(intake, second);
	memset(raw, '#', strlen(raw));
	free(raw);
	arena_free(first);
	after = written(intake);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.at, after.at, before.len);
	buffer_free(&before);
	buffer_free(&after);
	arena_free(second);
}

int
main(void)
{
	enum { NMESSAGES = sizeof(messages) / sizeof(messages[0]) };
	struct CMUnitTest tests[NMESSAGES];

	for (size_t i = 0; i < NMESSAGES; i++)
		tests[i] = (struct CMUnitTest){ .name = messages[i],
			.test_func = test_copy,
			.initial_state = (void *)(uintptr_t)messages[i] };
	tests[0].name = "all that there can be";
	tests[2].name = "nothing";
	tests[3].name = "a header alone";
	tests[4].name = "a broken document";
	return cmocka_run_group_tests_name("report_copy", tests, NULL, NULL);
}
