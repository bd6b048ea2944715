/* What stands on the page, and in the digest's second part. */
#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/translate.h"
#include "explain/html.h"
#include "explain/rows.h"
#include "explain/task.h"
#include "explain/views.h"
#include "explain/words.h"
#include "report/explanation.h"

enum { BARS_MOST = 12, ROWS_MOST = 50, DAYS_MOST = 400 };

/* What making one page carries along. */
struct page {
	struct html html;
	const struct figures *figures;
	struct arena *arena;
	bool plots;
};

static void
status(const struct page *page)
{
	static const char *const classes[] = {
		[SEVERITY_NONE] = "status",
		[SEVERITY_GOOD] = "status good",
		[SEVERITY_WARN] = "status warn",
		[SEVERITY_BAD] = "status bad",
	};
	const struct failure_figures *worst;
	const char *text = views_status(page->figures, &worst, page->arena);

	html_element(&page->html, "p", classes[views_severity(page->figures)],
	    text);
}

static void
tile(const struct page *page, const char *number, const char *what)
{
	buffer_text(page->html.out, "<li>");
	html_element(&page->html, "b", NULL, number);
	html_text(&page->html, what);
	buffer_text(page->html.out, "</li>\n");
}

static void
tiles(const struct page *page)
{
	const struct figures *figures = page->figures;
	struct arena *arena = page->arena;
	const char *trend = views_trend(&figures->now, &figures->before, arena);
	size_t heard = 0;

	for (size_t i = 0; i < figures->nreporters; i++)
		heard += figures->reporters[i].days > 0 ? 1 : 0;
	buffer_text(page->html.out, "<ul class=\"tiles\">\n");
	tile(page, words_count(figures->now.sessions, arena), _("sessions"));
	tile(page, words_count(figures->now.failed, arena), _("failed"));
	tile(page,
	    words_rate(figures->now.failed, figures->now.sessions, arena),
	    trend != NULL ? trend : _("failure rate"));
	tile(page, words_number((int64_t)heard, arena), _("reporters heard"));
	tile(page,
	    figures->heard ? filter_day_text(figures->last_day, arena) : "-",
	    _("last day with a report"));
	buffer_text(page->html.out, "</ul>\n");
}

static void
day_table(const struct page *page)
{
	const struct figures *figures = page->figures;
	struct arena *arena = page->arena;
	const struct html_column columns[] = { { _("day"), false },
		{ _("sessions"), true }, { _("failed"), true },
		{ _("rate"), true } };
	const char **cells =
	    arena_array(arena, figures->ndays * 4, sizeof(*cells));

	for (size_t i = 0; i < figures->ndays; i++) {
		const struct day_figures *day = &figures->days[i];
		const char **row = &cells[i * 4];

		row[0] = filter_day_text(day->day, arena);
		row[1] = words_count(day->now.sessions, arena);
		row[2] = words_count(day->now.failed, arena);
		row[3] = words_rate(day->now.failed, day->now.sessions, arena);
	}
	buffer_text(page->html.out, "<details>\n");
	html_element(&page->html, "summary", NULL, _("The same as a table"));
	html_table(&page->html, _("Sessions and failures by day"), columns, 4,
	    cells, figures->ndays);
	buffer_text(page->html.out, "</details>\n");
}

static void
days(struct page *page)
{
	const struct figures *figures = page->figures;
	struct arena *arena = page->arena;
	size_t n = figures->ndays < DAYS_MOST ? figures->ndays : DAYS_MOST;
	const struct day_figures *first = figures->days + (figures->ndays - n);
	struct html_bar *sessions = arena_array(arena, n, sizeof(*sessions));
	struct html_bar *failed = arena_array(arena, n, sizeof(*failed));

	if (!page->plots || n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *day = filter_day_text(first[i].day, arena);

		sessions[i] = (struct html_bar){ day,
			arena_printf(arena, _("%s: %s sessions"), day,
			    words_count(first[i].now.sessions, arena)),
			first[i].now.sessions };
		failed[i] = (struct html_bar){ day,
			arena_printf(arena, _("%s: %s failed"), day,
			    words_count(first[i].now.failed, arena)),
			first[i].now.failed };
	}
	html_section(&page->html, _("Day by day"));
	html_columns(&page->html, _("Sessions by day"), "session", sessions, n);
	html_columns(&page->html, _("Failed sessions by day"), "failed", failed,
	    n);
	day_table(page);
	html_section_end(&page->html);
}

