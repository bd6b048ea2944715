/* Text from strangers: made valid, made printable, compared. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* Is this UTF-8 without U+0000? (RFC 3629) */
bool text_is_valid(struct bytes raw);

/*
 * The same text as valid UTF-8: each byte that is none, and each U+0000,
 * becomes U+FFFD.  *repaired is set to true where that happened, and left
 * alone where not.  The result is NUL-terminated and belongs to the arena.
 */
char *text_repair(struct bytes raw, struct arena *arena, bool *repaired);

/*
 * The same text, safe to show on a terminal, in a log or in a mail: control
 * characters (C0, DEL, C1), line and paragraph separators, and the invisible
 * characters that turn or hide text become \xNN or \u{NNNN}.
 */
char *text_printable(const char *text, struct arena *arena);

/*
 * One step over a text that is not empty: the length of its next character,
 * which is that byte's where it is no UTF-8, and whether it is one that
 * text_printable() would replace.
 */
size_t text_step(const char *text, uint32_t *character, bool *unsafe);

/* Does the text hold a character that text_printable() would replace? */
bool text_has_controls(const char *text);

/*
 * The first limit bytes of a text, or fewer, so that no character is split;
 * the text itself where it is no longer than that.  *cut is set to true where
 * something was cut off.
 */
const char *text_cut(const char *text, size_t limit, struct arena *arena,
    bool *cut);

/* Is there nothing in it but blanks and tabs and line breaks? */
bool text_is_blank(const char *text);

/* A copy with A-Z in lower case; other characters stay. */
char *text_lower(const char *text, struct arena *arena);

/*
 * A domain name as the database keeps it: in lower case, without blanks
 * around it and without a dot at its end.
 */
char *text_domain(const char *name, struct arena *arena);

/* The part of an address behind its last "@"; NULL where there is none. */
const char *text_address_domain(const char *address);

/* Is name the domain itself, or below it?  Both as text_domain() has them. */
bool text_is_within_domain(const char *name, const char *domain);

/*
 * Read a size such as 65536, 64K, 16M or 2G (powers of 1024, with or without
 * "iB" or "B" behind).  False where it is none, or does not fit.
 */
bool text_read_size(const char *text, size_t *size);

/* Read a whole number from least to most; false where it is none. */
bool text_read_number(const char *text, long long least, long long most,
    long long *number);

#endif
