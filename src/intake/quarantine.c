#include "intake/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/digest.h"
#include "intake/maildir.h"

enum {
	NAME_DIGITS = 32, /* of the digest; enough that no two are alike */
	NAME_TRIES = 100  /* copies of it that somebody may have changed */
};

/* What is kept, and where. */
struct copy {
	const char *dir;
	const char *new; /* folder below it */
	char digest[DIGEST_TEXT_SIZE];
	uintmax_t size;
	struct arena *arena;
};

static void
note_digest(struct copy *copy, struct bytes bytes)
{
	unsigned char digest[DIGEST_SIZE];

	digest_of(bytes, digest);
	digest_write(digest, copy->digest);
	copy->size = bytes.len;
}

/* The digest of a file as it was written, for no more memory than a page. */
static bool
note_file_digest(struct copy *copy, int fd, const char *path,
    struct fault *fault)
{
	struct bytes bytes = { (const unsigned char *)"", 0 };
	struct stat st;
	void *map;

	if (fstat(fd, &st) == -1)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be read: %s", path, strerror(errno));
	bytes.len = (size_t)st.st_size;
	if (bytes.len == 0) {
		note_digest(copy, bytes);
		return true;
	}
	map = mmap(NULL, bytes.len, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be read: %s", path, strerror(errno));
	bytes.at = map;
	note_digest(copy, bytes);
	munmap(map, bytes.len);
	return true;
}

/* The file's name; a number tells it from a changed copy. */
static const char *
copy_name(const struct copy *copy, int n)
{
	if (n == 0)
		return arena_printf(copy->arena, "%.*s.tlsrpt", NAME_DIGITS,
		    copy->digest);
	return arena_printf(copy->arena, "%.*s-%d.tlsrpt", NAME_DIGITS,
	    copy->digest, n);
}

/* Does cur hold the message, whatever flags it got? */
static bool
is_in_cur(const struct copy *copy, const char *name)
{
	DIR *dir = opendir(arena_printf(copy->arena, "%s/cur", copy->dir));
	const struct dirent *entry;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		size_t base = maildir_base(entry->d_name);
		struct stat st;

		if (base != strlen(name) ||
		    memcmp(entry->d_name, name, base) != 0)
			continue;
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
		    (uintmax_t)st.st_size == copy->size;
	}
	closedir(dir);
	return found;
}

static bool
is_kept(const struct copy *copy, const char *name)
{
	const char *path = arena_printf(copy->arena, "%s/%s", copy->new, name);
	struct stat st;

	if (stat(path, &st) == 0 && (uintmax_t)st.st_size == copy->size)
		return true;
	return is_in_cur(copy, name);
}

/* Give the file in tmp its name. */
static bool
publish(const struct copy *copy, const char *tmp, const char *path,
    struct fault *fault)
{
	if (!maildir_rename(tmp, path))
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be moved to %s: %s", tmp, path,
		    strerror(errno));
	if (maildir_sync(copy->new, fault))
		return true;
	(void)unlink(path);
	return false;
}

/* Give the file in tmp its name, or drop it where it is kept already. */
static bool
settle(const struct copy *copy, const char *tmp, struct fault *fault)
{
	struct fault tried = { .kind = FAULT_NONE };

	for (int n = 0; n < NAME_TRIES; n++) {
		const char *name = copy_name(copy, n);
		const char *path =
		    arena_printf(copy->arena, "%s/%s", copy->new, name);

		if (!is_kept(copy, name)) {
			if (publish(copy, tmp, path, &tried))
				return true;
			if (access(path, F_OK) == -1)
				break;
		}
		/* By now, another program may have brought it. */
		if (is_kept(copy, name)) {
			(void)unlink(tmp);
			return maildir_sync(copy->new, fault);
		}
	}
	*fault = tried;
	return false;
}

static bool
fill(struct copy *copy, struct bytes message, int rest, int fd, const char *tmp,
    struct fault *fault)
{
	if (!maildir_write(fd, message, tmp, fault) ||
	    (rest >= 0 && !maildir_copy(rest, "the message", fd, tmp, fault)))
		return false;
	if (fsync(fd) == -1)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be synced: %s", tmp, strerror(errno));
	return note_file_digest(copy, fd, tmp, fault);
}

static bool
keep(struct copy *copy, struct bytes message, int rest, struct fault *fault)
{
	const char *tmp = NULL;
	bool done;
	int fd;

	/* The mailbox that is read every night holds the same ones again. */
	if (rest < 0) {
		note_digest(copy, message);
		if (is_kept(copy, copy_name(copy, 0)))
			return maildir_sync(copy->new, fault);
	}
	fd = maildir_create(copy->dir, copy->arena, &tmp, fault);
	if (fd == -1)
		return false;
	done = fill(copy, message, rest, fd, tmp, fault);
	close(fd);
	done = done && settle(copy, tmp, fault);
	if (!done)
		(void)unlink(tmp);
	return done;
}

bool
quarantine_keep(const char *dir, struct bytes message, int rest,
    struct fault *fault)
{
	struct copy copy = { .dir = dir, .arena = arena_new() };
	bool done;

	copy.new = arena_printf(copy.arena, "%s/new", dir);
	done = maildir_make(dir, fault) && keep(&copy, message, rest, fault);
	arena_free(copy.arena);
	return done;
}
