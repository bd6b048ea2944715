/* Whose reports we take: those about our own policy domains. */
#ifndef OURS_H
#define OURS_H

#include <stdbool.h>

#include "report/report.h"

/* Is a domain one of a list, or below one?  A list of none has none. */
bool ours_has(const struct text_list *domains, const char *domain);

/*
 * Drop the policies whose domain is not wanted, and note policy-foreign if
 * there are such; one that names no domain (NULL) stays.  False where nothing
 * is left of the report.
 */
bool ours_keep(struct report *report,
    bool (*wanted)(const char *domain, const void *data), const void *data);

#endif
