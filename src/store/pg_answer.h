/*
 * Waiting for what PostgreSQL answers.  libpq's own waiting ends only when it
 * has understood an answer, and takes one for which it finds no memory for
 * one that has not come whole.  Here it looks again each second, and where
 * there is a limit it ends.
 */
#ifndef PG_ANSWER_H
#define PG_ANSWER_H

#include <stdbool.h>

#include "base/fault.h"

struct pg_conn;   /* libpq's connection */
struct pg_result; /* and its PGresult */

/* How long to wait, and how the latest wait ended. */
struct pg_wait {
	int seconds;   /* for an answer; 0: no end */
	char why[256]; /* none came, in words; or "" */
};

/*
 * Run statements without parameters, or one with parameters, as PQexec() and
 * PQexecParams() do; parameters and result are binary, or both are text.
 * Gives the first failure, or the last result; the caller's, by PQclear().
 * NULL where nothing could be sent or nothing came: pg_why() says why.
 */
struct pg_result *pg_run(struct pg_conn *conn, const char *sql,
    struct pg_wait *wait);
struct pg_result *pg_run_params(struct pg_conn *conn, const char *sql,
    int nparams, const char *const values[], const int lengths[], bool binary,
    struct pg_wait *wait);

/* The same for what was sent already, such as the end of a COPY. */
struct pg_result *pg_answer(struct pg_conn *conn, struct pg_wait *wait);

/*
 * End the connection without a word, where it is not known what the server
 * would take the next one for.  A transaction that was open is undone.
 */
void pg_break_off(struct pg_conn *conn);

/*
 * Where a role lacks a right (SQLSTATE 42501), say behind a fault which role
 * it is and who could help; else leave the fault alone.
 */
void pg_advise(const struct pg_conn *conn, const struct pg_result *result,
    struct fault *fault);

/* What the server or libpq says of a failure: text of theirs, never empty. */
const char *pg_why(const struct pg_conn *conn, const struct pg_result *result,
    const struct pg_wait *wait);

#endif
