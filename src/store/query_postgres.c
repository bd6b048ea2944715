/* Reading PostgreSQL: one transaction that may not write. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "store/pg_answer.h"
#include "store/pg_connect.h"
#include "store/query_ops.h"
#include "store/store_ops.h"

#include <libpq-fe.h>

struct postgres_query {
	PGconn *conn;
	struct pg_wait wait;
	int timeout;
	bool ours;
	struct fault *fault;
};

static bool
failed(struct postgres_query *self, const PGresult *result)
{
	(void)fault_set(self->fault, FAULT_LATER, "database \"%s\": %s",
	    PQdb(self->conn), pg_why(self->conn, result, &self->wait));
	pg_advise(self->conn, result, self->fault);
	pg_join_lines(self->fault->text);
	return false;
}

/*
 * Started in one trip.  The settings hold for the transaction alone, so that
 * a pool of connections is not spoilt by them.  Times are shown in UTC and in
 * ISO 8601, whatever the server's own settings are; jit costs more than such
 * statements take.
 */
static bool
begin(struct postgres_query *self)
{
	char sql[512];
	PGresult *result;
	bool done;

	(void)snprintf(sql, sizeof(sql),
	    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	    "%s"
	    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; "
	    "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; "
	    "SET LOCAL statement_timeout = '%ds'",
	    self->ours ? "SET LOCAL search_path = tlsrpt, pg_catalog; " : "",
	    self->timeout);
	result = pg_run(self->conn, sql, &self->wait);
	done =
	    PQresultStatus(result) == PGRES_COMMAND_OK || failed(self, result);
	PQclear(result);
	return done;
}

/* A schema that is not there has no version. */
static bool
check_version(struct postgres_query *self)
{
	static const char no_schema[] = "42P01"; /* undefined_table */
	PGresult *result = pg_run(self->conn,
	    "SELECT max(version) FROM schema_version", &self->wait);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool absent = state != NULL && strcmp(state, no_schema) == 0;
	bool done = PQresultStatus(result) == PGRES_TUPLES_OK || absent ||
	    failed(self, result);
	long long version = 0;

	if (done && !absent)
		(void)text_read_number(PQgetvalue(result, 0, 0), 0, INT_MAX,
		    &version);
	PQclear(result);
	return done &&
	    store_check_version(PQdb(self->conn), (int)version, self->fault);
}

static void
postgres_query_close(void *data)
{
	struct postgres_query *self = data;

	PQfinish(self->conn);
	free(self);
}

static bool
postgres_query_open(const char *uri, const char *program, int timeout,
    bool ours, void **made, struct fault *fault)
{
	struct postgres_query *self = calloc(1, sizeof(*self));

	if (self == NULL)
		fault_out_of_memory();
	self->fault = fault;
	self->timeout = timeout;
	self->ours = ours;
	self->conn = pg_connect(uri, program, timeout, fault);
	if (self->conn != NULL && begin(self) &&
	    (!ours || check_version(self))) {
		*made = self;
		return true;
	}
	postgres_query_close(self);
	return false;
}

/* Types by their numbers in pg_type.dat, which never change. */
enum { TYPE_BOOL = 16, TYPE_TEXT_ARRAY = 1009, TYPE_TIMESTAMPTZ = 1184 };

/* 2024-01-15 00:00:00.5+00, which is always UTC here. */
static const char *
time_text(const char *value, struct arena *arena)
{
	size_t len = strcspn(value, ".+");
	char *text = arena_printf(arena, "%.*sZ", (int)len, value);

	if (len > 10 && text[10] == ' ')
		text[10] = 'T';
	return text;
}

/* {a,"b \"c\"",NULL}: one element off the front, into out. */
static const char *
array_element(const char *at, struct buffer *out)
{
	bool quoted = *at == '"';
	bool escaped = false;

	out->len = 0;
	buffer_text(out, "");
	if (quoted)
		at++;
	for (; *at != '\0'; at++) {
		if (!escaped && *at == '\\') {
			escaped = true;
			continue;
		}
		if (!escaped &&
		    (quoted ? *at == '"' : *at == ',' || *at == '}'))
			break;
		buffer_add(out, at, 1);
		escaped = false;
	}
	return quoted && *at == '"' ? at + 1 : at;
}

static const char *
array_text(const char *value, struct arena *arena)
{
	struct buffer json = { 0 };
	struct buffer element = { 0 };
	const char *at = value + strcspn(value, "{");
	const char *text;

	buffer_text(&json, "[");
	if (*at == '{' && at[1] != '}') {
		do {
			at = array_element(at + 1, &element);
			if (json.len > 1)
				buffer_text(&json, ",");
			buffer_json(&json, element.at);
		} while (*at == ',');
	}
	buffer_text(&json, "]");
	text = arena_copy(arena, json.at, json.len);
	buffer_free(&json);
	buffer_free(&element);
	return text;
}

static const char *
cell_text(const PGresult *result, int row, int column, struct arena *arena)
{
	const char *value = PQgetvalue(result, row, column);

	if (PQgetisnull(result, row, column))
		return NULL;
	switch (PQftype(result, column)) {
	case TYPE_BOOL:
		return *value == 't' ? "1" : "0";
	case TYPE_TEXT_ARRAY:
		return array_text(value, arena);
	case TYPE_TIMESTAMPTZ:
		return time_text(value, arena);
	default:
		return arena_copy(arena, value,
		    (size_t)PQgetlength(result, row, column));
	}
}

static void
copy_rows(const PGresult *result, struct arena *arena, struct query_rows *rows)
{
	size_t len = (size_t)PQntuples(result);
	size_t ncolumns = (size_t)PQnfields(result);
	const char **names = arena_array(arena, ncolumns, sizeof(*names));
	const char **cells = arena_array(arena, len * ncolumns, sizeof(*cells));

	for (size_t i = 0; i < ncolumns; i++)
		names[i] = arena_printf(arena, "%s", PQfname(result, (int)i));
	for (size_t i = 0; i < len * ncolumns; i++)
		cells[i] = cell_text(result, (int)(i / ncolumns),
		    (int)(i % ncolumns), arena);
	*rows = (struct query_rows){ ncolumns, len, names, cells };
}

static bool
postgres_query_run(void *data, const char *sql, const char *const params[],
    size_t nparams, struct arena *arena, struct query_rows *rows,
    struct fault *fault)
{
	struct postgres_query *self = data;
	PGresult *result;
	bool done;

	self->fault = fault;
	result = pg_run_params(self->conn, sql, (int)nparams, params, NULL,
	    false, &self->wait);
	done =
	    PQresultStatus(result) == PGRES_TUPLES_OK || failed(self, result);
	if (done)
		copy_rows(result, arena, rows);
	PQclear(result);
	return done;
}

static bool
postgres_query_renew(void *data, struct fault *fault)
{
	struct postgres_query *self = data;

	self->fault = fault;
	PQclear(pg_run(self->conn, "COMMIT", &self->wait));
	return begin(self);
}

const struct query_ops postgres_query_ops = {
	.postgresql = true,
	.open = postgres_query_open,
	.close = postgres_query_close,
	.run = postgres_query_run,
	.renew = postgres_query_renew,
};
