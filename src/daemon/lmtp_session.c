#include "daemon/lmtp_session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "base/text.h"

/* Where in a message the next byte stands. */
enum place {
	PLACE_LINE_START,
	PLACE_LINE,
	PLACE_CR,     /* behind a CR */
	PLACE_DOT,    /* behind a dot that begins a line */
	PLACE_DOT_CR, /* behind a CR behind that */
};

struct lmtp_session {
	const char *host;
	size_t limit;
	const char *refusal; /* of the next MAIL, or NULL */
	const char *dropped; /* the reply to the message, or NULL */
	struct buffer line;  /* a command whose end has not come yet */
	struct buffer message;
	size_t nrecipients;
	int errors;
	bool skipping; /* the rest of a line that is too long */
	bool greeted;  /* LHLO was said */
	bool sender;   /* MAIL was */
	bool utf8;     /* with SMTPUTF8 */
	bool in_data;
	enum place place;
};

struct lmtp_session *
lmtp_new(const char *host, size_t limit)
{
	struct lmtp_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		fault_out_of_memory();
	session->host = host;
	session->limit = limit;
	return session;
}

void
lmtp_free(struct lmtp_session *session)
{
	if (session == NULL)
		return;
	buffer_free(&session->line);
	buffer_free(&session->message);
	free(session);
}

void
lmtp_greet(const struct lmtp_session *session, struct buffer *replies)
{
	buffer_printf(replies, "220 %s LMTP tlsrptd\r\n", session->host);
}

bool
lmtp_is_in_data(const struct lmtp_session *session)
{
	return session->in_data;
}

size_t
lmtp_held(const struct lmtp_session *session)
{
	return session->message.size;
}

static void
reset(struct lmtp_session *session)
{
	session->sender = false;
	session->utf8 = false;
	session->nrecipients = 0;
	session->in_data = false;
	session->dropped = NULL;
	buffer_free(&session->message);
	session->message = (struct buffer){ 0 };
}

static enum lmtp_event
reply(struct buffer *replies, const char *text)
{
	buffer_printf(replies, "%s\r\n", text);
	return LMTP_MORE;
}

static enum lmtp_event
wrong(struct lmtp_session *session, struct buffer *replies, const char *text)
{
	(void)reply(replies, text);
	if (++session->errors < LMTP_ERRORS)
		return LMTP_MORE;
	(void)reply(replies, "421 4.7.0 too many errors");
	return LMTP_QUIT;
}

/* All commands are alike, and two of them cut their line in place. */
/* NOLINTBEGIN(readability-non-const-parameter) */

static enum lmtp_event
do_lhlo(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	if (*rest == '\0')
		return wrong(session, replies, "501 5.5.4 who are you?");
	reset(session);
	session->greeted = true;
	buffer_printf(replies,
	    "250-%s\r\n250-PIPELINING\r\n250-SIZE %zu\r\n250-8BITMIME\r\n"
	    "250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n",
	    session->host, session->limit);
	return LMTP_MORE;
}

static enum lmtp_event
do_helo(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)rest;
	return wrong(session, replies,
	    "500 5.5.1 this is LMTP: say LHLO (RFC 2033)");
}

/*
 * The path that a command holds behind "FROM:" or "TO:"; ends it, and returns
 * what stands behind.  NULL where there is none.
 */
static char *
cut_path(char *rest, const char *word, char **path)
{
	size_t len = strlen(word);
	bool quoted = false;

	if (strncasecmp(rest, word, len) != 0)
		return NULL;
	rest += len;
	rest += strspn(rest, " ");
	if (*rest != '<')
		return NULL;
	*path = ++rest;
	for (; *rest != '\0' && (quoted || *rest != '>'); rest++) {
		if (*rest == '"')
			quoted = !quoted;
		else if (quoted && *rest == '\\' && rest[1] != '\0')
			rest++;
	}
	if (*rest != '>' || (rest[1] != '\0' && rest[1] != ' '))
		return NULL;
	*rest = '\0';
	return rest + 1;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 127)
			return false;
	return true;
}

/* One parameter of MAIL; NULL where it is fine, else the reply. */
static const char *
mail_parameter(struct lmtp_session *session, const char *word)
{
	long long size;

	if (strncasecmp(word, "SIZE=", 5) == 0) {
		if (!text_read_number(word + 5, 0, INT64_MAX, &size))
			return "501 5.5.4 SIZE wants a number";
		return (unsigned long long)size > session->limit ?
		    "552 5.3.4 the message is too long" :
		    NULL;
	}
	if (strcasecmp(word, "BODY=7BIT") == 0 ||
	    strcasecmp(word, "BODY=8BITMIME") == 0)
		return NULL;
	if (strcasecmp(word, "SMTPUTF8") == 0) {
		session->utf8 = true;
		return NULL;
	}
	return "555 5.5.4 no such parameter here";
}

