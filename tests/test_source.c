/* What source.h promises, on a real file system. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "intake/source.h"
#include "intake/source_mbox.h"
#include "intake/source_names.h"

enum { LIMIT = 1 << 20, NOBODY = 65534 };

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char base[64]; /* a folder of each test's own */

static int
make_base(void **state)
{
	(void)state;
	(void)strcpy(base, "/tmp/test_source.XXXXXX");
	return mkdtemp(base) == NULL || chmod(base, 0755) == -1 ? -1 : 0;
}

static int
drop_base(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* A path below the folder; good until the eighth call from now. */
static char *
at(const char *name)
{
	static char paths[8][1024];
	static size_t next;
	char *path = paths[next++ % LENGTH(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static void
put_bytes(const char *name, const char *text, size_t len)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		assert_true(n > 0);
		text += n;
		len -= (size_t)n;
	}
	close(fd);
}

static void
put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void
make_folder(const char *name)
{
	assert_int_equal(mkdir(at(name), 0755), 0);
}

static void
make_maildir(const char *name)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };
	char path[512];

	for (size_t i = 0; i < LENGTH(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", name, parts[i]);
		make_folder(path);
	}
}

/* Add the path of an item, without the folder of the test. */
static void
add_path(struct buffer *seen, const char *path)
{
	const char *found = strstr(path, base);

	buffer_text(seen, found == path ? path + strlen(base) + 1 : path);
}

/*
 * Walk over paths and load each message.  A text of "path[bytes]" for each,
 * with "!" behind where it was cut, and "(fault)" for each failure.
 */
static struct buffer
walk(char *const paths[], size_t npaths, size_t limit)
{
	struct source *source = source_open(paths, npaths, limit, false);
	struct buffer seen = { 0 };

	buffer_text(&seen, "");
	for (;;) {
		struct fault fault = { .kind = FAULT_LATER };
		struct item item = { 0 };

		if (source_next(source, &item, &fault) &&
		    source_load(&item, limit, &fault)) {
			add_path(&seen, item.path);
			buffer_text(&seen, "[");
			buffer_add(&seen, item.bytes, item.len);
			buffer_text(&seen, item.cut ? "]!" : "]");
		} else if (fault.kind == FAULT_NONE) {
			break;
		} else {
			assert_int_equal(fault.kind, FAULT_INPUT);
			buffer_text(&seen, "(");
			add_path(&seen, fault.text);
			buffer_text(&seen, ")");
		}
		source_item_free(&item);
	}
	source_close(source);
	return seen;
}

static void
assert_walk(const char *name, size_t limit, const char *want)
{
	char *paths[] = { at(name) };
	struct buffer seen = walk(paths, 1, limit);

	assert_string_equal(seen.at, want);
	buffer_free(&seen);
}

/* The same for bytes that come through a pipe on standard input. */
static struct buffer
walk_pipe(const char *bytes, size_t len, size_t limit)
{
	char dash[] = "-";
	char *paths[] = { dash };
	int standard_input = dup(STDIN_FILENO);
	struct buffer seen;
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		while (len > 0) {
			ssize_t n = write(ends[1], bytes, len);

			if (n <= 0)
				_exit(1);
			bytes += n;
			len -= (size_t)n;
		}
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	seen = walk(paths, 1, limit);
	if (standard_input != -1) {
		assert_int_equal(dup2(standard_input, STDIN_FILENO),
		    STDIN_FILENO);
		close(standard_input);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	return seen;
}

#define A      "From a@example.com Mon Jan 15 00:12:34 2024\n" /* 44 bytes */
#define B      "From b@example.com Tue Jan 16 00:12:34 2024\n"
#define A_CRLF "From a@example.com Mon Jan 15 00:12:34 2024\r\n"

static struct mbox_row {
	const char *name;
	const char *mbox;
	size_t limit;
	const char *messages; /* "@offset[bytes]" for each */
} mbox_rows[] = {
	{ "mbox: one message", A "X: 1\n\nbody\n\n", LIMIT,
	    "@0[X: 1\n\nbody\n]" },
	{ "mbox: two messages", A "X: 1\n\nbody\n\n" B "X: 2\n\nmore\n\n",
	    LIMIT, "@0[X: 1\n\nbody\n]@56[X: 2\n\nmore\n]" },
	{ "mbox: no line break at the end", A "X: 1\n\nbody", LIMIT,
	    "@0[X: 1\n\nbody]" },
	{ "mbox: no empty line at the end", A "X: 1\n\nbody\n", LIMIT,
	    "@0[X: 1\n\nbody\n]" },
	{ "mbox: CRLF",
	    A_CRLF "X: 1\r\n\r\nbody\r\n\r\n" A_CRLF "X: 2\r\n\r\nmore\r\n",
	    LIMIT, "@0[X: 1\r\n\r\nbody\r\n]@61[X: 2\r\n\r\nmore\r\n]" },
	{ "mbox: a bare CR is no line break", A "X: 1\n\nbo\r\n\rFrom x\n",
	    LIMIT, "@0[X: 1\n\nbo\r\n\rFrom x\n]" },

	/* What separates, and what only looks like it. */
	{ "mbox: From behind no empty line", A "X: 1\n\none\nFrom here\n",
	    LIMIT, "@0[X: 1\n\none\nFrom here\n]" },
	{ "mbox: From in a header", A "From x\nX: 1\n\none\n", LIMIT,
	    "@0[From x\nX: 1\n\none\n]" },
	{ "mbox: Fromage", A "X: 1\n\n\nFromage\nFrom\n\nFrom:\n", LIMIT,
	    "@0[X: 1\n\n\nFromage\nFrom\n\nFrom:\n]" },
	{ "mbox: two empty lines before a separator",
	    A "X: 1\n\nbody\n\n\n" B "X: 2\n\n", LIMIT,
	    "@0[X: 1\n\nbody\n\n]@57[X: 2\n]" },
	{ "mbox: empty lines at the end", A "X: 1\n\nbody\n\n\n\n", LIMIT,
	    "@0[X: 1\n\nbody\n\n\n]" },
	{ "mbox: no body", A "X: 1\n\n" B "X: 2\n\n", LIMIT,
	    "@0[X: 1\n]@50[X: 2\n]" },
	{ "mbox: a body of one empty line", A "X: 1\n\n\n" B "X: 2\n\n", LIMIT,
	    "@0[X: 1\n\n]@51[X: 2\n]" },
	{ "mbox: an empty message", A "\n" B "X: 2\n\nbody\n", LIMIT,
	    "@0[]@45[X: 2\n\nbody\n]" },
	{ "mbox: a separator alone", A, LIMIT, "@0[]" },

	/* Quoting. */
	{ "mbox: a quoted separator", A "X: 1\n\none\n\n>From b two\n", LIMIT,
	    "@0[X: 1\n\none\n\nFrom b two\n]" },
	{ "mbox: quoted twice", A "X: 1\n\n>>From b\n>>>>From c\n", LIMIT,
	    "@0[X: 1\n\n>From b\n>>>From c\n]" },
	{ "mbox: other lines with marks",
	    A "X: 1\n\n>Fromage\n> From x\nx>From y\n>>\n", LIMIT,
	    "@0[X: 1\n\n>Fromage\n> From x\nx>From y\n>>\n]" },
	{ "mbox: a mark in the header stays", A ">From x\nX: 1\n\none\n", LIMIT,
	    "@0[>From x\nX: 1\n\none\n]" },

	/* Content-Length: mboxcl and mboxcl2. */
	{ "mbox: a length over a bare separator",
	    A "Content-Length: 16\n\none\n\nFrom two\n \n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 16\n\none\n\nFrom two\n \n]@81[X: 2\n]" },
	{ "mbox: a right length",
	    A "Content-Length: 14\n\none\n\nFrom two\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 14\n\none\n\nFrom two\n]"
	    "@79[X: 2\n]" },
	{ "mbox: a right length at the end",
	    A "content-length:\t14 \n\none\n\nFrom two\n", LIMIT,
	    "@0[content-length:\t14 \n\none\n\nFrom two\n]" },
	{ "mbox: a right length, and an empty line at the end",
	    A "Content-Length: 14\n\none\n\nFrom two\n\n", LIMIT,
	    "@0[Content-Length: 14\n\none\n\nFrom two\n]" },
	{ "mbox: a right length without a last line break",
	    A "Content-Length: 13\n\none\n\nFrom two", LIMIT,
	    "@0[Content-Length: 13\n\none\n\nFrom two]" },
	{ "mbox: a right length and CRLF",
	    A_CRLF "Content-Length: 17\r\n\r\none\r\n\r\nFrom two\r\n\r\n" B,
	    LIMIT,
	    "@0[Content-Length: 17\r\n\r\none\r\n\r\nFrom two\r\n]@86[]" },
	{ "mbox: a right length and no empty line behind",
	    A "Content-Length: 4\n\none\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 4\n\none\n]@67[X: 2\n]" },
	{ "mbox: a length of 0", A "Content-Length: 0\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 0\n\n]@63[X: 2\n]" },
	{ "mbox: a right length and quotes",
	    A "Content-Length: 15\n\none\n\n>From two\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 15\n\none\n\nFrom two\n]@80[X: 2\n]" },
	{ "mbox: a right length, quotes, and none",
	    A "Content-Length: 19\n\n\n>From two\nFrom 3\n\n\n" B "X: 2\n",
	    LIMIT,
	    "@0[Content-Length: 19\n\n\n>From two\nFrom 3\n\n]"
	    "@84[X: 2\n]" },
	{ "mbox: a length that is too small",
	    A "Content-Length: 2\n\none\n\n>From two\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 2\n\none\n\nFrom two\n]@79[X: 2\n]" },
	{ "mbox: a length into the middle of a line",
	    A "Content-Length: 3\n\none\nFrom 2\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 3\n\none\nFrom 2\n]@75[X: 2\n]" },
	{ "mbox: a length that is too large",
	    A "Content-Length: 9\n\none\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 9\n\none\n]@68[X: 2\n]" },
	{ "mbox: a length past the end",
	    A "Content-Length: 900\n\none\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: 900\n\none\n]@70[X: 2\n]" },
	{ "mbox: a length beyond all numbers",
	    A "Content-Length: 99999999999999999999999\n\none\n\n" B, LIMIT,
	    "@0[Content-Length: 99999999999999999999999\n\none\n]@90[]" },
	{ "mbox: the largest length that is read",
	    A "Content-Length: 999999999999999999\n\none\n\n" B, LIMIT,
	    "@0[Content-Length: 999999999999999999\n\none\n]@85[]" },
	{ "mbox: a length that is none",
	    A "Content-Length: x14\n\none\n\n" B "X: 2\n", LIMIT,
	    "@0[Content-Length: x14\n\none\n]@70[X: 2\n]" },
	{ "mbox: two lengths",
	    A "Content-Length: 51\nContent-Length: 51\n\none\n\n" B "X\n",
	    LIMIT,
	    "@0[Content-Length: 51\nContent-Length: 51\n\none\n]"
	    "@88[X\n]" },

	/* The limit. */
	{ "mbox: exactly the limit", A "X: 1\n\nbody\n\n" B "X: 2\n", 11,
	    "@0[X: 1\n\nbody\n]@56[X: 2\n]" },
	{ "mbox: one past the limit", A "X: 1\n\nbody\n\n" B "X: 2\n", 10,
	    "@0[X: 1\n\nbody]!@56[X: 2\n]" },
	{ "mbox: exactly the limit, without quotes",
	    A "X: 1\n\n>From b\n\n" B "X: 2\n", 13,
	    "@0[X: 1\n\nFrom b\n]@59[X: 2\n]" },
	{ "mbox: one past the limit, in the header",
	    A "X: 1\n\nbody\n\n" B "X: 2\n", 4, "@0[X: 1]!@56[X: 2]!" },
	{ "mbox: a limit of nothing", A "\n" B "X: 2\n", 0, "@0[]@45[]!" },
	{ "mbox: a right length past the limit",
	    A "Content-Length: 41\n\n123456789012345678901234567890\n\nFrom two"
	      "\n" B "X: 2\n",
	    30, "@0[Content-Length: 41\n\n1234567890]!@105[X: 2\n]" },
};

/* A walk's text in the form of the rows. */
static void
assert_messages(struct buffer *seen, const char *path, const char *want)
{
	struct buffer got = { 0 };
	char mark[64];
	const char *rest = seen->at;

	(void)snprintf(mark, sizeof(mark), "%s:", path);
	for (;;) {
		const char *found = strstr(rest, mark);

		if (found == NULL)
			break;
		buffer_add(&got, rest, (size_t)(found - rest));
		buffer_text(&got, "@");
		rest = found + strlen(mark);
	}
	buffer_text(&got, rest);
	assert_string_equal(got.at, want);
	buffer_free(&got);
	buffer_free(seen);
}

static void
test_mbox_row(void **state)
{
	const struct mbox_row *row = *state;
	char *paths[] = { at("box") };
	struct buffer seen;

	put("box", row->mbox);
	seen = walk(paths, 1, row->limit);
	assert_messages(&seen, "box", row->messages);
	seen = walk_pipe(row->mbox, strlen(row->mbox), row->limit);
	assert_messages(&seen, "-", row->messages);
}

static struct date_row {
	const char *name;
	const char *line;
	int64_t seconds; /* 0: the file's */
} date_rows[] = {
	{ "date: as asctime has it", "From a Mon Jan 15 00:12:34 2024",
	    1705277554 },
	{ "date: a day of one digit", "From a Mon Jan  5 00:12:34 2024",
	    1704413554 },
	{ "date: no seconds", "From a Mon Jan 15 00:12 2024", 1705277520 },
	{ "date: zone before the year", "From a Mon Jan 15 00:12:34 PST 2024",
	    1705277554 },
	{ "date: zone behind the year", "From a Mon Jan 15 00:12:34 2024 +0100",
	    1705277554 },
	{ "date: a sender of two words",
	    "From \"a b\"@c Mon Jan 15 00:12:34 2024", 1705277554 },
	{ "date: a sender called May", "From May Mon Jan 15 00:12:34 2024",
	    1705277554 },
	{ "date: CR at the end", "From a Mon Jan 15 00:12:34 2024\r",
	    1705277554 },
	{ "date: a leap day", "From a Thu Feb 29 23:59:60 2024", 1709251200 },
	{ "date: none", "From a somewhere", 0 },
	{ "date: hour 24", "From a Mon Jan 15 24:00:00 2024", 0 },
	{ "date: minute 60", "From a Mon Jan 15 00:60:00 2024", 0 },
	{ "date: day 0", "From a Mon Jan 0 00:00:00 2024", 0 },
	{ "date: day 32", "From a Mon Jan 32 00:00:00 2024", 0 },
	{ "date: year of five digits", "From a Mon Jan 3 00:00:00 20241", 0 },
	{ "date: year before all mail", "From a Mon Jan 3 00:00:00 1969", 0 },
	{ "date: letters in the time", "From a Mon Jan 3 0a:00:00 2024", 0 },
	{ "date: ISO 8601", "From a 2024-01-15T00:12:34Z", 0 },
};

static void
test_date_row(void **state)
{
	const struct date_row *row = *state;
	const struct timespec times[2] = { { 86400, 0 }, { 86400, 0 } };
	char *paths[] = { at("box") };
	struct item item = { 0 };
	struct fault fault;
	struct source *source;
	char mbox[256];

	(void)snprintf(mbox, sizeof(mbox), "%s\nX: 1\n", row->line);
	put("box", mbox);
	assert_int_equal(utimensat(AT_FDCWD, paths[0], times, 0), 0);
	source = source_open(paths, 1, LIMIT, false);
	assert_true(source_next(source, &item, &fault));
	assert_int_equal(item.received_at,
	    row->seconds != 0 ? row->seconds : 86400);
	source_item_free(&item);
	source_close(source);
}

static struct kind_row {
	const char *name;
	const char *text;
	bool mbox;
} kind_rows[] = {
	{ "kind: an mbox", A, true },
	{ "kind: an mbox of Mozilla", "From - Mon Jan 15 00:12:34 2024\n",
	    true },
	{ "kind: no line break yet", "From a Mon Jan", true },
	{ "kind: a header field", "From: a b\nX: 1\n", false },
	{ "kind: an old header field", "From : a b\n", false },
	{ "kind: another header field", "Received: by x\nFrom a b\n", false },
	{ "kind: From alone", "From \n", false },
	{ "kind: no date", "From a\nx y\n", false },
	{ "kind: no date but a blank", "From a \r\n", false },
	{ "kind: JSON", "{\"organization-name\":\"x\"}", false },
	{ "kind: gzip", "\x1f\x8b\x08", false },
	{ "kind: nothing", "", false },
	{ "kind: quoted", ">From a b\n", false },
	{ "kind: less than From", "Fro", false },
};

/* A file, the same in a folder, and the same through a pipe. */
static void
test_kind_row(void **state)
{
	const struct kind_row *row = *state;
	struct buffer seen;
	char want[256];

	assert_int_equal(mbox_begins(row->text, strlen(row->text)), row->mbox);
	if (row->mbox)
		return;
	make_folder("folder");
	put("folder/file", row->text);
	(void)snprintf(want, sizeof(want), "folder/file[%s]", row->text);
	assert_walk("folder/file", LIMIT, want);
	assert_walk("folder", LIMIT, want);
	seen = walk_pipe(row->text, strlen(row->text), LIMIT);
	(void)snprintf(want, sizeof(want), "-[%s]", row->text);
	assert_string_equal(seen.at, want);
	buffer_free(&seen);
}

static void
test_pipe_limit(void **state)
{
	struct buffer seen = walk_pipe("12345", 5, 5);

	(void)state;
	assert_string_equal(seen.at, "-[12345]");
	buffer_free(&seen);
	seen = walk_pipe("123456", 6, 5);
	assert_string_equal(seen.at, "-[12345]!");
	buffer_free(&seen);
}

static void
test_file_limit(void **state)
{
	(void)state;
	put("file", "12345");
	assert_walk("file", 5, "file[12345]");
	assert_walk("file", 4, "file[1234]!");
	assert_walk("file", 0, "file[]!");
	put("file", "");
	assert_walk("file", 0, "file[]");
}

/* A message that is larger than the window on the file, by file and pipe. */
static void
test_large(void **state)
{
	enum { LINE = 200000, LINES = 10 };
	struct buffer mbox = { 0 };
	struct buffer want = { 0 };
	char *paths[] = { at("box") };
	struct buffer seen;

	(void)state;
	for (int n = 0; n < 3; n++) {
		buffer_printf(&want, "@%zu[", mbox.len);
		buffer_text(&mbox, A "X: 1\n\n");
		buffer_text(&want, "X: 1\n\n");
		for (int line = 0; line < LINES; line++) {
			char *room = buffer_room(&mbox, LINE);

			memset(room, 'a' + line, LINE);
			room[LINE - 1] = '\n';
			buffer_add(&want, room, LINE);
			mbox.len += LINE;
		}
		buffer_text(&mbox, "\n");
		buffer_text(&want, "]");
	}
	put_bytes("box", mbox.at, mbox.len);
	seen = walk(paths, 1, (size_t)LINE * LINES * 2);
	assert_messages(&seen, "box", want.at);
	seen = walk_pipe(mbox.at, mbox.len, (size_t)LINE * LINES * 2);
	assert_messages(&seen, "-", want.at);
	buffer_free(&mbox);
	buffer_free(&want);
}

/* Add a message of a few random lines, quoted as mboxrd has it. */
static void
add_random(unsigned *seed, struct buffer *mbox, struct buffer *want)
{
	static const char *const lines[] = { "", "From x", ">From y", "From",
		">", ">>From z", "text", "Content-Length: 4", "\r" };

	buffer_printf(want, "@%zu[", mbox->len);
	buffer_text(mbox, A "X: 1\n\n");
	buffer_text(want, "X: 1\n\n");
	for (int n = rand_r(seed) % 40; n >= 0; n--) {
		const char *line = lines[(size_t)rand_r(seed) % LENGTH(lines)];
		const char *text = line + strspn(line, ">");

		if (strncmp(text, "From ", 5) == 0)
			buffer_text(mbox, ">");
		buffer_printf(mbox, "%s\n", line);
		buffer_printf(want, "%s\n", line);
	}
	buffer_text(mbox, "\n");
	buffer_text(want, "]");
}

static void
test_random(void **state)
{
	struct buffer mbox = { 0 };
	struct buffer want = { 0 };
	char *paths[] = { at("box") };
	struct buffer seen;
	unsigned seed = 8460;

	(void)state;
	for (int n = 0; n < 5000; n++)
		add_random(&seed, &mbox, &want);
	put_bytes("box", mbox.at, mbox.len);
	seen = walk(paths, 1, LIMIT);
	assert_messages(&seen, "box", want.at);
	seen = walk_pipe(mbox.at, mbox.len, LIMIT);
	assert_messages(&seen, "-", want.at);
	buffer_free(&mbox);
	buffer_free(&want);
}

/*
 * A right length that leads past the window and past the limit.  A file can
 * be looked at there; of a pipe, all before it would have to be kept.
 */
static void
test_long_length(void **state)
{
	enum { LINES = 10000 };
	char *paths[] = { at("box") };
	struct buffer mbox = { 0 };
	struct buffer seen;
	char want[256];

	(void)state;
	buffer_printf(&mbox, A "Content-Length: %d\n\n", LINES * 16);
	for (int i = 0; i < LINES; i++)
		buffer_text(&mbox, "\nFrom b Jan 2024");
	mbox.at[mbox.len - 1] = '\n';
	buffer_text(&mbox, "\n" B "X: 2\n");
	put_bytes("box", mbox.at, mbox.len);
	seen = walk(paths, 1, 24);
	(void)snprintf(want, sizeof(want),
	    "@0[Content-Length: 160000\n\n]!@%zu[X: 2\n]",
	    mbox.len - strlen(B "X: 2\n"));
	assert_messages(&seen, "box", want);
	seen = walk_pipe(mbox.at, mbox.len, 24);
	assert_true(
	    strncmp(seen.at, "-:0[Content-Length: 160000\n\n]-:", 31) == 0);
	buffer_free(&seen);
	buffer_free(&mbox);
}

/* A connection that breaks in the middle of the second message. */
static void
test_mbox_breaks(void **state)
{
	static const char mbox[] = A "X: 1\n\none\n\n" B "X: 2\n\ntw";
	char dash[] = "-";
	char *paths[] = { dash };
	int standard_input = dup(STDIN_FILENO);
	struct buffer seen;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], mbox, sizeof(mbox) - 1),
	    sizeof(mbox) - 1);
	/* Closed with bytes that nobody read, it resets the connection. */
	assert_int_equal(write(ends[0], "x", 1), 1);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	seen = walk(paths, 1, LIMIT);
	assert_string_equal(seen.at,
	    "-:0[X: 1\n\none\n](-:107: could not be read: "
	    "Connection reset by peer)");
	buffer_free(&seen);
	if (standard_input != -1) {
		assert_int_equal(dup2(standard_input, STDIN_FILENO),
		    STDIN_FILENO);
		close(standard_input);
	}
}

