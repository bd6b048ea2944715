/* The messages of an mbox: mboxo, mboxrd, mboxcl and mboxcl2 (mbox(5)). */
#ifndef SOURCE_MBOX_H
#define SOURCE_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intake/source_reader.h"
#include "intake/source_stream.h"

/* How much of a line is looked at to tell what it is. */
enum { MBOX_LINE = 1024 };

/* Is this the start of an mbox: "From ", a sender, a blank and a date? */
bool mbox_begins(const char *at, size_t len);

/*
 * Read an mbox as it comes: one message is in memory at a time, and of that
 * no more than walk->limit bytes.
 *
 *	path	to show
 *	stream	at its start; the reader takes it over
 *	mtime	for messages without a readable date of delivery; or 0
 */
struct reader mbox_reader(const char *path, struct stream stream, int64_t mtime,
    struct walk *walk);

#endif
