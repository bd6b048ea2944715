/* tlsrpt-db reparse: rows from kept documents, and what changed by that. */
#ifndef TLSRPT_DB_REPARSE_H
#define TLSRPT_DB_REPARSE_H

#include <stdbool.h>

#include "base/config.h"
#include "base/fault.h"

struct reparse_options {
	bool dry_run;
	bool json;
	bool quiet;
};

/* Fails with FAULT_CONFIG for a limit, or as reparse() does. */
bool reparse_run(const char *uri, struct config *config,
    const struct reparse_options *options, struct fault *fault);

#endif
