/*
 * What the TXT records of TLSRPT and MTA-STS have in common: a version, and
 * fields behind semicolons (RFC 8460, section 3; RFC 8461, section 3.1).
 */
#ifndef DNS_TXT_RECORD_H
#define DNS_TXT_RECORD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "dns/finding.h"

enum { TXT_RECORD_MOST = 4096, TXT_FIELDS_MOST = 100, TXT_STRING_MOST = 255 };

/* The one of the two that a text is read as. */
struct txt_dialect {
	const char *version; /* "v=TLSRPTv1" */
	const char *field;   /* the one that is required: "rua" */
	const char *reference;
};

extern const struct txt_dialect txt_tlsrpt;
extern const struct txt_dialect txt_sts;

/* A field, and the column of each of its bytes in the text as given. */
struct txt_field {
	const char *name;
	const char *value;
	size_t name_column;
	const size_t *value_columns; /* strlen(value) + 1 of them */
};

struct txt_record {
	struct txt_field *fields;
	size_t nfields;
};

/*
 * Do senders take a TXT record for one of this kind?  They throw away what
 * does not begin with the version and a semicolon.
 */
bool txt_is_selected(struct bytes text, const struct txt_dialect *dialect);

/* Might somebody have meant it for one of this kind? */
bool txt_is_meant(struct bytes text, const struct txt_dialect *dialect);

/*
 * Read a record, and go on behind each mistake.  What is found belongs to the
 * arena of the findings; the fields are those that could be told apart.
 */
void txt_record_read(struct bytes text, const struct txt_dialect *dialect,
    struct txt_record *record, struct findings *findings);

#endif
