/* A report, or an intake, as one line of JSON. */
#ifndef REPORT_WRITE_H
#define REPORT_WRITE_H

#include "base/buffer.h"
#include "report/report.h"

/* The object REPORT of tlsrpt-ingest(1), without a line break. */
void report_write(const struct report *report, struct buffer *out);

/* The line that tlsrpt-ingest --format=json prints for a message. */
void intake_write(const struct intake *intake, struct buffer *out);

#endif
