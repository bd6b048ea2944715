/* The embedded database: one file, one writer. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "report/identity.h"
#include "store/migrations.h"
#include "store/rollup.h"
#include "store/store_ops.h"
#include "store/totals.h"

#include <sqlite3.h>

enum {
	NO_TIMEOUT_SECONDS = 1000000, /* where no timeout is given */
	NAP = 20,                     /* milliseconds */
	DAY_LEN = 10                  /* of 2024-01-15T00:00:00Z */
};

#define IN_MEMORY ":memory:"

enum statement {
	INSERT_REPORT,
	FIND_REPORT,
	RAISE_AUTH,
	KEEP_OLD,
	DELETE_REPORT,
	DELETE_POLICIES,
	DELETE_FAILURES,
	DELETE_SUPERSEDED,
	INSERT_SUPERSEDED,
	INSERT_POLICY,
	INSERT_FAILURE,
	INSERT_INTAKE,
	ADD_POLICIES,
	ADD_TOTAL,
	ADD_FAILURES,
	ADD_FAILURE_TOTAL,
	FIND_CLOSED,
	ROLL_POLICIES,
	ROLL_TOTAL,
	ROLL_FAILURES,
	ROLL_FAILURE_TOTAL,
	NSTATEMENTS
};

/* Nothing is added to days that were closed when their reports were pruned. */
#define IS_OPEN(day) day " >= (SELECT closed_before FROM retention)"

/* As the cast has it, a sum stops at the greatest number. */
#define ADD(column) \
	column " = CAST(" column " + excluded." column " AS INTEGER)"

#define INTO_TOTAL                                                       \
	"INSERT INTO total_day (day, slot, organization, auth, "         \
	"policy_type, sts_mode, policies, reports, successful, failed, " \
	"twice_successful, twice_failed, lag_seconds, last_received_at) "
#define ADD_TO_TOTAL                                                                                                            \
	" ON CONFLICT (day, slot, ifnull(organization, x''), auth, "                                                            \
	"ifnull(policy_type, x''), ifnull(sts_mode, x'')) DO UPDATE SET " ADD("policies") ", " ADD("reports") ", " ADD(         \
	    "successful") ", " ADD("failed") ", " ADD("twice_successful") ", " ADD("twice_failed") ", " ADD("lag_seconds") ", " \
															   "last_received_at = max(last_received_at, excluded.last_received_at)"

#define INTO_FAILURE_TOTAL                                               \
	"INSERT INTO total_failure_day (day, slot, organization, auth, " \
	"policy_type, sts_mode, result_type, details, failed) "
#define ADD_TO_FAILURE_TOTAL                                                \
	" ON CONFLICT (day, slot, ifnull(organization, x''), auth, "        \
	"ifnull(policy_type, x''), ifnull(sts_mode, x''), "                 \
	"ifnull(result_type, x'')) DO UPDATE SET " ADD("details") ", " ADD( \
	    "failed")

