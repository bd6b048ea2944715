#include "intake/source_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

struct stream
stream_open(int fd)
{
	struct stream stream = { .fd = fd, .origin = -1 };
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		stream.origin = lseek(fd, 0, SEEK_CUR);
	return stream;
}

void
stream_close(struct stream *stream)
{
	close(stream->fd);
	free(stream->at);
	*stream = (struct stream){ .fd = -1, .origin = -1 };
}

/*
 * Room for want bytes in all.  What is in hand moves to the front only when
 * as much lies behind it: no byte is then moved more often than it is worth.
 */
static void
make_room(struct stream *stream, size_t want)
{
	size_t size = stream->size == 0 ? STREAM_WINDOW : stream->size;
	char *at;

	if (stream->start > 0 && stream->start >= stream->len) {
		memmove(stream->at, stream->at + stream->start, stream->len);
		stream->start = 0;
	}
	if (want > SIZE_MAX / 4 - stream->start)
		fault_out_of_memory();
	while (size - stream->start < want)
		size *= 2;
	if (size == stream->size)
		return;
	at = realloc(stream->at, size);
	if (at == NULL)
		fault_out_of_memory();
	stream->at = at;
	stream->size = size;
}

bool
stream_fill(struct stream *stream, size_t want)
{
	while (stream->len < want && !stream->ended) {
		size_t used;
		ssize_t n;

		if (stream->size - stream->start < want)
			make_room(stream, want);
		used = stream->start + stream->len;
		n = read(stream->fd, stream->at + used, stream->size - used);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			stream->error = errno;
		if (n <= 0)
			stream->ended = true;
		else
			stream->len += (size_t)n;
	}
	return stream->len >= want;
}

void
stream_skip(struct stream *stream, size_t len)
{
	stream->start += len;
	stream->len -= len;
	stream->offset += len;
	if (stream->len == 0)
		stream->start = 0;
}

/* Read at a place of a file. */
static bool
peek_file(const struct stream *stream, uint64_t distance, char *to, size_t len,
    size_t *found)
{
	uint64_t place = (uint64_t)stream->origin + stream->offset + distance;
	size_t n = 0;

	while (n < len) {
		ssize_t got =
		    pread(stream->fd, to + n, len - n, (off_t)(place + n));

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return false;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*found = n;
	return true;
}

bool
stream_peek(struct stream *stream, uint64_t distance, size_t most, char *to,
    size_t len, size_t *found)
{
	bool in_hand = stream->len >= len && distance <= stream->len - len;
	size_t there;

	if (distance > INT64_MAX / 4)
		return false;
	if (!in_hand && stream->origin >= 0)
		return peek_file(stream, distance, to, len, found);
	if (!in_hand && distance > most)
		return false;
	if (!stream_fill(stream, (size_t)distance + len) && stream->error != 0)
		return false;
	there = stream->len < distance ? 0 : stream->len - (size_t)distance;
	*found = there < len ? there : len;
	memcpy(to, stream->at + stream->start + distance, *found);
	return true;
}
