/* Rows built anew from the documents that are kept, by a better decoder. */
#ifndef REPARSE_H
#define REPARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "report/report.h"
#include "store/query.h"
#include "store/store.h"

/* Documents to decode at once at most, and about how many bytes of them. */
enum { REPARSE_DOCUMENTS = 16, REPARSE_BYTES = 1 << 20 };

/* A kept document, and what came of it. */
struct reparse_job {
	const char *key;
	struct bytes document;
	int64_t received_at;
	struct intake *intake; /* as intake_decode() makes it */
};

struct reparse_wish {
	/*
	 * Decode documents as what they are, bare, as if they came in at
	 * received_at.  False, with FAULT_LATER, for the moment's sake.
	 */
	bool (*decode)(void *data, struct reparse_job *jobs, size_t n,
	    struct arena *arena, struct fault *fault);
	void *data;
	/* Told of each report that is left as it is, and why; or NULL. */
	void (*tell)(const char *key, const char *why);
	/* Shown how far it is, of how many; or NULL. */
	void (*show)(int64_t done, int64_t total, int64_t changed);
	/* Is it to stop now?  Asked between transactions; or NULL. */
	bool (*stops)(void);
	const char *program; /* its version: a run is gone on with by it only */
};

struct reparse_counts {
	int64_t reports; /* that were looked at */
	int64_t changed;
	/* Of those changed, where they do; one may count many times. */
	int64_t identities; /* another key: another report-id, dates, domains */
	int64_t heads;      /* organization, contact and their like */
	int64_t deviations;
	int64_t policies;
	int64_t failures;
	/* Left as they are. */
	int64_t unreadable;   /* the document is no report any more */
	int64_t refused;      /* by the database */
	int64_t undocumented; /* there is no document */
	bool resumed;         /* a run that was broken off went on */
	bool stopped;
};

/*
 * Walk over all reports by key, decode their documents, and write those anew
 * of which something comes out otherwise, with all that is below them and
 * with their sums: a transaction for some hundred reports.  What the mail
 * said besides (rejoin.h), the verdict, and when and how a report came stay.
 *
 *	from	the database, to read
 *	to	the same, to write; NULL: change nothing, and count
 *
 * How far it came is written in the same transactions (table reparse), so that
 * a run that was broken off at any moment goes on when it is run again.
 * Others may write meanwhile.  Fails with FAULT_LATER.
 */
bool reparse(struct query *from, struct store *to,
    const struct reparse_wish *wish, struct reparse_counts *counts,
    struct fault *fault);

#endif