static const char *const statements[NSTATEMENTS] = {
	[INSERT_REPORT] = "INSERT INTO report (report_key, start_time, "
			  "end_time, received_at, organization, report_id, "
			  "contact, submitter, channel, auth, auth_domain, "
			  "deviations, content_digest, document) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
			  "?11, ?12, ?13, ?14) "
			  "ON CONFLICT (report_key, start_time) DO NOTHING",
	[FIND_REPORT] = "SELECT content_digest, auth FROM report "
			"WHERE report_key = ?1 AND start_time = ?2",
	[RAISE_AUTH] = "UPDATE report SET auth = ?3, auth_domain = ?4 "
		       "WHERE report_key = ?1 AND start_time = ?2",
	[KEEP_OLD] = "INSERT INTO superseded (report_key, content_digest, "
		     "start_time, received_at, auth, auth_domain, document) "
		     "SELECT report_key, content_digest, start_time, "
		     "received_at, auth, auth_domain, document FROM report "
		     "WHERE report_key = ?1 AND start_time = ?2 "
		     "ON CONFLICT DO NOTHING",
	[DELETE_REPORT] =
	    "DELETE FROM report WHERE report_key = ?1 AND start_time = ?2",
	[DELETE_POLICIES] =
	    "DELETE FROM policy WHERE report_key = ?1 AND start_time = ?2",
	[DELETE_FAILURES] =
	    "DELETE FROM failure WHERE report_key = ?1 AND start_time = ?2",
	[DELETE_SUPERSEDED] = "DELETE FROM superseded WHERE report_key = ?1 "
			      "AND content_digest = ?2",
	[INSERT_SUPERSEDED] = "INSERT INTO superseded (report_key, "
			      "content_digest, start_time, received_at, auth, "
			      "auth_domain, document) "
			      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
			      "ON CONFLICT DO NOTHING",
	[INSERT_POLICY] = "INSERT INTO policy (report_key, start_time, "
			  "policy_no, policy_type, policy_domain, "
			  "policy_strings, mx_hosts, sts_mode, sts_max_age, "
			  "successful, failed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
			  "?7, ?8, ?9, ?10, ?11)",
	[INSERT_FAILURE] = "INSERT INTO failure (report_key, start_time, "
			   "policy_no, failure_no, result_type, "
			   "sending_mta_ip, receiving_mx_hostname, "
			   "receiving_mx_helo, receiving_ip, failed, "
			   "additional_information, failure_reason_code) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
			   "?11, ?12)",
	[INSERT_INTAKE] = "INSERT INTO intake (received_at, channel, source, "
			  "message_id, sender, subject, outcome, reason, "
			  "report_key) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[ADD_POLICIES] = "INSERT INTO policy_day (day, policy_domain, "
			 "organization, auth, policy_type, sts_mode, policies, "
			 "reports, successful, failed, twice_successful, "
			 "twice_failed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
			 "?8, ?9, ?10, ?11, ?12)",
	[ADD_TOTAL] = INTO_TOTAL "VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
				 "?9, ?10, ?11, ?12, ?13)" ADD_TO_TOTAL,
	[ADD_FAILURES] = "INSERT INTO failure_day (day, policy_domain, "
			 "organization, auth, policy_type, sts_mode, "
			 "result_type, receiving_mx_hostname, details, failed, "
			 "failure_reason_code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
			 "?7, ?8, ?9, ?10, ?11)",
	[ADD_FAILURE_TOTAL] =
	    INTO_FAILURE_TOTAL "VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, "
			       "?8)" ADD_TO_FAILURE_TOTAL,
	[FIND_CLOSED] = "SELECT closed_before FROM retention",
	/* A report that is stored: ?3 is 1 to add it, -1 to take it back. */
	[ROLL_POLICIES] = "INSERT INTO policy_day SELECT day, policy_domain, "
			  "organization, auth, policy_type, sts_mode, "
			  "?3 * policies, ?3 * reports, ?3 * successful, "
			  "?3 * failed, ?3 * twice_successful, "
			  "?3 * twice_failed FROM policy_rollup "
			  "WHERE report_key = ?1 AND start_time = ?2 "
			  "AND policies > 0 AND " IS_OPEN("day"),
	[ROLL_TOTAL] = INTO_TOTAL
	"SELECT day, 0, organization, auth, policy_type, sts_mode, "
	"?3 * policies, ?3 * first, ?3 * successful, ?3 * failed, "
	"?3 * twice_successful, ?3 * twice_failed, ?3 * first * lag_seconds, "
	"received_at FROM policy_rollup WHERE report_key = ?1 "
	"AND start_time = ?2 AND " IS_OPEN("day") ADD_TO_TOTAL,
	[ROLL_FAILURES] = "INSERT INTO failure_day SELECT day, policy_domain, "
			  "organization, auth, policy_type, sts_mode, "
			  "result_type, receiving_mx_hostname, ?3 * details, "
			  "?3 * failed, failure_reason_code "
			  "FROM failure_rollup "
			  "WHERE report_key = ?1 AND start_time = ?2 "
			  "AND " IS_OPEN("day"),
	[ROLL_FAILURE_TOTAL] = INTO_FAILURE_TOTAL
	"SELECT day, 0, organization, auth, policy_type, sts_mode, "
	"result_type, ?3 * details, ?3 * failed FROM failure_rollup "
	"WHERE report_key = ?1 AND start_time = ?2 "
	"AND " IS_OPEN("day") ADD_TO_FAILURE_TOTAL,
};

struct sqlite {
	sqlite3 *db; /* NULL: no such file, and none asked for yet */
	char *path;
	int timeout;                         /* seconds */
	sqlite3_stmt *prepared[NSTATEMENTS]; /* made when first used */
	struct buffer scratch;
	struct totals totals; /* of the transaction, not yet written */
	char closed_before[DATETIME_SIZE]; /* see read_closed() */
	struct fault *fault;               /* of the call that runs */
};

/*
 * A row's own fault is told from the moment's, which is all else; of it there
 * is no more to say than SQLite does.
 */
static bool
failed(struct sqlite *self, const char *what)
{
	int code = sqlite3_errcode(self->db) & 0xff;
	bool row = code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG ||
	    code == SQLITE_MISMATCH;

	if (row)
		return fault_set(self->fault, FAULT_ROW, "%s",
		    sqlite3_errmsg(self->db));
	return fault_set(self->fault, FAULT_LATER, "database \"%s\": %s: %s",
	    self->path, what, sqlite3_errmsg(self->db));
}

static bool
execute(struct sqlite *self, const char *sql)
{
	return sqlite3_exec(self->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	    failed(self, "could not run a statement");
}

static sqlite3_stmt *
prepare(struct sqlite *self, enum statement which)
{
	sqlite3_stmt **statement = &self->prepared[which];

	if (*statement == NULL &&
	    sqlite3_prepare_v3(self->db, statements[which], -1,
		SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
		(void)failed(self, "could not prepare a statement");
	return *statement;
}

/* Run a statement that gives no row, and make it ready for the next time. */
static bool
run(struct sqlite *self, sqlite3_stmt *statement)
{
	bool done = sqlite3_step(statement) == SQLITE_DONE ||
	    failed(self, "could not write");

	(void)sqlite3_reset(statement);
	return done;
}

/* A value that is not bound is NULL: rather store nothing than half of it. */
static void
bound(int code)
{
	if (code != SQLITE_OK)
		fault_out_of_memory();
}

static void
bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	bound(sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC));
}

static void
bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t len)
{
	/* A NULL pointer would bind NULL, and not an empty blob. */
	bound(sqlite3_bind_blob64(statement, at, len > 0 ? bytes : "", len,
	    SQLITE_STATIC));
}

static void
bind_time(sqlite3_stmt *statement, int at, int64_t seconds)
{
	char text[DATETIME_SIZE];

	datetime_write(seconds, text);
	bound(sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT));
}

static void
bind_list(struct sqlite *self, sqlite3_stmt *statement, int at,
    const struct text_list *list)
{
	struct buffer *out = &self->scratch;

	out->len = 0;
	buffer_text(out, "[");
	for (size_t i = 0; i < list->len; i++) {
		if (i > 0)
			buffer_text(out, ",");
		buffer_json(out, list->at[i]);
	}
	buffer_text(out, "]");
	bound(sqlite3_bind_text(statement, at, out->at, (int)out->len,
	    SQLITE_TRANSIENT));
}

static void
bind_deviations(struct sqlite *self, sqlite3_stmt *statement, int at,
    deviations noted)
{
	const char *codes[NDEVIATIONS];
	struct text_list list = { codes, 0 };

	for (int i = 0; i < NDEVIATIONS; i++)
		if ((noted >> i & 1) != 0)
			codes[list.len++] = deviation_codes[i].code;
	bind_list(self, statement, at, &list);
}

/* One report of one message, on its way into the tables. */
struct placing {
	struct sqlite *self;
	const struct intake *intake;
	const struct report *report;
	char key[REPORT_KEY_TEXT_SIZE];
	char start[DATETIME_SIZE];
};

