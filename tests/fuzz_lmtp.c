/*
 * Fuzz target: the server's side of LMTP.  However the bytes are cut into
 * pieces, the replies and the messages are the same; each reply is a line with
 * a code, and no message is longer than the limit.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "daemon/lmtp_session.h"

enum { MESSAGE_MOST = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What becomes of a message is part of what is compared. */
static void
take_message(struct lmtp_session *session, struct buffer *all)
{
	struct buffer message = lmtp_take(session);

	if (message.len > MESSAGE_MOST)
		abort();
	buffer_printf(all, "message of %zu:", message.len);
	buffer_add(all, message.at, message.len);
	buffer_free(&message);
	lmtp_answer(session, "250 2.0.0 stored", all);
}

static void
check_replies(const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end != NULL ? (size_t)(end - text) + 1 : 0;

		if (line < 5 || end[-1] != '\r' || text[0] < '2' ||
		    text[0] > '5' || (text[3] != ' ' && text[3] != '-') ||
		    memchr(text, '\0', line) != NULL)
			abort();
		text += line;
		len -= line;
	}
}

/* A session that gets the bytes in pieces of one size. */
static struct buffer
talk(const char *input, size_t len, size_t piece)
{
	struct lmtp_session *session = lmtp_new("host", MESSAGE_MOST);
	struct buffer all = { 0 };
	bool over = false;

	lmtp_greet(session, &all);
	while (len > 0 && !over) {
		size_t part = len < piece ? len : piece;
		size_t before = all.len;
		size_t used;
		enum lmtp_event event =
		    lmtp_feed(session, input, part, &used, &all);

		if (used > part || (event == LMTP_MORE && used < part))
			abort();
		check_replies(all.at + before, all.len - before);
		if (event == LMTP_MESSAGE)
			take_message(session, &all);
		over = event == LMTP_QUIT;
		input += used;
		len -= used;
	}
	lmtp_free(session);
	return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 2, 7 };
	const char *input = (const char *)data;
	struct buffer whole = talk(input, size, size);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buffer part = talk(input, size, pieces[i]);

		if (part.len != whole.len ||
		    memcmp(part.at, whole.at, whole.len) != 0)
			abort();
		buffer_free(&part);
	}
	buffer_free(&whole);
	return 0;
}
