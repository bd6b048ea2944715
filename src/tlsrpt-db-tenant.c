#include "tlsrpt-db-tenant.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "store/tenant.h"

static bool
list(struct store *store, struct fault *fault)
{
	struct arena *arena = arena_new();
	const char *lines = NULL;
	bool done = tenant_list(store, arena, &lines, fault);

	if (done && lines != NULL)
		(void)printf("%s\n", lines);
	arena_free(arena);
	return done;
}

static bool
add(struct store *store, const char *role, const struct text_list *domains,
    struct fault *fault)
{
	if (domains->len == 0)
		return fault_set(fault, FAULT_USAGE,
		    "tenant add needs --domain=NAME, once for each domain");
	return tenant_add(store, role, domains, fault);
}

bool
tenant_run(struct store *store, const char *action, const char *role,
    const struct text_list *domains, bool quiet, struct fault *fault)
{
	bool adds = strcmp(action, "add") == 0;

	if (strcmp(action, "list") == 0 && role == NULL && domains->len == 0)
		return list(store, fault);
	if ((!adds && strcmp(action, "remove") != 0) || role == NULL)
		return fault_set(fault, FAULT_USAGE,
		    "write tenant add NAME --domain=DOMAIN, "
		    "tenant remove NAME, or tenant list");
	if (adds ? !add(store, role, domains, fault) :
		   !tenant_remove(store, role, domains, fault))
		return false;
	if (!quiet && adds)
		(void)printf("role \"%s\" sees these domains\n", role);
	else if (!quiet)
		(void)printf("role \"%s\" sees %s\n", role,
		    domains->len > 0 ? "these domains no more" :
				       "nothing any more");
	return true;
}