/* The key and the time that every statement but one starts with. */
static void
bind_identity(sqlite3_stmt *statement, const struct placing *placing)
{
	bound(sqlite3_bind_text(statement, 1, placing->key,
	    sizeof(placing->key) - 1, SQLITE_STATIC));
	bound(
	    sqlite3_bind_text(statement, 2, placing->start, -1, SQLITE_STATIC));
}

static bool
insert_report(const struct placing *placing, bool *fresh)
{
	struct sqlite *self = placing->self;
	const struct report *report = placing->report;
	sqlite3_stmt *statement = prepare(self, INSERT_REPORT);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bind_time(statement, 3, report->end);
	bind_time(statement, 4, placing->intake->received_at);
	bind_text(statement, 5, report->organization);
	bind_text(statement, 6, report->id);
	bind_text(statement, 7, report->contact);
	bind_text(statement, 8, report->submitter);
	bind_text(statement, 9, channel_names[placing->intake->channel]);
	bind_text(statement, 10, auth_names[report->auth]);
	bind_text(statement, 11, report->auth_domain);
	bind_deviations(self, statement, 12, report->deviations);
	bind_bytes(statement, 13, report->content_digest, DIGEST_SIZE);
	bind_bytes(statement, 14, report->document.at, report->document.len);
	if (!run(self, statement))
		return false;
	*fresh = sqlite3_changes(self->db) == 1;
	return true;
}

static bool
insert_failure(const struct placing *placing, int policy_no, int failure_no,
    const struct failure *failure)
{
	sqlite3_stmt *statement = prepare(placing->self, INSERT_FAILURE);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bound(sqlite3_bind_int(statement, 3, policy_no));
	bound(sqlite3_bind_int(statement, 4, failure_no));
	bind_text(statement, 5, failure->result_type);
	bind_text(statement, 6, failure->sending_mta_ip.text);
	bind_text(statement, 7, failure->receiving_mx_hostname);
	bind_text(statement, 8, failure->receiving_mx_helo);
	bind_text(statement, 9, failure->receiving_ip.text);
	bound(sqlite3_bind_int64(statement, 10, failure->failed));
	bind_text(statement, 11, failure->additional_information);
	bind_text(statement, 12, failure->failure_reason_code);
	return run(placing->self, statement);
}

static bool
insert_policy(const struct placing *placing, int policy_no,
    const struct policy *policy)
{
	struct sqlite *self = placing->self;
	sqlite3_stmt *statement = prepare(self, INSERT_POLICY);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bound(sqlite3_bind_int(statement, 3, policy_no));
	bind_text(statement, 4, policy->type);
	bind_text(statement, 5, policy->domain);
	bind_list(self, statement, 6, &policy->strings);
	bind_list(self, statement, 7, &policy->mx_hosts);
	bind_text(statement, 8, policy->sts_mode);
	if (policy->sts_max_age >= 0)
		bound(sqlite3_bind_int64(statement, 9, policy->sts_max_age));
	else
		bound(sqlite3_bind_null(statement, 9));
	bound(sqlite3_bind_int64(statement, 10, policy->successful));
	bound(sqlite3_bind_int64(statement, 11, policy->failed));
	if (!run(self, statement))
		return false;
	for (size_t i = 0; i < policy->nfailures; i++)
		if (!insert_failure(placing, policy_no, (int)i + 1,
			&policy->failures[i]))
			return false;
	return true;
}

/* What both kinds of sums start with. */
static void
bind_dimensions(sqlite3_stmt *statement, const struct placing *placing,
    const struct rollup *rollup, const struct policy *policy)
{
	bound(sqlite3_bind_text(statement, 1, placing->start, DAY_LEN,
	    SQLITE_STATIC));
	bind_text(statement, 2, policy != NULL ? policy->domain : NULL);
	bind_text(statement, 3, rollup->organization);
	bind_text(statement, 4, auth_names[placing->report->auth]);
	bind_text(statement, 5, policy != NULL ? policy->type : NULL);
	bind_text(statement, 6, policy != NULL ? policy->sts_mode : NULL);
}

static bool
add_policies(const struct placing *placing, const struct rollup *rollup)
{
	sqlite3_stmt *statement = prepare(placing->self, ADD_POLICIES);

	if (statement == NULL)
		return false;
	for (size_t i = 0; i < rollup->npolicies; i++) {
		const struct rollup_policy *sums = &rollup->policies[i];

		if (sums->policies == 0)
			continue;
		bind_dimensions(statement, placing, rollup, sums->policy);
		bound(sqlite3_bind_int(statement, 7, sums->policies));
		bound(sqlite3_bind_int(statement, 8, sums->reports));
		bound(sqlite3_bind_int64(statement, 9, sums->successful));
		bound(sqlite3_bind_int64(statement, 10, sums->failed));
		bound(
		    sqlite3_bind_int64(statement, 11, sums->twice_successful));
		bound(sqlite3_bind_int64(statement, 12, sums->twice_failed));
		if (!run(placing->self, statement))
			return false;
	}
	return true;
}

static bool
add_failures(const struct placing *placing, const struct rollup *rollup)
{
	sqlite3_stmt *statement = prepare(placing->self, ADD_FAILURES);

	if (statement == NULL)
		return false;
	for (size_t i = 0; i < rollup->nfailures; i++) {
		const struct rollup_failure *sums = &rollup->failures[i];

		bind_dimensions(statement, placing, rollup, sums->policy);
		bind_text(statement, 7, sums->failure->result_type);
		bind_text(statement, 8, sums->failure->receiving_mx_hostname);
		bound(sqlite3_bind_int(statement, 9, sums->details));
		bound(sqlite3_bind_int64(statement, 10, sums->failed));
		bind_text(statement, 11, sums->reason);
		if (!run(placing->self, statement))
			return false;
	}
	return true;
}

/* Nothing is added to days that were closed when their reports were pruned. */
static bool
is_open(const struct placing *placing)
{
	return strncmp(placing->start, placing->self->closed_before, DAY_LEN) >=
	    0;
}

