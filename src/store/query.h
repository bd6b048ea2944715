/*
 * Rows as text, for those who only read: one statement for both databases,
 * run through the views of tlsrpt-schema(7).
 *
 * A statement names views and columns bare (the schema is on the search
 * path), and its parameters $1 to $9, all of them text: CAST($1 AS text) IS
 * NULL says that one is not given.  What both databases understand: CTEs,
 * window functions, FILTER, CAST, CASE, coalesce(), row limits, IN.  What
 * they do not share ("::", interval, greatest(), generate_series()) has no
 * place in it; where a statement cannot be the same, struct query_sql has
 * one for each.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"

struct query;

enum { QUERY_PARAMS_MOST = 9 };

/* A statement; sqlite is NULL where both databases run the same one. */
struct query_sql {
	const char *sql;
	const char *sqlite;
};

/* What came back, row after row; all of it belongs to the arena. */
struct query_rows {
	size_t ncolumns;
	size_t len;               /* rows */
	const char *const *names; /* of the columns */
	const char *const *cells; /* len * ncolumns; NULL for NULL */
};

/*
 * Open a database for reading only; nothing is made and nothing is changed.
 * All statements until query_close() see the same moment.
 *
 *	uri	as store_open() takes it
 *	program	the name that the server shows for this connection
 *	timeout	seconds that a connection or a statement may take; 0: no end
 *
 * Fails as store_open() does, and with FAULT_LATER where there is no file.
 */
bool query_open(const char *uri, const char *program, int timeout,
    struct query **query, struct fault *fault);

/*
 * The same for a database that is not ours: its own search path holds, and no
 * version is asked for.  "sqlite::memory:" is an empty one.
 */
bool query_open_foreign(const char *uri, const char *program, int timeout,
    struct query **query, struct fault *fault);

/* Close; NULL is fine. */
void query_close(struct query *query);

/*
 * Run a statement.  *rows is set on success only.
 *
 *	params	as many as the statement names; NULL for one not given
 *
 * Dates come as 2024-01-15, times as 2024-01-15T00:00:00Z, numbers in digits,
 * lists as JSON arrays of strings, truth as 1 and 0, in both databases alike.
 * Fails with FAULT_LATER.
 */
bool query_run(struct query *query, const struct query_sql *sql,
    const char *const params[], size_t nparams, struct arena *arena,
    struct query_rows *rows, struct fault *fault);

/* From here on, see the database as it is now. */
bool query_renew(struct query *query, struct fault *fault);

/* A cell; NULL for NULL. */
const char *query_text(const struct query_rows *rows, size_t row,
    size_t column);

/* A cell as a number, at most 2^63 - 1; 0 for NULL. */
int64_t query_number(const struct query_rows *rows, size_t row, size_t column);

/* Is it PostgreSQL?  For statements that cannot be the same. */
bool query_is_postgresql(const struct query *query);

#endif
