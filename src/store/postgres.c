/*
 * PostgreSQL.  A batch is a few set-based statements: INSERT tells which
 * reports are new, and COPY brings the rows of just those.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "base/text.h"
#include "store/migrations.h"
#include "store/pg_answer.h"
#include "store/pg_binary.h"
#include "store/pg_connect.h"
#include "store/rollup.h"
#include "store/store_ops.h"

#include <libpq-fe.h>

enum {
	TRIES = 5,        /* of a transaction that others undid */
	ANSWER_GRACE = 5, /* seconds after a statement's own end */
	COPY_CHUNK = 64 << 10,
	INSERT_CHUNK = 4 << 20, /* bytes of documents in one statement */
	INSERT_ROW = 1 << 10,   /* taken for the rest of a row */
	MONTHS_MOST = 4096,
	MONTHS_SECONDS = 600, /* until they are asked for again */
	SQL_MOST = 256,
	KEY_LEN = 36 /* of a key as text */
};

struct postgres {
	PGconn *conn;
	int timeout; /* seconds a statement may take; 0: no end */
	struct pg_wait wait;
	int64_t months[MONTHS_MOST]; /* that have partitions, for sure */
	size_t nmonths;
	time_t months_asked; /* when the first of them was */
	bool again;      /* the latest fault goes away by trying once more */
	bool was_reset;  /* the connection, in this put */
	bool knows_most; /* of the latest reports; so it may of the next */
	struct fault *fault;
};

/* One report of the batch, and what becomes of it. */
struct row {
	const struct intake *intake;
	const struct report *report;
	struct ending *ending;
	size_t order; /* in the batch as it came */
	enum outcome outcome;
};

struct rows {
	struct row *at;
	size_t len;
};

static const char insert_reports[] =
    "INSERT INTO tlsrpt.report (report_key, start_time, end_time, "
    "received_at, organization, report_id, contact, submitter, channel, auth, "
    "auth_domain, deviations, content_digest, document) "
    "SELECT u.k, u.s, u.e, u.r, u.o, u.i, u.c, u.su, u.ch, u.a, u.ad, "
    "pg_catalog.string_to_array(u.d, ','), u.cd, u.doc "
    "FROM ROWS FROM (unnest($1::uuid[]), unnest($2::timestamptz[]), "
    "unnest($3::timestamptz[]), unnest($4::timestamptz[]), "
    "unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), "
    "unnest($8::text[]), unnest($9::text[]), unnest($10::text[]), "
    "unnest($11::text[]), unnest($12::text[]), unnest($13::bytea[]), "
    "unnest($14::bytea[])) "
    "AS u (k, s, e, r, o, i, c, su, ch, a, ad, d, cd, doc) "
    "ON CONFLICT DO NOTHING RETURNING report_key";

static const char insert_superseded[] =
    "INSERT INTO tlsrpt.superseded (report_key, content_digest, start_time, "
    "received_at, auth, auth_domain, document) "
    "SELECT * FROM ROWS FROM (unnest($1::uuid[]), unnest($2::bytea[]), "
    "unnest($3::timestamptz[]), unnest($4::timestamptz[]), "
    "unnest($5::text[]), unnest($6::text[]), unnest($7::bytea[])) AS u "
    "ON CONFLICT DO NOTHING";

static const char settle_reports[] =
    "SELECT ordinal, verdict FROM tlsrpt.settle($1::uuid[], "
    "$2::timestamptz[], $3::bytea[], $4::text[], $5::text[])";

static const char roll_up_policies[] =
    "SELECT tlsrpt.roll_up_policies($1::date[], $2::text[], $3::text[], "
    "$4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[], "
    "$9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], "
    "$13::integer[], $14::timestamptz[], $15::bigint[])";

static const char roll_up_failures[] =
    "SELECT tlsrpt.roll_up_failures($1::date[], $2::text[], $3::text[], "
    "$4::text[], $5::text[], $6::text[], $7::text[], $8::text[], "
    "$9::integer[], $10::bigint[], $11::text[])";

static const char ensure_months[] = "SELECT tlsrpt.ensure_months($1::date[])";

/* So that one migration or grant runs at a time; ensure_months has 2. */
static const char lock_schema[] =
    "SELECT pg_catalog.pg_advisory_xact_lock(8460, 1)";

static const char copy_policies[] =
    "COPY tlsrpt.policy (report_key, start_time, policy_no, policy_type, "
    "policy_domain, policy_strings, mx_hosts, sts_mode, sts_max_age, "
    "successful, failed) FROM STDIN (FORMAT binary)";

static const char copy_failures[] =
    "COPY tlsrpt.failure (report_key, start_time, policy_no, failure_no, "
    "result_type, sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, "
    "receiving_ip, failed, additional_information, failure_reason_code) "
    "FROM STDIN (FORMAT binary)";

static const char copy_intakes[] =
    "COPY tlsrpt.intake (received_at, channel, source, message_id, sender, "
    "subject, outcome, reason, report_key) FROM STDIN (FORMAT binary)";

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/*
 * Classes 22 and 23 blame a row (PostgreSQL, appendix A), and so does 54000:
 * a value that is too long for an index.
 */
static bool
blames_row(const char *state)
{
	return starts_with(state, "22") || starts_with(state, "23") ||
	    strcmp(state, "54000") == 0;
}

/*
 * Note what the server or libpq says, and what it means: a row is refused; a
 * deadlock or a failed serialization is gone at the next try; all else is the
 * moment's fault.
 */
static bool
failed(struct postgres *self, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = pg_why(self->conn, result, &self->wait);

	if (state == NULL)
		state = "";
	self->again =
	    strcmp(state, "40P01") == 0 || strcmp(state, "40001") == 0;
	if (blames_row(state))
		(void)fault_set(self->fault, FAULT_ROW, "%s", text);
	else
		(void)fault_set(self->fault, FAULT_LATER, "database \"%s\": %s",
		    PQdb(self->conn), text);
	pg_advise(self->conn, result, self->fault);
	pg_join_lines(self->fault->text);
	return false;
}

static PGresult *
run(struct postgres *self, const char *sql)
{
	return pg_run(self->conn, sql, &self->wait);
}

static bool
check(struct postgres *self, PGresult *result, ExecStatusType wanted)
{
	bool done = PQresultStatus(result) == wanted || failed(self, result);

	PQclear(result);
	return done;
}

static bool
execute(struct postgres *self, const char *sql)
{
	return check(self, run(self, sql), PGRES_COMMAND_OK);
}

/*
 * The settings hold for one transaction, so that a pool of connections which
 * gives each transaction another server process does no harm.  An idle
 * connection may have died unnoticed; nothing was sent yet, so it is made
 * anew, once a put.
 */
