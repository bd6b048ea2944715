/*
 * What is wrong, or worth knowing, with a record, a policy, a host or a
 * domain.  The table of kinds is the specification: the man page, the tests,
 * the severities and an audit's grade draw on it and on nothing else.
 */
#ifndef DNS_FINDING_H
#define DNS_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

enum finding_code {
	/* text of a TXT record: TLSRPT, and MTA-STS */
	FINDING_RECORD_TOO_LONG,
	FINDING_RECORD_CHARACTER,
	FINDING_RECORD_QUOTES,
	FINDING_RECORD_LEADING_TEXT,
	FINDING_RECORD_VERSION_MISSING,
	FINDING_RECORD_VERSION_MISSPELT,
	FINDING_RECORD_VERSION_BLANK,
	FINDING_RECORD_NO_SEMICOLON,
	FINDING_RECORD_EMPTY_FIELD,
	FINDING_RECORD_FIELD_SYNTAX,
	FINDING_RECORD_FIELD_MISSPELT,
	FINDING_RECORD_BLANK_EQUALS,
	FINDING_RECORD_BLANK,
	FINDING_RECORD_TWO_IN_ONE,
	FINDING_RECORD_EXTENSION,
	FINDING_RECORD_STRINGS,
	FINDING_TLSRPT_NO_RUA,
	FINDING_TLSRPT_RUA_TWICE,
	FINDING_TLSRPT_SEVERAL_RUA,
	FINDING_TLSRPT_SAME_RUA,
	FINDING_TLSRPT_EXTENSION_FIRST,
	FINDING_TLSRPT_BLANK_COMMA,
	FINDING_TLSRPT_EMPTY_URI,
	FINDING_TLSRPT_NO_SCHEME,
	FINDING_TLSRPT_SCHEME,
	FINDING_TLSRPT_MAILTO_SLASHES,
	FINDING_TLSRPT_URI_CHARACTER,
	FINDING_TLSRPT_URI_ENCODING,
	FINDING_TLSRPT_URI_PERCENT,
	FINDING_TLSRPT_MAILTO_ADDRESS,
	FINDING_TLSRPT_MAILTO_QUERY,
	FINDING_TLSRPT_HTTPS_HOST,
	FINDING_TLSRPT_HTTPS_PARTS,
	FINDING_TLSRPT_IDN,
	FINDING_STS_NO_ID,
	FINDING_STS_ID_TWICE,
	FINDING_STS_ID_SYNTAX,
	/* text of an MTA-STS policy */
	FINDING_POLICY_TOO_LARGE,
	FINDING_POLICY_EMPTY,
	FINDING_POLICY_HTML,
	FINDING_POLICY_BYTE_ORDER_MARK,
	FINDING_POLICY_CHARACTER,
	FINDING_POLICY_BLANK_LINE,
	FINDING_POLICY_LEADING_BLANK,
	FINDING_POLICY_BLANK_BEFORE_COLON,
	FINDING_POLICY_LINE_SYNTAX,
	FINDING_POLICY_LINE_END,
	FINDING_POLICY_FIELD_MISSPELT,
	FINDING_POLICY_UNKNOWN_FIELD,
	FINDING_POLICY_FIELD_TWICE,
	FINDING_POLICY_VERSION,
	FINDING_POLICY_MODE,
	FINDING_POLICY_MAX_AGE,
	FINDING_POLICY_MAX_AGE_SHORT,
	FINDING_POLICY_NO_MX,
	FINDING_POLICY_MX,
	FINDING_POLICY_MX_TWICE,
	FINDING_POLICY_MODE_NONE,
	FINDING_POLICY_MODE_TESTING,
	/* TLSA records */
	FINDING_TLSA_SYNTAX,
	FINDING_TLSA_USAGE,
	FINDING_TLSA_USAGE_PKIX,
	FINDING_TLSA_SELECTOR,
	FINDING_TLSA_MATCHING,
	FINDING_TLSA_DIGEST_LENGTH,
	FINDING_TLSA_FULL,
	FINDING_TLSA_WHOLE_CERTIFICATE,
	/* making records */
	FINDING_MAKE_TTL,
	FINDING_MAKE_EXTERNAL,
	FINDING_MAKE_SAME_MX,
	FINDING_MAKE_MX_UNKNOWN,
	FINDING_MAKE_MX_UNMATCHED,
	FINDING_MAKE_ENFORCE_FIRST,
	/* DNS */
	FINDING_DNS_FAILURE,
	FINDING_DNS_BOGUS,
	FINDING_DNS_TOO_MANY,
	FINDING_DNS_UNSIGNED,
	FINDING_PRIVATE_ADDRESS,
	/* TLSRPT, live */
	FINDING_TLSRPT_MISSING,
	FINDING_TLSRPT_MULTIPLE,
	FINDING_TLSRPT_CNAME,
	FINDING_TLSRPT_OTHER_TXT,
	FINDING_TLSRPT_WRONG_OWNER,
	FINDING_TLSRPT_MX_MISSING,
	FINDING_RUA_DOMAIN,
	FINDING_RUA_UNREACHABLE,
	FINDING_RUA_CERTIFICATE,
	FINDING_RUA_STATUS,
	FINDING_RUA_OWN_MX,
	FINDING_AUTHORIZATION_MISSING,
	FINDING_AUTHORIZATION_PRESENT,
	FINDING_AUTHORIZATION_INVALID,
	/* MTA-STS, live */
	FINDING_STS_MISSING,
	FINDING_STS_RECORD_MISSING,
	FINDING_STS_MULTIPLE,
	FINDING_STS_CNAME,
	FINDING_STS_OTHER_TXT,
	FINDING_STS_ID_STALE,
	FINDING_STS_ID_ONLY,
	FINDING_NOT_REMEMBERED,
	FINDING_POLICY_HOST,
	FINDING_POLICY_UNREACHABLE,
	FINDING_POLICY_CERTIFICATE,
	FINDING_POLICY_REDIRECT,
	FINDING_POLICY_STATUS,
	FINDING_POLICY_TYPE,
	FINDING_POLICY_MX_UNMATCHED,
	FINDING_POLICY_MX_UNUSED,
	/* MX hosts */
	FINDING_MX_NONE,
	FINDING_MX_IMPLICIT,
	FINDING_MX_NULL,
	FINDING_MX_NULL_MIXED,
	FINDING_MX_LITERAL,
	FINDING_MX_CNAME,
	FINDING_MX_NO_ADDRESS,
	FINDING_MX_NO_IPV6,
	FINDING_MX_UNREACHABLE,
	FINDING_MX_REFUSED,
	FINDING_MX_NO_STARTTLS,
	FINDING_MX_TLS_FAILED,
	FINDING_MX_TLS_OLD,
	FINDING_MX_TLS12_MISSING,
	FINDING_MX_TLS13_MISSING,
	FINDING_MX_EXPIRED,
	FINDING_MX_EXPIRES_SOON,
	FINDING_MX_NOT_YET_VALID,
	FINDING_MX_UNTRUSTED,
	FINDING_MX_NAME,
	/* DANE, live */
	FINDING_DANE_MISSING,
	FINDING_DANE_SOME,
	FINDING_DANE_LOOKUP,
	FINDING_DANE_BOGUS,
	FINDING_DANE_INSECURE,
	FINDING_DANE_MX_INSECURE,
	FINDING_DANE_UNUSABLE,
	FINDING_DANE_NO_STARTTLS,
	FINDING_DANE_MISMATCH,
	FINDING_DANE_ANCHOR,
	FINDING_DANE_ROLLOVER,
	/* what else an audit looks at */
	FINDING_SPF_MISSING,
	FINDING_SPF_MULTIPLE,
	FINDING_SPF_SYNTAX,
	FINDING_SPF_LOOKUPS,
	FINDING_SPF_INCLUDE,
	FINDING_SPF_PASS_ALL,
	FINDING_SPF_NO_ALL,
	FINDING_DMARC_MISSING,
	FINDING_DMARC_MULTIPLE,
	FINDING_DMARC_SYNTAX,
	FINDING_DMARC_NONE,
	FINDING_DMARC_NO_RUA,
	FINDING_DKIM_UNKNOWN,
	FINDING_DKIM_SELECTOR,
	FINDING_DKIM_SYNTAX,
	FINDING_DKIM_REVOKED,
	FINDING_DKIM_SHORT,
	FINDING_FIT_NO_POLICY,
	FINDING_FIT_NO_REPORTS,
	FINDING_FIT_ENFORCE,
	NFINDINGS
};

