#include "report/report_copy.h"

#include <string.h>

static const char *
copy_text(const char *text, struct arena *arena)
{
	return text != NULL ? arena_copy(arena, text, strlen(text)) : NULL;
}

static struct text_list
copy_list(const struct text_list *list, struct arena *arena)
{
	struct text_list copy = { NULL, list->len };

	if (list->len == 0)
		return copy;
	copy.at = arena_array(arena, list->len, sizeof(*copy.at));
	for (size_t i = 0; i < list->len; i++)
		copy.at[i] = copy_text(list->at[i], arena);
	return copy;
}

static void
copy_failure(struct failure *failure, struct arena *arena)
{
	failure->result_type = copy_text(failure->result_type, arena);
	failure->sending_mta_ip.text =
	    copy_text(failure->sending_mta_ip.text, arena);
	failure->receiving_mx_hostname =
	    copy_text(failure->receiving_mx_hostname, arena);
	failure->receiving_mx_helo =
	    copy_text(failure->receiving_mx_helo, arena);
	failure->receiving_ip.text =
	    copy_text(failure->receiving_ip.text, arena);
	failure->additional_information =
	    copy_text(failure->additional_information, arena);
	failure->failure_reason_code =
	    copy_text(failure->failure_reason_code, arena);
}

/* An array as it is; what its elements point to is still the old. */
static void *
copy_array(const void *from, size_t nelements, size_t size, struct arena *arena)
{
	return nelements > 0 ? arena_copy(arena, from, nelements * size) : NULL;
}

static void
copy_policy(struct policy *policy, struct arena *arena)
{
	policy->type = copy_text(policy->type, arena);
	policy->domain = copy_text(policy->domain, arena);
	policy->strings = copy_list(&policy->strings, arena);
	policy->mx_hosts = copy_list(&policy->mx_hosts, arena);
	policy->sts_mode = copy_text(policy->sts_mode, arena);
	policy->failures = copy_array(policy->failures, policy->nfailures,
	    sizeof(*policy->failures), arena);
	for (size_t i = 0; i < policy->nfailures; i++)
		copy_failure(&policy->failures[i], arena);
}

static void
copy_report(struct report *report, struct arena *arena)
{
	report->document.at = (const unsigned char *)arena_copy(arena,
	    report->document.at, report->document.len);
	report->organization = copy_text(report->organization, arena);
	report->id = copy_text(report->id, arena);
	report->contact = copy_text(report->contact, arena);
	report->submitter = copy_text(report->submitter, arena);
	report->auth_domain = copy_text(report->auth_domain, arena);
	report->policies = copy_array(report->policies, report->npolicies,
	    sizeof(*report->policies), arena);
	for (size_t i = 0; i < report->npolicies; i++)
		copy_policy(&report->policies[i], arena);
}

struct intake *
intake_copy(const struct intake *intake, struct arena *arena)
{
	struct intake *copy = copy_array(intake, 1, sizeof(*copy), arena);

	copy->source = copy_text(intake->source, arena);
	copy->message_id = copy_text(intake->message_id, arena);
	copy->sender = copy_text(intake->sender, arena);
	copy->subject = copy_text(intake->subject, arena);
	copy->detail = copy_text(intake->detail, arena);
	copy->reports = copy_array(intake->reports, intake->nreports,
	    sizeof(*copy->reports), arena);
	for (size_t i = 0; i < intake->nreports; i++)
		copy_report(&copy->reports[i], arena);
	return copy;
}
