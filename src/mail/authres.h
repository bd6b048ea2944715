/* The mail system's own verdict on a message (RFC 8601). */
#ifndef AUTHRES_H
#define AUTHRES_H

#include "base/arena.h"
#include "report/report.h"

struct authres {
	enum auth auth;
	const char
	    *domain; /* header.d of the signature that decided, or NULL */
};

/*
 * Read DKIM's verdict from Authentication-Results fields.
 *
 *	fields		their unfolded values, the topmost first
 *	trusted		the authserv-ids to believe, compared without case;
 *			with none of them nothing is believed
 *	signers		the domains one of which must have signed, with NULL
 *			where unknown: From, TLS-Report-Submitter, contact-info
 *
 * The topmost field of a trusted id that says anything of DKIM decides; what
 * stands below it may be forged.  AUTH_PASS where it has a dkim=pass whose
 * header.d shares the organisational domain (public suffix list) with a
 * signer; AUTH_NONE where it has nothing or dkim=none; else AUTH_FAIL.
 *
 * Source: RFC 8460, section 3; RFC 8601, sections 2.2, 2.7.1 and 5.
 */
struct authres authres_read(const struct text_list *fields,
    const struct text_list *trusted, const struct text_list *signers,
    struct arena *arena);

/*
 * The organisational domain of a name, by the public suffix list; the name
 * itself, in lower case, where it is a public suffix or no domain name.
 */
const char *authres_organizational(const char *domain, struct arena *arena);

#endif
