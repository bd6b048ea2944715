#include "base/journal.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"

bool
journal_is_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device;
	uintmax_t inode;
	struct stat st;
	char *end;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	device = strtoumax(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoumax(end + 1, &end, 10);
	return *end == '\0' && device == st.st_dev && inode == st.st_ino;
}

int
journal_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
add_field(struct buffer *out, const struct journal_field *field)
{
	uint64_t len = strlen(field->value);
	unsigned char size[8];

	buffer_text(out, field->name);
	if (strchr(field->value, '\n') == NULL) {
		buffer_printf(out, "=%s\n", field->value);
		return;
	}
	for (size_t i = 0; i < sizeof(size); i++)
		size[i] = (unsigned char)(len >> (8 * i) & 0xff);
	buffer_text(out, "\n");
	buffer_add(out, size, sizeof(size));
	buffer_text(out, field->value);
	buffer_text(out, "\n");
}

bool
journal_send(int fd, const struct journal_field fields[], size_t n)
{
	struct buffer out = { 0 };
	bool sent;

	for (size_t i = 0; i < n; i++)
		if (fields[i].value != NULL)
			add_field(&out, &fields[i]);
	sent = send(fd, out.at, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
	buffer_free(&out);
	return sent;
}
