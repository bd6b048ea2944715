/* One request by HTTPS: no redirect, no proxy, nothing beyond a limit. */
#ifndef DNS_FETCH_H
#define DNS_FETCH_H

#include "base/arena.h"
#include "base/bytes.h"
#include "dns/net.h"

enum fetch_outcome {
	FETCH_DONE,
	FETCH_FAILED, /* no connection, no answer in time, no TLS */
	FETCH_CERTIFICATE,
	FETCH_TOO_LARGE
};

struct fetch_request {
	const struct net *net;
	const char *host;
	int port;
	const char *path;
	const char *method; /* "GET", "HEAD", "OPTIONS" */
	const struct net_target *targets;
	size_t ntargets;
	size_t limit; /* bytes of the body */
};

struct fetched {
	enum fetch_outcome outcome;
	const char *detail;   /* of a failure */
	long status;          /* of FETCH_DONE */
	const char *type;     /* Content-Type, or NULL */
	const char *location; /* of a redirect that was not followed, or NULL */
	struct bytes body;
};

/* Once, before there are threads. */
void fetch_init(void);

void fetch_run(const struct fetch_request *request, struct arena *arena,
    struct fetched *fetched);

#endif