static bool
begin(struct postgres *self)
{
	char sql[SQL_MOST];

	(void)snprintf(sql, sizeof(sql),
	    "BEGIN; SET LOCAL search_path = pg_catalog; "
	    "SET LOCAL statement_timeout = '%ds'",
	    self->timeout);
	self->wait.seconds =
	    self->timeout > 0 ? self->timeout + ANSWER_GRACE : 0;
	if (execute(self, sql))
		return true;
	if (PQstatus(self->conn) == CONNECTION_OK || self->was_reset)
		return false;
	self->was_reset = true;
	self->nmonths = 0;
	PQreset(self->conn);
	self->wait.why[0] = '\0';
	return PQstatus(self->conn) == CONNECTION_OK ? execute(self, sql) :
						       failed(self, NULL);
}

/* What cannot be undone must not become a part of the next transaction. */
static void
rollback(struct postgres *self)
{
	PQclear(run(self, "ROLLBACK"));
	if (PQtransactionStatus(self->conn) != PQTRANS_IDLE)
		pg_break_off(self->conn);
}

/* Run a statement with binary parameters and binary results. */
static PGresult *
query(struct postgres *self, const char *sql, struct buffer params[],
    int nparams)
{
	const char *values[16];
	int lengths[16];
	PGresult *result;

	for (int i = 0; i < nparams; i++) {
		values[i] = params[i].at;
		lengths[i] = (int)params[i].len;
	}
	result = pg_run_params(self->conn, sql, nparams, values, lengths, true,
	    &self->wait);
	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
	    PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	(void)failed(self, result);
	PQclear(result);
	return NULL;
}

static void
free_buffers(struct buffer buffers[], int n)
{
	for (int i = 0; i < n; i++)
		buffer_free(&buffers[i]);
}

static void
add_key(struct buffer *out, const struct report *report)
{
	pg_add_bytes(out, report->key, REPORT_KEY_SIZE);
}

static void
add_digest(struct buffer *out, const struct report *report)
{
	pg_add_bytes(out, report->content_digest, DIGEST_SIZE);
}

static void
add_document(struct buffer *out, const struct report *report)
{
	pg_add_bytes(out, report->document.at, report->document.len);
}

/* An array of arrays is no good to unnest(): one text, split by the server. */
static void
add_deviations(struct buffer *out, deviations noted)
{
	struct buffer codes = { 0 };

	buffer_text(&codes, "");
	for (int i = 0; i < NDEVIATIONS; i++) {
		if ((noted >> i & 1) == 0)
			continue;
		if (codes.len > 0)
			buffer_text(&codes, ",");
		buffer_text(&codes, deviation_codes[i].code);
	}
	pg_add_text(out, codes.at);
	buffer_free(&codes);
}

enum { REPORT_PARAMS = 14, SUPERSEDED_PARAMS = 7, SETTLE_PARAMS = 5 };

static void
report_params(struct buffer p[REPORT_PARAMS], const struct row *row)
{
	const struct report *report = row->report;

	add_key(&p[0], report);
	pg_add_time(&p[1], report->start);
	pg_add_time(&p[2], report->end);
	pg_add_time(&p[3], row->intake->received_at);
	pg_add_text(&p[4], report->organization);
	pg_add_text(&p[5], report->id);
	pg_add_text(&p[6], report->contact);
	pg_add_text(&p[7], report->submitter);
	pg_add_text(&p[8], channel_names[row->intake->channel]);
	pg_add_text(&p[9], auth_names[report->auth]);
	pg_add_text(&p[10], report->auth_domain);
	add_deviations(&p[11], report->deviations);
	add_digest(&p[12], report);
	add_document(&p[13], report);
}

static void
superseded_params(struct buffer p[SUPERSEDED_PARAMS], const struct row *row)
{
	add_key(&p[0], row->report);
	add_digest(&p[1], row->report);
	pg_add_time(&p[2], row->report->start);
	pg_add_time(&p[3], row->intake->received_at);
	pg_add_text(&p[4], auth_names[row->report->auth]);
	pg_add_text(&p[5], row->report->auth_domain);
	add_document(&p[6], row->report);
}

static void
settle_params(struct buffer p[SETTLE_PARAMS], const struct row *row)
{
	add_key(&p[0], row->report);
	pg_add_time(&p[1], row->report->start);
	add_digest(&p[2], row->report);
	pg_add_text(&p[3], auth_names[row->report->auth]);
	pg_add_text(&p[4], row->report->auth_domain);
}

/* A statement over arrays: its text, their types, and how a row fills them. */
struct set_statement {
	const char *sql;
	int nparams;
	enum pg_type types[REPORT_PARAMS];
	void (*add)(struct buffer params[], const struct row *row);
};

static const struct set_statement inserting = { insert_reports, REPORT_PARAMS,
	{ PG_UUID, PG_TIMESTAMPTZ, PG_TIMESTAMPTZ, PG_TIMESTAMPTZ, PG_TEXT,
	    PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT,
	    PG_BYTEA, PG_BYTEA },
	report_params };

static const struct set_statement superseding = { insert_superseded,
	SUPERSEDED_PARAMS,
	{ PG_UUID, PG_BYTEA, PG_TIMESTAMPTZ, PG_TIMESTAMPTZ, PG_TEXT, PG_TEXT,
	    PG_BYTEA },
	superseded_params };

static const struct set_statement settling = { settle_reports, SETTLE_PARAMS,
	{ PG_UUID, PG_TIMESTAMPTZ, PG_BYTEA, PG_TEXT, PG_TEXT },
	settle_params };

static PGresult *
query_set(struct postgres *self, const struct set_statement *statement,
    struct row *const rows[], size_t n)
{
	struct buffer params[REPORT_PARAMS] = { 0 };
	PGresult *result;

	for (int i = 0; i < statement->nparams; i++)
		pg_begin_array(&params[i], statement->types[i]);
	for (size_t i = 0; i < n; i++)
		statement->add(params, rows[i]);
	for (int i = 0; i < statement->nparams; i++)
		pg_end_array(&params[i], n);
	result = query(self, statement->sql, params, statement->nparams);
	free_buffers(params, statement->nparams);
	return result;
}

/* A COPY under way; its buffer is sent whenever it is full. */
struct copying {
	struct postgres *self;
	struct buffer out;
	bool good;
};

static bool
copy_begin(struct copying *copying, struct postgres *self, const char *sql)
{
	*copying = (struct copying){ .self = self, .good = true };
	if (!check(self, run(self, sql), PGRES_COPY_IN))
		return false;
	pg_begin_copy(&copying->out);
	return true;
}

static void
copy_send(struct copying *copying, size_t least)
{
	if (copying->out.len < least)
		return;
	copying->good = copying->good &&
	    PQputCopyData(copying->self->conn, copying->out.at,
		(int)copying->out.len) == 1;
	copying->out.len = 0;
}

static bool
copy_end(struct copying *copying)
{
	struct postgres *self = copying->self;
	PGresult *result;
	bool done = copying->good;

	pg_end_copy(&copying->out);
	copy_send(copying, 0);
	done = copying->good && PQputCopyEnd(self->conn, NULL) == 1;
	buffer_free(&copying->out);
	/* Where it could not be ended, this is still the answer to its start. */
	result = pg_answer(self->conn, &self->wait);
	if (!done || PQresultStatus(result) != PGRES_COMMAND_OK)
		done = failed(self, result);
	PQclear(result);
	return done;
}

