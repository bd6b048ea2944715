#include "explain/table.h"

#include <inttypes.h>
#include <string.h>

struct table
table_new(const char *name, const struct table_column columns[],
    size_t ncolumns, size_t rows, struct arena *arena)
{
	return (struct table){ .name = name,
		.columns = columns,
		.ncolumns = ncolumns,
		.cells =
		    arena_array(arena, rows * ncolumns, sizeof(const char *)) };
}

const char **
table_row(struct table *table)
{
	return &table->cells[table->len++ * table->ncolumns];
}

const char *
table_number(int64_t number, struct arena *arena)
{
	return arena_printf(arena, "%" PRId64, number);
}

const char *
table_rate(int64_t part, int64_t whole, struct arena *arena)
{
	if (whole <= 0)
		return NULL;
	return arena_printf(arena, "%.6f", (double)part / (double)whole);
}

static void
json_cell(const struct table_column *column, const char *cell,
    struct buffer *out)
{
	if (cell == NULL)
		buffer_text(out, "null");
	else if (column->kind == CELL_TEXT)
		buffer_json(out, cell);
	else if (column->kind == CELL_TRUTH)
		buffer_text(out, *cell == '1' ? "true" : "false");
	else
		buffer_text(out, cell);
}

static void
json_object(const struct table *table, size_t row, struct buffer *out)
{
	for (size_t i = 0; i < table->ncolumns; i++) {
		buffer_printf(out, "%s\"%s\": ", i == 0 ? "{" : ", ",
		    table->columns[i].name);
		json_cell(&table->columns[i],
		    table->cells[row * table->ncolumns + i], out);
	}
	buffer_text(out, "}");
}

void
table_json(const struct table *table, struct buffer *out)
{
	for (size_t row = 0; row < table->len; row++) {
		json_object(table, row, out);
		buffer_text(out, "\n");
	}
}

void
table_json_array(const struct table *table, struct buffer *out)
{
	buffer_text(out, "[");
	for (size_t row = 0; row < table->len; row++) {
		if (row > 0)
			buffer_text(out, ", ");
		json_object(table, row, out);
	}
	buffer_text(out, "]");
}

/*
 * What a spreadsheet would take for a formula gets an apostrophe in front:
 * it came from strangers.
 */
static void
csv_text(const char *cell, struct buffer *out)
{
	const char *guard = strchr("=+-@\t\r", *cell) != NULL ? "'" : "";

	if (*cell == '\0')
		return;
	if (strpbrk(cell, "\",\r\n") == NULL) {
		buffer_printf(out, "%s%s", guard, cell);
		return;
	}
	buffer_printf(out, "\"%s", guard);
	for (; *cell != '\0'; cell++)
		buffer_add(out, *cell == '"' ? "\"\"" : cell,
		    *cell == '"' ? 2 : 1);
	buffer_text(out, "\"");
}

/* ["a", "b"] as a b; names that are listed hold no blank. */
static void
csv_list(const char *cell, struct buffer *out)
{
	struct buffer plain = { 0 };

	buffer_text(&plain, "");
	for (; *cell != '\0'; cell++) {
		if (*cell == ',')
			buffer_text(&plain, " ");
		else if ((*cell == '\\' && cell[1] != '\0') ||
		    strchr("[]\" ", *cell) == NULL)
			buffer_add(&plain, cell, 1);
	}
	csv_text(plain.at, out);
	buffer_free(&plain);
}

void
table_csv(const struct table *table, struct buffer *out)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		buffer_printf(out, "%s%s", i == 0 ? "" : ",",
		    table->columns[i].name);
	buffer_text(out, "\r\n");
	for (size_t row = 0; row < table->len; row++) {
		for (size_t i = 0; i < table->ncolumns; i++) {
			const char *cell =
			    table->cells[row * table->ncolumns + i];

			if (i > 0)
				buffer_text(out, ",");
			if (cell == NULL)
				continue;
			if (table->columns[i].kind == CELL_LIST)
				csv_list(cell, out);
			else if (table->columns[i].kind == CELL_TEXT)
				csv_text(cell, out);
			else
				buffer_text(out, cell);
		}
		buffer_text(out, "\r\n");
	}
}
