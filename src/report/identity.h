/* What makes two reports the same report. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "base/arena.h"
#include "report/report.h"

/*
 * Set the key of a report: a UUID of version 8 (RFC 9562, section 5.8) from
 * the SHA-256 of organization, report-id, start, end and the policy domains
 * in lower case, sorted, each once.  Every one of them is followed by a NUL
 * byte, and the times are written as 2024-01-15T00:00:00Z, so that no two
 * reports share a key because their fields run together.
 *
 * The key holds nothing of how the report came or who signed it: the same
 * report by mail, by https and from an archive is one.
 */
void identity_set(struct report *report, struct arena *arena);

/* A key in the usual form, 8-4-4-4-12 lower-case digits. */
void identity_write(const unsigned char key[REPORT_KEY_SIZE],
    char text[REPORT_KEY_TEXT_SIZE]);

#endif
