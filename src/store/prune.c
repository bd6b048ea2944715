#include "store/prune.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "store/store_ops.h"

enum {
	DAY_LEN = 10,       /* of 2024-01-15T00:00:00Z */
	DAY = 24 * 60 * 60, /* seconds */
	FUTURE = 2 * DAY,   /* what starts later is implausible */
	ROUNDS = 5          /* while late reports come in */
};

struct pruning {
	struct store *store;
	bool postgresql;
	/* Times that stand for the marks of a statement, see fill(). */
	const char *before;
	const char *sums_before;
	const char *future;
	struct arena *arena; /* of one transaction */
	struct fault *fault;
};

/* A statement for each kind of database; sqlite is NULL where it is one. */
struct statement {
	const char *postgresql;
	const char *sqlite;
};

/* Dated in the future, and in the database for too long. */
#define STRAY "start_time > '@F' AND received_at < '@R'"
#define OLD   "(start_time < '@R' OR (" STRAY "))"

static const struct statement count_reports = {
	"SELECT count(*) FROM report WHERE " OLD, NULL
};

#define BELOW(table)                                                     \
	"SELECT count(*) FROM " table " t WHERE t.start_time < '@R' OR " \
	"(t.start_time > '@F' AND EXISTS (SELECT 1 FROM report r "       \
	"WHERE r.report_key = t.report_key "                             \
	"AND r.start_time = t.start_time AND r.received_at < '@R'))"

static const struct statement count_policies = { BELOW("policy"), NULL };
static const struct statement count_failures = { BELOW("failure"), NULL };
static const struct statement count_superseded = {
	"SELECT count(*) FROM superseded WHERE " OLD, NULL
};
static const struct statement count_intakes = {
	"SELECT count(*) FROM intake WHERE received_at < '@R'", NULL
};

/* A query for the rows of all sums, made of the names of their tables. */
static const struct statement write_count_sums = {
	"SELECT 'SELECT ' || string_agg(format('(SELECT count(*) FROM %I "
	"WHERE day < ''@S'')', relname), ' + ') FROM pg_class "
	"WHERE relnamespace = 'tlsrpt'::regnamespace "
	"AND relkind IN ('r', 'p') AND relname ~ '_day$'",
	"SELECT 'SELECT ' || group_concat('(SELECT count(*) FROM ' || name || "
	"' WHERE day < ''@S'')', ' + ') FROM sqlite_schema "
	"WHERE type = 'table' AND substr(name, -4) = '_day'",
};

/*
 * The partitions whose month is over for good, with the first day of it.
 */
#define PARTITIONS                                                            \
	"(SELECT c.oid, c.relname, to_date(right(c.relname, 7), 'YYYY_MM') "  \
	"AS month FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "  \
	"WHERE c.relnamespace = 'tlsrpt'::regnamespace "                      \
	"AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' AND to_date(right(c.relname, " \
	"7), 'YYYY_MM') < CASE WHEN c.relname ~ '_day_' THEN date '@S' "      \
	"ELSE (timestamptz '@R' AT TIME ZONE 'UTC')::date END) AS part"

static const struct statement count_partitions = {
	"SELECT count(*) FROM " PARTITIONS, "SELECT 0"
};

/* What SQLite frees is used again; the file does not shrink. */
static const struct statement count_bytes = {
	"SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM " PARTITIONS,
	"SELECT ifnull(sum(length(document)), 0) FROM report WHERE " OLD
};

static const struct {
	const struct statement *statement;
	size_t offset; /* of the number in struct prune_found */
} counts[] = {
	{ &count_reports, offsetof(struct prune_found, reports) },
	{ &count_policies, offsetof(struct prune_found, policies) },
	{ &count_failures, offsetof(struct prune_found, failures) },
	{ &count_superseded, offsetof(struct prune_found, superseded) },
	{ &count_intakes, offsetof(struct prune_found, intakes) },
	{ &count_partitions, offsetof(struct prune_found, partitions) },
	{ &count_bytes, offsetof(struct prune_found, bytes) },
};

/* Nothing is added to the sums of days whose reports are going. */
static const struct statement close_days = {
	"UPDATE retention SET closed_before = date '@D' "
	"WHERE closed_before < date '@D'",
	"UPDATE retention SET closed_before = '@D' WHERE closed_before < '@D'"
};

static const struct statement open_days = {
	"UPDATE retention SET closed_before = '-infinity' "
	"WHERE closed_before = date '@D'",
	"UPDATE retention SET closed_before = '' WHERE closed_before = '@D'"
};

