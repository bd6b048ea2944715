/* The TLSRPT record: where to send reports (RFC 8460, section 3). */
#ifndef DNS_TLSRPT_RECORD_H
#define DNS_TLSRPT_RECORD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "dns/finding.h"

enum rua_scheme { RUA_OTHER, RUA_MAILTO, RUA_HTTPS };

struct rua {
	enum rua_scheme scheme;
	const char *uri;
	const char
	    *domain;      /* of the mailbox, or the host; lower case, or NULL */
	const char *path; /* RUA_HTTPS: from the slash on */
	int port;         /* RUA_HTTPS */
};

enum { RUA_MOST = 100, RUA_URI_MOST = 1024 };

struct tlsrpt_record {
	struct rua *ruas;
	size_t nruas;
};

/* Read a record; what is found and kept belongs to the findings' arena. */
void tlsrpt_record_read(struct bytes text, struct tlsrpt_record *record,
    struct findings *findings);

/*
 * Read one destination.
 *
 *	columns	of each byte of text, or NULL: none
 *
 * False where no report can be sent there.
 */
bool rua_read(const char *text, const size_t *columns, struct rua *rua,
    struct findings *findings);

/*
 * Make one destination fit to be published: ",", "!" and ";" and what else a
 * URI cannot hold percent-encoded, an international domain in its ASCII form.
 * The result belongs to the arena.
 */
char *rua_encode(const char *text, struct arena *arena);

#endif
