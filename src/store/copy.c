#include "store/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/copy_sql.h"
#include "store/copy_sums.h"
#include "store/store_ops.h"

/* What one transaction takes at most, unless a single document is larger. */
enum { LIST_BYTES = 8 << 20 };

struct copying {
	struct query *from;
	struct store *to;
	bool from_pg;
	bool to_pg;
	/*
	 * Two of each, in turn, since the next starts behind the key that the
	 * last one ended with.
	 */
	struct arena *lists[2];
	struct arena *pages[2];
	struct arena *list; /* the one in use */
	struct copy_counts *counts;
	struct fault *fault;
};

/* Before every key. */
static const char *const zero_key[COPY_KEYS_MOST] = {
	"00000000-0000-0000-0000-000000000000", "0001-01-01T00:00:00Z", "-1",
	"-1"
};
static const char *const zero_superseded[COPY_KEYS_MOST] = {
	"00000000-0000-0000-0000-000000000000", "", NULL, NULL
};
static const char *const zero_intake[COPY_KEYS_MOST] = { "-1", NULL, NULL,
	NULL };

/* Key, time, digest, verdict and its domain of the next reports; their size. */
enum { LISTED = 5 };
static const struct query_sql list_reports = {
	"SELECT report_key, start_time, encode(content_digest, 'hex'), auth, "
	"auth_domain, octet_length(document) FROM report "
	"WHERE (report_key, start_time) > (CAST($1 AS uuid), "
	"CAST($2 AS timestamptz)) ORDER BY report_key, start_time LIMIT 1000",
	"SELECT report_key, start_time, lower(hex(content_digest)), auth, "
	"auth_domain, length(document) FROM report "
	"WHERE (report_key, start_time) > ($1, $2) "
	"ORDER BY report_key, start_time LIMIT 1000",
};

static const struct query_sql list_superseded = {
	"SELECT report_key, encode(content_digest, 'hex'), NULL, NULL, NULL, "
	"octet_length(document) FROM superseded "
	"WHERE (report_key, content_digest) > (CAST($1 AS uuid), "
	"decode($2, 'hex')) ORDER BY report_key, content_digest LIMIT 1000",
	"SELECT report_key, lower(hex(content_digest)), NULL, NULL, NULL, "
	"length(document) FROM superseded "
	"WHERE (report_key, lower(hex(content_digest))) > ($1, $2) "
	"ORDER BY report_key, lower(hex(content_digest)) LIMIT 1000",
};

/* The list of a page as rows w, and the reports of the target with its keys. */
#define PG_LIST "pg_catalog.json_array_elements(CAST($1 AS json)) AS w (r)"
#define PG_SAME_KEY                             \
	"t.report_key = CAST(w.r->>0 AS uuid) " \
	"AND t.start_time = CAST(w.r->>1 AS timestamptz)"
#define PG_DIGEST "pg_catalog.decode(w.r->>2, 'hex')"
#define PG_HELD   PG_LIST " JOIN tlsrpt.report t ON " PG_SAME_KEY
#define LIST      "json_each($1) AS w"
#define SAME_KEY                                        \
	"t.report_key = json_extract(w.value, '$[0]') " \
	"AND t.start_time = json_extract(w.value, '$[1]')"
#define DIGEST        "unhex(json_extract(w.value, '$[2]'))"
#define HELD          LIST " JOIN report t ON " SAME_KEY
#define RANK(auth)    "instr('fail none pass', " auth ")"
#define PG_RANK(auth) "pg_catalog.strpos('fail none pass', " auth ")"
#define BETTER        RANK("json_extract(w.value, '$[3]')") " > " RANK("t.auth")
#define PG_BETTER     PG_RANK("w.r->>3") " > " PG_RANK("t.auth")

/* "3 [...]": how many reports of the list the target has no row of. */
static const struct query_sql find_new = {
	"SELECT pg_catalog.count(*) || ' ' || "
	"coalesce(pg_catalog.json_agg(w.r)::text, '[]') FROM " PG_LIST
	" WHERE NOT EXISTS (SELECT FROM tlsrpt.report t WHERE " PG_SAME_KEY ")",
	"SELECT count(*) || ' ' || json_group_array(json(w.value)) FROM " LIST
	" WHERE NOT EXISTS (SELECT 1 FROM report t WHERE " SAME_KEY ")",
};