/* Failed sessions added up by some text of the failures. */
static size_t
sum_by(const struct page *page,
    const char *(*key)(const struct page *, const struct failure_figures *),
    struct html_bar bars[BARS_MOST])
{
	const struct figures *figures = page->figures;
	size_t n = 0;

	for (size_t i = 0; i < figures->nfailures; i++) {
		const struct failure_figures *failure = &figures->failures[i];
		const char *label = key(page, failure);
		size_t at = 0;

		if (failure->now == 0)
			continue;
		while (at < n && strcmp(bars[at].label, label) != 0)
			at++;
		/* What finds no room is put together at the end. */
		if (at == n && n == BARS_MOST)
			at = BARS_MOST - 1;
		if (at == n)
			bars[n++] = (struct html_bar){ .label = label };
		else if (strcmp(bars[at].label, label) != 0)
			bars[at].label = _("others");
		bars[at].value = bars[at].value > INT64_MAX - failure->now ?
		    INT64_MAX :
		    bars[at].value + failure->now;
	}
	for (size_t i = 0; i < n; i++)
		bars[i].title = arena_printf(page->arena, _("%s: %s failed"),
		    bars[i].label, words_count(bars[i].value, page->arena));
	return n;
}

static int
by_value(const void *one, const void *two)
{
	const struct html_bar *a = one;
	const struct html_bar *b = two;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	return strcmp(a->label, b->label);
}

static const char *
cause_of(const struct page *page, const struct failure_figures *failure)
{
	return words_name(failure->result_type, _("no result type"),
	    page->arena);
}

static const char *
host_of(const struct page *page, const struct failure_figures *failure)
{
	return words_name(failure->host, _("no host is named"), page->arena);
}

static void
plot(const struct page *page, const char *caption, const char *label,
    struct html_bar bars[], size_t n)
{
	qsort(bars, n, sizeof(*bars), by_value);
	if (n > 0)
		html_rows(&page->html, caption, label, _("failed"), "failed",
		    bars, n);
}

static size_t
by_reporter(const struct page *page, struct html_bar bars[BARS_MOST])
{
	const struct figures *figures = page->figures;
	size_t n = 0;

	for (size_t i = 0; i < figures->nreporters && n < BARS_MOST; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];

		if (reporter->now.failed == 0)
			continue;
		bars[n].label = words_name(reporter->organization,
		    _("(without a name)"), page->arena);
		bars[n].value = reporter->now.failed;
		bars[n].title = arena_printf(page->arena, _("%s: %s failed"),
		    bars[n].label, words_count(bars[n].value, page->arena));
		n++;
	}
	return n;
}

static void
breakdowns(struct page *page)
{
	struct html_bar bars[BARS_MOST];

	if (!page->plots || page->figures->now.failed == 0)
		return;
	html_section(&page->html, _("Where it fails"));
	plot(page, _("Failed sessions by cause"), _("cause"), bars,
	    sum_by(page, cause_of, bars));
	plot(page, _("Failed sessions by MX host"), _("MX host"), bars,
	    sum_by(page, host_of, bars));
	plot(page, _("Failed sessions by reporter"), _("reporter"), bars,
	    by_reporter(page, bars));
	html_section_end(&page->html);
}

static const char *
failure_title(const struct page *page, const struct failure_figures *failure)
{
	struct arena *arena = page->arena;
	const char *what =
	    words_failure(failure->result_type, failure->host, arena);

	return figures_is_new(failure) ?
	    arena_printf(arena, _("New: %s"), what) :
	    what;
}

