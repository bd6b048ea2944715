/* The command "readiness": may MTA-STS go from testing to enforce? */
#include <string.h>

#include "base/text.h"
#include "base/translate.h"
#include "explain/figures.h"
#include "explain/policies.h"
#include "explain/task.h"
#include "explain/views.h"

enum { DAY = 24 * 60 * 60, BLOCKERS_MOST = 8 };

/* Exit statuses, too. */
enum verdict { VERDICT_READY, VERDICT_NOT_YET, VERDICT_NO_DATA };

static const char *const verdict_codes[] = { "ready", "not yet",
	"not enough data" };

struct blocker {
	enum verdict verdict;
	const char *code;
	const char *text;
};

struct reading {
	struct task *task;
	struct figures figures;
	struct seen_policies seen;
	const struct seen_policy *newest; /* MTA-STS, or NULL */
	int64_t days_heard;
	int64_t silent_days;
	int64_t reporters;
	int64_t failed;       /* of what enforce would turn away */
	int64_t clean_days;   /* since the last of them */
	int64_t current;      /* sessions whose sender saw the newest policy */
	int64_t longest;      /* max_age seen, seconds; -1: none */
	int64_t policy_until; /* day on which the last copy runs out */
	struct blocker blockers[BLOCKERS_MOST];
	size_t nblockers;
	enum verdict verdict;
};

/* DANE turns mail away already, and goes on doing so. */
static bool
would_block(const struct failure_figures *failure)
{
	return failure->now > 0 &&
	    (failure->policy_type == NULL ||
		strcmp(failure->policy_type, "tlsa") != 0);
}

static int64_t
sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* The last day of which there can be reports. */
static int64_t
last_day(const struct filter *filter)
{
	return filter->until_now ? filter->until - 1 : filter->until;
}

static void
count_days(struct reading *reading)
{
	const struct figures *figures = &reading->figures;
	const struct filter *filter = figures->filter;
	int64_t end = last_day(filter);

	for (size_t i = 0; i < figures->ndays; i++) {
		const struct day_figures *day = &figures->days[i];

		if (day->now.sessions > 0)
			reading->days_heard++;
		else if (day->day <= end && reading->days_heard > 0)
			reading->silent_days++;
	}
	for (size_t i = 0; i < figures->nreporters; i++)
		if (figures->reporters[i].days > 0 &&
		    !figures->reporters[i].loop)
			reading->reporters++;
}

static void
count_failures(struct reading *reading)
{
	const struct figures *figures = &reading->figures;
	const struct filter *filter = figures->filter;
	int64_t last = filter->since - 1;

	for (size_t i = 0; i < figures->nfailures; i++) {
		const struct failure_figures *failure = &figures->failures[i];

		if (!would_block(failure))
			continue;
		reading->failed = sum(reading->failed, failure->now);
		if (failure->last_day > last)
			last = failure->last_day;
	}
	reading->clean_days =
	    last_day(filter) > last ? last_day(filter) - last : 0;
}

static void
count_policies(struct reading *reading)
{
	const struct seen_policies *seen = &reading->seen;

	reading->newest = policies_newest(seen);
	reading->longest = -1;
	reading->policy_until = -1;
	for (size_t i = 0; i < seen->len; i++) {
		const struct seen_policy *policy = &seen->at[i];
		int64_t until;

		if (policy->tlsa)
			continue;
		if (policies_same(&policy->sts, &reading->newest->sts))
			reading->current =
			    sum(reading->current, policy->sessions);
		if (policy->sts.max_age > reading->longest)
			reading->longest = policy->sts.max_age;
		if (policy->sts.max_age < 0)
			continue;
		/* Fetched at the end of the last day at the latest. */
		until = policy->last_day + 1 +
		    (policy->sts.max_age + DAY - 1) / DAY;
		if (until > reading->policy_until)
			reading->policy_until = until;
	}
}

static void
block(struct reading *reading, enum verdict verdict, const char *code,
    const char *text)
{
	reading->blockers[reading->nblockers++] =
	    (struct blocker){ verdict, code, text };
	if (reading->verdict == VERDICT_READY || verdict == VERDICT_NOT_YET)
		reading->verdict = verdict;
}

