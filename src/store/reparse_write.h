/* Reports whose documents say something else now take their own places. */
#ifndef REPARSE_WRITE_H
#define REPARSE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "report/report.h"
#include "store/reparse_rows.h"
#include "store/store.h"

/* A report to write anew, and what became of it. */
struct reparse_change {
	const struct stored *stored;
	size_t index;          /* of the report in its batch */
	struct intake *intake; /* with the report alone */
	unsigned differs;      /* see reparse_compare() */
	bool written;
	const char *refusal; /* the database's own words; NULL: none */
};

struct reparse_step {
	struct reparse_change *changes;
	size_t n;
	const struct reparse_place *before; /* of each report of the batch */
	const struct reparse_place *end;    /* of all that were looked at */
	const char *program;
};

/*
 * Write some reports, and the place that was reached, in one transaction; or
 * where one of them is refused, each in its own.  One that another writer has
 * replaced, raised or dropped meanwhile is not written: then the place is
 * that before the first of these, *gone is its place among the changes, and
 * the walk goes on there; else *gone is n.  Fails with FAULT_LATER.
 */
bool reparse_write(struct store *to, const struct reparse_step *step,
    struct arena *arena, size_t *gone, struct fault *fault);

/* There is no run under way any more. */
bool reparse_clear(struct store *to, struct fault *fault);

#endif
