#include "store/reparse_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "report/identity.h"

/* Bytes of documents in one batch; it has one at least. */
enum { BATCH_BYTES = 4 << 20 };

#define PG_BEHIND \
	"(report_key, start_time) > (CAST($1 AS uuid), CAST($2 AS timestamptz))"
#define PG_UP_TO                                               \
	" AND (report_key, start_time) <= (CAST($3 AS uuid), " \
	"CAST($4 AS timestamptz)) "
#define BEHIND "(report_key, start_time) > ($1, $2)"
#define UP_TO  " AND (report_key, start_time) <= ($3, $4) "

/* Tables may be empty in the planner's mind, and are walked by their index. */
static const struct query_sql settings = {
	"SELECT set_config(name, 'off', true) FROM unnest(ARRAY["
	"'enable_seqscan', 'enable_bitmapscan', 'enable_sort']) AS name",
	"SELECT 1",
};

static const struct query_sql list_next = {
	"SELECT report_key, start_time, octet_length(document) FROM report "
	"WHERE " PG_BEHIND " ORDER BY report_key, start_time LIMIT 500",
	"SELECT report_key, start_time, length(document) FROM report "
	"WHERE " BEHIND " ORDER BY report_key, start_time LIMIT 500",
};

#define COLUMNS                                                        \
	"SELECT report_key, start_time, end_time, received_at, "       \
	"organization, report_id, contact, submitter, channel, auth, " \
	"auth_domain, deviations, "

enum column {
	KEY,
	START,
	END,
	RECEIVED,
	ORGANIZATION,
	ID,
	CONTACT,
	SUBMITTER,
	CHANNEL,
	AUTH,
	AUTH_DOMAIN,
	DEVIATIONS,
	CONTENT_DIGEST,
	DOCUMENT
};

static const struct query_sql select_reports = {
	COLUMNS "encode(content_digest, 'hex'), encode(document, 'hex') "
		"FROM report WHERE " PG_BEHIND PG_UP_TO
		"ORDER BY report_key, start_time",
	COLUMNS "lower(hex(content_digest)), lower(hex(document)) "
		"FROM report WHERE " BEHIND UP_TO
		"ORDER BY report_key, start_time",
};

/* The rows below these reports, a page of them, behind the row of $5 and $6. */
enum { PAGE = 5000 };

#define PG_BEHIND_ROW                                     \
	" > (CAST($1 AS uuid), CAST($2 AS timestamptz), " \
	"CAST($5 AS integer)"

/* SQLite keeps these rows in the order of their time: one look-up a report. */
#define BELOW                                             \
	" p ON p.start_time = r.start_time "              \
	"AND p.report_key = r.report_key "                \
	"WHERE (r.report_key, r.start_time) >= ($1, $2) " \
	"AND (r.report_key, r.start_time) <= ($3, $4) AND "
#define BEHIND_ROW " > ($1, $2, CAST($5 AS INTEGER)"

#define POLICY_KEY     "report_key, start_time, policy_no"
#define POLICY_ROW_KEY "r.report_key, r.start_time, p.policy_no"
#define POLICY_COLUMNS                                                   \
	"SELECT p.report_key, p.start_time, p.policy_no, 0, "            \
	"p.policy_type, p.policy_domain, p.policy_strings, p.mx_hosts, " \
	"p.sts_mode, p.sts_max_age, p.successful, p.failed "

static const struct query_sql select_policies = {
	POLICY_COLUMNS "FROM policy p WHERE (" POLICY_KEY ")" PG_BEHIND_ROW
		       ")" PG_UP_TO "ORDER BY " POLICY_KEY " LIMIT 5000",
	POLICY_COLUMNS "FROM report r CROSS JOIN policy" BELOW
		       "(" POLICY_ROW_KEY ")" BEHIND_ROW
		       ") ORDER BY " POLICY_ROW_KEY " LIMIT 5000",
};

#define FAILURE_KEY     POLICY_KEY ", failure_no"
#define FAILURE_ROW_KEY POLICY_ROW_KEY ", p.failure_no"
#define FAILURE_COLUMNS                                                  \
	"SELECT p.report_key, p.start_time, p.policy_no, p.failure_no, " \
	"p.receiving_mx_hostname, p.receiving_mx_helo, p.failed, "       \
	"p.additional_information, p.failure_reason_code, p.result_type, "

