/*
 * Send the messages of a folder, each once, by several sessions.
 *
 *	smtp_load smtp|lmtp SOCKET SESSIONS RECIPIENT FOLDER [MESSAGES]
 *
 * What smtp-source does, but with messages that differ.  SOCKET is a Unix
 * socket.  Ends when all were answered; a refusal ends it at once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SESSIONS_MOST = 1000, REPLY_SIZE = 8192, PATH_SIZE = 4096 };

/* What a session waits for. */
enum step { STEP_GREETING, STEP_HELLO, STEP_DATA, STEP_ANSWER, STEP_END };

struct session {
	enum step step;
	char *out; /* a message with its end; on the heap */
	size_t len;
	size_t sent;
	char reply[REPLY_SIZE];
	size_t replied;
};

struct load {
	const char *hello;
	const char *recipient;
	const char *folder;
	DIR *dir;
	long left;
	char envelope[512];
};

static void
fail(const char *what)
{
	(void)fprintf(stderr, "smtp_load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int
dial(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) !=
		0)
		fail(path);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
say(struct session *session, const char *text)
{
	free(session->out);
	session->out = strdup(text);
	session->len = strlen(text);
	session->sent = 0;
}

/* The next message; its lines end with CR LF, and none begins with a dot. */
static bool
next_message(struct load *load, struct session *session)
{
	const struct dirent *entry;
	char path[PATH_SIZE];
	struct stat st;
	FILE *file;

	do
		entry = load->left > 0 ? readdir(load->dir) : NULL;
	while (entry != NULL && entry->d_name[0] == '.');
	if (entry == NULL)
		return false;
	load->left--;
	(void)snprintf(path, sizeof(path), "%s/%s", load->folder,
	    entry->d_name);
	file = fopen(path, "rb");
	if (file == NULL || fstat(fileno(file), &st) != 0)
		fail(path);
	free(session->out);
	session->out = malloc((size_t)st.st_size + 3);
	if (session->out == NULL ||
	    fread(session->out, 1, (size_t)st.st_size, file) !=
		(size_t)st.st_size)
		fail(path);
	(void)fclose(file);
	memcpy(session->out + st.st_size, ".\r\n", 3);
	session->len = (size_t)st.st_size + 3;
	session->sent = 0;
	return true;
}

/* How many whole replies came; each begins with a code. */
static int
replies_of(const struct session *session)
{
	const char *line = session->reply;
	const char *end;
	int n = 0;

	while ((end = strchr(line, '\n')) != NULL) {
		if (*line != '2' && *line != '3') {
			(void)fprintf(stderr, "smtp_load: %.*s\n",
			    (int)(end - line), line);
			exit(EXIT_FAILURE);
		}
		if (end - line > 3 && line[3] != '-')
			n++;
		line = end + 1;
	}
	return n;
}

/* All replies that it waited for are there: what comes next? */
static void
advance(struct load *load, struct session *session)
{
	char hello[64];

	session->replied = 0;
	switch (session->step) {
	case STEP_GREETING:
		(void)snprintf(hello, sizeof(hello), "%s x\r\n", load->hello);
		say(session, hello);
		session->step = STEP_HELLO;
		return;
	case STEP_HELLO:
	case STEP_ANSWER:
		session->step = load->left > 0 ? STEP_DATA : STEP_END;
		say(session, load->left > 0 ? load->envelope : "QUIT\r\n");
		return;
	case STEP_DATA:
		session->step = STEP_ANSWER;
		if (next_message(load, session))
			return;
		/* Another one took the last of them. */
		session->step = STEP_END;
		session->len = session->sent = 0;
		return;
	case STEP_END:
		return;
	}
}

static void
receive(struct load *load, struct session *session, int fd)
{
	ssize_t n = recv(fd, session->reply + session->replied,
	    REPLY_SIZE - 1 - session->replied, 0);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0)
		fail("the connection broke");
	session->replied += (size_t)n;
	session->reply[session->replied] = '\0';
	if (replies_of(session) == (session->step == STEP_DATA ? 3 : 1))
		advance(load, session);
}

static void
transmit(struct session *session, int fd)
{
	ssize_t n = send(fd, session->out + session->sent,
	    session->len - session->sent, MSG_NOSIGNAL);

	if (n > 0)
		session->sent += (size_t)n;
	else if (errno != EAGAIN)
		fail("the connection broke");
}

static void
run(struct load *load, struct session *sessions, struct pollfd *fds, int n)
{
	int open = n;

	while (open > 0) {
		for (int i = 0; i < n; i++)
			fds[i].events = sessions[i].sent < sessions[i].len ?
			    POLLOUT :
			    POLLIN;
		if (poll(fds, (nfds_t)n, -1) == -1)
			fail("poll");
		for (int i = 0; i < n; i++) {
			if (fds[i].fd == -1 || fds[i].revents == 0)
				continue;
			if (fds[i].events == POLLOUT)
				transmit(&sessions[i], fds[i].fd);
			else
				receive(load, &sessions[i], fds[i].fd);
			if (sessions[i].step != STEP_END ||
			    sessions[i].sent < sessions[i].len)
				continue;
			(void)close(fds[i].fd);
			fds[i].fd = -1;
			open--;
		}
	}
}

int
main(int argc, char *argv[])
{
	static struct session sessions[SESSIONS_MOST];
	static struct pollfd fds[SESSIONS_MOST];
	struct load load = { .hello = "EHLO" };
	int n;

	if (argc < 6) {
		(void)fputs("usage: smtp_load smtp|lmtp SOCKET SESSIONS "
			    "RECIPIENT FOLDER [MESSAGES]\n",
		    stderr);
		return EXIT_FAILURE;
	}
	if (strcmp(argv[1], "lmtp") == 0)
		load.hello = "LHLO";
	load.recipient = argv[4];
	load.folder = argv[5];
	load.left = argc > 6 ? strtol(argv[6], NULL, 10) : 1000000000;
	load.dir = opendir(load.folder);
	if (load.dir == NULL)
		fail(load.folder);
	(void)snprintf(load.envelope, sizeof(load.envelope),
	    "MAIL FROM:<a@reporter.example>\r\nRCPT TO:<%s>\r\nDATA\r\n",
	    load.recipient);
	n = (int)strtol(argv[3], NULL, 10);
	if (n < 1 || n > SESSIONS_MOST)
		fail("sessions");
	for (int i = 0; i < n; i++)
		fds[i].fd = dial(argv[2]);
	run(&load, sessions, fds, n);
	(void)closedir(load.dir);
	return EXIT_SUCCESS;
}
