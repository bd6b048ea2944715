/* The LMTP server: connections, and what they wait for. */
#ifndef LMTP_H
#define LMTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "daemon/budget.h"
#include "daemon/loop.h"
#include "daemon/pipeline.h"

struct lmtp;

struct lmtp_rules {
	const char *host;    /* our name */
	size_t message;      /* bytes */
	int connections;     /* at most */
	int idle_seconds;    /* between two commands */
	int message_seconds; /* from DATA to its end */
	bool invalid_fails;  /* --on-invalid=reject */
	const struct door *door;
	struct budget *budget;
	struct metrics *metrics;
};

/* Serve listening sockets; the server closes them. */
bool lmtp_open(struct loop *loop, struct pipeline *pipeline,
    const struct lmtp_rules *rules, const int fds[], size_t nfds,
    struct lmtp **lmtp, struct fault *fault);

/* To be called about once a second: ends what takes too long. */
void lmtp_tick(struct lmtp *lmtp);

/*
 * Take no new connections, end those that wait for a command, and the others
 * once they are answered.
 */
void lmtp_quiesce(struct lmtp *lmtp);

/* How many connections are open. */
size_t lmtp_connections(const struct lmtp *lmtp);

void lmtp_close(struct lmtp *lmtp);

#endif
