#include "explain/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum {
	DAY = 24 * 60 * 60,
	ROWS_MOST =
	    100000,       /* of a statement whose rows are put together here */
	REGULAR_DAYS = 5, /* with reports, before silence means anything */
	LOOP_DAYS = 5,
	SILENCE_LEAST = 2 /* a report may be a day late */
};

/*
 * The rows that are asked for.
 *
 *	$1 $2	first and last day of both spans
 *	$3	organization
 *	$4	what auth is to be
 *	$5 $6	domain, and a pattern of what is below it
 *	$7	the first day of the span
 */
#define WANTED                                                 \
	" WHERE day >= $1 AND day <= $2"                       \
	" AND (CAST($3 AS text) IS NULL OR organization = $3)" \
	" AND (CAST($4 AS text) IS NULL OR auth = $4)"
#define WANTED_DOMAIN(in, end)                                \
	WANTED                                                \
	" AND (CAST($5 AS text) IS NULL OR policy_domain " in \
	"SELECT d.policy_domain FROM known_domain d"          \
	" WHERE d.policy_domain = $5"                         \
	" OR d.policy_domain LIKE $6 ESCAPE '!'" end ")"
/* PostgreSQL uses an index where an array says which. */
#define POSTGRESQL_DOMAIN WANTED_DOMAIN("= ANY (ARRAY(", "))")
#define SQLITE_DOMAIN     WANTED_DOMAIN("IN (", ")")

/*
 * Sessions counted once, of rows that say how many were counted twice.  The
 * sums are made before they are added: a sum is never too large for
 * PostgreSQL, a count may be.  SQLite's sum() fails where it overflows.
 */
#define FAILED(sum, end) sum "failed" end " - " sum "twice_failed" end
#define SESSIONS(sum, end)                                              \
	sum "successful" end " - " sum "twice_successful" end " + " sum \
	    "failed" end " - " sum "twice_failed" end

/* Days by reporter; from them come totals, days and reporters. */
#define SELECT_DAYS(figures, source)                                     \
	"SELECT day, nullif(organization, ''), " figures " FROM " source \
	" GROUP BY 1, 2 HAVING sum(policies) > 0 ORDER BY 2, 1"          \
	" LIMIT 100000"
#define BOTH(sum, end) SESSIONS(sum, end) ", " FAILED(sum, end)
/* Of all domains together there are sums, which are few. */
#define OF_ALL "daily_total" WANTED " AND policy_domain = '*'"

static const struct query_sql select_days = {
	SELECT_DAYS(BOTH("sum(", ")"), "policy_sum" POSTGRESQL_DOMAIN),
	SELECT_DAYS(BOTH("CAST(total(", ") AS INTEGER)"),
	    "policy_sum" SQLITE_DOMAIN),
};

static const struct query_sql select_all_days = {
	SELECT_DAYS(BOTH("sum(", ")"), OF_ALL),
	SELECT_DAYS(BOTH("CAST(total(", ") AS INTEGER)"), OF_ALL),
};

/*
 * Sums of a domain, and beside them who reported on it: both in one grouping
 * would be as many sums as there are pairs of the two.
 */
#define SELECT_DOMAINS(wanted, sum, end, sessions_figure, failed_figure)            \
	"WITH part AS (SELECT policy_domain, day >= $7 AS recent, " sessions_figure \
	" AS sessions, " failed_figure " AS failed FROM policy_sum" wanted          \
	" GROUP BY 1, 2 HAVING sum(policies) > 0),"                                 \
	" pair AS (SELECT coalesce(policy_domain, '') AS name,"                     \
	" nullif(organization, '') AS organization"                                 \
	" FROM policy_sum" wanted " AND day >= $7"                                  \
	" GROUP BY 1, 2 HAVING sum(policies) > 0),"                                 \
	" heard AS (SELECT name, count(organization) AS reporters"                  \
	" FROM pair GROUP BY 1)"                                                    \
	" SELECT nullif(policy_domain, ''), " sum                                   \
	"CASE WHEN recent THEN sessions ELSE 0 END" end ", " sum                    \
	"CASE WHEN recent THEN failed ELSE 0 END" end ", " sum                      \
	"CASE WHEN recent THEN 0 ELSE sessions END" end ", " sum                    \
	"CASE WHEN recent THEN 0 ELSE failed END" end ", "                          \
	"coalesce(max(reporters), 0) FROM part LEFT JOIN heard"                     \
	" ON name = coalesce(policy_domain, '')"                                    \
	" GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1 LIMIT 2000"

