/* Reading the embedded database: the file is opened read-only. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "store/query_ops.h"
#include "store/store_ops.h"

#include <sqlite3.h>

enum { NO_TIMEOUT_SECONDS = 1000000, ROWS_LEAST = 64 };

struct sqlite_query {
	sqlite3 *db;
	const char *path;
	struct fault *fault;
};

static bool
failed(struct sqlite_query *self)
{
	return fault_set(self->fault, FAULT_LATER, "database \"%s\": %s",
	    self->path, sqlite3_errmsg(self->db));
}

static bool
execute(struct sqlite_query *self, const char *sql)
{
	return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	    failed(self);
}

static bool
read_version(struct sqlite_query *self, int *version)
{
	sqlite3_stmt *statement = NULL;
	static const char find[] =
	    "SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'";
	static const char read[] = "SELECT max(version) FROM schema_version";
	bool there;

	*version = 0;
	if (sqlite3_prepare_v2(self->db, find, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self);
	there = sqlite3_step(statement) == SQLITE_ROW;
	(void)sqlite3_finalize(statement);
	if (!there)
		return true;
	if (sqlite3_prepare_v2(self->db, read, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self);
	if (sqlite3_step(statement) == SQLITE_ROW)
		*version = sqlite3_column_int(statement, 0);
	(void)sqlite3_finalize(statement);
	return true;
}

static bool
check_file(struct sqlite_query *self)
{
	struct stat st;

	if (*self->path == '\0')
		return fault_set(self->fault, FAULT_CONFIG,
		    "\"" STORE_SQLITE "\" names no file: write sqlite:PATH");
	if (stat(self->path, &st) != 0)
		return fault_set(self->fault, FAULT_LATER,
		    "database \"%s\" cannot be read: %s%s", self->path,
		    strerror(errno),
		    errno == ENOENT ? ": hand reports to tlsrpt-ingest first" :
				      "");
	return true;
}

/*
 * sum() that stops at the greatest number: SQLite's own fails there, and a
 * sender may claim as much as 2^63 - 1 sessions.
 */
struct sum {
	sqlite3_int64 sum;
	bool some;
};

