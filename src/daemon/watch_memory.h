/* Which messages of a Maildir were read: a set of names that lasts. */
#ifndef WATCH_MEMORY_H
#define WATCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct memory;

/* Open what is known of a Maildir.  Fails with FAULT_LATER. */
bool memory_open(const char *folder, const char *maildir,
    struct memory **memory, struct fault *fault);

void memory_close(struct memory *memory);

/*
 * Names count without their flags.  memory_note() holds one until the end of
 * the program, memory_keep() for good, memory_forget() drops it.
 */
bool memory_knows(const struct memory *memory, const char *name);
void memory_note(struct memory *memory, const char *name);
void memory_keep(struct memory *memory, const char *name);
void memory_forget(struct memory *memory, const char *name);

/*
 * Between these two, memory_knows() and memory_note() mark the names they
 * meet; the others are gone from the Maildir, and forgotten, where they are
 * many.
 */
void memory_begin_scan(struct memory *memory);
void memory_end_scan(struct memory *memory);

#endif