static void
copy_policy(struct copying *copying, const struct report *report, int no,
    const struct policy *policy)
{
	struct buffer *out = &copying->out;

	pg_begin_row(out, 11);
	add_key(out, report);
	pg_add_time(out, report->start);
	pg_add_int(out, no);
	pg_add_text(out, policy->type);
	pg_add_text(out, policy->domain);
	pg_add_texts(out, &policy->strings);
	pg_add_texts(out, &policy->mx_hosts);
	pg_add_text(out, policy->sts_mode);
	if (policy->sts_max_age >= 0)
		pg_add_bigint(out, policy->sts_max_age);
	else
		pg_add_null(out);
	pg_add_bigint(out, policy->successful);
	pg_add_bigint(out, policy->failed);
	copy_send(copying, COPY_CHUNK);
}

static void
copy_failure(struct copying *copying, const struct report *report,
    int policy_no, int no, const struct failure *failure)
{
	struct buffer *out = &copying->out;

	pg_begin_row(out, 12);
	add_key(out, report);
	pg_add_time(out, report->start);
	pg_add_int(out, policy_no);
	pg_add_int(out, no);
	pg_add_text(out, failure->result_type);
	pg_add_address(out, &failure->sending_mta_ip);
	pg_add_text(out, failure->receiving_mx_hostname);
	pg_add_text(out, failure->receiving_mx_helo);
	pg_add_address(out, &failure->receiving_ip);
	pg_add_bigint(out, failure->failed);
	pg_add_text(out, failure->additional_information);
	pg_add_text(out, failure->failure_reason_code);
	copy_send(copying, COPY_CHUNK);
}

static bool
write_policies(struct postgres *self, struct row *const rows[], size_t n)
{
	struct copying copying;

	if (!copy_begin(&copying, self, copy_policies))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct report *report = rows[i]->report;

		for (size_t k = 0; k < report->npolicies; k++)
			copy_policy(&copying, report, (int)k + 1,
			    &report->policies[k]);
	}
	return copy_end(&copying);
}

static bool
has_failures(struct row *const rows[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < rows[i]->report->npolicies; k++)
			if (rows[i]->report->policies[k].nfailures > 0)
				return true;
	return false;
}

static bool
write_failures(struct postgres *self, struct row *const rows[], size_t n)
{
	struct copying copying;

	if (!has_failures(rows, n))
		return true;
	if (!copy_begin(&copying, self, copy_failures))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct report *report = rows[i]->report;

		for (size_t k = 0; k < report->npolicies; k++) {
			const struct policy *policy = &report->policies[k];

			for (size_t m = 0; m < policy->nfailures; m++)
				copy_failure(&copying, report, (int)k + 1,
				    (int)m + 1, &policy->failures[m]);
		}
	}
	return copy_end(&copying);
}

enum { ROLL_POLICY_PARAMS = 15, ROLL_FAILURE_PARAMS = 11 };

/* What both kinds of sums start with. */
static void
add_dimensions(struct buffer p[], const struct report *report,
    const struct rollup *rollup, const struct policy *policy)
{
	pg_add_date(&p[0], report->start);
	pg_add_text(&p[1], policy != NULL ? policy->domain : NULL);
	pg_add_text(&p[2], rollup->organization);
	pg_add_text(&p[3], auth_names[report->auth]);
	pg_add_text(&p[4], policy != NULL ? policy->type : NULL);
	pg_add_text(&p[5], policy != NULL ? policy->sts_mode : NULL);
}

static size_t
add_rolled_policies(struct buffer p[], const struct row *row,
    const struct rollup *rollup)
{
	for (size_t i = 0; i < rollup->npolicies; i++) {
		const struct rollup_policy *sums = &rollup->policies[i];

		add_dimensions(p, row->report, rollup, sums->policy);
		pg_add_int(&p[6], sums->policies);
		pg_add_int(&p[7], sums->reports);
		pg_add_bigint(&p[8], sums->successful);
		pg_add_bigint(&p[9], sums->failed);
		pg_add_bigint(&p[10], sums->twice_successful);
		pg_add_bigint(&p[11], sums->twice_failed);
		pg_add_int(&p[12], sums->first);
		pg_add_time(&p[13], row->intake->received_at);
		pg_add_bigint(&p[14], rollup->lag);
	}
	return rollup->npolicies;
}

static size_t
add_rolled_failures(struct buffer p[], const struct row *row,
    const struct rollup *rollup)
{
	for (size_t i = 0; i < rollup->nfailures; i++) {
		const struct rollup_failure *sums = &rollup->failures[i];

		add_dimensions(p, row->report, rollup, sums->policy);
		pg_add_text(&p[6], sums->failure->result_type);
		pg_add_text(&p[7], sums->failure->receiving_mx_hostname);
		pg_add_int(&p[8], sums->details);
		pg_add_bigint(&p[9], sums->failed);
		pg_add_text(&p[10], sums->reason);
	}
	return rollup->nfailures;
}

/* A call that adds to the sums, and how a report fills its arrays. */
struct rolling {
	const char *sql;
	int nparams;
	enum pg_type types[ROLL_POLICY_PARAMS];
	size_t (*add)(struct buffer params[], const struct row *row,
	    const struct rollup *rollup);
};

static const struct rolling rolling_policies = { roll_up_policies,
	ROLL_POLICY_PARAMS,
	{ PG_DATE, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_INTEGER,
	    PG_INTEGER, PG_BIGINT, PG_BIGINT, PG_BIGINT, PG_BIGINT, PG_INTEGER,
	    PG_TIMESTAMPTZ, PG_BIGINT },
	add_rolled_policies };

static const struct rolling rolling_failures = { roll_up_failures,
	ROLL_FAILURE_PARAMS,
	{ PG_DATE, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT,
	    PG_TEXT, PG_INTEGER, PG_BIGINT, PG_TEXT },
	add_rolled_failures };

static bool
roll_up(struct postgres *self, const struct rolling *rolling,
    struct row *const rows[], const struct rollup rollups[], size_t n)
{
	struct buffer params[ROLL_POLICY_PARAMS] = { 0 };
	PGresult *result = NULL;
	size_t len = 0;

	for (int i = 0; i < rolling->nparams; i++)
		pg_begin_array(&params[i], rolling->types[i]);
	for (size_t i = 0; i < n; i++)
		len += rolling->add(params, rows[i], &rollups[i]);
	for (int i = 0; i < rolling->nparams; i++)
		pg_end_array(&params[i], len);
	if (len > 0)
		result = query(self, rolling->sql, params, rolling->nparams);
	free_buffers(params, rolling->nparams);
	if (len > 0 && result == NULL)
		return false;
	PQclear(result);
	return true;
}

