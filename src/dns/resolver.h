/* Questions to DNS, each asked once, with answers that DNSSEC validates. */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "dns/net.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52
};

enum {
	ANSWER_RECORDS_MOST = 100, /* of one answer; the others are not read */
	RESOLVER_QUESTIONS_MOST = 2000
};

enum answer_status {
	ANSWER_OK,
	ANSWER_NODATA,
	ANSWER_NXDOMAIN,
	ANSWER_BOGUS, /* does not validate */
	ANSWER_FAILED /* SERVFAIL, or no answer in time */
};

struct answer {
	enum answer_status status;
	bool secure;      /* validated; holds for what is not there, too */
	const char *name; /* where the records are, once CNAMEs are followed */
	bool cname;       /* that is another name than the one asked for */
	const char *why;  /* what is wrong, where that is known; or NULL */
	long ttl;
	struct bytes *records;
	size_t nrecords;
	bool more; /* than ANSWER_RECORDS_MOST */
};

struct resolver;

/* Fails with FAULT_CONFIG where a file or an address makes no sense. */
bool resolver_open(const struct net *net, struct resolver **resolver,
    struct fault *fault);

void resolver_close(struct resolver *resolver);

/* Send a question now, so that the answer is there when it is asked for. */
void resolver_expect(struct resolver *resolver, const char *name,
    enum dns_type type);

/*
 * The answer to a question; it lives as long as the resolver.  A name that is
 * none gets ANSWER_NXDOMAIN, an answer that does not come ANSWER_FAILED.
 */
const struct answer *resolver_ask(struct resolver *resolver, const char *name,
    enum dns_type type);

/* The strings of a TXT record as one. */
struct bytes answer_txt(const struct answer *answer, size_t i,
    struct arena *arena);

/*
 * The preference and host of an MX record, without a dot at its end and ""
 * for the root; false where it is malformed.
 */
bool answer_mx(const struct answer *answer, size_t i, struct arena *arena,
    int *preference, const char **host);

#endif
