/*
 * Somebody has broken into the decoder, and tries to get out of it: preloaded
 * (LD_PRELOAD), this runs where the first gzip data is unpacked, does what
 * ESCAPE names, and says on stderr what came of it; with ESCAPE_SIZE, only where
 * that data has as many bytes.  With LACK=seccomp the machine has no seccomp.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

int seccomp_load(void *filter);

static bool
read_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool
write_file(void)
{
	return open(getenv("ESCAPE_FILE"), O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool
remove_file(void)
{
	return unlink(getenv("ESCAPE_FILE")) == 0;
}

/* What is run says so itself. */
static bool
run_program(void)
{
	static char *const arguments[] = { "sh", "-c",
		"echo 'escape: exec: worked' >&2; exit 75", NULL };

	(void)execv("/bin/sh", arguments);
	return false;
}

static bool
make_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 && waitpid(child, NULL, 0) == child;
}

static bool
reach_network(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return false;
	(void)strncpy(address.sun_path, getenv("ESCAPE_FILE"),
	    sizeof(address.sun_path) - 1);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
	    errno == ENOENT || errno == ECONNREFUSED;
}

static bool
trace_parent(void)
{
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool
kill_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool
run_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
crash(void)
{
	volatile int *nowhere = NULL;

	return *nowhere == 0;
}

static bool
be_killed(void)
{
	return raise(SIGKILL) == 0;
}

static bool
end_early(void)
{
	_exit(75);
}

static const struct {
	const char *name;
	bool (*go)(void);
} ways[] = {
	{ "open", read_file },
	{ "write", write_file },
	{ "unlink", remove_file },
	{ "exec", run_program },
	{ "fork", make_process },
	{ "connect", reach_network },
	{ "ptrace", trace_parent },
	{ "kill", kill_parent },
	{ "code", run_memory },
	{ "crash", crash },
	{ "end", end_early },
	{ "be-killed", be_killed },
};

static void
try_to_escape(const char *way)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, way) != 0)
			continue;
		errno = 0;
		if (ways[i].go())
			(void)dprintf(STDERR_FILENO, "escape: %s: worked\n",
			    way);
		else
			(void)dprintf(STDERR_FILENO, "escape: %s: %s\n", way,
			    strerror(errno));
	}
}

int
inflateInit2_(z_streamp stream, int bits, const char *version, int size)
{
	static bool tried;
	const char *way = getenv("ESCAPE");
	const char *when = getenv("ESCAPE_SIZE");
	int (*real)(z_streamp, int, const char *, int) = (int (*)(z_streamp,
	    int, const char *, int))dlsym(RTLD_NEXT, "inflateInit2_");

	if (way != NULL && !tried &&
	    (when == NULL || (uInt)atoi(when) == stream->avail_in)) {
		tried = true;
		try_to_escape(way);
	}
	return real(stream, bits, version, size);
}

int
seccomp_load(void *filter)
{
	const char *lack = getenv("LACK");
	int (*real)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "seccomp_load");

	if (lack != NULL && strcmp(lack, "seccomp") == 0)
		return -ENOSYS;
	return real(filter);
}
