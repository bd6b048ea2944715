/*
 * Rows for programs: JSON and CSV, one shape for every view.
 *
 * JSON has one object a line, its members in the order of the columns; what
 * is missing is null.  CSV is RFC 4180 with a line of column names; what is
 * missing is empty.  Neither is translated, coloured or cut.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"

enum cell_kind {
	CELL_TEXT,
	CELL_NUMBER, /* digits */
	CELL_RATE,   /* a share from 0 to 1, as a decimal fraction */
	CELL_TRUTH,  /* "1" and "0"; true and false in JSON */
	CELL_LIST    /* a JSON array of strings; joined by blanks in CSV */
};

struct table_column {
	const char *name;
	enum cell_kind kind;
};

enum { TABLE_COLUMNS_MOST = 24 };

struct table {
	const char *name; /* of the view */
	const struct table_column *columns;
	size_t ncolumns;
	const char **cells; /* len * ncolumns; NULL is missing */
	size_t len;
};

/* A table with room for so many rows. */
struct table table_new(const char *name, const struct table_column columns[],
    size_t ncolumns, size_t rows, struct arena *arena);

/* The next row's cells, to be set; table_new() said how many there may be. */
const char **table_row(struct table *table);

const char *table_number(int64_t number, struct arena *arena);

/* part of whole; NULL where whole is 0. */
const char *table_rate(int64_t part, int64_t whole, struct arena *arena);

void table_json(const struct table *table, struct buffer *out);
void table_csv(const struct table *table, struct buffer *out);

/* The rows as a JSON array, for an object that holds several tables. */
void table_json_array(const struct table *table, struct buffer *out);

#endif