/*
 * A kind of finding.  Its message is a sentence without a full stop, to which
 * a colon and what was found may be added; its advice is whole sentences.
 */
struct finding_kind {
	const char *code;
	enum severity severity;
	char grade; /* the best that an audit can give where it is found */
	const char *reference;
	const char *message;
	const char *advice;
};

extern const struct finding_kind finding_kinds[NFINDINGS];

struct finding {
	enum finding_code code;
	const char *reference; /* instead of the kind's; NULL: the kind's */
	const char *subject;   /* the name or host it is about, or NULL */
	size_t line;           /* from 1; 0: not in a text of lines */
	size_t column;         /* in bytes from 1; 0: none */
	const char *detail;    /* what was found there, or NULL */
	const char *instead;   /* what to write, or NULL */
};

/* At most LIMIT of them are kept; starts as { .arena = arena }. */
enum { FINDINGS_LIMIT = 500, FINDING_DETAIL = 300 };

struct findings {
	struct arena *arena;
	struct finding *list;
	size_t n;
	size_t room;
	const char *subject; /* given to each one that is added */
	bool unknown;        /* something could not be found out */
};

/*
 * Add one, to be filled in by the caller before the next is added.  detail is
 * copied, cut to FINDING_DETAIL bytes; it may be NULL.
 */
struct finding *findings_add(struct findings *findings, enum finding_code code,
    const char *detail);

/* Is there one of this code? */
bool findings_have(const struct findings *findings, enum finding_code code);

/* The most severe of those from the given index on; false: there is none. */
bool findings_worst(const struct findings *findings, size_t from,
    enum severity *worst);

const char *severity_name(enum severity severity);

/* The reference that a finding goes by. */
const char *finding_reference(const struct finding *finding);

/* Message and detail, in English or as people want it; printable. */
char *finding_message(const struct finding *finding, bool translated,
    struct arena *arena);

/* A JSON array of all of them. */
void findings_json(const struct findings *findings, struct buffer *out);

#endif
