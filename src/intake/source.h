/*
 * Where a batch finds its messages: Maildirs, mboxes, single files, folders.
 * What a path is, is told by its content, never by its name.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"

/* What becomes of a Maildir message once it is safely dealt with. */
enum after { AFTER_KEEP, AFTER_SEEN, AFTER_DELETE, AFTER_MOVE };

struct source;

/* One message that a source found; source_item_free() gives it back. */
struct item {
	char *path;          /* to show; for an mbox "path:BYTE-OFFSET" */
	char *maildir;       /* the Maildir that it lies in, or NULL */
	char *name;          /* its file name below maildir: "new/x", or NULL */
	int64_t received_at; /* when the mail system wrote it; 0: not known */
	size_t size;         /* bytes, where known before it is read; or 0 */
	char *bytes;         /* what source_load() read, or came from an mbox */
	size_t len;
	bool cut;  /* it is longer than the limit: bytes holds its start only */
	bool open; /* by source_read_ahead(), as fd */
	int fd;
};

/*
 * Start to walk over paths.
 *
 *	paths	files, folders, Maildirs, or "-" for standard input
 *	limit	the most bytes of one message to read
 *	count	find out beforehand how many messages there are, as far as
 *		that can be told without reading them
 *
 * Never fails: a path that cannot be opened is told by source_next().
 */
struct source *source_open(char *const paths[], size_t npaths, size_t limit,
    bool count);

/* How many messages are known to be there; 0 where that is not known. */
size_t source_total(const struct source *source);

/*
 * The next message.  True with item->path set where there is one; false where
 * there is none left (fault->kind is then FAULT_NONE), or where a path cannot
 * be opened (FAULT_INPUT, or FAULT_LATER where the system is short of files
 * or memory; go on with the next call).
 * One thread at a time; the caller sees to that.
 */
bool source_next(struct source *source, struct item *item, struct fault *fault);

/*
 * Have the system fetch an item's bytes from the disk while others are read:
 * an archive is rarely in memory, and a disk is fast only where it is asked
 * for many things at once.  Opens a file.  Any thread; does not fail.
 */
void source_read_ahead(struct item *item);

/*
 * Read an item's bytes where they are not there yet.  Any thread.  A message
 * that another program has renamed inside its Maildir meanwhile is found.
 * Fails with FAULT_INPUT where it is gone or cannot be read, with FAULT_LATER
 * where the system is short of files or memory.
 */
bool source_load(struct item *item, size_t limit, struct fault *fault);

/*
 * Do with a Maildir message what --after says; items of other kinds are left
 * alone.  folder is the Maildir to move to with AFTER_MOVE.  A message that
 * is gone already is no failure.  Fails with FAULT_LATER.
 */
bool source_after(const struct item *item, enum after after, const char *folder,
    struct fault *fault);

void source_item_free(struct item *item);
void source_close(struct source *source);

#endif
