#include "intake/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	COPY_SIZE = 64 << 10,
	CREATE_TRIES = 100,
	BLOCK_SIZE = 512 /* bytes, in st_blocks */
};

size_t
maildir_base(const char *name)
{
	return strcspn(name, ":");
}

bool
maildir_sync(const char *folder, struct fault *fault)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd == -1)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be opened: %s", folder, strerror(errno));
	/* Some file systems have no such call, for they need none. */
	done = fsync(fd) == 0 || errno == EINVAL ||
	    fault_set(fault, FAULT_LATER, "%s: could not be synced: %s", folder,
		strerror(errno));
	close(fd);
	return done;
}

static const char *
folder_above(const char *path, struct arena *arena)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len == 0 ? "." : arena_copy(arena, path, len);
}

static bool
make_folder(const char *path, struct arena *arena, struct fault *fault)
{
	const char *above = folder_above(path, arena);
	bool made = mkdir(path, 0700) == 0;

	if (!made && errno == ENOENT && strcmp(above, path) != 0) {
		if (!make_folder(above, arena, fault))
			return false;
		made = mkdir(path, 0700) == 0;
	}
	if (made)
		return maildir_sync(above, fault);
	return errno == EEXIST ||
	    fault_set(fault, FAULT_LATER, "%s: could not be made: %s", path,
		strerror(errno));
}

bool
maildir_make(const char *dir, struct fault *fault)
{
	static const char *const parts[] = { "tmp", "new", "cur" };
	enum { NPARTS = sizeof(parts) / sizeof(parts[0]) };
	struct arena *arena = arena_new();
	bool done = true;

	for (size_t i = 0; i < NPARTS && done; i++)
		done = make_folder(arena_printf(arena, "%s/%s", dir, parts[i]),
		    arena, fault);
	arena_free(arena);
	return done;
}

int
maildir_create(const char *dir, struct arena *arena, const char **path,
    struct fault *fault)
{
	const char *name = NULL;

	for (int i = 0; i < CREATE_TRIES; i++) {
		struct timespec now;
		int fd;

		(void)clock_gettime(CLOCK_REALTIME, &now);
		name = arena_printf(arena, "%s/tmp/%jd.P%jdN%ldQ%d.tlsrpt", dir,
		    (intmax_t)now.tv_sec, (intmax_t)getpid(), now.tv_nsec, i);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd != -1) {
			*path = name;
			return fd;
		}
		if (errno != EEXIST)
			break;
	}
	fault_set(fault, FAULT_LATER, "%s: could not be made: %s", name,
	    strerror(errno));
	return -1;
}

bool
maildir_write(int fd, struct bytes bytes, const char *path, struct fault *fault)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fault_set(fault, FAULT_LATER,
			    "%s: could not be written: %s", path,
			    strerror(errno));
		bytes.at += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

bool
maildir_copy(int from, const char *source, int to, const char *path,
    struct fault *fault)
{
	unsigned char part[COPY_SIZE];

	for (;;) {
		ssize_t n = read(from, part, sizeof(part));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fault_set(fault, FAULT_LATER,
			    "%s: could not be read: %s", source,
			    strerror(errno));
		if (n == 0)
			return true;
		if (!maildir_write(to, (struct bytes){ part, (size_t)n }, path,
			fault))
			return false;
	}
}

bool
maildir_rename(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	/* NFS and old kernels: a link never replaces a file either. */
	return link(from, to) == 0 && unlink(from) == 0;
}

static uint64_t
folder_size(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	uint64_t size = 0;
	struct stat st;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == 0)
			size += (uint64_t)st.st_blocks * BLOCK_SIZE;
	(void)closedir(dir);
	return size;
}

uint64_t
maildir_size(const char *dir)
{
	static const char *const parts[] = { "new", "cur" };
	struct arena *arena = arena_new();
	uint64_t size = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		size +=
		    folder_size(arena_printf(arena, "%s/%s", dir, parts[i]));
	arena_free(arena);
	return size;
}
