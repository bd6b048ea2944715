#include "explain/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/text.h"
#include "explain/json_read.h"

static const struct query_sql select_report = {
	"SELECT start_time, end_time, organization, report_id, contact,"
	" submitter, auth, auth_domain, deviations FROM report_detail"
	" WHERE report_key = $1",
	NULL
};

static const struct query_sql select_policies = {
	"SELECT policy_type, policy_domain, policy_strings, mx_hosts,"
	" sts_mode, sts_max_age, successful, failed, policy_no"
	" FROM policy_detail WHERE report_key = $1 AND start_time = $2"
	" ORDER BY policy_no",
	NULL
};

static const struct query_sql select_failures = {
	"SELECT policy_no, result_type, sending_mta_ip,"
	" receiving_mx_hostname, receiving_mx_helo, receiving_ip, failed,"
	" additional_information, failure_reason_code"
	" FROM failure_detail WHERE report_key = $1 AND start_time = $2"
	" ORDER BY policy_no, failure_no",
	NULL
};

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
load_is_key(const char *text)
{
	if (strlen(text) != REPORT_KEY_TEXT_SIZE - 1)
		return false;
	for (int i = 0; text[i] != '\0'; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text[i] != '-' : digit(text[i]) < 0)
			return false;
	}
	return true;
}

static void
read_key(const char *text, unsigned char key[REPORT_KEY_SIZE])
{
	size_t n = 0;

	for (; *text != '\0' && n < 2 * (size_t)REPORT_KEY_SIZE; text++) {
		if (*text == '-')
			continue;
		key[n / 2] = (unsigned char)(key[n / 2] << 4 | digit(*text));
		n++;
	}
}

static deviations
read_deviations(const char *codes, struct arena *arena)
{
	struct text_list list = { 0 };
	deviations noted = 0;

	if (!json_read_list(codes, arena, &list))
		return 0;
	for (size_t i = 0; i < list.len; i++)
		for (int code = 0; code < NDEVIATIONS; code++)
			if (strcmp(deviation_codes[code].code, list.at[i]) == 0)
				noted |= (deviations)1 << code;
	return noted;
}

static int64_t
read_time(const char *text)
{
	struct datetime read = { 0 };

	return text != NULL && datetime_read(text, &read) ? read.seconds : 0;
}

static struct address
read_address(const char *text)
{
	if (text == NULL)
		return (struct address){ .family = 0 };
	return (struct address){
		.family = strchr(text, ':') != NULL ? 6 : 4,
		.text = text,
	};
}

static enum auth
read_auth(const char *text)
{
	for (int i = 0; i < NAUTHS; i++)
		if (text != NULL && strcmp(auth_names[i], text) == 0)
			return (enum auth)i;
	return AUTH_NONE;
}

static void
fill_report(struct report *report, const char *key,
    const struct query_rows *rows, struct arena *arena)
{
	*report = (struct report){
		.start = read_time(query_text(rows, 0, 0)),
		.end = read_time(query_text(rows, 0, 1)),
		.organization = query_text(rows, 0, 2),
		.id = query_text(rows, 0, 3),
		.contact = query_text(rows, 0, 4),
		.submitter = query_text(rows, 0, 5),
		.auth = read_auth(query_text(rows, 0, 6)),
		.auth_domain = query_text(rows, 0, 7),
		.deviations = read_deviations(query_text(rows, 0, 8), arena),
	};
	read_key(key, report->key);
}

static void
fill_policies(struct report *report, const struct query_rows *rows,
    struct arena *arena)
{
	report->npolicies = rows->len;
	report->policies =
	    arena_array(arena, rows->len, sizeof(*report->policies));
	for (size_t i = 0; i < rows->len; i++) {
		struct policy *policy = &report->policies[i];

		*policy = (struct policy){
			.type = query_text(rows, i, 0),
			.domain = query_text(rows, i, 1),
			.sts_mode = query_text(rows, i, 4),
			.sts_max_age = query_text(rows, i, 5) != NULL ?
			    query_number(rows, i, 5) :
			    -1,
			.successful = query_number(rows, i, 6),
			.failed = query_number(rows, i, 7),
		};
		(void)json_read_list(query_text(rows, i, 2), arena,
		    &policy->strings);
		(void)json_read_list(query_text(rows, i, 3), arena,
		    &policy->mx_hosts);
	}
}

/* Failures come in the order of their policies. */
static void
fill_failures(struct report *report, const struct query_rows *policies,
    const struct query_rows *rows, struct arena *arena)
{
	struct failure *failures =
	    arena_array(arena, rows->len, sizeof(*failures));
	size_t next = 0;

	for (size_t i = 0; i < report->npolicies; i++) {
		struct policy *policy = &report->policies[i];

		policy->failures = failures + next;
		while (next < rows->len &&
		    query_number(rows, next, 0) ==
			query_number(policies, i, 8)) {
			failures[next] = (struct failure){
				query_text(rows, next, 1),
				read_address(query_text(rows, next, 2)),
				query_text(rows, next, 3),
				query_text(rows, next, 4),
				read_address(query_text(rows, next, 5)),
				query_number(rows, next, 6),
				query_text(rows, next, 7),
				query_text(rows, next, 8),
			};
			next++;
			policy->nfailures++;
		}
	}
}

bool
load_report(struct query *query, const char *key, struct arena *arena,
    struct report *report, struct fault *fault)
{
	const char *params[2] = { key, NULL };
	struct query_rows found;
	struct query_rows policies;
	struct query_rows failures;

	params[0] = text_lower(key, arena);
	if (!query_run(query, &select_report, params, 1, arena, &found, fault))
		return false;
	if (found.len == 0)
		return fault_set(fault, FAULT_INPUT,
		    "%s: the database has no report of this key", key);
	params[1] = query_text(&found, 0, 0);
	if (!query_run(query, &select_policies, params, 2, arena, &policies,
		fault) ||
	    !query_run(query, &select_failures, params, 2, arena, &failures,
		fault))
		return false;
	fill_report(report, params[0], &found, arena);
	fill_policies(report, &policies, arena);
	fill_failures(report, &policies, &failures, arena);
	return true;
}