/* Wrong lengths that reach far ahead, one in each message. */
static void
test_wrong_lengths(void **state)
{
	enum { MESSAGES = 20000 };
	struct buffer mbox = { 0 };
	struct buffer seen;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < MESSAGES; i++)
		buffer_text(&mbox, A "Content-Length: 900000\n\nbody\n\n");
	seen = walk_pipe(mbox.at, mbox.len, LIMIT);
	for (const char *found = seen.at; (found = strstr(found, "-:")) != NULL;
	     found++)
		n++;
	assert_int_equal(n, MESSAGES);
	buffer_free(&mbox);
	buffer_free(&seen);
}

static void
test_standard_input_fails(void **state)
{
	char dash[] = "-";
	char *paths[] = { dash, at("file") };
	int standard_input = dup(STDIN_FILENO);
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	struct buffer seen;

	(void)state;
	put("file", "x");
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	seen = walk(paths, 2, LIMIT);
	assert_string_equal(seen.at,
	    "(-: could not be read: Is a directory)file[x]");
	buffer_free(&seen);
	close(STDIN_FILENO);
	seen = walk(paths, 1, LIMIT);
	assert_string_equal(seen.at,
	    "(standard input: could not be opened: Bad file descriptor)");
	buffer_free(&seen);
	if (standard_input != -1) {
		assert_int_equal(dup2(standard_input, STDIN_FILENO),
		    STDIN_FILENO);
		close(standard_input);
	}
}

