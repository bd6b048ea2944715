#include "daemon/lmtp.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/listen.h"
#include "daemon/lmtp_session.h"

enum {
	READ_SIZE = 64 << 10,
	OUT_MOST = 64 << 10, /* replies unread, then no more is read */
	ACCEPT_AT_ONCE = 64,
	REPLY_SIZE = 512
};

static const char away[] = "451 4.3.0 the database is away, try again later";
static const char crowded[] = "421 4.3.2 too many connections\r\n";
static const char leaving[] = "421 4.3.2 shutting down\r\n";
static const char slow[] = "421 4.4.2 this took too long\r\n";
static const char full[] = "452 4.3.1 too many large messages at once";

struct connection {
	struct connection *previous;
	struct connection *next;
	struct connection *answered_next;
	struct lmtp *lmtp;
	struct loop_source source; /* fd -1: it is gone, but for its answer */
	struct lmtp_session *session;
	struct buffer in;  /* behind a message that waits for its answer */
	struct buffer out; /* not sent yet */
	size_t sent;       /* of it */
	size_t reserved;
	time_t since; /* of the latest command, or of DATA */
	uint32_t events;
	bool waiting; /* for the answer to a message */
	bool eof;
	bool quitting; /* close once all is sent */
	char reply[REPLY_SIZE];
};

struct lmtp {
	struct loop *loop;
	struct pipeline *pipeline;
	struct lmtp_rules rules;
	struct loop_source listeners[LISTENERS_MOST];
	size_t nlisteners;
	struct connection *first;
	size_t nconnections;
	struct connection *graves; /* to be freed after the loop's run */
	bool quiescing;
	struct loop_source wake;
	char input[READ_SIZE];
	pthread_mutex_t lock; /* guards what follows */
	struct connection *answered;
};

static void serve(struct connection *connection);

static time_t
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* What it waits for on its socket, by its state. */
static void
watch(struct connection *connection)
{
	size_t unsent = connection->out.len - connection->sent;
	uint32_t events = 0;

	if (unsent > 0)
		events |= EPOLLOUT;
	if (!connection->waiting && !connection->eof && !connection->quitting &&
	    unsent < OUT_MOST)
		events |= EPOLLIN;
	if (events == connection->events)
		return;
	connection->events = events;
	loop_change(connection->lmtp->loop, &connection->source, events);
}

static void
bury(struct connection *connection)
{
	struct lmtp *lmtp = connection->lmtp;

	lmtp_free(connection->session);
	buffer_free(&connection->in);
	buffer_free(&connection->out);
	budget_release(lmtp->rules.budget, &connection->reserved);
	connection->next = lmtp->graves;
	lmtp->graves = connection;
}

/* Close the socket; the rest lives on until a message of it is answered. */
static void
hang_up(struct connection *connection)
{
	struct lmtp *lmtp = connection->lmtp;

	if (connection->source.fd == -1)
		return;
	loop_remove(lmtp->loop, &connection->source);
	(void)close(connection->source.fd);
	connection->source.fd = -1;
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		lmtp->first = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	lmtp->nconnections--;
	atomic_fetch_sub(&lmtp->rules.metrics->connections[WAY_LMTP], 1);
	if (!connection->waiting)
		bury(connection);
}

static void
clear_graves(struct lmtp *lmtp)
{
	while (lmtp->graves != NULL) {
		struct connection *connection = lmtp->graves;

		lmtp->graves = connection->next;
		free(connection);
	}
}

/* Send what can be sent; false where the connection is over. */
static bool
flush_out(struct connection *connection)
{
	struct buffer *out = &connection->out;

	while (connection->sent < out->len) {
		ssize_t n =
		    send(connection->source.fd, out->at + connection->sent,
			out->len - connection->sent, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n == -1)
			return false;
		connection->sent += (size_t)n;
	}
	buffer_free(out);
	connection->sent = 0;
	if (connection->quitting)
		return false;
	return !connection->eof || connection->waiting ||
	    connection->in.len > 0;
}

/* The reply to a message, by what became of it. */
static void
reply_to(const struct lmtp *lmtp, const struct result *result,
    char reply[REPLY_SIZE])
{
	const char *start = "250 2.0.0 ";
	const char *text = outcome_names[result->outcome];

	if (result->verdict != VERDICT_SAFE) {
		start = "451 4.3.0 ";
		text = "not stored, try again later";
	} else if (result->outcome == OUTCOME_REJECTED) {
		start = lmtp->rules.invalid_fails ?
		    "554 5.6.0 rejected: " :
		    "250 2.0.0 kept in quarantine: ";
		text = reason_codes[result->reason].code;
	}
	(void)snprintf(reply, REPLY_SIZE, "%s%s", start, text);
}