/* What this report adds to the sums by day; the totals are written later. */
static bool
write_rollups(const struct placing *placing)
{
	int64_t received_at = placing->intake->received_at;
	struct arena *arena;
	struct rollup rollup;
	bool done;

	if (!is_open(placing))
		return true;
	arena = arena_new();
	rollup_of(placing->report, received_at, arena, &rollup);
	done = add_policies(placing, &rollup) && add_failures(placing, &rollup);
	totals_add(&placing->self->totals, placing->report, &rollup,
	    received_at);
	arena_free(arena);
	return done;
}

static void
bind_total_key(sqlite3_stmt *statement, const struct total_key *key)
{
	bind_text(statement, 1, key->day);
	bind_text(statement, 2, key->organization);
	bind_text(statement, 3, auth_names[key->auth]);
	bind_text(statement, 4, key->policy_type);
	bind_text(statement, 5, key->sts_mode);
}

static bool
write_total(struct sqlite *self, const struct total *total)
{
	sqlite3_stmt *statement = prepare(self, ADD_TOTAL);

	if (statement == NULL)
		return false;
	bind_total_key(statement, &total->key);
	bound(sqlite3_bind_int64(statement, 6, total->policies));
	bound(sqlite3_bind_int64(statement, 7, total->reports));
	bound(sqlite3_bind_int64(statement, 8, total->successful));
	bound(sqlite3_bind_int64(statement, 9, total->failed));
	bound(sqlite3_bind_int64(statement, 10, total->twice_successful));
	bound(sqlite3_bind_int64(statement, 11, total->twice_failed));
	bound(sqlite3_bind_int64(statement, 12, total->lag));
	bind_time(statement, 13, total->last_received_at);
	return run(self, statement);
}

static bool
write_total_failure(struct sqlite *self, const struct total_failure *total)
{
	sqlite3_stmt *statement = prepare(self, ADD_FAILURE_TOTAL);

	if (statement == NULL)
		return false;
	bind_total_key(statement, &total->key);
	bind_text(statement, 6, total->key.result_type);
	bound(sqlite3_bind_int64(statement, 7, total->details));
	bound(sqlite3_bind_int64(statement, 8, total->failed));
	return run(self, statement);
}

/* What was added since they were last written, once for each key. */
static bool
write_totals(struct sqlite *self)
{
	struct totals *totals = &self->totals;
	bool done = true;

	totals_sum_up(totals);
	for (size_t i = 0; i < totals->npolicies && done; i++)
		done = write_total(self, &totals->policies[i]);
	for (size_t i = 0; i < totals->nfailures && done; i++)
		done = write_total_failure(self, &totals->failures[i]);
	totals_clear(totals);
	return done;
}

static bool
insert_policies(const struct placing *placing)
{
	const struct report *report = placing->report;

	for (size_t i = 0; i < report->npolicies; i++)
		if (!insert_policy(placing, (int)i + 1, &report->policies[i]))
			return false;
	return write_rollups(placing);
}

/* What is known of the report that has the key already. */
struct holder {
	bool same; /* content */
	enum auth auth;
};

static bool
find_report(const struct placing *placing, struct holder *holder)
{
	struct sqlite *self = placing->self;
	sqlite3_stmt *statement = prepare(self, FIND_REPORT);
	const void *digest;
	const char *auth;
	bool found;

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	found = sqlite3_step(statement) == SQLITE_ROW;
	if (found) {
		digest = sqlite3_column_blob(statement, 0);
		holder->same = digest != NULL &&
		    sqlite3_column_bytes(statement, 0) == DIGEST_SIZE &&
		    memcmp(digest, placing->report->content_digest,
			DIGEST_SIZE) == 0;
		auth = (const char *)sqlite3_column_text(statement, 1);
		holder->auth = AUTH_NONE;
		for (int i = 0; i < NAUTHS; i++)
			if (auth != NULL && strcmp(auth, auth_names[i]) == 0)
				holder->auth = (enum auth)i;
	}
	(void)sqlite3_reset(statement);
	return found || failed(self, "a report is gone while it is compared");
}

static bool
raise_auth(const struct placing *placing)
{
	sqlite3_stmt *statement = prepare(placing->self, RAISE_AUTH);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bind_text(statement, 3, auth_names[placing->report->auth]);
	bind_text(statement, 4, placing->report->auth_domain);
	return run(placing->self, statement);
}

static bool
run_by_identity(const struct placing *placing, enum statement which)
{
	sqlite3_stmt *statement = prepare(placing->self, which);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	return run(placing->self, statement);
}

/* Add a report that is stored to all sums, or take it back. */
static bool
roll_one(struct sqlite *self, const char *key, const char *start, int sign)
{
	for (int which = ROLL_POLICIES; which <= ROLL_FAILURE_TOTAL; which++) {
		sqlite3_stmt *statement = prepare(self, (enum statement)which);

		if (statement == NULL)
			return false;
		bind_text(statement, 1, key);
		bind_text(statement, 2, start);
		bound(sqlite3_bind_int(statement, 3, sign));
		if (!run(self, statement))
			return false;
	}
	return true;
}

static bool
roll(const struct placing *placing, int sign)
{
	char key[REPORT_KEY_TEXT_SIZE];
	char start[DATETIME_SIZE];

	identity_write(placing->report->key, key);
	datetime_write(placing->report->start, start);
	return roll_one(placing->self, key, start, sign);
}

static bool
forget_superseded(const struct placing *placing)
{
	sqlite3_stmt *statement = prepare(placing->self, DELETE_SUPERSEDED);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bind_bytes(statement, 2, placing->report->content_digest, DIGEST_SIZE);
	return run(placing->self, statement);
}

static bool
insert_superseded(const struct placing *placing)
{
	const struct report *report = placing->report;
	sqlite3_stmt *statement = prepare(placing->self, INSERT_SUPERSEDED);

	if (statement == NULL)
		return false;
	bind_identity(statement, placing);
	bind_bytes(statement, 2, report->content_digest, DIGEST_SIZE);
	bind_time(statement, 3, report->start);
	bind_time(statement, 4, placing->intake->received_at);
	bind_text(statement, 5, auth_names[report->auth]);
	bind_text(statement, 6, report->auth_domain);
	bind_bytes(statement, 7, report->document.at, report->document.len);
	return run(placing->self, statement);
}

