#include "explain/show.h"

#include <string.h>

#include "base/datetime.h"
#include "base/text.h"
#include "base/translate.h"
#include "explain/json_read.h"
#include "explain/words.h"
#include "report/explanation.h"
#include "report/identity.h"

/* What showing one report carries along. */
struct showing {
	const struct term *term;
	struct arena *arena;
	const struct report *report;
	const char *who; /* the sender, printable */
	const char *when;
};

/* A sentence more of a paragraph. */
static void
say(struct buffer *paragraph, const char *sentence)
{
	if (paragraph->len > 0)
		buffer_text(paragraph, " ");
	buffer_text(paragraph, sentence);
}

static int64_t
sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static void
say_sessions(const struct showing *showing, const struct policy *policy,
    struct buffer *paragraph)
{
	struct arena *arena = showing->arena;
	int64_t sessions = sum(policy->successful, policy->failed);
	const char *domain =
	    words_name(policy->domain, _("a domain that is not named"), arena);

	if (sessions == 0) {
		/* TRANSLATORS: sender, domain, "on 15 January 2024". */
		say(paragraph,
		    arena_printf(arena, _("%s saw no session to %s %s."),
			showing->who, domain, showing->when));
		return;
	}
	/* TRANSLATORS: sender, number, domain, "on 15 January 2024". */
	say(paragraph,
	    arena_printf(arena,
		translate_plural("%s saw %s session to %s %s.",
		    "%s saw %s sessions to %s %s.", (unsigned long)sessions),
		showing->who, words_number(sessions, arena), domain,
		showing->when));
	if (policy->failed == 0)
		say(paragraph, _("None failed."));
	else
		say(paragraph,
		    arena_printf(arena,
			translate_plural("%s failed (%s).", "%s failed (%s).",
			    (unsigned long)policy->failed),
			words_number(policy->failed, arena),
			words_rate(policy->failed, sessions, arena)));
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_like(const struct failure *a, const struct failure *b)
{
	return is_same(a->result_type, b->result_type) &&
	    is_same(a->receiving_mx_hostname, b->receiving_mx_hostname) &&
	    is_same(a->failure_reason_code, b->failure_reason_code);
}

enum { KINDS_MOST = 5 };

/* Was one like it told of before? */
static bool
is_told(const struct policy *policy, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_like(&policy->failures[i], &policy->failures[n]))
			return true;
	return false;
}

static int64_t
count_alike(const struct policy *policy, size_t n)
{
	int64_t total = 0;

	for (size_t i = n; i < policy->nfailures; i++)
		if (is_like(&policy->failures[i], &policy->failures[n]))
			total = sum(total, policy->failures[i].failed);
	return total;
}

/* Failures of one kind each, the first few; is there any advice for them? */
static void
say_failures(const struct showing *showing, const struct policy *policy,
    struct buffer *paragraph)
{
	struct arena *arena = showing->arena;
	int kinds = 0;

	for (size_t i = 0; i < policy->nfailures && kinds < KINDS_MOST; i++) {
		const struct failure *failure = &policy->failures[i];
		const char *reason =
		    words_reason(failure->failure_reason_code, arena);

		if (is_told(policy, i))
			continue;
		kinds++;
		say(paragraph,
		    words_failure(failure->result_type,
			failure->receiving_mx_hostname, arena));
		if (policy->nfailures > 1)
			say(paragraph,
			    arena_printf(arena,
				translate_plural("That was %s session.",
				    "These were %s sessions.",
				    (unsigned long)count_alike(policy, i)),
				words_number(count_alike(policy, i), arena)));
		if (reason != NULL)
			say(paragraph, reason);
	}
	if (policy->failed > 0 && policy->nfailures == 0)
		say(paragraph, _("The report does not say what failed."));
}

static void
tell_policy(const struct showing *showing, const struct policy *policy)
{
	struct arena *arena = showing->arena;
	struct buffer paragraph = { 0 };

	buffer_text(&paragraph, "");
	say_sessions(showing, policy, &paragraph);
	say_failures(showing, policy, &paragraph);
	if (policy->failed > 0)
		say(&paragraph,
		    words_consequence(policy->type, policy->sts_mode,
			showing->who, policy->failed, arena));
	else
		say(&paragraph,
		    arena_printf(arena, _("Policy: %s."),
			words_policy(policy->type, policy->sts_mode, arena)));
	term_paragraph(showing->term, 0, 0, paragraph.at);
	buffer_free(&paragraph);
}