/* What these reports add to the sums by day. */
static bool
write_rollups(struct postgres *self, struct row *const rows[], size_t n)
{
	struct arena *arena = arena_new();
	struct rollup *rollups = arena_array(arena, n, sizeof(*rollups));
	bool done;

	for (size_t i = 0; i < n; i++)
		rollup_of(rows[i]->report, rows[i]->intake->received_at, arena,
		    &rollups[i]);
	done = roll_up(self, &rolling_policies, rows, rollups, n) &&
	    roll_up(self, &rolling_failures, rows, rollups, n);
	arena_free(arena);
	return done;
}

/* A list of rows that share something, picked out of the batch. */
static struct row **
pick(const struct rows *rows, enum outcome outcome, size_t *n)
{
	struct row **picked = calloc(rows->len + 1, sizeof(struct row *));

	if (picked == NULL)
		fault_out_of_memory();
	*n = 0;
	for (size_t i = 0; i < rows->len; i++)
		if (rows->at[i].outcome == outcome)
			picked[(*n)++] = &rows->at[i];
	return picked;
}

static bool
same_key(const struct row *a, const struct row *b)
{
	return memcmp(a->report->key, b->report->key, REPORT_KEY_SIZE) == 0;
}

/* How many of these reports to send at once, documents and all. */
static size_t
chunk_len(struct row *const rows[], size_t n)
{
	size_t len = 0;
	size_t bytes = 0;

	while (len < n && (len == 0 || bytes < INSERT_CHUNK))
		bytes += rows[len++]->report->document.len + INSERT_ROW;
	/* Where the last one is a large one, it goes by itself. */
	return len > 1 && bytes > 2 * (size_t)INSERT_CHUNK ? len - 1 : len;
}

/* Insert those whose keys are free; the server gives these back, in order. */
static bool
insert_free(struct postgres *self, struct row *const rows[], size_t n)
{
	PGresult *result = query_set(self, &inserting, rows, n);
	int taken = 0;

	if (result == NULL)
		return false;
	for (size_t i = 0; i < n && taken < PQntuples(result); i++) {
		if (memcmp(PQgetvalue(result, taken, 0), rows[i]->report->key,
			REPORT_KEY_SIZE) != 0)
			continue;
		rows[i]->outcome = OUTCOME_STORED;
		taken++;
	}
	PQclear(result);
	return true;
}

/* Insert those reports whose keys are free, with policies and failures. */
static bool
store_reports(struct postgres *self, struct row *const rows[], size_t n)
{
	struct row **fresh = calloc(n + 1, sizeof(struct row *));
	size_t nfresh = 0;
	bool done = true;

	if (fresh == NULL)
		fault_out_of_memory();
	for (size_t i = 0, len; i < n && done; i += len) {
		len = chunk_len(&rows[i], n - i);
		done = insert_free(self, &rows[i], len);
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i]->outcome == OUTCOME_STORED)
			fresh[nfresh++] = rows[i];
	done = done &&
	    (nfresh == 0 ||
		(write_policies(self, fresh, nfresh) &&
		    write_failures(self, fresh, nfresh) &&
		    write_rollups(self, fresh, nfresh)));
	free(fresh);
	return done;
}

static bool
write_superseded(struct postgres *self, struct row *const rows[], size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		PGresult *result;

		len = chunk_len(&rows[i], n - i);
		result = query_set(self, &superseding, &rows[i], len);
		if (result == NULL)
			return false;
		PQclear(result);
	}
	return true;
}

/*
 * The row before has the same key, and the same content with as good a
 * verdict: what became of that one says what becomes of this.
 */
static bool
follows(struct row *row, const struct row *before)
{
	if (!same_key(row, before) ||
	    memcmp(row->report->content_digest, before->report->content_digest,
		DIGEST_SIZE) != 0 ||
	    row->report->auth > before->report->auth)
		return false;
	row->outcome = before->outcome == OUTCOME_STORED ? OUTCOME_DUPLICATE :
							   before->outcome;
	return true;
}

/* Those that are not settled yet, of each key the first only. */
static struct row **
next_unsettled(const struct rows *rows, size_t *n)
{
	struct row **picked = calloc(rows->len + 1, sizeof(struct row *));

	if (picked == NULL)
		fault_out_of_memory();
	*n = 0;
	for (size_t i = 0; i < rows->len; i++) {
		struct row *row = &rows->at[i];

		if (row->outcome != OUTCOME_NONE)
			continue;
		if (i > 0 && rows->at[i - 1].outcome != OUTCOME_NONE &&
		    follows(row, &rows->at[i - 1]))
			continue;
		if (*n == 0 || !same_key(picked[*n - 1], row))
			picked[(*n)++] = row;
	}
	return picked;
}

static enum outcome
outcome_of(const char *verdict)
{
	if (strcmp(verdict, "duplicate") == 0)
		return OUTCOME_DUPLICATE;
	if (strcmp(verdict, "superseded") == 0)
		return OUTCOME_SUPERSEDED;
	return OUTCOME_NONE;
}

/*
 * Replaced ones, and those whose rival is gone, are inserted after all.  Those
 * superseded are written before the next round, which may take them out again.
 */
static bool
take_verdicts(struct postgres *self, const PGresult *result,
    struct row *const rows[], size_t n)
{
	struct row **losers = calloc(2 * n + 2, sizeof(struct row *));
	struct row **free_now;
	size_t nlosers = 0;
	size_t nfree = 0;
	bool done;

	if (losers == NULL)
		fault_out_of_memory();
	free_now = losers + n + 1;
	for (int i = 0; i < PQntuples(result); i++) {
		int place = pg_read_int(PQgetvalue(result, i, 0)) - 1;
		const char *verdict = PQgetvalue(result, i, 1);

		if (place >= 0 && (size_t)place < n)
			rows[place]->outcome = outcome_of(verdict);
	}
	for (size_t i = 0; i < n; i++) {
		if (rows[i]->outcome == OUTCOME_SUPERSEDED)
			losers[nlosers++] = rows[i];
		else if (rows[i]->outcome == OUTCOME_NONE)
			free_now[nfree++] = rows[i];
	}
	done = write_superseded(self, losers, nlosers) &&
	    (nfree == 0 || store_reports(self, free_now, nfree));
	free(losers);
	return done;
}

/*
 * Each round settles at least one report of every key that is left, but for
 * those whose rival came or went between two statements.
 */
static bool
settle(struct postgres *self, const struct rows *rows)
{
	for (size_t round = 0; round <= rows->len + TRIES; round++) {
		size_t n;
		struct row **unsettled = next_unsettled(rows, &n);
		PGresult *result;
		bool done;

		if (n == 0) {
			free(unsettled);
			return true;
		}
		result = query_set(self, &settling, unsettled, n);
		done =
		    result != NULL && take_verdicts(self, result, unsettled, n);
		PQclear(result);
		free(unsettled);
		if (!done)
			return false;
	}
	self->again = true;
	return fault_set(self->fault, FAULT_LATER,
	    "database: reports come and go while they are compared");
}

