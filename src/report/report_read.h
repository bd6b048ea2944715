/* A report document (RFC 8460, section 4.4) into its shape. */
#ifndef REPORT_READ_H
#define REPORT_READ_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"
#include "base/limits.h"
#include "report/report.h"

/*
 * Read a report from its JSON text.  What departs from the RFC but has one
 * sensible reading is read that way and noted in report->deviations.
 *
 *	json	the document, inflated
 *	report	set on success only, but for document, submitter and auth,
 *		which the caller knows; key and content_digest are set.
 *		Texts are as sent, however long: see report_fit().
 *
 * Fails with FAULT_CONTENT where there is nothing to store: no JSON object,
 * no report-id, no readable start or end, no policies, or none that can be
 * used; with FAULT_LIMIT where it is deeper or longer than allowed.
 */
bool report_read(struct bytes json, const struct limits *limits,
    struct arena *arena, struct report *report, struct fault *fault);

/* Has this JSON text, whatever else it is, a report's keys at the top? */
bool report_is_likely(struct bytes json);

/*
 * Cut every text of a report to what the database keeps (LIMIT_NAME and
 * LIMIT_TEXT bytes), noting text-cut where something was lost.
 */
void report_fit(struct report *report, struct arena *arena);

#endif
