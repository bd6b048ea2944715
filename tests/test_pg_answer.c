/*
 * Waiting for answers, against a server of the test's own that keeps to its
 * script: PostgreSQL's protocol 3.0, as far as a statement needs it.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "store/pg_answer.h"

/* What the server says: its messages, or a pause, or the end. */
struct line {
	char type;        /* of a message; 0: the end of the connection */
	const char *body; /* without the final NUL of the last string */
	size_t len;
};

enum { PATIENCE = 20 /* seconds, after which a test hangs */ };

#define LINE(type, body)                 \
	{                                \
		type, body, sizeof(body) \
	}
#define DONE(tag) LINE('C', tag)
#define READY               \
	{                   \
		'Z', "T", 1 \
	}
#define COPY_IN                  \
	{                        \
		'G', "\1\0\0", 3 \
	}
#define FAILURE LINE('E', "SFATAL\0VFATAL\0C57P01\0Mgoing down\0")

struct server {
	char folder[32];
	char path[64];
	pid_t pid;
	PGconn *conn;
	struct pg_wait wait;
};

/* --- no memory, once; AddressSanitizer has a malloc of its own --------- */

#if defined(__SANITIZE_ADDRESS__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

#if OWN_MALLOC
static bool no_memory;

void *__libc_malloc(size_t size);

void *
malloc(size_t size)
{
	if (no_memory) {
		no_memory = false;
		return NULL;
	}
	return __libc_malloc(size);
}
#endif

/* --- the server --------------------------------------------------------- */

static void
say(int fd, const struct line *line)
{
	uint32_t len = htonl((uint32_t)line->len + 4);

	if (write(fd, &line->type, 1) != 1 || write(fd, &len, 4) != 4 ||
	    write(fd, line->body, line->len) != (ssize_t)line->len)
		_exit(1);
}

/* One message of the client; the first has no type. */
static void
hear(int fd, bool first)
{
	char head[5];
	char body[4096];
	uint32_t len;
	ssize_t n = first ? 4 : 5;

	if (recv(fd, head, (size_t)n, MSG_WAITALL) != n)
		_exit(0);
	memcpy(&len, head + n - 4, 4);
	len = ntohl(len) - 4;
	if (len > sizeof(body) || recv(fd, body, len, MSG_WAITALL) != len)
		_exit(0);
}

/* Until the client goes; the script is the answer to its first statement. */
static void
serve(int listener, const struct line *lines, size_t n)
{
	static const struct line authentic = { 'R', "\0\0\0\0", 4 };
	static const struct line ready = { 'Z', "I", 1 };
	int fd = accept(listener, NULL, NULL);

	alarm(PATIENCE);
	hear(fd, true);
	say(fd, &authentic);
	say(fd, &ready);
	hear(fd, false);
	for (size_t i = 0; i < n; i++) {
		if (lines[i].type == '\0')
			_exit(0);
		say(fd, &lines[i]);
	}
	for (;;)
		hear(fd, false);
}

static void
start(struct server *server, const struct line *lines, size_t n)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char uri[128];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*server = (struct server){ .folder = "/tmp/pg_answer.XXXXXX" };
	assert_non_null(mkdtemp(server->folder));
	(void)snprintf(server->path, sizeof(server->path), "%s/.s.PGSQL.5432",
	    server->folder);
	memcpy(at.sun_path, server->path, sizeof(server->path));
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0)
		serve(listener, lines, n);
	(void)close(listener);
	(void)snprintf(uri, sizeof(uri),
	    "host=%s user=u dbname=d gssencmode="
	    "disable",
	    server->folder);
	server->conn = PQconnectdb(uri);
	assert_int_equal(PQstatus(server->conn), CONNECTION_OK);
	(void)alarm(PATIENCE);
}

static void
stop(struct server *server)
{
	PQfinish(server->conn);
	assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
	(void)unlink(server->path);
	(void)rmdir(server->folder);
	(void)alarm(0);
}

#define START(server, ...)                                               \
	do {                                                             \
		static const struct line script[] = { __VA_ARGS__ };     \
		start(server, script, sizeof(script) / sizeof(*script)); \
	} while (0)

/* --- the tests ---------------------------------------------------------- */