/* The tables to drop in one go: those of the earliest month. */
static const struct statement find_partitions = {
	"SELECT string_agg(quote_ident(relname), ', ') FROM " PARTITIONS
	" GROUP BY month ORDER BY month LIMIT 1",
	NULL
};

/*
 * To drop a partition takes the table alone.  Who waits for that makes all
 * others wait behind it, so it gives up after a tenth of a second a table, before
 * any server process looks for a deadlock, and tries again a little later.  All tables at once,
 * or readers that take them in another order would be in the way for ever; and
 * the lock of ensure_months first, since both take the default partitions.
 */
static const char lock_tables[] =
    "SET LOCAL lock_timeout = '100ms'; "
    "DO $$ BEGIN FOR try IN 1 .. 1000 LOOP BEGIN "
    "PERFORM pg_advisory_xact_lock(8460, 2); "
    "LOCK TABLE ONLY tlsrpt.report, ONLY tlsrpt.policy, ONLY tlsrpt.failure, "
    "ONLY tlsrpt.policy_day, ONLY tlsrpt.failure_day "
    "IN ACCESS EXCLUSIVE MODE; RETURN; "
    "EXCEPTION WHEN lock_not_available THEN "
    "IF try = 1000 THEN RAISE; END IF; "
    "PERFORM pg_sleep(0.2); END; END LOOP; END $$; "
    "SET LOCAL lock_timeout = '10s'";

/* The next reports by key, behind the last one of the list before, $1. */
#define LIST(where)                                                             \
	{                                                                       \
		"SELECT json_agg(json_build_array(report_key, "                 \
		"to_char(start_time AT TIME ZONE 'UTC', "                       \
		"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')))::text "                    \
		"FROM (SELECT report_key, start_time FROM report "              \
		"WHERE (report_key, start_time) > "                             \
		"((CAST($1 AS json)->-1->>0)::uuid, "                           \
		"(CAST($1 AS json)->-1->>1)::timestamptz) AND " where           \
		" ORDER BY report_key, start_time LIMIT 1000) AS next",         \
		    "SELECT CASE WHEN count(*) > 0 THEN "                       \
		    "json_group_array(json_array(report_key, start_time)) END " \
		    "FROM (SELECT report_key, start_time FROM report "          \
		    "WHERE (report_key, start_time) > "                         \
		    "(json_extract($1, '$[#-1][0]'), "                          \
		    "json_extract($1, '$[#-1][1]')) AND " where                 \
		    " ORDER BY report_key, start_time LIMIT 1000)"              \
	}

static const struct statement list_old = LIST("start_time < '@R'");
static const struct statement list_strays = LIST(STRAY);

static const char list_start[] =
    "[[\"00000000-0000-0000-0000-000000000000\",\"0001-01-01T00:00:00Z\"]]";

/* A table that goes row by row: is there one, and the next thousands. */
struct leftover {
	struct statement find;
	struct statement delete;
};

static const struct leftover leftovers[] = {
	{ { "SELECT 1 FROM superseded WHERE " OLD " LIMIT 1", NULL },
	    { "DELETE FROM superseded WHERE (report_key, content_digest) IN ("
	      "SELECT report_key, content_digest FROM superseded WHERE " OLD
	      " LIMIT 1000)",
		NULL } },
	{ { "SELECT 1 FROM intake WHERE received_at < '@R' LIMIT 1", NULL },
	    { "DELETE FROM intake WHERE intake_id IN (SELECT intake_id "
	      "FROM intake WHERE received_at < '@R' "
	      "ORDER BY received_at LIMIT 10000)",
		NULL } },
};

/* The sums that no partition took along: which table, and its first day. */
static const struct statement write_find_sums = {
	"SELECT 'SELECT w FROM (' || string_agg(format('SELECT %L || "
	"to_char(min(day), ''YYYY-MM-DD'') AS w FROM %I WHERE day < ''@S''', "
	"relname || ' WHERE day = ', relname), ' UNION ALL ') || "
	"') AS f WHERE w IS NOT NULL LIMIT 1' "
	"FROM pg_class WHERE relnamespace = 'tlsrpt'::regnamespace "
	"AND relkind IN ('r', 'p') AND relname ~ '_day$'",
	"SELECT 'SELECT w FROM (' || group_concat('SELECT ''' || name || "
	"' WHERE day = '' || min(day) AS w FROM ' || name || "
	"' WHERE day < ''@S''', ' UNION ALL ') || "
	"') WHERE w IS NOT NULL LIMIT 1' "
	"FROM sqlite_schema WHERE type = 'table' "
	"AND substr(name, -4) = '_day'",
};