static void
failures(struct page *page)
{
	const struct figures *figures = page->figures;
	size_t shown = 0;

	for (size_t i = 0; i < figures->nfailures && shown < ROWS_MOST; i++) {
		const struct failure_figures *failure = &figures->failures[i];

		if (failure->now == 0)
			continue;
		if (shown++ == 0)
			html_section(&page->html,
			    _("Failures, new ones first"));
		buffer_text(page->html.out, "<article>\n");
		html_element(&page->html, "h3",
		    figures_fate(failure) == FATE_REFUSED ? "bad" : "warn",
		    failure_title(page, failure));
		html_element(&page->html, "p", NULL,
		    views_failure_rest(figures, failure, page->arena));
		html_element(&page->html, "p", NULL,
		    arena_printf(page->arena, _("What to do: %s"),
			words_advice(failure->result_type)));
		html_element(&page->html, "p", "dim",
		    words_name(failure->result_type, _("no result type"),
			page->arena));
		buffer_text(page->html.out, "</article>\n");
	}
	if (shown > 0)
		html_section_end(&page->html);
}

static void
domains(struct page *page)
{
	const struct figures *figures = page->figures;
	struct arena *arena = page->arena;
	const struct html_column columns[] = { { _("domain"), false },
		{ _("sessions"), true }, { _("failed"), true },
		{ _("rate"), true }, { _("before"), true },
		{ _("reporters"), true } };
	enum { N = sizeof(columns) / sizeof(columns[0]) };
	const char *cells[ROWS_MOST * N];
	size_t n =
	    figures->ndomains < ROWS_MOST ? figures->ndomains : ROWS_MOST;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct domain_figures *domain = &figures->domains[i];
		const char **row = &cells[i * N];

		rows_domain(domain, arena, row);
	}
	html_section(&page->html, _("Domains"));
	html_table(&page->html, _("Domains, the most failures first"), columns,
	    N, cells, n);
	html_section_end(&page->html);
}

static void
reporters(struct page *page)
{
	const struct figures *figures = page->figures;
	struct arena *arena = page->arena;
	const struct html_column columns[] = { { _("reporter"), false },
		{ _("sessions"), true }, { _("failed"), true },
		{ _("days"), true }, { _("last seen"), true },
		{ _("remark"), false } };
	enum { N = sizeof(columns) / sizeof(columns[0]) };
	const char *cells[ROWS_MOST * N];
	size_t n =
	    figures->nreporters < ROWS_MOST ? figures->nreporters : ROWS_MOST;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];
		const char **row = &cells[i * N];

		rows_reporter(reporter, figures->filter, arena, row);
	}
	html_section(&page->html, _("Reporters"));
	html_table(&page->html, _("Reporters, the most sessions first"),
	    columns, N, cells, n);
	html_section_end(&page->html);
}

static const char *
title_of(const struct page *page)
{
	const struct filter *filter = page->figures->filter;

	if (filter->domain == NULL)
		return _("TLS reports");
	return arena_printf(page->arena, _("TLS reports on %s"),
	    words_name(filter->domain, "", page->arena));
}

void
html_page(const struct figures *figures, bool plots, int64_t now,
    struct buffer *out, struct arena *arena)
{
	struct page page = { { out, arena, 0 }, figures, arena, plots };
	char made[DATETIME_SIZE];

	datetime_write(now, made);
	html_start(&page.html, title_of(&page));
	html_element(&page.html, "p", "dim",
	    views_span(figures->filter, arena));
	status(&page);
	tiles(&page);
	days(&page);
	breakdowns(&page);
	failures(&page);
	domains(&page);
	reporters(&page);
	html_end(&page.html,
	    arena_printf(arena,
		_("Made on %s by tlsrpt-report.  Sessions that MTA-STS and "
		  "DANE both count are counted once; DANE and \"no policy\" "
		  "are no errors."),
		made));
}

bool
html_run(struct task *task, const char *operand)
{
	struct figures figures;

	(void)operand;
	if (!figures_read(task->query, &task->filter, FIGURES_ALL, task->arena,
		&figures, task->fault))
		return false;
	html_page(&figures, true, task->now, task->term.out, task->arena);
	return true;
}