static void
gives_the_last_result(void **state)
{
	struct server server;
	PGresult *result;

	(void)state;
	START(&server, DONE("BEGIN"), DONE("SET"), READY);
	result = pg_run(server.conn, "BEGIN; SET x = 1", &server.wait);
	assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
	assert_string_equal(PQcmdStatus(result), "SET");
	assert_int_equal(PQtransactionStatus(server.conn), PQTRANS_INTRANS);
	PQclear(result);
	stop(&server);
}

static void
gives_the_failure(void **state)
{
	struct server server;
	PGresult *result;

	(void)state;
	START(&server, DONE("BEGIN"), FAILURE, { 0 });
	result = pg_run(server.conn, "BEGIN; SET x = 1", &server.wait);
	assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
	assert_string_equal(pg_why(server.conn, result, &server.wait),
	    "going down");
	assert_int_equal(PQstatus(server.conn), CONNECTION_BAD);
	PQclear(result);
	stop(&server);
}

/* What came before the end of the connection is no answer to all of it. */
static void
half_an_answer_is_none(void **state)
{
	struct server server;
	PGresult *result;

	(void)state;
	START(&server, DONE("BEGIN"), { 0 });
	result = pg_run(server.conn, "BEGIN; SET x = 1", &server.wait);
	assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
	assert_ptr_equal(strstr(pg_why(server.conn, result, &server.wait),
			     "server closed the connection"),
	    server.wait.why);
	assert_null(strstr(server.wait.why, "invalid socket"));
	PQclear(result);
	assert_null(pg_run(server.conn, "ROLLBACK", &server.wait));
	stop(&server);
}

static void
ends_when_it_is_late(void **state)
{
	struct server server;

	(void)state;
	START(&server, DONE("BEGIN"));
	server.wait.seconds = 1;
	assert_null(pg_run(server.conn, "BEGIN; SET x = 1", &server.wait));
	assert_non_null(strstr(server.wait.why, "no answer in time"));
	assert_non_null(
	    strstr(pg_why(server.conn, NULL, &server.wait), "in time"));
	/* And nothing that comes later is taken for another's answer. */
	assert_int_equal(PQstatus(server.conn), CONNECTION_BAD);
	assert_null(pg_run(server.conn, "ROLLBACK", &server.wait));
	assert_string_equal(server.wait.why, "");
	stop(&server);
}

/* A COPY that was given up is ended before anything else is said. */
static void
ends_what_was_begun(void **state)
{
	struct server server;
	PGresult *result;

	(void)state;
	START(&server, COPY_IN, FAILURE, READY);
	result = pg_run(server.conn, "COPY t FROM STDIN", &server.wait);
	assert_int_equal(PQresultStatus(result), PGRES_COPY_IN);
	PQclear(result);
	server.wait.seconds = 1;
	assert_null(pg_run(server.conn, "ROLLBACK", &server.wait));
	/* It got as far as the answer to ROLLBACK, which this server has not. */
	assert_non_null(strstr(server.wait.why, "no answer in time"));
	stop(&server);
}

#if OWN_MALLOC
/*
 * libpq takes an answer that it has no memory for as one that is not whole
 * yet, and its own PQexec() would wait for the rest for ever.
 */
static void
looks_again_where_memory_was_short(void **state)
{
	void *(*volatile our_malloc)(size_t) = malloc;
	struct server server;
	struct pollfd socket;
	PGresult *result;

	(void)state;
	no_memory = true;
	free(our_malloc(1));
	if (no_memory)
		skip(); /* valgrind has one, too */
	START(&server, COPY_IN);
	assert_true(PQsendQuery(server.conn, "COPY t FROM STDIN"));
	socket = (struct pollfd){ PQsocket(server.conn), POLLIN, 0 };
	assert_int_equal(poll(&socket, 1, PATIENCE * 1000), 1);
	no_memory = true;
	result = pg_answer(server.conn, &server.wait);
	assert_false(no_memory);
	assert_int_equal(PQresultStatus(result), PGRES_COPY_IN);
	PQclear(result);
	stop(&server);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_last_result),
		cmocka_unit_test(gives_the_failure),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(ends_when_it_is_late),
		cmocka_unit_test(ends_what_was_begun),
#if OWN_MALLOC
		cmocka_unit_test(looks_again_where_memory_was_short),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
