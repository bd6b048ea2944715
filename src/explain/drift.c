/*
 * The command "drift": the policies that senders reported against those that
 * are published now, as tlsrpt-dns found them.
 */
#include <string.h>

#include "base/text.h"
#include "base/translate.h"
#include "explain/figures.h"
#include "explain/json_read.h"
#include "explain/policies.h"
#include "explain/task.h"

enum { DAY = 24 * 60 * 60, FINDINGS_MOST = 500 };

/* What is published now. */
struct published {
	bool has_sts;
	struct sts_policy sts;
	struct text_list tlsa;
	struct text_list mx; /* hosts of the MX record */
};

/* One difference. */
struct finding {
	const char *code;
	const char *organization; /* who saw it, or NULL */
	const char *seen;
	const char *published;
	int64_t last_day;
	int64_t until; /* day on which it ends by itself; -1: none */
	const char *text;
};

struct drift {
	struct task *task;
	struct live live;
	struct published published;
	struct seen_policies seen;
	struct finding *findings;
	size_t nfindings;
};

static bool
is_type(const struct live_record *record, const char *type)
{
	return record->type != NULL && strcmp(record->type, type) == 0;
}

static bool
has_text(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->at[i], text) == 0)
			return true;
	return false;
}

/* Several checks of one domain may bring the same record. */
static void
add_text(struct text_list *list, const char *text)
{
	if (!has_text(list, text))
		list->at[list->len++] = text;
}

/* "10 mx.example.org." */
static const char *
mx_host(const char *value, struct arena *arena)
{
	const char *blank = strrchr(value, ' ');

	return text_domain(blank != NULL ? blank + 1 : value, arena);
}

static void
read_record(struct drift *drift, const struct live_record *record)
{
	struct published *published = &drift->published;
	struct arena *arena = drift->task->arena;

	if (is_type(record, "TLSA")) {
		add_text(&published->tlsa, policies_tlsa(record->value, arena));
	} else if (is_type(record, "MX")) {
		add_text(&published->mx, mx_host(record->value, arena));
	} else if (strstr(record->value, "mode:") != NULL &&
	    strstr(record->value, "STSv1") != NULL) {
		struct text_list lines = policies_lines(record->value, arena);

		published->has_sts = true;
		published->sts = policies_parse(&lines, arena);
	}
}

static void
read_published(struct drift *drift)
{
	struct published *published = &drift->published;
	struct arena *arena = drift->task->arena;
	size_t n = drift->live.nrecords;

	published->tlsa.at = arena_array(arena, n, sizeof(char *));
	published->mx.at = arena_array(arena, n, sizeof(char *));
	for (size_t i = 0; i < n; i++)
		read_record(drift, &drift->live.records[i]);
}

static struct finding *
add(struct drift *drift, const char *code)
{
	struct finding *finding;

	if (drift->nfindings == FINDINGS_MOST)
		drift->nfindings--;
	finding = &drift->findings[drift->nfindings++];
	*finding =
	    (struct finding){ .code = code, .last_day = -1, .until = -1 };
	return finding;
}

static const char *
who(const struct drift *drift, const char *organization)
{
	return words_name(organization, _("A sender without a name"),
	    drift->task->arena);
}

static const char *
printable(const struct drift *drift, const char *text)
{
	return text_printable(text, drift->task->arena);
}

/* Until when a copy of that policy may live. */
static int64_t
copy_ends(const struct seen_policy *policy)
{
	if (policy->sts.max_age < 0)
		return -1;
	return policy->last_day + 1 + (policy->sts.max_age + DAY - 1) / DAY;
}

static const char *
stale_text(const struct drift *drift, const struct seen_policy *policy,
    const struct finding *finding)
{
	struct arena *arena = drift->task->arena;

	if (finding->until < 0)
		return arena_printf(arena,
		    _("%s went by another policy on %s: %s."),
		    who(drift, policy->organization),
		    words_day(policy->last_day, arena),
		    printable(drift, finding->seen));
	return arena_printf(arena,
	    _("%s went by another policy on %s: %s.  Its copy may live until "
	      "%s."),
	    who(drift, policy->organization),
	    words_day(policy->last_day, arena), printable(drift, finding->seen),
	    words_day(finding->until, arena));
}

/* The latest that this reporter saw: an older one is history. */
static bool
is_latest(const struct seen_policies *seen, size_t n)
{
	const struct seen_policy *policy = &seen->at[n];

	for (size_t i = 0; i < n; i++) {
		const struct seen_policy *other = &seen->at[i];
		bool same = policy->organization == NULL ||
			other->organization == NULL ?
		    policy->organization == other->organization :
		    strcmp(policy->organization, other->organization) == 0;

		if (!other->tlsa && same)
			return false;
	}
	return true;
}

