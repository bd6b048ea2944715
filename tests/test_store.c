/*
 * What a store promises, on every database.  The PostgreSQL half runs where
 * TLSRPT_TEST_PG names an empty database by its owner's URI; its schema is
 * dropped and made again for each test.
 */
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "report/report.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <sqlite3.h>

enum { SQLITE, POSTGRESQL, NBACKENDS };
static const char *const backend_names[NBACKENDS] = { "sqlite", "postgresql" };

enum { TIMEOUT = 30, MOST = 16 };

static const int64_t day_0 = 1705276800; /* 2024-01-15T00:00:00Z */
enum { DAY = 86400 };

/* A database, the store under test, and a second way into the database. */
struct fixture {
	int backend;
	char folder[64];
	char *uri;
	struct store *store;
	struct arena *arena;
	sqlite3 *lite;
	PGconn *pg;
};

/* The other way in: it shares no line with what is tested. */

static void
pg_do(struct fixture *f, const char *sql)
{
	PGresult *res = PQexec(f->pg, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK &&
	    PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(f->pg));
	PQclear(res);
}

static void
run_sql(struct fixture *f, const char *sql)
{
	if (f->backend == POSTGRESQL)
		pg_do(f, sql);
	else if (sqlite3_exec(f->lite, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->lite));
}

/* The first value of a query as text; NULL is "(null)". */
static const char *
ask(struct fixture *f, const char *sql)
{
	const char *text = NULL;
	PGresult *res;
	sqlite3_stmt *statement;

	if (f->backend == POSTGRESQL) {
		res = PQexec(f->pg, sql);
		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			fail_msg("%s: %s", sql, PQerrorMessage(f->pg));
		if (PQntuples(res) > 0 && !PQgetisnull(res, 0, 0))
			text =
			    arena_printf(f->arena, "%s", PQgetvalue(res, 0, 0));
		PQclear(res);
	} else {
		if (sqlite3_prepare_v2(f->lite, sql, -1, &statement, NULL) !=
		    SQLITE_OK)
			fail_msg("%s: %s", sql, sqlite3_errmsg(f->lite));
		if (sqlite3_step(statement) == SQLITE_ROW)
			text = (const char *)sqlite3_column_text(statement, 0);
		if (text != NULL)
			text = arena_printf(f->arena, "%s", text);
		assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	}
	return text != NULL ? text : "(null)";
}

static void
expect(struct fixture *f, const char *want, const char *sql)
{
	const char *got = ask(f, sql);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n  got:  %s\n  want: %s", sql, got, want);
}

/* Rows of report, policy, failure and superseded. */
static void
expect_rows(struct fixture *f, const char *want)
{
	static const char *const tables[] = { "report", "policy", "failure",
		"superseded" };
	char got[128] = "";

	for (int i = 0; i < 4; i++) {
		char sql[64];
		size_t len = strlen(got);

		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s",
		    tables[i]);
		(void)snprintf(got + len, sizeof(got) - len, "%s%s",
		    i > 0 ? " " : "", ask(f, sql));
	}
	assert_string_equal(got, want);
}

static struct store *
open_store(struct fixture *f, int timeout)
{
	struct store *store = NULL;
	struct fault fault = { .kind = FAULT_NONE };

	if (!store_open(f->uri, STORE_WRITE, "test_store", timeout, &store,
		&fault))
		fail_msg("%s", fault.text);
	return store;
}

static void
make_schema(struct fixture *f)
{
	struct store_roles roles = { NULL, NULL };
	struct store *store = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	int before = -1;
	int after = -1;

	if (!store_open(f->uri, STORE_MANAGE, "test_store", TIMEOUT, &store,
		&fault) ||
	    !store_upgrade(store, &roles, &before, &after, &fault))
		fail_msg("%s", fault.text);
	assert_int_equal(before, 0);
	assert_int_equal(after, STORE_SCHEMA_VERSION);
	store_close(store);
}

