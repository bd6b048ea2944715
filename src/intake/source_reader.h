/* How the parts of a source hand out what they find. */
#ifndef SOURCE_READER_H
#define SOURCE_READER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "intake/source.h"

/* What all readers of one source share. */
struct walk {
	size_t limit;          /* the most bytes of one message to read */
	atomic_bool countless; /* an mbox or a stream is among the paths */
};

enum step { STEP_ITEM, STEP_END, STEP_FAULT };

/*
 * Something that yields messages one by one.  next() fills in the item, all
 * of which is zero before, on STEP_ITEM only; after STEP_FAULT it is called
 * again.  close() gives data back.
 */
struct reader {
	enum step (*next)(void *data, struct item *item, struct fault *fault);
	void (*close)(void *data);
	void *data;
};

/* Read a path that the user named; fails where it cannot be opened. */
bool path_reader(const char *path, struct walk *walk, struct reader *reader,
    struct fault *fault);

/* How many messages path_reader() will find; sets walk->countless. */
size_t path_count(const char *path, struct walk *walk);

/* Has the folder a cur and a new? */
bool maildir_is_one(const char *path);

/* Read cur, and then new: so a message moved on the way is met once. */
struct reader maildir_reader(const char *path);

size_t maildir_count(const char *path);

/*
 * Open a message of a Maildir under the name it has by now, which item->name
 * and item->path then tell.  Returns a file descriptor, or -1 and errno.
 */
int maildir_open(struct item *item);

/*
 * The name below the Maildir of a message that is not where it was, on the
 * heap; NULL where it is gone.
 */
char *maildir_find(const char *maildir, const char *name);

/*
 * Note what kept a path from being opened or read, and return false.  That
 * the system is short of something is the moment's fault, not the path's.
 */
bool reader_failed(struct fault *fault, const char *path, const char *what,
    int error);

/* Room for one thing on the heap; a program without memory ends. */
void *reader_alloc(size_t size);

/* Three texts as one, on the heap. */
char *reader_join(const char *a, const char *b, const char *c);

/* A formatted string on the heap. */
char *reader_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
