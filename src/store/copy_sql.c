#include "store/copy_sql.h"

#include <string.h>

#include "base/buffer.h"

static const struct copy_column report_columns[] = {
	{ "report_key", COPY_UUID },
	{ "start_time", COPY_TIME },
	{ "end_time", COPY_TIME },
	{ "received_at", COPY_TIME },
	{ "organization", COPY_TEXT },
	{ "report_id", COPY_TEXT },
	{ "contact", COPY_TEXT },
	{ "submitter", COPY_TEXT },
	{ "channel", COPY_TEXT },
	{ "auth", COPY_TEXT },
	{ "auth_domain", COPY_TEXT },
	{ "deviations", COPY_LIST },
	{ "content_digest", COPY_BYTES },
	{ "document", COPY_BYTES },
	{ NULL, COPY_TEXT },
};

static const struct copy_column policy_columns[] = {
	{ "report_key", COPY_UUID },
	{ "start_time", COPY_TIME },
	{ "policy_no", COPY_INTEGER },
	{ "policy_type", COPY_TEXT },
	{ "policy_domain", COPY_TEXT },
	{ "policy_strings", COPY_LIST },
	{ "mx_hosts", COPY_LIST },
	{ "sts_mode", COPY_TEXT },
	{ "sts_max_age", COPY_BIGINT },
	{ "successful", COPY_BIGINT },
	{ "failed", COPY_BIGINT },
	{ NULL, COPY_TEXT },
};

static const struct copy_column failure_columns[] = {
	{ "report_key", COPY_UUID },
	{ "start_time", COPY_TIME },
	{ "policy_no", COPY_INTEGER },
	{ "failure_no", COPY_INTEGER },
	{ "result_type", COPY_TEXT },
	{ "sending_mta_ip", COPY_ADDRESS },
	{ "receiving_mx_hostname", COPY_TEXT },
	{ "receiving_mx_helo", COPY_TEXT },
	{ "receiving_ip", COPY_ADDRESS },
	{ "failed", COPY_BIGINT },
	{ "additional_information", COPY_TEXT },
	{ "failure_reason_code", COPY_TEXT },
	{ NULL, COPY_TEXT },
};

static const struct copy_column superseded_columns[] = {
	{ "report_key", COPY_UUID },
	{ "content_digest", COPY_BYTES },
	{ "start_time", COPY_TIME },
	{ "received_at", COPY_TIME },
	{ "auth", COPY_TEXT },
	{ "auth_domain", COPY_TEXT },
	{ "document", COPY_BYTES },
	{ NULL, COPY_TEXT },
};

/* The same, with the key that the table report has. */
static const struct copy_column loser_columns[] = {
	{ "report_key", COPY_UUID },
	{ "start_time", COPY_TIME },
	{ "content_digest", COPY_BYTES },
	{ "received_at", COPY_TIME },
	{ "auth", COPY_TEXT },
	{ "auth_domain", COPY_TEXT },
	{ "document", COPY_BYTES },
	{ NULL, COPY_TEXT },
};

static const struct copy_column intake_columns[] = {
	{ "intake_id", COPY_BIGINT },
	{ "received_at", COPY_TIME },
	{ "channel", COPY_TEXT },
	{ "source", COPY_TEXT },
	{ "message_id", COPY_TEXT },
	{ "sender", COPY_TEXT },
	{ "subject", COPY_TEXT },
	{ "outcome", COPY_TEXT },
	{ "reason", COPY_TEXT },
	{ "report_key", COPY_UUID },
	{ NULL, COPY_TEXT },
};

const struct copy_table copy_report = { "report", "report", 2, report_columns };
const struct copy_table copy_policy = { "policy", "policy", 3, policy_columns };
const struct copy_table copy_failure = { "failure", "failure", 4,
	failure_columns };
const struct copy_table copy_superseded = { "superseded", "superseded", 2,
	superseded_columns };
const struct copy_table copy_intake = { "intake", "intake", 1, intake_columns };
const struct copy_table copy_loser = { "superseded", "report", 2,
	loser_columns };

