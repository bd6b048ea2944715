#include "explain/policies.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "explain/json_read.h"

enum { LINES_MOST = 2000 };

static const char select_seen[] =
    "SELECT p.policy_type, p.policy_domain, p.policy_strings, p.mx_hosts,"
    " p.sts_mode, p.sts_max_age, coalesce(r.organization, r.submitter),"
    " min(p.start_time), max(p.start_time),"
    " sum(p.successful) + sum(p.failed)"
    " FROM policy_detail p JOIN report_detail r"
    " ON r.report_key = p.report_key AND r.start_time = p.start_time"
    " WHERE p.start_time >= $1 AND p.start_time < $2"
    " AND r.start_time >= $1 AND r.start_time < $2"
    " AND (p.policy_domain = $3 OR (p.policy_type = 'tlsa'"
    " AND p.policy_domain LIKE '%.' || $3))"
    " AND p.policy_type IN ('sts', 'tlsa')"
    " AND (CAST($4 AS text) IS NULL"
    " OR coalesce(r.organization, r.submitter) = $4)"
    " AND (CAST($5 AS text) IS NULL OR r.auth = $5)"
    " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 9 DESC, 8 DESC, 10 DESC, 7"
    " LIMIT 2000";

struct text_list
policies_lines(const char *text, struct arena *arena)
{
	struct text_list lines = { 0 };

	lines.at = arena_array(arena, LINES_MOST, sizeof(*lines.at));
	while (*text != '\0' && lines.len < LINES_MOST) {
		size_t len = strcspn(text, "\r\n");

		if (len > 0)
			lines.at[lines.len++] = arena_copy(arena, text, len);
		text += len;
		text += strspn(text, "\r\n");
	}
	return lines;
}

static int
by_text(const void *one, const void *two)
{
	return strcmp(*(const char *const *)one, *(const char *const *)two);
}

/* The value behind "name:", or NULL. */
static const char *
value_of(const char *line, const char *name, struct arena *arena)
{
	size_t len = strlen(name);

	line += strspn(line, " \t");
	if (strncmp(line, name, len) != 0)
		return NULL;
	line += len;
	line += strspn(line, " \t");
	if (*line != ':')
		return NULL;
	return text_domain(line + 1, arena);
}

struct sts_policy
policies_parse(const struct text_list *lines, struct arena *arena)
{
	struct sts_policy policy = { .max_age = -1 };

	policy.mx_hosts.at =
	    arena_array(arena, lines->len, sizeof(*policy.mx_hosts.at));
	for (size_t i = 0; i < lines->len; i++) {
		const char *mx = value_of(lines->at[i], "mx", arena);
		const char *age = value_of(lines->at[i], "max_age", arena);
		const char *mode = value_of(lines->at[i], "mode", arena);
		long long number;

		if (mx != NULL)
			policy.mx_hosts.at[policy.mx_hosts.len++] = mx;
		if (mode != NULL && policy.mode == NULL)
			policy.mode = mode;
		if (age != NULL && text_read_number(age, 0, INT32_MAX, &number))
			policy.max_age = number;
	}
	qsort(policy.mx_hosts.at, policy.mx_hosts.len,
	    sizeof(*policy.mx_hosts.at), by_text);
	return policy;
}

const char *
policies_tlsa(const char *record, struct arena *arena)
{
	char *text = text_lower(record, arena);
	char *to;
	int fields = 0;

	text += strspn(text, " \t");
	to = text;
	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\t') {
			*to++ = *from;
			continue;
		}
		/* Blanks in the digits mean nothing. */
		if (fields < 3 && to > text && to[-1] != ' ') {
			*to++ = ' ';
			fields++;
		}
	}
	*to = '\0';
	return text;
}

static void
read_records(struct seen_policy *policy, const struct text_list *strings,
    struct arena *arena)
{
	struct text_list list = json_unpack_strings(strings, arena);

	policy->records.at =
	    arena_array(arena, list.len, sizeof(*policy->records.at));
	for (size_t i = 0; i < list.len; i++)
		policy->records.at[policy->records.len++] =
		    policies_tlsa(list.at[i], arena);
}