/* Texts that the server did not take are made fit for any server. */
static void
add_fit(struct buffer *out, const char *text, const struct ending *ending)
{
	struct bytes raw = { (const unsigned char *)text, 0 };
	struct arena *arena;
	bool repaired = false;

	if (text == NULL || ending->refusal == NULL) {
		pg_add_text(out, text);
		return;
	}
	arena = arena_new();
	raw.len = strlen(text);
	pg_add_text(out, text_repair(raw, arena, &repaired));
	arena_free(arena);
}

static void
copy_intake(struct copying *copying, const struct intake *intake,
    const struct ending *ending)
{
	struct buffer *out = &copying->out;

	pg_begin_row(out, 9);
	pg_add_time(out, intake->received_at);
	pg_add_text(out, channel_names[intake->channel]);
	add_fit(out, intake->source, ending);
	add_fit(out, intake->message_id, ending);
	add_fit(out, intake->sender, ending);
	add_fit(out, intake->subject, ending);
	pg_add_text(out, store_outcome_name(intake, ending));
	pg_add_text(out, store_reason_code(intake, ending));
	if (intake->nreports > 0)
		add_key(out, &intake->reports[0]);
	else
		pg_add_null(out);
	copy_send(copying, COPY_CHUNK);
}

static bool
write_intakes(struct postgres *self, struct intake *const intakes[], size_t n,
    const struct ending endings[])
{
	struct copying copying;

	if (!copy_begin(&copying, self, copy_intakes))
		return false;
	for (size_t i = 0; i < n; i++)
		copy_intake(&copying, intakes[i], &endings[i]);
	return copy_end(&copying);
}

/*
 * By key, so that writers at the same keys wait for each other in one order
 * and B-trees are written from left to right; of one key, as they came.
 */
static int
by_key(const void *a, const void *b)
{
	const struct row *left = a;
	const struct row *right = b;
	int order =
	    memcmp(left->report->key, right->report->key, REPORT_KEY_SIZE);

	if (order != 0)
		return order;
	return left->order < right->order ? -1 : left->order > right->order;
}

static struct rows
rows_of(struct intake *const intakes[], size_t n, struct ending endings[])
{
	struct rows rows = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most += intakes[i]->nreports;
	rows.at = calloc(most + 1, sizeof(*rows.at));
	if (rows.at == NULL)
		fault_out_of_memory();
	for (size_t i = 0; i < n; i++) {
		if (!store_is_wanted(intakes[i], &endings[i]))
			continue;
		for (size_t k = 0; k < intakes[i]->nreports; k++) {
			rows.at[rows.len] = (struct row){ .intake = intakes[i],
				.report = &intakes[i]->reports[k],
				.ending = &endings[i],
				.order = rows.len };
			rows.len++;
		}
	}
	qsort(rows.at, rows.len, sizeof(*rows.at), by_key);
	return rows;
}

/*
 * Where most are new it is best to insert them all, documents too, and to ask
 * about those whose key was taken; an archive that is read once more is all
 * known, and is asked about first, which takes keys and digests only.
 */
static bool
write_reports(struct postgres *self, struct rows *rows)
{
	size_t n;
	size_t known = 0;
	struct row **all = pick(rows, OUTCOME_NONE, &n);
	bool done = self->knows_most || store_reports(self, all, n);

	free(all);
	done = done && settle(self, rows);
	for (size_t i = 0; i < rows->len && done; i++) {
		known += rows->at[i].outcome != OUTCOME_STORED;
		store_report_ended(rows->at[i].ending, rows->at[i].outcome);
	}
	self->knows_most = done && 2 * known > rows->len;
	return done;
}

/* All rows of some messages, inside a transaction. */
static bool
write_messages(struct postgres *self, struct intake *const intakes[], size_t n,
    struct ending endings[])
{
	struct rows rows = rows_of(intakes, n, endings);
	bool done = rows.len == 0 || write_reports(self, &rows);

	free(rows.at);
	return done && write_intakes(self, intakes, n, endings);
}

/* One message of a batch that has a bad one; it may be this. */
static bool
write_apart(struct postgres *self, struct intake *intake, struct arena *arena,
    struct ending *ending)
{
	if (!execute(self, "SAVEPOINT message"))
		return false;
	if (!write_messages(self, &intake, 1, ending)) {
		if (self->fault->kind != FAULT_ROW)
			return false;
		*ending = (struct ending){ .refusal = arena_copy(arena,
					       self->fault->text,
					       strlen(self->fault->text)) };
		if (!execute(self, "ROLLBACK TO SAVEPOINT message") ||
		    !write_messages(self, &intake, 1, ending))
			return false;
	}
	return execute(self, "RELEASE SAVEPOINT message");
}

static bool
transaction(struct postgres *self, struct intake *const intakes[], size_t n,
    struct arena *arena, struct ending endings[], bool apart)
{
	bool done = begin(self);

	/* A try that was undone may have left its own. */
	memset(endings, 0, n * sizeof(*endings));
	if (!apart)
		done = done && write_messages(self, intakes, n, endings);
	else
		for (size_t i = 0; i < n && done; i++)
			done =
			    write_apart(self, intakes[i], arena, &endings[i]);
	done = done && execute(self, "COMMIT");
	if (!done)
		rollback(self);
	return done;
}

static bool
knows_month(const struct postgres *self, int64_t month)
{
	for (size_t i = 0; i < self->nmonths; i++)
		if (self->months[i] == month)
			return true;
	return false;
}

/* The unknown ones of a batch as an array parameter; returns how many. */
static size_t
gather_months(const struct postgres *self, struct intake *const intakes[],
    size_t n, struct buffer *out)
{
	int64_t latest = INT64_MIN;
	size_t nmonths = 0;

	pg_begin_array(out, PG_DATE);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < intakes[i]->nreports; k++) {
			int64_t month =
			    datetime_month(intakes[i]->reports[k].start);

			/* To name one twice does no harm. */
			if (month == latest || knows_month(self, month))
				continue;
			pg_add_date(out, month);
			latest = month;
			nmonths++;
		}
	}
	pg_end_array(out, nmonths);
	return nmonths;
}

/*
 * Only months that have partitions are learnt: what is a far future today is
 * not so for ever, and a daemon may live to see it.  Nor for ever: a partition
 * may be pruned.
 */
static bool
ask_for_months(struct postgres *self, struct buffer *months)
{
	PGresult *result = query(self, ensure_months, months, 1);

	if (result == NULL)
		return false;
	if (self->nmonths + (size_t)PQntuples(result) > MONTHS_MOST)
		self->nmonths = 0;
	if (self->nmonths == 0)
		self->months_asked = time(NULL);
	for (int i = 0; i < PQntuples(result) && self->nmonths < MONTHS_MOST;
	     i++)
		self->months[self->nmonths++] =
		    pg_read_date(PQgetvalue(result, i, 0));
	PQclear(result);
	return true;
}

