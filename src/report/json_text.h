/* Is this JSON, and can it be handed to a parser that trusts its input? */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/limits.h"
#include "report/vocabulary.h"

/*
 * The byte that marks a whole number too long for a double: such a number is
 * turned into a string that starts with it, so that no digit is lost.
 * No string of a sender can hold it raw, since JSON forbids that.
 */
enum { JSON_TEXT_BIG_NUMBER = 0x01 };

/*
 * Check that a text is one JSON value by the grammar of RFC 8259, no deeper
 * than limits->depth, and make it fit for cJSON: a byte order mark and what
 * follows the value are cut off; bytes that are no UTF-8, \u0000 and lone
 * surrogates become U+FFFD; whole numbers of 16 digits and more, and all of
 * more than 60 characters, become marked strings.  Each of these is noted, but the last.
 *
 *	text	set on success only; the same bytes where nothing had to be
 *		mended, else bytes of the arena
 *
 * Fails with FAULT_CONTENT where it is no JSON, with FAULT_LIMIT where it is
 * too deep.
 */
bool json_text(struct bytes raw, const struct limits *limits,
    struct arena *arena, struct bytes *text, deviations *noted,
    struct fault *fault);

#endif
