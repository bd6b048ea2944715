/* Sockets to listen on: bound here, or handed over by systemd. */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

enum { LISTENERS_MOST = 16 };

/* For sockets in the file system. */
struct listen_rules {
	mode_t mode;
	const char *group; /* whose they become; NULL: as they are made */
};

/*
 * Listen on "unix:PATH", "HOST:PORT", "[IPV6]:PORT" or "*:PORT".  A socket
 * that a dead process left behind is replaced; one that answers is not.
 * Fails with FAULT_CONFIG where that is no address, else with FAULT_LATER.
 */
bool listen_on(const char *address, const struct listen_rules *rules, int *fd,
    struct fault *fault);

/*
 * The sockets of that name that systemd handed over, in order; returns how
 * many.  "lmtp" gets those of any name but "http".  (sd_listen_fds(3))
 */
size_t listen_inherited(const char *name, int fds[], size_t most);

/* Is it a socket of the file system? */
bool listen_is_local(int fd);

/* Take its file away again, where it has one. */
void listen_unlink(const char *address);

#endif
