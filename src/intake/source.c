#include "intake/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "intake/source_reader.h"

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
	struct buffer bytes = { 0 };
	struct stat st;
	size_t want;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_INPUT, "%s: is not a file",
		    item->path);
	want = (uintmax_t)st.st_size < limit ? (size_t)st.st_size : limit;
	/* A file that grows meanwhile is being written: not a message yet. */
	n = read_all(fd, buffer_room(&bytes, want), want);
	if (n == -1) {
		fault_set(fault, FAULT_INPUT, "%s: could not be read: %s",
		    item->path, strerror(errno));
		buffer_free(&bytes);
		return false;
	}
	bytes.at[n] = '\0';
	item->bytes = bytes.at;
	item->len = (size_t)n;
	item->cut = (uintmax_t)st.st_size > limit;
	item->size = (size_t)st.st_size;
	item->received_at = st.st_mtime;
	return true;
}

bool
source_load(struct item *item, size_t limit, struct fault *fault)
{
	bool done;
	int fd;

	if (item->bytes != NULL)
		return true;
	if (item->maildir != NULL)
		fd = maildir_open(item);
	else
		fd = open(item->path,
		    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return fault_set(fault, FAULT_INPUT, "%s: the message is gone",
		    item->path);
	if (fd == -1)
		return fault_set(fault, FAULT_INPUT,
		    "%s: could not be opened: %s", item->path, strerror(errno));
	done = load(fd, limit, item, fault);
	close(fd);
	return done;
}
