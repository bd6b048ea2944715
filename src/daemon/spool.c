#include "daemon/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "intake/maildir.h"

enum { ROOM_LEAST = 4 << 20 }; /* bytes that have to be free */

struct spool {
	char *dir;
	char *new; /* folder below it */
	int lock;  /* file descriptor of dir */
	uint64_t most;
	unsigned int serial;
	pthread_mutex_t counts; /* guards what follows */
	uint64_t bytes;
	size_t depth;
};

static char *
join(const char *dir, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		fault_out_of_memory();
	return path;
}

static void
count(struct spool *spool, int64_t bytes, int documents)
{
	(void)pthread_mutex_lock(&spool->counts);
	spool->bytes = (uint64_t)((int64_t)spool->bytes + bytes);
	spool->depth = (size_t)((int64_t)spool->depth + documents);
	(void)pthread_mutex_unlock(&spool->counts);
}

/* Walk over a folder's files. */
static bool
each_file(const char *folder,
    void (*visit)(struct spool *spool, int folder, const char *name),
    struct spool *spool, struct fault *fault)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (dir == NULL)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be opened: %s", folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			visit(spool, dirfd(dir), entry->d_name);
	(void)closedir(dir);
	return true;
}

static void
sweep_one(struct spool *spool, int folder, const char *name)
{
	(void)spool;
	(void)unlinkat(folder, name, 0);
}

static void
count_one(struct spool *spool, int folder, const char *name)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		count(spool, st.st_size, 1);
}

static bool
take(struct spool *spool, struct fault *fault)
{
	char *tmp = join(spool->dir, "tmp");
	bool done;

	spool->lock = open(spool->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->lock == -1)
		(void)fault_set(fault, FAULT_LATER,
		    "%s: could not be opened: %s", spool->dir, strerror(errno));
	else if (flock(spool->lock, LOCK_EX | LOCK_NB) != 0)
		(void)fault_set(fault, FAULT_LATER,
		    "%s: another tlsrptd has this spool", spool->dir);
	done = fault->kind == FAULT_NONE &&
	    each_file(tmp, sweep_one, spool, fault) &&
	    each_file(spool->new, count_one, spool, fault);
	free(tmp);
	return done;
}

bool
spool_open(const char *dir, uint64_t most, struct spool **spool,
    struct fault *fault)
{
	struct spool *made;

	if (!maildir_make(dir, fault))
		return false;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		fault_out_of_memory();
	(void)pthread_mutex_init(&made->counts, NULL);
	made->lock = -1;
	made->most = most;
	made->dir = strdup(dir);
	if (made->dir == NULL)
		fault_out_of_memory();
	made->new = join(dir, "new");
	fault->kind = FAULT_NONE;
	if (take(made, fault)) {
		*spool = made;
		return true;
	}
	spool_close(made);
	return false;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->lock != -1)
		(void)close(spool->lock);
	(void)pthread_mutex_destroy(&spool->counts);
	free(spool->new);
	free(spool->dir);
	free(spool);
}

/* A name that sorts by time, and tells the domain, if there is one. */
static char *
new_name(struct spool *spool, const struct spooled *document)
{
	struct timespec now;
	char *name = NULL;
	const char *mark = document->domain != NULL ? ",d=" : "";
	const char *domain = document->domain != NULL ? document->domain : "";

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (asprintf(&name, "%010jd.M%09ldP%jdQ%06u%s%s.tlsrpt",
		(intmax_t)document->received_at, now.tv_nsec,
		(intmax_t)getpid(), spool->serial++ % 1000000, mark,
		domain) < 0)
		fault_out_of_memory();
	return name;
}

static bool
has_room_for(struct spool *spool, size_t len)
{
	bool has;

	(void)pthread_mutex_lock(&spool->counts);
	has = spool->bytes + len <= spool->most;
	(void)pthread_mutex_unlock(&spool->counts);
	return has;
}

/* Write a file in tmp, not synced; -1 where it cannot. */
static int
write_one(struct spool *spool, struct spooled *document, struct arena *arena,
    const char **path)
{
	int fd;

	if (!has_room_for(spool, document->bytes.len)) {
		(void)fault_set(&document->fault, FAULT_LATER,
		    "%s: the spool is full", spool->dir);
		return -1;
	}
	fd = maildir_create(spool->dir, arena, path, &document->fault);
	if (fd == -1)
		return -1;
	if (maildir_write(fd, document->bytes, *path, &document->fault))
		return fd;
	(void)close(fd);
	(void)unlink(*path);
	return -1;
}