static struct fixture *
fixture_new(int backend)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->backend = backend;
	f->arena = arena_new();
	if (backend == POSTGRESQL) {
		f->uri = arena_printf(f->arena, "%s", getenv("TLSRPT_TEST_PG"));
		f->pg = PQconnectdb(f->uri);
		pg_do(f, "SET client_min_messages = error");
		pg_do(f, "SET timezone = 'Europe/Berlin'");
		pg_do(f, "SET search_path = tlsrpt");
		pg_do(f, "DROP SCHEMA IF EXISTS tlsrpt CASCADE");
		make_schema(f);
	} else {
		(void)snprintf(f->folder, sizeof(f->folder),
		    "/tmp/test_store.XXXXXX");
		assert_non_null(mkdtemp(f->folder));
		f->uri = arena_printf(f->arena, "sqlite:%s/a/b.db", f->folder);
	}
	f->store = open_store(f, TIMEOUT);
	if (backend == SQLITE)
		assert_int_equal(sqlite3_open(f->uri + strlen("sqlite:"),
				     &f->lite),
		    SQLITE_OK);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	static const char *const files[] = { "a/b.db", "a/b.db-wal",
		"a/b.db-shm" };
	char path[128];

	store_close(f->store);
	PQfinish(f->pg);
	(void)sqlite3_close(f->lite);
	for (int i = 0; f->folder[0] != '\0' && i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", f->folder,
		    files[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/a", f->folder);
	(void)rmdir(path);
	(void)rmdir(f->folder);
	arena_free(f->arena);
	free(f);
}

/* Messages made up. */

static struct failure *
make_failures(struct arena *arena, size_t n)
{
	struct failure *failures = arena_array(arena, n, sizeof(*failures));

	for (size_t i = 0; i < n; i++)
		failures[i] = (struct failure){
			.result_type = "certificate-expired",
			.sending_mta_ip = { .family = 4,
			    .octets = { 192, 0, 2, (unsigned char)i },
			    .text = arena_printf(arena, "192.0.2.%u",
				(unsigned)(i & 0xff)) },
			.receiving_mx_hostname = "mx.example.net",
			.receiving_ip = { .family = 6,
			    .octets = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
			    .text = "2001:db8::1" },
			.failed = 1,
		};
	return failures;
}

/* A report whose key starts with a byte, and whose content is another. */
static struct report
make_report(struct arena *arena, int key, int content, enum auth auth)
{
	static const char *lines[] = { "version: STSv1", "mode: enforce" };
	const char *document = arena_printf(arena, "document %d", content);
	struct report report = {
		.key = { (unsigned char)key, 2, 3 },
		.content_digest = { (unsigned char)content, 9 },
		.document = { (const unsigned char *)document,
		    strlen(document) },
		.organization = "Example",
		.id = arena_printf(arena, "id-%d", key),
		.contact = arena_printf(arena, "%d", content),
		.start = day_0,
		.end = day_0 + DAY - 1,
		.auth = auth,
		.auth_domain = auth == AUTH_PASS ? "example.com" : NULL,
	};

	report.policies = arena_array(arena, 1, sizeof(struct policy));
	report.npolicies = 1;
	report.policies[0] = (struct policy){
		.type = "sts",
		.domain = "example.net",
		.strings = { lines, 2 },
		.sts_mode = "enforce",
		.sts_max_age = 86400,
		.successful = 5,
		.failed = 1,
		.failures = make_failures(arena, 1),
		.nfailures = 1,
	};
	return report;
}

static struct intake *
make_intake(struct arena *arena, const struct report *reports, size_t n)
{
	struct intake *intake = arena_alloc(arena, sizeof(*intake));

	intake->channel = CHANNEL_MAIL;
	intake->source = "test";
	intake->received_at = day_0 + DAY;
	intake->message_id = "<1@example.com>";
	intake->sender = "tls@example.com";
	intake->subject = "Report";
	intake->reports = arena_array(arena, n, sizeof(*reports));
	if (n > 0)
		memcpy(intake->reports, reports, n * sizeof(*reports));
	intake->nreports = n;
	return intake;
}

static struct intake *
make_one(struct arena *arena, int key, int content, enum auth auth)
{
	struct report report = make_report(arena, key, content, auth);

	return make_intake(arena, &report, 1);
}

static void
put(struct fixture *f, struct intake *intakes[], size_t n)
{
	struct fault fault = { .kind = FAULT_NONE };

	if (!store_put(f->store, intakes, n, &fault))
		fail_msg("%s", fault.text);
}

static void
put_one(struct fixture *f, struct intake *intake, enum outcome want)
{
	put(f, &intake, 1);
	if (intake->outcome != want)
		fail_msg("got %s (%s), want %s", outcome_names[intake->outcome],
		    intake->detail != NULL ? intake->detail : "",
		    outcome_names[want]);
}

/*
 * Which of several claims to a key is the one counted.  Each row is run with
 * a put for each message and with one put for all, which must not differ.
 */
struct step {
	int key;
	int content;
	enum auth auth;
	enum outcome outcome;
};

#define STORED     OUTCOME_STORED
#define DUPLICATE  OUTCOME_DUPLICATE
#define SUPERSEDED OUTCOME_SUPERSEDED

static const struct claims {
	const char *name;
	struct step steps[MOST];
	const char *rows; /* report, policy, failure, superseded */
	const char *kept; /* content of the report with the least key */
	const char *auth; /* of it */
} claims[] = {
	{ "stored", { { 1, 1, AUTH_NONE, STORED } }, "1 1 1 0", "1", "none" },
	{ "duplicate",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 1, AUTH_NONE, DUPLICATE } },
	    "1 1 1 0", "1", "none" },
	{ "three times",
	    { { 1, 1, AUTH_PASS, STORED }, { 1, 1, AUTH_PASS, DUPLICATE },
		{ 1, 1, AUTH_PASS, DUPLICATE } },
	    "1 1 1 0", "1", "pass" },
	{ "on equal rank the first counts",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 2, AUTH_NONE, SUPERSEDED } },
	    "1 1 1 1", "1", "none" },
	{ "a worse one does not count",
	    { { 1, 1, AUTH_PASS, STORED }, { 1, 2, AUTH_NONE, SUPERSEDED },
		{ 1, 3, AUTH_FAIL, SUPERSEDED } },
	    "1 1 1 2", "1", "pass" },
	{ "a better one takes the place",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 2, AUTH_PASS, STORED } },
	    "1 1 1 1", "2", "pass" },
	{ "none is better than fail",
	    { { 1, 1, AUTH_FAIL, STORED }, { 1, 2, AUTH_NONE, STORED } },
	    "1 1 1 1", "2", "none" },
	{ "twice a better one",
	    { { 1, 1, AUTH_FAIL, STORED }, { 1, 2, AUTH_NONE, STORED },
		{ 1, 3, AUTH_PASS, STORED } },
	    "1 1 1 2", "3", "pass" },
	{ "a duplicate raises the verdict",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 1, AUTH_PASS, DUPLICATE } },
	    "1 1 1 0", "1", "pass" },
	{ "a duplicate does not lower the verdict",
	    { { 1, 1, AUTH_PASS, STORED }, { 1, 1, AUTH_FAIL, DUPLICATE } },
	    "1 1 1 0", "1", "pass" },
	{ "a raised verdict holds",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 1, AUTH_PASS, DUPLICATE },
		{ 1, 2, AUTH_PASS, SUPERSEDED } },
	    "1 1 1 1", "1", "pass" },
	{ "a loser comes again, better authenticated",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 2, AUTH_NONE, SUPERSEDED },
		{ 1, 2, AUTH_PASS, STORED } },
	    "1 1 1 1", "2", "pass" },
	{ "the one replaced comes again",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 2, AUTH_PASS, STORED },
		{ 1, 1, AUTH_NONE, SUPERSEDED },
		{ 1, 2, AUTH_PASS, DUPLICATE } },
	    "1 1 1 1", "2", "pass" },
	{ "losers come again",
	    { { 1, 1, AUTH_NONE, STORED }, { 1, 1, AUTH_NONE, DUPLICATE },
		{ 1, 2, AUTH_NONE, SUPERSEDED },
		{ 1, 2, AUTH_NONE, SUPERSEDED } },
	    "1 1 1 1", "1", "none" },
	{ "several keys, unsorted",
	    { { 9, 1, AUTH_NONE, STORED }, { 1, 1, AUTH_NONE, STORED },
		{ 9, 2, AUTH_PASS, STORED }, { 5, 7, AUTH_PASS, STORED },
		{ 1, 1, AUTH_PASS, DUPLICATE },
		{ 5, 8, AUTH_FAIL, SUPERSEDED } },
	    "3 3 3 2", "1", "pass" },
};

