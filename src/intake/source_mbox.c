#include "intake/source_mbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "base/limits.h"

static const char from[] = "From ";
static const char content_length[] = "Content-Length:";

enum { FROM_LEN = sizeof(from) - 1 };

struct mbox {
	char *path;
	struct stream stream;
	int64_t mtime;
	size_t limit;
	bool failed; /* its end was told as a fault already */
	/* The message that is being read. */
	struct buffer message;
	bool cut;
	const char *held; /* an empty line that may belong to the separator */
	bool counted;     /* its header holds one Content-Length */
	uint64_t length;
};

static bool
is_from(const char *at, size_t len)
{
	return len >= FROM_LEN && memcmp(at, from, FROM_LEN) == 0;
}

/* Is this a line that a writer put a ">" before, as mboxrd has it? */
static bool
is_quoted(const char *at, size_t len)
{
	size_t marks = 0;

	while (marks < len && at[marks] == '>')
		marks++;
	return marks > 0 && is_from(at + marks, len - marks);
}

/* How many bytes the line break takes up that these bytes start with. */
static size_t
line_break(const char *at, size_t len)
{
	if (len >= 1 && at[0] == '\n')
		return 1;
	if (len >= 2 && at[0] == '\r' && at[1] == '\n')
		return 2;
	return 0;
}

bool
mbox_begins(const char *at, size_t len)
{
	const char *end = memchr(at, '\n', len);
	const char *blank;

	if (end != NULL)
		len = (size_t)(end - at);
	if (!is_from(at, len))
		return false;
	at += FROM_LEN;
	len -= FROM_LEN;
	/* "From : x@y z" is a header field, if in an old-fashioned form. */
	if (len == 0 || at[0] == ':' || at[0] == '\r')
		return false;
	blank = memchr(at, ' ', len);
	return blank != NULL && blank + 1 < at + len && blank[1] != '\r';
}

static int
month_number(const char *text)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

	for (int i = 0; i < 12; i++)
		if (strcasecmp(text, names[i]) == 0)
			return i + 1;
	return 0;
}

/* Read a number of at most most digits, and go past it; -1 where is none. */
static int
take_number(const char **at, int most)
{
	int number = 0;
	int n = 0;

	for (; n < most && **at >= '0' && **at <= '9'; n++, (*at)++)
		number = 10 * number + (**at - '0');
	return n == 0 ? -1 : number;
}

/* Read "00:12" or "00:12:34"; seconds of a day, or -1. */
static int
time_of_day(const char *at)
{
	int hour = take_number(&at, 2);
	int minute = -1;
	int second = 0;

	if (*at == ':') {
		at++;
		minute = take_number(&at, 2);
	}
	if (*at == ':') {
		at++;
		second = take_number(&at, 2);
	}
	if (*at != '\0' || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60)
		return -1;
	return 3600 * hour + 60 * minute + second;
}

/* The year stands last, or before or behind a zone. */
static int
year_among(const char *const words[], size_t nwords)
{
	for (size_t i = 0; i < nwords; i++) {
		const char *at = words[i];
		int year = take_number(&at, 4);

		if (year >= 1970 && *at == '\0')
			return year;
	}
	return -1;
}

/* Words from a month's name on: "Jan 15 00:12[:34] [zone] 2024 [zone]". */
static bool
read_date(const char *const words[], size_t nwords, int64_t *seconds)
{
	const char *at = words[1];
	int month = month_number(words[0]);
	int day = take_number(&at, 2);
	int time = time_of_day(words[2]);
	int year = year_among(words + 3, nwords - 3);

	if (month == 0 || day < 1 || day > 31 || *at != '\0' || time < 0 ||
	    year < 0)
		return false;
	*seconds = datetime_days(year, month, day) * 86400 + time;
	return true;
}

/* When a message was delivered, as the line before it says; taken for UTC. */
static bool
from_date(const char *at, size_t len, int64_t *seconds)
{
	enum { WORDS = 64 };
	char line[MBOX_LINE + 1];
	const char *words[WORDS];
	size_t nwords = 0;
	char *rest = NULL;

	memcpy(line, at, len);
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	for (char *word = strtok_r(line, " \t", &rest);
	     word != NULL && nwords < WORDS;
	     word = strtok_r(NULL, " \t", &rest))
		words[nwords++] = word;
	/* A sender can look like a month, but no date follows him then. */
	for (size_t i = 1; i + 4 <= nwords; i++)
		if (read_date(words + i, nwords - i, seconds))
			return true;
	return false;
}

