#include "explain/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "base/text.h"
#include "base/translate.h"
#include "explain/filter.h"
#include "report/explanation.h"
#include "report/failure_reason.h"

enum { DAY = 24 * 60 * 60 };

/* The marks of numbers are what stands between the digits of a sample. */
static const char *
mark_of(const char *sample, size_t behind, struct arena *arena)
{
	size_t len = strlen(sample);

	if (len <= 1 + behind)
		return "";
	return arena_copy(arena, sample + 1, len - 1 - behind);
}

const char *
words_number(int64_t number, struct arena *arena)
{
	/* TRANSLATORS: a number with the mark between its thousands. */
	const char *mark = mark_of(_("8,432"), 3, arena);
	char digits[24];
	struct buffer out = { 0 };
	const char *text;
	size_t len;

	(void)snprintf(digits, sizeof(digits), "%" PRId64, number);
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buffer_text(&out, mark);
		buffer_add(&out, digits + i, 1);
	}
	text = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	return text;
}

const char *
words_count(int64_t number, struct arena *arena)
{
	static const int64_t most = INT64_C(999999999999);

	if (number <= most)
		return words_number(number, arena);
	return arena_printf(arena, "%.2g", (double)number);
}

/* With the decimal mark of the language, and no zeros at its end. */
static const char *
decimal(double number, int places, struct arena *arena)
{
	/* TRANSLATORS: a number with the mark before its fraction. */
	const char *mark = mark_of(_("0.5"), 1, arena);
	char *text = arena_printf(arena, "%.*f", places, number);
	char *point = strchr(text, '.');
	size_t len = strlen(text);

	if (point == NULL)
		return text;
	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.') {
		text[len - 1] = '\0';
		return text;
	}
	return arena_printf(arena, "%.*s%s%s", (int)(point - text), text, mark,
	    point + 1);
}

const char *
words_rate(int64_t part, int64_t whole, struct arena *arena)
{
	double rate;

	if (whole <= 0)
		return "-";
	rate = 100.0 * (double)part / (double)whole;
	if (part > 0 && rate < 0.01)
		return arena_printf(arena, "<%s %%", decimal(0.01, 2, arena));
	/* Of what is not quite all, it is not said that it is. */
	if (part < whole && rate > 99.99)
		return arena_printf(arena, ">%s %%", decimal(99.99, 2, arena));
	return arena_printf(arena, "%s %%",
	    decimal(rate, rate < 10 || rate > 99 ? 2 : 1, arena));
}

const char *
words_day(int64_t day, struct arena *arena)
{
	static const char *const months[] = { N_("January"), N_("February"),
		N_("March"), N_("April"), N_("May"), N_("June"), N_("July"),
		N_("August"), N_("September"), N_("October"), N_("November"),
		N_("December") };
	const char *text = filter_day_text(day, arena);
	long long year = 0;
	long long month = 0;
	long long of_month = 0;

	(void)text_read_number(arena_copy(arena, text, 4), 0, 9999, &year);
	(void)text_read_number(arena_copy(arena, text + 5, 2), 1, 12, &month);
	(void)text_read_number(arena_copy(arena, text + 8, 2), 1, 31,
	    &of_month);
	if (month < 1)
		return text;
	/* TRANSLATORS: day of the month, month, year. */
	return arena_printf(arena, _("%lld %s %lld"), of_month,
	    _(months[month - 1]), year);
}

static int64_t
day_of(int64_t seconds)
{
	return seconds / DAY - (seconds % DAY < 0 ? 1 : 0);
}

/* A report that ends at the next midnight is one of one day. */
const char *
words_period(int64_t start, int64_t end, struct arena *arena)
{
	int64_t first = day_of(start);
	int64_t last = day_of(end > start ? end - 1 : start);

	if (first == last)
		return arena_printf(arena, _("on %s"), words_day(first, arena));
	return arena_printf(arena, _("from %s to %s"), words_day(first, arena),
	    words_day(last, arena));
}

const char *
words_days(int64_t days, struct arena *arena)
{
	return arena_printf(arena,
	    translate_plural("%s day", "%s days", (unsigned long)days),
	    words_number(days, arena));
}

const char *
words_sessions(int64_t sessions, struct arena *arena)
{
	return arena_printf(arena,
	    translate_plural("%s session", "%s sessions",
		(unsigned long)sessions),
	    words_number(sessions, arena));
}

const char *
words_reporters(int64_t reporters, struct arena *arena)
{
	return arena_printf(arena,
	    translate_plural("%s reporter", "%s reporters",
		(unsigned long)reporters),
	    words_number(reporters, arena));
}

const char *
words_name(const char *name, const char *missing, struct arena *arena)
{
	if (name == NULL || text_is_blank(name))
		return missing;
	return text_printable(name, arena);
}

const char *
words_list(const char *const names[], size_t n, size_t most,
    struct arena *arena)
{
	const char *text = n > 0 ? names[0] : "";
	size_t shown = n <= most ? n : most;

	for (size_t i = 1; i < shown; i++)
		text = arena_printf(arena,
		    i + 1 == n ? _("%s and %s") : "%s, %s", text, names[i]);
	if (shown == n)
		return text;
	return arena_printf(arena,
	    translate_plural("%s and %s more", "%s and %s more",
		(unsigned long)(n - shown)),
	    text, words_number((int64_t)(n - shown), arena));
}

