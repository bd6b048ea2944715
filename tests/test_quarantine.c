/* What quarantine_keep() promises, on a real file system. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "intake/quarantine.h"

/* SHA-256 of "hello\n" and of nothing, as sha256sum(1) has them. */
#define HELLO   "5891b5b522d5df086d0ff0b110fbd9d2"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb924"

enum { FULL = 1 << 20 };

static char base[64]; /* a folder of each test's own */
static char dir[256]; /* the Maildir, below it */

static int
make_base(void **state)
{
	(void)state;
	(void)strcpy(base, "/tmp/test_quarantine.XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/state/tlsrpt/quarantine", base);
	return 0;
}

static int
drop_base(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* Keep text; rest comes through a pipe, NULL: there is none. */
static bool
keep(const char *text, const char *rest, struct fault *fault)
{
	struct bytes bytes = { (const unsigned char *)text, strlen(text) };
	int ends[2] = { -1, -1 };
	bool done;

	*fault = (struct fault){ .kind = FAULT_NONE };
	if (rest != NULL) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], rest, strlen(rest)),
		    strlen(rest));
		close(ends[1]);
	}
	done = quarantine_keep(dir, bytes, ends[0], fault);
	if (rest != NULL)
		close(ends[0]);
	return done;
}

static size_t
count(const char *part)
{
	char path[512];
	const struct dirent *entry;
	size_t n = 0;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, part);
	folder = opendir(path);
	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static void
assert_counts(size_t in_tmp, size_t in_new, size_t in_cur)
{
	assert_int_equal(count("tmp"), in_tmp);
	assert_int_equal(count("new"), in_new);
	assert_int_equal(count("cur"), in_cur);
}

static void
assert_file(const char *name, const char *text)
{
	char path[512];
	char got[64] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	assert_int_not_equal(fd, -1);
	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(text));
	close(fd);
	assert_string_equal(got, text);
}

static void
put(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
}

static void
move(const char *from, const char *to)
{
	char old[512];
	char new[512];

	(void)snprintf(old, sizeof(old), "%s/%s", dir, from);
	(void)snprintf(new, sizeof(new), "%s/%s", dir, to);
	assert_int_equal(rename(old, new), 0);
}

static struct row {
	const char *name;
	const char *message;
	const char *rest;
	const char *file;
	const char *text;
} rows[] = {
	{ "a message in memory", "hello\n", NULL, "new/" HELLO ".tlsrpt",
	    "hello\n" },
	{ "a message half in a pipe", "hel", "lo\n", "new/" HELLO ".tlsrpt",
	    "hello\n" },
	{ "a message all in a pipe", "", "hello\n", "new/" HELLO ".tlsrpt",
	    "hello\n" },
	{ "nothing left in the pipe", "hello\n", "", "new/" HELLO ".tlsrpt",
	    "hello\n" },
	{ "a message of no bytes", "", NULL, "new/" NOTHING ".tlsrpt", "" },
	{ "a pipe of no bytes", "", "", "new/" NOTHING ".tlsrpt", "" },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct fault fault;

	assert_true(keep(row->message, row->rest, &fault));
	assert_counts(0, 1, 0);
	assert_file(row->file, row->text);
	/* Once more, and by the other way: no second copy. */
	assert_true(keep(row->message, row->rest, &fault));
	assert_true(keep("", row->text, &fault));
	assert_true(keep(row->text, NULL, &fault));
	assert_counts(0, 1, 0);
}

