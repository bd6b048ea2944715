/*
 * Memory that is given back all at once: everything that is made while one
 * message is decoded lives in one arena and dies with it.
 *
 * No call returns NULL for want of memory, but arena_try(): a program that
 * runs out of memory ends at once with EX_TEMPFAIL, so that the mail system
 * keeps the message.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

#include "base/bytes.h"

struct arena;

/* An empty arena; arena_free() takes it. */
struct arena *arena_new(void);

/* Size zeroed bytes, aligned for any type; they live as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size);

/* An array of zeroed elements; a product that overflows ends the program. */
void *arena_array(struct arena *arena, size_t nelements, size_t size);

/*
 * As arena_alloc(), but not zeroed, and NULL where the arena would come to
 * hold more than limit bytes: for sizes that a sender decides.
 */
void *arena_try(struct arena *arena, size_t size, size_t limit);

/* A copy of len bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const void *from, size_t len);

/* A formatted string. */
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How many bytes the arena has handed out. */
size_t arena_used(const struct arena *arena);

/* Forget everything, and keep a little memory for the next message. */
void arena_reset(struct arena *arena);

/* Give everything back; NULL is fine. */
void arena_free(struct arena *arena);

#endif
