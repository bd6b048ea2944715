/* Bytes of a file or pipe, read through a window that moves forward. */
#ifndef SOURCE_STREAM_H
#define SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STREAM_WINDOW = 64 << 10 };

/* The bytes in hand are at[start] and the len - 1 that follow it. */
struct stream {
	int fd;
	char *at;
	size_t size;
	size_t start;
	size_t len;
	uint64_t offset; /* of at[start], from where the stream was opened */
	off_t origin;    /* where in the file that was; -1: it cannot seek */
	bool ended;
	int error; /* the errno that ended it early, or 0 */
};

/* Takes the file descriptor over. */
struct stream stream_open(int fd);

void stream_close(struct stream *stream);

/*
 * Have at least want bytes in hand.  False where the stream ends before; what
 * there is of it is then in hand.
 */
bool stream_fill(struct stream *stream, size_t want);

/* Go past len bytes, all of them in hand. */
void stream_skip(struct stream *stream, size_t len);

/*
 * Copy len bytes that lie distance bytes ahead, without going there.  *found
 * is less than len where the stream ends before.  False where a stream that
 * cannot seek would need more than most bytes of memory for that, or where
 * it cannot be read.
 */
bool stream_peek(struct stream *stream, uint64_t distance, size_t most,
    char *to, size_t len, size_t *found);

#endif