/* The same sessions, seen under two policies. */
static bool
counts_twice(const struct report *report)
{
	bool sts = false;
	bool tlsa = false;

	for (size_t i = 0; i < report->npolicies; i++) {
		const char *type = report->policies[i].type;

		sts |= type != NULL && strcmp(type, "sts") == 0;
		tlsa |= type != NULL && strcmp(type, "tlsa") == 0;
	}
	return sts && tlsa;
}

/* What to do about each result type, once. */
struct advising {
	const char *given[16];
	size_t n;
};

static void
advise_on(const struct showing *showing, const struct failure *failure,
    struct advising *advising)
{
	const char *advice = words_advice(failure->result_type);
	size_t most = sizeof(advising->given) / sizeof(advising->given[0]);

	if (failure->failed == 0 || advising->n == most)
		return;
	for (size_t i = 0; i < advising->n; i++)
		if (advising->given[i] == advice)
			return;
	if (advising->n == 0) {
		term_blank(showing->term);
		term_title(showing->term, _("What to do"));
	}
	advising->given[advising->n++] = advice;
	term_item(showing->term, 0, "-", advice);
}

static void
advise(const struct showing *showing)
{
	const struct report *report = showing->report;
	struct advising advising = { .n = 0 };

	for (size_t i = 0; i < report->npolicies; i++)
		for (size_t j = 0; j < report->policies[i].nfailures; j++)
			advise_on(showing, &report->policies[i].failures[j],
			    &advising);
}

/* A name and its value, one a line; nothing where there is no value. */
static void
fact(const struct showing *showing, int indent, const char *name,
    const char *value)
{
	enum { NAMES = 14 };
	int pad = NAMES - term_columns(name);
	struct buffer line = { 0 };

	if (value == NULL)
		return;
	buffer_text(&line, name);
	while (pad-- > 0)
		buffer_text(&line, " ");
	term_item(showing->term, indent, line.at,
	    text_printable(value, showing->arena));
	buffer_free(&line);
}

static const char *
time_text(int64_t seconds, struct arena *arena)
{
	char text[DATETIME_SIZE];

	datetime_write(seconds, text);
	return arena_copy(arena, text, strlen(text));
}

static const char *
signature_text(const struct showing *showing)
{
	const struct report *report = showing->report;
	struct arena *arena = showing->arena;

	if (report->auth == AUTH_NONE)
		return _("nothing is known of it");
	return arena_printf(arena,
	    report->auth == AUTH_PASS ? _("valid, of %s") :
					_("not valid, of %s"),
	    report->auth_domain != NULL ? report->auth_domain : "?");
}

static void
show_facts(const struct showing *showing)
{
	const struct report *report = showing->report;
	struct arena *arena = showing->arena;
	char key[REPORT_KEY_TEXT_SIZE];

	identity_write(report->key, key);
	term_blank(showing->term);
	term_title(showing->term, _("The report"));
	fact(showing, 0, _("organization"), report->organization);
	fact(showing, 0, _("submitter"), report->submitter);
	fact(showing, 0, _("contact"), report->contact);
	fact(showing, 0, _("report id"), report->id);
	fact(showing, 0, _("start"), time_text(report->start, arena));
	fact(showing, 0, _("end"), time_text(report->end, arena));
	fact(showing, 0, _("signature"), signature_text(showing));
	fact(showing, 0, _("key"), arena_copy(arena, key, strlen(key)));
}

static const char *
or_dash(const char *text, struct arena *arena)
{
	return words_name(text, "-", arena);
}

static void
show_policies(const struct showing *showing)
{
	const struct report *report = showing->report;
	struct arena *arena = showing->arena;
	const struct term_column columns[] = { { "#", true, false },
		{ _("domain"), false, false }, { _("policy"), false, false },
		{ _("successful"), true, false },
		{ _("failed"), true, false } };
	enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };
	const char **cells =
	    arena_array(arena, report->npolicies * NCOLUMNS, sizeof(*cells));
	enum tone *tones =
	    arena_array(arena, report->npolicies, sizeof(*tones));

	if (report->npolicies == 0)
		return;
	for (size_t i = 0; i < report->npolicies; i++) {
		const struct policy *policy = &report->policies[i];
		const char **row = &cells[i * NCOLUMNS];

		row[0] = words_number((int64_t)i + 1, arena);
		row[1] = or_dash(policy->domain, arena);
		row[2] = words_policy(policy->type, policy->sts_mode, arena);
		row[3] = words_number(policy->successful, arena);
		row[4] = words_number(policy->failed, arena);
		tones[i] = policy->failed > 0 ? TONE_BAD : TONE_PLAIN;
	}
	term_blank(showing->term);
	term_title(showing->term, _("Policies"));
	term_table(showing->term, columns, NCOLUMNS, cells, report->npolicies,
	    tones);
}