static const struct query_sql select_failures = {
	FAILURE_COLUMNS "host(p.sending_mta_ip), host(p.receiving_ip) "
			"FROM failure p WHERE (" FAILURE_KEY ")" PG_BEHIND_ROW
			", CAST($6 AS integer))" PG_UP_TO
			"ORDER BY " FAILURE_KEY " LIMIT 5000",
	FAILURE_COLUMNS "p.sending_mta_ip, p.receiving_ip "
			"FROM report r CROSS JOIN failure" BELOW
			"(" FAILURE_ROW_KEY ")" BEHIND_ROW
			", CAST($6 AS INTEGER)) ORDER BY " FAILURE_ROW_KEY
			" LIMIT 5000",
};

enum { ROW_KEYS = 4, POLICY_DOMAIN = ROW_KEYS + 1 };

/* --- one row or what would be one, as bytes of a digest ------------------- */

static void
add_text(struct digest *digest, const char *text)
{
	digest_add(digest, text != NULL ? "+" : "-", 1);
	if (text != NULL)
		digest_add(digest, text, strlen(text) + 1);
}

static void
add_number(struct digest *digest, int64_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	add_text(digest, text);
}

/* As query.h has lists: a JSON array of strings. */
static void
add_list(struct digest *digest, const struct text_list *list)
{
	struct buffer out = { 0 };

	buffer_text(&out, "[");
	for (size_t i = 0; i < list->len; i++) {
		buffer_text(&out, i > 0 ? "," : "");
		buffer_json(&out, list->at[i]);
	}
	buffer_text(&out, "]");
	add_text(digest, out.at);
	buffer_free(&out);
}

/* In the order of POLICY_COLUMNS. */
static void
add_policy(struct digest *digest, size_t no, const struct policy *policy)
{
	add_number(digest, (int64_t)no);
	add_number(digest, 0);
	add_text(digest, policy->type);
	add_text(digest, policy->domain);
	add_list(digest, &policy->strings);
	add_list(digest, &policy->mx_hosts);
	add_text(digest, policy->sts_mode);
	if (policy->sts_max_age >= 0)
		add_number(digest, policy->sts_max_age);
	else
		add_text(digest, NULL);
	add_number(digest, policy->successful);
	add_number(digest, policy->failed);
}

/* In the order of FAILURE_COLUMNS, with both addresses at the end. */
static void
add_failure(struct digest *digest, size_t policy_no, size_t no,
    const struct failure *failure)
{
	add_number(digest, (int64_t)policy_no);
	add_number(digest, (int64_t)no);
	add_text(digest, failure->receiving_mx_hostname);
	add_text(digest, failure->receiving_mx_helo);
	add_number(digest, failure->failed);
	add_text(digest, failure->additional_information);
	add_text(digest, failure->failure_reason_code);
	add_text(digest, failure->result_type);
	add_text(digest, failure->sending_mta_ip.text);
	add_text(digest, failure->receiving_ip.text);
}

static struct reparse_sums
sums_of(const struct report *report)
{
	struct digest *policies = digest_start();
	struct digest *failures = digest_start();
	struct reparse_sums sums = { { 0 }, { 0 } };

	for (size_t i = 0; i < report->npolicies; i++) {
		const struct policy *policy = &report->policies[i];

		add_policy(policies, i + 1, policy);
		for (size_t k = 0; k < policy->nfailures; k++)
			add_failure(failures, i + 1, k + 1,
			    &policy->failures[k]);
	}
	digest_end(policies, sums.policies);
	digest_end(failures, sums.failures);
	return sums;
}

/* --- what is stored ------------------------------------------------------- */

struct reading {
	struct query *from;
	struct arena *arena;
	struct stored *stored;
	size_t n;
	struct fault *fault;
};

static int64_t
read_time(const char *text)
{
	struct datetime read = { .seconds = 0 };

	return text != NULL && datetime_read(text, &read) ? read.seconds : 0;
}

/* The place of a word among some; 0 where it is none of them. */
static int
read_word(const char *text, const char *const words[], int n)
{
	for (int i = 0; i < n; i++)
		if (text != NULL && strcmp(text, words[i]) == 0)
			return i;
	return 0;
}

/* A JSON array of codes, in which no character is escaped. */
static deviations
read_deviations(const char *text)
{
	deviations noted = 0;

	for (int i = 0; text != NULL && i < NDEVIATIONS; i++) {
		const char *code = deviation_codes[i].code;
		size_t len = strlen(code);

		for (const char *at = strstr(text, code); at != NULL;
		     at = strstr(at + 1, code))
			if (at > text && at[-1] == '"' && at[len] == '"')
				noted |= (deviations)1 << i;
	}
	return noted;
}

