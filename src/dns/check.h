/*
 * Live checks: each asks DNS and servers, and adds records and findings to a
 * result.  They share what they have asked, and can run one after the other
 * over the same domain.
 */
#ifndef DNS_CHECK_H
#define DNS_CHECK_H

#include "dns/net.h"
#include "dns/probe.h"
#include "dns/resolver.h"
#include "dns/result.h"
#include "dns/sts_record.h"
#include "dns/tlsrpt_record.h"
#include "dns/txt_record.h"

enum {
	CHECK_HOSTS_MOST = 20, /* MX hosts of a domain that are looked at */
	CHECK_TLSA_MOST = 32,  /* TLSA records of a host */
	CHECK_SOON = 14,       /* days: a certificate that ends within */
	CHECK_SELECTORS_MOST = 100
};

struct check_host {
	const char *host;
	int preference;
	struct net_target targets[NET_TARGETS_MOST];
	size_t ntargets;
	bool ipv6;
	bool shut; /* addresses are there, but none may be connected to */
	struct probe probe;
	struct arena *arena; /* of the probe */
	struct tlsa *tlsa;
	size_t ntlsa;
	size_t nusable;
	bool tlsa_secure;
	bool judged; /* what is wrong with it has been told */
	bool good;   /* then: nothing, as far as could be found out */
	bool fails;  /* the MTA-STS policy */
};

struct check {
	const struct net *net;
	struct resolver *resolver;
	struct arena *arena;
	struct result *result;
	const char *domain;
	const char *remember; /* file of policies seen before, or NULL */
	const char *const *selectors; /* of DKIM; none: the usual ones */
	size_t nselectors;
	bool versions; /* which versions of TLS are spoken */
	/* What was found. */
	bool loaded;    /* the MX hosts */
	bool mx_failed; /* DNS did not say which they are */
	bool null_mx;
	bool mx_secure;
	struct check_host *hosts;
	size_t nhosts;
	bool probed;
	bool has_policy;
	struct sts_policy policy;
	bool has_tlsrpt;
	bool has_dane; /* TLSA records that count, at any host */
	struct tlsrpt_record tlsrpt;
};

void check_init(struct check *check, const struct net *net,
    struct resolver *resolver, struct result *result);

/* Give back what probes hold. */
void check_end(struct check *check);

void check_tlsrpt(struct check *check);
void check_sts(struct check *check);
void check_dane(struct check *check);
void check_authorization(struct check *check);

/* SPF, DMARC and DKIM, as an audit looks at them. */
void check_senders(struct check *check);

/* ------------------------------------------------- what the checks share */

/* As resolver_ask(); a failure is a finding, told once for each question. */
const struct answer *check_ask(struct check *check, const char *name,
    enum dns_type type);

/* Add a finding about a name or host. */
struct finding *check_add(struct check *check, enum finding_code code,
    const char *subject, const char *detail);

/* Add the records of an answer to the result. */
void check_keep_txt(struct check *check, const char *name,
    const struct answer *answer, struct bytes text, const char *more);

/* How the TXT records at a name are told of. */
struct check_txt {
	const struct txt_dialect *dialect;
	enum finding_code multiple;
	enum finding_code cname;
	enum finding_code other;
};

/*
 * Find the one record of a kind at a name.  The count of those that senders
 * take; *meant tells whether another was meant to be one.
 */
size_t check_find_txt(struct check *check, const char *name,
    const struct check_txt *kind, struct bytes *text, bool *meant,
    const struct answer **asked);

/*
 * Addresses of a host that may be connected to.  *shut is set where there are
 * some, but none of them may.
 */
size_t check_targets(struct check *check, const char *host, int port,
    struct net_target targets[NET_TARGETS_MOST], bool *shut);

/* The MX hosts, once; what is wrong with them is told. */
void check_load_mx(struct check *check);

/* Talk to all MX hosts at once, once. */
void check_probe(struct check *check);

/*
 * Tell, once, what is wrong with STARTTLS and certificate of a host; true:
 * nothing, as far as could be found out.
 */
bool check_certificate(struct check *check, struct check_host *host);

/* Ask for the TLSA records of a host, once; findings are told or not. */
void check_load_tlsa(struct check *check, struct check_host *host, bool tell);

#endif
