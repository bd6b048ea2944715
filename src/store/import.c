#include "store/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "report/report_read.h"
#include "store/query.h"

enum {
	FILE_MOST = 256 << 20, /* bytes of one file */
	BATCH = 500            /* reports in one transaction; see the SQL */
};

/* A report each as RFC 8460 has it, behind the number that it goes by. */
static const struct query_sql from_tables = {
	"SELECT r.id, json_strip_nulls(json_build_object("
	"'organization-name', r.organization_name, "
	"'date-range', json_build_object("
	"'start-datetime', to_char(r.begin_date AT TIME ZONE 'UTC', "
	"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
	"'end-datetime', to_char(r.end_date AT TIME ZONE 'UTC', "
	"'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')), "
	"'contact-info', r.contact_info, 'report-id', r.report_id, "
	"'policies', (SELECT coalesce(json_agg(json_build_object("
	"'policy', json_build_object('policy-type', p.policy_type, "
	"'policy-string', p.policy_strings, "
	"'policy-domain', p.policy_domain, 'mx-host', p.mx_host_patterns), "
	"'summary', json_build_object("
	"'total-successful-session-count', p.successful_session_count, "
	"'total-failure-session-count', p.failed_session_count), "
	"'failure-details', (SELECT coalesce(json_agg(json_build_object("
	"'result-type', f.result_type, "
	"'sending-mta-ip', host(f.sending_mta_ip), "
	"'receiving-mx-hostname', f.receiving_mx_hostname, "
	"'receiving-mx-helo', f.receiving_mx_helo, "
	"'receiving-ip', host(f.receiving_ip), "
	"'failed-session-count', f.failed_session_count, "
	"'additional-information', f.additional_info_uri, "
	"'failure-reason-code', f.failure_reason_code) ORDER BY f.id), '[]') "
	"FROM smtp_tls_failure_detail f WHERE f.policy_id = p.id)) "
	"ORDER BY p.id), '[]') "
	"FROM smtp_tls_policy p WHERE p.report_id = r.id)))::text "
	"FROM smtp_tls_report r WHERE r.id > CAST($1 AS bigint) "
	"ORDER BY r.id LIMIT 500",
	NULL,
};

/* json_patch() takes members that are null away. */
static const struct query_sql from_json = {
	"WITH given (j) AS (SELECT CASE "
	"WHEN json_type($1, '$.smtp_tls_reports') = 'array' "
	"THEN json_extract($1, '$.smtp_tls_reports') "
	"WHEN json_type($1) = 'array' THEN $1 ELSE json_array(json($1)) END) "
	"SELECT r.key, json_patch('{}', json_object("
	"'organization-name', json_extract(r.value, '$.organization_name'), "
	"'date-range', json_object("
	"'start-datetime', json_extract(r.value, '$.begin_date'), "
	"'end-datetime', json_extract(r.value, '$.end_date')), "
	"'contact-info', CASE json_type(r.value, '$.contact_info') "
	"WHEN 'array' THEN json_extract(r.value, '$.contact_info[0]') "
	"ELSE json_extract(r.value, '$.contact_info') END, "
	"'report-id', json_extract(r.value, '$.report_id'), "
	"'policies', (SELECT json_group_array(json_patch('{}', json_object("
	"'policy', json_object("
	"'policy-type', json_extract(p.value, '$.policy_type'), "
	"'policy-string', json_extract(p.value, '$.policy_strings'), "
	"'policy-domain', json_extract(p.value, '$.policy_domain'), "
	"'mx-host', json_extract(p.value, '$.mx_host_patterns')), "
	"'summary', json_object("
	"'total-successful-session-count', "
	"json_extract(p.value, '$.successful_session_count'), "
	"'total-failure-session-count', "
	"json_extract(p.value, '$.failed_session_count')), "
	"'failure-details', (SELECT json_group_array(json_patch('{}', "
	"json_object("
	"'result-type', json_extract(f.value, '$.result_type'), "
	"'sending-mta-ip', json_extract(f.value, '$.sending_mta_ip'), "
	"'receiving-mx-hostname', "
	"json_extract(f.value, '$.receiving_mx_hostname'), "
	"'receiving-mx-helo', json_extract(f.value, '$.receiving_mx_helo'), "
	"'receiving-ip', json_extract(f.value, '$.receiving_ip'), "
	"'failed-session-count', "
	"json_extract(f.value, '$.failed_session_count'), "
	"'additional-information', "
	"json_extract(f.value, '$.additional_info_uri'), "
	"'failure-reason-code', "
	"json_extract(f.value, '$.failure_reason_code')))) "
	"FROM json_each(p.value, '$.failure_details') f)))) "
	"FROM json_each(r.value, '$.policies') p))) "
	"FROM given, json_each(given.j) r WHERE r.type = 'object' "
	"AND r.key > CAST($2 AS INTEGER) ORDER BY r.key LIMIT 500",
	NULL,
};

struct importing {
	const char *name; /* what sources start with */
	struct store *to;
	void (*tell)(const char *source, const char *what);
	struct import_counts *counts;
	struct arena *arena; /* of the batch */
	int64_t now;
	struct fault *fault;
};

