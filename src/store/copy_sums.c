#include "store/copy_sums.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "store/store_ops.h"

struct sums {
	struct query *from;
	struct store *to;
	bool from_pg;
	bool to_pg;
	struct arena *arena; /* of one day */
	struct arena *page;  /* of some of its rows */
	struct fault *fault;
};

enum kind { DAY, TEXT, NUMBER, TIME };

/* What a row is between the two databases: a JSON array of these columns. */
struct column {
	const char *name;
	enum kind kind;
};

struct sums_table {
	const char *name;
	bool by_domain;
	const struct column *columns; /* ends with one without a name */
};

static const struct column policy_day_columns[] = {
	{ "day", DAY },
	{ "policy_domain", TEXT },
	{ "organization", TEXT },
	{ "auth", TEXT },
	{ "policy_type", TEXT },
	{ "sts_mode", TEXT },
	{ "policies", NUMBER },
	{ "reports", NUMBER },
	{ "successful", NUMBER },
	{ "failed", NUMBER },
	{ "twice_successful", NUMBER },
	{ "twice_failed", NUMBER },
	{ NULL, TEXT },
};

static const struct column failure_day_columns[] = {
	{ "day", DAY },
	{ "policy_domain", TEXT },
	{ "organization", TEXT },
	{ "auth", TEXT },
	{ "policy_type", TEXT },
	{ "sts_mode", TEXT },
	{ "result_type", TEXT },
	{ "receiving_mx_hostname", TEXT },
	{ "details", NUMBER },
	{ "failed", NUMBER },
	{ "failure_reason_code", TEXT },
	{ NULL, TEXT },
};

static const struct column total_day_columns[] = {
	{ "day", DAY },
	{ "slot", NUMBER },
	{ "organization", TEXT },
	{ "auth", TEXT },
	{ "policy_type", TEXT },
	{ "sts_mode", TEXT },
	{ "policies", NUMBER },
	{ "reports", NUMBER },
	{ "successful", NUMBER },
	{ "failed", NUMBER },
	{ "twice_successful", NUMBER },
	{ "twice_failed", NUMBER },
	{ "lag_seconds", NUMBER },
	{ "last_received_at", TIME },
	{ NULL, TEXT },
};

static const struct column total_failure_day_columns[] = {
	{ "day", DAY },
	{ "slot", NUMBER },
	{ "organization", TEXT },
	{ "auth", TEXT },
	{ "policy_type", TEXT },
	{ "sts_mode", TEXT },
	{ "result_type", TEXT },
	{ "details", NUMBER },
	{ "failed", NUMBER },
	{ NULL, TEXT },
};

static const struct sums_table by_domain[] = {
	{ "policy_day", true, policy_day_columns },
	{ "failure_day", true, failure_day_columns },
};
static const struct sums_table totals[] = {
	{ "total_day", false, total_day_columns },
	{ "total_failure_day", false, total_failure_day_columns },
};

enum {
	NBY_DOMAIN = sizeof(by_domain) / sizeof(by_domain[0]),
	NTOTALS = sizeof(totals) / sizeof(totals[0])
};

/* How a kind is read and written; %s is the column, %d its place. */
static const struct {
	const char *pg_read;
	const char *pg_write;
} kinds[] = {
	[DAY] = { "to_char(t.%s, 'YYYY-MM-DD')", "(w.r->>%d)::date" },
	[TEXT] = { "t.%s", "w.r->>%d" },
	[NUMBER] = { "least(t.%s, 9223372036854775807)", "(w.r->>%d)::bigint" },
	[TIME] = { "to_char(t.%s AT TIME ZONE 'UTC', "
		   "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
	    "(w.r->>%d)::timestamptz" },
};

static const struct query_sql find_closed = {
	"SELECT to_char(closed_before, 'YYYY-MM-DD') FROM retention "
	"WHERE closed_before > '-infinity'",
	"SELECT closed_before FROM retention WHERE closed_before > ''",
};

static const struct query_sql next_day = {
	"SELECT to_char(min(day), 'YYYY-MM-DD') FROM total_day "
	"WHERE day > CAST($1 AS date) AND day < CAST($2 AS date)",
	"SELECT min(day) FROM total_day WHERE day > $1 AND day < $2",
};