static const struct statement find_late = {
	"SELECT 1 FROM report WHERE start_time < '@R' LIMIT 1", NULL
};

/*
 * The statement for this database, with the times that its marks stand for:
 * @R, what lies before it is dropped; @D, the same as a date; @S, the date for
 * sums; @F, what starts later is not plausible.  None holds a quote.
 */
static const char *
fill(const struct pruning *pruning, const struct statement *statement)
{
	const char *sql = pruning->postgresql || statement->sqlite == NULL ?
	    statement->postgresql :
	    statement->sqlite;
	struct buffer out = { 0 };
	const char *filled;

	for (const char *mark; (mark = strchr(sql, '@')) != NULL;
	     sql = mark + 2) {
		buffer_add(&out, sql, (size_t)(mark - sql));
		if (mark[1] == 'R')
			buffer_text(&out, pruning->before);
		else if (mark[1] == 'F')
			buffer_text(&out, pruning->future);
		else
			buffer_add(&out,
			    mark[1] == 'D' ? pruning->before :
					     pruning->sums_before,
			    DAY_LEN);
	}
	buffer_text(&out, sql);
	filled = arena_copy(pruning->arena, out.at, out.len);
	buffer_free(&out);
	return filled;
}

static bool
run(const struct pruning *pruning, const char *sql, const char *param)
{
	return store_run(pruning->store, sql, param, NULL, NULL,
	    pruning->fault);
}

static bool
run_statement(const struct pruning *pruning, const struct statement *statement,
    const char *param)
{
	return run(pruning, fill(pruning, statement), param);
}

static bool
ask(const struct pruning *pruning, const struct statement *statement,
    const char *param, const char **text)
{
	return store_run(pruning->store, fill(pruning, statement), param,
	    pruning->arena, text, pruning->fault);
}

static bool
begin(const struct pruning *pruning)
{
	return run(pruning,
	    pruning->postgresql ?
		"BEGIN; SET LOCAL search_path = tlsrpt, pg_temp" :
		"BEGIN IMMEDIATE",
	    NULL);
}

/* End a transaction as it went, and forget what it took. */
static bool
end(const struct pruning *pruning, bool done)
{
	struct fault ignored = { .kind = FAULT_NONE };

	done = done && run(pruning, "COMMIT", NULL);
	arena_reset(pruning->arena);
	if (done)
		return true;
	(void)store_run(pruning->store, "ROLLBACK", NULL, NULL, NULL, &ignored);
	pruning->fault->kind = FAULT_LATER;
	return false;
}

/* A statement that another one writes. */
static bool
ask_written(const struct pruning *pruning, const struct statement *writer,
    const char **text)
{
	const char *sql;

	return ask(pruning, writer, NULL, &sql) &&
	    store_run(pruning->store, sql, NULL, pruning->arena, text,
		pruning->fault);
}

static bool
survey(const struct pruning *pruning, struct prune_found *found)
{
	const char *text;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t *number =
		    (int64_t *)(void *)((char *)found + counts[i].offset);

		if (!ask(pruning, counts[i].statement, NULL, &text))
			return false;
		*number = text != NULL ? strtoll(text, NULL, 10) : 0;
	}
	if (!ask_written(pruning, &write_count_sums, &text))
		return false;
	found->sums = text != NULL ? strtoll(text, NULL, 10) : 0;
	return true;
}

/* The partitions of the earliest month; *there: there was one. */
static bool
drop_month(const struct pruning *pruning, bool *there)
{
	const char *names;

	if (!ask(pruning, &find_partitions, NULL, &names))
		return false;
	*there = names != NULL;
	return names == NULL ||
	    (run(pruning, lock_tables, NULL) &&
		run(pruning,
		    arena_printf(pruning->arena, "DROP TABLE %s", names),
		    NULL));
}

static bool
drop_partitions(const struct pruning *pruning)
{
	bool there = true;

	while (there)
		if (!end(pruning,
			begin(pruning) && drop_month(pruning, &there)))
			return false;
	return true;
}

static bool
delete_list(const struct pruning *pruning, const char *list, bool counted)
{
	return (!counted ||
		   store_roll(pruning->store, list, -1, pruning->fault)) &&
	    store_delete(pruning->store, list, pruning->fault);
}

