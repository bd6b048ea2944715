/*
 * The command "metrics": Prometheus' text format, for the textfile collector
 * of node_exporter.  Values are gauges over the span that is asked for.
 */
#include <inttypes.h>
#include <string.h>

#include "explain/figures.h"
#include "explain/task.h"

enum { DAY = 24 * 60 * 60, SERIES_MOST = 1000 };

/* A value of a label: backslash, quote and line break are escaped. */
static void
label(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, "%s=\"", name);
	for (value = value != NULL ? value : ""; *value != '\0'; value++) {
		if (*value == '\n')
			buffer_text(out, "\\n");
		else if (*value == '\\' || *value == '"')
			buffer_printf(out, "\\%c", *value);
		else
			buffer_add(out, value, 1);
	}
	buffer_text(out, "\"");
}

static void
head(struct buffer *out, const char *name, const char *help)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void
value(struct buffer *out, int64_t number)
{
	buffer_printf(out, "} %" PRId64 "\n", number);
}

static void
print_totals(struct buffer *out, const struct figures *figures)
{
	head(out, "tlsrpt_span_days", "Days that the other numbers cover.");
	buffer_printf(out, "tlsrpt_span_days %" PRId64 "\n",
	    filter_days(figures->filter));
	head(out, "tlsrpt_last_day_timestamp_seconds",
	    "Start of the latest day with a report.");
	if (figures->heard)
		buffer_printf(out,
		    "tlsrpt_last_day_timestamp_seconds %" PRId64 "\n",
		    figures->last_day * DAY);
}

static void
print_domains(struct buffer *out, const struct figures *figures)
{
	size_t n =
	    figures->ndomains < SERIES_MOST ? figures->ndomains : SERIES_MOST;

	head(out, "tlsrpt_sessions", "Sessions of a policy domain.");
	for (size_t i = 0; i < n; i++) {
		buffer_text(out, "tlsrpt_sessions{");
		label(out, "domain", figures->domains[i].domain);
		value(out, figures->domains[i].now.sessions);
	}
	head(out, "tlsrpt_failed_sessions",
	    "Failed sessions of a policy domain.");
	for (size_t i = 0; i < n; i++) {
		buffer_text(out, "tlsrpt_failed_sessions{");
		label(out, "domain", figures->domains[i].domain);
		value(out, figures->domains[i].now.failed);
	}
}

static void
print_failures(struct buffer *out, const struct figures *figures)
{
	size_t n =
	    figures->nfailures < SERIES_MOST ? figures->nfailures : SERIES_MOST;

	head(out, "tlsrpt_failures",
	    "Failed sessions by what failed, where, and what became of mail.");
	for (size_t i = 0; i < n; i++) {
		const struct failure_figures *failure = &figures->failures[i];

		if (failure->now == 0)
			continue;
		buffer_text(out, "tlsrpt_failures{");
		label(out, "domain", failure->domain);
		buffer_text(out, ",");
		label(out, "result_type", failure->result_type);
		buffer_text(out, ",");
		label(out, "mx", failure->host);
		buffer_text(out, ",");
		label(out, "policy_type", failure->policy_type);
		buffer_text(out, ",");
		label(out, "mode", failure->sts_mode);
		buffer_text(out, ",");
		label(out, "mail", words_fate_code(figures_fate(failure)));
		value(out, failure->now);
	}
}

static void
print_reporters(struct buffer *out, const struct figures *figures)
{
	size_t n = figures->nreporters < SERIES_MOST ? figures->nreporters :
						       SERIES_MOST;

	head(out, "tlsrpt_reporter_sessions", "Sessions that a reporter saw.");
	for (size_t i = 0; i < n; i++) {
		buffer_text(out, "tlsrpt_reporter_sessions{");
		label(out, "organization", figures->reporters[i].organization);
		value(out, figures->reporters[i].now.sessions);
	}
	head(out, "tlsrpt_reporter_last_day_timestamp_seconds",
	    "Start of the latest day that a reporter reported on.");
	for (size_t i = 0; i < n; i++) {
		buffer_text(out, "tlsrpt_reporter_last_day_timestamp_seconds{");
		label(out, "organization", figures->reporters[i].organization);
		value(out, figures->reporters[i].last_day * DAY);
	}
	head(out, "tlsrpt_reporter_silent_days",
	    "Days since a regular reporter was heard.");
	for (size_t i = 0; i < n; i++) {
		if (!figures->reporters[i].regular)
			continue;
		buffer_text(out, "tlsrpt_reporter_silent_days{");
		label(out, "organization", figures->reporters[i].organization);
		value(out, figures->reporters[i].silent);
	}
}

static const struct query_sql select_arrivals = {
	"SELECT outcome, coalesce(reason, ''), count(*) FROM arrival"
	" WHERE received_at >= $1 AND received_at < $2"
	" GROUP BY 1, 2 ORDER BY 1, 2",
	NULL
};

static bool
print_arrivals(struct task *task)
{
	struct buffer *out = task->term.out;
	struct arena *arena = task->arena;
	const char *const params[] = {
		arena_printf(arena, "%sT00:00:00Z",
		    filter_day_text(task->filter.since, arena)),
		arena_printf(arena, "%sT00:00:00Z",
		    filter_day_text(task->filter.until + 1, arena)),
	};
	struct query_rows rows;

	if (!query_run(task->query, &select_arrivals, params, 2, arena, &rows,
		task->fault))
		return false;
	head(out, "tlsrpt_messages",
	    "Messages that came in, by what became of them.");
	for (size_t i = 0; i < rows.len; i++) {
		buffer_text(out, "tlsrpt_messages{");
		label(out, "outcome", query_text(&rows, i, 0));
		buffer_text(out, ",");
		label(out, "reason", query_text(&rows, i, 1));
		value(out, query_number(&rows, i, 2));
	}
	return true;
}

bool
metrics_run(struct task *task, const char *operand)
{
	struct buffer *out = task->term.out;
	struct figures figures;

	(void)operand;
	if (!figures_read(task->query, &task->filter, FIGURES_ALL, task->arena,
		&figures, task->fault))
		return false;
	print_totals(out, &figures);
	print_domains(out, &figures);
	print_failures(out, &figures);
	print_reporters(out, &figures);
	return print_arrivals(task);
}
