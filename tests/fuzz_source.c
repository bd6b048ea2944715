/*
 * Fuzz target: where one message ends and the next begins.  An mbox is read
 * from a file and from a pipe, and has to fall apart in the same way; the
 * lines of other inputs become the names of a Maildir.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "intake/maildir.h"
#include "intake/source.h"
#include "intake/source_mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4096, NAMES_MOST = 16, NAME_MOST = 80 };

/* What came out of one reading, as one digest. */
static size_t
read_mbox(const uint8_t *data, size_t size, bool seekable,
    unsigned char digest[DIGEST_SIZE])
{
	int fd = memfd_create("mbox", MFD_CLOEXEC);
	struct walk walk = { .limit = LIMIT };
	struct fault fault = { .kind = FAULT_NONE };
	struct item item = { 0 };
	struct reader reader;
	struct stream stream;
	size_t n = 0;

	if (fd == -1 || write(fd, data, size) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	stream = stream_open(fd);
	if (!seekable)
		stream.origin = -1;
	reader = mbox_reader("mbox", stream, 0, &walk);
	memset(digest, 0, DIGEST_SIZE);
	while (reader.next(reader.data, &item, &fault) == STEP_ITEM) {
		unsigned char one[DIGEST_SIZE];

		if (item.len > LIMIT || item.len > size || ++n > size)
			abort();
		digest_of((struct bytes){ (unsigned char *)item.bytes,
			      item.len },
		    one);
		for (size_t i = 0; i < DIGEST_SIZE; i++)
			digest[i] = (unsigned char)(digest[i] * 31 + one[i]);
		source_item_free(&item);
		item = (struct item){ 0 };
	}
	reader.close(reader.data);
	if (fault.kind != FAULT_NONE)
		abort();
	return n;
}

static void
try_mbox(const uint8_t *data, size_t size)
{
	unsigned char from_file[DIGEST_SIZE];
	unsigned char from_pipe[DIGEST_SIZE];
	size_t n = read_mbox(data, size, true, from_file);

	/* A pipe looks no further ahead than the limit: keep within it. */
	if (size <= LIMIT &&
	    (read_mbox(data, size, false, from_pipe) != n ||
		memcmp(from_file, from_pipe, DIGEST_SIZE) != 0))
		abort();
}

static char *
make_folder(void)
{
	static char folder[64];
	char path[128];

	(void)snprintf(folder, sizeof(folder), "%s/tlsrpt-fuzz.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	for (size_t i = 0; i < 3; i++) {
		static const char *const parts[] = { "cur", "new", "tmp" };

		(void)snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
		if (mkdir(path, 0700) != 0)
			abort();
	}
	return folder;
}

/* Make a message of a fuzzed name; 1 where it is one that must be read. */
static size_t
make_message(const char *folder, const char *name, bool seen)
{
	char path[256];
	int fd;

	if (name[0] == '.' || name[0] == '\0' || strchr(name, '/') != NULL)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s/%s", folder,
	    seen ? "cur" : "new", name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return 0;
	if (write(fd, "x", 1) != 1)
		abort();
	close(fd);
	return 1;
}

static size_t
make_messages(const char *folder, const uint8_t *data, size_t size)
{
	size_t made = 0;

	for (size_t n = 0; n < NAMES_MOST && size > 0; n++) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len = end != NULL ? (size_t)(end - data) : size;
		char name[NAME_MOST + 1] = "";

		memcpy(name, data, len < NAME_MOST ? len : NAME_MOST);
		made += make_message(folder, name, n % 2 == 1);
		len += end != NULL;
		data += len;
		size -= len;
	}
	return made;
}

/* Each message is met once, is read, and goes when it is told to. */
static void
try_maildir(const uint8_t *data, size_t size)
{
	static char *folder;
	struct fault fault = { .kind = FAULT_NONE };
	struct item item = { 0 };
	struct source *source;
	size_t made;
	size_t n = 0;

	if (folder == NULL)
		folder = make_folder();
	made = make_messages(folder, data, size);
	source = source_open(&folder, 1, LIMIT, true);
	if (source_total(source) != made)
		abort();
	while (source_next(source, &item, &fault)) {
		n++;
		if (!source_load(&item, LIMIT, &fault) || item.len != 1 ||
		    maildir_base(item.name) > strlen(item.name) ||
		    !source_after(&item, AFTER_DELETE, NULL, &fault))
			abort();
		source_item_free(&item);
	}
	if (n != made || fault.kind != FAULT_NONE)
		abort();
	source_close(source);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (mbox_begins((const char *)data, size))
		try_mbox(data, size);
	else
		try_maildir(data, size);
	return 0;
}
