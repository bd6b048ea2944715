#include "explain/views.h"

#include <string.h>

#include "base/buffer.h"
#include "base/translate.h"
#include "explain/words.h"
#include "report/explanation.h"

static const struct table_column day_columns[] = {
	{ "day", CELL_TEXT },
	{ "sessions", CELL_NUMBER },
	{ "failed", CELL_NUMBER },
	{ "failure_rate", CELL_RATE },
};

static const struct table_column domain_columns[] = {
	{ "domain", CELL_TEXT },
	{ "sessions", CELL_NUMBER },
	{ "failed", CELL_NUMBER },
	{ "failure_rate", CELL_RATE },
	{ "reporters", CELL_NUMBER },
	{ "sessions_before", CELL_NUMBER },
	{ "failed_before", CELL_NUMBER },
	{ "failure_rate_before", CELL_RATE },
};

static const struct table_column failure_columns[] = {
	{ "domain", CELL_TEXT },
	{ "result_type", CELL_TEXT },
	{ "receiving_mx_hostname", CELL_TEXT },
	{ "failed", CELL_NUMBER },
	{ "failed_before", CELL_NUMBER },
	{ "new", CELL_TRUTH },
	{ "first_day", CELL_TEXT },
	{ "last_day", CELL_TEXT },
	{ "policy_type", CELL_TEXT },
	{ "sts_mode", CELL_TEXT },
	{ "mail", CELL_TEXT },
	{ "reporters", CELL_NUMBER },
	{ "seen_by", CELL_TEXT },
	{ "failure_reason_code", CELL_TEXT },
	{ "concern", CELL_TEXT },
};

static const struct table_column reporter_columns[] = {
	{ "organization", CELL_TEXT },
	{ "sessions", CELL_NUMBER },
	{ "failed", CELL_NUMBER },
	{ "failure_rate", CELL_RATE },
	{ "days", CELL_NUMBER },
	{ "days_possible", CELL_NUMBER },
	{ "first_day", CELL_TEXT },
	{ "last_day", CELL_TEXT },
	{ "silent_days", CELL_NUMBER },
	{ "silent", CELL_TRUTH },
	{ "loop", CELL_TRUTH },
	{ "sessions_before", CELL_NUMBER },
	{ "failed_before", CELL_NUMBER },
};

#define NCOLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))

struct table
views_days(const struct figures *figures, struct arena *arena)
{
	struct table table = table_new("days", day_columns,
	    NCOLUMNS(day_columns), figures->ndays, arena);

	for (size_t i = 0; i < figures->ndays; i++) {
		const struct day_figures *day = &figures->days[i];
		const char **row = table_row(&table);

		row[0] = filter_day_text(day->day, arena);
		row[1] = table_number(day->now.sessions, arena);
		row[2] = table_number(day->now.failed, arena);
		row[3] = table_rate(day->now.failed, day->now.sessions, arena);
	}
	return table;
}

struct table
views_domains(const struct figures *figures, struct arena *arena)
{
	struct table table = table_new("domains", domain_columns,
	    NCOLUMNS(domain_columns), figures->ndomains, arena);

	for (size_t i = 0; i < figures->ndomains; i++) {
		const struct domain_figures *domain = &figures->domains[i];
		const char **row = table_row(&table);

		row[0] = domain->domain;
		row[1] = table_number(domain->now.sessions, arena);
		row[2] = table_number(domain->now.failed, arena);
		row[3] =
		    table_rate(domain->now.failed, domain->now.sessions, arena);
		row[4] = table_number(domain->reporters, arena);
		row[5] = table_number(domain->before.sessions, arena);
		row[6] = table_number(domain->before.failed, arena);
		row[7] = table_rate(domain->before.failed,
		    domain->before.sessions, arena);
	}
	return table;
}

static const char *
truth(bool claim)
{
	return claim ? "1" : "0";
}

static const char *
seen_by(const struct failure_figures *failure, struct arena *arena)
{
	const char *text = NULL;
	size_t named = failure->nreporters < REPORTERS_NAMED ?
	    failure->nreporters :
	    REPORTERS_NAMED;

	for (size_t i = 0; i < named; i++) {
		const char *name = failure->reporters[i];

		if (name == NULL)
			continue;
		text = text == NULL ? name :
				      arena_printf(arena, "%s; %s", text, name);
	}
	return text;
}

