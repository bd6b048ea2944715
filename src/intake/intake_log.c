#include "intake/intake_log.h"

#include <string.h>

#include "base/log.h"

/* A value for a log line, so that it cannot end its quotes. */
static const char *
quoted(const char *text, struct arena *arena)
{
	char *copy;

	if (text == NULL)
		return "";
	copy = arena_copy(arena, text, strlen(text));
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '"')
			*c = '\'';
	return copy;
}

static void
log_report(const struct intake *intake, const struct report *report,
    struct arena *arena)
{
	const char *domain =
	    report->npolicies > 0 ? report->policies[0].domain : NULL;
	double successful = 0;
	double failed = 0;

	for (size_t i = 0; i < report->npolicies; i++) {
		successful += (double)report->policies[i].successful;
		failed += (double)report->policies[i].failed;
	}
	const struct journal_field fields[] = {
		{ "TLSRPT_OUTCOME", outcome_names[intake->outcome] },
		{ "TLSRPT_CHANNEL", channel_names[intake->channel] },
		{ "TLSRPT_SOURCE", intake->source },
		{ "TLSRPT_MESSAGE_ID", intake->message_id },
		{ "TLSRPT_ORGANIZATION", report->organization },
		{ "TLSRPT_REPORT_ID", report->id },
		{ "TLSRPT_DOMAIN", domain },
		{ "TLSRPT_SUCCESSFUL",
		    arena_printf(arena, "%.0f", successful) },
		{ "TLSRPT_FAILED", arena_printf(arena, "%.0f", failed) },
		{ "TLSRPT_AUTH", auth_names[report->auth] },
	};
	log_record(LOG_LEVEL_INFO, outcome_names[intake->outcome], fields,
	    sizeof(fields) / sizeof(fields[0]),
	    "organization=\"%s\" report-id=\"%s\" domain=\"%s\" policies=%zu "
	    "successful=%.0f failed=%.0f auth=%s message-id=\"%s\"",
	    quoted(report->organization, arena), quoted(report->id, arena),
	    quoted(domain, arena), report->npolicies, successful, failed,
	    auth_names[report->auth], quoted(intake->message_id, arena));
}

static void
log_rejected(const struct intake *intake, struct arena *arena)
{
	const struct journal_field fields[] = {
		{ "TLSRPT_OUTCOME", outcome_names[intake->outcome] },
		{ "TLSRPT_CHANNEL", channel_names[intake->channel] },
		{ "TLSRPT_SOURCE", intake->source },
		{ "TLSRPT_MESSAGE_ID", intake->message_id },
		{ "TLSRPT_REASON", reason_codes[intake->reason].code },
	};

	log_record(LOG_LEVEL_INFO, "rejected", fields,
	    sizeof(fields) / sizeof(fields[0]),
	    "reason=%s detail=\"%s\" from=\"%s\" subject=\"%s\" "
	    "message-id=\"%s\"",
	    reason_codes[intake->reason].code, quoted(intake->detail, arena),
	    quoted(intake->sender, arena), quoted(intake->subject, arena),
	    quoted(intake->message_id, arena));
}

void
intake_log(const struct intake *intake, struct arena *arena)
{
	if (!log_shows(LOG_LEVEL_INFO))
		return;
	if (intake->outcome == OUTCOME_REJECTED)
		log_rejected(intake, arena);
	for (size_t i = 0; i < intake->nreports; i++)
		log_report(intake, &intake->reports[i], arena);
}
