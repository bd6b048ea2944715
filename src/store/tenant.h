/* Roles of the server that see some policy domains only (PostgreSQL). */
#ifndef TENANT_H
#define TENANT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "report/report.h"
#include "store/store.h"

/*
 * Let a role read the views, where it sees these policy domains besides those
 * it saw before, and no others.  Fails with FAULT_CONFIG where it is none that
 * can be a tenant, or in SQLite, which has no roles.
 */
bool tenant_add(struct store *store, const char *role,
    const struct text_list *domains, struct fault *fault);

/*
 * Take some domains from it, or all where the list is empty; with the last it
 * loses its right to read.
 */
bool tenant_remove(struct store *store, const char *role,
    const struct text_list *domains, struct fault *fault);

/* All of them, a line each: role, a tab, domain.  NULL: there are none. */
bool tenant_list(struct store *store, struct arena *arena, const char **lines,
    struct fault *fault);

#endif
