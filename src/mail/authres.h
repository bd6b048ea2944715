/* The mail system's own verdict on a message (RFC 8601). */
#ifndef AUTHRES_H
#define AUTHRES_H

#include <stdbool.h>

#include "base/arena.h"
#include "report/report.h"

struct authres {
	enum auth auth;
	const char
	    *domain; /* header.d of the signature that decided, or NULL */
};

/* What a message's header says of its signatures. */
struct signing {
	struct text_list results; /* Authentication-Results, topmost first */
	struct text_list partial; /* see authres_partial() */
};

/*
 * Read DKIM's verdict from the fields of a header, which are unfolded.
 *
 *	trusted		the authserv-ids to believe, compared without case;
 *			with none of them nothing is believed
 *	signers		the domains one of which must have signed, with NULL
 *			where unknown: From, TLS-Report-Submitter, contact-info
 *
 * The topmost field of a trusted id that says anything of DKIM decides; what
 * stands below it may be forged.  AUTH_PASS where it has a dkim=pass whose
 * header.d shares the organisational domain (public suffix list) with a
 * signer, and is not among the partial ones; AUTH_NONE where it has nothing
 * or dkim=none; else AUTH_FAIL.
 *
 * Source: RFC 8460, section 3; RFC 8601, sections 2.2, 2.7.1 and 5.
 */
struct authres authres_read(const struct signing *signing,
    const struct text_list *trusted, const struct text_list *signers,
    struct arena *arena);

/*
 * The domain of a DKIM-Signature that has an "l=", so that anybody can add to
 * what it signed; NULL where it has none.  RFC 8460, section 3, forbids it.
 *
 * Source: RFC 6376, sections 3.2 and 3.5.
 */
const char *authres_partial(const char *signature, struct arena *arena);

#endif
