#include "report/rejoin.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "report/ours.h"
#include "report/report_read.h"

/* What a mail's header and parts say, and no document. */
static const deviations of_the_mail = DEVIATION(CONTAINER) |
    DEVIATION(MEDIA_TYPE) | DEVIATION(MISLABELLED) | DEVIATION(FORWARDED) |
    DEVIATION(SEVERAL_REPORTS) | DEVIATION(PART_LEFT_OUT) |
    DEVIATION(REPORT_DOMAIN_MISMATCH) | DEVIATION(POLICY_FOREIGN);

void
report_take_submitter(struct report *report, const char *submitter,
    struct arena *arena)
{
	const char *contact = report->contact != NULL ?
	    text_address_domain(report->contact) :
	    NULL;

	report->submitter = submitter;
	if (submitter != NULL && contact != NULL &&
	    strcmp(submitter, text_domain(contact, arena)) != 0)
		report->deviations |= DEVIATION(SUBMITTER_MISMATCH);
}

bool
rejoin_wants_domains(deviations noted)
{
	return (noted &
		   (DEVIATION(POLICY_DOMAIN_DERIVED) |
		       DEVIATION(POLICY_FOREIGN))) != 0;
}

static bool
was_kept(const char *domain, const void *data)
{
	const struct text_list *list = data;

	for (size_t i = 0; i < list->len; i++)
		if (list->at[i] != NULL && strcmp(list->at[i], domain) == 0)
			return true;
	return false;
}

static bool
says_domain(const struct report *report, const char *domain)
{
	for (size_t i = 0; i < report->npolicies; i++)
		if (report->policies[i].domain != NULL &&
		    strcmp(report->policies[i].domain, domain) == 0)
			return true;
	return false;
}

/* The domain that TLS-Report-Domain named; NULL where it cannot be told. */
static const char *
named_domain(const struct kept *kept, const struct report *report)
{
	const struct text_list *domains = &kept->domains;

	for (size_t i = 0; i < domains->len; i++)
		if (domains->at[i] != NULL &&
		    !says_domain(report, domains->at[i]))
			return domains->at[i];
	/* The document names it as well, elsewhere. */
	for (size_t i = 0;
	     domains->len == report->npolicies && i < domains->len; i++)
		if (report->policies[i].domain == NULL)
			return domains->at[i];
	return domains->len > 0 ? domains->at[0] : NULL;
}

static void
derive_domains(const struct kept *kept, struct report *report)
{
	const char *named = named_domain(kept, report);

	for (size_t i = 0; named != NULL && i < report->npolicies; i++) {
		if (report->policies[i].domain != NULL)
			continue;
		report->policies[i].domain = named;
		report->deviations |= DEVIATION(POLICY_DOMAIN_DERIVED);
	}
}

static bool
is_full(const char *text)
{
	/* A cut splits no character, which has four bytes at most. */
	return text != NULL && strlen(text) > LIMIT_NAME - 4;
}

bool
rejoin(const struct kept *kept, struct report *report, struct arena *arena)
{
	deviations stay = of_the_mail;

	if (report->start == kept->start && report->end == kept->end)
		stay |= DEVIATION(DATES_IMPLAUSIBLE);
	report->deviations =
	    (report->deviations & ~stay) | (kept->deviations & stay);
	if (is_full(kept->submitter) || is_full(kept->auth_domain))
		report->deviations |= kept->deviations & DEVIATION(TEXT_CUT);
	report->auth = kept->auth;
	report->auth_domain = kept->auth_domain;
	report_take_submitter(report, kept->submitter, arena);
	if ((kept->deviations & DEVIATION(POLICY_DOMAIN_DERIVED)) != 0)
		derive_domains(kept, report);
	report_fit(report, arena);
	return (kept->deviations & DEVIATION(POLICY_FOREIGN)) == 0 ||
	    ours_keep(report, was_kept, &kept->domains);
}
