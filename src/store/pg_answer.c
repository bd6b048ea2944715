#include "store/pg_answer.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libpq-fe.h>

enum {
	PARAMS_MOST = 16,
	LOOK_AGAIN = 1000, /* milliseconds */
	SECOND = 1000
};

static int64_t
milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

static void
note(struct pg_wait *wait, const char *why)
{
	(void)snprintf(wait->why, sizeof(wait->why), "%s", why);
}

/* libpq has no word for it, but sees it at once. */
void
pg_break_off(PGconn *conn)
{
	(void)shutdown(PQsocket(conn), SHUT_RDWR);
	(void)PQconsumeInput(conn);
}

/*
 * Until the next answer is there.  False where the connection ended, or after
 * the time: then it is broken off, since the answer may still come and would
 * be taken for that of another statement.
 */
static bool
wait_for_answer(PGconn *conn, struct pg_wait *wait)
{
	int64_t end = milliseconds() + (int64_t)wait->seconds * SECOND;

	while (PQisBusy(conn)) {
		struct pollfd socket = { .fd = PQsocket(conn),
			.events = POLLIN };

		if (wait->seconds > 0 && milliseconds() >= end) {
			note(wait, "no answer in time: is the server frozen?");
			pg_break_off(conn);
			return false;
		}
		if (poll(&socket, 1, LOOK_AGAIN) < 0 && errno != EINTR)
			return false;
		if (PQconsumeInput(conn))
			continue;
		/* What came before may hold an answer, and more words. */
		note(wait, PQerrorMessage(conn));
		return !PQisBusy(conn);
	}
	return true;
}

static bool
is_failure(const PGresult *result)
{
	return result != NULL &&
	    (PQresultStatus(result) == PGRES_FATAL_ERROR ||
		PQresultStatus(result) == PGRES_BAD_RESPONSE);
}

/* A failure stays the answer, whatever comes after it. */
static PGresult *
failure_only(PGresult *answer)
{
	if (is_failure(answer))
		return answer;
	PQclear(answer);
	return NULL;
}

PGresult *
pg_answer(PGconn *conn, struct pg_wait *wait)
{
	PGresult *answer = NULL;
	PGresult *next;

	wait->why[0] = '\0';
	for (;;) {
		if (!wait_for_answer(conn, wait))
			return failure_only(answer);
		next = PQgetResult(conn);
		if (next == NULL)
			return answer;
		if (is_failure(answer)) {
			PQclear(next);
			continue;
		}
		PQclear(answer);
		answer = next;
		if (PQresultStatus(answer) == PGRES_COPY_IN)
			return answer; /* it is our turn */
	}
}

/*
 * What was left of an earlier statement is not the answer to this one; a COPY
 * that went wrong is still to be ended.  Two rounds are enough for that.
 */
static bool
is_idle(PGconn *conn, struct pg_wait *wait)
{
	for (int i = 0; i < 3; i++) {
		PGresult *left;

		if (PQtransactionStatus(conn) != PQTRANS_ACTIVE)
			return true;
		left = pg_answer(conn, wait);
		if (PQresultStatus(left) == PGRES_COPY_IN)
			(void)PQputCopyEnd(conn, "given up");
		PQclear(left);
	}
	return false;
}

PGresult *
pg_run(PGconn *conn, const char *sql, struct pg_wait *wait)
{
	wait->why[0] = '\0';
	if (!is_idle(conn, wait) || !PQsendQuery(conn, sql))
		return NULL;
	return pg_answer(conn, wait);
}

PGresult *
pg_run_params(PGconn *conn, const char *sql, int nparams,
    const char *const values[], const int lengths[], bool binary,
    struct pg_wait *wait)
{
	int formats[PARAMS_MOST];

	for (int i = 0; i < nparams && i < PARAMS_MOST; i++)
		formats[i] = binary;
	wait->why[0] = '\0';
	if (!is_idle(conn, wait) ||
	    !PQsendQueryParams(conn, sql, nparams, NULL, values, lengths,
		binary ? formats : NULL, binary))
		return NULL;
	return pg_answer(conn, wait);
}

const char *
pg_why(const PGconn *conn, const PGresult *result, const struct pg_wait *wait)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (text == NULL)
		text = *wait->why != '\0' ? wait->why : PQerrorMessage(conn);
	return *text != '\0' ? text : "no answer";
}

void
pg_advise(const PGconn *conn, const PGresult *result, struct fault *fault)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	size_t len = strlen(fault->text);

	if (state == NULL || strcmp(state, "42501") != 0)
		return;
	(void)snprintf(fault->text + len, sizeof(fault->text) - len,
	    ": role \"%s\" lacks that right; run this as the owner of the "
	    "schema tlsrpt, or let the owner grant what --writer and --reader "
	    "do (tlsrpt-db init)",
	    PQuser(conn));
}