static void
compare_sts(struct drift *drift)
{
	const struct published *published = &drift->published;
	struct arena *arena = drift->task->arena;
	bool confirmed = false;

	for (size_t i = 0; drift->live.sts && i < drift->seen.len; i++) {
		const struct seen_policy *policy = &drift->seen.at[i];
		struct finding *finding;

		if (policy->tlsa || !is_latest(&drift->seen, i))
			continue;
		if (published->has_sts &&
		    policies_same(&policy->sts, &published->sts)) {
			confirmed = true;
			continue;
		}
		finding = add(drift,
		    !published->has_sts ? "policy-withdrawn" :
			policy->sts.mode != NULL &&
			    published->sts.mode != NULL &&
			    strcmp(policy->sts.mode, published->sts.mode) != 0 ?
					  "mode-differs" :
					  "stale-policy");
		finding->organization = policy->organization;
		finding->seen = policies_text(&policy->sts, arena);
		finding->last_day = policy->last_day;
		finding->until = copy_ends(policy);
		if (published->has_sts)
			finding->published =
			    policies_text(&published->sts, arena);
		finding->text = stale_text(drift, policy, finding);
	}
	if (drift->live.sts && published->has_sts && !confirmed) {
		struct finding *finding = add(drift, "policy-not-seen");

		finding->published = policies_text(&published->sts, arena);
		finding->text = arena_printf(arena,
		    _("No sender has reported the published policy yet: %s."),
		    printable(drift, finding->published));
	}
}

/* Who saw a TLSA record last; NULL: nobody. */
static const struct seen_policy *
last_seen(const struct drift *drift, const char *record)
{
	for (size_t i = 0; i < drift->seen.len; i++)
		if (drift->seen.at[i].tlsa &&
		    has_text(&drift->seen.at[i].records, record))
			return &drift->seen.at[i];
	return NULL;
}

static void
compare_old_tlsa(struct drift *drift, const struct seen_policy *policy,
    struct text_list *told)
{
	struct arena *arena = drift->task->arena;

	for (size_t i = 0; i < policy->records.len; i++) {
		const char *record = policy->records.at[i];
		struct finding *finding;

		if (has_text(&drift->published.tlsa, record) ||
		    has_text(told, record) || told->len == FINDINGS_MOST)
			continue;
		add_text(told, record);
		finding = add(drift, "tlsa-withdrawn");
		finding->organization = policy->organization;
		finding->seen = record;
		finding->last_day = policy->last_day;
		finding->text = arena_printf(arena,
		    _("TLSA record %s is not published any more; %s still saw "
		      "it on %s."),
		    printable(drift, record), who(drift, policy->organization),
		    words_day(policy->last_day, arena));
	}
}

static void
compare_tlsa(struct drift *drift)
{
	const struct published *published = &drift->published;
	struct arena *arena = drift->task->arena;
	struct text_list told = { .at = arena_array(arena, FINDINGS_MOST,
				      sizeof(char *)) };
	bool seen = false;

	for (size_t i = 0; i < drift->seen.len; i++)
		seen |= drift->seen.at[i].tlsa;
	for (size_t i = 0; seen && i < published->tlsa.len; i++) {
		const char *record = published->tlsa.at[i];
		struct finding *finding;

		if (last_seen(drift, record) != NULL)
			continue;
		finding = add(drift, "tlsa-not-seen");
		finding->published = record;
		finding->text = arena_printf(arena,
		    _("TLSA record %s is published, and no sender has seen it "
		      "yet: do not change the certificate to it before they "
		      "have."),
		    printable(drift, record));
	}
	for (size_t i = 0; drift->live.dane && i < drift->seen.len; i++)
		if (drift->seen.at[i].tlsa)
			compare_old_tlsa(drift, &drift->seen.at[i], &told);
}

/* Is this host one that mail should come to? */
static bool
is_known_host(const struct published *published, const char *host)
{
	return (published->mx.len > 0 &&
		   policies_mx_matches(&published->mx, host)) ||
	    (published->has_sts &&
		policies_mx_matches(&published->sts.mx_hosts, host));
}

static const struct query_sql select_hosts = {
	"SELECT receiving_mx_hostname, max(start_time), sum(failed),"
	" min(organization) FROM failure_report"
	" WHERE start_time >= $1 AND start_time < $2"
	" AND policy_domain = $3 AND receiving_mx_hostname <> ''"
	" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500",
	NULL
};

