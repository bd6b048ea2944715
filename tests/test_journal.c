/* What the systemd journal is sent, by a socket that stands for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char folder[] = "/tmp/tlsrpt-journal.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int journal;

/* The next record; fails where there is none. */
static size_t
received(char *to, size_t room)
{
	ssize_t n = recv(journal, to, room - 1, MSG_DONTWAIT);

	assert_true(n > 0);
	to[n] = '\0';
	return (size_t)n;
}

static void
test_fields(void **state)
{
	static const char want[] = "MESSAGE=a b\nFORGED\n\x05\0\0\0\0\0\0\0"
				   "x\nY=z\n";
	const struct journal_field fields[] = { { "MESSAGE", "a b" },
		{ "LEFT_OUT", NULL }, { "FORGED", "x\nY=z" } };
	char got[256];
	int fd = journal_open(address.sun_path);

	(void)state;
	assert_true(fd >= 0);
	assert_true(journal_send(fd, fields, 3));
	assert_int_equal(received(got, sizeof(got)), sizeof(want) - 1);
	assert_memory_equal(got, want, sizeof(want) - 1);
	assert_int_equal(close(fd), 0);
}

static void
test_log(void **state)
{
	const struct journal_field fields[] = { { "OUTCOME", "stored" } };
	char got[1024];
	int fd = journal_open(address.sun_path);

	(void)state;
	log_open("name", LOG_TO_STDERR, LOG_LEVEL_INFO);
	log_to_journal(fd);
	log_line(LOG_LEVEL_DEBUG, "s", "not shown");
	log_record(LOG_LEVEL_DEBUG, "s", fields, 1, "not shown");
	log_record(LOG_LEVEL_INFO, "a\nb", fields, 1, "c%s", "\033");
	(void)received(got, sizeof(got));
	assert_string_equal(got,
	    "MESSAGE=a\\x0ab: c\\x1b\nPRIORITY=6\nSYSLOG_IDENTIFIER=name\n"
	    "SYSLOG_FACILITY=2\nOUTCOME=stored\n");
	log_line(LOG_LEVEL_ERROR, NULL, "bad");
	(void)received(got, sizeof(got));
	assert_string_equal(got,
	    "MESSAGE=bad\nPRIORITY=3\nSYSLOG_IDENTIFIER=name\n"
	    "SYSLOG_FACILITY=2\n");
	log_to_journal(-1);
	assert_int_equal(close(fd), 0);
}

static void
test_nobody(void **state)
{
	const struct journal_field field = { "MESSAGE", "x" };
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(journal_open(path), -1);
	assert_int_equal(journal_open("/nonexistent/socket"), -1);
	assert_false(journal_send(-1, &field, 1));
}

static void
test_stderr(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)unsetenv("JOURNAL_STREAM");
	assert_false(journal_is_stderr());
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	assert_true(journal_is_stderr());
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + 1);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	assert_false(journal_is_stderr());
	assert_int_equal(setenv("JOURNAL_STREAM", "7", 1), 0);
	assert_false(journal_is_stderr());
}

static int
start(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
	    folder);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return bind(journal, (const struct sockaddr *)&address,
	    sizeof(address));
}

static int
stop(void **state)
{
	(void)state;
	(void)close(journal);
	(void)unlink(address.sun_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_stderr),
	};

	return cmocka_run_group_tests_name("journal", tests, start, stop);
}
