/*
 * From decoded messages to safe ones: what cannot be read goes to quarantine,
 * then all of it is written in one transaction.  The only way that anything
 * gets into the database.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "report/report.h"
#include "store/store.h"

struct delivery {
	struct intake *intake;
	struct bytes raw;   /* the message, or its start with rest */
	int rest;           /* where the rest of it can be read, or -1 */
	bool uncopied;      /* where it is rejected, no copy is to be kept */
	struct fault fault; /* set where the message is not safe */
};

/*
 * Make messages safe.
 *
 *	store		NULL with --dry-run: outcomes become decoded
 *	quarantine	a Maildir; NULL to keep no copies
 *
 * Fails with FAULT_LATER where the database is away; nothing was written
 * then, and copies in quarantine are met again.  A message that could not be
 * kept in quarantine has its own fault set, and is not written either.
 */
bool commit_all(struct store *store, const char *quarantine,
    struct delivery *deliveries, size_t n, struct fault *fault);

#endif
