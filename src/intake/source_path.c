#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "intake/source_mbox.h"
#include "intake/source_names.h"
#include "intake/source_reader.h"
#include "intake/source_stream.h"

enum { FOLDER_DEPTH = 64 /* folders in folders */ };

/* A file that holds one message. */
struct single {
	char *path;
	int64_t mtime;
	size_t size;
	bool given;
};

/* Standard input, a pipe or a device that holds one message. */
struct piped {
	char *path;
	struct stream stream;
	size_t limit;
	bool given;
};

struct folder {
	char *path;
	int depth;
	struct walk *walk;
	struct names *names;
	struct reader child; /* of what was found last; data NULL: none */
	bool ended;
};

static bool
fail_to_open(const char *path, struct fault *fault)
{
	return reader_failed(fault, path, "could not be opened", errno);
}

static enum step
single_next(void *data, struct item *item, struct fault *fault)
{
	struct single *single = data;

	(void)fault;
	if (single->given)
		return STEP_END;
	single->given = true;
	item->path = reader_text("%s", single->path);
	item->received_at = single->mtime;
	item->size = single->size;
	return STEP_ITEM;
}

static void
single_close(void *data)
{
	struct single *single = data;

	free(single->path);
	free(single);
}

static struct reader
single_reader(const char *path, const struct stat *st)
{
	struct single *single = reader_alloc(sizeof(*single));

	single->path = reader_text("%s", path);
	single->mtime = st->st_mtime;
	single->size = (size_t)st->st_size;
	return (struct reader){ single_next, single_close, single };
}

/* Read a stream to its end, and keep what the limit allows. */
static void
drain(struct piped *piped, struct item *item)
{
	struct stream *stream = &piped->stream;
	struct buffer bytes = { 0 };

	buffer_add(&bytes, "", 0);
	while (!item->cut && stream_fill(stream, 1)) {
		size_t room = piped->limit - bytes.len;
		size_t len = stream->len < room ? stream->len : room;

		item->cut = stream->len > room;
		buffer_add(&bytes, stream->at + stream->start, len);
		stream_skip(stream, stream->len);
	}
	item->bytes = bytes.at;
	item->len = bytes.len;
	item->size = bytes.len;
}

static enum step
piped_next(void *data, struct item *item, struct fault *fault)
{
	struct piped *piped = data;
	struct item whole = { 0 };

	if (piped->given)
		return STEP_END;
	piped->given = true;
	drain(piped, &whole);
	if (piped->stream.error != 0) {
		(void)reader_failed(fault, piped->path, "could not be read",
		    piped->stream.error);
		source_item_free(&whole);
		return STEP_FAULT;
	}
	whole.path = reader_text("%s", piped->path);
	*item = whole;
	return STEP_ITEM;
}

static void
piped_close(void *data)
{
	struct piped *piped = data;

	stream_close(&piped->stream);
	free(piped->path);
	free(piped);
}

/* Tell what a stream holds by its first bytes; it is taken over. */
static struct reader
stream_reader(const char *path, int fd, struct walk *walk)
{
	struct stream stream = stream_open(fd);
	struct piped *piped;

	stream_fill(&stream, MBOX_LINE);
	if (stream.len > 0 && mbox_begins(stream.at, stream.len))
		return mbox_reader(path, stream, 0, walk);
	piped = reader_alloc(sizeof(*piped));
	piped->path = reader_text("%s", path);
	piped->stream = stream;
	piped->limit = walk->limit;
	return (struct reader){ piped_next, piped_close, piped };
}

static bool
open_stream(const char *path, struct walk *walk, struct reader *reader,
    struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1)
		return fail_to_open(path, fault);
	*reader = stream_reader(path, fd, walk);
	return true;
}

static bool
open_standard_input(struct walk *walk, struct reader *reader,
    struct fault *fault)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd == -1)
		return fail_to_open("standard input", fault);
	*reader = stream_reader("-", fd, walk);
	return true;
}

/* Open a file and see whether it is an mbox; -1, and errno. */
static int
open_file(const char *path, struct stat *st, bool *is_mbox)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char start[MBOX_LINE];
	ssize_t n;

	if (fd == -1)
		return -1;
	n = pread(fd, start, sizeof(start), 0);
	if (n == -1 || fstat(fd, st) == -1) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	*is_mbox = n > 0 && mbox_begins(start, (size_t)n);
	return fd;
}

static bool
file_reader(const char *path, struct walk *walk, struct reader *reader,
    struct fault *fault)
{
	bool is_mbox = false;
	struct stat st;
	int fd = open_file(path, &st, &is_mbox);

	if (fd == -1)
		return fail_to_open(path, fault);
	if (is_mbox) {
		*reader = mbox_reader(path, stream_open(fd), st.st_mtime, walk);
	} else {
		*reader = single_reader(path, &st);
		close(fd);
	}
	return true;
}