static void
fill_failure(const char **row, const struct failure_figures *failure,
    struct arena *arena)
{
	row[0] = failure->domain;
	row[1] = failure->result_type;
	row[2] = failure->host;
	row[3] = table_number(failure->now, arena);
	row[4] = table_number(failure->before, arena);
	row[5] = truth(figures_is_new(failure));
	row[6] = filter_day_text(failure->first_day, arena);
	row[7] = filter_day_text(failure->last_day, arena);
	row[8] = failure->policy_type;
	row[9] = failure->sts_mode;
	row[10] = words_fate_code(figures_fate(failure));
	row[11] = table_number((int64_t)failure->nreporters, arena);
	row[12] = seen_by(failure, arena);
	row[13] = failure->reason;
	row[14] = result_type_concern(failure->result_type);
}

struct table
views_failures(const struct figures *figures, struct arena *arena)
{
	struct table table = table_new("failures", failure_columns,
	    NCOLUMNS(failure_columns), figures->nfailures, arena);

	for (size_t i = 0; i < figures->nfailures; i++)
		fill_failure(table_row(&table), &figures->failures[i], arena);
	return table;
}

struct table
views_reporters(const struct figures *figures, struct arena *arena)
{
	struct table table = table_new("reporters", reporter_columns,
	    NCOLUMNS(reporter_columns), figures->nreporters, arena);

	for (size_t i = 0; i < figures->nreporters; i++) {
		const struct reporter_figures *reporter =
		    &figures->reporters[i];
		const char **row = table_row(&table);

		row[0] = reporter->organization;
		row[1] = table_number(reporter->now.sessions, arena);
		row[2] = table_number(reporter->now.failed, arena);
		row[3] = table_rate(reporter->now.failed,
		    reporter->now.sessions, arena);
		row[4] = table_number(reporter->days, arena);
		row[5] = table_number(filter_days(figures->filter), arena);
		row[6] = filter_day_text(reporter->first_day, arena);
		row[7] = filter_day_text(reporter->last_day, arena);
		row[8] = table_number(reporter->silent, arena);
		row[9] = truth(figures_is_silent(reporter));
		row[10] = truth(reporter->loop);
		row[11] = table_number(reporter->before.sessions, arena);
		row[12] = table_number(reporter->before.failed, arena);
	}
	return table;
}

const char *
views_span(const struct filter *filter, struct arena *arena)
{
	return arena_printf(arena, _("%s to %s"),
	    words_day(filter->since, arena), words_day(filter->until, arena));
}

/* Mail that was kept away outweighs mail that came, however little. */
static const struct failure_figures *
worst_of(const struct figures *figures)
{
	const struct failure_figures *worst = NULL;

	for (size_t i = 0; i < figures->nfailures; i++) {
		const struct failure_figures *failure = &figures->failures[i];
		bool refused = figures_fate(failure) == FATE_REFUSED;

		if (failure->now == 0)
			continue;
		if (worst == NULL ||
		    (refused && figures_fate(worst) != FATE_REFUSED) ||
		    (refused == (figures_fate(worst) == FATE_REFUSED) &&
			failure->now > worst->now))
			worst = failure;
	}
	return worst;
}

enum severity
views_severity(const struct figures *figures)
{
	const struct failure_figures *worst = worst_of(figures);

	if (figures->now.sessions == 0 && worst == NULL)
		return SEVERITY_NONE;
	if (worst != NULL && figures_fate(worst) == FATE_REFUSED)
		return SEVERITY_BAD;
	return figures->now.failed > 0 || worst != NULL ? SEVERITY_WARN :
							  SEVERITY_GOOD;
}

const char *
views_trend(const struct count *now, const struct count *before,
    struct arena *arena)
{
	double rate_now;
	double rate_before;
	const char *rate;

	if (now->sessions == 0 || before->sessions == 0)
		return NULL;
	rate = words_rate(before->failed, before->sessions, arena);
	rate_now = (double)now->failed / (double)now->sessions;
	rate_before = (double)before->failed / (double)before->sessions;
	if (rate_now > rate_before * 1.1)
		return arena_printf(arena,
		    _("worse than %s in the span before"), rate);
	if (rate_now < rate_before / 1.1)
		return arena_printf(arena,
		    _("better than %s in the span before"), rate);
	return arena_printf(arena, _("as in the span before, which had %s"),
	    rate);
}