static const struct query_sql find_losers = {
	"SELECT pg_catalog.count(*) || ' ' || "
	"coalesce(pg_catalog.json_agg(w.r)::text, '[]') FROM " PG_HELD
	" WHERE t.content_digest <> " PG_DIGEST,
	"SELECT count(*) || ' ' || json_group_array(json(w.value)) FROM " HELD
	" WHERE t.content_digest <> " DIGEST,
};

/* Those of the target that make way, or get the better verdict. */
static const struct query_sql find_worse = {
	"SELECT pg_catalog.count(*) || ' ' || "
	"coalesce(pg_catalog.json_agg(w.r)::text, '[]') FROM " PG_HELD
	" WHERE " PG_BETTER,
	"SELECT count(*) || ' ' || json_group_array(json(w.value)) FROM " HELD
	" WHERE " BETTER,
};

static const struct query_sql find_raised = {
	"SELECT pg_catalog.count(*) || ' ' || "
	"coalesce(pg_catalog.json_agg(w.r)::text, '[]') FROM " PG_HELD
	" WHERE t.content_digest = " PG_DIGEST " AND " PG_BETTER,
	"SELECT count(*) || ' ' || json_group_array(json(w.value)) FROM " HELD
	" WHERE t.content_digest = " DIGEST " AND " BETTER,
};

static const struct query_sql find_new_superseded = {
	"SELECT pg_catalog.count(*) || ' ' || "
	"coalesce(pg_catalog.json_agg(w.r)::text, '[]') FROM " PG_LIST
	" WHERE NOT EXISTS (SELECT FROM tlsrpt.superseded t"
	" WHERE t.report_key = CAST(w.r->>0 AS uuid)"
	" AND t.content_digest = pg_catalog.decode(w.r->>1, 'hex'))"
	" AND NOT EXISTS (SELECT FROM tlsrpt.report t"
	" WHERE t.report_key = CAST(w.r->>0 AS uuid)"
	" AND t.content_digest = pg_catalog.decode(w.r->>1, 'hex'))",
	"SELECT count(*) || ' ' || json_group_array(json(w.value)) FROM " LIST
	" WHERE NOT EXISTS (SELECT 1 FROM superseded t"
	" WHERE t.report_key = json_extract(w.value, '$[0]')"
	" AND t.content_digest = unhex(json_extract(w.value, '$[1]')))"
	" AND NOT EXISTS (SELECT 1 FROM report t"
	" WHERE t.report_key = json_extract(w.value, '$[0]')"
	" AND t.content_digest = unhex(json_extract(w.value, '$[1]')))",
};

/*
 * Where both have a report: the better verdict on the same content is taken
 * over, and a worse authenticated one of other content makes way.
 */
static const struct query_sql settle[] = {
	{ "UPDATE tlsrpt.report t SET auth = w.r->>3, auth_domain = w.r->>4 "
	  "FROM " PG_LIST " WHERE " PG_SAME_KEY
	  " AND t.content_digest = " PG_DIGEST " AND " PG_BETTER,
	    "UPDATE report AS t  "
	    "SET auth = json_extract(w.value, '$[3]'), "
	    "auth_domain = json_extract(w.value, '$[4]') FROM " LIST
	    " WHERE " SAME_KEY " AND t.content_digest = " DIGEST
	    " AND " BETTER },
	{ "INSERT INTO tlsrpt.superseded (report_key, content_digest, "
	  "start_time, received_at, auth, auth_domain, document) "
	  "SELECT t.report_key, t.content_digest, t.start_time, "
	  "t.received_at, t.auth, t.auth_domain, t.document FROM " PG_HELD
	  " WHERE t.content_digest <> " PG_DIGEST " AND " PG_BETTER
	  " ON CONFLICT DO NOTHING",
	    "INSERT INTO superseded (report_key, content_digest, start_time, "
	    "received_at, auth, auth_domain, document) "
	    "SELECT t.report_key, t.content_digest, t.start_time, "
	    "t.received_at, t.auth, t.auth_domain, t.document FROM " HELD
	    " WHERE t.content_digest <> " DIGEST " AND " BETTER
	    " ON CONFLICT DO NOTHING" },
	{ "DELETE FROM tlsrpt.policy WHERE (report_key, start_time) IN ("
	  "SELECT t.report_key, t.start_time FROM " PG_HELD
	  " WHERE t.content_digest <> " PG_DIGEST " AND " PG_BETTER ")",
	    "DELETE FROM policy WHERE (report_key, start_time) IN ("
	    "SELECT t.report_key, t.start_time FROM " HELD
	    " WHERE t.content_digest <> " DIGEST " AND " BETTER ")" },
	{ "DELETE FROM tlsrpt.failure WHERE (report_key, start_time) IN ("
	  "SELECT t.report_key, t.start_time FROM " PG_HELD
	  " WHERE t.content_digest <> " PG_DIGEST " AND " PG_BETTER ")",
	    "DELETE FROM failure WHERE (report_key, start_time) IN ("
	    "SELECT t.report_key, t.start_time FROM " HELD
	    " WHERE t.content_digest <> " DIGEST " AND " BETTER ")" },
	{ "DELETE FROM tlsrpt.report WHERE (report_key, start_time) IN ("
	  "SELECT t.report_key, t.start_time FROM " PG_HELD
	  " WHERE t.content_digest <> " PG_DIGEST " AND " PG_BETTER ")",
	    "DELETE FROM report WHERE (report_key, start_time) IN ("
	    "SELECT t.report_key, t.start_time FROM " HELD
	    " WHERE t.content_digest <> " DIGEST " AND " BETTER ")" },
};