/* The old one goes to superseded, whole, and the new one takes its place. */
static bool
replace_report(const struct placing *placing)
{
	bool fresh;

	return run_by_identity(placing, KEEP_OLD) && roll(placing, -1) &&
	    run_by_identity(placing, DELETE_REPORT) &&
	    run_by_identity(placing, DELETE_POLICIES) &&
	    run_by_identity(placing, DELETE_FAILURES) &&
	    forget_superseded(placing) && insert_report(placing, &fresh) &&
	    insert_policies(placing);
}

static bool
place(const struct placing *placing, enum outcome *outcome)
{
	struct holder holder = { .same = false };
	bool fresh = false;

	*outcome = OUTCOME_STORED;
	if (!insert_report(placing, &fresh))
		return false;
	if (fresh)
		return insert_policies(placing);
	if (!find_report(placing, &holder))
		return false;
	if (holder.same) {
		*outcome = OUTCOME_DUPLICATE;
		return placing->report->auth <= holder.auth ||
		    (roll(placing, -1) && raise_auth(placing) &&
			roll(placing, 1));
	}
	if (placing->report->auth > holder.auth)
		return replace_report(placing);
	*outcome = OUTCOME_SUPERSEDED;
	return insert_superseded(placing);
}

static bool
place_reports(struct sqlite *self, const struct intake *intake,
    struct ending *ending)
{
	struct placing placing = { .self = self, .intake = intake };

	for (size_t i = 0; i < intake->nreports; i++) {
		enum outcome outcome;

		placing.report = &intake->reports[i];
		identity_write(placing.report->key, placing.key);
		datetime_write(placing.report->start, placing.start);
		if (!place(&placing, &outcome))
			return false;
		store_report_ended(ending, outcome);
	}
	return true;
}

static bool
insert_intake(struct sqlite *self, const struct intake *intake,
    const struct ending *ending)
{
	sqlite3_stmt *statement = prepare(self, INSERT_INTAKE);
	char key[REPORT_KEY_TEXT_SIZE];

	if (statement == NULL)
		return false;
	bind_time(statement, 1, intake->received_at);
	bind_text(statement, 2, channel_names[intake->channel]);
	bind_text(statement, 3, intake->source);
	bind_text(statement, 4, intake->message_id);
	bind_text(statement, 5, intake->sender);
	bind_text(statement, 6, intake->subject);
	bind_text(statement, 7, store_outcome_name(intake, ending));
	bind_text(statement, 8, store_reason_code(intake, ending));
	bind_text(statement, 9, NULL);
	if (intake->nreports > 0) {
		identity_write(intake->reports[0].key, key);
		bind_text(statement, 9, key);
	}
	return run(self, statement);
}

/* What the database refuses of a message is taken back alone. */
static bool
place_apart(struct sqlite *self, const struct intake *intake,
    struct arena *arena, struct ending *ending)
{
	if (!execute(self, "SAVEPOINT message"))
		return false;
	if (!place_reports(self, intake, ending) || !write_totals(self)) {
		if (self->fault->kind != FAULT_ROW)
			return false;
		totals_clear(&self->totals);
		*ending = (struct ending){ .refusal = arena_copy(arena,
					       self->fault->text,
					       strlen(self->fault->text)) };
		self->fault->kind = FAULT_NONE;
		if (!execute(self, "ROLLBACK TO message"))
			return false;
	}
	return execute(self, "RELEASE message");
}

static bool
put_one(struct sqlite *self, const struct intake *intake, struct arena *arena,
    struct ending *ending, bool apart)
{
	if (store_is_wanted(intake, ending) &&
	    !(apart ? place_apart(self, intake, arena, ending) :
		      place_reports(self, intake, ending)))
		return false;
	if (insert_intake(self, intake, ending))
		return true;
	self->fault->kind = FAULT_LATER;
	return false;
}

/* Does not change while this transaction has the right to write. */
static bool
read_closed(struct sqlite *self)
{
	sqlite3_stmt *statement = prepare(self, FIND_CLOSED);
	const unsigned char *day;
	bool found;

	if (statement == NULL)
		return false;
	found = sqlite3_step(statement) == SQLITE_ROW;
	if (found) {
		day = sqlite3_column_text(statement, 0);
		(void)snprintf(self->closed_before, sizeof(self->closed_before),
		    "%s", day != NULL ? (const char *)day : "");
	}
	(void)sqlite3_reset(statement);
	return found || failed(self, "table retention has no row");
}

static bool
transaction(struct sqlite *self, struct intake *const intakes[], size_t n,
    struct arena *arena, struct ending endings[], bool apart)
{
	bool done = execute(self, "BEGIN IMMEDIATE") && read_closed(self);

	/* A try that was undone may have left its own. */
	totals_clear(&self->totals);
	memset(endings, 0, n * sizeof(*endings));
	for (size_t i = 0; i < n && done; i++)
		done = put_one(self, intakes[i], arena, &endings[i], apart);
	done = done && write_totals(self) && execute(self, "COMMIT");
	if (!done)
		(void)sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
	return done;
}

/*
 * With a savepoint for each message, SQLite keeps a copy of every page that
 * the message touches.  So there are none until a row is refused: then all
 * are written once more, each message apart.
 */
static bool
sqlite_put(void *data, struct intake *const intakes[], size_t n,
    struct arena *arena, struct ending endings[], struct fault *fault)
{
	struct sqlite *self = data;
	bool done;

	self->fault = fault;
	done = transaction(self, intakes, n, arena, endings, false) ||
	    (fault->kind == FAULT_ROW &&
		transaction(self, intakes, n, arena, endings, true));
	fault->kind = done ? FAULT_NONE : FAULT_LATER;
	return done;
}