/* The last of the next domains of a day. */
static const struct query_sql next_domain = {
	"SELECT max(d) FROM (SELECT DISTINCT policy_domain AS d "
	"FROM policy_day WHERE day = CAST($1 AS date) "
	"AND policy_domain > CAST($2 AS text) ORDER BY d LIMIT 200) AS next",
	"SELECT max(d) FROM (SELECT DISTINCT policy_domain AS d "
	"FROM policy_day WHERE day = $1 AND policy_domain > $2 "
	"ORDER BY d LIMIT 200)",
};

static const char *
finish(struct buffer *out, struct arena *arena)
{
	const char *text = arena_copy(arena, out->at, out->len);

	buffer_free(out);
	return text;
}

static void
add_mark(struct buffer *out, const char *format, const char *mark,
    const char *with)
{
	const char *at = strstr(format, mark);

	buffer_add(out, format, (size_t)(at - format));
	buffer_text(out, with);
	buffer_text(out, at + strlen(mark));
}

/* The rows of day $1; by domain, those behind $2 up to $3, or without one. */
static const char *
write_select(const struct sums *sums, const struct sums_table *table,
    bool named)
{
	struct buffer out = { 0 };

	buffer_text(&out,
	    sums->from_pg ? "SELECT json_build_array(" : "SELECT json_array(");
	for (int i = 0; table->columns[i].name != NULL; i++) {
		const struct column *column = &table->columns[i];

		buffer_text(&out, i > 0 ? ", " : "");
		add_mark(&out,
		    sums->from_pg ? kinds[column->kind].pg_read : "t.%s", "%s",
		    column->name);
	}
	buffer_printf(&out, ")%s FROM %s t WHERE t.day = %s",
	    sums->from_pg ? "::text" : "", table->name,
	    sums->from_pg ? "CAST($1 AS date)" : "$1");
	if (table->by_domain)
		buffer_text(&out,
		    named ? " AND t.policy_domain > CAST($2 AS text) "
			    "AND t.policy_domain <= CAST($3 AS text)" :
			    " AND coalesce(t.policy_domain, '') = ''");
	return finish(&out, sums->page);
}

static const char *
write_insert(const struct sums *sums, const struct sums_table *table)
{
	struct buffer out = { 0 };

	buffer_printf(&out, "INSERT INTO %s%s (", sums->to_pg ? "tlsrpt." : "",
	    table->name);
	for (int i = 0; table->columns[i].name != NULL; i++)
		buffer_printf(&out, "%s%s", i > 0 ? ", " : "",
		    table->columns[i].name);
	buffer_text(&out, ") SELECT ");
	for (int i = 0; table->columns[i].name != NULL; i++) {
		char place[16];

		(void)snprintf(place, sizeof(place), "%d", i);
		buffer_text(&out, i > 0 ? ", " : "");
		add_mark(&out,
		    sums->to_pg ? kinds[table->columns[i].kind].pg_write :
				  "json_extract(value, '$[%d]')",
		    "%d", place);
	}
	buffer_text(&out,
	    sums->to_pg ? " FROM json_array_elements(CAST($1 AS json)) "
			  "AS w (r)" :
			  " FROM json_each($1)");
	return finish(&out, sums->page);
}

static const char *
join(const struct query_rows *rows, struct arena *arena)
{
	struct buffer out = { 0 };

	buffer_text(&out, "[");
	for (size_t i = 0; i < rows->len; i++) {
		buffer_text(&out, i > 0 ? "," : "");
		buffer_text(&out, query_text(rows, i, 0));
	}
	buffer_text(&out, "]");
	return finish(&out, arena);
}

/* Some rows of a day; after is NULL where they have no domain. */
static bool
copy_page(const struct sums *sums, const struct sums_table *table,
    const char *day, const char *after, const char *last)
{
	bool named = after != NULL;
	const struct query_sql select = { write_select(sums, table, named),
		NULL };
	const char *params[] = { day, after, last };
	struct query_rows rows;
	bool done;

	done = query_run(sums->from, &select, params,
		   table->by_domain && named ? 3 : 1, sums->page, &rows,
		   sums->fault) &&
	    (rows.len == 0 ||
		store_run(sums->to, write_insert(sums, table),
		    join(&rows, sums->page), NULL, NULL, sums->fault));
	arena_reset(sums->page);
	return done;
}

static bool
copy_domains(const struct sums *sums, const char *day)
{
	const char *after = "";
	struct query_rows rows;

	for (;;) {
		const char *params[] = { day, after };
		const char *last;

		if (!query_run(sums->from, &next_domain, params, 2, sums->arena,
			&rows, sums->fault))
			return false;
		last = query_text(&rows, 0, 0);
		if (last == NULL)
			return true;
		for (size_t i = 0; i < NBY_DOMAIN; i++)
			if (!copy_page(sums, &by_domain[i], day, after, last))
				return false;
		after = last;
	}
}

