/* What a command of tlsrpt-dns found: records, findings, and how it stands. */
#ifndef DNS_RESULT_H
#define DNS_RESULT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "dns/finding.h"

enum { RESULT_RECORDS_MOST = 2000 };

enum result_dnssec { DNSSEC_NONE, DNSSEC_INSECURE, DNSSEC_SECURE };

/* A record as DNS or the web gave it, or as it is to be published. */
struct result_record {
	const char *name; /* without a dot at its end */
	const char *type;
	long ttl; /* seconds; -1: none */
	enum result_dnssec dnssec;
	const char *value;
	const char *said; /* the value in the words of people, or NULL */
	const char *more; /* further JSON members, each behind ", "; or NULL */
};

struct result {
	struct arena *arena;
	const char *domain; /* or NULL */
	const char *check;  /* "tlsrpt", "make mta-sts", "audit" */
	struct findings findings;
	struct result_record *records;
	size_t nrecords;
	size_t room;
	const char *more; /* as in a record, for the whole */
};

enum result_status { RESULT_OK, RESULT_WARNING, RESULT_ERROR, RESULT_UNKNOWN };

/* An empty one. */
void result_init(struct result *result, const char *domain, const char *check,
    struct arena *arena);

/* Add a record, unless there are too many; its texts are kept, not copied. */
void result_add(struct result *result, const struct result_record *record);

/* The worst of its findings; an error outweighs what is not known. */
enum result_status result_status(const struct result *result);

/* For people, in their language. */
const char *result_severity_word(enum severity severity);

/* One line of JSON: interfaces of tlsrpt-dns(1). */
void result_json(const struct result *result, struct buffer *out);

/* Records and findings for people, in their language. */
void result_text(const struct result *result, struct buffer *out);

/* Findings alone, as result_text() has them. */
void result_findings_text(const struct findings *findings, struct buffer *out);

/* What people read for the value of a record. */
const char *result_said(const struct result_record *record);

/*
 * A text as lines of the width, the first behind one indent, the others
 * behind another.
 */
void result_wrapped(struct buffer *out, const char *text, int first,
    int others);

/* A text that came from elsewhere, made fit for a terminal; NULL is "". */
void result_printable(struct buffer *out, const char *text);

#endif