static const char *
source_name(const struct importing *importing, const char *number)
{
	return arena_printf(importing->arena, "%s:%s", importing->name, number);
}

/* One row as what a message would have been that held this document only. */
static struct intake *
make_intake(const struct importing *importing, const char *number,
    const char *document)
{
	static const struct limits limits = LIMITS_DEFAULT;
	struct arena *arena = importing->arena;
	struct intake *intake = arena_alloc(arena, sizeof(*intake));
	struct report *report = arena_alloc(arena, sizeof(*report));
	struct bytes json = { (const unsigned char *)document,
		strlen(document) };
	struct fault fault = { .kind = FAULT_NONE };

	intake->channel = CHANNEL_FILE;
	intake->source = source_name(importing, number);
	intake->received_at = importing->now;
	if (!report_read(json, &limits, arena, report, &fault)) {
		intake->outcome = OUTCOME_REJECTED;
		intake->reason = fault.kind == FAULT_LIMIT ? REASON_TOO_LARGE :
							     REASON_UNREADABLE;
		intake->detail = arena_printf(arena, "%s", fault.text);
		return intake;
	}
	report->document = json;
	report->auth = AUTH_NONE;
	report_fit(report, arena);
	intake->reports = report;
	intake->nreports = 1;
	return intake;
}

static void
count(const struct importing *importing, const struct intake *intake)
{
	switch (intake->outcome) {
	case OUTCOME_STORED:
		importing->counts->stored++;
		break;
	case OUTCOME_DUPLICATE:
		importing->counts->duplicate++;
		break;
	case OUTCOME_SUPERSEDED:
		importing->counts->superseded++;
		break;
	default:
		importing->counts->rejected++;
		if (importing->tell != NULL)
			importing->tell(intake->source,
			    intake->detail != NULL ? intake->detail : "");
		break;
	}
}

static bool
store_batch(struct importing *importing, const struct query_rows *rows)
{
	struct intake *intakes[BATCH] = { NULL };
	size_t n = 0;

	for (; n < rows->len && n < BATCH; n++)
		intakes[n] = make_intake(importing, query_text(rows, n, 0),
		    query_text(rows, n, 1));
	if (!store_put(importing->to, intakes, n, importing->fault))
		return false;
	for (size_t i = 0; i < n; i++)
		count(importing, intakes[i]);
	return true;
}

/* Page after page; the last parameter is where the next one starts. */
static bool
import_rows(struct importing *importing, struct query *query,
    const struct query_sql *sql, const char *json)
{
	char after[32] = "-1";
	const char *params[2];
	size_t nparams = 0;
	struct query_rows rows;

	if (json != NULL)
		params[nparams++] = json;
	params[nparams++] = after;
	do {
		arena_reset(importing->arena);
		if (!query_run(query, sql, params, nparams, importing->arena,
			&rows, importing->fault)) {
			importing->fault->kind = FAULT_INPUT;
			return false;
		}
		if (rows.len > 0 && !store_batch(importing, &rows))
			return false;
		if (rows.len > 0)
			(void)snprintf(after, sizeof(after), "%s",
			    query_text(&rows, rows.len - 1, 0));
	} while (rows.len > 0);
	return true;
}

static bool
read_file(const char *path, struct buffer *text, struct fault *fault)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	size_t got;

	if (file == NULL)
		return fault_set(fault, FAULT_INPUT, "\"%s\": %s", path,
		    strerror(errno));
	if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MOST) {
		(void)fclose(file);
		return fault_set(fault, FAULT_INPUT,
		    "\"%s\" is no file of at most 256 MiB", path);
	}
	do {
		got = fread(buffer_room(text, 1 << 16), 1, 1 << 16, file);
		text->len += got;
	} while (got > 0 && text->len <= FILE_MOST);
	buffer_text(text, "");
	(void)fclose(file);
	return memchr(text->at, '\0', text->len) == NULL ||
	    fault_set(fault, FAULT_INPUT, "\"%s\" is no JSON", path);
}

/* What names a database of libpq's, and no file. */
static bool
is_database(const char *from)
{
	return strstr(from, "://") != NULL ||
	    (strchr(from, '=') != NULL && strchr(from, '/') == NULL);
}

bool
import_parsedmarc(const char *from, struct store *to,
    void (*tell)(const char *source, const char *what),
    struct import_counts *counts, struct fault *fault)
{
	bool database = is_database(from);
	struct importing importing = { .name = database ? "parsedmarc" : from,
		.to = to,
		.tell = tell,
		.counts = counts,
		.arena = arena_new(),
		.now = time(NULL),
		.fault = fault };
	struct buffer json = { 0 };
	struct query *query = NULL;
	bool done;

	*counts = (struct import_counts){ 0 };
	done = (database || read_file(from, &json, fault)) &&
	    query_open_foreign(database ? from : "sqlite::memory:", "tlsrpt-db",
		0, &query, fault) &&
	    import_rows(&importing, query, database ? &from_tables : &from_json,
		json.at);
	if (!done && fault->kind == FAULT_INPUT && query != NULL)
		(void)fault_at(fault, "no reports of parsedmarc in \"%s\": ",
		    database ? "the database" : from);
	query_close(query);
	buffer_free(&json);
	arena_free(importing.arena);
	return done;
}