static void
add(struct mbox *mbox, const char *at, size_t len)
{
	size_t room = mbox->limit - mbox->message.len;

	if (len > room) {
		mbox->cut = true;
		len = room;
	}
	buffer_add(&mbox->message, at, len);
}

/* Go past the rest of a line, and add it to the message if wanted. */
static void
take_line(struct mbox *mbox, bool wanted)
{
	struct stream *stream = &mbox->stream;
	const char *end = NULL;

	while (end == NULL && stream_fill(stream, 1)) {
		const char *at = stream->at + stream->start;
		size_t len = stream->len;

		end = memchr(at, '\n', len);
		if (end != NULL)
			len = (size_t)(end - at) + 1;
		if (wanted)
			add(mbox, at, len);
		stream_skip(stream, len);
	}
}

static void
let_go(struct mbox *mbox)
{
	if (mbox->held != NULL)
		add(mbox, mbox->held, strlen(mbox->held));
	mbox->held = NULL;
}

/* Is the next line empty?  If so it is held back. */
static bool
hold_empty_line(struct mbox *mbox)
{
	struct stream *stream = &mbox->stream;
	size_t len;

	stream_fill(stream, 2);
	len = line_break(stream->at + stream->start, stream->len);
	if (len == 0)
		return false;
	let_go(mbox);
	mbox->held = len == 1 ? "\n" : "\r\n";
	stream_skip(stream, len);
	return true;
}

/* Note what a header line says of the length; two of them are too many. */
static void
note_length(struct mbox *mbox, const char *at, size_t len, bool *before)
{
	static const size_t name_len = sizeof(content_length) - 1;
	uint64_t length = 0;
	size_t ndigits = 0;

	if (len < name_len || strncasecmp(at, content_length, name_len) != 0)
		return;
	at += name_len;
	len -= name_len;
	for (; len > 0 && (*at == ' ' || *at == '\t'); at++)
		len--;
	for (; len > 0 && *at >= '0' && *at <= '9' && ndigits < 18; at++) {
		length = 10 * length + (uint64_t)(*at - '0');
		ndigits++;
		len--;
	}
	mbox->length = length;
	mbox->counted =
	    !*before && ndigits > 0 && (len == 0 || strchr("\r\n \t", *at));
	*before = true;
}

/* Take the header; the empty line behind it is held back. */
static void
take_header(struct mbox *mbox)
{
	struct stream *stream = &mbox->stream;
	uint64_t start = stream->offset;
	bool before = false;

	mbox->counted = false;
	for (;;) {
		stream_fill(stream, MBOX_LINE);
		if (stream->len == 0 || hold_empty_line(mbox))
			return;
		note_length(mbox, stream->at + stream->start, stream->len,
		    &before);
		take_line(mbox, true);
		if (stream->offset - start > LIMIT_HEADER_BYTES) {
			mbox->counted = false;
			return;
		}
	}
}

/*
 * Does the Content-Length lead to where a message may end?  Programs that
 * change a body often leave the header as it was; and a sender can write into
 * it what he likes.
 */
static bool
length_fits(struct mbox *mbox)
{
	char probe[1 + 2 + FROM_LEN]; /* a line's end, a line, a separator */
	size_t first = mbox->length > 0 ? 1 : 0;
	size_t len = 0;
	size_t i = first;

	if (!stream_peek(&mbox->stream, mbox->length - first, mbox->limit,
		probe, sizeof(probe), &len) ||
	    len < first)
		return false;
	if (len == i)
		return true;
	if (first == 1 && probe[0] != '\n')
		return false;
	i += line_break(probe + i, len - i);
	return len == i || is_from(probe + i, len - i);
}

/* Does one of these lines look like a separator? */
static bool
has_from(const char *at, size_t len)
{
	const char *end = at + len;

	while (at != NULL && at < end) {
		if (is_from(at, (size_t)(end - at)))
			return true;
		at = memchr(at, '\n', (size_t)(end - at));
		if (at != NULL)
			at++;
	}
	return false;
}