enum { NCLAIMS = sizeof(claims) / sizeof(claims[0]) };

/* How many of the sums by day are not those of the reports. */
static int64_t
unequal_sums(struct fixture *f)
{
	struct store *store = NULL;
	struct store_status status;
	struct fault fault = { .kind = FAULT_NONE };

	if (!store_open(f->uri, STORE_MANAGE, "test_store", TIMEOUT, &store,
		&fault) ||
	    !store_status(store, f->arena, &status, &fault))
		fail_msg("%s", fault.text);
	store_close(store);
	return status.unequal;
}

static void
check_claims(struct fixture *f, const struct claims *row, bool at_once)
{
	struct intake *intakes[MOST];
	size_t n;
	char want[16];

	for (n = 0; n < MOST && row->steps[n].key != 0; n++)
		intakes[n] = make_one(f->arena, row->steps[n].key,
		    row->steps[n].content, row->steps[n].auth);
	if (at_once)
		put(f, intakes, n);
	else
		for (size_t i = 0; i < n; i++)
			put(f, &intakes[i], 1);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(outcome_names[intakes[i]->outcome],
		    outcome_names[row->steps[i].outcome]);
	expect_rows(f, row->rows);
	expect(f, row->kept, "SELECT contact FROM report ORDER BY report_key");
	expect(f, row->auth, "SELECT auth FROM report ORDER BY report_key");
	expect(f, strcmp(row->auth, "pass") == 0 ? "example.com" : "(null)",
	    "SELECT auth_domain FROM report ORDER BY report_key");
	assert_int_equal(unequal_sums(f), 0);
	(void)snprintf(want, sizeof(want), "%zu", n);
	expect(f, want, "SELECT count(*) FROM intake");
	expect(f, "0",
	    "SELECT count(*) FROM superseded s JOIN report r"
	    " ON r.report_key = s.report_key"
	    " AND r.content_digest = s.content_digest");
}

/* Tests of one subject each. */

static struct policy
policy_of(const char *type, const char *domain, int64_t successful,
    int64_t failed)
{
	return (struct policy){ .type = type,
		.domain = domain,
		.sts_max_age = -1,
		.successful = successful,
		.failed = failed };
}

/* The sessions of sts and tlsa are the same ones; a report counts once. */
static void
test_sums(struct fixture *f)
{
	struct report report = make_report(f->arena, 1, 1, AUTH_NONE);
	struct report bare = make_report(f->arena, 2, 1, AUTH_NONE);
	struct policy policies[] = {
		policy_of("sts", "b.example", 70, 2),
		policy_of("tlsa", "b.example", 60, 5),
		policy_of("sts", "b.example", 3, 1),
		policy_of("no-policy-found", "b.example", 9, 0),
		policy_of(NULL, NULL, 1, 1),
		policy_of("tlsa", "a.example", 8, 2),
		policy_of("sts", "c.example", INT64_MAX, INT64_MAX),
		policy_of("sts", "c.example", INT64_MAX, 1),
		policy_of("tlsa", "c.example", INT64_MAX, 7),
	};

	policies[2].sts_mode = "testing";
	policies[1].failures = make_failures(f->arena, 5);
	policies[1].failures[1].failure_reason_code = "Expired";
	policies[1].failures[3].failure_reason_code = "expired";
	policies[1].nfailures = 5;
	report.policies = policies;
	report.npolicies = sizeof(policies) / sizeof(policies[0]);
	bare.npolicies = 0;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	put_one(f, make_intake(f->arena, &bare, 1), STORED);
	expect(f, "8", "SELECT count(*) FROM policy_day");
	expect(f, "9", "SELECT sum(policies) FROM policy_day");
	expect(f, "4", "SELECT sum(reports) FROM policy_day");
	expect(f, "62",
	    "SELECT twice_successful FROM policy_day"
	    " WHERE policy_domain = 'b.example' AND policy_type = 'tlsa'");
	expect(f, "3",
	    "SELECT twice_failed FROM policy_day"
	    " WHERE policy_domain = 'b.example' AND policy_type = 'tlsa'");
	expect(f, "0",
	    "SELECT twice_successful FROM policy_day"
	    " WHERE policy_domain = 'a.example'");
	expect(f, "9223372036854775807",
	    "SELECT successful FROM policy_day"
	    " WHERE policy_domain = 'c.example' AND policy_type = 'sts'");
	expect(f, "5", "SELECT details FROM failure_day");
	expect(f, "expired", "SELECT failure_reason_code FROM failure_day");
	expect(f, "2", "SELECT sum(reports) FROM total_day");
	expect(f, "1",
	    "SELECT reports FROM reporter WHERE policy_domain = 'b.example'");
	assert_int_equal(unequal_sums(f), 0);
	run_sql(f,
	    "UPDATE policy_day SET failed = failed + 1"
	    " WHERE policy_domain = 'a.example'");
	run_sql(f, "UPDATE total_failure_day SET details = 4");
	assert_int_equal(unequal_sums(f), 2);
	run_sql(f, "UPDATE retention SET closed_before = '2024-01-16'");
	assert_int_equal(unequal_sums(f), 0);
	report.key[0] = 3;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect(f, "8", "SELECT count(*) FROM policy_day");
	expect(f, "2", "SELECT sum(reports) FROM total_day");
}

