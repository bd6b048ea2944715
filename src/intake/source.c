#include "intake/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intake/source_reader.h"

enum { AHEAD_MOST = 256 << 10 };

struct source {
	char **paths;
	size_t npaths;
	size_t next;
	size_t total;
	struct walk walk;
	struct reader reader; /* of the path before next; data NULL: none */
};

void *
reader_alloc(size_t size)
{
	void *at = calloc(1, size);

	if (at == NULL)
		fault_out_of_memory();
	return at;
}

char *
reader_text(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len == -1)
		fault_out_of_memory();
	return text;
}

char *
reader_join(const char *a, const char *b, const char *c)
{
	char *text = reader_alloc(strlen(a) + strlen(b) + strlen(c) + 1);

	(void)stpcpy(stpcpy(stpcpy(text, a), b), c);
	return text;
}

bool
reader_failed(struct fault *fault, const char *path, const char *what,
    int error)
{
	bool short_of = error == EMFILE || error == ENFILE || error == ENOMEM;

	return fault_set(fault, short_of ? FAULT_LATER : FAULT_INPUT,
	    "%s: %s: %s", path, what, strerror(error));
}

/* A path without the slashes at its end, to which a name can be joined. */
static char *
plain_path(const char *path)
{
	size_t len = strlen(path);
	char *plain = reader_text("%s", path);

	while (len > 1 && plain[len - 1] == '/')
		plain[--len] = '\0';
	return plain;
}

struct source *
source_open(char *const paths[], size_t npaths, size_t limit, bool count)
{
	struct source *source = reader_alloc(sizeof(*source));

	source->paths = reader_alloc((npaths + 1) * sizeof(*source->paths));
	source->npaths = npaths;
	source->walk.limit = limit;
	atomic_init(&source->walk.countless, !count);
	for (size_t i = 0; i < npaths; i++) {
		source->paths[i] = plain_path(paths[i]);
		if (!atomic_load(&source->walk.countless))
			source->total +=
			    path_count(source->paths[i], &source->walk);
	}
	return source;
}

size_t
source_total(const struct source *source)
{
	return atomic_load(&source->walk.countless) ? 0 : source->total;
}

static void
close_reader(struct source *source)
{
	if (source->reader.data != NULL)
		source->reader.close(source->reader.data);
	source->reader.data = NULL;
}

bool
source_next(struct source *source, struct item *item, struct fault *fault)
{
	struct reader *reader = &source->reader;
	struct item found = { 0 };

	for (;;) {
		if (reader->data == NULL) {
			if (source->next == source->npaths)
				break;
			if (!path_reader(source->paths[source->next++],
				&source->walk, reader, fault))
				return false;
		}
		switch (reader->next(reader->data, &found, fault)) {
		case STEP_ITEM:
			*item = found;
			return true;
		case STEP_FAULT:
			return false;
		case STEP_END:
			close_reader(source);
			break;
		}
	}
	*fault = (struct fault){ .kind = FAULT_NONE };
	return false;
}

void
source_close(struct source *source)
{
	if (source == NULL)
		return;
	close_reader(source);
	for (size_t i = 0; i < source->npaths; i++)
		free(source->paths[i]);
	free(source->paths);
	free(source);
}

void
source_item_free(struct item *item)
{
	free(item->path);
	free(item->maildir);
	free(item->name);
	free(item->bytes);
	if (item->open)
		(void)close(item->fd);
	*item = (struct item){ 0 };
}

/* Read len bytes, or fewer where the end comes before; -1, and errno. */
static ssize_t
read_all(int fd, char *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, to + done, len - done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Read a file, and a byte past the limit to see whether it is longer. */
static bool
load(int fd, size_t limit, struct item *item, struct fault *fault)
{
	struct stat st;
	char *bytes;
	size_t want;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_INPUT, "%s: is not a file",
		    item->path);
	want = (uintmax_t)st.st_size < limit ? (size_t)st.st_size : limit;
	/* A file that grows meanwhile is being written: not a message yet. */
	bytes = malloc(want + 1);
	if (bytes == NULL)
		fault_out_of_memory();
	n = read_all(fd, bytes, want);
	if (n == -1) {
		(void)reader_failed(fault, item->path, "could not be read",
		    errno);
		free(bytes);
		return false;
	}
	bytes[n] = '\0';
	item->bytes = bytes;
	item->len = (size_t)n;
	item->cut = (uintmax_t)st.st_size > limit;
	item->size = (size_t)st.st_size;
	item->received_at = st.st_mtime;
	return true;
}

static bool
open_item(struct item *item)
{
	if (item->open)
		return true;
	if (item->maildir != NULL)
		item->fd = maildir_open(item);
	else
		item->fd = open(item->path,
		    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	item->open = item->fd != -1;
	return item->open;
}

void
source_read_ahead(struct item *item)
{
	/* A large one is read in pieces, for which the system looks ahead. */
	if (item->bytes == NULL && open_item(item))
		(void)posix_fadvise(item->fd, 0, AHEAD_MOST,
		    POSIX_FADV_WILLNEED);
}

bool
source_load(struct item *item, size_t limit, struct fault *fault)
{
	bool done;

	if (item->bytes != NULL)
		return true;
	if (!open_item(item)) {
		if (errno == ENOENT)
			return fault_set(fault, FAULT_INPUT,
			    "%s: the message is gone", item->path);
		return reader_failed(fault, item->path, "could not be opened",
		    errno);
	}
	done = load(item->fd, limit, item, fault);
	(void)close(item->fd);
	item->open = false;
	return done;
}
