/*
 * The server's side of LMTP (RFC 2033): bytes in, replies and messages out.
 * No socket, no clock; one session a connection.
 *
 * lmtp_feed() takes input until something has to happen outside.  With
 * LMTP_MESSAGE a message is complete: take its bytes, and answer it before
 * any more is fed.
 */
#ifndef LMTP_SESSION_H
#define LMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct lmtp_session;

enum {
	LMTP_LINE = 4096,       /* bytes of one command line, with its end */
	LMTP_RECIPIENTS = 1000, /* of one message */
	LMTP_ERRORS = 20 /* commands that make no sense, then it is over */
};

enum lmtp_event {
	LMTP_MORE,    /* all input is taken; bring more */
	LMTP_MESSAGE, /* a message is complete and wants its answer */
	LMTP_QUIT     /* send the replies, and close */
};

/*
 * A new session.
 *
 *	host	the name that we go by; it has to outlive the session
 *	limit	bytes of a message, as SIZE announces them
 */
struct lmtp_session *lmtp_new(const char *host, size_t limit);

void lmtp_free(struct lmtp_session *session);

/* The first line of the connection. */
void lmtp_greet(const struct lmtp_session *session, struct buffer *replies);

/*
 * Take input.  *used tells how much of it was taken: all of it with LMTP_MORE.
 * Replies are added behind what the buffer holds.
 */
enum lmtp_event lmtp_feed(struct lmtp_session *session, const char *input,
    size_t len, size_t *used, struct buffer *replies);

/* Is a message being received? */
bool lmtp_is_in_data(const struct lmtp_session *session);

/* How many bytes of the message under way are held. */
size_t lmtp_held(const struct lmtp_session *session);

/*
 * The message, its lines ended by LF and its dots unstuffed (RFC 5321, section
 * 4.5.2); the buffer is the caller's from then on.
 */
struct buffer lmtp_take(struct lmtp_session *session);

/*
 * Answer the message: one reply for each recipient, "CODE D.D.D text".
 */
void lmtp_answer(struct lmtp_session *session, const char *text,
    struct buffer *replies);

/*
 * Refuse what comes: the next MAIL, or NULL to take it again; text as with
 * lmtp_answer().  It has to outlive its use.
 */
void lmtp_refuse(struct lmtp_session *session, const char *text);

/*
 * Drop the message under way: the rest of it is read and thrown away, and its
 * recipients get this reply.
 */
void lmtp_drop(struct lmtp_session *session, const char *text);

#endif
