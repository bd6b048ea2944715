/*
 * The statements that carry a table from one kind of database to another.
 * Between the two a row is one JSON array: its columns in the order of the
 * table below, times as 2024-01-15T00:00:00Z, lists as arrays, bytes in hex.
 */
#ifndef COPY_SQL_H
#define COPY_SQL_H

#include <stdbool.h>

#include "base/arena.h"

enum copy_kind {
	COPY_TEXT,
	COPY_UUID,
	COPY_TIME,
	COPY_INTEGER,
	COPY_BIGINT,
	COPY_ADDRESS,
	COPY_LIST,
	COPY_BYTES
};

struct copy_column {
	const char *name;
	enum copy_kind kind;
};

enum { COPY_KEYS_MOST = 4 };

/* A table; its first nkeys columns are its key. */
struct copy_table {
	const char *name;
	const char *source; /* where its rows are read */
	int nkeys;
	const struct copy_column *columns; /* ends with one without a name */
};

extern const struct copy_table copy_report;
extern const struct copy_table copy_policy;
extern const struct copy_table copy_failure;
extern const struct copy_table copy_superseded;
extern const struct copy_table copy_intake;
/* Reports of the source that the target has no place for but superseded. */
extern const struct copy_table copy_loser;

/*
 * Read a page: the row as JSON, then its key, column by column, in its order.
 * $1 is a JSON array of arrays that start with the first two columns of the
 * keys wanted, where wanted is true; the next parameters are the key after
 * which the page starts.
 */
const char *copy_sql_select(const struct copy_table *table, bool wanted,
    bool postgresql, struct arena *arena);

/*
 * Write rows: $1 is a JSON array of rows.  Those whose key is taken are left
 * out; so are intakes that are there under another number.
 */
const char *copy_sql_insert(const struct copy_table *table, bool postgresql,
    struct arena *arena);

/*
 * Write those intakes whose number is taken by another one, under a new
 * number, if they are not there yet: $1 as above.
 */
const char *copy_sql_renumber(bool postgresql, struct arena *arena);

#endif