static enum lmtp_event
do_mail(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	char *path = NULL;
	char *save = NULL;

	if (!session->greeted)
		return wrong(session, replies, "503 5.5.1 say LHLO first");
	if (session->sender)
		return wrong(session, replies, "503 5.5.1 MAIL again?");
	rest = cut_path(rest, "FROM:", &path);
	if (rest == NULL)
		return wrong(session, replies,
		    "501 5.5.4 write MAIL FROM:<address>");
	if (session->refusal != NULL)
		return reply(replies, session->refusal);
	for (char *word = strtok_r(rest, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		const char *refusal = mail_parameter(session, word);

		if (refusal != NULL) {
			reset(session);
			return refusal[1] == '5' && refusal[2] == '2' ?
			    reply(replies, refusal) :
			    wrong(session, replies, refusal);
		}
	}
	if (!session->utf8 && !is_ascii(path))
		return wrong(session, replies, "553 5.6.7 SMTPUTF8 is needed");
	session->sender = true;
	return reply(replies, "250 2.1.0 ok");
}

static enum lmtp_event
do_rcpt(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	char *path = NULL;

	if (!session->sender)
		return wrong(session, replies, "503 5.5.1 MAIL comes first");
	rest = cut_path(rest, "TO:", &path);
	if (rest == NULL || *path == '\0')
		return wrong(session, replies,
		    "501 5.5.4 write RCPT TO:<address>");
	if (rest[strspn(rest, " ")] != '\0')
		return wrong(session, replies,
		    "555 5.5.4 no such parameter here");
	if (!session->utf8 && !is_ascii(path))
		return wrong(session, replies, "553 5.6.7 SMTPUTF8 is needed");
	if (session->nrecipients == LMTP_RECIPIENTS)
		return reply(replies, "452 4.5.3 too many recipients");
	session->nrecipients++;
	return reply(replies, "250 2.1.5 ok");
}

static enum lmtp_event
do_data(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	if (*rest != '\0')
		return wrong(session, replies, "501 5.5.4 DATA stands alone");
	if (!session->sender)
		return wrong(session, replies, "503 5.5.1 MAIL comes first");
	if (session->nrecipients == 0)
		return wrong(session, replies, "503 5.5.1 no recipient");
	session->in_data = true;
	session->place = PLACE_LINE_START;
	return reply(replies, "354 end with a line that holds a dot");
}

static enum lmtp_event
do_rset(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)rest;
	reset(session);
	return reply(replies, "250 2.0.0 ok");
}

static enum lmtp_event
do_noop(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)session;
	(void)rest;
	return reply(replies, "250 2.0.0 ok");
}

static enum lmtp_event
do_help(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)session;
	(void)rest;
	return reply(replies, "214 2.0.0 see tlsrptd(8)");
}

static enum lmtp_event
do_vrfy(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)session;
	(void)rest;
	return reply(replies, "252 2.5.0 send it and see");
}

static enum lmtp_event
do_quit(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)session;
	(void)rest;
	(void)reply(replies, "221 2.0.0 bye");
	return LMTP_QUIT;
}

/* A browser that was made to talk to us is not to go on. */
static enum lmtp_event
do_http(struct lmtp_session *session, char *rest, struct buffer *replies)
{
	(void)session;
	(void)rest;
	(void)reply(replies, "421 4.7.0 this is LMTP, not HTTP");
	return LMTP_QUIT;
}

/* NOLINTEND(readability-non-const-parameter) */

static const struct command {
	const char *name;
	enum lmtp_event (*run)(struct lmtp_session *session, char *rest,
	    struct buffer *replies);
} commands[] = {
	{ "LHLO", do_lhlo },
	{ "MAIL", do_mail },
	{ "RCPT", do_rcpt },
	{ "DATA", do_data },
	{ "RSET", do_rset },
	{ "NOOP", do_noop },
	{ "QUIT", do_quit },
	{ "VRFY", do_vrfy },
	{ "HELP", do_help },
	{ "HELO", do_helo },
	{ "EHLO", do_helo },
	{ "GET", do_http },
	{ "POST", do_http },
	{ "CONNECT", do_http },
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

static enum lmtp_event
run_command(struct lmtp_session *session, char *line, struct buffer *replies)
{
	size_t len = strcspn(line, " ");
	char *rest = line + len;

	rest += strspn(rest, " ");
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strlen(commands[i].name) == len &&
		    strncasecmp(commands[i].name, line, len) == 0)
			return commands[i].run(session, rest, replies);
	return wrong(session, replies, "500 5.5.2 no such command");
}