static unsigned char
read_digit(char digit)
{
	return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static struct bytes
read_hex(const char *hex, struct arena *arena)
{
	size_t len = hex != NULL ? strlen(hex) / 2 : 0;
	unsigned char *bytes = arena_alloc(arena, len + 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(read_digit(hex[2 * i]) << 4 |
		    read_digit(hex[2 * i + 1]));
	return (struct bytes){ bytes, len };
}

void
reparse_set_place(struct reparse_place *place, const char *key,
    const char *start)
{
	(void)snprintf(place->key, sizeof(place->key), "%s", key);
	(void)snprintf(place->start, sizeof(place->start), "%s", start);
}

static void
fill(struct stored *stored, const struct query_rows *rows, size_t i,
    struct arena *arena)
{
	*stored = (struct stored){
		.digest = query_text(rows, i, CONTENT_DIGEST),
		.organization = query_text(rows, i, ORGANIZATION),
		.id = query_text(rows, i, ID),
		.contact = query_text(rows, i, CONTACT),
		.kept = { .deviations =
			      read_deviations(query_text(rows, i, DEVIATIONS)),
		    .start = read_time(query_text(rows, i, START)),
		    .end = read_time(query_text(rows, i, END)),
		    .submitter = query_text(rows, i, SUBMITTER),
		    .auth = (enum auth)read_word(query_text(rows, i, AUTH),
			auth_names, NAUTHS),
		    .auth_domain = query_text(rows, i, AUTH_DOMAIN) },
		.channel = (enum channel)read_word(query_text(rows, i, CHANNEL),
		    channel_names, NCHANNELS),
		.received_at = read_time(query_text(rows, i, RECEIVED)),
		.document = read_hex(query_text(rows, i, DOCUMENT), arena),
	};
	reparse_set_place(&stored->place, query_text(rows, i, KEY),
	    query_text(rows, i, START));
}

/* The last of the next reports that are taken at once. */
static bool
find_end(struct reading *reading, const struct reparse_place *after,
    struct reparse_place *end, bool *there)
{
	const char *const params[] = { after->key, after->start };
	struct query_rows rows;
	int64_t bytes = 0;

	if (!query_run(reading->from, &list_next, params, 2, reading->arena,
		&rows, reading->fault))
		return false;
	*there = rows.len > 0;
	for (size_t i = 0; i < rows.len; i++) {
		bytes += query_number(&rows, i, 2);
		if (i > 0 && bytes > BATCH_BYTES)
			break;
		reparse_set_place(end, query_text(&rows, i, 0),
		    query_text(&rows, i, 1));
	}
	return true;
}

static bool
read_reports(struct reading *reading, const struct reparse_place *after,
    const struct reparse_place *end)
{
	const char *const params[] = { after->key, after->start, end->key,
		end->start };
	struct query_rows rows;

	if (!query_run(reading->from, &select_reports, params, 4,
		reading->arena, &rows, reading->fault))
		return false;
	reading->n = rows.len;
	reading->stored =
	    arena_array(reading->arena, rows.len, sizeof(*reading->stored));
	for (size_t i = 0; i < rows.len; i++)
		fill(&reading->stored[i], &rows, i, reading->arena);
	return true;
}

static bool
is_row_of(const struct query_rows *rows, size_t row,
    const struct stored *stored)
{
	return strcmp(query_text(rows, row, 0), stored->place.key) == 0 &&
	    strcmp(query_text(rows, row, 1), stored->place.start) == 0;
}

static void
note_domain(struct stored *stored, const char *domain, struct arena *arena)
{
	struct text_list *list = &stored->kept.domains;
	const char **longer;

	if (!rejoin_wants_domains(stored->kept.deviations))
		return;
	/* Room for as many again whenever their number is a power of two. */
	if ((list->len & (list->len - 1)) == 0) {
		longer =
		    arena_array(arena, 2 * list->len + 1, sizeof(*list->at));
		if (list->len > 0)
			memcpy(longer, list->at, list->len * sizeof(*list->at));
		list->at = longer;
	}
	list->at[list->len++] =
	    domain != NULL ? arena_copy(arena, domain, strlen(domain)) : NULL;
}

/* Rows of one table, which come in the order of the reports. */
struct walking {
	struct reading *reading;
	const struct query_sql *sql;
	bool policies;
	size_t at; /* the report whose rows come */
	struct digest *digest;
};

static void
end_report(struct walking *walking)
{
	struct reparse_sums *sums =
	    &walking->reading->stored[walking->at++].sums;

	digest_end(walking->digest,
	    walking->policies ? sums->policies : sums->failures);
	walking->digest = digest_start();
}

static void
take_row(struct walking *walking, const struct query_rows *rows, size_t row)
{
	struct reading *reading = walking->reading;

	while (walking->at < reading->n &&
	    !is_row_of(rows, row, &reading->stored[walking->at]))
		end_report(walking);
	if (walking->at == reading->n)
		return;
	for (size_t i = 2; i < rows->ncolumns; i++)
		add_text(walking->digest, query_text(rows, row, i));
	if (walking->policies)
		note_domain(&reading->stored[walking->at],
		    query_text(rows, row, POLICY_DOMAIN), reading->arena);
}

static bool
walk_rows(struct walking *walking)
{
	struct reading *reading = walking->reading;
	const struct stored *first = &reading->stored[0];
	const struct stored *last = &reading->stored[reading->n - 1];
	struct arena *pages[2] = { arena_new(), arena_new() };
	const char *params[6] = { first->place.key, first->place.start,
		last->place.key, last->place.start, "-1", "-1" };
	struct query_rows rows = { .len = 0 };
	bool done;
	size_t page = 0;

	do {
		arena_reset(pages[page % 2]);
		done = query_run(reading->from, walking->sql, params,
		    walking->policies ? 5 : 6, pages[page % 2], &rows,
		    reading->fault);
		for (size_t i = 0; done && i < rows.len; i++)
			take_row(walking, &rows, i);
		if (done && rows.len == PAGE) {
			params[0] = query_text(&rows, rows.len - 1, 0);
			params[1] = query_text(&rows, rows.len - 1, 1);
			params[4] = query_text(&rows, rows.len - 1, 2);
			params[5] = query_text(&rows, rows.len - 1, 3);
		}
		page++;
	} while (done && rows.len == PAGE);
	arena_free(pages[0]);
	arena_free(pages[1]);
	return done;
}

static bool
read_rows(struct reading *reading, const struct query_sql *sql, bool policies)
{
	unsigned char rest[DIGEST_SIZE];
	struct walking walking = { .reading = reading,
		.sql = sql,
		.policies = policies,
		.digest = digest_start() };
	bool done = walk_rows(&walking);

	while (done && walking.at < reading->n)
		end_report(&walking);
	digest_end(walking.digest, rest);
	return done;
}

bool
reparse_read(struct query *from, const struct reparse_place *after,
    struct arena *arena, struct stored **stored, size_t *n, struct fault *fault)
{
	struct reading reading = { .from = from,
		.arena = arena,
		.fault = fault };
	struct reparse_place end = *after;
	struct query_rows rows;
	bool there = false;
	bool done;

	done = query_renew(from, fault) &&
	    query_run(from, &settings, NULL, 0, arena, &rows, fault) &&
	    find_end(&reading, after, &end, &there) &&
	    (!there ||
		(read_reports(&reading, after, &end) &&
		    read_rows(&reading, &select_policies, true) &&
		    read_rows(&reading, &select_failures, false)));
	*stored = reading.stored;
	*n = reading.n;
	return done;
}

/* --- the comparison ------------------------------------------------------- */

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

unsigned
reparse_compare(const struct stored *stored, const struct report *report)
{
	struct reparse_sums sums = sums_of(report);
	char key[REPORT_KEY_TEXT_SIZE];
	char digest[DIGEST_TEXT_SIZE];
	unsigned differs = 0;

	identity_write(report->key, key);
	digest_write(report->content_digest, digest);
	if (strcmp(key, stored->place.key) != 0)
		differs |= DIFFERS_IDENTITY;
	if (!same(report->organization, stored->organization) ||
	    !same(report->id, stored->id) ||
	    !same(report->contact, stored->contact) ||
	    !same(digest, stored->digest) ||
	    report->start != stored->kept.start ||
	    report->end != stored->kept.end)
		differs |= DIFFERS_HEAD;
	if (report->deviations != stored->kept.deviations)
		differs |= DIFFERS_DEVIATIONS;
	if (memcmp(sums.policies, stored->sums.policies, DIGEST_SIZE) != 0)
		differs |= DIFFERS_POLICIES;
	if (memcmp(sums.failures, stored->sums.failures, DIGEST_SIZE) != 0)
		differs |= DIFFERS_FAILURES;
	return differs;
}
