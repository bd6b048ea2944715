/* Records to publish, and the forms in which panels and programs want them. */
#ifndef DNS_MAKE_H
#define DNS_MAKE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "dns/result.h"
#include "dns/sts_record.h"

enum { MAKE_TTL = 3600, MAKE_TTL_SHORT = 300, MAKE_TTL_LONG = 86400 };

struct make_request {
	const char *domain;
	long ttl;
	const char *const *ruas; /* as given on the command line */
	size_t nruas;
	enum sts_mode mode;
	long long max_age;
	const char *const *mx; /* for the policy; none: the live ones */
	size_t nmx;
	const char *id;
	bool online;             /* were the MX hosts looked up? */
	const char *const *live; /* those found */
	size_t nlive;
	const char *const *behind; /* domains whose mail goes to them, too */
	size_t nbehind;
	bool first; /* there is no policy yet, as far as is known */
};

/* The TLSRPT record; there is none in the result where an error is found. */
void make_tlsrpt(const struct make_request *request, struct result *result);

/* The MTA-STS record, and the policy as a record of type POLICY. */
void make_sts(const struct make_request *request, struct result *result);

/*
 * The record with which a destination says that it takes the reports about a
 * domain.  RFC 8460 does not have it.
 */
void make_authorization(const char *domain, const char *destination, long ttl,
    struct result *result);

/* Its name: DOMAIN._report._tls.DESTINATION. */
char *make_authorization_name(const char *domain, const char *destination,
    struct arena *arena);

/*
 * Write the records of a result in another form; false where there is none
 * of this name.  The zone is what panels append to a name.
 */
bool make_write(const char *form, const struct result *result, const char *zone,
    struct buffer *out);

/* The forms, for a message: "record|zone|...". */
extern const char make_forms[];

/*
 * For people: what to publish where, the steps to take, and for a policy how
 * to serve it.  Findings come last.
 */
void make_text(const struct result *result, const char *zone,
    struct buffer *out);

/*
 * A part of a web server's configuration that serves a domain's policy; false
 * where no server has this name.  "nginx|caddy|apache".
 */
bool make_server(const char *server, const char *domain, struct buffer *out);

extern const char make_servers[];

#endif
