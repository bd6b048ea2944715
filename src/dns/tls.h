/* TLS over a connected socket, and what the certificate says. */
#ifndef DNS_TLS_H
#define DNS_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/tlsa.h"

enum { CERTIFICATE_CHAIN_MOST = 10, CERTIFICATE_NAMES_MOST = 500 };

/* Versions that are offered; all of them, or the old ones only. */
enum tls_offer { TLS_OFFER_ALL, TLS_OFFER_OLD };

struct tls_peer {
	const char *version; /* "TLSv1.3" */
	const char *cipher;
	const char **names; /* DNS names of the certificate */
	size_t nnames;
	const char *subject;
	const char *issuer;
	int64_t not_before; /* seconds since 1970 */
	int64_t not_after;
	bool trusted;          /* but for name and dates of the host's own */
	const char *untrusted; /* why not */
	struct tlsa_certificate *chain; /* the host's own comes first */
	size_t nchain;
};

struct tls_session;

struct tls_request {
	int fd; /* connected, not blocking */
	const char *host;
	const char *ca_file; /* or NULL: the system's */
	enum tls_offer offer;
	int64_t until; /* as net_now() counts */
};

/*
 * Shake hands as a client that names the host (SNI) and takes any
 * certificate; then look at the certificate.  False with *why set where it
 * does not come to that.
 */
bool tls_start(const struct tls_request *request, struct arena *arena,
    struct tls_session **session, struct tls_peer *peer, const char **why);

/* Read some bytes; 0 at the end, -1 when it failed or the time is up. */
long tls_read(struct tls_session *session, void *to, size_t size,
    int64_t until);

/* Write all of it. */
bool tls_write(struct tls_session *session, const void *from, size_t len,
    int64_t until);

/*
 * Does the chain lead from the host's certificate to the one at this index,
 * with every signature and date in order (RFC 7672, section 3.1.2)?
 */
bool tls_leads_to(struct tls_session *session, size_t index,
    struct arena *arena, const char **why);

/* Forget it; the socket stays open.  NULL is fine. */
void tls_end(struct tls_session *session);

/* Is one of the certificate's names the host? */
bool tls_names(const struct tls_peer *peer, const char *host);

#endif
