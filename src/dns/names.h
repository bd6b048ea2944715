/* Domain names as DNS, certificates and policies write them. */
#ifndef DNS_NAMES_H
#define DNS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { NAME_MOST = 253, LABEL_MOST = 63 };

/*
 * Is it a host name of at least one label: letters, digits and hyphens, no
 * dot at its end, not all digits in its last label (RFC 1123, section 2.1)?
 */
bool name_is_host(const char *name);

/* As name_is_host(), and underscores and any last label may be in it. */
bool name_is_domain(const char *name);

/*
 * Does a name of a certificate, or an mx of a policy, match a host?  "*" may
 * be the whole left-most label, and stands for one label (RFC 8461, section
 * 4.1; RFC 6125, section 6.4.3).  Case and a dot at the end do not count.
 */
bool name_matches(const char *pattern, const char *host);

/*
 * The ASCII form of a domain name in UTF-8 (RFC 5891), in lower case and
 * without a dot at its end; NULL where there is none.  The result belongs to
 * the arena.
 */
char *name_to_ascii(const char *name, struct arena *arena);

/*
 * Is it a mistake for the word: equal but for case, or, for words of three
 * letters and more, with a letter missing, added, wrong or swapped?  False
 * where they are equal.
 */
bool name_is_near(const char *text, const char *word);

/* How many letters of one have to change to make the other; case counts not. */
size_t name_distance(const char *one, const char *other);

#endif