/* What the lines do not say, the columns may. */
static void
read_sts(struct seen_policy *policy, const struct query_rows *rows, size_t row,
    const struct text_list *strings, struct arena *arena)
{
	struct text_list hosts = { 0 };
	struct sts_policy *sts = &policy->sts;

	*sts = policies_parse(strings, arena);
	if (sts->mode == NULL)
		sts->mode = query_text(rows, row, 4);
	if (sts->max_age < 0 && query_text(rows, row, 5) != NULL)
		sts->max_age = query_number(rows, row, 5);
	if (sts->mx_hosts.len > 0 ||
	    !json_read_list(query_text(rows, row, 3), arena, &hosts))
		return;
	for (size_t i = 0; i < hosts.len; i++)
		hosts.at[i] = text_domain(hosts.at[i], arena);
	if (hosts.len > 0)
		qsort(hosts.at, hosts.len, sizeof(*hosts.at), by_text);
	sts->mx_hosts = hosts;
}

bool
policies_read(struct query *query, const struct filter *filter,
    struct arena *arena, struct seen_policies *seen, struct fault *fault)
{
	const char *params[] = { arena_printf(arena, "%sT00:00:00Z",
				     filter_day_text(filter->since, arena)),
		arena_printf(arena, "%sT00:00:00Z",
		    filter_day_text(filter->until + 1, arena)),
		filter->domain, filter->organization,
		filter->verified ? "pass" : NULL };
	const struct query_sql sql = { select_seen, NULL };
	struct query_rows rows;

	*seen = (struct seen_policies){ 0 };
	if (!query_run(query, &sql, params, 5, arena, &rows, fault))
		return false;
	seen->at = arena_array(arena, rows.len, sizeof(*seen->at));
	for (size_t i = 0; i < rows.len; i++) {
		struct seen_policy *policy = &seen->at[seen->len++];
		struct text_list strings = { 0 };

		policy->tlsa = strcmp(query_text(&rows, i, 0), "tlsa") == 0;
		policy->domain = query_text(&rows, i, 1);
		policy->organization = query_text(&rows, i, 6);
		policy->sessions = query_number(&rows, i, 9);
		(void)filter_day_read(query_text(&rows, i, 7),
		    &policy->first_day);
		(void)filter_day_read(query_text(&rows, i, 8),
		    &policy->last_day);
		(void)json_read_list(query_text(&rows, i, 2), arena, &strings);
		if (policy->tlsa)
			read_records(policy, &strings, arena);
		else
			read_sts(policy, &rows, i, &strings, arena);
	}
	return true;
}

bool
policies_same(const struct sts_policy *one, const struct sts_policy *two)
{
	if (one->mode != NULL && two->mode != NULL &&
	    strcmp(one->mode, two->mode) != 0)
		return false;
	if (one->max_age >= 0 && two->max_age >= 0 &&
	    one->max_age != two->max_age)
		return false;
	if (one->mx_hosts.len == 0 || two->mx_hosts.len == 0)
		return true;
	if (one->mx_hosts.len != two->mx_hosts.len)
		return false;
	for (size_t i = 0; i < one->mx_hosts.len; i++)
		if (strcmp(one->mx_hosts.at[i], two->mx_hosts.at[i]) != 0)
			return false;
	return true;
}

/* Of those last seen on one day the one that came up last is the newest. */
const struct seen_policy *
policies_newest(const struct seen_policies *seen)
{
	const struct seen_policy *newest = NULL;

	for (size_t i = 0; i < seen->len; i++)
		if (!seen->at[i].tlsa &&
		    (newest == NULL ||
			seen->at[i].first_day > newest->first_day ||
			(seen->at[i].first_day == newest->first_day &&
			    seen->at[i].last_day > newest->last_day)))
			newest = &seen->at[i];
	return newest;
}

bool
policies_mx_matches(const struct text_list *patterns, const char *host)
{
	const char *dot = strchr(host, '.');

	for (size_t i = 0; i < patterns->len; i++) {
		const char *pattern = patterns->at[i];

		if (strcmp(pattern, host) == 0)
			return true;
		/* A wildcard stands for one label. */
		if (strncmp(pattern, "*.", 2) == 0 && dot != NULL &&
		    strcmp(pattern + 1, dot) == 0)
			return true;
	}
	return false;
}

const char *
policies_text(const struct sts_policy *policy, struct arena *arena)
{
	const char *text = arena_printf(arena, "mode %s",
	    policy->mode != NULL ? policy->mode : "?");

	if (policy->max_age >= 0)
		text = arena_printf(arena, "%s, max_age %lld", text,
		    (long long)policy->max_age);
	for (size_t i = 0; i < policy->mx_hosts.len; i++)
		text = arena_printf(arena, "%s%s %s", text,
		    i == 0 ? ", mx" : "", policy->mx_hosts.at[i]);
	return text;
}
