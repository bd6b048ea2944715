/* A mail server, seen from the other side: greeting, STARTTLS, certificate. */
#ifndef DNS_PROBE_H
#define DNS_PROBE_H

#include "dns/net.h"
#include "dns/tls.h"

enum { PROBE_LINE_MOST = 4096, PROBE_LINES_MOST = 100, SMTP_PORT = 25 };

/* How far it went. */
enum probe_step {
	PROBE_NO_CONNECTION,
	PROBE_NO_GREETING, /* closed, silent, or something but 220 */
	PROBE_NO_EHLO,
	PROBE_NO_STARTTLS, /* not offered */
	PROBE_REFUSED,     /* offered, and refused */
	PROBE_NO_TLS,
	PROBE_DONE
};

struct probe {
	enum probe_step step;
	const char *detail; /* what was heard, or what went wrong; or NULL */
	const char *address;
	struct tls_peer peer;        /* PROBE_DONE */
	const char **anchor_failure; /* of each certificate of the chain */
	bool old_tls; /* TLS 1.0 or 1.1 is spoken; with versions only */
};

struct probe_request {
	const struct net *net;
	const char *host;
	const struct net_target *targets; /* tried one after the other */
	size_t ntargets;
	bool versions; /* connect once more, for the old versions of TLS */
};

/* Talk to a mail server as far as TLS, and hang up politely. */
void probe_run(const struct probe_request *request, struct arena *arena,
    struct probe *probe);

#endif