static void
judge_data(struct reading *reading)
{
	const struct readiness_rules *rules = &reading->task->readiness;
	struct arena *arena = reading->task->arena;

	if (reading->newest == NULL)
		block(reading, VERDICT_NO_DATA, "no-policy-seen",
		    _("No sender has seen an MTA-STS policy of this domain."));
	if (reading->days_heard < rules->days)
		block(reading, VERDICT_NO_DATA, "few-days",
		    arena_printf(arena,
			_("Reports cover %s only; the rule wants %s."),
			words_days(reading->days_heard, arena),
			words_days(rules->days, arena)));
	if (reading->reporters < rules->reporters)
		block(reading, VERDICT_NO_DATA, "few-reporters",
		    arena_printf(arena,
			_("Reporters heard: %s; the rule wants %s."),
			words_number(reading->reporters, arena),
			words_number(rules->reporters, arena)));
	if (reading->figures.now.sessions < rules->sessions)
		block(reading, VERDICT_NO_DATA, "few-sessions",
		    arena_printf(arena,
			_("Sessions counted: %s; the rule wants %s."),
			words_number(reading->figures.now.sessions, arena),
			words_number(rules->sessions, arena)));
}

static void
judge_failures(struct reading *reading)
{
	const struct readiness_rules *rules = &reading->task->readiness;
	struct arena *arena = reading->task->arena;
	int64_t sessions = reading->figures.now.sessions;
	double rate = sessions > 0 ?
	    100.0 * (double)reading->failed / (double)sessions :
	    0;

	if (reading->failed == 0 || reading->clean_days >= rules->days ||
	    (rules->failure_rate > 0 && rate <= rules->failure_rate))
		return;
	block(reading, VERDICT_NOT_YET, "failures",
	    arena_printf(arena,
		_("The last failure is %s ago; the rule wants %s without one. "
		  "Enforce would have kept mail away: %s of %s (%s)."),
		words_days(reading->clean_days, arena),
		words_days(rules->days, arena),
		words_number(reading->failed, arena),
		words_sessions(sessions, arena),
		words_rate(reading->failed, sessions, arena)));
}

static bool
read_all(struct reading *reading, const char *domain)
{
	struct task *task = reading->task;

	task->filter.domain = text_domain(domain, task->arena);
	task->filter.exact = true;
	if (!figures_read(task->query, &task->filter,
		FIGURES_DAYS | FIGURES_FAILURES, task->arena, &reading->figures,
		task->fault) ||
	    !policies_read(task->query, &task->filter, task->arena,
		&reading->seen, task->fault))
		return false;
	count_days(reading);
	count_failures(reading);
	count_policies(reading);
	judge_data(reading);
	judge_failures(reading);
	return true;
}

/* ---------------------------------------------------------------- people */

static const char *
verdict_text(const struct reading *reading)
{
	struct arena *arena = reading->task->arena;
	const char *domain =
	    text_printable(reading->task->filter.domain, arena);

	switch (reading->verdict) {
	case VERDICT_READY:
		return arena_printf(arena,
		    _("Ready: %s may go from testing to enforce."), domain);
	case VERDICT_NOT_YET:
		return arena_printf(arena,
		    _("Not yet: %s should stay in testing."), domain);
	case VERDICT_NO_DATA:
		break;
	}
	return arena_printf(arena,
	    _("Not enough data: nobody can say whether %s may go to enforce."),
	    domain);
}

static void
fact(const struct reading *reading, const char *text)
{
	term_item(&reading->task->term, 0, "-", text);
}