/* What is counted now is superseded no more. */
static const struct query_sql forget_superseded = {
	"DELETE FROM tlsrpt.superseded WHERE (report_key, content_digest) IN ("
	"SELECT CAST(w.r->>0 AS uuid), " PG_DIGEST " FROM " PG_LIST ")",
	"DELETE FROM superseded WHERE (report_key, content_digest) IN ("
	"SELECT json_extract(w.value, '$[0]'), " DIGEST " FROM " LIST ")",
};

static const struct query_sql ensure_months = {
	"SELECT pg_catalog.count(*) FROM tlsrpt.ensure_months(ARRAY(SELECT "
	"DISTINCT (CAST(w.r->>1 AS timestamptz) AT TIME ZONE 'UTC')::date "
	"FROM " PG_LIST "))",
	NULL,
};

/* So that numbers made by those who write meanwhile are none of the source. */
static const struct query_sql skip_numbers = {
	"SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence("
	"'tlsrpt.intake', 'intake_id'), greatest(CAST($1 AS bigint), 1, "
	"(SELECT pg_catalog.max(intake_id) FROM tlsrpt.intake), "
	"pg_catalog.nextval(pg_catalog.pg_get_serial_sequence("
	"'tlsrpt.intake', 'intake_id'))))",
	NULL,
};

static bool
run(struct copying *copying, const char *sql, const char *param)
{
	return store_run(copying->to, sql, param, NULL, NULL, copying->fault);
}

/* Run the one of two statements that is for the target's kind. */
static bool
run_for(struct copying *copying, const struct query_sql *sql, const char *param)
{
	return run(copying, copying->to_pg ? sql->sql : sql->sqlite, param);
}

/* The answer to find_new and its like: a number, and a list in JSON. */
static bool
find(struct copying *copying, const struct query_sql *sql, const char *list,
    size_t *n, const char **found)
{
	const char *text = NULL;

	if (!store_run(copying->to, copying->to_pg ? sql->sql : sql->sqlite,
		list, copying->list, &text, copying->fault))
		return false;
	*n = text != NULL ? strtoul(text, NULL, 10) : 0;
	*found = text != NULL && strchr(text, ' ') != NULL ?
	    strchr(text, ' ') + 1 :
	    "[]";
	return true;
}

static bool
begin(struct copying *copying)
{
	return run(copying,
	    copying->to_pg ? "BEGIN; SET LOCAL search_path = pg_catalog" :
			     "BEGIN IMMEDIATE",
	    NULL);
}

/* End a transaction as it went; what went wrong is never a row's fault. */
static bool
end(struct copying *copying, bool done)
{
	struct fault ignored = { .kind = FAULT_NONE };

	if (done && run(copying, "COMMIT", NULL))
		return true;
	(void)store_run(copying->to, "ROLLBACK", NULL, NULL, NULL, &ignored);
	copying->fault->kind = FAULT_LATER;
	return false;
}

/* The rows of a page as one array, and the key of its last. */
static const char *
join_rows(struct arena *arena, const struct query_rows *rows,
    const char *after[COPY_KEYS_MOST])
{
	struct buffer out = { 0 };
	const char *json;

	buffer_text(&out, "[");
	for (size_t i = 0; i < rows->len; i++) {
		buffer_text(&out, i > 0 ? "," : "");
		buffer_text(&out, query_text(rows, i, 0));
	}
	buffer_text(&out, "]");
	json = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	for (size_t i = 0; i + 1 < rows->ncolumns && rows->len > 0; i++)
		after[i] = query_text(rows, rows->len - 1, i + 1);
	return json;
}

