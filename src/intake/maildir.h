/* What it takes to put a message into a Maildir and to lose none. */
#ifndef MAILDIR_H
#define MAILDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

/* The length of a message's name without its flags. */
size_t maildir_base(const char *name);

/*
 * Make the Maildir, and the folders above it, where they are missing (mode
 * 0700); what is made survives a crash.  Fails with FAULT_LATER.
 */
bool maildir_make(const char *dir, struct fault *fault);

/*
 * Make a new file in tmp (mode 0600), open to read and write.  Returns its
 * file descriptor and sets *path; -1 and FAULT_LATER where it cannot.
 */
int maildir_create(const char *dir, struct arena *arena, const char **path,
    struct fault *fault);

/* Write all bytes to the file of that path.  Fails with FAULT_LATER. */
bool maildir_write(int fd, struct bytes bytes, const char *path,
    struct fault *fault);

/* Copy all that is left of a source to a file.  Fails with FAULT_LATER. */
bool maildir_copy(int from, const char *source, int to, const char *path,
    struct fault *fault);

/* Make what happened in a folder survive a crash.  Fails with FAULT_LATER. */
bool maildir_sync(const char *folder, struct fault *fault);

/*
 * Rename, but never over a file that is there.  False, with errno: EEXIST
 * where there is one.
 */
bool maildir_rename(const char *from, const char *to);

/* Bytes on the disk of all messages that it holds; 0 where it is not there. */
uint64_t maildir_size(const char *dir);

#endif