/* The folders above a file, for its owner alone. */
static bool
make_folders(struct sqlite *self)
{
	for (char *slash = strchr(self->path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		int made;

		*slash = '\0';
		made = mkdir(self->path, 0700);
		if (made != 0 && errno != EEXIST && errno != EISDIR &&
		    errno != EROFS && errno != EACCES) {
			(void)fault_set(self->fault, FAULT_LATER,
			    "folder \"%s\" could not be made: %s", self->path,
			    strerror(errno));
			*slash = '/';
			return false;
		}
		*slash = '/';
	}
	return true;
}

/*
 * SQLite would make the file readable by all; the files that it puts beside
 * it have the mode of this one.  umask(2) is no way: it is all threads'.
 *
 * One that is there is not opened: to close it would take away the locks of
 * this process's other connections to it (fcntl(2)), and the next program that
 * closes it would take their log for nobody's.
 */
static bool
is_there(const struct sqlite *self)
{
	return faccessat(AT_FDCWD, self->path, R_OK | W_OK, AT_EACCESS) == 0;
}

static bool
make_file(struct sqlite *self)
{
	int flags = O_RDWR | O_CREAT | O_CLOEXEC;
	int fd = -1;

	if (!make_folders(self))
		return false;
	if (is_there(self))
		return true;
	if (errno == ENOENT)
		fd = open(self->path, flags | O_EXCL, 0600);
	/* Another was quicker; or it is a link to what is still to be made. */
	if (fd < 0 && errno == EEXIST) {
		if (is_there(self))
			return true;
		fd = open(self->path, flags, 0600);
	}
	if (fd < 0)
		return fault_set(self->fault, FAULT_LATER,
		    "database \"%s\" could not be opened: %s", self->path,
		    strerror(errno));
	(void)close(fd);
	return true;
}

/*
 * WAL lets readers go on, and is kept in the file.  To switch to it takes the
 * file alone, and SQLite does not wait for that.
 */
static bool
switch_to_wal(struct sqlite *self)
{
	int64_t naps = (int64_t)self->timeout * 1000 / NAP;
	int code;

	while ((code = sqlite3_exec(self->db, "PRAGMA journal_mode = WAL", NULL,
			   NULL, NULL) &
		       0xff) != SQLITE_OK) {
		if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) ||
		    naps-- <= 0)
			return failed(self, "could not be opened");
		(void)sqlite3_sleep(NAP);
	}
	return true;
}

