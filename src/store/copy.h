/* All reports of one database into another, of the same kind or the other. */
#ifndef COPY_H
#define COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/query.h"
#include "store/store.h"

struct copy_counts {
	int64_t reports;    /* written now */
	int64_t present;    /* were there already, with the same content */
	int64_t superseded; /* kept there under a report with other content */
	int64_t intakes;    /* seen, written or not */
};

/*
 * Copy every row, as it is: reports with their policies and failures, what is
 * superseded, and what came in.
 *
 *	from	read as it is at this moment, whatever else is written to it
 *	to	opened with STORE_WRITE; others may write to it meanwhile
 *	tell	called after each piece that is safe; or NULL
 *
 * A report and all that is below it are written in one transaction.  What is
 * there already is left alone, so that a copy that was broken off goes on
 * where it was.  Where both have a report of the same key and of other
 * content, the better authenticated one is counted, on equal rank that of the
 * target (tlsrpt-schema(7)).  Fails with FAULT_LATER.
 */
bool copy_all(struct query *from, struct store *to,
    void (*tell)(const struct copy_counts *counts), struct copy_counts *counts,
    struct fault *fault);

#endif