/* In a transaction of its own, so that the locks it needs are short. */
static bool
make_months(struct postgres *self, struct intake *const intakes[], size_t n)
{
	struct buffer months = { 0 };
	time_t age = time(NULL) - self->months_asked;
	bool done = true;

	if (age < 0 || age > MONTHS_SECONDS)
		self->nmonths = 0;
	if (gather_months(self, intakes, n, &months) > 0)
		done = begin(self) && ask_for_months(self, &months) &&
		    execute(self, "COMMIT");
	buffer_free(&months);
	if (!done) {
		self->nmonths = 0;
		rollback(self);
	}
	return done;
}

static bool
postgres_put(void *data, struct intake *const intakes[], size_t n,
    struct arena *arena, struct ending endings[], struct fault *fault)
{
	struct postgres *self = data;
	bool apart = false;

	self->fault = fault;
	self->was_reset = false;
	for (int i = 0; i < TRIES; i++) {
		self->again = false;
		if (make_months(self, intakes, n) &&
		    transaction(self, intakes, n, arena, endings, apart)) {
			fault->kind = FAULT_NONE;
			return true;
		}
		if (fault->kind == FAULT_ROW && !apart)
			apart = true;
		else if (!self->again)
			break;
	}
	fault->kind = FAULT_LATER;
	return false;
}

/* The first value of a query, as text, or NULL; it belongs to the arena. */
static bool
query_text(struct postgres *self, const char *sql, struct arena *arena,
    const char **text)
{
	PGresult *result = run(self, sql);
	bool done = PQresultStatus(result) == PGRES_TUPLES_OK;

	*text = NULL;
	if (!done)
		(void)failed(self, result);
	else if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
		*text = arena_copy(arena, PQgetvalue(result, 0, 0),
		    strlen(PQgetvalue(result, 0, 0)));
	PQclear(result);
	return done;
}

static bool
query_number(struct postgres *self, const char *sql, int64_t *number)
{
	struct arena *arena = arena_new();
	const char *text;
	bool done = query_text(self, sql, arena, &text);

	*number = done && text != NULL ? strtoll(text, NULL, 10) : 0;
	arena_free(arena);
	return done;
}

static bool
read_version(struct postgres *self, int *version)
{
	int64_t number;

	*version = 0;
	if (!query_number(self,
		"SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c "
		"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
		"WHERE n.nspname = 'tlsrpt' AND c.relname = 'schema_version'",
		&number))
		return false;
	if (number == 0)
		return true;
	if (!query_number(self,
		"SELECT pg_catalog.max(version) FROM tlsrpt.schema_version",
		&number))
		return false;
	*version = (int)number;
	return true;
}

/* Run one step, unless another has meanwhile. */
static bool
migrate(struct postgres *self, const struct migration *migration)
{
	PGresult *result;
	int version;
	bool done;

	done = execute(self, "BEGIN") &&
	    check(self, run(self, lock_schema), PGRES_TUPLES_OK) &&
	    read_version(self, &version);
	if (done && version < migration->version) {
		result = run(self, migration->sql);
		done = PQresultStatus(result) == PGRES_COMMAND_OK ||
		    PQresultStatus(result) == PGRES_TUPLES_OK ||
		    failed(self, result);
		PQclear(result);
	}
	done = done && execute(self, "COMMIT");
	if (done)
		return true;
	rollback(self);
	return fault_at(self->fault, "%s: ", migration->name);
}

/* What the writer and the reader need, and no more; %s is the role. */
static const char *const writer_grants[] = {
	"GRANT USAGE ON SCHEMA tlsrpt TO %s",
	"GRANT INSERT ON tlsrpt.report, tlsrpt.policy, tlsrpt.failure, "
	"tlsrpt.superseded, tlsrpt.intake TO %s",
	/* INSERT ... RETURNING reads what it returns. */
	"GRANT SELECT (report_key) ON tlsrpt.report TO %s",
	"GRANT SELECT ON tlsrpt.schema_version TO %s",
	"GRANT EXECUTE ON FUNCTION tlsrpt.ensure_months(date[]), "
	"tlsrpt.settle(uuid[], timestamptz[], bytea[], text[], text[]), "
	"tlsrpt.roll_up_policies(date[], text[], text[], text[], text[], "
	"text[], integer[], integer[], bigint[], bigint[], bigint[], bigint[], "
	"integer[], timestamptz[], bigint[]), "
	"tlsrpt.roll_up_failures(date[], text[], text[], text[], text[], "
	"text[], text[], text[], integer[], bigint[], text[]) TO %s",
	NULL
};

static const char *const reader_grants[] = {
	"GRANT USAGE ON SCHEMA tlsrpt TO %s",
	"GRANT SELECT ON tlsrpt.daily, tlsrpt.daily_failure, tlsrpt.reporter, "
	"tlsrpt.coverage, tlsrpt.result_type, tlsrpt.schema_version TO %s",
	"GRANT SELECT ON tlsrpt.report_detail, tlsrpt.policy_detail, "
	"tlsrpt.failure_detail, tlsrpt.arrival TO %s",
	"GRANT SELECT ON tlsrpt.daily_total, tlsrpt.daily_total_failure, "
	"tlsrpt.known_domain, tlsrpt.policy_sum, tlsrpt.failure_sum TO %s",
	"GRANT SELECT ON tlsrpt.failure_report, tlsrpt.deviating_report TO %s",
	NULL
};

static bool
grant(struct postgres *self, const char *const grants[], const char *role)
{
	struct arena *arena;
	char *name;
	bool done = true;

	if (role == NULL)
		return true;
	name = PQescapeIdentifier(self->conn, role, strlen(role));
	if (name == NULL)
		return fault_set(self->fault, FAULT_USAGE, "role \"%s\": %s",
		    role, PQerrorMessage(self->conn));
	arena = arena_new();
	for (size_t i = 0; grants[i] != NULL && done; i++) {
		const char *mark = strstr(grants[i], "%s");

		done = execute(self,
		    arena_printf(arena, "%.*s%s", (int)(mark - grants[i]),
			grants[i], name));
	}
	arena_free(arena);
	PQfreemem(name);
	return done;
}

/* Two grants on one object at once would make one of them fail. */
static bool
grant_all(struct postgres *self, const struct store_roles *roles)
{
	bool done = execute(self, "BEGIN") &&
	    check(self, run(self, lock_schema), PGRES_TUPLES_OK) &&
	    grant(self, writer_grants, roles->writer) &&
	    grant(self, reader_grants, roles->reader) &&
	    execute(self, "COMMIT");

	if (!done)
		rollback(self);
	return done;
}

static bool
check_role(struct postgres *self, const char *role)
{
	PGresult *result;
	bool there;

	if (role == NULL)
		return true;
	result = pg_run_params(self->conn,
	    "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1::name", 1,
	    &role, NULL, false, &self->wait);
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		(void)failed(self, result);
		PQclear(result);
		return false;
	}
	there = PQntuples(result) > 0;
	PQclear(result);
	return there ||
	    fault_set(self->fault, FAULT_CONFIG,
		"role \"%s\" does not exist: make it with CREATE ROLE", role);
}

