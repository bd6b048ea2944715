/* Which addresses may be connected to, and how long it may take. */
#ifndef DNS_NET_H
#define DNS_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/fault.h"

enum { NET_TARGETS_MOST = 8, NET_ADDRESS_SIZE = 46 };

/* --connect=HOST:PORT:ADDRESS:PORT: instead of what DNS says. */
struct net_connect {
	const char *host; /* "": any */
	int port;         /* 0: any */
	const char *address;
	int to_port;
};

/* What the options of the network come to. */
struct net {
	const char *resolver;     /* ADDRESS[@PORT], or NULL: the system's */
	const char *trust_anchor; /* a file, or NULL: the root's */
	const char *ca_file;      /* or NULL: the system's */
	const char *helo;
	const struct net_connect *connects;
	size_t nconnects;
	bool allow_private;
	int timeout; /* seconds, for each lookup and each conversation */
};

/* An address in text, and a port. */
struct net_target {
	char address[NET_ADDRESS_SIZE];
	int port;
};

/* Read the value of --connect; an IPv6 address stands in brackets. */
bool net_connect_read(const char *text, struct arena *arena,
    struct net_connect *connect, struct fault *fault);

/* The first rule for this host and port, or NULL. */
const struct net_connect *net_redirect(const struct net *net, const char *host,
    int port);

/*
 * May strangers' DNS send us to this address, of 4 or 16 bytes?  Not to
 * loopback, private, link-local, shared, multicast and unspecified ones, nor
 * to those that lead to them (RFC 6890).
 */
bool net_is_public(struct bytes address);

/* An address of 4 or 16 bytes in text; false where it is none. */
bool net_address_text(struct bytes address, char text[NET_ADDRESS_SIZE]);

/* Milliseconds of a clock that is never set back. */
int64_t net_now(void);

/*
 * Connect by TCP, without blocking; the descriptor, or -1 with errno set.
 *
 *	until	as net_now() counts
 */
int net_open(const struct net_target *target, int64_t until);

/* Wait until it can be read or written; false when the time is up. */
bool net_wait(int fd, bool writing, int64_t until);

#endif