/* Read a page of rows after a key; wanted is the list, or NULL for all. */
static bool
read_page(struct copying *copying, const struct copy_table *table,
    const char *wanted, const char *const after[COPY_KEYS_MOST],
    struct arena *arena, struct query_rows *rows)
{
	const char *sql =
	    copy_sql_select(table, wanted != NULL, copying->from_pg, arena);
	const struct query_sql both = { sql, NULL };
	const char *params[COPY_KEYS_MOST + 1];
	size_t n = 0;

	if (wanted != NULL)
		params[n++] = wanted;
	for (int i = 0; i < table->nkeys; i++)
		params[n++] = after[i];
	return query_run(copying->from, &both, params, n, arena, rows,
	    copying->fault);
}

/* All rows of a table that belong to the reports of a list. */
static bool
copy_rows(struct copying *copying, const struct copy_table *table,
    const char *list)
{
	const char *sql = copy_sql_insert(table, copying->to_pg, copying->list);
	const char *after[COPY_KEYS_MOST];
	struct query_rows rows = { .len = 0 };
	size_t page = 0;

	memcpy(after, table == &copy_superseded ? zero_superseded : zero_key,
	    sizeof(after));
	do {
		struct arena *arena = copying->pages[page++ % 2];

		arena_reset(arena);
		if (!read_page(copying, table, list, after, arena, &rows) ||
		    (rows.len > 0 &&
			!run(copying, sql, join_rows(arena, &rows, after))))
			return false;
	} while (rows.len > 0);
	return true;
}

static bool
settle_rivals(struct copying *copying, const char *list)
{
	const char *worse;
	const char *raised;
	size_t n;

	if (!find(copying, &find_worse, list, &n, &worse) ||
	    !find(copying, &find_raised, list, &n, &raised) ||
	    !store_roll(copying->to, worse, -1, copying->fault))
		return false;
	for (size_t i = 0; i < sizeof(settle) / sizeof(settle[0]); i++)
		if (!run_for(copying, &settle[i], list))
			return false;
	return store_roll(copying->to, raised, 1, copying->fault);
}

/* One list of reports, in a transaction. */
static bool
write_reports(struct copying *copying, const char *list, size_t n)
{
	const char *fresh;
	const char *losers = "[]";
	size_t nfresh;
	size_t nlosers = 0;
	bool rivals;

	if (!find(copying, &find_new, list, &nfresh, &fresh))
		return false;
	rivals = nfresh < n;
	if (rivals &&
	    (!settle_rivals(copying, list) ||
		!find(copying, &find_new, list, &nfresh, &fresh) ||
		!find(copying, &find_losers, list, &nlosers, &losers) ||
		!run_for(copying, &forget_superseded, fresh)))
		return false;
	if (nfresh > 0 &&
	    (!copy_rows(copying, &copy_report, fresh) ||
		!copy_rows(copying, &copy_policy, fresh) ||
		!copy_rows(copying, &copy_failure, fresh) ||
		!store_roll(copying->to, fresh, 1, copying->fault)))
		return false;
	if (nlosers > 0 && !copy_rows(copying, &copy_loser, losers))
		return false;
	copying->counts->reports += (int64_t)nfresh;
	copying->counts->superseded += (int64_t)nlosers;
	copying->counts->present += (int64_t)(n - nfresh - nlosers);
	return true;
}

/*
 * The start of what was listed, as many as fit into one transaction, as a
 * JSON array of arrays.  after is set to the last of them.
 */
static const char *
take_list(struct copying *copying, const struct query_rows *rows, size_t *n,
    const char *after[COPY_KEYS_MOST])
{
	struct buffer out = { 0 };
	int64_t bytes = 0;
	const char *list;

	*n = 0;
	buffer_text(&out, "[");
	while (*n < rows->len && (*n == 0 || bytes < LIST_BYTES)) {
		for (size_t i = 0; i < LISTED; i++) {
			buffer_text(&out, i > 0 ? "," : *n > 0 ? ",[" : "[");
			buffer_json(&out, query_text(rows, *n, i));
		}
		buffer_text(&out, "]");
		bytes += query_number(rows, *n, LISTED);
		after[0] = query_text(rows, *n, 0);
		after[1] = query_text(rows, *n, 1);
		(*n)++;
	}
	buffer_text(&out, "]");
	list = arena_copy(copying->list, out.at, out.len);
	buffer_free(&out);
	return list;
}