static void
test_modes(void **state)
{
	static const char *const folders[] = { "", "/state", "/state/tlsrpt",
		"/state/tlsrpt/quarantine", "/state/tlsrpt/quarantine/new" };
	struct fault fault;
	struct stat st;
	char path[512];

	(void)state;
	assert_true(keep("hello\n", NULL, &fault));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", base, folders[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	(void)snprintf(path, sizeof(path), "%s/new/" HELLO ".tlsrpt", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* A person has looked at it: it lies in cur, with flags. */
static void
test_seen(void **state)
{
	struct fault fault;

	(void)state;
	assert_true(keep("hello\n", NULL, &fault));
	move("new/" HELLO ".tlsrpt", "cur/" HELLO ".tlsrpt:2,RS");
	assert_true(keep("hello\n", NULL, &fault));
	assert_true(keep("hello", "\n", &fault));
	assert_counts(0, 0, 1);
	move("cur/" HELLO ".tlsrpt:2,RS", "cur/" HELLO ".tlsrpt");
	assert_true(keep("hello\n", NULL, &fault));
	assert_counts(0, 0, 1);
}

/* A copy that was changed is not the message: both are kept. */
static void
test_changed(void **state)
{
	struct fault fault;

	(void)state;
	assert_true(keep("hello\n", NULL, &fault));
	put("new/" HELLO ".tlsrpt", "hell");
	assert_true(keep("hello\n", NULL, &fault));
	assert_counts(0, 2, 0);
	assert_file("new/" HELLO ".tlsrpt", "hell");
	assert_file("new/" HELLO "-1.tlsrpt", "hello\n");
	assert_true(keep("hello\n", NULL, &fault));
	assert_true(keep("", "hello\n", &fault));
	assert_counts(0, 2, 0);
}

static void
test_not_a_folder(void **state)
{
	struct fault fault;
	char path[128];
	char want[512];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/state", base);
	(void)fclose(fopen(path, "w"));
	assert_false(keep("hello\n", NULL, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	(void)snprintf(want, sizeof(want),
	    "%s/tmp: could not be made: Not a directory", dir);
	assert_string_equal(fault.text, want);
}

/* The message cannot be read: its start alone is not kept. */
static void
test_rest_fails(void **state)
{
	struct bytes bytes = { (const unsigned char *)"hel", 3 };
	struct fault fault = { .kind = FAULT_NONE };
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_false(quarantine_keep(dir, bytes, fd, &fault));
	close(fd);
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_string_equal(fault.text,
	    "the message: could not be read: Is a directory");
	assert_counts(0, 0, 0);
}

/* Keep more than fits, from memory and from a file; nothing is left behind. */
static void
assert_no_room(const char *why)
{
	char *text = malloc(FULL);
	struct bytes bytes = { (const unsigned char *)text, FULL };
	struct fault fault = { .kind = FAULT_NONE };
	int fd = open("/dev/zero", O_RDONLY);

	memset(text, 'x', FULL);
	assert_false(quarantine_keep(dir, bytes, -1, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_non_null(strstr(fault.text, "/tmp/"));
	assert_non_null(strstr(fault.text, why));
	assert_false(quarantine_keep(dir, (struct bytes){ 0 }, fd, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_non_null(strstr(fault.text, why));
	close(fd);
	free(text);
	assert_counts(0, 0, 0);
	assert_true(keep("hello\n", NULL, &fault));
	assert_counts(0, 1, 0);
}

static void
test_too_large_a_file(void **state)
{
	struct rlimit before;
	struct rlimit small;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = FULL / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_no_room("could not be written: File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void
test_full_disk(void **state)
{
	char disk[128];

	(void)state;
	(void)snprintf(disk, sizeof(disk), "%s/disk", base);
	(void)mkdir(disk, 0700);
	if (mount("none", disk, "tmpfs", 0, "size=256k") == -1)
		skip();
	(void)snprintf(dir, sizeof(dir), "%s/quarantine", disk);
	assert_no_room("could not be written: No space left on device");
	assert_int_equal(umount2(disk, MNT_DETACH), 0);
}

/* Keep many messages; the exit status of a process that did. */
static int
keep_many(int n)
{
	for (int i = 0; i < n; i++) {
		struct fault fault;
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", i);
		/* What ends well leaves no fault behind. */
		if (!keep(text, "\n", &fault) || fault.kind != FAULT_NONE)
			return 1;
	}
	return 0;
}

/* Many processes bring the same messages at once. */
static void
test_at_once(void **state)
{
	enum { PROCESSES = 8, MESSAGES = 100 };
	int status;

	(void)state;
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			_exit(keep_many(MESSAGES));
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_counts(0, MESSAGES, 0);
}

#define TEST(what, function)                               \
	{                                                  \
		what, function, make_base, drop_base, NULL \
	}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		TEST("folders are made, and closed to others", test_modes),
		TEST("a copy that was read is not made again", test_seen),
		TEST("a changed copy is left alone", test_changed),
		TEST("no folder where it should be", test_not_a_folder),
		TEST("a message that cannot be read", test_rest_fails),
		TEST("a file that may not grow", test_too_large_a_file),
		TEST("a full disk", test_full_disk),
		TEST("the same message by many at once", test_at_once),
	};
	enum { NOTHERS = sizeof(others) / sizeof(others[0]) };
	struct CMUnitTest tests[NROWS + NOTHERS];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, test_row,
			make_base, drop_base, &rows[i] };
	memcpy(tests + NROWS, others, sizeof(others));
	return cmocka_run_group_tests_name("quarantine", tests, NULL, NULL);
}