static const struct query_sql select_domains = {
	SELECT_DOMAINS(POSTGRESQL_DOMAIN, "sum(", ")", SESSIONS("sum(", ")"),
	    FAILED("sum(", ")")),
	SELECT_DOMAINS(SQLITE_DOMAIN, "CAST(total(", ") AS INTEGER)",
	    SESSIONS("CAST(total(", ") AS INTEGER)"),
	    FAILED("CAST(total(", ") AS INTEGER)")),
};

/*
 * Failures with the policy that was followed.  Days first: what was taken back
 * is gone from its day, and is no first or last one.  Names are put in order
 * by their bytes, which is the same in both databases, and quick.
 */
#define SELECT_FAILURES(wanted, by_bytes)                                \
	"WITH seen AS (SELECT policy_domain, result_type,"               \
	" receiving_mx_hostname, policy_type, sts_mode, organization,"   \
	" day, failure_reason_code, sum(failed) AS failed"               \
	" FROM failure_sum" wanted                                       \
	" GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(details) > 0)"      \
	" SELECT nullif(policy_domain, '') " by_bytes ","                \
	" nullif(result_type, '') " by_bytes ","                         \
	" nullif(receiving_mx_hostname, '') " by_bytes ","               \
	" nullif(policy_type, '') " by_bytes ","                         \
	" nullif(sts_mode, '') " by_bytes ", organization " by_bytes "," \
	" coalesce(sum(failed) FILTER (WHERE day >= $7), 0),"            \
	" coalesce(sum(failed) FILTER (WHERE day < $7), 0),"             \
	" min(day), max(day), max(failure_reason_code " by_bytes ")"     \
	" FROM seen GROUP BY 1, 2, 3, 4, 5, 6"                           \
	" ORDER BY 1, 2, 3, 4, 5, 7 DESC, 8 DESC, 6 LIMIT 100000"

static const struct query_sql select_failures = {
	SELECT_FAILURES(POSTGRESQL_DOMAIN, "COLLATE \"C\""),
	SELECT_FAILURES(SQLITE_DOMAIN, "COLLATE BINARY"),
};

/* The pattern of all names below a domain; "!" takes its meaning away. */
static const char *
below(const char *domain, bool exact, struct arena *arena)
{
	struct buffer out = { 0 };
	const char *text;

	if (domain == NULL || exact)
		return NULL;
	buffer_text(&out, "%.");
	for (; *domain != '\0'; domain++) {
		if (strchr("%_!", *domain) != NULL)
			buffer_text(&out, "!");
		buffer_add(&out, domain, 1);
	}
	text = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	return text;
}

/* What one call carries along. */
struct reading {
	struct query *query;
	const struct filter *filter;
	struct arena *arena;
	struct figures *figures;
	struct fault *fault;
};

/* Sums of days; a statement takes the first so many parameters. */
static bool
run(struct reading *reading, const struct query_sql *sql, size_t nparams,
    struct query_rows *rows)
{
	const struct filter *filter = reading->filter;
	struct arena *arena = reading->arena;
	const char *params[] = { filter_day_text(filter->before, arena),
		filter_day_text(filter->until, arena), filter->organization,
		filter->verified ? "pass" : NULL, filter->domain,
		below(filter->domain, filter->exact, arena),
		filter_day_text(filter->since, arena) };

	return query_run(reading->query, sql, params, nparams, arena, rows,
	    reading->fault);
}

/* What was taken back may leave less than nothing where sums are cut off. */
static int64_t
sum_of(const struct query_rows *rows, size_t row, size_t column)
{
	int64_t sum = query_number(rows, row, column);

	return sum > 0 ? sum : 0;
}

