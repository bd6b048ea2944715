/*
 * A Maildir of documents that were answered while the database was away.
 * One process at a time has it; names sort by the time they came.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/fault.h"

struct spool;

/* A document to keep, or one that is kept. */
struct spooled {
	struct bytes bytes;
	int64_t received_at;
	const char *domain; /* that it was sent to by a secret path, or NULL */
	char *name;         /* set where it is kept; free(3) it */
	struct fault fault; /* set where it is not */
};

/*
 * Open a spool.  The Maildir is made where it is missing; what a crash left
 * half-written, and so unanswered, is taken away.
 *
 *	most	bytes that it may hold
 *
 * Fails with FAULT_LATER, also where another process has it.
 */
bool spool_open(const char *dir, uint64_t most, struct spool **spool,
    struct fault *fault);

void spool_close(struct spool *spool);

/*
 * Keep documents, durably, all before it returns.  Those that cannot be kept
 * have their faults set.  One thread at a time.
 */
void spool_write(struct spool *spool, struct spooled *documents, size_t n);

/* The names of the oldest ones, sorted; returns how many there are. */
size_t spool_list(struct spool *spool, struct arena *arena, const char **names,
    size_t most);

/*
 * Read one.  *bytes is the caller's to free.  Fails with FAULT_LATER, and with
 * FAULT_INPUT where it is gone.
 */
bool spool_read(struct spool *spool, const char *name, struct arena *arena,
    struct buffer *bytes, struct spooled *document, struct fault *fault);

/* Take one away that is safe elsewhere. */
void spool_remove(struct spool *spool, const char *name);

/* How many documents wait, and since when the oldest does; 0: none. */
size_t spool_depth(struct spool *spool);
int64_t spool_oldest(struct spool *spool);

/* Could one more be kept, as far as can be told without trying? */
bool spool_has_room(struct spool *spool);

#endif