/* Take a ">" off each quoted line from start on. */
static void
unquote(struct buffer *message, size_t start)
{
	char *end = message->at + message->len;
	char *from_at = message->at + start;
	char *to = from_at;

	while (from_at < end) {
		size_t len = (size_t)(end - from_at);
		const char *line_end = memchr(from_at, '\n', len);

		if (is_quoted(from_at, len))
			from_at++;
		if (line_end != NULL)
			len = (size_t)(line_end + 1 - from_at);
		else
			len = (size_t)(end - from_at);
		memmove(to, from_at, len);
		to += len;
		from_at += len;
	}
	message->len = (size_t)(to - message->at);
	*to = '\0';
}

/* Take a body whose length the header has right. */
static void
take_counted(struct mbox *mbox)
{
	struct stream *stream = &mbox->stream;
	uint64_t left = mbox->length;
	size_t start;

	let_go(mbox);
	start = mbox->message.len;
	while (left > 0 && stream_fill(stream, 1)) {
		size_t len = stream->len < left ? stream->len : (size_t)left;

		add(mbox, stream->at + stream->start, len);
		stream_skip(stream, len);
		left -= len;
	}
	/* mboxcl quotes such lines, and mboxcl2 leaves all as it is. */
	if (!has_from(mbox->message.at + start, mbox->message.len - start))
		unquote(&mbox->message, start);
	(void)hold_empty_line(mbox);
}

static void
take_body(struct mbox *mbox)
{
	struct stream *stream = &mbox->stream;

	if (mbox->held != NULL && mbox->counted && length_fits(mbox)) {
		take_counted(mbox);
		return;
	}
	for (;;) {
		const char *at;

		stream_fill(stream, MBOX_LINE);
		at = stream->at + stream->start;
		if (stream->len == 0 ||
		    (mbox->held != NULL && is_from(at, stream->len)))
			return;
		if (hold_empty_line(mbox))
			continue;
		let_go(mbox);
		at = stream->at + stream->start;
		if (is_quoted(at, stream->len))
			stream_skip(stream, 1);
		take_line(mbox, true);
	}
}

static enum step
end_of(struct mbox *mbox, struct fault *fault)
{
	if (mbox->stream.error == 0 || mbox->failed)
		return STEP_END;
	mbox->failed = true;
	fault_set(fault, FAULT_INPUT, "%s:%" PRIu64 ": could not be read: %s",
	    mbox->path, mbox->stream.offset, strerror(mbox->stream.error));
	return STEP_FAULT;
}

static enum step
mbox_next(void *data, struct item *item, struct fault *fault)
{
	struct mbox *mbox = data;
	struct stream *stream = &mbox->stream;
	uint64_t offset = stream->offset;
	int64_t received_at = mbox->mtime;
	size_t len;

	stream_fill(stream, MBOX_LINE);
	if (stream->len == 0)
		return end_of(mbox, fault);
	len = stream->len < MBOX_LINE ? stream->len : MBOX_LINE;
	(void)from_date(stream->at + stream->start, len, &received_at);
	take_line(mbox, false);
	mbox->cut = false;
	mbox->held = NULL;
	buffer_add(&mbox->message, "", 0);
	take_header(mbox);
	take_body(mbox);
	if (stream->error != 0 && stream->len == 0) {
		/* Half a message is none: it would be taken for damaged. */
		buffer_free(&mbox->message);
		return end_of(mbox, fault);
	}
	item->path = reader_text("%s:%" PRIu64, mbox->path, offset);
	item->received_at = received_at;
	item->bytes = mbox->message.at;
	item->len = mbox->message.len;
	item->size = item->len;
	item->cut = mbox->cut;
	mbox->message = (struct buffer){ 0 };
	return STEP_ITEM;
}

static void
mbox_close(void *data)
{
	struct mbox *mbox = data;

	stream_close(&mbox->stream);
	buffer_free(&mbox->message);
	free(mbox->path);
	free(mbox);
}

struct reader
mbox_reader(const char *path, struct stream stream, int64_t mtime,
    struct walk *walk)
{
	struct mbox *mbox = reader_alloc(sizeof(*mbox));

	atomic_store(&walk->countless, true);
	mbox->path = reader_text("%s", path);
	mbox->stream = stream;
	mbox->mtime = mtime;
	mbox->limit = walk->limit;
	return (struct reader){ mbox_next, mbox_close, mbox };
}