/* Where * stands for all domains together, one of that name is not shown. */
static void
test_star(struct fixture *f)
{
	struct report report = make_report(f->arena, 1, 1, AUTH_NONE);
	struct policy policies[] = {
		policy_of("sts", "*", 70, 2),
		policy_of("sts", "a.example", 8, 1),
	};

	for (int i = 0; i < 2; i++) {
		policies[i].failures = make_failures(f->arena, 2);
		policies[i].nfailures = 2;
	}
	report.policies = policies;
	report.npolicies = 2;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect(f, "78",
	    "SELECT sum(successful) FROM daily_total"
	    " WHERE policy_domain = '*'");
	expect(f, "4",
	    "SELECT sum(details) FROM daily_total_failure"
	    " WHERE policy_domain = '*'");
	expect(f, "8",
	    "SELECT sum(successful) FROM daily_total"
	    " WHERE policy_domain <> '*'");
	expect(f, "78", "SELECT sum(successful) FROM policy_sum");
	expect(f, "4", "SELECT sum(details) FROM failure_sum");
	expect(f, "1", "SELECT count(*) FROM known_domain");
	expect(f, "a.example", "SELECT policy_domain FROM known_domain");
}

static void
test_moved_whole(struct fixture *f)
{
	const char *document = f->backend == POSTGRESQL ?
	    "SELECT convert_from(document, 'UTF8') FROM superseded" :
	    "SELECT CAST(document AS TEXT) FROM superseded";

	put_one(f, make_one(f->arena, 1, 4, AUTH_NONE), STORED);
	put_one(f, make_one(f->arena, 1, 5, AUTH_PASS), STORED);
	expect(f, "document 4", document);
	expect(f, "none", "SELECT auth FROM superseded");
	expect(f, "1",
	    "SELECT count(*) FROM superseded s JOIN report r"
	    " ON r.report_key = s.report_key AND r.start_time = s.start_time");
}

static void
test_several_reports(struct fixture *f)
{
	struct report old = make_report(f->arena, 1, 1, AUTH_NONE);
	struct report other = make_report(f->arena, 1, 2, AUTH_NONE);
	struct report fresh = make_report(f->arena, 2, 1, AUTH_NONE);
	struct report dup_fresh[] = { old, fresh };
	struct report dup_loser[] = { old, other };
	struct report dups[] = { old, old };

	put_one(f, make_intake(f->arena, &old, 1), STORED);
	put_one(f, make_intake(f->arena, dup_fresh, 2), STORED);
	put_one(f, make_intake(f->arena, dup_loser, 2), SUPERSEDED);
	put_one(f, make_intake(f->arena, dups, 2), DUPLICATE);
	expect_rows(f, "2 2 2 1");
	expect(f, "01020300-0000-0000-0000-000000000000",
	    "SELECT report_key FROM intake ORDER BY intake_id DESC");
}

/* An archive that is there, read once more: the way of writing changes. */
static void
test_read_once_more(struct fixture *f)
{
	enum { N = 8, ROUNDS = 3 };
	struct intake *intakes[N];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < N; i++)
			intakes[i] = make_one(f->arena, i, 1, AUTH_NONE);
		put(f, intakes, N);
		for (int i = 0; i < N; i++)
			assert_int_equal(intakes[i]->outcome,
			    round == 0 ? STORED : DUPLICATE);
	}
	expect_rows(f, "8 8 8 0");
	intakes[0] = make_one(f->arena, 0, 1, AUTH_NONE);
	intakes[1] = make_one(f->arena, 1, 2, AUTH_NONE);
	intakes[2] = make_one(f->arena, 2, 2, AUTH_PASS);
	intakes[3] = make_one(f->arena, 3, 1, AUTH_PASS);
	for (int i = 4; i < N; i++)
		intakes[i] = make_one(f->arena, N + i, 1, AUTH_NONE);
	put(f, intakes, N);
	assert_int_equal(intakes[0]->outcome, DUPLICATE);
	assert_int_equal(intakes[1]->outcome, SUPERSEDED);
	assert_int_equal(intakes[2]->outcome, STORED);
	assert_int_equal(intakes[3]->outcome, DUPLICATE);
	for (int i = 4; i < N; i++)
		assert_int_equal(intakes[i]->outcome, STORED);
	expect_rows(f, "12 12 12 2");
}

static void
test_twice_in_a_message(struct fixture *f)
{
	struct report report = make_report(f->arena, 1, 1, AUTH_NONE);
	struct report twice[] = { report, report };

	put_one(f, make_intake(f->arena, twice, 2), STORED);
	expect_rows(f, "1 1 1 0");
}

static void
test_nulls(struct fixture *f)
{
	struct failure failure = { .failed = 0 };
	struct policy policies[] = { { .sts_max_age = -1 },
		{ .sts_max_age = -1, .failures = &failure, .nfailures = 1 } };
	struct report report = { .key = { 1 },
		.id = "",
		.start = day_0,
		.end = day_0,
		.auth = AUTH_NONE,
		.policies = policies,
		.npolicies = 2 };
	struct report bare = { .key = { 2 }, .id = "", .start = day_0 };
	struct report reports[] = { report, bare };
	struct intake *intake = make_intake(f->arena, reports, 2);

	intake->source = intake->message_id = NULL;
	intake->sender = intake->subject = NULL;
	put_one(f, intake, STORED);
	expect_rows(f, "2 2 1 0");
	expect(f, "1",
	    "SELECT count(*) FROM failure WHERE policy_no = 2 AND failure_no"
	    " = 1 AND result_type IS NULL AND sending_mta_ip IS NULL AND"
	    " receiving_ip IS NULL AND receiving_mx_helo IS NULL");
	expect(f, "2",
	    "SELECT count(*) FROM policy WHERE policy_domain IS NULL AND"
	    " sts_max_age IS NULL AND sts_mode IS NULL");
	expect(f, "1", "SELECT count(*) FROM intake WHERE sender IS NULL");
	expect(f, "1", "SELECT count(*) FROM daily");
	expect(f, "1", "SELECT count(*) FROM daily_failure");
}