static void
add(struct count *count, int64_t sessions, int64_t failed)
{
	count->sessions = count->sessions > INT64_MAX - sessions ?
	    INT64_MAX :
	    count->sessions + sessions;
	count->failed = count->failed > INT64_MAX - failed ?
	    INT64_MAX :
	    count->failed + failed;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What is only known once all days of a reporter were seen. */
struct rhythm {
	int64_t previous;
	int64_t days; /* in both spans */
	int64_t most; /* sessions on one day */
	int64_t gap;  /* the greatest, and the greatest but one */
	int64_t gap_before;
};

static void
end_reporter(struct reading *reading, struct reporter_figures *reporter,
    const struct rhythm *rhythm)
{
	const struct filter *filter = reading->filter;
	int64_t heard = reporter->last_day - reporter->first_day + 1;
	/* Yesterday's report comes today. */
	int64_t end = filter->until_now ? filter->until - 1 : filter->until;

	reporter->usual_gap = rhythm->gap_before;
	reporter->silent =
	    end > reporter->last_day ? end - reporter->last_day : 0;
	reporter->regular =
	    rhythm->days >= REGULAR_DAYS && 2 * rhythm->days >= heard;
	reporter->loop = rhythm->days >= LOOP_DAYS && rhythm->most <= 1 &&
	    reporter->now.failed + reporter->before.failed == 0;
}

static void
add_day(struct reading *reading, struct reporter_figures *reporter,
    struct rhythm *rhythm, const struct day_figures *row)
{
	struct figures *figures = reading->figures;
	const struct filter *filter = reading->filter;
	int64_t gap = row->day - rhythm->previous;
	bool now = row->day >= filter->since;

	add(now ? &reporter->now : &reporter->before, row->now.sessions,
	    row->now.failed);
	add(now ? &figures->now : &figures->before, row->now.sessions,
	    row->now.failed);
	if (now) {
		add(&figures->days[row->day - filter->since].now,
		    row->now.sessions, row->now.failed);
		reporter->days++;
	}
	if (rhythm->days++ == 0)
		reporter->first_day = row->day;
	else if (gap > rhythm->gap) {
		rhythm->gap_before = rhythm->gap > 0 ? rhythm->gap : gap;
		rhythm->gap = gap;
	} else if (gap > rhythm->gap_before)
		rhythm->gap_before = gap;
	rhythm->previous = row->day;
	reporter->last_day = row->day;
	if (row->now.sessions > rhythm->most)
		rhythm->most = row->now.sessions;
	if (!figures->heard || row->day > figures->last_day)
		figures->last_day = row->day;
	figures->heard = true;
}

static int
by_sessions(const void *one, const void *two)
{
	const struct reporter_figures *a = one;
	const struct reporter_figures *b = two;

	if (a->now.sessions != b->now.sessions)
		return a->now.sessions < b->now.sessions ? 1 : -1;
	if (a->before.sessions != b->before.sessions)
		return a->before.sessions < b->before.sessions ? 1 : -1;
	return strcmp(a->organization != NULL ? a->organization : "",
	    b->organization != NULL ? b->organization : "");
}

static void
start_days(struct reading *reading)
{
	struct figures *figures = reading->figures;
	const struct filter *filter = reading->filter;

	figures->ndays = (size_t)(filter->until - filter->since + 1);
	figures->days =
	    arena_array(reading->arena, figures->ndays, sizeof(*figures->days));
	for (size_t i = 0; i < figures->ndays; i++)
		figures->days[i].day = filter->since + (int64_t)i;
}

static bool
read_days(struct reading *reading)
{
	struct figures *figures = reading->figures;
	struct query_rows rows;
	struct rhythm rhythm = { 0 };
	struct reporter_figures *reporter = NULL;

	start_days(reading);
	if (reading->filter->domain == NULL ?
		!run(reading, &select_all_days, 4, &rows) :
		!run(reading, &select_days, 6, &rows))
		return false;
	figures->reporters =
	    arena_array(reading->arena, rows.len, sizeof(*figures->reporters));
	for (size_t i = 0; i < rows.len; i++) {
		const char *organization = query_text(&rows, i, 1);
		struct day_figures row = { .now = { sum_of(&rows, i, 2),
					       sum_of(&rows, i, 3) } };

		if (!filter_day_read(query_text(&rows, i, 0), &row.day))
			continue;
		if (reporter == NULL ||
		    !is_same(reporter->organization, organization)) {
			if (reporter != NULL)
				end_reporter(reading, reporter, &rhythm);
			rhythm = (struct rhythm){ 0 };
			reporter = &figures->reporters[figures->nreporters++];
			reporter->organization = organization;
		}
		add_day(reading, reporter, &rhythm, &row);
	}
	if (reporter != NULL)
		end_reporter(reading, reporter, &rhythm);
	qsort(figures->reporters, figures->nreporters,
	    sizeof(*figures->reporters), by_sessions);
	return true;
}

static bool
read_domains(struct reading *reading)
{
	struct figures *figures = reading->figures;
	struct query_rows rows;

	if (!run(reading, &select_domains, 7, &rows))
		return false;
	figures->domains =
	    arena_array(reading->arena, rows.len, sizeof(*figures->domains));
	for (size_t i = 0; i < rows.len; i++)
		figures->domains[figures->ndomains++] = (struct domain_figures){
			query_text(&rows, i, 0),
			{ sum_of(&rows, i, 1), sum_of(&rows, i, 2) },
			{ sum_of(&rows, i, 3), sum_of(&rows, i, 4) },
			query_number(&rows, i, 5),
		};
	return true;
}

static void
start_failure(const struct query_rows *rows, size_t row,
    struct failure_figures *failure)
{
	*failure = (struct failure_figures){
		.domain = query_text(rows, row, 0),
		.result_type = query_text(rows, row, 1),
		.host = query_text(rows, row, 2),
		.policy_type = query_text(rows, row, 3),
		.sts_mode = query_text(rows, row, 4),
		.first_day = INT64_MAX,
		.last_day = INT64_MIN,
	};
}

static void
add_failure(struct failure_figures *failure, const struct query_rows *rows,
    size_t row)
{
	struct count sum = { failure->now, failure->before };
	int64_t day;

	add(&sum, sum_of(rows, row, 6), sum_of(rows, row, 7));
	failure->now = sum.sessions;
	failure->before = sum.failed;
	if (filter_day_read(query_text(rows, row, 8), &day) &&
	    day < failure->first_day)
		failure->first_day = day;
	if (filter_day_read(query_text(rows, row, 9), &day) &&
	    day > failure->last_day)
		failure->last_day = day;
	if (failure->reason == NULL)
		failure->reason = query_text(rows, row, 10);
	if (sum_of(rows, row, 6) == 0)
		return;
	if (failure->nreporters < REPORTERS_NAMED)
		failure->reporters[failure->nreporters] =
		    query_text(rows, row, 5);
	failure->nreporters++;
}

static bool
is_same_failure(const struct failure_figures *failure,
    const struct query_rows *rows, size_t row)
{
	return is_same(failure->domain, query_text(rows, row, 0)) &&
	    is_same(failure->result_type, query_text(rows, row, 1)) &&
	    is_same(failure->host, query_text(rows, row, 2)) &&
	    is_same(failure->policy_type, query_text(rows, row, 3)) &&
	    is_same(failure->sts_mode, query_text(rows, row, 4));
}

bool
figures_is_new(const struct failure_figures *failure)
{
	return failure->now > 0 && failure->before == 0;
}

enum fate
figures_fate(const struct failure_figures *failure)
{
	return words_fate(failure->policy_type, failure->sts_mode);
}

/* New ones first; what is over comes last. */
static int
by_news(const void *one, const void *two)
{
	const struct failure_figures *a = one;
	const struct failure_figures *b = two;

	if (figures_is_new(a) != figures_is_new(b))
		return figures_is_new(a) ? -1 : 1;
	if (a->now != b->now)
		return a->now < b->now ? 1 : -1;
	if (a->before != b->before)
		return a->before < b->before ? 1 : -1;
	return a < b ? -1 : 1;
}

static bool
read_failures(struct reading *reading)
{
	struct figures *figures = reading->figures;
	struct arena *arena = reading->arena;
	struct query_rows rows;
	struct failure_figures *failure = NULL;

	if (!run(reading, &select_failures, 7, &rows))
		return false;
	figures->failures =
	    arena_array(arena, rows.len, sizeof(*figures->failures));
	for (size_t i = 0; i < rows.len; i++) {
		if (failure == NULL || !is_same_failure(failure, &rows, i)) {
			failure = &figures->failures[figures->nfailures++];
			start_failure(&rows, i, failure);
		}
		add_failure(failure, &rows, i);
	}
	qsort(figures->failures, figures->nfailures, sizeof(*figures->failures),
	    by_news);
	return true;
}

bool
figures_read(struct query *query, const struct filter *filter, int parts,
    struct arena *arena, struct figures *figures, struct fault *fault)
{
	struct reading reading = { query, filter, arena, figures, fault };

	*figures = (struct figures){ .filter = filter };
	return ((parts & FIGURES_DAYS) == 0 || read_days(&reading)) &&
	    ((parts & FIGURES_DOMAINS) == 0 || read_domains(&reading)) &&
	    ((parts & FIGURES_FAILURES) == 0 || read_failures(&reading));
}

bool
figures_is_silent(const struct reporter_figures *reporter)
{
	return reporter->regular && !reporter->loop &&
	    reporter->silent >= SILENCE_LEAST &&
	    reporter->silent > reporter->usual_gap;
}