static void
test_maildir(void **state)
{
	(void)state;
	make_maildir("mail");
	put("mail/new/1", "one");
	put("mail/cur/2:2,S", "two");
	put("mail/tmp/3", "three");
	put("mail/cur/.hidden", "x");
	put("mail/new/.hidden", "x");
	put("mail/dovecot.index", "x");
	make_folder("mail/cur/folder");
	put("mail/cur/folder/x", "x");
	make_maildir("mail/.Sent");
	put("mail/.Sent/new/4", "four");
	assert_int_equal(mkfifo(at("mail/cur/fifo"), 0600), 0);
	assert_int_equal(symlink("nowhere", at("mail/cur/dangling")), 0);
	assert_int_equal(symlink("loop", at("mail/cur/loop")), 0);
	assert_int_equal(symlink("/", at("mail/cur/root")), 0);
	assert_walk("mail", LIMIT, "mail/cur/2:2,S[two]mail/new/1[one]");
	assert_walk("mail//", LIMIT, "mail/cur/2:2,S[two]mail/new/1[one]");
	assert_walk("mail", 2, "mail/cur/2:2,S[tw]!mail/new/1[on]!");
	assert_int_equal(symlink("../tmp/3", at("mail/new/link")), 0);
	assert_int_equal(unlink(at("mail/new/1")), 0);
	assert_walk("mail", LIMIT, "mail/cur/2:2,S[two]mail/new/link[three]");
}

