#include "dns/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MILLISECONDS = 1000, CODE_LENGTH = 3 };

/* A conversation, in clear and then under TLS. */
struct talk {
	int fd;
	struct tls_session *session;
	int64_t until;
	struct arena *arena;
	char buffer[PROBE_LINE_MOST];
	size_t len;
	bool starttls; /* a line of the last reply says so */
	char *last;    /* line of the last reply */
};

static long
receive(struct talk *talk, void *to, size_t size)
{
	if (talk->session != NULL)
		return tls_read(talk->session, to, size, talk->until);
	if (!net_wait(talk->fd, false, talk->until))
		return -1;
	return recv(talk->fd, to, size, 0);
}

static bool
say(struct talk *talk, const char *line)
{
	const char *text = arena_printf(talk->arena, "%s\r\n", line);
	size_t len = strlen(text);

	if (talk->session != NULL)
		return tls_write(talk->session, text, len, talk->until);
	return net_wait(talk->fd, true, talk->until) &&
	    send(talk->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* One line without its end; NULL where none comes, or it is too long. */
static char *
take_line(struct talk *talk)
{
	for (;;) {
		char *feed = memchr(talk->buffer, '\n', talk->len);
		long got;

		if (feed != NULL) {
			size_t len = (size_t)(feed - talk->buffer);
			char *line = arena_copy(talk->arena, talk->buffer, len);

			line[strcspn(line, "\r")] = '\0';
			talk->len -= len + 1;
			memmove(talk->buffer, feed + 1, talk->len);
			return line;
		}
		if (talk->len == sizeof(talk->buffer))
			return NULL;
		got = receive(talk, talk->buffer + talk->len,
		    sizeof(talk->buffer) - talk->len);
		if (got <= 0)
			return NULL;
		talk->len += (size_t)got;
	}
}

/* The code of a reply, whose lines go by "250-" until "250 "; 0: none. */
static int
reply(struct talk *talk)
{
	talk->starttls = false;
	talk->last = NULL;
	for (int i = 0; i < PROBE_LINES_MOST; i++) {
		char *line = take_line(talk);

		if (line == NULL || strspn(line, "0123456789") < CODE_LENGTH)
			return 0;
		talk->last = line;
		if (strcasecmp(line + CODE_LENGTH + (line[CODE_LENGTH] != '\0'),
			"STARTTLS") == 0)
			talk->starttls = true;
		if (line[CODE_LENGTH] != '-')
			return (line[0] - '0') * 100 + (line[1] - '0') * 10 +
			    (line[2] - '0');
	}
	return 0;
}

static bool
stop_at(struct probe *probe, enum probe_step step, const char *detail)
{
	probe->step = step;
	probe->detail = detail;
	return false;
}

static const char *
heard(const struct talk *talk)
{
	if (talk->last != NULL)
		return talk->last;
	return errno == ETIMEDOUT ? "no answer in time" :
				    "the connection was closed";
}

/* As far as the go-ahead for TLS. */
static bool
ask_for_tls(struct talk *talk, const struct net *net, struct probe *probe)
{
	errno = 0;
	if (reply(talk) != 220)
		return stop_at(probe, PROBE_NO_GREETING, heard(talk));
	if (!say(talk, arena_printf(talk->arena, "EHLO %s", net->helo)) ||
	    reply(talk) != 250)
		return stop_at(probe, PROBE_NO_EHLO, heard(talk));
	if (!talk->starttls)
		return stop_at(probe, PROBE_NO_STARTTLS, NULL);
	if (!say(talk, "STARTTLS") || reply(talk) != 220)
		return stop_at(probe, PROBE_REFUSED, heard(talk));
	/* What came before TLS does not count under it (RFC 3207, 4.2). */
	talk->len = 0;
	return true;
}

static void
keep_anchors(struct talk *talk, struct probe *probe)
{
	size_t n = probe->peer.nchain;

	probe->anchor_failure =
	    arena_array(talk->arena, n, sizeof(*probe->anchor_failure));
	for (size_t i = 0; i < n; i++) {
		const char *why = NULL;

		if (!tls_leads_to(talk->session, i, talk->arena, &why))
			probe->anchor_failure[i] = why;
	}
}

static void
converse(struct talk *talk, const struct probe_request *request,
    enum tls_offer offer, struct probe *probe)
{
	struct tls_request wanted = { .fd = talk->fd,
		.host = request->host,
		.ca_file = request->net->ca_file,
		.offer = offer,
		.until = talk->until };
	const char *why = NULL;

	if (!ask_for_tls(talk, request->net, probe)) {
		(void)say(talk, "QUIT");
		return;
	}
	if (!tls_start(&wanted, talk->arena, &talk->session, &probe->peer,
		&why)) {
		(void)stop_at(probe, PROBE_NO_TLS, why);
		return;
	}
	probe->step = PROBE_DONE;
	keep_anchors(talk, probe);
	if (say(talk, "QUIT"))
		(void)reply(talk);
	tls_end(talk->session);
}

static bool
connect_one(const struct probe_request *request, enum tls_offer offer,
    const struct net_target *target, struct arena *arena, struct probe *probe)
{
	struct talk *talk = arena_alloc(arena, sizeof(*talk));

	talk->until = net_now() + (int64_t)request->net->timeout * MILLISECONDS;
	talk->arena = arena;
	talk->fd = net_open(target, talk->until);
	probe->address = target->address;
	if (talk->fd < 0)
		return stop_at(probe, PROBE_NO_CONNECTION,
		    arena_printf(arena, "%s: %s", target->address,
			strerror(errno)));
	converse(talk, request, offer, probe);
	close(talk->fd);
	return true;
}

void
probe_run(const struct probe_request *request, struct arena *arena,
    struct probe *probe)
{
	const struct net_target *found = NULL;
	struct probe old = { .step = PROBE_NO_CONNECTION };

	*probe = (struct probe){ .step = PROBE_NO_CONNECTION };
	for (size_t i = 0; i < request->ntargets && found == NULL; i++)
		if (connect_one(request, TLS_OFFER_ALL, &request->targets[i],
			arena, probe))
			found = &request->targets[i];
	if (found == NULL || !request->versions || probe->step != PROBE_DONE)
		return;
	(void)connect_one(request, TLS_OFFER_OLD, found, arena, &old);
	probe->old_tls = old.step == PROBE_DONE;
}