/* Called by a thread of the pipeline's. */
static void
on_result(void *owner, const struct result *result)
{
	static const uint64_t one = 1;
	struct connection *connection = owner;
	struct lmtp *lmtp = connection->lmtp;

	reply_to(lmtp, result, connection->reply);
	(void)pthread_mutex_lock(&lmtp->lock);
	connection->answered_next = lmtp->answered;
	lmtp->answered = connection;
	(void)pthread_mutex_unlock(&lmtp->lock);
	(void)!write(lmtp->wake.fd, &one, sizeof(one));
}

static void
submit(struct connection *connection)
{
	struct lmtp *lmtp = connection->lmtp;
	struct job job = { .way = WAY_LMTP,
		.channel = CHANNEL_MAIL,
		.door = lmtp->rules.door,
		.body = lmtp_take(connection->session),
		.source = strdup("lmtp"),
		.received_at = time(NULL),
		.done = on_result,
		.owner = connection };

	if (job.source == NULL)
		fault_out_of_memory();
	connection->waiting = true;
	pipeline_submit(lmtp->pipeline, &job);
}

static void
answer(struct connection *connection, const char *reply)
{
	size_t before = connection->out.len;
	struct metrics *metrics = connection->lmtp->rules.metrics;

	lmtp_answer(connection->session, reply, &connection->out);
	budget_release(connection->lmtp->rules.budget, &connection->reserved);
	for (size_t i = before; i < connection->out.len; i++)
		if (connection->out.at[i] == '\n')
			metrics_code(metrics->lmtp_replies,
			    (unsigned int)strtoul(reply, NULL, 10));
}

/* Feed input to the session; returns how much of it was taken. */
static size_t
feed(struct connection *connection, const char *input, size_t len)
{
	struct lmtp *lmtp = connection->lmtp;
	struct lmtp_session *session = connection->session;
	bool in_data = lmtp_is_in_data(session);
	enum lmtp_event event;
	size_t used;

	lmtp_refuse(session, pipeline_is_up(lmtp->pipeline) ? NULL : away);
	event = lmtp_feed(session, input, len, &used, &connection->out);
	if (!budget_hold(lmtp->rules.budget, lmtp_held(session),
		&connection->reserved)) {
		lmtp_drop(session, full);
		budget_release(lmtp->rules.budget, &connection->reserved);
		if (event == LMTP_MESSAGE) {
			answer(connection, full);
			event = LMTP_MORE;
		}
	}
	if (!in_data || !lmtp_is_in_data(session))
		connection->since = now();
	if (event == LMTP_MESSAGE)
		submit(connection);
	else if (event == LMTP_QUIT)
		connection->quitting = true;
	return used;
}

/* Feed all of it, as far as no message waits; keep the rest. */
static void
take_input(struct connection *connection, const char *input, size_t len)
{
	size_t used = 0;

	while (used < len && !connection->waiting && !connection->quitting)
		used += feed(connection, input + used, len - used);
	if (used < len && !connection->quitting)
		buffer_add(&connection->in, input + used, len - used);
}

/* The connection may be gone when this returns. */
static void
serve(struct connection *connection)
{
	struct buffer rest = connection->in;

	if (rest.len > 0 && !connection->waiting) {
		connection->in = (struct buffer){ 0 };
		take_input(connection, rest.at, rest.len);
		buffer_free(&rest);
	}
	if (connection->eof && !connection->waiting)
		connection->quitting = true;
	if (connection->lmtp->quiescing && !connection->waiting &&
	    !connection->quitting && !lmtp_is_in_data(connection->session)) {
		buffer_text(&connection->out, leaving);
		connection->quitting = true;
	}
	if (flush_out(connection))
		watch(connection);
	else
		hang_up(connection);
}

static void
read_some(struct connection *connection)
{
	char *input = connection->lmtp->input;
	ssize_t n = recv(connection->source.fd, input, READ_SIZE, 0);

	if (n == -1 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n == -1) {
		hang_up(connection);
		return;
	}
	if (n == 0)
		connection->eof = true;
	else
		take_input(connection, input, (size_t)n);
	serve(connection);
}