/* Reports by their keys; counted: they are in sums of days that are open. */
static bool
delete_reports(const struct pruning *pruning, const struct statement *lister,
    bool counted)
{
	struct arena *lists[2] = { arena_new(), arena_new() };
	const char *list = list_start;
	bool done = true;

	for (size_t turn = 0; done && list != NULL; turn++) {
		const char *next = NULL;

		arena_reset(lists[turn % 2]);
		done = begin(pruning) && ask(pruning, lister, list, &next);
		if (done && next != NULL) {
			list = arena_copy(lists[turn % 2], next, strlen(next));
			done = delete_list(pruning, list, counted);
		} else {
			list = NULL;
		}
		done = end(pruning, done);
	}
	arena_free(lists[0]);
	arena_free(lists[1]);
	return done;
}

static bool
delete_some(const struct pruning *pruning, const struct leftover *leftover,
    bool *more)
{
	const char *there;

	if (!run_statement(pruning, &leftover->delete, NULL) ||
	    !ask(pruning, &leftover->find, NULL, &there))
		return false;
	*more = there != NULL;
	return true;
}

static bool
delete_leftovers(const struct pruning *pruning)
{
	for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		bool more = true;

		while (more)
			if (!end(pruning,
				begin(pruning) &&
				    delete_some(pruning, &leftovers[i], &more)))
				return false;
	}
	return true;
}

/* One table's sums of one day; *there: there was one. */
static bool
delete_first_sums(const struct pruning *pruning, bool *there)
{
	const char *rest;
	const char *day;

	if (!ask_written(pruning, &write_find_sums, &rest))
		return false;
	*there = rest != NULL;
	if (!*there)
		return true;
	day = rest + strlen(rest) - DAY_LEN;
	return run(pruning,
	    arena_printf(pruning->arena, "DELETE FROM %.*s'%s'",
		(int)(day - rest), rest, day),
	    NULL);
}

static bool
delete_sums(const struct pruning *pruning)
{
	bool there = true;

	while (there)
		if (!end(pruning,
			begin(pruning) && delete_first_sums(pruning, &there)))
			return false;
	return true;
}

/*
 * Where no sums are kept nothing has to be closed.  A late report that came in
 * since is in no sum: then *late, and it has to go first.
 */
static bool
reopen(const struct pruning *pruning, bool *late)
{
	const char *there = NULL;
	bool sums = true;
	bool done;

	done = begin(pruning) &&
	    (!pruning->postgresql || run(pruning, lock_tables, NULL)) &&
	    ask(pruning, &find_late, NULL, &there);
	*late = there != NULL;
	while (done && !*late && sums)
		done = delete_first_sums(pruning, &sums);
	done = done && (*late || run_statement(pruning, &open_days, NULL));
	return end(pruning, done);
}

static bool
drop_old(const struct pruning *pruning)
{
	return (!pruning->postgresql || drop_partitions(pruning)) &&
	    delete_reports(pruning, &list_old, false) && delete_sums(pruning);
}

static bool
drop_all(const struct pruning *pruning)
{
	bool late =
	    strncmp(pruning->before, pruning->sums_before, DAY_LEN) == 0;

	if (!end(pruning,
		begin(pruning) && run_statement(pruning, &close_days, NULL)) ||
	    !drop_old(pruning) ||
	    !delete_reports(pruning, &list_strays, true) ||
	    !delete_leftovers(pruning))
		return false;
	for (int i = 0; i < ROUNDS && late; i++)
		if ((i > 0 && !drop_old(pruning)) || !reopen(pruning, &late))
			return false;
	return true;
}

/* The first second of the month in which the time to keep begins. */
static const char *
first_kept(int64_t now, int64_t keep, struct arena *arena)
{
	char text[DATETIME_SIZE] = "0001-01-01T00:00:00Z";

	if (keep != PRUNE_NEVER)
		datetime_write(datetime_month(now - keep), text);
	return arena_copy(arena, text, strlen(text));
}

bool
prune(struct store *store, const struct prune_wish *wish, struct arena *arena,
    struct prune_found *found, struct fault *fault)
{
	char future[DATETIME_SIZE];
	struct pruning pruning = { .store = store,
		.postgresql = store_is_postgresql(store),
		.before = first_kept(wish->now, wish->keep, arena),
		.sums_before = first_kept(wish->now, wish->keep_sums, arena),
		.future = future,
		.arena = arena_new(),
		.fault = fault };
	bool done;

	datetime_write(wish->now + FUTURE, future);
	*found = (struct prune_found){ .before = arena_copy(arena,
					   pruning.before, DAY_LEN) };
	if (wish->keep_sums != PRUNE_NEVER)
		found->sums_before =
		    arena_copy(arena, pruning.sums_before, DAY_LEN);
	done = end(&pruning, begin(&pruning) && survey(&pruning, found)) &&
	    (wish->dry_run || drop_all(&pruning));
	arena_free(pruning.arena);
	return done;
}
