/* The command "check": one line, as monitoring plugins have it. */
#include <stdio.h>
#include <string.h>

#include "base/datetime.h"
#include "base/text.h"
#include "explain/figures.h"
#include "explain/task.h"

enum status { STATUS_OK, STATUS_WARNING, STATUS_CRITICAL, STATUS_UNKNOWN };

static const char *const status_names[] = { "OK", "WARNING", "CRITICAL",
	"UNKNOWN" };

enum { HOUR = 60 * 60, DAY = 24 * HOUR };

/* What came in: when last, and how much of it was turned away in a day. */
struct arrivals {
	bool some;
	int64_t last; /* seconds since 1970 */
	int64_t rejected;
};

static const struct query_sql select_last = {
	"SELECT max(received_at) FROM arrival"
	" WHERE outcome IN ('stored', 'duplicate', 'superseded')"
	" AND received_at <= $1",
	NULL
};

static const struct query_sql select_rejected = {
	"SELECT count(*) FROM arrival WHERE outcome = 'rejected'"
	" AND received_at > $1 AND received_at <= $2",
	NULL
};

static const char *
time_text(int64_t seconds, struct arena *arena)
{
	char text[DATETIME_SIZE];

	datetime_write(seconds, text);
	return arena_copy(arena, text, strlen(text));
}

/* The moment that is looked at: now, or the end of the last day asked for. */
static int64_t
moment(const struct task *task)
{
	return task->filter.until_now ? task->now :
					(task->filter.until + 1) * DAY;
}

static bool
read_arrivals(struct task *task, struct arrivals *arrivals)
{
	const char *end = time_text(moment(task), task->arena);
	const char *day = time_text(moment(task) - DAY, task->arena);
	const char *const last[] = { end };
	const char *const span[] = { day, end };
	struct query_rows rows;
	struct datetime read;

	*arrivals = (struct arrivals){ 0 };
	if (!query_run(task->query, &select_last, last, 1, task->arena, &rows,
		task->fault))
		return false;
	arrivals->some = rows.len > 0 && query_text(&rows, 0, 0) != NULL &&
	    datetime_read(query_text(&rows, 0, 0), &read);
	if (arrivals->some)
		arrivals->last = read.seconds;
	if (!query_run(task->query, &select_rejected, span, 2, task->arena,
		&rows, task->fault))
		return false;
	arrivals->rejected = query_number(&rows, 0, 0);
	return true;
}

/* What one check found. */
struct finding {
	enum status status;
	const char *text;
};

struct checking {
	struct task *task;
	struct finding findings[8];
	size_t nfindings;
	struct buffer numbers; /* performance data */
};

static enum status
judge(const struct threshold *threshold, double value)
{
	if (value >= threshold->critical)
		return STATUS_CRITICAL;
	return value >= threshold->warning ? STATUS_WARNING : STATUS_OK;
}

static void
note(struct checking *checking, enum status status, const char *text)
{
	checking->findings[checking->nfindings++] =
	    (struct finding){ status, text };
}

/* 'label'=value[unit];warn;crit;min, as the plugins' guidelines have it. */
static void
number(struct checking *checking, const char *label, double value,
    const char *unit, const struct threshold *threshold)
{
	struct buffer *out = &checking->numbers;

	buffer_printf(out, "%s%s=%.6g%s", out->len > 0 ? " " : "", label, value,
	    unit);
	if (threshold != NULL)
		buffer_printf(out, ";%g;%g;0", threshold->warning,
		    threshold->critical);
}

static void
check_rate(struct checking *checking, const struct figures *figures)
{
	struct task *task = checking->task;
	const struct threshold *threshold = &task->check.failure_rate;
	double rate = figures->now.sessions > 0 ? 100.0 *
		(double)figures->now.failed / (double)figures->now.sessions :
						  0;

	note(checking, judge(threshold, rate),
	    arena_printf(task->arena,
		"%.3g%% of %lld sessions in %lld days failed", rate,
		(long long)figures->now.sessions,
		(long long)filter_days(&task->filter)));
	number(checking, "failure_rate", rate, "%", threshold);
	number(checking, "sessions", (double)figures->now.sessions, "", NULL);
	number(checking, "failed", (double)figures->now.failed, "", NULL);
}