/* The names of those who saw it, printable. */
static const char *
witnesses(const struct failure_figures *failure, struct arena *arena)
{
	const char *names[REPORTERS_NAMED];
	size_t named = failure->nreporters < REPORTERS_NAMED ?
	    failure->nreporters :
	    REPORTERS_NAMED;

	for (size_t i = 0; i < named; i++)
		names[i] = words_name(failure->reporters[i],
		    _("a sender without a name"), arena);
	if (failure->nreporters <= named)
		return words_list(names, named, named, arena);
	return arena_printf(arena,
	    translate_plural("%s and %s more", "%s and %s more",
		(unsigned long)(failure->nreporters - named)),
	    words_list(names, named, named, arena),
	    words_number((int64_t)(failure->nreporters - named), arena));
}

/* Since when; that it is older than what was looked at is said. */
static const char *
since_when(const struct figures *figures, const struct failure_figures *failure,
    struct arena *arena)
{
	if (failure->first_day == failure->last_day)
		return arena_printf(arena, _("On %s only."),
		    words_day(failure->first_day, arena));
	if (failure->first_day <= figures->filter->before)
		return arena_printf(arena, _("Since %s or longer, last on %s."),
		    words_day(failure->first_day, arena),
		    words_day(failure->last_day, arena));
	return arena_printf(arena, _("Since %s, last on %s."),
	    words_day(failure->first_day, arena),
	    words_day(failure->last_day, arena));
}

/* A name that ends with a dot, as "Inc." does, brings the sentence's along. */
static const char *
one_dot(const char *sentence, struct arena *arena)
{
	size_t len = strlen(sentence);

	if (len > 1 && strcmp(sentence + len - 2, "..") == 0)
		return arena_copy(arena, sentence, len - 1);
	return sentence;
}

const char *
views_failure_rest(const struct figures *figures,
    const struct failure_figures *failure, struct arena *arena)
{
	const char *reason = words_reason(failure->reason, arena);
	const char *count = arena_printf(arena,
	    translate_plural("%s session to %s failed, seen by %s.",
		"%s sessions to %s failed, seen by %s.",
		(unsigned long)failure->now),
	    words_number(failure->now, arena),
	    words_name(failure->domain, _("a domain that is not named"), arena),
	    witnesses(failure, arena));
	const char *fate = words_consequence(failure->policy_type,
	    failure->sts_mode, _("the sender"), failure->now, arena);

	return arena_printf(arena, "%s %s %s%s%s", one_dot(count, arena),
	    since_when(figures, failure, arena), fate,
	    reason != NULL ? " " : "", reason != NULL ? reason : "");
}

const char *
views_failure(const struct figures *figures,
    const struct failure_figures *failure, struct arena *arena)
{
	return arena_printf(arena, "%s %s",
	    words_failure(failure->result_type, failure->host, arena),
	    views_failure_rest(figures, failure, arena));
}

const char *
views_silence(const struct reporter_figures *reporter, struct arena *arena)
{
	return arena_printf(arena,
	    translate_plural("%s has been silent for %s day, since %s.",
		"%s has been silent for %s days, since %s.",
		(unsigned long)reporter->silent),
	    words_name(reporter->organization, _("A sender without a name"),
		arena),
	    words_number(reporter->silent, arena),
	    words_day(reporter->last_day, arena));
}

static const char *
status_of_failures(const struct figures *figures,
    const struct failure_figures *worst, struct arena *arena)
{
	int64_t refused = 0;

	for (size_t i = 0; i < figures->nfailures; i++)
		if (figures_fate(&figures->failures[i]) == FATE_REFUSED)
			refused =
			    refused > INT64_MAX - figures->failures[i].now ?
			    INT64_MAX :
			    refused + figures->failures[i].now;
	if (refused > 0)
		return arena_printf(arena,
		    translate_plural("Mail was kept away: %s session was "
				     "refused under MTA-STS enforce or DANE.  "
				     "Worst: %s",
			"Mail was kept away: %s sessions were refused under "
			"MTA-STS enforce or DANE.  Worst: %s",
			(unsigned long)refused),
		    words_number(refused, arena),
		    words_failure(worst->result_type, worst->host, arena));
	return arena_printf(arena,
	    _("Something is wrong, but no mail is known to be lost.  Worst: "
	      "%s"),
	    words_failure(worst->result_type, worst->host, arena));
}

const char *
views_status(const struct figures *figures,
    const struct failure_figures **worst, struct arena *arena)
{
	*worst = worst_of(figures);
	if (*worst != NULL)
		return status_of_failures(figures, *worst, arena);
	if (figures->now.failed > 0)
		return _("Sessions failed, and no report says why.");
	if (figures->now.sessions > 0)
		return _("All is well: no session failed.");
	if (figures->heard)
		return _("Nobody reported anything in this span.");
	return _("There are no reports at all: see that they arrive.");
}
