#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum {
	BACKLOG = 1024,
	FIRST_INHERITED = 3, /* SD_LISTEN_FDS_START */
	HOST_SIZE = 256
};

static const char local_prefix[] = "unix:";

static const char *
local_path(const char *address)
{
	size_t len = sizeof(local_prefix) - 1;

	return strncmp(address, local_prefix, len) == 0 ? address + len : NULL;
}

static bool
failed(const char *address, const char *what, struct fault *fault)
{
	return fault_set(fault, FAULT_LATER, "%s: could not %s: %s", address,
	    what, strerror(errno));
}

/* Is it a socket that nobody listens on any more? */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;
	bool refused;

	if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return false;
	refused = connect(fd, (const struct sockaddr *)address,
		      sizeof(*address)) != 0 &&
	    errno == ECONNREFUSED;
	(void)close(fd);
	return refused;
}

static bool
give_to_group(const char *path, const char *group, struct fault *fault)
{
	const struct group *found;

	if (group == NULL)
		return true;
	found = getgrnam(group);
	if (found == NULL)
		return fault_set(fault, FAULT_CONFIG,
		    "socket-group: there is no group \"%s\"", group);
	return chown(path, (uid_t)-1, found->gr_gid) == 0 ||
	    failed(path, "be given to its group", fault);
}

/* Closed to all until it has its group and its mode. */
static bool
bind_local(int fd, const struct sockaddr_un *address, struct fault *fault)
{
	mode_t mask = umask(0777);
	bool bound =
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	(void)umask(mask);
	return bound || failed(address->sun_path, "be bound", fault);
}

static int
listen_local(const char *path, const struct listen_rules *rules,
    struct fault *fault)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		(void)fault_set(fault, FAULT_CONFIG,
		    "unix:%s: a path of 1 to %zu bytes is wanted", path,
		    sizeof(address.sun_path) - 1);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (is_stale(&address))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		(void)failed(path, "be made", fault);
		return -1;
	}
	if (bind_local(fd, &address, fault)) {
		if (give_to_group(path, rules->group, fault) &&
		    (chmod(path, rules->mode) == 0 ||
			failed(path, "be given its mode", fault)) &&
		    (listen(fd, BACKLOG) == 0 ||
			failed(path, "be listened on", fault)))
			return fd;
		(void)unlink(path);
	}
	(void)close(fd);
	return -1;
}

/* Split HOST:PORT; an IPv6 address is in brackets. */
static bool
split(const char *address, char host[HOST_SIZE], const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t len;
	long long number;

	if (colon == NULL || !text_read_number(colon + 1, 0, 65535, &number))
		return false;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return false;
	}
	if (len >= HOST_SIZE)
		return false;
	memcpy(host, address, len);
	host[len] = '\0';
	*port = colon + 1;
	return true;
}

static int
listen_at(const struct addrinfo *info)
{
	static const int on = 1;
	static const int off = 0;
	int fd = socket(info->ai_family,
	    info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
		    sizeof(off));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* For "*" an IPv6 socket hears IPv4 too, where there is IPv6 at all. */
static int
listen_inet(const char *address, struct fault *fault)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char host[HOST_SIZE];
	const char *port;
	bool any;
	int fd = -1;
	int code;

	if (!split(address, host, &port)) {
		(void)fault_set(fault, FAULT_CONFIG,
		    "\"%s\" is no address: write unix:PATH, HOST:PORT or "
		    "*:PORT",
		    address);
		return -1;
	}
	any = host[0] == '\0' || strcmp(host, "*") == 0;
	code = getaddrinfo(any ? "::" : host, port, &hints, &found);
	if (code != 0) {
		(void)fault_set(fault, FAULT_LATER, "%s: %s", address,
		    gai_strerror(code));
		return -1;
	}
	for (const struct addrinfo *info = found; info != NULL && fd == -1;
	     info = info->ai_next)
		fd = listen_at(info);
	freeaddrinfo(found);
	if (fd == -1 && any && errno == EAFNOSUPPORT) {
		struct sockaddr_in four = { .sin_family = AF_INET,
			.sin_port = htons((uint16_t)strtol(port, NULL, 10)) };
		struct addrinfo info = { .ai_family = AF_INET,
			.ai_socktype = SOCK_STREAM,
			.ai_addr = (struct sockaddr *)&four,
			.ai_addrlen = sizeof(four) };

		fd = listen_at(&info);
	}
	if (fd == -1)
		(void)failed(address, "be listened on", fault);
	return fd;
}

bool
listen_on(const char *address, const struct listen_rules *rules, int *fd,
    struct fault *fault)
{
	const char *path = local_path(address);
	int made = path != NULL ? listen_local(path, rules, fault) :
				  listen_inet(address, fault);

	if (made == -1)
		return false;
	*fd = made;
	return true;
}

/* The name of the i-th socket; empty where it has none. */
static void
inherited_name(size_t i, char name[HOST_SIZE])
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t len;

	name[0] = '\0';
	for (; names != NULL && i > 0; i--) {
		names = strchr(names, ':');
		if (names != NULL)
			names++;
	}
	if (names == NULL)
		return;
	len = strcspn(names, ":");
	if (len < HOST_SIZE)
		(void)snprintf(name, HOST_SIZE, "%.*s", (int)len, names);
}

static bool
is_mine(const char *has, const char *wanted)
{
	if (strcmp(has, wanted) == 0)
		return true;
	return strcmp(wanted, "lmtp") == 0 && strcmp(has, "http") != 0;
}

size_t
listen_inherited(const char *name, int fds[], size_t most)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	long long number;
	size_t n = 0;

	if (pid == NULL || count == NULL ||
	    !text_read_number(pid, 1, INT32_MAX, &number) ||
	    number != getpid() ||
	    !text_read_number(count, 1, LISTENERS_MOST, &number))
		return 0;
	for (size_t i = 0; i < (size_t)number && n < most; i++) {
		int fd = FIRST_INHERITED + (int)i;
		char has[HOST_SIZE];

		inherited_name(i, has);
		if (!is_mine(has, name))
			continue;
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		fds[n++] = fd;
	}
	return n;
}

bool
listen_is_local(int fd)
{
	int domain = AF_UNSPEC;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	    domain == AF_UNIX;
}

void
listen_unlink(const char *address)
{
	const char *path = local_path(address);

	if (path != NULL)
		(void)unlink(path);
}