static void
print_facts(const struct reading *reading)
{
	struct arena *arena = reading->task->arena;
	const struct figures *figures = &reading->figures;
	int64_t sessions = figures->now.sessions;

	fact(reading,
	    arena_printf(arena,
		_("Watched: %s, of which %s with reports and %s silent."),
		views_span(figures->filter, arena),
		words_days(reading->days_heard, arena),
		words_days(reading->silent_days, arena)));
	fact(reading,
	    /* TRANSLATORS: sessions, reporters. */
	    arena_printf(arena, _("Heard: %s, from %s."),
		words_sessions(sessions, arena),
		words_reporters(reading->reporters, arena)));
	fact(reading,
	    arena_printf(arena,
		_("Failed under a policy that enforce would insist on: %s "
		  "(%s)."),
		words_number(reading->failed, arena),
		words_rate(reading->failed, sessions, arena)));
	if (reading->newest == NULL)
		return;
	fact(reading,
	    arena_printf(arena, _("Newest policy seen: %s."),
		text_printable(policies_text(&reading->newest->sts, arena),
		    arena)));
	fact(reading,
	    arena_printf(arena,
		_("Its sender saw that policy: %s of the sessions (%s).  Who "
		  "saw none does not look for MTA-STS."),
		words_rate(reading->current, sessions, arena),
		words_number(reading->current, arena)));
	if (reading->newest->sts.mode != NULL &&
	    strcmp(reading->newest->sts.mode, "enforce") == 0)
		fact(reading, _("Senders see mode enforce already."));
}

static void
print_failures(const struct reading *reading)
{
	const struct term *term = &reading->task->term;
	const struct figures *figures = &reading->figures;
	bool first = true;

	for (size_t i = 0; i < figures->nfailures; i++) {
		const struct failure_figures *failure = &figures->failures[i];

		if (!would_block(failure))
			continue;
		if (first) {
			term_blank(term);
			term_title(term, _("Failures by cause"));
		}
		first = false;
		term_item(term, 0, "-",
		    views_failure(figures, failure, term->arena));
		term_paragraph(term, 2, 2,
		    arena_printf(term->arena, _("What to do: %s"),
			words_advice(failure->result_type)));
	}
}

static void
print_rule(const struct reading *reading)
{
	const struct readiness_rules *rules = &reading->task->readiness;
	const struct term *term = &reading->task->term;
	struct arena *arena = term->arena;

	term_blank(term);
	term_title(term, _("The rule"));
	term_paragraph(term, 0, 0,
	    arena_printf(arena,
		_("%s with reports, as long without a failure (or at most %g "
		  "%% failed), %s and %s.  --min-days, "
		  "--max-failure-rate, --min-reporters and --min-sessions "
		  "change it."),
		words_days(rules->days, arena), rules->failure_rate,
		words_reporters(rules->reporters, arena),
		words_sessions(rules->sessions, arena)));
}

/* The records of DANE that were seen, each with its last day. */
static void
print_tlsa(const struct reading *reading)
{
	const struct seen_policies *seen = &reading->seen;
	const struct term *term = &reading->task->term;
	struct arena *arena = term->arena;
	const char *told[32];
	size_t ntold = 0;

	for (size_t i = 0; i < seen->len; i++) {
		const struct seen_policy *policy = &seen->at[i];

		for (size_t j = 0; policy->tlsa && j < policy->records.len;
		     j++) {
			const char *record = policy->records.at[j];
			bool known = ntold == sizeof(told) / sizeof(told[0]);

			for (size_t k = 0; k < ntold && !known; k++)
				known = strcmp(told[k], record) == 0;
			if (known)
				continue;
			told[ntold++] = record;
			term_item(term, 0, "-",
			    arena_printf(arena,
				_("TLSA record %s: last seen on %s, by %s."),
				text_printable(record, arena),
				words_day(policy->last_day, arena),
				words_name(policy->organization,
				    _("a sender without a name"), arena)));
		}
	}
	if (ntold > 0)
		term_paragraph(term, 0, 0,
		    _("An old TLSA record may go once the new one stands "
		      "beside it for twice the TTL of both, and the "
		      "certificate has changed after that.  A record that "
		      "reports of these days still show is still in use."));
}

static void
print_waiting(const struct reading *reading)
{
	const struct term *term = &reading->task->term;
	struct arena *arena = term->arena;

	if (reading->seen.len == 0)
		return;
	term_blank(term);
	term_title(term, _("The other way: how long to wait"));
	if (reading->longest >= 0)
		term_item(term, 0, "-",
		    arena_printf(arena,
			_("The policy may go when the last copy has run out, "
			  "at the earliest on %s: senders keep it for up to "
			  "%s after they fetched it.  Publish mode none with a "
			  "short max_age first, and take record and policy "
			  "away after that time only."),
			words_day(reading->policy_until, arena),
			words_days((reading->longest + DAY - 1) / DAY, arena)));
	print_tlsa(reading);
}

