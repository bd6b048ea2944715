#include "report/ours.h"

#include "base/text.h"
#include "report/vocabulary.h"

bool
ours_has(const struct text_list *domains, const char *domain)
{
	for (size_t i = 0; i < domains->len; i++)
		if (text_is_within_domain(domain, domains->at[i]))
			return true;
	return false;
}

bool
ours_keep(struct report *report,
    bool (*wanted)(const char *domain, const void *data), const void *data)
{
	size_t kept = 0;

	for (size_t i = 0; i < report->npolicies; i++) {
		const char *domain = report->policies[i].domain;

		if (domain == NULL || wanted(domain, data))
			report->policies[kept++] = report->policies[i];
	}
	if (kept == report->npolicies)
		return true;
	report->npolicies = kept;
	report->deviations |= DEVIATION(POLICY_FOREIGN);
	return kept > 0;
}
