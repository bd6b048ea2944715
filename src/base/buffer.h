/* Bytes that grow: for output, and for what is read without a known size. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

#include "base/bytes.h"

/* Starts as { 0 }; at[len] is always NUL once something was added. */
struct buffer {
	char *at;
	size_t len;
	size_t size;
};

void buffer_add(struct buffer *buffer, const void *from, size_t len);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for len bytes more behind those in use; the caller raises len. */
char *buffer_room(struct buffer *buffer, size_t len);

/*
 * A JSON string with its quotes, or null for NULL (RFC 8259, section 7).  What
 * could do something to a terminal is escaped, too: see text_printable().
 */
void buffer_json(struct buffer *buffer, const char *text);

void buffer_free(struct buffer *buffer);

#endif