static void
check_silence(struct checking *checking, const struct figures *figures)
{
	struct task *task = checking->task;
	const struct threshold *threshold = &task->check.silence;
	const struct reporter_figures *worst = NULL;

	for (size_t i = 0; i < figures->nreporters; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];

		if (reporter->regular && !reporter->loop &&
		    (worst == NULL || reporter->silent > worst->silent))
			worst = reporter;
	}
	number(checking, "silence", worst != NULL ? (double)worst->silent : 0,
	    "", threshold);
	if (worst != NULL &&
	    judge(threshold, (double)worst->silent) != STATUS_OK)
		note(checking, judge(threshold, (double)worst->silent),
		    arena_printf(task->arena, "%s silent for %lld days",
			worst->organization != NULL ?
			    text_printable(worst->organization, task->arena) :
			    "a nameless reporter",
			(long long)worst->silent));
}

static void
check_age(struct checking *checking, const struct arrivals *arrivals)
{
	struct task *task = checking->task;
	const struct threshold *threshold = &task->check.age;
	double hours = (double)(moment(task) - arrivals->last) / HOUR;

	if (!arrivals->some) {
		note(checking, STATUS_CRITICAL, "no report ever came in");
		return;
	}
	note(checking, judge(threshold, hours),
	    arena_printf(task->arena, "last report came in %.0f h ago", hours));
	number(checking, "age", hours, "", threshold);
}

static void
check_quarantine(struct checking *checking, const struct arrivals *arrivals)
{
	struct task *task = checking->task;
	const struct threshold *threshold = &task->check.quarantine;
	enum status status = judge(threshold, (double)arrivals->rejected);

	number(checking, "quarantine", (double)arrivals->rejected, "",
	    threshold);
	if (status != STATUS_OK)
		note(checking, status,
		    arena_printf(task->arena,
			"%lld messages turned away in a day",
			(long long)arrivals->rejected));
}

/* What a line of a plugin may not hold. */
static const char *
plugin_text(const char *text, struct arena *arena)
{
	char *copy = arena_copy(arena, text, strlen(text));

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '|' || *c == '\n')
			*c = '/';
	return copy;
}

/* The worst first; all of the same are told. */
static void
print(const struct checking *checking)
{
	struct task *task = checking->task;
	enum status worst = STATUS_OK;
	const char *before = " - ";

	for (size_t i = 0; i < checking->nfindings; i++)
		if (checking->findings[i].status > worst)
			worst = checking->findings[i].status;
	buffer_printf(task->term.out, "TLSRPT %s", status_names[worst]);
	for (int status = STATUS_CRITICAL; status >= STATUS_OK; status--) {
		for (size_t i = 0; i < checking->nfindings; i++) {
			const struct finding *finding = &checking->findings[i];

			if ((int)finding->status != status)
				continue;
			buffer_printf(task->term.out, "%s%s", before,
			    plugin_text(finding->text, task->arena));
			before = ", ";
		}
	}
	buffer_printf(task->term.out, " | %s\n", checking->numbers.at);
	task->status = (int)worst;
}

bool
check_run(struct task *task, const char *operand)
{
	struct checking checking = { .task = task };
	struct figures figures;
	struct arrivals arrivals;

	(void)operand;
	if (!figures_read(task->query, &task->filter, FIGURES_DAYS, task->arena,
		&figures, task->fault) ||
	    !read_arrivals(task, &arrivals))
		return false;
	check_rate(&checking, &figures);
	check_silence(&checking, &figures);
	check_age(&checking, &arrivals);
	check_quarantine(&checking, &arrivals);
	print(&checking);
	buffer_free(&checking.numbers);
	return true;
}
