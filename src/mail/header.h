/* The header of a message, field by field (RFC 5322, section 2.2). */
#ifndef HEADER_H
#define HEADER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"

struct header_field {
	struct bytes name;
	struct bytes value; /* behind the colon, still folded */
	struct bytes line;  /* the whole field with its line ends */
};

/*
 * Take the next field off the front of rest.  False at the empty line that
 * ends the header, which is taken off too, or at the end of the bytes.  Lines
 * that are no field, such as mbox's ">From ", are passed over.
 */
bool header_next(struct bytes *rest, struct header_field *field);

/* Is the field called that? Case does not count. */
bool header_is(const struct header_field *field, const char *name);

/* Does its name start with that? */
bool header_starts(const struct header_field *field, const char *prefix);

/*
 * The value on one line, without blanks around it (RFC 5322, section 2.2.3),
 * as valid UTF-8.
 */
char *header_unfold(struct bytes value, struct arena *arena);

/* Do bytes start with a header field? */
bool header_is_likely(struct bytes bytes);

/* Do bytes start with the line that mbox and pipes put before a message? */
bool header_is_from_line(struct bytes bytes);

#endif
