/* What an audit reads of SPF, DMARC and DKIM, as text. */
#ifndef DNS_SENDERS_H
#define DNS_SENDERS_H

#include <stdbool.h>

#include "base/arena.h"

enum { SPF_TERMS_MOST = 100, TAGS_MOST = 40 };

/* A mechanism or modifier (RFC 7208, section 4.6.1). */
struct spf_term {
	char qualifier;     /* "+", "-", "~" or "?"; '=' for a modifier */
	const char *name;   /* in lower case */
	const char *domain; /* behind ":" or "=", or NULL */
	bool lookup;        /* one of those that are counted */
};

struct spf {
	struct spf_term *terms;
	size_t nterms;
	const char *wrong; /* the first term that cannot be read, or NULL */
};

/* Is it an SPF record at all? */
bool spf_is(const char *text);

void spf_read(const char *text, struct arena *arena, struct spf *spf);

/* "name=value; ..." as DMARC and DKIM have it. */
struct tag {
	const char *name;
	const char *value;
};

struct tags {
	struct tag *list;
	size_t n;
	bool wrong; /* a piece is no tag */
};

void tags_read(const char *text, struct arena *arena, struct tags *tags);

/* The value of a tag, or NULL. */
const char *tags_value(const struct tags *tags, const char *name);

#endif