/* Any other could not hold what senders write. */
static bool
check_encoding(struct postgres *self)
{
	const char *encoding = PQparameterStatus(self->conn, "server_encoding");

	return encoding == NULL || strcmp(encoding, "UTF8") == 0 ||
	    fault_set(self->fault, FAULT_CONFIG,
		"database \"%s\" has encoding %s: make one with UTF8",
		PQdb(self->conn), encoding);
}

/* A view that a step made anew is no security barrier. */
static const char shut_views[] = "SELECT tlsrpt.shut_views()";

static bool
postgres_upgrade(void *data, const struct store_roles *roles, int *before,
    int *after, struct fault *fault)
{
	struct postgres *self = data;

	self->fault = fault;
	if (!check_encoding(self) || !check_role(self, roles->writer) ||
	    !check_role(self, roles->reader) || !read_version(self, before))
		return false;
	for (size_t i = 0; i < npostgresql_migrations; i++)
		if (postgresql_migrations[i].version > *before &&
		    !migrate(self, &postgresql_migrations[i]))
			return false;
	return read_version(self, after) &&
	    store_check_version(PQdb(self->conn), *after, fault) &&
	    check(self, run(self, shut_views), PGRES_TUPLES_OK) &&
	    grant_all(self, roles);
}

#define SINCE  "timestamptz '2016-01-01 00:00:00+00'"
#define LATEST "now() + interval '2 days'"

/* Policies and failures without their report. */
static const char select_orphans[] =
    "SELECT (SELECT count(*) FROM tlsrpt.policy p WHERE NOT EXISTS"
    " (SELECT FROM tlsrpt.report r WHERE r.report_key = p.report_key"
    " AND r.start_time = p.start_time)) +"
    " (SELECT count(*) FROM tlsrpt.failure f WHERE NOT EXISTS"
    " (SELECT FROM tlsrpt.report r WHERE r.report_key = f.report_key"
    " AND r.start_time = f.start_time))";

/* Reports whose month would get a partition if it were asked for. */
static const char select_misplaced[] =
    "SELECT count(*) FROM tlsrpt.report_default WHERE start_time >= " SINCE
    " AND start_time < (date_trunc('month', now() AT TIME ZONE 'UTC')"
    " + interval '2 months') AT TIME ZONE 'UTC'";

#define OPEN_DAYS  " WHERE day >= (SELECT closed_before FROM tlsrpt.retention)"
#define DIMENSIONS "day, organization, auth, policy_type, sts_mode, "
#define FAILURE_DIMENSIONS                                    \
	"policy_domain, result_type, receiving_mx_hostname, " \
	"failure_reason_code, "
#define COUNTS \
	"successful::numeric, failed::numeric, twice_successful, twice_failed"
#define LESS_COUNTS                                                   \
	"-successful::numeric, -failed::numeric, -twice_successful, " \
	"-twice_failed"

/* Sums by day that are not those of the reports; closed days are let be. */
static const char select_unequal[] =
    "SELECT (SELECT count(*) FROM (SELECT FROM (SELECT " DIMENSIONS
    "policy_domain, policies, reports, " COUNTS
    " FROM tlsrpt.policy_day" OPEN_DAYS " UNION ALL SELECT " DIMENSIONS
    "policy_domain, -policies, -reports, " LESS_COUNTS
    " FROM tlsrpt.policy_rollup" OPEN_DAYS " AND policies > 0) both_"
    " GROUP BY " DIMENSIONS "policy_domain"
    " HAVING sum(policies) <> 0 OR sum(reports) <> 0 OR sum(successful) <> 0"
    " OR sum(failed) <> 0 OR sum(twice_successful) <> 0"
    " OR sum(twice_failed) <> 0) fine) +"
    " (SELECT count(*) FROM (SELECT FROM (SELECT " DIMENSIONS
    "policies, reports, " COUNTS ", lag_seconds FROM tlsrpt.total_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS "-policies, -first, " LESS_COUNTS
    ", -lag_seconds * first FROM tlsrpt.policy_rollup" OPEN_DAYS
    ") both_ GROUP BY " DIMENSIONS "auth"
    " HAVING sum(policies) <> 0 OR sum(reports) <> 0 OR sum(successful) <> 0"
    " OR sum(failed) <> 0 OR sum(twice_successful) <> 0"
    " OR sum(twice_failed) <> 0 OR sum(lag_seconds) <> 0) total) +"
    " (SELECT count(*) FROM (SELECT FROM (SELECT " DIMENSIONS FAILURE_DIMENSIONS
    "details, failed::numeric"
    " FROM tlsrpt.failure_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS FAILURE_DIMENSIONS
    "-details, -failed::numeric"
    " FROM tlsrpt.failure_rollup" OPEN_DAYS
    ") both_ GROUP BY " DIMENSIONS FAILURE_DIMENSIONS "auth"
    " HAVING sum(details) <> 0 OR sum(failed) <> 0) fine) +"
    " (SELECT count(*) FROM (SELECT FROM (SELECT " DIMENSIONS
    "result_type, details, failed FROM tlsrpt.total_failure_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS "result_type, -details, -failed"
    " FROM tlsrpt.failure_rollup" OPEN_DAYS ") both_ GROUP BY " DIMENSIONS
    "result_type HAVING sum(details) <> 0 OR sum(failed) <> 0) total) +"
    " (SELECT count(*) FROM (SELECT policy_domain FROM tlsrpt.policy_day"
    " WHERE policy_domain IS NOT NULL EXCEPT SELECT policy_domain"
    " FROM tlsrpt.heard_domain) unheard)";

static const char select_bytes[] =
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'tlsrpt' AND c.relkind = 'r'";

static const struct {
	const char *sql;
	size_t offset; /* of the number in struct store_status */
} counts[] = {
	{ "SELECT count(*) FROM tlsrpt.report",
	    offsetof(struct store_status, reports) },
	{ "SELECT count(*) FROM tlsrpt.policy",
	    offsetof(struct store_status, policies) },
	{ "SELECT count(*) FROM tlsrpt.failure",
	    offsetof(struct store_status, failures) },
	{ "SELECT count(*) FROM tlsrpt.superseded",
	    offsetof(struct store_status, superseded) },
	{ "SELECT count(*) FROM tlsrpt.intake",
	    offsetof(struct store_status, intakes) },
	{ "SELECT count(*) FROM tlsrpt.intake WHERE outcome = 'rejected'",
	    offsetof(struct store_status, rejected) },
	{ select_orphans, offsetof(struct store_status, orphans) },
	{ "SELECT count(*) FROM tlsrpt.report"
	  " WHERE start_time < " SINCE " OR start_time > " LATEST,
	    offsetof(struct store_status, implausible) },
	{ select_misplaced, offsetof(struct store_status, misplaced) },
	{ select_unequal, offsetof(struct store_status, unequal) },
	{ select_bytes, offsetof(struct store_status, bytes) },
};