static void
on_connection(void *data, uint32_t events)
{
	struct connection *connection = data;

	if ((events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0) {
		/* Nobody is there to read what we would say. */
		hang_up(connection);
		return;
	}
	if ((events & EPOLLIN) != 0)
		read_some(connection);
	else
		serve(connection);
}

static void
welcome(struct lmtp *lmtp, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		fault_out_of_memory();
	connection->lmtp = lmtp;
	connection->source =
	    (struct loop_source){ fd, on_connection, connection };
	connection->session = lmtp_new(lmtp->rules.host, lmtp->rules.message);
	connection->since = now();
	connection->events = EPOLLIN;
	connection->next = lmtp->first;
	if (lmtp->first != NULL)
		lmtp->first->previous = connection;
	lmtp->first = connection;
	lmtp->nconnections++;
	atomic_fetch_add(&lmtp->rules.metrics->connections[WAY_LMTP], 1);
	atomic_fetch_add(&lmtp->rules.metrics->accepted[WAY_LMTP], 1);
	if (!loop_add(lmtp->loop, &connection->source, EPOLLIN)) {
		hang_up(connection);
		return;
	}
	lmtp_greet(connection->session, &connection->out);
	serve(connection);
}

/* Take a new connection, unless there are too many. */
static void
take_connection(struct lmtp *lmtp, int fd)
{
	if (lmtp->nconnections < (size_t)lmtp->rules.connections) {
		welcome(lmtp, fd);
		return;
	}
	atomic_fetch_add(&lmtp->rules.metrics->refused[WAY_LMTP], 1);
	(void)send(fd, crowded, sizeof(crowded) - 1, MSG_NOSIGNAL);
	(void)close(fd);
}

static void
on_listener(void *data, uint32_t events)
{
	struct lmtp *lmtp = data;

	(void)events;
	for (size_t i = 0; i < lmtp->nlisteners; i++) {
		for (int k = 0; k < ACCEPT_AT_ONCE; k++) {
			int fd = accept4(lmtp->listeners[i].fd, NULL, NULL,
			    SOCK_NONBLOCK | SOCK_CLOEXEC);

			if (fd == -1)
				break;
			take_connection(lmtp, fd);
		}
	}
}

static void
on_wake(void *data, uint32_t events)
{
	struct lmtp *lmtp = data;
	struct connection *answered;
	uint64_t count;

	(void)events;
	(void)!read(lmtp->wake.fd, &count, sizeof(count));
	(void)pthread_mutex_lock(&lmtp->lock);
	answered = lmtp->answered;
	lmtp->answered = NULL;
	(void)pthread_mutex_unlock(&lmtp->lock);
	while (answered != NULL) {
		struct connection *connection = answered;

		answered = connection->answered_next;
		connection->waiting = false;
		if (connection->source.fd == -1) {
			bury(connection);
			continue;
		}
		answer(connection, connection->reply);
		connection->since = now();
		serve(connection);
	}
	clear_graves(lmtp);
}

/* Say goodbye, if it can be heard. */
static void
dismiss(struct connection *connection, const char *words)
{
	if (connection->out.len == connection->sent)
		(void)send(connection->source.fd, words, strlen(words),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	hang_up(connection);
}

void
lmtp_tick(struct lmtp *lmtp)
{
	struct connection *next;
	time_t time = now();

	for (struct connection *connection = lmtp->first; connection != NULL;
	     connection = next) {
		int limit = lmtp_is_in_data(connection->session) ?
		    lmtp->rules.message_seconds :
		    lmtp->rules.idle_seconds;

		next = connection->next;
		if (!connection->waiting && time - connection->since > limit)
			dismiss(connection, slow);
	}
	clear_graves(lmtp);
}

static void
close_listeners(struct lmtp *lmtp)
{
	for (size_t i = 0; i < lmtp->nlisteners; i++) {
		loop_remove(lmtp->loop, &lmtp->listeners[i]);
		(void)close(lmtp->listeners[i].fd);
	}
	lmtp->nlisteners = 0;
}

void
lmtp_quiesce(struct lmtp *lmtp)
{
	struct connection *next;

	close_listeners(lmtp);
	lmtp->quiescing = true;
	for (struct connection *connection = lmtp->first; connection != NULL;
	     connection = next) {
		next = connection->next;
		serve(connection);
	}
	clear_graves(lmtp);
}

size_t
lmtp_connections(const struct lmtp *lmtp)
{
	return lmtp->nconnections;
}

bool
lmtp_open(struct loop *loop, struct pipeline *pipeline,
    const struct lmtp_rules *rules, const int fds[], size_t nfds,
    struct lmtp **lmtp, struct fault *fault)
{
	struct lmtp *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->loop = loop;
	made->pipeline = pipeline;
	made->rules = *rules;
	(void)pthread_mutex_init(&made->lock, NULL);
	made->wake =
	    (struct loop_source){ eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		    on_wake, made };
	if (made->wake.fd == -1 || !loop_add(loop, &made->wake, EPOLLIN)) {
		free(made);
		return fault_set(fault, FAULT_LATER, "eventfd: %s",
		    strerror(errno));
	}
	for (size_t i = 0; i < nfds && i < LISTENERS_MOST; i++) {
		made->listeners[i] =
		    (struct loop_source){ fds[i], on_listener, made };
		if (loop_add(loop, &made->listeners[i], EPOLLIN))
			made->nlisteners++;
	}
	*lmtp = made;
	return true;
}

/* No message is under way any more. */
void
lmtp_close(struct lmtp *lmtp)
{
	if (lmtp == NULL)
		return;
	close_listeners(lmtp);
	on_wake(lmtp, 0);
	while (lmtp->first != NULL)
		dismiss(lmtp->first, leaving);
	clear_graves(lmtp);
	loop_remove(lmtp->loop, &lmtp->wake);
	(void)close(lmtp->wake.fd);
	(void)pthread_mutex_destroy(&lmtp->lock);
	free(lmtp);
}
