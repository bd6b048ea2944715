#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_ops.h"

struct store {
	const struct store_ops *ops;
	void *self;
	struct arena *details; /* those of the latest put */
};

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* Never quotes what may hold a password: only a bare word or a path. */
static bool
refuse_uri(const char *uri, struct fault *fault)
{
	const char *scheme = strstr(uri, "://");

	if (*uri == '\0')
		return fault_set(fault, FAULT_CONFIG,
		    "database URI is empty: write sqlite:PATH or "
		    "postgresql://HOST/DATABASE");
	if (scheme != NULL)
		return fault_set(fault, FAULT_CONFIG,
		    "\"%.*s\" is no kind of database: write sqlite:PATH or "
		    "postgresql://HOST/DATABASE",
		    (int)(scheme - uri), uri);
	return fault_set(fault, FAULT_CONFIG,
	    "\"%s\" is no database URI: write sqlite:PATH or "
	    "postgresql://HOST/DATABASE",
	    strchr(uri, '@') == NULL ? uri : "...");
}

static const struct store_ops *
ops_for(const char *uri)
{
	if (starts_with(uri, STORE_SQLITE))
		return &sqlite_ops;
	if (starts_with(uri, "postgresql://") ||
	    starts_with(uri, "postgres://"))
		return &postgres_ops;
	if (strstr(uri, "://") == NULL && strchr(uri, '=') != NULL)
		return &postgres_ops;
	return NULL;
}

const struct store_ops *
store_ops_for(const char *uri, struct fault *fault)
{
	const struct store_ops *ops = ops_for(uri);

	if (ops == NULL)
		(void)refuse_uri(uri, fault);
	return ops;
}

bool
store_check_uri(const char *uri, struct fault *fault)
{
	const struct store_ops *ops = ops_for(uri);

	return ops != NULL ? ops->check_uri(uri, fault) :
			     refuse_uri(uri, fault);
}

bool
store_open(const char *uri, enum store_mode mode, const char *program,
    int timeout, struct store **store, struct fault *fault)
{
	const struct store_ops *ops = store_ops_for(uri, fault);
	struct store *made;
	void *self;

	if (ops == NULL || !ops->check_uri(uri, fault) ||
	    !ops->open(uri, mode, program, timeout, &self, fault))
		return false;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		fault_out_of_memory();
	made->ops = ops;
	made->self = self;
	made->details = arena_new();
	*store = made;
	return true;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store->ops->close(store->self);
	arena_free(store->details);
	free(store);
}

bool
store_is_concurrent(const struct store *store)
{
	return store->ops->concurrent;
}

bool
store_is_postgresql(const struct store *store)
{
	return store->ops == &postgres_ops;
}

bool
store_run(struct store *store, const char *sql, const char *param,
    struct arena *arena, const char **text, struct fault *fault)
{
	return store->ops->run(store->self, sql, param, arena, text, fault);
}

bool
store_roll(struct store *store, const char *keys, int sign, struct fault *fault)
{
	return store->ops->roll(store->self, keys, sign, fault);
}

#define DELETE_LISTED(table)                                                \
	{                                                                   \
		"DELETE FROM tlsrpt." table " t USING "                     \
		"pg_catalog.json_array_elements(CAST($1 AS json)) "         \
		"AS w (r) WHERE t.report_key = (w.r->>0)::uuid "            \
		"AND t.start_time = (w.r->>1)::timestamptz",                \
		    "DELETE FROM " table " WHERE (report_key, start_time) " \
		    "IN (SELECT json_extract(value, '$[0]'), "              \
		    "json_extract(value, '$[1]') FROM json_each($1))"       \
	}

bool
store_delete(struct store *store, const char *keys, struct fault *fault)
{
	static const struct {
		const char *postgresql;
		const char *sqlite;
	} listed[] = { DELETE_LISTED("failure"), DELETE_LISTED("policy"),
		DELETE_LISTED("report") };

	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++)
		if (!store_run(store,
			store_is_postgresql(store) ? listed[i].postgresql :
						     listed[i].sqlite,
			keys, NULL, NULL, fault))
			return false;
	return true;
}

static void
end_intake(struct intake *intake, const struct ending *ending)
{
	if (intake->outcome == OUTCOME_REJECTED)
		return;
	intake->outcome = ending->outcome;
	if (ending->refusal == NULL)
		return;
	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_REFUSED_BY_DATABASE;
	intake->detail = ending->refusal;
}

bool
store_put(struct store *store, struct intake *const intakes[], size_t n,
    struct fault *fault)
{
	struct arena *arena = arena_new();
	struct ending *endings = arena_array(arena, n, sizeof(*endings));

	arena_reset(store->details);
	if (!store->ops->put(store->self, intakes, n, store->details, endings,
		fault)) {
		arena_free(arena);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		end_intake(intakes[i], &endings[i]);
	arena_free(arena);
	return true;
}

bool
store_insert(struct store *store, struct intake *const intakes[], size_t n,
    struct fault *fault)
{
	struct arena *arena = arena_new();
	struct ending *endings = arena_array(arena, n, sizeof(*endings));
	bool done = store->ops->insert(store->self, intakes, n, endings, fault);

	for (size_t i = 0; done && i < n; i++)
		end_intake(intakes[i], &endings[i]);
	arena_free(arena);
	return done;
}

bool
store_upgrade(struct store *store, const struct store_roles *roles, int *before,
    int *after, struct fault *fault)
{
	return store->ops->upgrade(store->self, roles, before, after, fault);
}

bool
store_status(struct store *store, struct arena *arena,
    struct store_status *status, struct fault *fault)
{
	struct store_status found = { .version = 0 };

	if (!store->ops->status(store->self, arena, &found, fault))
		return false;
	*status = found;
	return true;
}

bool
store_is_wanted(const struct intake *intake, const struct ending *ending)
{
	return intake->outcome != OUTCOME_REJECTED && ending->refusal == NULL;
}

void
store_report_ended(struct ending *ending, enum outcome outcome)
{
	if (ending->outcome == OUTCOME_STORED)
		return;
	if (ending->outcome == OUTCOME_SUPERSEDED &&
	    outcome == OUTCOME_DUPLICATE)
		return;
	ending->outcome = outcome;
}

const char *
store_outcome_name(const struct intake *intake, const struct ending *ending)
{
	if (!store_is_wanted(intake, ending))
		return outcome_names[OUTCOME_REJECTED];
	return outcome_names[ending->outcome];
}

const char *
store_reason_code(const struct intake *intake, const struct ending *ending)
{
	if (intake->outcome == OUTCOME_REJECTED)
		return reason_codes[intake->reason].code;
	if (ending->refusal != NULL)
		return reason_codes[REASON_REFUSED_BY_DATABASE].code;
	return NULL;
}

bool
store_check_version(const char *database, int version, struct fault *fault)
{
	if (version == STORE_SCHEMA_VERSION)
		return true;
	if (version == 0)
		return fault_set(fault, FAULT_LATER,
		    "database \"%s\" has no schema tlsrpt: run tlsrpt-db init",
		    database);
	if (version < STORE_SCHEMA_VERSION)
		return fault_set(fault, FAULT_LATER,
		    "database \"%s\" has version %d of the schema, and this "
		    "program needs %d: run tlsrpt-db upgrade",
		    database, version, STORE_SCHEMA_VERSION);
	return fault_set(fault, FAULT_LATER,
	    "database \"%s\" has version %d of the schema, and this program "
	    "knows %d: install a newer tlsrpt-tools",
	    database, version, STORE_SCHEMA_VERSION);
}
