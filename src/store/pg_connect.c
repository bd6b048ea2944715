#include "store/pg_connect.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

enum { CONNECT_SECONDS = 30 }; /* at most, where the URI sets nothing */

void
pg_join_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		bool blank = strchr(" \t\r\n", *from) != NULL;

		if (!blank)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

/*
 * An "@" or ":" in a password that is not written as %40 or %3A makes libpq
 * take a piece of the password for the port, and show it.
 */
static bool
port_is_good(const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, "port") == 0 &&
		    options->val != NULL)
			return options
				   ->val[strspn(options->val, "0123456789,")] ==
			    '\0';
	return true;
}

/* libpq's words may hold the password: only say that it makes no sense. */
bool
pg_check_uri(const char *uri, struct fault *fault)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(uri, &error);
	static const char no_memory[] = "out of memory";
	bool good = options != NULL && port_is_good(options);

	/* That is of the moment, and says nothing about the URI. */
	if (options == NULL &&
	    (error == NULL ||
		strncmp(error, no_memory, sizeof(no_memory) - 1) == 0))
		fault_out_of_memory();
	PQconninfoFree(options);
	PQfreemem(error);
	return good ||
	    fault_set(fault, FAULT_CONFIG,
		"database URI cannot be read: see libpq's connection strings");
}

/* NOTICEs are not for whoever reads our stderr. */
static void
be_quiet(void *data, const PGresult *result)
{
	(void)data;
	(void)result;
}

/*
 * Milliseconds that what was sent may go without TCP's acknowledgement: so a
 * server that is gone without a word is noticed in a minute, not after a
 * quarter of an hour.
 */
static const char unanswered[] = "60000";

/* What stands before dbname holds only where the URI says nothing. */
struct pg_conn *
pg_connect(const char *uri, const char *program, int timeout,
    struct fault *fault)
{
	char seconds[16];
	const char *const names[] = { "connect_timeout", "tcp_user_timeout",
		"dbname", "fallback_application_name", "client_encoding",
		NULL };
	const char *const values[] = { seconds, unanswered, uri, program,
		"UTF8", NULL };
	PGconn *conn;

	if (!pg_check_uri(uri, fault))
		return NULL;
	(void)snprintf(seconds, sizeof(seconds), "%d",
	    timeout > 0 && timeout < CONNECT_SECONDS ? timeout :
						       CONNECT_SECONDS);
	conn = PQconnectdbParams(names, values, 1);
	(void)PQsetNoticeReceiver(conn, be_quiet, NULL);
	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	(void)fault_set(fault, FAULT_LATER,
	    "could not connect to the database: %s", PQerrorMessage(conn));
	pg_join_lines(fault->text);
	PQfinish(conn);
	return NULL;
}
