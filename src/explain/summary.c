/* The commands "summary" and "failures": how it stands, in ten seconds. */
#include <string.h>

#include "base/translate.h"
#include "explain/rows.h"
#include "explain/task.h"
#include "explain/views.h"
#include "explain/words.h"

enum {
	DOMAINS_SHOWN = 10,
	FAILURES_SHOWN = 5,
	REPORTERS_SHOWN = 8,
	ALL_SHOWN = 200
};

static enum tone
tone_of(enum severity severity)
{
	static const enum tone tones[] = {
		[SEVERITY_NONE] = TONE_PLAIN,
		[SEVERITY_GOOD] = TONE_GOOD,
		[SEVERITY_WARN] = TONE_WARN,
		[SEVERITY_BAD] = TONE_BAD,
	};

	return tones[severity];
}

/* A colour would be cut by wrapping: a mark before the paragraph has it. */
static void
print_status(const struct term *term, const struct figures *figures)
{
	const struct failure_figures *worst;
	const char *text = views_status(figures, &worst, term->arena);
	static const char *const marks[] = {
		[SEVERITY_NONE] = "?",
		[SEVERITY_GOOD] = "OK",
		[SEVERITY_WARN] = "!",
		[SEVERITY_BAD] = "!!",
	};
	enum severity severity = views_severity(figures);

	term_item(term, 0, term_tone(term, tone_of(severity), marks[severity]),
	    text);
}

static void
print_totals(const struct term *term, const struct figures *figures)
{
	struct arena *arena = term->arena;
	const struct count *now = &figures->now;
	const char *trend = views_trend(now, &figures->before, arena);
	int64_t numbers[400];
	size_t first = figures->ndays > 400 ? figures->ndays - 400 : 0;
	size_t n = 0;
	const char *line;

	term_paragraph(term, 0, 2,
	    arena_printf(arena,
		translate_plural("%s: %s session, %s failed (%s)%s%s",
		    "%s: %s sessions, %s failed (%s)%s%s",
		    (unsigned long)now->sessions),
		views_span(figures->filter, arena),
		words_number(now->sessions, arena),
		words_number(now->failed, arena),
		words_rate(now->failed, now->sessions, arena),
		trend != NULL ? ", " : "", trend != NULL ? trend : ""));
	for (size_t i = first; i < figures->ndays; i++)
		numbers[n++] = figures->days[i].now.sessions;
	line = term_sparkline(term, numbers, n);
	if (*line == '\0' || term_columns(line) + 12 > term->width)
		return;
	term_line(term, 0,
	    arena_printf(arena, "%-10s %s", _("sessions"), line));
	for (size_t i = 0; i < n; i++)
		numbers[i] = figures->days[first + i].now.failed;
	term_line(term, 0,
	    arena_printf(arena, "%-10s %s", _("failed"),
		term_tone(term, TONE_BAD, term_sparkline(term, numbers, n))));
}

static void
more(const struct term *term, size_t all, size_t shown, const char *command)
{
	if (all > shown)
		term_line(term, 0,
		    arena_printf(term->arena, _("... and %s more: %s"),
			words_number((int64_t)(all - shown), term->arena),
			command));
}

static void
print_domains(const struct term *term, const struct figures *figures)
{
	struct arena *arena = term->arena;
	const struct term_column columns[] = { { _("domain"), false, false },
		{ _("sessions"), true, false }, { _("failed"), true, false },
		{ _("rate"), true, false }, { _("before"), true, false },
		{ _("reporters"), true, false } };
	enum { N = sizeof(columns) / sizeof(columns[0]) };
	size_t shown = figures->ndomains < DOMAINS_SHOWN ? figures->ndomains :
							   DOMAINS_SHOWN;
	const char *cells[DOMAINS_SHOWN * N];
	enum tone tones[DOMAINS_SHOWN];

	if (shown == 0)
		return;
	for (size_t i = 0; i < shown; i++) {
		const struct domain_figures *domain = &figures->domains[i];
		const char **row = &cells[i * N];

		rows_domain(domain, arena, row);
		tones[i] = domain->now.failed > 0 ? TONE_BAD : TONE_PLAIN;
	}
	term_blank(term);
	term_title(term, _("Domains, the most failures first"));
	term_table(term, columns, N, cells, shown, tones);
	more(term, figures->ndomains, shown, "tlsrpt-report --format=csv");
}

