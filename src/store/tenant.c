#include "store/tenant.h"

#include "base/buffer.h"
#include "store/store_ops.h"

/* $1 is an object: the name of the role, and a list of domains. */
#define CALL(function)                                                   \
	"SELECT tlsrpt." function "((CAST($1 AS json)->>'role')::name, " \
	"ARRAY(SELECT json_array_elements_text("                         \
	"CAST($1 AS json)->'domains')))"

static const char add[] = CALL("tenant_add");
static const char remove_[] = CALL("tenant_remove");
static const char list[] = "SELECT string_agg(role || E'\\t' || domain, E'\\n' "
			   "ORDER BY role, domain) FROM tlsrpt.tenant";

static bool
is_possible(const struct store *store, struct fault *fault)
{
	return store_is_postgresql(store) ||
	    fault_set(fault, FAULT_CONFIG,
		"SQLite has no roles, and so no tenants");
}

static bool
call(struct store *store, const char *sql, const char *role,
    const struct text_list *domains, struct fault *fault)
{
	struct buffer param = { 0 };
	bool done;

	buffer_text(&param, "{\"role\": ");
	buffer_json(&param, role);
	buffer_text(&param, ", \"domains\": [");
	for (size_t i = 0; i < domains->len; i++) {
		buffer_text(&param, i > 0 ? ", " : "");
		buffer_json(&param, domains->at[i]);
	}
	buffer_text(&param, "]}");
	done = store_run(store, sql, param.at, NULL, NULL, fault);
	buffer_free(&param);
	return done;
}

bool
tenant_add(struct store *store, const char *role,
    const struct text_list *domains, struct fault *fault)
{
	const struct store_roles roles = { .reader = role };
	int before;
	int after;

	return is_possible(store, fault) &&
	    call(store, add, role, domains, fault) &&
	    store_upgrade(store, &roles, &before, &after, fault);
}

bool
tenant_remove(struct store *store, const char *role,
    const struct text_list *domains, struct fault *fault)
{
	return is_possible(store, fault) &&
	    call(store, remove_, role, domains, fault);
}

bool
tenant_list(struct store *store, struct arena *arena, const char **lines,
    struct fault *fault)
{
	return is_possible(store, fault) &&
	    store_run(store, list, NULL, arena, lines, fault);
}
