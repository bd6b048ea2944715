#include "dns/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16, PORT_MOST = 65535, MILLISECONDS = 1000 };

/* ----------------------------------------------------------- --connect */

/* Up to a colon; what is in brackets may hold some. */
static const char *
take(const char **text, struct arena *arena)
{
	const char *from = *text;
	size_t len;

	if (*from == '[' && strchr(from, ']') != NULL) {
		from++;
		len = strcspn(from, "]");
		*text = from + len + 1;
	} else {
		len = strcspn(from, ":");
		*text = from + len;
	}
	if (**text == ':')
		(*text)++;
	return arena_copy(arena, from, len);
}

static bool
read_port(const char *text, int *port)
{
	long long number = 0;

	if (text[0] != '\0' && !text_read_number(text, 1, PORT_MOST, &number))
		return false;
	*port = (int)number;
	return true;
}

static bool
is_address(const char *text)
{
	unsigned char address[IPV6_SIZE];

	return inet_pton(AF_INET, text, address) == 1 ||
	    inet_pton(AF_INET6, text, address) == 1;
}

bool
net_connect_read(const char *text, struct arena *arena,
    struct net_connect *connect, struct fault *fault)
{
	const char *rest = text;
	const char *port;
	const char *to_port;

	connect->host = take(&rest, arena);
	port = take(&rest, arena);
	connect->address = take(&rest, arena);
	to_port = take(&rest, arena);
	if (*rest != '\0' || !read_port(port, &connect->port) ||
	    !is_address(connect->address) || to_port[0] == '\0' ||
	    !read_port(to_port, &connect->to_port))
		return fault_set(fault, FAULT_USAGE,
		    "--connect=%s: write HOST:PORT:ADDRESS:PORT, as in "
		    "mx.example.com:25:127.0.0.1:2525",
		    text);
	return true;
}

const struct net_connect *
net_redirect(const struct net *net, const char *host, int port)
{
	for (size_t i = 0; i < net->nconnects; i++) {
		const struct net_connect *rule = &net->connects[i];

		if ((rule->host[0] == '\0' ||
			strcasecmp(rule->host, host) == 0) &&
		    (rule->port == 0 || rule->port == port))
			return rule;
	}
	return NULL;
}

/* ------------------------------------------------------------ addresses */

static const struct range {
	unsigned char start[IPV6_SIZE];
	unsigned char size; /* 4 or 16 */
	unsigned char bits;
} ranges[] = {
	{ { 0 }, IPV4_SIZE, 8 }, { { 10 }, IPV4_SIZE, 8 },
	{ { 100, 64 }, IPV4_SIZE, 10 }, { { 127 }, IPV4_SIZE, 8 },
	{ { 169, 254 }, IPV4_SIZE, 16 }, { { 172, 16 }, IPV4_SIZE, 12 },
	{ { 192, 0, 0 }, IPV4_SIZE, 24 }, { { 192, 168 }, IPV4_SIZE, 16 },
	{ { 198, 18 }, IPV4_SIZE, 15 }, { { 224 }, IPV4_SIZE, 3 },
	{ { 0 }, IPV6_SIZE, 96 },         /* ::, ::1, and IPv4's old form */
	{ { 0xfc }, IPV6_SIZE, 7 },       /* unique local */
	{ { 0xfe, 0x80 }, IPV6_SIZE, 9 }, /* link-local, site-local */
	{ { 0xff }, IPV6_SIZE, 8 },       /* multicast */
	{ { 0x01 }, IPV6_SIZE, 64 },      /* discard */
};

static bool
is_in(struct bytes address, const struct range *range)
{
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8U;
	unsigned mask = 0xffU << (8 - rest) & 0xffU;

	return address.len == range->size &&
	    memcmp(address.at, range->start, whole) == 0 &&
	    (rest == 0 ||
		(address.at[whole] & mask) == (range->start[whole] & mask));
}

/* IPv4 inside IPv6: mapped, NAT64, 6to4. */
static bool
is_carried(struct bytes address, struct bytes *inner)
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff };
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (address.len != IPV6_SIZE)
		return false;
	*inner = (struct bytes){ address.at + 12, IPV4_SIZE };
	if (memcmp(address.at, mapped, sizeof(mapped)) == 0 ||
	    memcmp(address.at, nat64, sizeof(nat64)) == 0)
		return true;
	*inner = (struct bytes){ address.at + 2, IPV4_SIZE };
	return address.at[0] == 0x20 && address.at[1] == 0x02;
}

bool
net_is_public(struct bytes address)
{
	struct bytes inner;

	if (address.len != IPV4_SIZE && address.len != IPV6_SIZE)
		return false;
	if (is_carried(address, &inner))
		return net_is_public(inner);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (is_in(address, &ranges[i]))
			return false;
	return true;
}

bool
net_address_text(struct bytes address, char text[NET_ADDRESS_SIZE])
{
	if (address.len != IPV4_SIZE && address.len != IPV6_SIZE)
		return false;
	return inet_ntop(address.len == IPV4_SIZE ? AF_INET : AF_INET6,
		   address.at, text, NET_ADDRESS_SIZE) != NULL;
}

/* ----------------------------------------------------------- connecting */

int64_t
net_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MILLISECONDS + now.tv_nsec / 1000000;
}

bool
net_wait(int fd, bool writing, int64_t until)
{
	struct pollfd wanted = { .fd = fd,
		.events = writing ? POLLOUT : POLLIN };
	int got;

	do {
		int64_t left = until - net_now();

		got = poll(&wanted, 1, left > 0 ? (int)left : 0);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		errno = ETIMEDOUT;
	return got > 0;
}

static socklen_t
fill(const struct net_target *target, struct sockaddr_storage *storage)
{
	struct sockaddr_in *four = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, target->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)target->port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, target->address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)target->port);
		return sizeof(*six);
	}
	return 0;
}

static bool
finish(int fd, int64_t until)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (!net_wait(fd, true, until) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return false;
	errno = error;
	return error == 0;
}

int
net_open(const struct net_target *target, int64_t until)
{
	struct sockaddr_storage storage;
	socklen_t len = fill(target, &storage);
	int fd;
	int saved;

	if (len == 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	fd = socket(storage.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&storage, len) == 0 ||
	    (errno == EINPROGRESS && finish(fd, until)))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}