/* As SQLite has it from 3.41 on; NULL where it is no hex. */
static void
unhex(sqlite3_context *context, int nvalues, sqlite3_value *values[])
{
	static const char digits[] = "0123456789abcdef";
	const char *hex = (const char *)sqlite3_value_text(values[0]);
	size_t len = (size_t)sqlite3_value_bytes(values[0]) / 2;
	unsigned char *bytes = sqlite3_malloc64(len + 1);

	(void)nvalues;
	if (bytes == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	for (size_t i = 0; i < 2 * len; i++) {
		const char *digit = strchr(digits, hex[i]);

		if (digit == NULL || *digit == '\0') {
			sqlite3_free(bytes);
			return;
		}
		bytes[i / 2] =
		    (unsigned char)(bytes[i / 2] << 4 | (digit - digits));
	}
	sqlite3_result_blob64(context, bytes, len, sqlite3_free);
}

/*
 * FULL, so that what is answered is on the disk.  Keys come in no order, so
 * that a large file's indexes are touched all over: with 32 MiB of its pages
 * at hand instead of 2, a batch is half as fast again, and four times as fast
 * where all of it is there already.
 */
static bool
open_file(struct sqlite *self)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (strcmp(self->path, IN_MEMORY) != 0 && !make_file(self))
		return false;
	/* Nobody asks how much memory it has, and to count takes a lock each. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (sqlite3_open_v2(self->path, &self->db, flags, NULL) != SQLITE_OK)
		return failed(self, "could not be opened");
	(void)sqlite3_create_function_v2(self->db, "unhex", 1,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, unhex, NULL, NULL, NULL);
	(void)sqlite3_busy_timeout(self->db, 1000 * self->timeout);
	return execute(self,
		   "PRAGMA synchronous = FULL;"
		   "PRAGMA secure_delete = OFF;"
		   "PRAGMA cache_size = -16384;"
		   "PRAGMA wal_autocheckpoint = 16384") &&
	    switch_to_wal(self);
}

/* The first value of a query as a number; absent where there is no row. */
static bool
query_number(struct sqlite *self, const char *sql, int64_t absent,
    int64_t *number)
{
	sqlite3_stmt *statement;
	int step;

	if (sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self, "could not be read");
	step = sqlite3_step(statement);
	*number =
	    step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : absent;
	(void)sqlite3_finalize(statement);
	return step == SQLITE_ROW || step == SQLITE_DONE ||
	    failed(self, "could not be read");
}

static bool
read_version(struct sqlite *self, int *version)
{
	int64_t number = 0;

	*version = 0;
	if (!query_number(self,
		"SELECT count(*) FROM sqlite_schema "
		"WHERE type = 'table' AND name = 'schema_version'",
		0, &number))
		return false;
	if (number == 0)
		return true;
	if (!query_number(self, "SELECT max(version) FROM schema_version", 0,
		&number))
		return false;
	*version = (int)number;
	return true;
}

/* Run one step, unless another has meanwhile. */
static bool
migrate(struct sqlite *self, const struct migration *migration)
{
	int version;
	bool done;

	if (!execute(self, "BEGIN IMMEDIATE"))
		return false;
	done = read_version(self, &version) &&
	    (version >= migration->version || execute(self, migration->sql)) &&
	    execute(self, "COMMIT");
	if (!done)
		(void)sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
	return done;
}

/*
 * All steps of a new file at once: another program that opens it meanwhile
 * finds nothing or everything.
 */
static bool
create_all(struct sqlite *self, int *version)
{
	bool done =
	    execute(self, "BEGIN IMMEDIATE") && read_version(self, version);

	for (size_t i = 0; i < nsqlite_migrations && done; i++)
		if (sqlite_migrations[i].version > *version)
			done = execute(self, sqlite_migrations[i].sql);
	done = done && execute(self, "COMMIT");
	if (!done)
		(void)sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
	return done && read_version(self, version);
}

static bool
upgrade_all(struct sqlite *self, int *before, int *after)
{
	if (!read_version(self, before))
		return false;
	for (size_t i = 0; i < nsqlite_migrations; i++)
		if (sqlite_migrations[i].version > *before &&
		    !migrate(self, &sqlite_migrations[i]))
			return false;
	return read_version(self, after);
}

static bool
sqlite_upgrade(void *data, const struct store_roles *roles, int *before,
    int *after, struct fault *fault)
{
	struct sqlite *self = data;

	self->fault = fault;
	if (roles->writer != NULL || roles->reader != NULL)
		return fault_set(fault, FAULT_USAGE,
		    "SQLite has no roles: who may read and write is a matter "
		    "of the file's mode");
	if (self->db == NULL && !open_file(self))
		return false;
	return upgrade_all(self, before, after) &&
	    store_check_version(self->path, *after, fault);
}

static bool
query_day(struct sqlite *self, const char *sql, struct arena *arena,
    const char **day)
{
	sqlite3_stmt *statement;
	const char *text = NULL;

	if (sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self, "could not be read");
	if (sqlite3_step(statement) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(statement, 0);
	*day = text != NULL ? arena_copy(arena, text, strlen(text)) : NULL;
	(void)sqlite3_finalize(statement);
	return true;
}

#define LATEST "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+2 days')"
#define PLAUSIBLE \
	" FROM report WHERE start_time >= '2016' AND start_time <= " LATEST

/* Policies and failures without their report. */
static const char select_orphans[] =
    "SELECT (SELECT count(*) FROM policy p WHERE NOT EXISTS"
    " (SELECT 1 FROM report r WHERE r.report_key = p.report_key"
    " AND r.start_time = p.start_time)) +"
    " (SELECT count(*) FROM failure f WHERE NOT EXISTS"
    " (SELECT 1 FROM report r WHERE r.report_key = f.report_key"
    " AND r.start_time = f.start_time))";

#define OPEN_DAYS  " WHERE " IS_OPEN("day")
#define DIMENSIONS "day, organization, auth, policy_type, sts_mode, "
#define FAILURE_DIMENSIONS                                    \
	"policy_domain, result_type, receiving_mx_hostname, " \
	"failure_reason_code, "
#define COUNTS      "successful, failed, twice_successful, twice_failed"
#define LESS_COUNTS "-successful, -failed, -twice_successful, -twice_failed"

/* Not 0, but for what is lost of numbers that are beyond all measure. */
#define OFF(column)                                                \
	"(abs(total(" column ")) > 1e-9 * total(abs(" column ")) " \
	"AND max(abs(" column ")) < 1 << 62)"
#define COUNTS_OFF                                                      \
	OFF("successful")                                               \
	" OR " OFF("failed") " OR " OFF("twice_successful") " OR " OFF( \
	    "twice_failed")

#define FAILED_OFF OFF("failed")
#define LAG_OFF    OFF("lag_seconds")

/* Sums by day that are not those of the reports; closed days are let be. */
static const char select_unequal[] =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM (SELECT " DIMENSIONS
    "policy_domain, policies, reports, " COUNTS " FROM policy_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS
    "policy_domain, -policies, -reports, " LESS_COUNTS
    " FROM policy_rollup" OPEN_DAYS " AND policies > 0)"
    " GROUP BY " DIMENSIONS "policy_domain"
    " HAVING sum(policies) <> 0 OR sum(reports) <> 0 OR " COUNTS_OFF ")) +"
    " (SELECT count(*) FROM (SELECT 1 FROM (SELECT " DIMENSIONS
    "policies, reports, " COUNTS ", lag_seconds FROM total_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS "-policies, -first, " LESS_COUNTS
    ", -lag_seconds * first FROM policy_rollup" OPEN_DAYS
    ") GROUP BY " DIMENSIONS "auth"
    " HAVING sum(policies) <> 0 OR sum(reports) <> 0 OR " COUNTS_OFF
    " OR " LAG_OFF ")) +"
    " (SELECT count(*) FROM (SELECT 1 FROM (SELECT " DIMENSIONS
	FAILURE_DIMENSIONS "details, failed FROM failure_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS FAILURE_DIMENSIONS "-details, -failed"
    " FROM failure_rollup" OPEN_DAYS ") GROUP BY " DIMENSIONS FAILURE_DIMENSIONS
    "auth HAVING sum(details) <> 0 OR " FAILED_OFF ")) +"
    " (SELECT count(*) FROM (SELECT 1 FROM (SELECT " DIMENSIONS
    "result_type, details, failed FROM total_failure_day" OPEN_DAYS
    " UNION ALL SELECT " DIMENSIONS "result_type, -details, -failed"
    " FROM failure_rollup" OPEN_DAYS ") GROUP BY " DIMENSIONS
    "result_type HAVING sum(details) <> 0 OR " FAILED_OFF "))";

static const struct {
	const char *sql;
	size_t offset; /* of the number in struct store_status */
} counts[] = {
	{ "SELECT count(*) FROM report",
	    offsetof(struct store_status, reports) },
	{ "SELECT count(*) FROM policy",
	    offsetof(struct store_status, policies) },
	{ "SELECT count(*) FROM failure",
	    offsetof(struct store_status, failures) },
	{ "SELECT count(*) FROM superseded",
	    offsetof(struct store_status, superseded) },
	{ "SELECT count(*) FROM intake",
	    offsetof(struct store_status, intakes) },
	{ "SELECT count(*) FROM intake WHERE outcome = 'rejected'",
	    offsetof(struct store_status, rejected) },
	{ select_orphans, offsetof(struct store_status, orphans) },
	{ "SELECT count(*) FROM report"
	  " WHERE start_time < '2016' OR start_time > " LATEST,
	    offsetof(struct store_status, implausible) },
	{ select_unequal, offsetof(struct store_status, unequal) },
	{ "SELECT page_count * page_size"
	  " FROM pragma_page_count(), pragma_page_size()",
	    offsetof(struct store_status, bytes) },
};

static bool
query_counts(struct sqlite *self, struct store_status *status)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int64_t *number =
		    (int64_t *)(void *)((char *)status + counts[i].offset);

		if (!query_number(self, counts[i].sql, 0, number))
			return false;
	}
	return true;
}

static bool
sqlite_status(void *data, struct arena *arena, struct store_status *status,
    struct fault *fault)
{
	struct sqlite *self = data;

	self->fault = fault;
	status->server = arena_printf(arena, "SQLite %s", sqlite3_libversion());
	if (self->db == NULL)
		return true;
	if (!read_version(self, &status->version))
		return false;
	if (status->version != STORE_SCHEMA_VERSION)
		return true; /* its tables may be others */
	return query_counts(self, status) &&
	    query_day(self, "SELECT substr(min(start_time), 1, 10)" PLAUSIBLE,
		arena, &status->first_day) &&
	    query_day(self, "SELECT substr(max(start_time), 1, 10)" PLAUSIBLE,
		arena, &status->last_day);
}

static void
sqlite_close(void *data)
{
	struct sqlite *self = data;

	for (int i = 0; i < NSTATEMENTS; i++)
		(void)sqlite3_finalize(self->prepared[i]);
	(void)sqlite3_close(self->db);
	buffer_free(&self->scratch);
	totals_free(&self->totals);
	free(self->path);
	free(self);
}

/* To look at a database shall not make one. */
static bool
is_absent(const struct sqlite *self)
{
	struct stat st;

	return strcmp(self->path, IN_MEMORY) != 0 &&
	    stat(self->path, &st) != 0 && errno == ENOENT;
}

static bool
check_uri(const char *uri, struct fault *fault)
{
	return uri[strlen(STORE_SQLITE)] != '\0' ||
	    fault_set(fault, FAULT_CONFIG,
		"\"" STORE_SQLITE "\" names no file: write sqlite:PATH");
}

static bool
open_for(struct sqlite *self, enum store_mode mode)
{
	int version;

	if (mode == STORE_MANAGE)
		return is_absent(self) || open_file(self);
	if (mode == STORE_ALTER && is_absent(self))
		return fault_set(self->fault, FAULT_LATER,
		    "database \"%s\" could not be opened: %s", self->path,
		    strerror(ENOENT));
	if (!open_file(self) || !read_version(self, &version))
		return false;
	if (version == 0 && mode == STORE_WRITE && !create_all(self, &version))
		return false;
	return store_check_version(self->path, version, self->fault);
}

static bool
sqlite_open(const char *uri, enum store_mode mode, const char *program,
    int timeout, void **made, struct fault *fault)
{
	struct sqlite *self = calloc(1, sizeof(*self));

	(void)program; /* no server that would show it */
	if (self == NULL ||
	    (self->path = strdup(uri + strlen(STORE_SQLITE))) == NULL)
		fault_out_of_memory();
	self->timeout = timeout > 0 && timeout < NO_TIMEOUT_SECONDS ?
	    timeout :
	    NO_TIMEOUT_SECONDS;
	self->fault = fault;
	if (open_for(self, mode)) {
		*made = self;
		return true;
	}
	if (fault->kind == FAULT_ROW)
		fault->kind = FAULT_LATER;
	sqlite_close(self);
	return false;
}

static void
take_text(sqlite3_stmt *statement, struct arena *arena, const char **text)
{
	const void *value = sqlite3_column_text(statement, 0);
	int len = sqlite3_column_bytes(statement, 0);

	*text = value != NULL ? arena_copy(arena, value, (size_t)len) : NULL;
}

static bool
sqlite_run(void *data, const char *sql, const char *param, struct arena *arena,
    const char **text, struct fault *fault)
{
	struct sqlite *self = data;
	sqlite3_stmt *statement;
	int step;

	self->fault = fault;
	if (sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self, "could not prepare a statement");
	if (param != NULL)
		bind_text(statement, 1, param);
	if (text != NULL)
		*text = NULL;
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW && text != NULL)
		take_text(statement, arena, text);
	while (step == SQLITE_ROW)
		step = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return step == SQLITE_DONE || failed(self, "could not write");
}

