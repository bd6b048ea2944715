/* Reports that another tool has read: taken over from what it kept of them. */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "store/store.h"

struct import_counts {
	int64_t stored;
	int64_t duplicate;
	int64_t superseded;
	int64_t rejected;
};

/*
 * Take over the TLS reports that parsedmarc stored.
 *
 *	from	a PostgreSQL database with its tables (smtp_tls_report, ...),
 *		or a file of its JSON: one report, a list of them, or an object
 *		with "smtp_tls_reports"
 *	to	opened with STORE_WRITE
 *	tell	called with the words for a report that cannot be taken; or
 *		NULL
 *
 * Each report is written anew as RFC 8460 has it, and then read and stored as
 * any other; its channel is file, and nothing vouches for it.  What parsedmarc
 * drops (the document itself, mx-host before version 10) is gone.  Fails with
 * FAULT_INPUT where there is nothing of the kind, with FAULT_LATER where a
 * database is away; what was written until then stays.
 */
bool import_parsedmarc(const char *from, struct store *to,
    void (*tell)(const char *source, const char *what),
    struct import_counts *counts, struct fault *fault);

#endif