/* A whole line; blanks at its end do not count. */
static enum lmtp_event
take_line(struct lmtp_session *session, struct buffer *replies)
{
	char *line = session->line.at;
	size_t len = session->line.len;
	enum lmtp_event event;

	session->line.len = 0;
	while (len > 0 && strchr("\r\n\t ", line[len - 1]) != NULL)
		len--;
	line[len] = '\0';
	if (strlen(line) != len)
		return wrong(session, replies, "500 5.5.2 no such command");
	event = run_command(session, line, replies);
	buffer_free(&session->line);
	session->line = (struct buffer){ 0 };
	return event;
}

static enum lmtp_event
feed_commands(struct lmtp_session *session, const char *input, size_t len,
    size_t *used, struct buffer *replies)
{
	const char *end = memchr(input, '\n', len);
	size_t piece = end != NULL ? (size_t)(end - input) + 1 : len;
	bool fits = session->line.len + piece <= LMTP_LINE;

	*used += piece;
	if (!session->skipping && fits)
		buffer_add(&session->line, input, piece);
	else
		session->skipping = true;
	if (end == NULL)
		return LMTP_MORE;
	if (!session->skipping)
		return take_line(session, replies);
	session->skipping = false;
	session->line.len = 0;
	return wrong(session, replies, "500 5.5.6 the line is too long");
}

/* Keep bytes of the message, as long as there are not too many. */
static void
keep(struct lmtp_session *session, const char *bytes, size_t len)
{
	if (session->dropped != NULL)
		return;
	if (session->message.len + len > session->limit)
		lmtp_drop(session, "552 5.3.4 the message is too long");
	else
		buffer_add(&session->message, bytes, len);
}

static void
keep_line_end(struct lmtp_session *session)
{
	keep(session, "\n", 1);
	session->place = PLACE_LINE_START;
}

/* The next byte where it decides what the place is; false at the end. */
static bool
step(struct lmtp_session *session, char c)
{
	switch (session->place) {
	case PLACE_LINE_START:
		session->place = c == '.' ? PLACE_DOT :
		    c == '\r'             ? PLACE_CR :
					    PLACE_LINE;
		if (session->place == PLACE_LINE)
			keep(session, &c, 1);
		return true;
	case PLACE_LINE:
		session->place = c == '\r' ? PLACE_CR : PLACE_LINE;
		if (session->place == PLACE_LINE)
			keep(session, &c, 1);
		return true;
	case PLACE_CR:
		if (c == '\n') {
			keep_line_end(session);
			return true;
		}
		keep(session, "\r", 1);
		session->place = PLACE_LINE;
		return step(session, c);
	case PLACE_DOT:
		session->place = c == '\r' ? PLACE_DOT_CR : PLACE_LINE;
		if (session->place == PLACE_LINE)
			keep(session, &c, 1);
		return true;
	case PLACE_DOT_CR:
		if (c == '\n')
			return false;
		keep(session, "\r", 1);
		session->place = PLACE_LINE;
		return step(session, c);
	}
	return true;
}

/*
 * Only CR LF ends a line, and only CR LF . CR LF the message: what takes less
 * for an end lets a sender smuggle in a second one.
 */
static enum lmtp_event
feed_data(struct lmtp_session *session, const char *input, size_t len,
    size_t *used)
{
	size_t i = 0;

	while (i < len) {
		if (session->place == PLACE_LINE) {
			const char *cr = memchr(input + i, '\r', len - i);
			size_t run =
			    cr != NULL ? (size_t)(cr - input) - i : len - i;

			keep(session, input + i, run);
			i += run;
			if (i == len)
				break;
		}
		if (!step(session, input[i++])) {
			*used += i;
			session->in_data = false;
			return LMTP_MESSAGE;
		}
	}
	*used += i;
	return LMTP_MORE;
}

enum lmtp_event
lmtp_feed(struct lmtp_session *session, const char *input, size_t len,
    size_t *used, struct buffer *replies)
{
	enum lmtp_event event = LMTP_MORE;

	*used = 0;
	while (*used < len && event == LMTP_MORE) {
		const char *rest = input + *used;
		size_t left = len - *used;

		if (!session->in_data) {
			event =
			    feed_commands(session, rest, left, used, replies);
			continue;
		}
		event = feed_data(session, rest, left, used);
		if (event == LMTP_MESSAGE && session->dropped != NULL) {
			lmtp_answer(session, session->dropped, replies);
			event = LMTP_MORE;
		}
	}
	return event;
}

struct buffer
lmtp_take(struct lmtp_session *session)
{
	struct buffer message = session->message;

	session->message = (struct buffer){ 0 };
	return message;
}

void
lmtp_answer(struct lmtp_session *session, const char *text,
    struct buffer *replies)
{
	for (size_t i = 0; i < session->nrecipients; i++)
		(void)reply(replies, text);
	reset(session);
}

void
lmtp_refuse(struct lmtp_session *session, const char *text)
{
	session->refusal = text;
}

void
lmtp_drop(struct lmtp_session *session, const char *text)
{
	session->dropped = text;
	buffer_free(&session->message);
	session->message = (struct buffer){ 0 };
}
