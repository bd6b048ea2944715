/* A report out of the database, in the shape in which it was decoded. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "report/report.h"
#include "store/query.h"

/* Is it the text of a report's key, 8-4-4-4-12 digits? */
bool load_is_key(const char *text);

/*
 * Load a report by its key.  document and content_digest stay empty.  Fails
 * with FAULT_INPUT where there is none, with FAULT_LATER as query_run() does.
 */
bool load_report(struct query *query, const char *key, struct arena *arena,
    struct report *report, struct fault *fault);

#endif
