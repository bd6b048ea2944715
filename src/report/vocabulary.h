/*
 * The words of the field: what RFC 8460 registers, and the codes that this
 * project adds, each with its meaning.  Man pages, the database's table of
 * result types and the programs draw on these tables and on nothing else.
 */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A result type (RFC 8460, section 4.3, and its IANA registry). */
struct result_type {
	const char *name;
	const char *concern; /* starttls, certificate, dane, mta-sts, other */
	const char *summary; /* what it means, a sentence */
	const char *advice;  /* what to do, a sentence */
};

extern const struct result_type result_types[];
extern const size_t nresult_types;

/* Is it one of RFC 8460's result types?  Case counts. */
bool result_type_is_registered(const char *name);

/* Is it tlsa, sts or no-policy-found? (RFC 8460, section 4.4) */
bool policy_type_is_registered(const char *name);

/* How much a deviation takes from a report. */
enum weight {
	WEIGHT_REMARK,    /* legal, and worth knowing */
	WEIGHT_TOLERATED, /* against the RFC, with one sensible reading */
	WEIGHT_DOUBTFUL,  /* could be refused as well; we accept it */
	WEIGHT_PARTIAL    /* something was left out; the rest is stored */
};

/* Where a report departs from RFC 8460; a set of them is a bit mask. */
enum deviation {
	DEVIATION_CONTAINER,
	DEVIATION_MEDIA_TYPE,
	DEVIATION_MISLABELLED,
	DEVIATION_FORWARDED,
	DEVIATION_SEVERAL_REPORTS,
	DEVIATION_PART_LEFT_OUT,
	DEVIATION_REPORT_DOMAIN_MISMATCH,
	DEVIATION_SUBMITTER_MISMATCH,
	DEVIATION_GZIP_MEMBERS,
	DEVIATION_GZIP_TRAILING_DATA,
	DEVIATION_GZIP_TWICE,
	DEVIATION_BYTE_ORDER_MARK,
	DEVIATION_TRAILING_DATA,
	DEVIATION_INVALID_UTF8,
	DEVIATION_NUL_CHARACTER,
	DEVIATION_LONE_SURROGATE,
	DEVIATION_CONTROL_CHARACTER,
	DEVIATION_DUPLICATE_KEY,
	DEVIATION_KEY_CASE,
	DEVIATION_KEY_MISSPELT,
	DEVIATION_MEMBER_NULL,
	DEVIATION_MEMBER_NOT_TEXT,
	DEVIATION_ORGANIZATION_MISSING,
	DEVIATION_ORGANIZATION_BLANK,
	DEVIATION_CONTACT_MISSING,
	DEVIATION_CONTACT_NOT_ADDRESS,
	DEVIATION_DATETIME_WITHOUT_ZONE,
	DEVIATION_DATETIME_WITHOUT_TIME,
	DEVIATION_DATETIME_FORM,
	DEVIATION_DATES_REVERSED,
	DEVIATION_DATES_IMPLAUSIBLE,
	DEVIATION_POLICIES_EMPTY,
	DEVIATION_POLICY_LEFT_OUT,
	DEVIATION_POLICY_FOREIGN,
	DEVIATION_POLICY_TYPE_MISSING,
	DEVIATION_POLICY_TYPE_UNREGISTERED,
	DEVIATION_POLICY_DOMAIN_MISSING,
	DEVIATION_POLICY_DOMAIN_DERIVED,
	DEVIATION_POLICY_STRING_NOT_ARRAY,
	DEVIATION_MX_HOST_NOT_ARRAY,
	DEVIATION_ENTRY_NOT_TEXT,
	DEVIATION_SUMMARY_MISSING,
	DEVIATION_COUNT_MISSING,
	DEVIATION_COUNT_AS_TEXT,
	DEVIATION_COUNT_BEYOND_DOUBLE,
	DEVIATION_FAILURE_DETAILS_LEFT_OUT,
	DEVIATION_FAILURE_LEFT_OUT,
	DEVIATION_FAILURE_SUM,
	DEVIATION_RESULT_TYPE_MISSING,
	DEVIATION_RESULT_TYPE_UNREGISTERED,
	DEVIATION_ADDRESS_UNREADABLE,
	DEVIATION_TEXT_CUT,
	NDEVIATIONS
};

typedef uint64_t deviations; /* bit 1 << enum deviation */
#define DEVIATION(name) ((deviations)1 << DEVIATION_##name)

struct deviation_code {
	const char *code;
	enum weight weight;
	const char *meaning; /* a sentence */
};

extern const struct deviation_code deviation_codes[NDEVIATIONS];

/* How a message can end, and why it can be turned away. */
enum outcome {
	OUTCOME_NONE, /* not decided yet */
	OUTCOME_STORED,
	OUTCOME_DUPLICATE,
	OUTCOME_SUPERSEDED,
	OUTCOME_REJECTED,
	OUTCOME_DECODED, /* --dry-run only */
	NOUTCOMES
};

extern const char *const outcome_names[NOUTCOMES];

enum reason {
	REASON_NONE,
	REASON_NOT_A_REPORT,
	REASON_UNREADABLE,
	REASON_TOO_LARGE,
	REASON_UNAUTHENTICATED,
	REASON_FOREIGN_DOMAIN,
	REASON_REFUSED_BY_DATABASE,
	NREASONS
};

struct reason_code {
	const char *code; /* NULL for REASON_NONE */
	const char *meaning;
};

extern const struct reason_code reason_codes[NREASONS];

enum channel { CHANNEL_MAIL, CHANNEL_HTTPS, CHANNEL_FILE, NCHANNELS };
extern const char *const channel_names[NCHANNELS];

/* Ranked: a greater one is better evidence. */
enum auth { AUTH_FAIL, AUTH_NONE, AUTH_PASS, NAUTHS };
extern const char *const auth_names[NAUTHS];

#endif
