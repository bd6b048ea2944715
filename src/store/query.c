#include "store/query.h"

#include <stdlib.h>
#include <string.h>

#include "store/query_ops.h"
#include "store/store_ops.h"

struct query {
	const struct query_ops *ops;
	void *self;
};

static bool
open_as(const char *uri, const char *program, int timeout, bool ours,
    struct query **query, struct fault *fault)
{
	const struct store_ops *kind = store_ops_for(uri, fault);
	const struct query_ops *ops =
	    kind == &sqlite_ops ? &sqlite_query_ops : &postgres_query_ops;
	struct query *made;
	void *self;

	if (kind == NULL ||
	    !ops->open(uri, program, timeout, ours, &self, fault))
		return false;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		fault_out_of_memory();
	made->ops = ops;
	made->self = self;
	*query = made;
	return true;
}

bool
query_open(const char *uri, const char *program, int timeout,
    struct query **query, struct fault *fault)
{
	return open_as(uri, program, timeout, true, query, fault);
}

bool
query_open_foreign(const char *uri, const char *program, int timeout,
    struct query **query, struct fault *fault)
{
	return open_as(uri, program, timeout, false, query, fault);
}

void
query_close(struct query *query)
{
	if (query == NULL)
		return;
	query->ops->close(query->self);
	free(query);
}

bool
query_run(struct query *query, const struct query_sql *sql,
    const char *const params[], size_t nparams, struct arena *arena,
    struct query_rows *rows, struct fault *fault)
{
	bool other = !query->ops->postgresql && sql->sqlite != NULL;

	return query->ops->run(query->self, other ? sql->sqlite : sql->sql,
	    params, nparams, arena, rows, fault);
}

bool
query_renew(struct query *query, struct fault *fault)
{
	return query->ops->renew(query->self, fault);
}

const char *
query_text(const struct query_rows *rows, size_t row, size_t column)
{
	return rows->cells[row * rows->ncolumns + column];
}

int64_t
query_number(const struct query_rows *rows, size_t row, size_t column)
{
	const char *text = query_text(rows, row, column);

	if (text == NULL)
		return 0;
	/* SQLite goes over to floating point where a sum is too great. */
	if (strpbrk(text, "eE") != NULL)
		return strtod(text, NULL) > 0 ? INT64_MAX : INT64_MIN;
	return strtoll(text, NULL, 10);
}

bool
query_is_postgresql(const struct query *query)
{
	return query->ops->postgresql;
}