static void
sum_step(sqlite3_context *context, int nvalues, sqlite3_value *values[])
{
	struct sum *sum = sqlite3_aggregate_context(context, (int)sizeof(*sum));
	sqlite3_int64 value = sqlite3_value_int64(values[0]);

	(void)nvalues;
	if (sum == NULL || sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	sum->some = true;
	if (value > 0 && sum->sum > INT64_MAX - value)
		sum->sum = INT64_MAX;
	else if (value < 0 && sum->sum < INT64_MIN - value)
		sum->sum = INT64_MIN;
	else
		sum->sum += value;
}

static void
sum_end(sqlite3_context *context)
{
	const struct sum *sum = sqlite3_aggregate_context(context, 0);

	if (sum != NULL && sum->some)
		sqlite3_result_int64(context, sum->sum);
	else
		sqlite3_result_null(context);
}

/* A path as SQLite's URIs want it, with what makes it leave the file alone. */
static const char *
immutable_uri(const char *path, struct buffer *uri)
{
	buffer_text(uri, "file:");
	for (const char *c = path; *c != '\0'; c++) {
		if (strchr("?#%", *c) != NULL)
			buffer_printf(uri, "%%%02x", (unsigned char)*c);
		else
			buffer_add(uri, c, 1);
	}
	buffer_text(uri, "?immutable=1");
	return uri->at;
}

static bool
open_as(struct sqlite_query *self, const char *path, int flags)
{
	static const int aggregate = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

	(void)sqlite3_close(self->db);
	self->db = NULL;
	return sqlite3_open_v2(path, &self->db,
		   flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
		   NULL) == SQLITE_OK &&
	    sqlite3_create_function_v2(self->db, "sum", 1, aggregate, NULL,
		NULL, sum_step, sum_end, NULL) == SQLITE_OK &&
	    sqlite3_exec(self->db, "SELECT 1 FROM sqlite_schema", NULL, NULL,
		NULL) == SQLITE_OK;
}

/*
 * To read a file in WAL mode takes a file beside it.  Where that cannot be
 * made, as in a folder that others own, the file is read as it lies there;
 * but not while its log holds more than it does.
 */
static bool
open_file(struct sqlite_query *self)
{
	struct buffer text = { 0 };
	bool opened = open_as(self, self->path, 0);

	if (!opened && sqlite3_errcode(self->db) == SQLITE_CANTOPEN) {
		struct stat st;

		buffer_printf(&text, "%s-wal", self->path);
		if (stat(text.at, &st) != 0 || st.st_size == 0) {
			text.len = 0;
			opened = open_as(self, immutable_uri(self->path, &text),
			    SQLITE_OPEN_URI);
		}
	}
	buffer_free(&text);
	return opened || failed(self);
}

static bool
begin(struct sqlite_query *self, int timeout, bool ours)
{
	int seconds = timeout > 0 && timeout < NO_TIMEOUT_SECONDS ?
	    timeout :
	    NO_TIMEOUT_SECONDS;
	int version;

	(void)sqlite3_busy_timeout(self->db, 1000 * seconds);
	return execute(self,
		   "PRAGMA query_only = ON; PRAGMA cache_size = -65536;"
		   "PRAGMA temp_store = MEMORY; BEGIN") &&
	    (!ours ||
		(read_version(self, &version) &&
		    store_check_version(self->path, version, self->fault)));
}

static void
sqlite_query_close(void *data)
{
	struct sqlite_query *self = data;

	(void)sqlite3_close(self->db);
	free(self);
}

static bool
is_memory(const struct sqlite_query *self, bool ours)
{
	return !ours && strcmp(self->path, ":memory:") == 0;
}

static bool
sqlite_query_open(const char *uri, const char *program, int timeout, bool ours,
    void **made, struct fault *fault)
{
	struct sqlite_query *self = calloc(1, sizeof(*self));

	(void)program; /* no server that would show it */
	if (self == NULL)
		fault_out_of_memory();
	self->path = uri + strlen(STORE_SQLITE);
	self->fault = fault;
	if ((is_memory(self, ours) || check_file(self)) && open_file(self) &&
	    begin(self, timeout, ours)) {
		*made = self;
		return true;
	}
	sqlite_query_close(self);
	return false;
}

/* "$1" is a name to SQLite; where it stands in the statement decides. */
static void
bind(sqlite3_stmt *statement, const char *const params[], size_t nparams)
{
	char name[32];

	for (size_t i = 0; i < nparams; i++) {
		int at;

		(void)snprintf(name, sizeof(name), "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(statement, name);
		/* What is not bound is NULL, and the answer another one. */
		if (at > 0 && params[i] != NULL &&
		    sqlite3_bind_text(statement, at, params[i], -1,
			SQLITE_STATIC) != SQLITE_OK)
			fault_out_of_memory();
	}
}

struct growing {
	const char **cells;
	size_t room; /* rows */
	size_t len;
	size_t ncolumns;
	struct arena *arena;
};

static void
add_row(struct growing *rows, sqlite3_stmt *statement)
{
	const char **cells;

	if (rows->len == rows->room) {
		size_t room = rows->room > 0 ? 2 * rows->room : ROWS_LEAST;

		cells = arena_array(rows->arena, room,
		    rows->ncolumns * sizeof(*cells));
		if (rows->len > 0)
			memcpy(cells, rows->cells,
			    rows->len * rows->ncolumns * sizeof(*cells));
		rows->cells = cells;
		rows->room = room;
	}
	cells = rows->cells + rows->len++ * rows->ncolumns;
	for (size_t i = 0; i < rows->ncolumns; i++) {
		const void *text = sqlite3_column_text(statement, (int)i);
		int len = sqlite3_column_bytes(statement, (int)i);

		if (text != NULL)
			cells[i] = arena_copy(rows->arena, text, (size_t)len);
	}
}

static bool
fetch(struct sqlite_query *self, sqlite3_stmt *statement, struct arena *arena,
    struct query_rows *rows)
{
	struct growing growing = { .arena = arena,
		.ncolumns = (size_t)sqlite3_column_count(statement) };
	const char **names =
	    arena_array(arena, growing.ncolumns, sizeof(*names));
	int step;

	for (size_t i = 0; i < growing.ncolumns; i++) {
		const char *name = sqlite3_column_name(statement, (int)i);

		names[i] = arena_copy(arena, name, strlen(name));
	}
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		add_row(&growing, statement);
	if (step != SQLITE_DONE)
		return failed(self);
	*rows = (struct query_rows){ growing.ncolumns, growing.len, names,
		growing.cells };
	return true;
}

static bool
sqlite_query_run(void *data, const char *sql, const char *const params[],
    size_t nparams, struct arena *arena, struct query_rows *rows,
    struct fault *fault)
{
	struct sqlite_query *self = data;
	sqlite3_stmt *statement = NULL;
	bool done;

	self->fault = fault;
	if (sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self);
	bind(statement, params, nparams);
	done = fetch(self, statement, arena, rows);
	(void)sqlite3_finalize(statement);
	return done;
}

static bool
sqlite_query_renew(void *data, struct fault *fault)
{
	struct sqlite_query *self = data;

	self->fault = fault;
	return execute(self, "COMMIT; BEGIN");
}

const struct query_ops sqlite_query_ops = {
	.postgresql = false,
	.open = sqlite_query_open,
	.close = sqlite_query_close,
	.run = sqlite_query_run,
	.renew = sqlite_query_renew,
};