static void
test_hostile_text(struct fixture *f)
{
	static const char evil[] =
	    "'; DROP TABLE report; --\t\\N\\.\r\n{\"a\",NULL}"
	    "\xf0\x9f\x92\xa9\xe2\x80\xae\x1b[31m%s";
	const char *lists[] = { evil, "", "a,b", "{}", "\"", "NULL" };
	struct report report = make_report(f->arena, 1, 1, AUTH_PASS);

	report.organization = report.id = report.contact = evil;
	report.submitter = report.auth_domain = evil;
	report.policies[0].type = report.policies[0].domain = evil;
	report.policies[0].strings = (struct text_list){ lists, 6 };
	report.policies[0].mx_hosts = (struct text_list){ lists, 1 };
	report.policies[0].failures[0].additional_information = evil;
	report.policies[0].failures[0].receiving_mx_helo = evil;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect(f, evil, "SELECT organization FROM report");
	expect(f, evil, "SELECT policy_domain FROM daily");
	expect(f, evil, "SELECT additional_information FROM failure");
	if (f->backend == POSTGRESQL) {
		expect(f, evil, "SELECT policy_strings[1] FROM policy");
		expect(f, "{\"\",\"a,b\",\"{}\",\"\\\"\",\"NULL\"}",
		    "SELECT policy_strings[2:6] FROM policy");
		expect(f, evil, "SELECT mx_hosts[1] FROM policy");
	} else {
		expect(f, evil, "SELECT policy_strings ->> 0 FROM policy");
		expect(f, "[\"\",\"a,b\",\"{}\",\"\\\"\",\"NULL\"]",
		    "SELECT json_remove(policy_strings, '$[0]') FROM policy");
		expect(f, evil, "SELECT mx_hosts ->> 0 FROM policy");
	}
}

static void
test_columns(struct fixture *f)
{
	struct report report = make_report(f->arena, 1, 1, AUTH_PASS);
	const char *day = f->backend == POSTGRESQL ?
	    "SELECT to_char(start_time AT TIME ZONE 'UTC',"
	    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM report" :
	    "SELECT start_time FROM report";
	const char *ip = f->backend == POSTGRESQL ?
	    "SELECT host(sending_mta_ip) FROM failure" :
	    "SELECT sending_mta_ip FROM failure";
	const char *ip6 = f->backend == POSTGRESQL ?
	    "SELECT host(receiving_ip) FROM failure" :
	    "SELECT receiving_ip FROM failure";

	report.deviations = DEVIATION(CONTAINER) | DEVIATION(GZIP_MEMBERS) |
	    DEVIATION(TEXT_CUT);
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect(f, "2024-01-15T00:00:00Z", day);
	expect(f, "192.0.2.0", ip);
	expect(f, "2001:db8::1", ip6);
	expect(f,
	    f->backend == POSTGRESQL ?
		"{container,gzip-members,text-cut}" :
		"[\"container\",\"gzip-members\",\"text-cut\"]",
	    "SELECT deviations FROM report");
	expect(f, "mail", "SELECT channel FROM report");
	expect(f, "86400", "SELECT sts_max_age FROM policy");
	expect(f, "5", "SELECT successful FROM daily");
	expect(f, "2024-01-15", "SELECT day FROM daily");
	expect(f, "stored", "SELECT outcome FROM intake");
	expect(f, "<1@example.com>", "SELECT message_id FROM intake");
}

static void
test_greatest_counts(struct fixture *f)
{
	for (int i = 1; i <= 3; i++) {
		struct report report = make_report(f->arena, i, i, AUTH_NONE);

		report.policies[0].successful = INT64_MAX;
		report.policies[0].failed = INT64_MAX;
		report.policies[0].failures[0].failed = INT64_MAX;
		put_one(f, make_intake(f->arena, &report, 1), STORED);
	}
	expect(f, "9223372036854775807", "SELECT max(failed) FROM policy");
	expect(f, "9223372036854775807", "SELECT successful FROM daily");
	expect(f, "9223372036854775807", "SELECT failed FROM daily_failure");
	assert_int_equal(unequal_sums(f), 0);
}

static void
test_dates(struct fixture *f)
{
	static const int64_t starts[] = { -62135596800, 253402300799, 0,
		INT64_C(1451606399), INT64_C(1451606400) };
	struct store_status status;
	struct fault fault = { .kind = FAULT_NONE };
	int n = sizeof(starts) / sizeof(starts[0]);

	for (int i = 0; i < n; i++) {
		struct report report =
		    make_report(f->arena, i + 1, 1, AUTH_NONE);

		report.start = starts[i];
		report.end = starts[n - 1 - i];
		put_one(f, make_intake(f->arena, &report, 1), STORED);
		put_one(f, make_intake(f->arena, &report, 1), DUPLICATE);
	}
	expect(f, "0001-01-01", "SELECT min(day) FROM daily");
	expect(f, "9999-12-31", "SELECT max(day) FROM daily");
	expect(f, "0", "SELECT count(*) FROM coverage");
	assert_true(store_status(f->store, f->arena, &status, &fault));
	assert_int_equal(status.implausible, 4);
	assert_int_equal(status.misplaced, 0);
	assert_string_equal(status.first_day, "2016-01-01");
	assert_string_equal(status.last_day, "2016-01-01");
	assert_int_equal(unequal_sums(f), 0);
}

static void
test_many_failures(struct fixture *f)
{
	struct report report = make_report(f->arena, 1, 1, AUTH_NONE);

	report.policies[0].failures = make_failures(f->arena, 10000);
	report.policies[0].nfailures = 10000;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect_rows(f, "1 1 10000 0");
	expect(f, "10000", "SELECT failed FROM daily_failure");
	expect(f, "10000", "SELECT max(failure_no) FROM failure");
}