static void
publish(struct spool *spool, struct spooled *document, int fd, const char *path)
{
	char *name = new_name(spool, document);
	char *to = join(spool->new, name);
	bool synced = fsync(fd) == 0;

	(void)close(fd);
	if (synced && maildir_rename(path, to)) {
		document->name = name;
		count(spool, (int64_t)document->bytes.len, 1);
	} else {
		(void)fault_set(&document->fault, FAULT_LATER,
		    "%s: could not be kept: %s", to, strerror(errno));
		(void)unlink(path);
		free(name);
	}
	free(to);
}

static void
take_back(struct spool *spool, struct spooled *document,
    const struct fault *fault)
{
	if (document->name == NULL)
		return;
	spool_remove(spool, document->name);
	free(document->name);
	document->name = NULL;
	document->fault = *fault;
}

/* All are written before the first is synced, so that the disk can group. */
void
spool_write(struct spool *spool, struct spooled *documents, size_t n)
{
	struct arena *arena = arena_new();
	const char **paths = arena_array(arena, n, sizeof(*paths));
	int *fds = arena_array(arena, n, sizeof(*fds));
	struct fault fault = { .kind = FAULT_NONE };

	for (size_t i = 0; i < n; i++) {
		documents[i].name = NULL;
		documents[i].fault.kind = FAULT_NONE;
		fds[i] = write_one(spool, &documents[i], arena, &paths[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (fds[i] != -1)
			publish(spool, &documents[i], fds[i], paths[i]);
	if (!maildir_sync(spool->new, &fault))
		for (size_t i = 0; i < n; i++)
			take_back(spool, &documents[i], &fault);
	arena_free(arena);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

size_t
spool_list(struct spool *spool, struct arena *arena, const char **names,
    size_t most)
{
	struct dirent **entries = NULL;
	int found = scandir(spool->new, &entries, is_visible, NULL);
	size_t n = found > 0 ? (size_t)found : 0;
	const char **all = arena_array(arena, n + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		all[i] = arena_copy(arena, entries[i]->d_name,
		    strlen(entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	qsort(all, n, sizeof(*all), by_name);
	if (n > most)
		n = most;
	memcpy(names, all, n * sizeof(*all));
	return n;
}

static void
read_name(const char *name, struct arena *arena, struct spooled *document)
{
	const char *mark = strstr(name, ",d=");
	const char *end = mark != NULL ? strstr(mark, ".tlsrpt") : NULL;

	document->received_at = strtoll(name, NULL, 10);
	document->domain = NULL;
	if (end != NULL)
		document->domain =
		    arena_copy(arena, mark + 3, (size_t)(end - mark) - 3);
}

static bool
read_all(int fd, struct buffer *bytes)
{
	enum { PIECE = 64 << 10 };
	ssize_t got;

	do {
		char *room = buffer_room(bytes, PIECE);

		got = read(fd, room, PIECE);
		if (got > 0)
			bytes->len += (size_t)got;
	} while (got > 0 || (got == -1 && errno == EINTR));
	return got == 0;
}

bool
spool_read(struct spool *spool, const char *name, struct arena *arena,
    struct buffer *bytes, struct spooled *document, struct fault *fault)
{
	char *path = join(spool->new, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool done = fd != -1 && read_all(fd, bytes);

	if (!done)
		(void)fault_set(fault,
		    errno == ENOENT ? FAULT_INPUT : FAULT_LATER,
		    "%s: could not be read: %s", path, strerror(errno));
	else
		read_name(name, arena, document);
	if (fd != -1)
		(void)close(fd);
	free(path);
	return done;
}

void
spool_remove(struct spool *spool, const char *name)
{
	char *path = join(spool->new, name);
	struct stat st;

	if (lstat(path, &st) == 0 && unlink(path) == 0)
		count(spool, -(int64_t)st.st_size, -1);
	free(path);
}

size_t
spool_depth(struct spool *spool)
{
	size_t depth;

	(void)pthread_mutex_lock(&spool->counts);
	depth = spool->depth;
	(void)pthread_mutex_unlock(&spool->counts);
	return depth;
}

int64_t
spool_oldest(struct spool *spool)
{
	struct arena *arena;
	const char *name;
	int64_t oldest = 0;

	if (spool_depth(spool) == 0)
		return 0;
	arena = arena_new();
	if (spool_list(spool, arena, &name, 1) == 1)
		oldest = strtoll(name, NULL, 10);
	arena_free(arena);
	return oldest;
}

bool
spool_has_room(struct spool *spool)
{
	struct statvfs vfs;

	if (!has_room_for(spool, ROOM_LEAST) ||
	    access(spool->new, W_OK | X_OK) != 0 ||
	    statvfs(spool->new, &vfs) != 0)
		return false;
	return (uint64_t)vfs.f_bavail * vfs.f_frsize >= ROOM_LEAST &&
	    (vfs.f_flag & ST_RDONLY) == 0;
}