static bool
compare_hosts(struct drift *drift)
{
	struct task *task = drift->task;
	struct arena *arena = task->arena;
	const char *const params[] = { arena_printf(arena, "%sT00:00:00Z",
					   filter_day_text(task->filter.since,
					       arena)),
		arena_printf(arena, "%sT00:00:00Z",
		    filter_day_text(task->filter.until + 1, arena)),
		task->filter.domain };
	struct query_rows rows;

	if (!query_run(task->query, &select_hosts, params, 3, arena, &rows,
		task->fault))
		return false;
	for (size_t i = 0; i < rows.len; i++) {
		const char *host = query_text(&rows, i, 0);
		struct finding *finding;

		if (is_known_host(&drift->published, host) ||
		    (!drift->published.has_sts && drift->published.mx.len == 0))
			continue;
		finding = add(drift, "unknown-mx");
		finding->organization = query_text(&rows, i, 3);
		finding->seen = host;
		(void)filter_day_read(query_text(&rows, i, 1),
		    &finding->last_day);
		finding->text = arena_printf(arena,
		    _("%s met the host %s on %s, which neither the MX record "
		      "nor the published policy names."),
		    who(drift, finding->organization), printable(drift, host),
		    words_day(finding->last_day, arena));
	}
	return true;
}

static const struct table_column columns[] = {
	{ "domain", CELL_TEXT },
	{ "code", CELL_TEXT },
	{ "organization", CELL_TEXT },
	{ "seen", CELL_TEXT },
	{ "published", CELL_TEXT },
	{ "last_day", CELL_TEXT },
	{ "until", CELL_TEXT },
};

enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void
print_table(const struct drift *drift)
{
	struct arena *arena = drift->task->arena;
	struct table table =
	    table_new("drift", columns, NCOLUMNS, drift->nfindings, arena);

	for (size_t i = 0; i < drift->nfindings; i++) {
		const struct finding *finding = &drift->findings[i];
		const char **row = table_row(&table);

		row[0] = drift->task->filter.domain;
		row[1] = finding->code;
		row[2] = finding->organization;
		row[3] = finding->seen;
		row[4] = finding->published;
		if (finding->last_day >= 0)
			row[5] = filter_day_text(finding->last_day, arena);
		if (finding->until >= 0)
			row[6] = filter_day_text(finding->until, arena);
	}
	task_table(drift->task, &table);
}

static void
print_text(const struct drift *drift)
{
	const struct term *term = &drift->task->term;
	const struct published *published = &drift->published;
	struct arena *arena = term->arena;

	if (drift->live.sts)
		term_paragraph(term, 0, 0,
		    published->has_sts ?
			arena_printf(arena, _("Published for %s: %s."),
			    printable(drift, drift->task->filter.domain),
			    printable(drift,
				policies_text(&published->sts, arena))) :
			arena_printf(arena,
			    _("No MTA-STS policy is published for %s."),
			    printable(drift, drift->task->filter.domain)));
	if (drift->seen.len == 0)
		term_paragraph(term, 0, 0,
		    _("No sender reported a policy of it in this span."));
	else if (drift->nfindings == 0)
		term_paragraph(term, 0, 0,
		    _("No drift: what senders saw last is what is published "
		      "now."));
	for (size_t i = 0; i < drift->nfindings; i++)
		term_item(term, 0,
		    term_tone(term, TONE_WARN, drift->findings[i].code),
		    drift->findings[i].text);
}

bool
drift_run(struct task *task, const char *operand)
{
	struct drift drift = { .task = task };

	if (!task->live_given)
		return fault_set(task->fault, FAULT_USAGE,
		    "drift wants --live: tlsrpt-dns check mta-sts %s "
		    "--format=json | tlsrpt-report drift %s --live=-",
		    operand, operand);
	task->filter.domain = text_domain(operand, task->arena);
	task->filter.exact = true;
	drift.findings =
	    arena_array(task->arena, FINDINGS_MOST, sizeof(*drift.findings));
	if (!json_read_live(task->live, task->filter.domain, task->arena,
		&drift.live, task->fault) ||
	    !policies_read(task->query, &task->filter, task->arena, &drift.seen,
		task->fault))
		return false;
	read_published(&drift);
	compare_sts(&drift);
	compare_tlsa(&drift);
	if (!compare_hosts(&drift))
		return false;
	task->status = drift.nfindings > 0 ? 1 : 0;
	if (task->format == FORMAT_TEXT)
		print_text(&drift);
	else
		print_table(&drift);
	return true;
}
