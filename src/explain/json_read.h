/* JSON that is no report: lists of texts, and what tlsrpt-dns prints. */
#ifndef JSON_READ_H
#define JSON_READ_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "report/report.h"

/* ["a", "b"]; false where it is anything else.  NULL is an empty list. */
bool json_read_list(const char *text, struct arena *arena,
    struct text_list *list);

/*
 * Strings of a policy as they are to be read: Microsoft packs all TLSA
 * records into one string that is itself a JSON array, which is unpacked.
 */
struct text_list json_unpack_strings(const struct text_list *strings,
    struct arena *arena);

/* A record as tlsrpt-dns found it; NULL and -1 where it does not say. */
struct live_record {
	const char *name;
	const char *type;
	const char *value;
	int64_t ttl;
};

struct live {
	struct live_record *records;
	size_t nrecords;
	bool sts;  /* the policy of MTA-STS was looked for */
	bool dane; /* TLSA records were */
};

/*
 * Read what "tlsrpt-dns check ... --format=json" prints: one object a line,
 * the records of all of them.  What belongs to another domain is left out;
 * a check without a domain counts.  Fails with FAULT_CONTENT, and with
 * FAULT_LATER where tlsrpt-dns could not find out.
 */
bool json_read_live(struct bytes json, const char *domain, struct arena *arena,
    struct live *live, struct fault *fault);

#endif
