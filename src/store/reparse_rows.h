/*
 * What is stored of some reports, and whether it is what their documents say:
 * compared by digests, so that the rows of a batch need not be held at once.
 */
#ifndef REPARSE_ROWS_H
#define REPARSE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/datetime.h"
#include "base/digest.h"
#include "base/fault.h"
#include "report/rejoin.h"
#include "store/query.h"

/* A place in the walk by key. */
struct reparse_place {
	char key[REPORT_KEY_TEXT_SIZE];
	char start[DATETIME_SIZE];
};

void reparse_set_place(struct reparse_place *place, const char *key,
    const char *start);

/* What one report is, in the parts that are told apart. */
struct reparse_sums {
	unsigned char policies[DIGEST_SIZE];
	unsigned char failures[DIGEST_SIZE];
};

struct stored {
	struct reparse_place place;
	const char *digest; /* of the content, in hex */
	const char *organization;
	const char *id;
	const char *contact;
	struct kept kept;
	enum channel channel;
	int64_t received_at;
	struct bytes document;
	struct reparse_sums sums;
};

/* Parts of a report that come out otherwise. */
enum {
	DIFFERS_IDENTITY = 1,
	DIFFERS_HEAD = 2,
	DIFFERS_DEVIATIONS = 4,
	DIFFERS_POLICIES = 8,
	DIFFERS_FAILURES = 16
};

/*
 * The reports behind a place, in the order of their keys: some hundred, or
 * fewer where their documents are large.  None: that was all.  They belong to
 * the arena.
 */
bool reparse_read(struct query *from, const struct reparse_place *after,
    struct arena *arena, struct stored **stored, size_t *n,
    struct fault *fault);

/* In what a report, rejoined with what is stored, differs from that. */
unsigned reparse_compare(const struct stored *stored,
    const struct report *report);

#endif