static void
show_strings(const struct showing *showing, const char *name,
    const struct text_list *strings)
{
	for (size_t i = 0; i < strings->len; i++)
		fact(showing, 2, i == 0 ? name : "", strings->at[i]);
}

static void
show_policy_texts(const struct showing *showing)
{
	const struct report *report = showing->report;

	for (size_t i = 0; i < report->npolicies; i++) {
		const struct policy *policy = &report->policies[i];
		const struct text_list strings =
		    json_unpack_strings(&policy->strings, showing->arena);

		term_line(showing->term, 0,
		    arena_printf(showing->arena, _("Policy %zu:"), i + 1));
		fact(showing, 2, _("type"), policy->type);
		show_strings(showing, _("policy"), &strings);
		show_strings(showing, _("mx host"), &policy->mx_hosts);
	}
}

static void
show_failure(const struct showing *showing, size_t policy_no,
    const struct failure *failure)
{
	struct arena *arena = showing->arena;

	term_paragraph(showing->term, 0, 2,
	    arena_printf(arena,
		translate_plural("%s session under policy %zu: %s",
		    "%s sessions under policy %zu: %s",
		    (unsigned long)failure->failed),
		words_number(failure->failed, arena), policy_no,
		words_name(failure->result_type, _("no result type"), arena)));
	fact(showing, 2, _("mx host"), failure->receiving_mx_hostname);
	fact(showing, 2, _("its EHLO"), failure->receiving_mx_helo);
	fact(showing, 2, _("its address"), failure->receiving_ip.text);
	fact(showing, 2, _("seen from"), failure->sending_mta_ip.text);
	fact(showing, 2, _("reason code"), failure->failure_reason_code);
	fact(showing, 2, _("information"), failure->additional_information);
}

enum { FAILURES_SHOWN = 100 };

/* Those of one policy; how many there were so far. */
static size_t
show_failures_of(const struct showing *showing, size_t policy_no, size_t total)
{
	const struct policy *policy = &showing->report->policies[policy_no - 1];

	for (size_t i = 0; i < policy->nfailures; i++) {
		if (total++ == 0) {
			term_blank(showing->term);
			term_title(showing->term, _("Failures"));
		}
		if (total <= FAILURES_SHOWN)
			show_failure(showing, policy_no, &policy->failures[i]);
	}
	return total;
}

static void
show_failures(const struct showing *showing)
{
	size_t total = 0;

	for (size_t i = 0; i < showing->report->npolicies; i++)
		total = show_failures_of(showing, i + 1, total);
	if (total > FAILURES_SHOWN)
		term_paragraph(showing->term, 0, 0,
		    arena_printf(showing->arena,
			_("... and %s more: --format=json has them all."),
			words_number((int64_t)(total - FAILURES_SHOWN),
			    showing->arena)));
}

static void
show_deviations(const struct showing *showing)
{
	deviations noted = showing->report->deviations;

	if (noted == 0)
		return;
	term_blank(showing->term);
	term_title(showing->term, _("Where it departs from RFC 8460"));
	for (int i = 0; i < NDEVIATIONS; i++)
		if ((noted >> i & 1) != 0)
			term_item(showing->term, 0,
			    arena_printf(showing->arena,
				"%s:", deviation_codes[i].code),
			    _(deviation_codes[i].meaning));
}

void
show_report(const struct term *term, const struct report *report)
{
	struct arena *arena = term->arena;
	struct showing showing = { term, arena, report,
		words_name(report->organization != NULL ? report->organization :
							  report->submitter,
		    _("A sender without a name"), arena),
		words_period(report->start, report->end, arena) };

	if (report->npolicies == 0)
		term_paragraph(term, 0, 0,
		    arena_printf(arena,
			_("%s reports %s, and has nothing to report."),
			showing.who, showing.when));
	for (size_t i = 0; i < report->npolicies; i++) {
		if (i > 0)
			term_blank(term);
		tell_policy(&showing, &report->policies[i]);
	}
	if (counts_twice(report)) {
		term_blank(term);
		term_paragraph(term, 0, 0,
		    _("MTA-STS and DANE count the same sessions here: they are "
		      "not to be added up."));
	}
	if (report->auth == AUTH_FAIL) {
		term_blank(term);
		term_paragraph(term, 0, 0,
		    _("The signature of this report is not valid: it may be "
		      "forged."));
	}
	advise(&showing);
	show_facts(&showing);
	show_policies(&showing);
	show_policy_texts(&showing);
	show_failures(&showing);
	show_deviations(&showing);
}