static void
test_maildir_item(void **state)
{
	const struct timespec times[2] = { { 86400, 0 }, { 86400, 0 } };
	char *paths[] = { at("mail") };
	struct item item = { 0 };
	struct fault fault;
	struct source *source;

	(void)state;
	make_maildir("mail");
	put("mail/new/1", "From a b\n\none");
	assert_int_equal(utimensat(AT_FDCWD, at("mail/new/1"), times, 0), 0);
	source = source_open(paths, 1, LIMIT, false);
	assert_true(source_next(source, &item, &fault));
	assert_string_equal(item.path, at("mail/new/1"));
	assert_string_equal(item.maildir, at("mail"));
	assert_string_equal(item.name, "new/1");
	assert_null(item.bytes);
	assert_true(source_load(&item, LIMIT, &fault));
	/* A Maildir holds no mbox, whatever a message starts with. */
	assert_string_equal(item.bytes, "From a b\n\none");
	assert_int_equal(item.received_at, 86400);
	assert_int_equal(item.size, 13);
	source_item_free(&item);
	source_close(source);
}

/* That is the moment's fault, and none of the path's. */
static void
test_short_of_files(void **state)
{
	char *paths[] = { at("mail"), at("mail/new/1") };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct source *source;
	struct rlimit before;
	struct rlimit none;

	(void)state;
	make_maildir("mail");
	put("mail/new/1", "one");
	source = source_open(paths, 2, LIMIT, false);
	assert_true(source_next(source, &item, &fault));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	source_read_ahead(&item);
	assert_false(item.open);
	assert_false(source_load(&item, LIMIT, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	fault.kind = FAULT_NONE;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	source_read_ahead(&item);
	assert_true(item.open);
	assert_true(source_load(&item, LIMIT, &fault));
	assert_string_equal(item.bytes, "one");
	assert_false(item.open);
	source_item_free(&item);
	source_close(source);
}

static struct renamed_row {
	const char *name;
	const char *from;
	const char *to; /* NULL: removed */
} renamed_rows[] = {
	{ "renamed: read by a person", "new/1.a", "cur/1.a:2,S" },
	{ "renamed: seen by a program", "new/1.a", "cur/1.a:2," },
	{ "renamed: without flags", "new/1.a", "cur/1.a" },
	{ "renamed: unusual flags", "new/1.a", "cur/1.a:2,DFPRSTab" },
	{ "renamed: other flags", "cur/1.a:2,S", "cur/1.a:2,FRS" },
	{ "renamed: flags lost", "cur/1.a:2,S", "cur/1.a:2," },
	{ "renamed: back to new", "cur/1.a:2,S", "new/1.a" },
	{ "renamed: gone", "new/1.a", NULL },
};

static void
test_renamed_row(void **state)
{
	const struct renamed_row *row = *state;
	char *paths[] = { at("mail") };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct source *source;
	char from[64];
	char to[64];

	(void)snprintf(from, sizeof(from), "mail/%s", row->from);
	(void)snprintf(to, sizeof(to), "mail/%s", row->to ? row->to : "");
	make_maildir("mail");
	put(from, "one");
	source = source_open(paths, 1, LIMIT, false);
	assert_true(source_next(source, &item, &fault));
	/* Neighbours whose names are only alike. */
	put("mail/cur/1.ab:2,S", "other");
	put("mail/cur/1.", "other");
	if (row->to == NULL) {
		assert_int_equal(unlink(at(from)), 0);
		assert_false(source_load(&item, LIMIT, &fault));
		assert_int_equal(fault.kind, FAULT_INPUT);
		assert_non_null(
		    strstr(fault.text, "new/1.a: the message is gone"));
	} else {
		assert_int_equal(rename(at(from), at(to)), 0);
		assert_true(source_load(&item, LIMIT, &fault));
		assert_string_equal(item.bytes, "one");
		assert_string_equal(item.name, row->to);
		assert_string_equal(item.path, at(to));
	}
	source_item_free(&item);
	source_close(source);
}

/* Every file gets a flag while a folder of several chunks is read. */
static void
test_flags_while_reading(void **state)
{
	enum { MESSAGES = 3 * NAMES_CHUNK };
	char *paths[1];
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct source *source;
	size_t n = 0;
	char name[64];

	(void)state;
	make_maildir("mail");
	for (int i = 0; i < MESSAGES; i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "mail/cur/%d.x:2,", i);
		fd = creat(at(name), 0600);
		assert_int_not_equal(fd, -1);
		close(fd);
	}
	paths[0] = at("mail");
	source = source_open(paths, 1, LIMIT, true);
	assert_int_equal(source_total(source), MESSAGES);
	while (source_next(source, &item, &fault)) {
		assert_true(source_after(&item, AFTER_SEEN, NULL, &fault));
		source_item_free(&item);
		n++;
	}
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_int_equal(n, MESSAGES);
	source_close(source);
}

static void
test_folder(void **state)
{
	(void)state;
	make_folder("top");
	put("top/b", "b");
	put("top/a", "a");
	put("top/.hidden", "x");
	put("top/box", A "X: 1\n\n" B "X: 2\n");
	make_folder("top/sub");
	put("top/sub/c", "c");
	make_maildir("top/mail");
	put("top/mail/new/1", "one");
	put("top/mail/tmp/2", "two");
	make_maildir("top/.Junk");
	put("top/.Junk/cur/3:2,", "three");
	make_folder("top/.git");
	put("top/.git/config", "x");
	assert_int_equal(symlink("..", at("top/sub/up")), 0);
	assert_int_equal(symlink("../b", at("top/sub/link")), 0);
	assert_int_equal(symlink("loop", at("top/sub/loop")), 0);
	assert_int_equal(mkfifo(at("top/fifo"), 0600), 0);
	assert_walk("top", LIMIT,
	    "top/.Junk/cur/3:2,[three]top/a[a]top/b[b]"
	    "top/box:0[X: 1\n]top/box:50[X: 2\n]"
	    "top/mail/new/1[one]top/sub/c[c]top/sub/link[b]");
}

static void
test_empty(void **state)
{
	(void)state;
	make_folder("folder");
	make_folder("folder/sub");
	assert_walk("folder", LIMIT, "");
	make_maildir("folder/mail");
	assert_walk("folder", LIMIT, "");
	assert_walk("folder/mail", LIMIT, "");
}

/* Half a Maildir is a folder like others. */
static void
test_half_maildir(void **state)
{
	(void)state;
	make_folder("half");
	make_folder("half/new");
	put("half/new/1", "one");
	put("half/cur", "two");
	assert_walk("half", LIMIT, "half/cur[two]half/new/1[one]");
}

static void
test_not_there(void **state)
{
	char *paths[] = { at("x"), at("file"), at("y"), at("file") };
	struct buffer seen;

	(void)state;
	put("file", "a");
	seen = walk(paths, 4, LIMIT);
	assert_string_equal(seen.at,
	    "(x: could not be opened: No such file or directory)file[a]"
	    "(y: could not be opened: No such file or directory)file[a]");
	buffer_free(&seen);
	seen = walk(paths, 0, LIMIT);
	assert_string_equal(seen.at, "");
	buffer_free(&seen);
}

static void
test_closed(void **state)
{
	bool root = geteuid() == 0;

	(void)state;
	make_folder("top");
	make_folder("top/a");
	put("top/a/x", "x");
	put("top/b", "b");
	make_maildir("top/c");
	put("top/d", "d");
	assert_int_equal(chmod(at("top/b"), 0644), 0);
	assert_int_equal(chmod(at("top/a"), 0), 0);
	assert_int_equal(chmod(at("top/c/cur"), 0), 0);
	assert_int_equal(chmod(at("top/d"), 0), 0);
	if (root)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_walk("top", LIMIT,
	    "(top/a: could not be opened: Permission denied)top/b[b]"
	    "(top/c/cur: could not be read: Permission denied)"
	    "(top/d: could not be opened: Permission denied)");
	assert_walk("top/a", LIMIT,
	    "(top/a: could not be opened: Permission denied)");
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(at("top/a"), 0700), 0);
	assert_int_equal(chmod(at("top/c/cur"), 0700), 0);
}

