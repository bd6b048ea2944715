/* Connecting to PostgreSQL: for who writes and for who reads. */
#ifndef PG_CONNECT_H
#define PG_CONNECT_H

#include <stdbool.h>

#include "base/fault.h"

struct pg_conn; /* libpq's connection */

/*
 * Does libpq understand this URI?  Nobody is asked.  FAULT_CONFIG, without a
 * word of what it holds, where it does not.
 */
bool pg_check_uri(const char *uri, struct fault *fault);

/*
 * Connect.
 *
 *	uri	anything that libpq takes
 *	program	the name that the server shows for this connection
 *	timeout	seconds that it may take, at most 30 where the URI sets
 *		nothing; 0: that
 *
 * Notices of the server are not shown.  NULL with FAULT_CONFIG where the URI
 * makes no sense, which is told without a word of it, since it may hold a
 * password; with FAULT_LATER where the server is away.
 */
struct pg_conn *pg_connect(const char *uri, const char *program, int timeout,
    struct fault *fault);

/* libpq breaks its longer messages into lines: make one of them. */
void pg_join_lines(char *text);

#endif
