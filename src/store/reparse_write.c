#include "store/reparse_write.h"

#include <string.h>

#include "base/buffer.h"
#include "store/query.h"
#include "store/store_ops.h"

/* Of a transaction that others undid. */
enum { TRIES = 5 };

/*
 * Who holds the rows, in the order of their keys, as those do who store: the
 * reports of the list $1 that still are the ones that were read.  Then the
 * days that are closed stay so until the end.
 */
static const struct query_sql hold = {
	"WITH held AS (SELECT t.report_key, t.start_time "
	"FROM json_array_elements(CAST($1 AS json)) AS w (r) "
	"JOIN report t ON t.report_key = (w.r->>0)::uuid "
	"AND t.start_time = (w.r->>1)::timestamptz "
	"WHERE t.content_digest = decode(w.r->>2, 'hex') "
	"AND t.auth = w.r->>3 ORDER BY t.report_key FOR UPDATE OF t) "
	"SELECT json_agg(json_build_array(report_key, "
	"to_char(start_time AT TIME ZONE 'UTC', "
	"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) ORDER BY report_key)::text "
	"FROM held",
	"SELECT CASE WHEN count(*) > 0 THEN "
	"json_group_array(json_array(report_key, start_time)) END "
	"FROM (SELECT t.report_key, t.start_time FROM json_each($1) AS w "
	"JOIN report t ON t.report_key = json_extract(w.value, '$[0]') "
	"AND t.start_time = json_extract(w.value, '$[1]') "
	"WHERE t.content_digest = unhex(json_extract(w.value, '$[2]')) "
	"AND t.auth = json_extract(w.value, '$[3]') ORDER BY t.report_key)",
};

static const struct query_sql hold_days = {
	"SELECT closed_before FROM retention FOR SHARE",
	"SELECT 1",
};

/* In a transaction of its own, since it locks the default partitions. */
static const char ensure_months[] =
    "SELECT count(*) FROM ensure_months(ARRAY(SELECT DISTINCT "
    "(CAST(w.r->>1 AS timestamptz) AT TIME ZONE 'UTC')::date "
    "FROM json_array_elements(CAST($1 AS json)) AS w (r)))";

static const struct query_sql save_place = {
	"UPDATE reparse SET report_key = (CAST($1 AS json)->>0)::uuid, "
	"start_time = (CAST($1 AS json)->>1)::timestamptz, "
	"program = CAST($1 AS json)->>2",
	"UPDATE reparse SET report_key = json_extract($1, '$[0]'), "
	"start_time = json_extract($1, '$[1]'), "
	"program = json_extract($1, '$[2]')",
};

static const char clear_place[] =
    "UPDATE reparse SET report_key = NULL, start_time = NULL, program = NULL";

struct writing {
	struct store *to;
	const struct reparse_step *step;
	struct arena *arena;
	struct fault *fault;
};

static bool
run(const struct writing *writing, const struct query_sql *sql,
    const char *param, const char **text)
{
	return store_run(writing->to,
	    store_is_postgresql(writing->to) ? sql->sql : sql->sqlite, param,
	    writing->arena, text, writing->fault);
}

static bool
begin(const struct writing *writing)
{
	static const struct query_sql sql = {
		"BEGIN; SET LOCAL search_path = tlsrpt, pg_temp; "
		"SET LOCAL enable_seqscan = off; "
		"SET LOCAL enable_mergejoin = off; SET LOCAL jit = off",
		"BEGIN IMMEDIATE",
	};

	return run(writing, &sql, NULL, NULL);
}

static bool
end(const struct writing *writing, bool done)
{
	struct fault ignored = { .kind = FAULT_NONE };

	if (done &&
	    store_run(writing->to, "COMMIT", NULL, NULL, NULL, writing->fault))
		return true;
	(void)store_run(writing->to, "ROLLBACK", NULL, NULL, NULL, &ignored);
	return false;
}

static void
add_texts(struct buffer *out, const char *const texts[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buffer_text(out, i > 0 ? "," : "[");
		buffer_json(out, texts[i]);
	}
	buffer_text(out, "]");
}

static const char *
finish(struct buffer *out, struct arena *arena)
{
	const char *text = arena_copy(arena, out->at, out->len);

	buffer_free(out);
	return text;
}

/* Key, time, digest and verdict of each, as they were read. */
static const char *
list_of(const struct reparse_change *changes, size_t n, struct arena *arena)
{
	struct buffer out = { 0 };

	buffer_text(&out, "[");
	for (size_t i = 0; i < n; i++) {
		const struct stored *stored = changes[i].stored;
		const char *texts[] = { stored->place.key, stored->place.start,
			stored->digest, auth_names[stored->kept.auth] };

		buffer_text(&out, i > 0 ? "," : "");
		add_texts(&out, texts, 4);
	}
	buffer_text(&out, "]");
	return finish(&out, arena);
}