static bool
make_months(struct copying *copying, const char *list)
{
	return !copying->to_pg ||
	    end(copying,
		begin(copying) && run_for(copying, &ensure_months, list));
}

static bool
write_superseded(struct copying *copying, const char *list, size_t n)
{
	const char *fresh;

	return find(copying, &find_new_superseded, list, &n, &fresh) &&
	    (n == 0 || copy_rows(copying, &copy_superseded, fresh));
}

/* A walk over the keys of a table, a transaction for each list of them. */
struct walk {
	const struct query_sql *list;
	const char *const *zero;
	bool (*write)(struct copying *copying, const char *list, size_t n);
	bool months;
};

static bool
walk(struct copying *copying, const struct walk *walk,
    void (*tell)(const struct copy_counts *counts))
{
	const char *after[COPY_KEYS_MOST];
	struct query_rows rows = { .len = 0 };

	memcpy(after, walk->zero, sizeof(after));
	for (size_t turn = 0;; turn++) {
		const char *list;
		size_t n;

		copying->list = copying->lists[turn % 2];
		arena_reset(copying->list);
		if (!query_run(copying->from, walk->list, after, 2,
			copying->list, &rows, copying->fault))
			return false;
		if (rows.len == 0)
			return true;
		list = take_list(copying, &rows, &n, after);
		if ((walk->months && !make_months(copying, list)) ||
		    !end(copying,
			begin(copying) && walk->write(copying, list, n)))
			return false;
		if (tell != NULL)
			tell(copying->counts);
	}
}

static bool
skip_intake_numbers(struct copying *copying)
{
	static const struct query_sql most = { "SELECT max(intake_id) "
					       "FROM intake",
		NULL };
	struct query_rows rows;

	if (!copying->to_pg)
		return true;
	if (!query_run(copying->from, &most, NULL, 0, copying->list, &rows,
		copying->fault))
		return false;
	return query_text(&rows, 0, 0) == NULL ||
	    end(copying,
		begin(copying) &&
		    run_for(copying, &skip_numbers, query_text(&rows, 0, 0)));
}

static bool
write_intakes(struct copying *copying, const char *rows)
{
	return run(copying,
		   copy_sql_insert(&copy_intake, copying->to_pg, copying->list),
		   rows) &&
	    run(copying, copy_sql_renumber(copying->to_pg, copying->list),
		rows);
}

static bool
copy_intakes(struct copying *copying)
{
	const char *after[COPY_KEYS_MOST];
	struct query_rows rows = { .len = 0 };

	memcpy(after, zero_intake, sizeof(after));
	for (size_t turn = 0;; turn++) {
		const char *json;

		copying->list = copying->lists[turn % 2];
		arena_reset(copying->list);
		if (!read_page(copying, &copy_intake, NULL, after,
			copying->list, &rows))
			return false;
		if (rows.len == 0)
			return true;
		json = join_rows(copying->list, &rows, after);
		if (!end(copying,
			begin(copying) && write_intakes(copying, json)))
			return false;
		copying->counts->intakes += (int64_t)rows.len;
	}
}

bool
copy_all(struct query *from, struct store *to,
    void (*tell)(const struct copy_counts *counts), struct copy_counts *counts,
    struct fault *fault)
{
	static const struct walk reports = { &list_reports, zero_key,
		write_reports, true };
	static const struct walk superseded = { &list_superseded,
		zero_superseded, write_superseded, false };
	struct copying copying = { .from = from,
		.to = to,
		.from_pg = query_is_postgresql(from),
		.to_pg = store_is_postgresql(to),
		.lists = { arena_new(), arena_new() },
		.pages = { arena_new(), arena_new() },
		.counts = counts,
		.fault = fault };
	bool done;

	*counts = (struct copy_counts){ 0 };
	copying.list = copying.lists[0];
	done = skip_intake_numbers(&copying) && copy_sums(from, to, fault) &&
	    walk(&copying, &reports, tell) &&
	    walk(&copying, &superseded, NULL) && copy_intakes(&copying);
	for (int i = 0; i < 2; i++) {
		arena_free(copying.lists[i]);
		arena_free(copying.pages[i]);
	}
	return done;
}