/* Documents of more than one statement's share, a large one among them. */
static void
test_large_documents(struct fixture *f)
{
	enum { N = 12, LARGE = 12 << 20, SMALL = 1 << 20 };
	static unsigned char bytes[LARGE];
	struct intake *intakes[N];

	for (int i = 0; i < N; i++) {
		intakes[i] = make_one(f->arena, i + 1, 1, AUTH_NONE);
		intakes[i]->reports[0].document =
		    (struct bytes){ bytes, i == 6 ? LARGE : SMALL };
	}
	put(f, intakes, N);
	for (int i = 0; i < N; i++)
		assert_int_equal(intakes[i]->outcome, STORED);
	expect_rows(f, "12 12 12 0");
	expect(f, "12582912", "SELECT max(length(document)) FROM report");
}

/* Give the database one row that it does not take. */
static void
make_refusable(struct fixture *f, struct report *report)
{
	if (f->backend == POSTGRESQL)
		report->policies[0].domain = "broken \xff text";
	else
		report->policies[0].failed = -1;
}

static void
test_refused_row(struct fixture *f)
{
	enum { N = 7 };
	struct intake *intakes[N];

	for (int i = 0; i < N; i++)
		intakes[i] = make_one(f->arena, i + 1, 1, AUTH_NONE);
	make_refusable(f, &intakes[4]->reports[0]);
	put(f, intakes, N);
	for (int i = 0; i < N; i++)
		assert_int_equal(intakes[i]->outcome,
		    i == 4 ? OUTCOME_REJECTED : STORED);
	assert_int_equal(intakes[4]->reason, REASON_REFUSED_BY_DATABASE);
	assert_non_null(intakes[4]->detail);
	assert_non_null(strstr(intakes[4]->detail,
	    f->backend == POSTGRESQL ? "invalid byte sequence" :
				       "counts_are_not_negative"));
	expect_rows(f, "6 6 6 0");
	expect(f, "7", "SELECT count(*) FROM intake");
	expect(f, "refused-by-database",
	    "SELECT reason FROM intake WHERE outcome = 'rejected'");
	assert_int_equal(unequal_sums(f), 0);
}

static void
test_all_refused(struct fixture *f)
{
	struct intake *intakes[5];

	for (int i = 0; i < 5; i++) {
		intakes[i] = make_one(f->arena, 1, i + 1, AUTH_NONE);
		make_refusable(f, &intakes[i]->reports[0]);
	}
	put(f, intakes, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(intakes[i]->outcome, OUTCOME_REJECTED);
	expect_rows(f, "0 0 0 0");
	expect(f, "5", "SELECT count(*) FROM intake");
}

/* A refused message that was to take another's place leaves it there. */
static void
test_refused_replacement(struct fixture *f)
{
	struct intake *better = make_one(f->arena, 1, 2, AUTH_PASS);

	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), STORED);
	make_refusable(f, &better->reports[0]);
	put_one(f, better, OUTCOME_REJECTED);
	expect_rows(f, "1 1 1 0");
	expect(f, "1", "SELECT contact FROM report");
	assert_int_equal(unequal_sums(f), 0);
}

static void
test_refused_intake_row(struct fixture *f)
{
	struct intake *intakes[2];

	intakes[0] = make_one(f->arena, 1, 1, AUTH_NONE);
	intakes[1] = make_intake(f->arena, NULL, 0);
	intakes[1]->outcome = OUTCOME_REJECTED;
	intakes[1]->reason = REASON_NOT_A_REPORT;
	intakes[1]->subject = "broken \xff text";
	put(f, intakes, 2);
	assert_int_equal(intakes[0]->outcome, STORED);
	assert_int_equal(intakes[1]->outcome, OUTCOME_REJECTED);
	assert_int_equal(intakes[1]->reason, REASON_NOT_A_REPORT);
	expect(f, "not-a-report",
	    "SELECT reason FROM intake WHERE outcome = 'rejected'");
	if (f->backend == POSTGRESQL)
		expect(f, "broken \xef\xbf\xbd text",
		    "SELECT subject FROM intake WHERE outcome = 'rejected'");
}

static void
test_rejected_before(struct fixture *f)
{
	struct intake *intake = make_one(f->arena, 1, 1, AUTH_NONE);

	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_UNAUTHENTICATED;
	put_one(f, intake, OUTCOME_REJECTED);
	assert_int_equal(intake->reason, REASON_UNAUTHENTICATED);
	expect_rows(f, "0 0 0 0");
	expect(f, "unauthenticated", "SELECT reason FROM intake");
}

static void
test_nothing(struct fixture *f)
{
	put(f, NULL, 0);
	expect(f, "0", "SELECT count(*) FROM intake");
}

/* While another holds the tables, nothing is decided. */
static void
test_locked(struct fixture *f)
{
	struct store *impatient = open_store(f, 1);
	struct intake *intake = make_one(f->arena, 1, 1, AUTH_NONE);
	struct fault fault = { .kind = FAULT_NONE };

	run_sql(f,
	    f->backend == POSTGRESQL ?
		"BEGIN; LOCK TABLE report IN ACCESS EXCLUSIVE MODE" :
		"BEGIN IMMEDIATE");
	assert_false(store_put(impatient, &intake, 1, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_int_equal(intake->outcome, OUTCOME_NONE);
	run_sql(f, "ROLLBACK");
	assert_true(store_put(impatient, &intake, 1, &fault));
	assert_int_equal(intake->outcome, STORED);
	store_close(impatient);
}

static void
test_lost_connection(struct fixture *f)
{
	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), STORED);
	if (f->backend == POSTGRESQL)
		run_sql(f,
		    "SELECT pg_terminate_backend(pid, 5000)"
		    " FROM pg_stat_activity"
		    " WHERE application_name = 'test_store'");
	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), DUPLICATE);
	put_one(f, make_one(f->arena, 2, 1, AUTH_NONE), STORED);
	expect_rows(f, "2 2 2 0");
	assert_int_equal(unequal_sums(f), 0);
}

/* Two writers, the same reports, from opposite ends. */
enum { NCONCURRENT = 200, NWRITERS = 3 };