/* The times of where they are going to, in the same places. */
static const char *
goals_of(const struct reparse_change *changes, size_t n, struct arena *arena)
{
	struct buffer out = { 0 };

	buffer_text(&out, "[");
	for (size_t i = 0; i < n; i++) {
		char start[DATETIME_SIZE];
		const char *texts[] = { "", start };

		datetime_write(changes[i].intake->reports[0].start, start);
		buffer_text(&out, i > 0 ? "," : "");
		add_texts(&out, texts, 2);
	}
	buffer_text(&out, "]");
	return finish(&out, arena);
}

static bool
make_months(const struct writing *writing)
{
	const struct reparse_step *step = writing->step;
	bool moves = false;

	if (!store_is_postgresql(writing->to))
		return true;
	for (size_t i = 0; i < step->n; i++)
		moves |= (step->changes[i].differs & DIFFERS_IDENTITY) != 0;
	return !moves ||
	    end(writing,
		begin(writing) &&
		    store_run(writing->to, ensure_months,
			goals_of(step->changes, step->n, writing->arena), NULL,
			NULL, writing->fault));
}

/* Which of them the list holds: both are in the order of keys. */
static size_t
mark_held(struct reparse_change *changes, size_t n, const char *held,
    struct intake **intakes)
{
	size_t nheld = 0;

	for (size_t i = 0; i < n; i++) {
		const char *at = held != NULL ?
		    strstr(held, changes[i].stored->place.key) :
		    NULL;

		changes[i].written = at != NULL;
		if (at == NULL)
			continue;
		held = at;
		/* What a try that was undone may have left. */
		changes[i].intake->outcome = OUTCOME_NONE;
		intakes[nheld++] = changes[i].intake;
	}
	return nheld;
}

static bool
replace(const struct writing *writing, struct reparse_change *changes, size_t n)
{
	struct intake **intakes =
	    arena_array(writing->arena, n, sizeof(struct intake *));
	const char *held;
	size_t nheld;

	if (!run(writing, &hold, list_of(changes, n, writing->arena), &held))
		return false;
	nheld = mark_held(changes, n, held, intakes);
	return nheld == 0 ||
	    (run(writing, &hold_days, NULL, NULL) &&
		store_roll(writing->to, held, -1, writing->fault) &&
		store_delete(writing->to, held, writing->fault) &&
		store_insert(writing->to, intakes, nheld, writing->fault));
}

/* Neither written nor refused: the first of these; n: there is none. */
static size_t
first_gone(const struct reparse_step *step)
{
	for (size_t i = 0; i < step->n; i++)
		if (!step->changes[i].written &&
		    step->changes[i].refusal == NULL)
			return i;
	return step->n;
}

static bool
save(const struct writing *writing)
{
	const struct reparse_step *step = writing->step;
	size_t gone = first_gone(step);
	const struct reparse_place *place = gone < step->n ?
	    &step->before[step->changes[gone].index] :
	    step->end;
	const char *texts[] = { place->key, place->start, step->program };
	struct buffer out = { 0 };

	add_texts(&out, texts, 3);
	return run(writing, &save_place, finish(&out, writing->arena), NULL);
}

/* Some of the changes; last: and the place that was reached. */
static bool
attempt(const struct writing *writing, struct reparse_change *changes, size_t n,
    bool last)
{
	for (int i = 0; i < TRIES; i++) {
		writing->fault->kind = FAULT_NONE;
		if (end(writing,
			begin(writing) &&
			    (n == 0 || replace(writing, changes, n)) &&
			    (!last || save(writing))))
			return true;
		if (writing->fault->kind == FAULT_ROW)
			return false;
	}
	writing->fault->kind = FAULT_LATER;
	return false;
}

/* Half by half, since one of them is refused: down to that one. */
static bool
write_apart(const struct writing *writing, struct reparse_change *changes,
    size_t n)
{
	if (attempt(writing, changes, n, false))
		return true;
	if (writing->fault->kind != FAULT_ROW)
		return false;
	if (n > 1)
		return write_apart(writing, changes, n / 2) &&
		    write_apart(writing, changes + n / 2, n - n / 2);
	changes->written = false;
	changes->refusal = arena_copy(writing->arena, writing->fault->text,
	    strlen(writing->fault->text));
	return true;
}

bool
reparse_write(struct store *to, const struct reparse_step *step,
    struct arena *arena, size_t *gone, struct fault *fault)
{
	struct writing writing = { .to = to,
		.step = step,
		.arena = arena,
		.fault = fault };
	bool done = make_months(&writing) &&
	    (attempt(&writing, step->changes, step->n, true) ||
		(fault->kind == FAULT_ROW &&
		    write_apart(&writing, step->changes, step->n) &&
		    attempt(&writing, NULL, 0, true)));

	if (!done)
		fault->kind = FAULT_LATER;
	*gone = first_gone(step);
	return done;
}

bool
reparse_clear(struct store *to, struct fault *fault)
{
	struct writing writing = { .to = to, .fault = fault };

	return end(&writing,
	    begin(&writing) &&
		store_run(to, clear_place, NULL, NULL, NULL, fault));
}