static bool
read_counts(struct postgres *self, struct store_status *status)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t *number =
		    (int64_t *)(void *)((char *)status + counts[i].offset);

		if (!query_number(self, counts[i].sql, number))
			return false;
	}
	return true;
}

static bool
read_day(struct postgres *self, const char *which, struct arena *arena,
    const char **day)
{
	return query_text(self,
	    arena_printf(arena,
		"SELECT to_char(%s(start_time) AT TIME ZONE 'UTC', "
		"'YYYY-MM-DD') FROM tlsrpt.report "
		"WHERE start_time >= " SINCE " AND start_time <= " LATEST,
		which),
	    arena, day);
}

static bool
postgres_status(void *data, struct arena *arena, struct store_status *status,
    struct fault *fault)
{
	struct postgres *self = data;
	const char *version = PQparameterStatus(self->conn, "server_version");
	bool done;

	self->fault = fault;
	if (version == NULL)
		version = "";
	status->server = arena_printf(arena, "PostgreSQL %.*s",
	    (int)strcspn(version, " "), version);
	if (!read_version(self, &status->version))
		return false;
	if (status->version != STORE_SCHEMA_VERSION)
		return true; /* its tables may be others */
	done = execute(self,
		   "BEGIN READ ONLY; SET LOCAL search_path = pg_catalog") &&
	    read_counts(self, status) &&
	    read_day(self, "min", arena, &status->first_day) &&
	    read_day(self, "max", arena, &status->last_day);
	rollback(self);
	return done;
}

static void
postgres_close(void *data)
{
	struct postgres *self = data;

	PQfinish(self->conn);
	free(self);
}

static bool
check_schema(struct postgres *self, enum store_mode mode)
{
	int version;

	if (mode == STORE_MANAGE)
		return true;
	return read_version(self, &version) &&
	    store_check_version(PQdb(self->conn), version, self->fault);
}

static bool
postgres_open(const char *uri, enum store_mode mode, const char *program,
    int timeout, void **made, struct fault *fault)
{
	struct postgres *self = calloc(1, sizeof(*self));

	if (self == NULL)
		fault_out_of_memory();
	self->timeout = timeout;
	self->fault = fault;
	self->conn = pg_connect(uri, program, timeout, fault);
	if (self->conn != NULL && check_schema(self, mode)) {
		*made = self;
		return true;
	}
	postgres_close(self);
	return false;
}

static bool
postgres_insert(void *data, struct intake *const intakes[], size_t n,
    struct ending endings[], struct fault *fault)
{
	struct postgres *self = data;
	struct rows rows = rows_of(intakes, n, endings);
	bool done;

	self->fault = fault;
	done = rows.len == 0 || write_reports(self, &rows);
	free(rows.at);
	return done;
}

static bool
postgres_run(void *data, const char *sql, const char *param,
    struct arena *arena, const char **text, struct fault *fault)
{
	struct postgres *self = data;
	PGresult *result = param == NULL ?
	    run(self, sql) :
	    pg_run_params(self->conn, sql, 1, &param, NULL, false, &self->wait);
	ExecStatusType status = PQresultStatus(result);
	bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	self->fault = fault;
	if (!done)
		(void)failed(self, result);
	else if (text != NULL)
		*text = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0) ?
		    arena_copy(arena, PQgetvalue(result, 0, 0),
			(size_t)PQgetlength(result, 0, 0)) :
		    NULL;
	PQclear(result);
	return done;
}

/*
 * The least and the greatest key of a list: each row of it starts with one,
 * and no text in it holds a bracket before a quote that is not escaped.
 */
static void
find_bounds(const char *keys, const char **least, const char **most)
{
	*least = NULL;
	*most = NULL;
	for (const char *at = strstr(keys, "[\""); at != NULL;
	     at = strstr(at + 2, "[\"")) {
		if (*least == NULL || strncmp(at + 2, *least, KEY_LEN) < 0)
			*least = at + 2;
		if (*most == NULL || strncmp(at + 2, *most, KEY_LEN) > 0)
			*most = at + 2;
	}
}

#define ROLL_LIST(view)                                                      \
	"FROM tlsrpt." view " v JOIN json_array_elements(CAST($1 AS json)) " \
	"AS w (r) ON v.report_key = (w.r->>0)::uuid "                        \
	"AND v.start_time = (w.r->>1)::timestamptz "                         \
	"WHERE v.report_key BETWEEN '%.36s' AND '%.36s'"

static const char roll_policies[] =
    "SELECT tlsrpt.roll_up_policies(array_agg(day), "
    "array_agg(policy_domain), array_agg(organization), array_agg(auth), "
    "array_agg(policy_type), array_agg(sts_mode), array_agg(%d * policies), "
    "array_agg(%d * reports), array_agg(%d * successful), "
    "array_agg(%d * failed), array_agg(%d * twice_successful), "
    "array_agg(%d * twice_failed), array_agg(%d * first), "
    "array_agg(received_at), array_agg(lag_seconds)) " ROLL_LIST(
	"policy_rollup");

static const char roll_failures[] =
    "SELECT tlsrpt.roll_up_failures(array_agg(day), "
    "array_agg(policy_domain), array_agg(organization), array_agg(auth), "
    "array_agg(policy_type), array_agg(sts_mode), array_agg(result_type), "
    "array_agg(receiving_mx_hostname), array_agg(%d * details), "
    "array_agg(%d * failed), array_agg(failure_reason_code)) " ROLL_LIST(
	"failure_rollup");

/*
 * The views group by key, so that bounds of it reach their tables, which a
 * join does not; a list is read in order of the keys, so the bounds are near.
 * What is switched off makes plans look dear, and jit takes that for a reason.
 */
static bool
postgres_roll(void *data, const char *keys, int sign, struct fault *fault)
{
	static const char settings[] =
	    "SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off; "
	    "SET LOCAL jit = off";
	struct arena *arena = arena_new();
	const char *least;
	const char *most;
	bool done;

	find_bounds(keys, &least, &most);
	done = least == NULL ||
	    (postgres_run(data, settings, NULL, NULL, NULL, fault) &&
		postgres_run(data,
		    arena_printf(arena, roll_policies, sign, sign, sign, sign,
			sign, sign, sign, least, most),
		    keys, NULL, NULL, fault) &&
		postgres_run(data,
		    arena_printf(arena, roll_failures, sign, sign, least, most),
		    keys, NULL, NULL, fault));
	arena_free(arena);
	return done;
}

const struct store_ops postgres_ops = {
	.concurrent = true,
	.check_uri = pg_check_uri,
	.open = postgres_open,
	.close = postgres_close,
	.put = postgres_put,
	.upgrade = postgres_upgrade,
	.status = postgres_status,
	.run = postgres_run,
	.insert = postgres_insert,
	.roll = postgres_roll,
};
