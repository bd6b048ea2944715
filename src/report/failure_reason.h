/*
 * A dictionary of the texts that senders put into failure-reason-code and
 * additional-information: whose words they are, and what they say in plain
 * ones.  RFC 8460 leaves these texts open.
 */
#ifndef FAILURE_REASON_H
#define FAILURE_REASON_H

#include <stddef.h>

struct failure_reason {
	const char *text;    /* what occurs in it; case does not count */
	const char *words;   /* whose words: OpenSSL, Go, Microsoft, ... */
	const char *meaning; /* marked for translation: look it up with _() */
	const char *result_type; /* the result type that it belongs to */
};

extern const struct failure_reason failure_reasons[];
extern const size_t nfailure_reasons;

/*
 * What a reason means, or NULL where the dictionary does not have it; of
 * several entries that occur in it the longest.  NULL is fine.
 */
const struct failure_reason *failure_reason_find(const char *reason);

#endif