struct writer {
	pthread_t thread;
	struct store *store;
	struct intake *intakes[NCONCURRENT];
	bool done;
	struct fault fault;
};

static void *
write_all(void *data)
{
	struct writer *writer = data;

	writer->done = true;
	for (size_t i = 0; i < NCONCURRENT && writer->done; i += 20)
		writer->done = store_put(writer->store, &writer->intakes[i], 20,
		    &writer->fault);
	return NULL;
}

static void
test_concurrency(struct fixture *f)
{
	static struct writer writers[NWRITERS];
	int stored = 0;

	for (int w = 0; w < NWRITERS; w++) {
		writers[w].store = open_store(f, TIMEOUT);
		for (int i = 0; i < NCONCURRENT; i++)
			writers[w].intakes[i] = make_one(f->arena,
			    w % 2 == 0 ? i + 1 : NCONCURRENT - i,
			    w == 2 ? 2 : 1, w == 2 ? AUTH_PASS : AUTH_NONE);
	}
	for (int w = 0; w < NWRITERS; w++)
		assert_int_equal(pthread_create(&writers[w].thread, NULL,
				     write_all, &writers[w]),
		    0);
	for (int w = 0; w < NWRITERS; w++)
		assert_int_equal(pthread_join(writers[w].thread, NULL), 0);
	for (int w = 0; w < NWRITERS; w++) {
		if (!writers[w].done)
			fail_msg("%s", writers[w].fault.text);
		for (int i = 0; i < NCONCURRENT; i++)
			stored += writers[w].intakes[i]->outcome == STORED;
		store_close(writers[w].store);
	}
	expect(f, "200", "SELECT count(*) FROM report WHERE contact = '2'");
	expect(f, "200", "SELECT count(*) FROM policy");
	expect(f, "200", "SELECT count(*) FROM failure");
	expect(f, "600", "SELECT count(*) FROM intake");
	/* The winner of each key, and the forger where it was first. */
	assert_in_range(stored, NCONCURRENT, 2 * NCONCURRENT);
	assert_int_equal(unequal_sums(f), 0);
}

static void
test_views(struct fixture *f)
{
	static const int days[] = { 0, 1, 4, 5 };
	struct report report;

	for (int i = 0; i < 4; i++) {
		report = make_report(f->arena, i + 1, 1, AUTH_NONE);
		report.start = day_0 + days[i] * DAY;
		if (i == 1) {
			/* The last second of a day, in UTC. */
			report.start += DAY - 1;
			report.organization = NULL;
			report.submitter = "Example";
		}
		put_one(f, make_intake(f->arena, &report, 1), STORED);
	}
	report = make_report(f->arena, 77, 1, AUTH_NONE);
	report.organization = NULL;
	put_one(f, make_intake(f->arena, &report, 1), STORED);
	expect(f, "2", "SELECT count(*) FROM coverage");
	expect(f, "2024-01-17", "SELECT min(day) FROM coverage");
	expect(f, "2024-01-18", "SELECT max(day) FROM coverage");
	expect(f, "Example", "SELECT max(organization) FROM coverage");
	expect(f, "4",
	    "SELECT reports FROM reporter WHERE organization = 'Example'");
	expect(f, "2024-01-20",
	    "SELECT last_day FROM reporter WHERE organization = 'Example'");
	expect(f, "2", "SELECT count(*) FROM reporter");
	expect(f, "5", "SELECT count(*) FROM daily");
	expect(f, "1",
	    "SELECT failed FROM daily_failure WHERE day = '2024-01-19'");
}

static void
test_vocabulary(struct fixture *f)
{
	char want[16];

	for (size_t i = 0; i < nresult_types; i++) {
		const struct result_type *row = &result_types[i];
		static const char *const columns[] = { "concern", "summary",
			"advice" };
		const char *const texts[] = { row->concern, row->summary,
			row->advice };

		for (int k = 0; k < 3; k++)
			expect(f, texts[k],
			    arena_printf(f->arena,
				"SELECT %s FROM result_type"
				" WHERE result_type = '%s'",
				columns[k], row->name));
	}
	(void)snprintf(want, sizeof(want), "%zu", nresult_types);
	expect(f, want, "SELECT count(*) FROM result_type");
}

static void
test_status(struct fixture *f)
{
	struct intake *rejected = make_intake(f->arena, NULL, 0);
	struct store_status status;
	struct fault fault = { .kind = FAULT_NONE };

	rejected->outcome = OUTCOME_REJECTED;
	rejected->reason = REASON_UNREADABLE;
	put_one(f, rejected, OUTCOME_REJECTED);
	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), STORED);
	put_one(f, make_one(f->arena, 1, 2, AUTH_NONE), SUPERSEDED);
	put_one(f, make_one(f->arena, 2, 2, AUTH_NONE), STORED);
	run_sql(f,
	    "DELETE FROM report WHERE report_key ="
	    " '02020300-0000-0000-0000-000000000000'");
	assert_true(store_status(f->store, f->arena, &status, &fault));
	assert_int_equal(status.version, STORE_SCHEMA_VERSION);
	assert_int_equal(status.reports, 1);
	assert_int_equal(status.policies, 2);
	assert_int_equal(status.failures, 2);
	assert_int_equal(status.superseded, 1);
	assert_int_equal(status.intakes, 4);
	assert_int_equal(status.rejected, 1);
	assert_int_equal(status.orphans, 2);
	assert_int_equal(status.implausible, 0);
	assert_true(status.bytes > 0);
	assert_string_equal(status.first_day, "2024-01-15");
	assert_string_equal(status.last_day, "2024-01-15");
	assert_non_null(strstr(status.server,
	    f->backend == POSTGRESQL ? "PostgreSQL " : "SQLite "));
	assert_int_equal(store_is_concurrent(f->store),
	    f->backend == POSTGRESQL);
}