/* How each kind is read as JSON, read as a key, and written; %s is it. */
static const struct {
	const char *pg_read;
	const char *sqlite_read;
	const char *pg_type;
	const char *pg_write;     /* %d is its place */
	const char *sqlite_write; /* %d is its place */
} kinds[] = {
	[COPY_TEXT] = { "t.%s", "t.%s", "text", "(w.r->>%d)",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_UUID] = { "t.%s::text", "t.%s", "uuid", "(w.r->>%d)::uuid",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_TIME] = { "pg_catalog.to_char(t.%s AT TIME ZONE 'UTC', "
			"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
	    "t.%s", "timestamptz", "(w.r->>%d)::timestamptz",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_INTEGER] = { "t.%s", "t.%s", "integer", "(w.r->>%d)::integer",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_BIGINT] = { "t.%s", "t.%s", "bigint", "(w.r->>%d)::bigint",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_ADDRESS] = { "pg_catalog.host(t.%s)", "t.%s", "inet",
	    "(w.r->>%d)::inet", "json_extract(w.value, '$[%d]')" },
	[COPY_LIST] = { "pg_catalog.array_to_json(t.%s)", "json(t.%s)",
	    "text[]",
	    "ARRAY(SELECT e.v FROM json_array_elements_text(w.r->%d) "
	    "WITH ORDINALITY AS e (v, n) ORDER BY e.n)",
	    "json_extract(w.value, '$[%d]')" },
	[COPY_BYTES] = { "pg_catalog.encode(t.%s, 'hex')", "lower(hex(t.%s))",
	    "bytea", "pg_catalog.decode(w.r->>%d, 'hex')",
	    "unhex(json_extract(w.value, '$[%d]'))" },
};

static const char pg_rows[] =
    "pg_catalog.json_array_elements(CAST($1 AS json)) AS w (r)";
static const char sqlite_rows[] = "json_each($1) AS w";

/* A format of the table above with its one name or number filled in. */
static void
add_name(struct buffer *out, const char *format, const char *name)
{
	const char *mark = strstr(format, "%s");

	buffer_add(out, format, (size_t)(mark - format));
	buffer_text(out, name);
	buffer_text(out, mark + 2);
}

static void
add_place(struct buffer *out, const char *format, int place)
{
	const char *mark = strstr(format, "%d");

	buffer_add(out, format, (size_t)(mark - format));
	buffer_printf(out, "%d%s", place, mark + 2);
}

static void
add_read(struct buffer *out, const struct copy_column *column, bool postgresql)
{
	add_name(out,
	    postgresql ? kinds[column->kind].pg_read :
			 kinds[column->kind].sqlite_read,
	    column->name);
}

static void
add_write(struct buffer *out, const struct copy_table *table, int place,
    bool postgresql)
{
	enum copy_kind kind = table->columns[place].kind;

	add_place(out,
	    postgresql ? kinds[kind].pg_write : kinds[kind].sqlite_write,
	    place);
}

static const char *
finish(struct buffer *out, struct arena *arena)
{
	const char *sql = arena_copy(arena, out->at, out->len);

	buffer_free(out);
	return sql;
}

/* A key as a parameter; SQLite takes hex for bytes on both sides. */
static void
add_key_parameter(struct buffer *out, const struct copy_column *column, int no,
    bool postgresql)
{
	if (postgresql && column->kind == COPY_BYTES)
		buffer_printf(out, "pg_catalog.decode($%d, 'hex')", no);
	else if (postgresql)
		buffer_printf(out, "CAST($%d AS %s)", no,
		    kinds[column->kind].pg_type);
	else if (column->kind == COPY_INTEGER || column->kind == COPY_BIGINT)
		buffer_printf(out, "CAST($%d AS INTEGER)", no);
	else
		buffer_printf(out, "$%d", no);
}

static void
add_key(struct buffer *out, const struct copy_column *column, bool postgresql)
{
	if (!postgresql && column->kind == COPY_BYTES)
		buffer_printf(out, "lower(hex(t.%s))", column->name);
	else
		buffer_printf(out, "t.%s", column->name);
}

static void
add_wanted(struct buffer *out, const struct copy_table *table, bool postgresql)
{
	buffer_text(out, postgresql ? pg_rows : sqlite_rows);
	buffer_printf(out, " JOIN %s t ON ", table->source);
	for (int i = 0; i < 2; i++) {
		if (i > 0)
			buffer_text(out, " AND ");
		/* Whoever only reads has no unhex(). */
		add_key(out, &table->columns[i], postgresql);
		buffer_text(out, " = ");
		if (postgresql)
			add_write(out, table, i, postgresql);
		else
			buffer_printf(out, "json_extract(w.value, '$[%d]')", i);
	}
}

const char *
copy_sql_select(const struct copy_table *table, bool wanted, bool postgresql,
    struct arena *arena)
{
	struct buffer out = { 0 };
	int first = wanted ? 2 : 1;