static bool
is_word(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

enum fate
words_fate(const char *policy_type, const char *sts_mode)
{
	if (is_word(policy_type, "tlsa"))
		return FATE_REFUSED;
	if (is_word(policy_type, "no-policy-found"))
		return FATE_PLAIN;
	if (!is_word(policy_type, "sts"))
		return FATE_UNKNOWN;
	if (is_word(sts_mode, "enforce"))
		return FATE_REFUSED;
	if (is_word(sts_mode, "testing") || is_word(sts_mode, "none"))
		return FATE_DELIVERED;
	return FATE_UNKNOWN;
}

const char *
words_fate_code(enum fate fate)
{
	switch (fate) {
	case FATE_REFUSED:
		return "refused";
	case FATE_DELIVERED:
		return "delivered";
	case FATE_PLAIN:
		return "opportunistic";
	case FATE_UNKNOWN:
		break;
	}
	return "unknown";
}

static const char *
consequence_of_sts(const char *sts_mode, const char *who, unsigned long n,
    struct arena *arena)
{
	if (is_word(sts_mode, "enforce"))
		return arena_printf(arena,
		    translate_plural("Policy MTA-STS in mode enforce: %s did "
				     "not deliver over this session; it will "
				     "try again.",
			"Policy MTA-STS in mode enforce: %s did not deliver "
			"over these sessions; it will try again.",
			n),
		    who);
	if (is_word(sts_mode, "testing"))
		return arena_printf(arena,
		    _("Policy MTA-STS in mode testing: %s delivered the mail "
		      "all the same."),
		    who);
	if (is_word(sts_mode, "none"))
		return arena_printf(arena,
		    _("Policy MTA-STS in mode none: nothing is enforced, and "
		      "%s delivered the mail all the same."),
		    who);
	return arena_printf(arena,
	    _("Policy MTA-STS; the report does not say in which mode: in "
	      "enforce %s did not deliver over such a session, in testing it "
	      "did."),
	    who);
}

const char *
words_consequence(const char *policy_type, const char *sts_mode,
    const char *who, int64_t failed, struct arena *arena)
{
	unsigned long n = failed > 0 ? (unsigned long)failed : 0;

	if (is_word(policy_type, "sts"))
		return consequence_of_sts(sts_mode, who, n, arena);
	if (is_word(policy_type, "tlsa"))
		return arena_printf(arena,
		    translate_plural("Policy DANE: %s refused to deliver over "
				     "this session; it will try again.",
			"Policy DANE: %s refused to deliver over these "
			"sessions; it will try again.",
			n),
		    who);
	if (is_word(policy_type, "no-policy-found"))
		return arena_printf(arena,
		    _("There was no policy: TLS is used where it works, and %s "
		      "delivered the mail all the same, maybe unencrypted."),
		    who);
	return _("The report does not say which policy was followed, so that "
		 "nobody knows whether the mail was delivered.");
}

const char *
words_policy(const char *policy_type, const char *sts_mode, struct arena *arena)
{
	const struct policy_type *row =
	    policy_type != NULL ? policy_type_find(policy_type) : NULL;

	if (row == NULL)
		return words_name(policy_type, _("a policy of no type"), arena);
	if (strcmp(row->name, "sts") != 0 || sts_mode == NULL)
		return _(row->title);
	return arena_printf(arena, _("MTA-STS in mode %s"),
	    text_printable(sts_mode, arena));
}

/* A sentence with the host's name, where there is one. */
static const struct {
	const char *result_type;
	const char *with_host;
} failures[] = {
	{ "starttls-not-supported", N_("%s did not offer STARTTLS.") },
	{ "certificate-host-mismatch",
	    N_("The certificate that %s served does not name it.") },
	{ "certificate-expired", N_("The certificate of %s had expired.") },
	{ "certificate-not-trusted",
	    N_("The sender does not trust the certificate of %s.") },
	{ "validation-failure",
	    N_("TLS with %s failed, for a reason that no other result type "
	       "covers.") },
	{ "tlsa-invalid",
	    N_("None of the TLSA records of %s matched its certificate.") },
	{ "dnssec-invalid", N_("DNSSEC did not validate for %s.") },
	{ "dane-required",
	    N_("The sender insists on DANE, and %s has no validated TLSA "
	       "record.") },
};

/* The value where the pattern has its "%s". */
static const char *
fill(const char *pattern, const char *value, struct arena *arena)
{
	const char *mark = strstr(pattern, "%s");

	if (mark == NULL)
		return pattern;
	return arena_printf(arena, "%.*s%s%s", (int)(mark - pattern), pattern,
	    value, mark + 2);
}

const char *
words_failure(const char *result_type, const char *host, struct arena *arena)
{
	const struct result_type *row =
	    result_type != NULL ? result_type_find(result_type) : NULL;

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (row != NULL && host != NULL && !text_is_blank(host) &&
		    strcmp(failures[i].result_type, row->name) == 0)
			return fill(_(failures[i].with_host),
			    text_printable(host, arena), arena);
	if (row != NULL)
		return _(row->summary);
	if (result_type == NULL)
		return _("Something failed, and the report does not say what.");
	return arena_printf(arena,
	    _("The sender calls it \"%s\", which is no registered result "
	      "type."),
	    text_printable(result_type, arena));
}

const char *
words_reason(const char *reason, struct arena *arena)
{
	const struct failure_reason *found = failure_reason_find(reason);

	if (found == NULL)
		return NULL;
	return arena_printf(arena, _("\"%s\" (%s): %s"),
	    text_printable(reason, arena), found->words, _(found->meaning));
}

const char *
words_advice(const char *result_type)
{
	const struct result_type *row =
	    result_type != NULL ? result_type_find(result_type) : NULL;

	if (row != NULL)
		return _(row->advice);
	return _("Ask the sender what it means, and read the failure reason "
		 "code.");
}
