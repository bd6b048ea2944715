/* What a MIME parser would have to build, before it does. */
#ifndef OUTLINE_H
#define OUTLINE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/fault.h"

/*
 * Count what makes a parser work and allocate, in all of a message: lines
 * that could be a boundary, messages within messages, and the bytes and
 * fields of the headers of parts.  It may count too much, and never too
 * little: what looks like a header counts for one.
 *
 *	text	the message, or what is left of it for the parser
 *
 * Fails with FAULT_LIMIT.
 */
bool outline_check(struct bytes text, struct fault *fault);

#endif
