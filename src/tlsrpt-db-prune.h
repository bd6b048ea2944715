/* tlsrpt-db prune: how long to keep, and what went. */
#ifndef TLSRPT_DB_PRUNE_H
#define TLSRPT_DB_PRUNE_H

#include <stdbool.h>

#include "base/fault.h"

struct prune_options {
	const char *keep;      /* as in --keep=400d; NULL: not given */
	const char *keep_sums; /* NULL: as long as reports */
	bool dry_run;
	bool json;
	bool quiet;
};

/* Fails with FAULT_USAGE for options, or as prune() does. */
bool prune_run(const char *uri, const struct prune_options *options,
    struct fault *fault);

#endif