	buffer_text(&out,
	    postgresql ? "SELECT pg_catalog.json_build_array(" :
			 "SELECT json_array(");
	for (int i = 0; table->columns[i].name != NULL; i++) {
		buffer_text(&out, i > 0 ? ", " : "");
		add_read(&out, &table->columns[i], postgresql);
	}
	buffer_text(&out, postgresql ? ")::text" : ")");
	for (int i = 0; i < table->nkeys; i++) {
		buffer_text(&out, ", ");
		add_read(&out, &table->columns[i], postgresql);
	}
	buffer_text(&out, " FROM ");
	if (wanted)
		add_wanted(&out, table, postgresql);
	else
		buffer_printf(&out, "%s t", table->source);
	buffer_text(&out, " WHERE (");
	for (int i = 0; i < table->nkeys; i++) {
		buffer_text(&out, i > 0 ? ", " : "");
		add_key(&out, &table->columns[i], postgresql);
	}
	buffer_text(&out, ") > (");
	for (int i = 0; i < table->nkeys; i++) {
		buffer_text(&out, i > 0 ? ", " : "");
		add_key_parameter(&out, &table->columns[i], first + i,
		    postgresql);
	}
	buffer_text(&out, ") ORDER BY ");
	for (int i = 0; i < table->nkeys; i++) {
		buffer_text(&out, i > 0 ? ", " : "");
		add_key(&out, &table->columns[i], postgresql);
	}
	buffer_text(&out, " LIMIT 2000");
	return finish(&out, arena);
}

/* INSERT INTO table (columns from the first on) */
static void
add_target(struct buffer *out, const struct copy_table *table, int first,
    bool postgresql)
{
	buffer_printf(out, "INSERT INTO %s%s (", postgresql ? "tlsrpt." : "",
	    table->name);
	for (int i = first; table->columns[i].name != NULL; i++)
		buffer_printf(out, "%s%s", i > first ? ", " : "",
		    table->columns[i].name);
	buffer_text(out, ")");
}

static void
add_values(struct buffer *out, const struct copy_table *table, int first,
    bool postgresql)
{
	buffer_text(out, " SELECT ");
	for (int i = first; table->columns[i].name != NULL; i++) {
		buffer_text(out, i > first ? ", " : "");
		add_write(out, table, i, postgresql);
	}
	buffer_printf(out, " FROM %s", postgresql ? pg_rows : sqlite_rows);
}

/* All of an intake but its number, as one text: of the table t, or in w. */
static void
add_intake_text(struct buffer *out, bool table, bool postgresql)
{
	buffer_text(out, postgresql ? "CAST(ROW(" : "json_array(");
	for (int i = 1; copy_intake.columns[i].name != NULL; i++) {
		buffer_text(out, i > 1 ? ", " : "");
		if (table)
			buffer_printf(out, "t.%s", copy_intake.columns[i].name);
		else
			add_write(out, &copy_intake, i, postgresql);
	}
	buffer_text(out, postgresql ? ") AS text)" : ")");
}

/* The first or the last time in w, by the name of the aggregate. */
static void
add_time_bound(struct buffer *out, const char *aggregate, bool postgresql)
{
	buffer_printf(out, "(SELECT %s(", aggregate);
	add_write(out, &copy_intake, 1, postgresql);
	buffer_printf(out, ") FROM %s)", postgresql ? pg_rows : sqlite_rows);
}

/*
 * Beside each row of w the greatest number under which the target has it, s.id,
 * or NULL.  Thousands of mails may have come within one second: so they are
 * looked up by a text, which joins by hash, and not each compared with each.
 */
static void
add_same_intake(struct buffer *out, bool postgresql)
{
	buffer_text(out, " LEFT JOIN (SELECT ");
	add_intake_text(out, true, postgresql);
	buffer_printf(out,
	    " AS same, max(t.intake_id) AS id FROM %sintake t "
	    "WHERE t.received_at BETWEEN ",
	    postgresql ? "tlsrpt." : "");
	add_time_bound(out, "min", postgresql);
	buffer_text(out, " AND ");
	add_time_bound(out, "max", postgresql);
	buffer_text(out, " GROUP BY 1) AS s ON s.same = ");
	add_intake_text(out, false, postgresql);
}

const char *
copy_sql_insert(const struct copy_table *table, bool postgresql,
    struct arena *arena)
{
	struct buffer out = { 0 };

	add_target(&out, table, 0, postgresql);
	if (table == &copy_intake && postgresql)
		buffer_text(&out, " OVERRIDING SYSTEM VALUE");
	add_values(&out, table, 0, postgresql);
	if (table == &copy_intake) {
		add_same_intake(&out, postgresql);
		buffer_text(&out, " WHERE s.id IS NULL OR s.id < ");
		add_write(&out, table, 0, postgresql);
	} else {
		buffer_text(&out, " WHERE true");
	}
	buffer_text(&out, " ON CONFLICT DO NOTHING");
	return finish(&out, arena);
}

const char *
copy_sql_renumber(bool postgresql, struct arena *arena)
{
	struct buffer out = { 0 };

	add_target(&out, &copy_intake, 1, postgresql);
	add_values(&out, &copy_intake, 1, postgresql);
	add_same_intake(&out, postgresql);
	buffer_text(&out, " WHERE s.id IS NULL");
	return finish(&out, arena);
}
