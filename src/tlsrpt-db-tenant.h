/* tlsrpt-db tenant: roles that see some policy domains only. */
#ifndef TLSRPT_DB_TENANT_H
#define TLSRPT_DB_TENANT_H

#include <stdbool.h>

#include "base/fault.h"
#include "report/report.h"
#include "store/store.h"

/*
 * Run "add NAME", "remove NAME" or "list".
 *
 *	action	the first of these words
 *	role	NAME; NULL: not given
 *	domains	those of --domain
 *
 * Fails with FAULT_USAGE where the words make no sense, or as tenant.h has it.
 */
bool tenant_run(struct store *store, const char *action, const char *role,
    const struct text_list *domains, bool quiet, struct fault *fault);

#endif
