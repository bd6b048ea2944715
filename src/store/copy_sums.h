/* The sums by day whose reports are gone, from one database into another. */
#ifndef COPY_SUMS_H
#define COPY_SUMS_H

#include <stdbool.h>

#include "base/fault.h"
#include "store/query.h"
#include "store/store.h"

/*
 * Copy the sums of days that are closed (tlsrpt-schema(7), retention), and
 * close these days in the target.  A day goes in one transaction; one that the
 * target has sums of keeps them.  All other sums are made of their reports.
 * Fails with FAULT_LATER.
 */
bool copy_sums(struct query *from, struct store *to, struct fault *fault);

#endif
