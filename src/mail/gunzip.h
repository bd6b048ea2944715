/* Unpack gzip data without trusting the size it claims. */
#ifndef GUNZIP_H
#define GUNZIP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/limits.h"

struct gunzipped {
	struct bytes plain;
	size_t nmembers;    /* at least 1 */
	bool trailing_data; /* something that is no member followed */
};

/* Does it start as gzip data does? (RFC 1952, section 2.3.1) */
bool gunzip_is_gzip(struct bytes bytes);

/*
 * Unpack a gzip file, of one member or several.
 *
 *	packed	the whole file, as the MIME part held it once decoded
 *	limits	limits->report is the most bytes to unpack; a report that
 *		would unpack to more is refused, however small it is packed
 *	out	set on success only; its bytes belong to the arena
 *
 * Fails with FAULT_CONTENT where the data is not gzip, is cut short or is
 * damaged, and with FAULT_LIMIT where it unpacks to more than the limit, or
 * the arena would grow past what decoding one message may take.
 *
 * Source: RFC 8460, section 5.2 (compression); RFC 1952, section 2.2 (members).
 */
bool gunzip(struct bytes packed, const struct limits *limits,
    struct arena *arena, struct gunzipped *out, struct fault *fault);

#endif
