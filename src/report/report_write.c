#include "report/report_write.h"

#include <inttypes.h>

#include "base/datetime.h"
#include "report/identity.h"

static void
text_member(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, "\"%s\": ", name);
	buffer_json(out, text);
	buffer_text(out, ", ");
}

static void
time_member(struct buffer *out, const char *name, int64_t seconds)
{
	char text[DATETIME_SIZE];

	datetime_write(seconds, text);
	text_member(out, name, text);
}

static void
list_member(struct buffer *out, const char *name, const struct text_list *list)
{
	buffer_printf(out, "\"%s\": [", name);
	for (size_t i = 0; i < list->len; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		buffer_json(out, list->at[i]);
	}
	buffer_text(out, "], ");
}

static void
deviations_member(struct buffer *out, deviations noted)
{
	const char *comma = "";

	buffer_text(out, "\"deviations\": [");
	for (int i = 0; i < NDEVIATIONS; i++) {
		if ((noted >> i & 1) == 0)
			continue;
		buffer_printf(out, "%s\"%s\"", comma, deviation_codes[i].code);
		comma = ", ";
	}
	buffer_text(out, "], ");
}

static void
write_failure(struct buffer *out, const struct failure *failure)
{
	buffer_text(out, "{");
	text_member(out, "result_type", failure->result_type);
	text_member(out, "sending_mta_ip", failure->sending_mta_ip.text);
	text_member(out, "receiving_mx_hostname",
	    failure->receiving_mx_hostname);
	text_member(out, "receiving_mx_helo", failure->receiving_mx_helo);
	text_member(out, "receiving_ip", failure->receiving_ip.text);
	buffer_printf(out, "\"failed\": %" PRId64 ", ", failure->failed);
	text_member(out, "additional_information",
	    failure->additional_information);
	buffer_text(out, "\"failure_reason_code\": ");
	buffer_json(out, failure->failure_reason_code);
	buffer_text(out, "}");
}

static void
write_policy(struct buffer *out, const struct policy *policy)
{
	buffer_text(out, "{");
	text_member(out, "type", policy->type);
	text_member(out, "domain", policy->domain);
	list_member(out, "strings", &policy->strings);
	list_member(out, "mx_hosts", &policy->mx_hosts);
	buffer_printf(out,
	    "\"successful\": %" PRId64 ", \"failed\": %" PRId64
	    ", \"failures\": [",
	    policy->successful, policy->failed);
	for (size_t i = 0; i < policy->nfailures; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		write_failure(out, &policy->failures[i]);
	}
	buffer_text(out, "]}");
}

void
report_write(const struct report *report, struct buffer *out)
{
	char key[REPORT_KEY_TEXT_SIZE];

	identity_write(report->key, key);
	buffer_text(out, "{");
	text_member(out, "key", key);
	text_member(out, "organization", report->organization);
	text_member(out, "report_id", report->id);
	text_member(out, "contact", report->contact);
	text_member(out, "submitter", report->submitter);
	time_member(out, "start", report->start);
	time_member(out, "end", report->end);
	text_member(out, "auth", auth_names[report->auth]);
	text_member(out, "auth_domain", report->auth_domain);
	deviations_member(out, report->deviations);
	buffer_text(out, "\"policies\": [");
	for (size_t i = 0; i < report->npolicies; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		write_policy(out, &report->policies[i]);
	}
	buffer_text(out, "]}");
}

void
intake_write(const struct intake *intake, struct buffer *out)
{
	buffer_text(out, "{");
	text_member(out, "source", intake->source);
	text_member(out, "outcome", outcome_names[intake->outcome]);
	text_member(out, "reason", reason_codes[intake->reason].code);
	buffer_text(out, "\"reports\": [");
	for (size_t i = 0; i < intake->nreports; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		report_write(&intake->reports[i], out);
	}
	buffer_text(out, "]}\n");
}