/* A schema of another version is nobody's to write to. */
static void
test_other_version(struct fixture *f)
{
	struct store_roles roles = { NULL, NULL };
	struct store *store = NULL;
	struct fault fault = { .kind = FAULT_NONE };
	int before;
	int after;

	run_sql(f, "INSERT INTO schema_version (version) VALUES (99)");
	assert_false(store_open(f->uri, STORE_WRITE, "test_store", TIMEOUT,
	    &store, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_non_null(strstr(fault.text, "version 99"));
	assert_true(store_open(f->uri, STORE_MANAGE, "test_store", TIMEOUT,
	    &store, &fault));
	assert_false(store_upgrade(store, &roles, &before, &after, &fault));
	store_close(store);
	expect(f, "99", "SELECT max(version) FROM schema_version");
}

static void
test_uris(struct fixture *f)
{
	static const char *const wrong[] = { "", "/var/lib/reports.db",
		"mysql://u:geheim@h/d", "sqlite:", "nonsense=geheim",
		"postgresql://u:geheim@h:not-a-port@:[/d", "u:geheim@h" };

	(void)f;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct store *store = NULL;
		struct fault fault = { .kind = FAULT_NONE };

		if (store_open(wrong[i], STORE_WRITE, "test_store", 2, &store,
			&fault))
			fail_msg("opened: %s", wrong[i]);
		assert_null(store);
		if (fault.kind != FAULT_CONFIG)
			fail_msg("%s: %s", wrong[i], fault.text);
		assert_null(strstr(fault.text, "geheim"));
	}
}

static void
test_files(struct fixture *f)
{
	struct stat st;

	if (f->backend == POSTGRESQL)
		return;
	assert_int_equal(stat(f->uri + strlen("sqlite:"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	*strrchr(f->uri, '/') = '\0';
	assert_int_equal(stat(f->uri + strlen("sqlite:"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	expect(f, "wal", "PRAGMA journal_mode");
}

/* A month that was a far future gets its partition once it is not. */
static void
test_partitions(struct fixture *f)
{
	if (f->backend == SQLITE)
		return;
	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), STORED);
	expect(f, "1", "SELECT count(*) FROM report_2024_01");
	expect(f, "1", "SELECT count(*) FROM failure_2024_01");
	run_sql(f,
	    "ALTER TABLE report DETACH PARTITION report_2024_01;"
	    "INSERT INTO report SELECT * FROM report_2024_01;"
	    "DROP TABLE report_2024_01");
	expect(f, "1", "SELECT count(*) FROM report_default");
	store_close(f->store);
	f->store = open_store(f, TIMEOUT);
	put_one(f, make_one(f->arena, 1, 1, AUTH_NONE), DUPLICATE);
	expect(f, "0", "SELECT count(*) FROM report_default");
	expect(f, "1", "SELECT count(*) FROM report_2024_01");
}

static const struct test {
	const char *name;
	void (*run)(struct fixture *f);
} tests[] = {
	{ "the one replaced is kept whole", test_moved_whole },
	{ "sums by day", test_sums },
	{ "a policy domain named *", test_star },
	{ "several reports in a message", test_several_reports },
	{ "an archive read once more", test_read_once_more },
	{ "the same report twice in a message", test_twice_in_a_message },
	{ "nothing but what must be", test_nulls },
	{ "hostile text", test_hostile_text },
	{ "every column", test_columns },
	{ "the greatest counts", test_greatest_counts },
	{ "dates that cannot be true", test_dates },
	{ "10,000 failures", test_many_failures },
	{ "large documents", test_large_documents },
	{ "one refused row in a batch", test_refused_row },
	{ "a batch of refused rows", test_all_refused },
	{ "a refused replacement", test_refused_replacement },
	{ "a refused intake row", test_refused_intake_row },
	{ "rejected before", test_rejected_before },
	{ "an empty batch", test_nothing },
	{ "tables locked by another", test_locked },
	{ "a lost connection", test_lost_connection },
	{ "three writers at once", test_concurrency },
	{ "views", test_views },
	{ "result types as in the vocabulary", test_vocabulary },
	{ "status", test_status },
	{ "a schema of another version", test_other_version },
	{ "wrong URIs", test_uris },
	{ "modes of file and folder", test_files },
	{ "partitions", test_partitions },
};

enum {
	NTESTS = sizeof(tests) / sizeof(tests[0]),
	NALL = NBACKENDS * (NTESTS + 2 * NCLAIMS)
};

/* One run of a test or of a row of claims. */
struct run {
	int backend;
	const struct test *test;
	const struct claims *claims;
	bool at_once;
	char name[128];
};

static void
run_row(void **state)
{
	const struct run *run = *state;
	struct fixture *f;

	if (run->backend == POSTGRESQL && getenv("TLSRPT_TEST_PG") == NULL) {
		print_message(
		    "# TLSRPT_TEST_PG is not set: not on PostgreSQL\n");
		skip();
	}
	f = fixture_new(run->backend);
	if (run->test != NULL)
		run->test->run(f);
	else
		check_claims(f, run->claims, run->at_once);
	fixture_free(f);
}

static void
add_run(struct run *run, int backend, int i)
{
	run->backend = backend;
	if (i < NTESTS) {
		run->test = &tests[i];
	} else {
		run->claims = &claims[(i - NTESTS) / 2];
		run->at_once = (i - NTESTS) % 2 == 1;
	}
	(void)snprintf(run->name, sizeof(run->name), "%s: %s%s",
	    backend_names[backend],
	    run->test != NULL ? run->test->name : run->claims->name,
	    run->at_once ? ", at once" : "");
}

int
main(void)
{
	static struct run runs[NALL];
	static struct CMUnitTest all[NALL];
	int n = 0;

	for (int backend = 0; backend < NBACKENDS; backend++)
		for (int i = 0; i < NTESTS + 2 * NCLAIMS; i++, n++) {
			add_run(&runs[n], backend, i);
			all[n] = (struct CMUnitTest){ .name = runs[n].name,
				.test_func = run_row,
				.initial_state = &runs[n] };
		}
	return cmocka_run_group_tests_name("store", all, NULL, NULL);
}