static void
test_deep(void **state)
{
	char name[256] = "top";
	char want[768];
	size_t len;

	(void)state;
	make_folder(name);
	for (int i = 0; i < 64; i++) {
		(void)strcat(name, "/d");
		make_folder(name);
	}
	len = strlen(name);
	(void)strcpy(name + len, "/x");
	put(name, "x");
	(void)snprintf(want, sizeof(want), "%s[x]", name);
	assert_walk("top", LIMIT, want);
	(void)strcpy(name + len, "/e");
	make_folder(name);
	(void)snprintf(want, sizeof(want),
	    "(%s: lies more than 64 folders deep)%.*s/x[x]", name, (int)len,
	    name);
	assert_walk("top", LIMIT, want);
}

/* A pipe by its path, read as standard input is. */
static void
test_fifo(void **state)
{
	pid_t child;

	(void)state;
	assert_int_equal(mkfifo(at("fifo"), 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(at("fifo"), O_WRONLY);

		_exit(write(fd, A "X: 1\n\n" B, 94) == 94 ? 0 : 1);
	}
	assert_walk("fifo", LIMIT, "fifo:0[X: 1\n]fifo:50[]");
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
test_device(void **state)
{
	char null[] = "/dev/null";
	char *paths[] = { null };
	struct buffer seen = walk(paths, 1, LIMIT);

	(void)state;
	assert_string_equal(seen.at, "/dev/null[]");
	buffer_free(&seen);
}

/* A file that opens and then cannot be read. */
static void
test_unreadable(void **state)
{
	char memory[] = "/proc/self/mem";
	char *paths[] = { memory };
	struct buffer seen = walk(paths, 1, LIMIT);

	(void)state;
	assert_string_equal(seen.at,
	    "(/proc/self/mem: could not be opened: Input/output error)");
	buffer_free(&seen);
}

static size_t
total(char *const paths[], size_t npaths)
{
	struct source *source = source_open(paths, npaths, LIMIT, true);
	size_t n = source_total(source);

	source_close(source);
	return n;
}

static void
make_many(void)
{
	make_maildir("mail");
	put("mail/new/1", "1");
	put("mail/cur/2:2,S", "2");
	put("mail/cur/.hidden", "x");
	put("mail/tmp/3", "3");
	make_folder("mail/cur/folder");
	put("file", "x");
	put("box", A);
	make_folder("top");
	put("top/.hidden", "x");
	put("top/a", "a");
	make_folder("top/sub");
	put("top/sub/b", "b");
	make_maildir("top/sub/.Sent");
	put("top/sub/.Sent/new/1", "1");
}

static void
test_total(void **state)
{
	char dash[] = "-";
	char *paths[] = { NULL, NULL, NULL };
	struct source *source;

	(void)state;
	make_many();
	paths[0] = at("mail");
	paths[1] = at("file");
	paths[2] = at("top");
	assert_int_equal(total(paths, 3), 2 + 1 + 3);
	source = source_open(paths, 3, LIMIT, false);
	assert_int_equal(source_total(source), 0);
	source_close(source);
	paths[2] = at("none");
	assert_int_equal(total(paths, 3), 2 + 1);
	paths[2] = at("box");
	assert_int_equal(total(paths, 3), 0);
	paths[2] = dash;
	assert_int_equal(total(paths, 3), 0);
}

/* An mbox in a folder is only found once it is opened. */
static void
test_total_with_mbox(void **state)
{
	char *paths[] = { at("top") };
	struct item item = { 0 };
	struct fault fault;
	struct source *source;

	(void)state;
	make_folder("top");
	put("top/a", "a");
	put("top/b", A);
	source = source_open(paths, 1, LIMIT, true);
	assert_int_equal(source_total(source), 2);
	assert_true(source_next(source, &item, &fault));
	source_item_free(&item);
	assert_int_equal(source_total(source), 2);
	assert_true(source_next(source, &item, &fault));
	source_item_free(&item);
	assert_int_equal(source_total(source), 0);
	source_close(source);
}

static int
by_text(const void *left, const void *right)
{
	const char *const *a = left;
	const char *const *b = right;

	return strcmp(*a, *b);
}

/* Add "name=bytes " for each file in a folder, sorted. */
static void
add_files(struct buffer *seen, const char *folder)
{
	char *names[32];
	size_t n = 0;
	const struct dirent *entry;
	DIR *dir = opendir(at(folder));

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			names[n++] = strdup(entry->d_name);
	closedir(dir);
	qsort(names, n, sizeof(names[0]), by_text);
	for (size_t i = 0; i < n; i++) {
		char path[512];
		char text[64] = "";
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		file = fopen(at(path), "r");
		assert_non_null(file);
		(void)!fread(text, 1, sizeof(text) - 1, file);
		(void)fclose(file);
		buffer_printf(seen, "%s=%s ", path, text);
		free(names[i]);
	}
}

static void
assert_files(const char *want)
{
	static const char *const folders[] = { "mail/cur", "mail/new",
		"mail/tmp", "done/cur", "done/new", "done/tmp" };
	struct buffer seen = { 0 };

	buffer_text(&seen, "");
	for (size_t i = 0; i < LENGTH(folders); i++)
		add_files(&seen, folders[i]);
	assert_string_equal(seen.at, want);
	buffer_free(&seen);
}

static struct after_row {
	const char *name;
	enum after after;
	const char *found;   /* where the message lies in mail/ */
	const char *moved;   /* where another program moves it; or NULL */
	const char *in_way;  /* a file that lies there already; or NULL */
	const char *in_way2; /* another */
	const char *want;
} after_rows[] = {
	{ "after: keep", AFTER_KEEP, "new/1", NULL, NULL, NULL,
	    "mail/new/1=one " },

	{ "after: seen, from new", AFTER_SEEN, "new/1", NULL, NULL, NULL,
	    "mail/cur/1:2,S=one " },
	{ "after: seen, from new with flags", AFTER_SEEN, "new/1:2,F", NULL,
	    NULL, NULL, "mail/cur/1:2,FS=one " },
	{ "after: seen, from cur without flags", AFTER_SEEN, "cur/1", NULL,
	    NULL, NULL, "mail/cur/1:2,S=one " },
	{ "after: seen, from cur with no flag", AFTER_SEEN, "cur/1:2,", NULL,
	    NULL, NULL, "mail/cur/1:2,S=one " },
	{ "after: seen, among flags", AFTER_SEEN, "cur/1:2,FRTa", NULL, NULL,
	    NULL, "mail/cur/1:2,FRSTa=one " },
	{ "after: seen, behind flags", AFTER_SEEN, "cur/1:2,FR", NULL, NULL,
	    NULL, "mail/cur/1:2,FRS=one " },
	{ "after: seen, it is", AFTER_SEEN, "cur/1:2,RST", NULL, NULL, NULL,
	    "mail/cur/1:2,RST=one " },
	{ "after: seen, strange flags", AFTER_SEEN, "cur/1:1,x", NULL, NULL,
	    NULL, "mail/cur/1:1,x=one " },
	{ "after: seen, renamed", AFTER_SEEN, "new/1", "cur/1:2,RT", NULL, NULL,
	    "mail/cur/1:2,RST=one " },
	{ "after: seen, gone", AFTER_SEEN, "new/1", "", NULL, NULL, "" },
	{ "after: seen, a name that is taken", AFTER_SEEN, "new/1", NULL,
	    "mail/cur/1:2,S", NULL,
	    "mail/cur/1,N=1:2,S=one mail/cur/1:2,S=other " },

	{ "after: delete, from new", AFTER_DELETE, "new/1", NULL, NULL, NULL,
	    "" },
	{ "after: delete, from cur", AFTER_DELETE, "cur/1:2,S", NULL,
	    "mail/cur/10:2,S", NULL, "mail/cur/10:2,S=other " },
	{ "after: delete, renamed", AFTER_DELETE, "new/1", "cur/1:2,FS", NULL,
	    NULL, "" },
	{ "after: delete, gone", AFTER_DELETE, "new/1", "", NULL, NULL, "" },

	{ "after: move, from new", AFTER_MOVE, "new/1", NULL, NULL, NULL,
	    "done/new/1=one " },
	{ "after: move, from cur", AFTER_MOVE, "cur/1:2,FS", NULL, NULL, NULL,
	    "done/cur/1:2,FS=one " },
	{ "after: move, renamed", AFTER_MOVE, "new/1", "cur/1:2,R", NULL, NULL,
	    "done/cur/1:2,R=one " },
	{ "after: move, gone", AFTER_MOVE, "new/1", "", NULL, NULL, "" },
	{ "after: move, names that are taken", AFTER_MOVE, "cur/1:2,S", NULL,
	    "done/cur/1:2,S", "done/cur/1,N=1:2,S",
	    "done/cur/1,N=1:2,S=other done/cur/1,N=2:2,S=one "
	    "done/cur/1:2,S=other " },
};

/* Find the one message in mail, and let another program get in the way. */
static void
find_item(const struct after_row *row, struct item *item)
{
	char *paths[] = { at("mail") };
	struct source *source;
	struct fault fault;
	char path[64];
	char to[64];

	make_maildir("mail");
	(void)snprintf(path, sizeof(path), "mail/%s", row->found);
	put(path, "one");
	source = source_open(paths, 1, LIMIT, false);
	assert_true(source_next(source, item, &fault));
	source_close(source);
	if (row->in_way != NULL)
		put(row->in_way, "other");
	if (row->in_way2 != NULL)
		put(row->in_way2, "other");
	if (row->moved == NULL)
		return;
	(void)snprintf(to, sizeof(to), "mail/%s", row->moved);
	if (row->moved[0] == '\0')
		assert_int_equal(unlink(at(path)), 0);
	else
		assert_int_equal(rename(at(path), at(to)), 0);
}

static void
test_after_row(void **state)
{
	const struct after_row *row = *state;
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };

	if (row->in_way != NULL && strncmp(row->in_way, "done", 4) == 0)
		make_maildir("done");
	find_item(row, &item);
	assert_true(source_after(&item, row->after, at("done"), &fault));
	assert_files(row->want);
	/* Once more, as after a crash: nothing changes. */
	if (row->in_way == NULL) {
		assert_true(
		    source_after(&item, row->after, at("done"), &fault));
		assert_files(row->want);
	}
	source_item_free(&item);
}

static void
test_after_move_makes(void **state)
{
	static const struct after_row row = { .found = "new/1" };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct stat st;

	(void)state;
	find_item(&row, &item);
	assert_true(
	    source_after(&item, AFTER_MOVE, at("deep/er/done"), &fault));
	assert_int_equal(stat(at("deep/er/done/new/1"), &st), 0);
	assert_int_equal(stat(at("deep/er/done/cur"), &st), 0);
	assert_int_equal(stat(at("deep/er/done/tmp"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	source_item_free(&item);
}

/* Moved to where it is, by whatever name. */
static void
test_after_move_nowhere(void **state)
{
	static const struct after_row row = { .found = "cur/1:2,S" };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };

	(void)state;
	find_item(&row, &item);
	assert_true(source_after(&item, AFTER_MOVE, at("mail/cur/.."), &fault));
	assert_files("mail/cur/1:2,S=one ");
	source_item_free(&item);
}

static void
test_after_fails(void **state)
{
	static const struct after_row row = { .found = "cur/1:2,S" };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };

	(void)state;
	find_item(&row, &item);
	put("file", "x");
	assert_false(source_after(&item, AFTER_MOVE, at("file/done"), &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_non_null(strstr(fault.text, "Not a directory"));
	assert_files("mail/cur/1:2,S=one ");
	source_item_free(&item);
}

/* What lies in no Maildir is never touched. */
static void
test_after_file(void **state)
{
	char *paths[] = { at("mail"), at("mail/box") };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct source *source;
	struct stat st;

	(void)state;
	make_folder("mail");
	put("mail/1", "one");
	put("mail/box", A "X: 1\n");
	source = source_open(paths, 2, LIMIT, false);
	while (source_next(source, &item, &fault)) {
		assert_null(item.maildir);
		assert_true(source_after(&item, AFTER_DELETE, NULL, &fault));
		source_item_free(&item);
	}
	source_close(source);
	assert_int_equal(stat(at("mail/1"), &st), 0);
	assert_int_equal(stat(at("mail/box"), &st), 0);
}

static void
assert_other_disk(const char *done)
{
	static const struct after_row row = { .found = "cur/1:2,S" };
	const struct timespec times[2] = { { 86400, 0 }, { 86400, 0 } };
	struct item item = { 0 };
	struct fault fault = { .kind = FAULT_NONE };
	struct stat st;
	char path[256];

	for (int i = 0; i < 2; i++) {
		find_item(&row, &item);
		assert_int_equal(utimensat(AT_FDCWD, item.path, times, 0), 0);
		assert_int_equal(chmod(item.path, 0640), 0);
		assert_true(source_after(&item, AFTER_MOVE, done, &fault));
		(void)snprintf(path, sizeof(path), "%s/cur/%s", done,
		    i == 0 ? "1:2,S" : "1,N=1:2,S");
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 3);
		assert_int_equal(st.st_mtim.tv_sec, 86400);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_files("");
		source_item_free(&item);
		assert_int_equal(rename(at("mail"),
				     at(i == 0 ? "old" : "older")),
		    0);
	}
	(void)snprintf(path, sizeof(path), "%s/tmp", done);
	/* rmdir(2) succeeds on an empty folder only. */
	assert_int_equal(rmdir(path), 0);
}

static void
test_other_disk(void **state)
{
	char other[64] = "/dev/shm/test_source.XXXXXX";
	char command[128];
	char done[128];
	struct stat here;
	struct stat there;

	(void)state;
	if (stat(base, &here) == -1 || stat("/dev/shm", &there) == -1 ||
	    here.st_dev == there.st_dev || mkdtemp(other) == NULL)
		skip();
	(void)snprintf(done, sizeof(done), "%s/done", other);
	assert_other_disk(done);
	(void)snprintf(command, sizeof(command), "rm -rf %s", other);
	assert_int_equal(system(command), 0);
}

#define TEST(what, function)                               \
	{                                                  \
		what, function, make_base, drop_base, NULL \
	}

static const struct CMUnitTest others[] = {
	TEST("a pipe at the limit and past it", test_pipe_limit),
	TEST("a file at the limit and past it", test_file_limit),
	TEST("messages larger than the window", test_large),
	TEST("an mbox of random lines", test_random),
	TEST("a right length past the window", test_long_length),
	TEST("an mbox that breaks off", test_mbox_breaks),
	TEST("wrong lengths take no longer", test_wrong_lengths),
	TEST("standard input cannot be read", test_standard_input_fails),
	TEST("a Maildir", test_maildir),
	TEST("what is known of a Maildir message", test_maildir_item),
	TEST("short of files", test_short_of_files),
	TEST("flags set while a folder is read", test_flags_while_reading),
	TEST("a folder of many kinds", test_folder),
	TEST("empty folders", test_empty),
	TEST("half a Maildir", test_half_maildir),
	TEST("paths that are not there", test_not_there),
	TEST("folders and files that are closed", test_closed),
	TEST("folders in folders", test_deep),
	TEST("a named pipe", test_fifo),
	TEST("a device", test_device),
	TEST("a file that cannot be read", test_unreadable),
	TEST("how many there are", test_total),
	TEST("how many there are, with an mbox", test_total_with_mbox),
	TEST("after: move makes the Maildir", test_after_move_makes),
	TEST("after: move to the same Maildir", test_after_move_nowhere),
	TEST("after: move fails", test_after_fails),
	TEST("after: no Maildir, no change", test_after_file),
	TEST("after: move to another disk", test_other_disk),
};

static struct CMUnitTest tests[256];
static size_t ntests;

static void
add_row(const char *name, CMUnitTestFunction function, void *row)
{
	tests[ntests++] =
	    (struct CMUnitTest){ name, function, make_base, drop_base, row };
}

int
main(void)
{
	for (size_t i = 0; i < LENGTH(mbox_rows); i++)
		add_row(mbox_rows[i].name, test_mbox_row, &mbox_rows[i]);
	for (size_t i = 0; i < LENGTH(date_rows); i++)
		add_row(date_rows[i].name, test_date_row, &date_rows[i]);
	for (size_t i = 0; i < LENGTH(kind_rows); i++)
		add_row(kind_rows[i].name, test_kind_row, &kind_rows[i]);
	for (size_t i = 0; i < LENGTH(renamed_rows); i++)
		add_row(renamed_rows[i].name, test_renamed_row,
		    &renamed_rows[i]);
	for (size_t i = 0; i < LENGTH(after_rows); i++)
		add_row(after_rows[i].name, test_after_row, &after_rows[i]);
	for (size_t i = 0; i < LENGTH(others); i++)
		tests[ntests++] = others[i];
	return _cmocka_run_group_tests("source", tests, ntests, NULL, NULL);
}