static void
print_failures(const struct term *term, const struct figures *figures,
    size_t most)
{
	struct arena *arena = term->arena;
	size_t shown = 0;
	size_t all = 0;

	for (size_t i = 0; i < figures->nfailures; i++)
		all += figures->failures[i].now > 0 ? 1 : 0;
	for (size_t i = 0; i < figures->nfailures && shown < most; i++) {
		const struct failure_figures *failure = &figures->failures[i];

		if (failure->now == 0)
			continue;
		term_blank(term);
		if (shown++ == 0)
			term_title(term, _("Failures, new ones first"));
		term_item(term, 0,
		    term_tone(term,
			figures_fate(failure) == FATE_REFUSED ? TONE_BAD :
								TONE_WARN,
			figures_is_new(failure) ? _("new:") : "-"),
		    views_failure(figures, failure, arena));
		term_paragraph(term, 2, 2,
		    arena_printf(arena, _("What to do: %s"),
			words_advice(failure->result_type)));
	}
	more(term, all, shown, "tlsrpt-report failures");
	if (shown > 0)
		term_paragraph(term, 0, 0,
		    arena_printf(arena,
			_("More on each: tlsrpt-report explain RESULT-TYPE")));
}

static void
print_reporters(const struct term *term, const struct figures *figures)
{
	struct arena *arena = term->arena;
	const char *names[REPORTERS_SHOWN];
	size_t n = 0;
	size_t heard = 0;

	for (size_t i = 0; i < figures->nreporters; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];

		if (reporter->days == 0)
			continue;
		heard++;
		if (n < REPORTERS_SHOWN)
			names[n++] = words_name(reporter->organization,
			    _("(without a name)"), arena);
	}
	if (heard == 0)
		return;
	term_blank(term);
	term_title(term, _("Reporters, the most sessions first"));
	term_paragraph(term, 0, 0,
	    arena_printf(arena,
		translate_plural("%s reporter: %s%s", "%s reporters: %s%s",
		    (unsigned long)heard),
		words_number((int64_t)heard, arena),
		words_list(names, n, n, arena), heard > n ? " \u2026" : ""));
	for (size_t i = 0; i < figures->nreporters; i++)
		if (figures_is_silent(&figures->reporters[i]))
			term_item(term, 0, term_tone(term, TONE_WARN, "!"),
			    views_silence(&figures->reporters[i], arena));
}

void
summary_print(const struct term *term, const struct figures *figures)
{
	print_status(term, figures);
	print_totals(term, figures);
	print_failures(term, figures, FAILURES_SHOWN);
	print_domains(term, figures);
	print_reporters(term, figures);
}

/* One object that holds all. */
static void
print_object(const struct task *task, const struct figures *figures)
{
	struct arena *arena = task->arena;
	struct buffer *out = task->term.out;
	const struct table tables[] = { views_days(figures, arena),
		views_domains(figures, arena), views_failures(figures, arena),
		views_reporters(figures, arena) };
	const char *rate =
	    table_rate(figures->now.failed, figures->now.sessions, arena);
	const char *rate_before =
	    table_rate(figures->before.failed, figures->before.sessions, arena);

	buffer_printf(out, "{\"since\": \"%s\", \"until\": \"%s\"",
	    filter_day_text(task->filter.since, arena),
	    filter_day_text(task->filter.until, arena));
	buffer_printf(out,
	    ", \"sessions\": %s, \"failed\": %s, \"failure_rate\": %s",
	    table_number(figures->now.sessions, arena),
	    table_number(figures->now.failed, arena),
	    rate != NULL ? rate : "null");
	buffer_printf(out,
	    ", \"sessions_before\": %s, \"failed_before\": %s, "
	    "\"failure_rate_before\": %s",
	    table_number(figures->before.sessions, arena),
	    table_number(figures->before.failed, arena),
	    rate_before != NULL ? rate_before : "null");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		buffer_printf(out, ", \"%s\": ", tables[i].name);
		table_json_array(&tables[i], out);
	}
	buffer_text(out, "}\n");
}

void
task_table(const struct task *task, const struct table *table)
{
	if (task->format == FORMAT_CSV)
		table_csv(table, task->term.out);
	else
		table_json(table, task->term.out);
}

bool
summary_run(struct task *task, const char *operand)
{
	struct figures figures;
	struct table domains;

	(void)operand;
	if (!figures_read(task->query, &task->filter, FIGURES_ALL, task->arena,
		&figures, task->fault))
		return false;
	if (task->format == FORMAT_JSON) {
		print_object(task, &figures);
	} else if (task->format == FORMAT_CSV) {
		domains = views_domains(&figures, task->arena);
		table_csv(&domains, task->term.out);
	} else {
		summary_print(&task->term, &figures);
	}
	return true;
}

bool
failures_run(struct task *task, const char *operand)
{
	struct figures figures;
	struct table table;

	(void)operand;
	if (!figures_read(task->query, &task->filter,
		FIGURES_DAYS | FIGURES_FAILURES, task->arena, &figures,
		task->fault))
		return false;
	if (task->format != FORMAT_TEXT) {
		table = views_failures(&figures, task->arena);
		task_table(task, &table);
		return true;
	}
	print_status(&task->term, &figures);
	print_totals(&task->term, &figures);
	print_failures(&task->term, &figures, ALL_SHOWN);
	return true;
}