static bool folder_reader(const char *path, int depth, struct walk *walk,
    struct reader *reader, struct fault *fault);

/*
 * Start on one thing in a folder.  True with reader->data NULL where it is
 * passed over: hidden files, and what is neither a file nor a folder.
 */
static bool
enter(const struct folder *folder, const struct name *name,
    struct reader *reader, struct fault *fault)
{
	char *path = reader_text("%s/%s", folder->path, name->text);
	bool hidden = name->text[0] == '.';
	bool done = true;

	switch (names_kind(folder->names, name)) {
	case NAMES_FILE:
		if (!hidden)
			done = file_reader(path, folder->walk, reader, fault);
		break;
	case NAMES_FOLDER:
		/* Maildir++ hides the subfolders of an account. */
		if (maildir_is_one(path))
			*reader = maildir_reader(path);
		else if (!hidden)
			done = folder_reader(path, folder->depth + 1,
			    folder->walk, reader, fault);
		break;
	case NAMES_OTHER:
		break;
	}
	free(path);
	return done;
}

static enum step
folder_next(void *data, struct item *item, struct fault *fault)
{
	struct folder *folder = data;
	struct name name;
	int error = 0;

	for (;;) {
		if (folder->child.data != NULL) {
			enum step step =
			    folder->child.next(folder->child.data, item, fault);

			if (step != STEP_END)
				return step;
			folder->child.close(folder->child.data);
			folder->child.data = NULL;
		}
		if (folder->ended)
			return STEP_END;
		if (!names_next(folder->names, &name, &error))
			break;
		if (!enter(folder, &name, &folder->child, fault))
			return STEP_FAULT;
	}
	folder->ended = true;
	if (error == 0)
		return STEP_END;
	(void)reader_failed(fault, folder->path, "could not be read", error);
	return STEP_FAULT;
}

static void
folder_close(void *data)
{
	struct folder *folder = data;

	if (folder->child.data != NULL)
		folder->child.close(folder->child.data);
	names_close(folder->names);
	free(folder->path);
	free(folder);
}

static bool
folder_reader(const char *path, int depth, struct walk *walk,
    struct reader *reader, struct fault *fault)
{
	struct names *names;
	struct folder *folder;

	if (depth > FOLDER_DEPTH)
		return fault_set(fault, FAULT_INPUT,
		    "%s: lies more than %d folders deep", path, FOLDER_DEPTH);
	names = names_open(path, NAMES_BY_NAME);
	if (names == NULL)
		return fail_to_open(path, fault);
	folder = reader_alloc(sizeof(*folder));
	folder->path = reader_text("%s", path);
	folder->depth = depth;
	folder->walk = walk;
	folder->names = names;
	*reader = (struct reader){ folder_next, folder_close, folder };
	return true;
}

bool
path_reader(const char *path, struct walk *walk, struct reader *reader,
    struct fault *fault)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return open_standard_input(walk, reader, fault);
	if (stat(path, &st) == -1)
		return fail_to_open(path, fault);
	if (S_ISREG(st.st_mode))
		return file_reader(path, walk, reader, fault);
	if (!S_ISDIR(st.st_mode))
		return open_stream(path, walk, reader, fault);
	if (!maildir_is_one(path))
		return folder_reader(path, 0, walk, reader, fault);
	*reader = maildir_reader(path);
	return true;
}

static size_t folder_count(const char *path, int depth);

/* What one thing in a folder adds; a file may still turn out an mbox. */
static size_t
count_entry(const struct names *names, const struct name *name,
    const char *path, int depth)
{
	bool hidden = name->text[0] == '.';

	switch (names_kind(names, name)) {
	case NAMES_FILE:
		return hidden ? 0 : 1;
	case NAMES_FOLDER:
		if (maildir_is_one(path))
			return maildir_count(path);
		return hidden ? 0 : folder_count(path, depth + 1);
	case NAMES_OTHER:
		break;
	}
	return 0;
}

static size_t
folder_count(const char *path, int depth)
{
	struct names *names = NULL;
	struct name name;
	size_t n = 0;
	int error;

	if (depth <= FOLDER_DEPTH)
		names = names_open(path, NAMES_BY_NAME);
	if (names == NULL)
		return 0;
	while (names_next(names, &name, &error)) {
		char *entry = reader_text("%s/%s", path, name.text);

		n += count_entry(names, &name, entry, depth);
		free(entry);
	}
	names_close(names);
	return n;
}

size_t
path_count(const char *path, struct walk *walk)
{
	bool is_mbox = false;
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
		!S_ISDIR(st.st_mode))) {
		atomic_store(&walk->countless, true);
		return 0;
	}
	if (maildir_is_one(path))
		return maildir_count(path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return folder_count(path, 0);
	fd = open_file(path, &st, &is_mbox);
	if (fd == -1)
		return 0;
	close(fd);
	if (is_mbox)
		atomic_store(&walk->countless, true);
	return is_mbox ? 0 : 1;
}