static void
print_text(const struct reading *reading)
{
	static const enum tone tones[] = {
		[VERDICT_READY] = TONE_GOOD,
		[VERDICT_NOT_YET] = TONE_BAD,
		[VERDICT_NO_DATA] = TONE_WARN,
	};
	const struct term *term = &reading->task->term;

	term_line(term, 0,
	    term_tone(term, tones[reading->verdict], verdict_text(reading)));
	for (size_t i = 0; i < reading->nblockers; i++)
		term_item(term, 2, "-", reading->blockers[i].text);
	term_blank(term);
	print_facts(reading);
	print_failures(reading);
	print_rule(reading);
	print_waiting(reading);
}

/* -------------------------------------------------------------- machines */

static const struct table_column columns[] = {
	{ "domain", CELL_TEXT },
	{ "verdict", CELL_TEXT },
	{ "blockers", CELL_LIST },
	{ "since", CELL_TEXT },
	{ "until", CELL_TEXT },
	{ "days_heard", CELL_NUMBER },
	{ "silent_days", CELL_NUMBER },
	{ "clean_days", CELL_NUMBER },
	{ "reporters", CELL_NUMBER },
	{ "sessions", CELL_NUMBER },
	{ "failed", CELL_NUMBER },
	{ "failure_rate", CELL_RATE },
	{ "share_current", CELL_RATE },
	{ "mode", CELL_TEXT },
	{ "max_age", CELL_NUMBER },
	{ "policy_until", CELL_TEXT },
	{ "min_days", CELL_NUMBER },
	{ "min_reporters", CELL_NUMBER },
	{ "min_sessions", CELL_NUMBER },
	{ "max_failure_rate", CELL_NUMBER },
};

enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static const char *
blocker_codes(const struct reading *reading)
{
	const char *list = "[";

	for (size_t i = 0; i < reading->nblockers; i++)
		list = arena_printf(reading->task->arena, "%s%s\"%s\"", list,
		    i > 0 ? ", " : "", reading->blockers[i].code);
	return arena_printf(reading->task->arena, "%s]", list);
}

static void
fill_row(const char **row, const struct reading *reading)
{
	const struct task *task = reading->task;
	struct arena *arena = task->arena;
	int64_t sessions = reading->figures.now.sessions;

	row[0] = task->filter.domain;
	row[1] = verdict_codes[reading->verdict];
	row[2] = blocker_codes(reading);
	row[3] = filter_day_text(task->filter.since, arena);
	row[4] = filter_day_text(task->filter.until, arena);
	row[5] = table_number(reading->days_heard, arena);
	row[6] = table_number(reading->silent_days, arena);
	row[7] = table_number(reading->clean_days, arena);
	row[8] = table_number(reading->reporters, arena);
	row[9] = table_number(sessions, arena);
	row[10] = table_number(reading->failed, arena);
	row[11] = table_rate(reading->failed, sessions, arena);
	row[12] = table_rate(reading->current, sessions, arena);
	if (reading->newest != NULL)
		row[13] = reading->newest->sts.mode;
	if (reading->longest >= 0) {
		row[14] = table_number(reading->longest, arena);
		row[15] = filter_day_text(reading->policy_until, arena);
	}
	row[16] = table_number(task->readiness.days, arena);
	row[17] = table_number(task->readiness.reporters, arena);
	row[18] = table_number(task->readiness.sessions, arena);
	row[19] = arena_printf(arena, "%g", task->readiness.failure_rate);
}

bool
readiness_run(struct task *task, const char *operand)
{
	struct reading reading = { .task = task };
	struct table table;

	if (!read_all(&reading, operand))
		return false;
	task->status = (int)reading.verdict;
	if (task->format == FORMAT_TEXT) {
		print_text(&reading);
		return true;
	}
	table = table_new("readiness", columns, NCOLUMNS, 1, task->arena);
	fill_row(table_row(&table), &reading);
	task_table(task, &table);
	return true;
}
