/* All checks of a mail domain, how they fit together, and a grade. */
#ifndef DNS_AUDIT_H
#define DNS_AUDIT_H

#include "base/buffer.h"
#include "base/fault.h"
#include "dns/check.h"

struct audit_request {
	const struct net *net;
	const char *const *selectors;
	size_t nselectors;
	const char *remember;
};

struct audit {
	struct result result;
	char grade; /* 'A' to 'F' */
};

/*
 * Audit a domain.  Findings come in order of importance; what is made belongs
 * to the arena.  Fails where the resolver could not be started.
 */
bool audit_run(const struct audit_request *request, const char *domain,
    struct arena *arena, struct audit *audit, struct fault *fault);

/* For people: the grade, what it is made of, what was found, what to do. */
void audit_text(const struct audit *audit, struct buffer *out);

/* The same of several domains as one page that needs nothing else. */
void audit_html(const struct audit *audits, size_t naudits, struct buffer *out);

#endif
