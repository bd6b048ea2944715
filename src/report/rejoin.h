/*
 * A report read anew from its document, long after the mail that brought it
 * is gone: what the mail said is taken from what is stored.
 */
#ifndef REJOIN_H
#define REJOIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "report/report.h"

/* What is stored of a report and does not stand in its document. */
struct kept {
	deviations deviations; /* all of them */
	int64_t start;
	int64_t end;
	const char *submitter;
	enum auth auth;
	const char *auth_domain;
	struct text_list domains; /* of its policies, in order; NULL for NULL */
};

/* Are the domains of the policies needed?  They take room. */
bool rejoin_wants_domains(deviations noted);

/*
 * Complete a report that was read from its bare document.  The verdict, the
 * submitter, a policy domain that the mail named, and the deviations that are
 * the mail's stay what they are; and so does whether its dates were plausible
 * when it came in, unless they are others now.  Of a report whose policies
 * were not all ours, those of the same domains stay.
 *
 * False where no policy is left of it.
 */
bool rejoin(const struct kept *kept, struct report *report,
    struct arena *arena);

/* Note who submits a report, and whether that is who signs for it. */
void report_take_submitter(struct report *report, const char *submitter,
    struct arena *arena);

#endif