static bool
sqlite_insert(void *data, struct intake *const intakes[], size_t n,
    struct ending endings[], struct fault *fault)
{
	struct sqlite *self = data;
	bool done;

	self->fault = fault;
	totals_clear(&self->totals);
	done = read_closed(self);
	for (size_t i = 0; i < n && done; i++)
		done = place_reports(self, intakes[i], &endings[i]);
	return done && write_totals(self);
}

static bool
sqlite_roll(void *data, const char *keys, int sign, struct fault *fault)
{
	static const char each[] = "SELECT json_extract(value, '$[0]'), "
				   "json_extract(value, '$[1]') "
				   "FROM json_each(?1)";
	struct sqlite *self = data;
	sqlite3_stmt *statement;
	bool done = true;
	int step = SQLITE_DONE;

	self->fault = fault;
	if (sqlite3_prepare_v2(self->db, each, -1, &statement, NULL) !=
	    SQLITE_OK)
		return failed(self, "could not prepare a statement");
	bind_text(statement, 1, keys);
	while (done && (step = sqlite3_step(statement)) == SQLITE_ROW)
		done = roll_one(self,
		    (const char *)sqlite3_column_text(statement, 0),
		    (const char *)sqlite3_column_text(statement, 1), sign);
	(void)sqlite3_finalize(statement);
	return done &&
	    (step == SQLITE_DONE || failed(self, "could not read a list"));
}

const struct store_ops sqlite_ops = {
	.concurrent = false,
	.check_uri = check_uri,
	.open = sqlite_open,
	.close = sqlite_close,
	.put = sqlite_put,
	.upgrade = sqlite_upgrade,
	.status = sqlite_status,
	.run = sqlite_run,
	.insert = sqlite_insert,
	.roll = sqlite_roll,
};