static bool
run(const struct sums *sums, const char *sql, const char *param)
{
	return store_run(sums->to, sql, param, NULL, NULL, sums->fault);
}

/* Has the target sums of this day? */
static bool
is_there(const struct sums *sums, const char *day, bool *there)
{
	const char *text = NULL;

	if (!store_run(sums->to,
		sums->to_pg ? "SELECT 1 FROM tlsrpt.total_day "
			      "WHERE day = CAST($1 AS date) LIMIT 1" :
			      "SELECT 1 FROM total_day WHERE day = $1 LIMIT 1",
		day, sums->arena, &text, sums->fault))
		return false;
	*there = text != NULL;
	return true;
}

/* In the order of their names, as roll_up_policies notes them. */
static const char note_domains[] =
    "INSERT INTO tlsrpt.heard_domain (policy_domain) "
    "SELECT DISTINCT policy_domain FROM tlsrpt.policy_day "
    "WHERE day = CAST($1 AS date) AND policy_domain IS NOT NULL "
    "ORDER BY policy_domain ON CONFLICT DO NOTHING";

static bool
copy_rows(const struct sums *sums, const char *day)
{
	bool there;

	if (!is_there(sums, day, &there))
		return false;
	if (there)
		return true;
	for (size_t i = 0; i < NTOTALS; i++)
		if (!copy_page(sums, &totals[i], day, NULL, NULL))
			return false;
	for (size_t i = 0; i < NBY_DOMAIN; i++)
		if (!copy_page(sums, &by_domain[i], day, NULL, NULL))
			return false;
	return copy_domains(sums, day) &&
	    (!sums->to_pg || run(sums, note_domains, day));
}

static bool
end(const struct sums *sums, bool done)
{
	struct fault ignored = { .kind = FAULT_NONE };

	if (done && run(sums, "COMMIT", NULL))
		return true;
	(void)store_run(sums->to, "ROLLBACK", NULL, NULL, NULL, &ignored);
	sums->fault->kind = FAULT_LATER;
	return false;
}

static bool
copy_day(const struct sums *sums, const char *day)
{
	static const char ensure_month[] =
	    "SELECT tlsrpt.ensure_months(ARRAY[CAST($1 AS date)])";

	return (!sums->to_pg || run(sums, ensure_month, day)) &&
	    end(sums,
		run(sums,
		    sums->to_pg ? "BEGIN; SET LOCAL search_path = pg_catalog" :
				  "BEGIN IMMEDIATE",
		    NULL) &&
		    copy_rows(sums, day));
}

/* So that no report which comes later is added to them. */
static bool
close_days(const struct sums *sums, const char *before)
{
	return run(sums,
	    sums->to_pg ? "UPDATE tlsrpt.retention "
			  "SET closed_before = CAST($1 AS date) "
			  "WHERE closed_before < CAST($1 AS date)" :
			  "UPDATE retention SET closed_before = $1 "
			  "WHERE closed_before < $1",
	    before);
}

static bool
copy_days(const struct sums *sums, const char *before)
{
	char day[16] = "0001-01-01";

	for (;;) {
		const char *params[] = { day, before };
		struct query_rows rows;

		arena_reset(sums->arena);
		if (!query_run(sums->from, &next_day, params, 2, sums->arena,
			&rows, sums->fault))
			return false;
		if (query_text(&rows, 0, 0) == NULL)
			return true;
		(void)snprintf(day, sizeof(day), "%s", query_text(&rows, 0, 0));
		if (!copy_day(sums, day))
			return false;
	}
}

bool
copy_sums(struct query *from, struct store *to, struct fault *fault)
{
	struct sums sums = { .from = from,
		.to = to,
		.from_pg = query_is_postgresql(from),
		.to_pg = store_is_postgresql(to),
		.arena = arena_new(),
		.page = arena_new(),
		.fault = fault };
	struct query_rows rows;
	bool done;

	done = query_run(from, &find_closed, NULL, 0, sums.arena, &rows, fault);
	if (done && rows.len > 0) {
		char before[16];

		(void)snprintf(before, sizeof(before), "%s",
		    query_text(&rows, 0, 0));
		done = close_days(&sums, before) && copy_days(&sums, before);
	}
	arena_free(sums.arena);
	arena_free(sums.page);
	return done;
}
