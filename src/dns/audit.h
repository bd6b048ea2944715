/* All checks of a mail domain, how they fit together, and a grade. */
#ifndef DNS_AUDIT_H
#define DNS_AUDIT_H

#include "base/buffer.h"
#include "base/fault.h"
#include "dns/check.h"

/* Where DNS does not even say which the MX hosts are. */
enum { AUDIT_NO_GRADE = 0 };

struct audit_request {
	const struct net *net;
	const char *const *selectors;
	size_t nselectors;
	const char *remember;
};

struct audit {
	struct result result;
	char grade; /* 'A' to 'F', or AUDIT_NO_GRADE */
};

/*
 * Audit a domain.  Findings come in order of importance; what is made belongs
 * to the arena.  Fails where the resolver could not be started.
 */
bool audit_run(const struct audit_request *request, const char *domain,
    struct arena *arena, struct audit *audit, struct fault *fault);

/* Whether findings of a code are why the grade is no better, or is none. */
bool audit_blames(const struct audit *audit, enum finding_code code);

/* For people: the grade, what it is made of, what was found, what to do. */
void audit_text(const struct audit *audit, struct buffer *out);

/* The same of several domains as one page that needs nothing else. */
void audit_html(const struct audit *audits, size_t naudits, struct buffer *out);

#endif
