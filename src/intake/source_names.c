#include "intake/source_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "intake/source_reader.h"

enum { SEEN_FIRST_SIZE = 4 * NAMES_CHUNK }; /* slots; a power of two */

struct names {
	DIR *dir;
	enum names_order order;
	struct arena *arena; /* of the chunk's names */
	struct name *chunk;
	size_t nchunk;
	size_t next;
	bool ended;
	int error;
	/*
	 * Fingerprints of the names of all chunks but the last: setting a
	 * flag renames a file, and readdir(3) may then return it once more.
	 * Eight bytes for each, where its name would take eighty.
	 */
	uint64_t *seen; /* 0: a free slot */
	size_t seen_size;
	size_t nseen;
};

struct names *
names_open(const char *folder, enum names_order order)
{
	DIR *dir = opendir(folder);
	struct names *names;

	if (dir == NULL)
		return NULL;
	names = reader_alloc(sizeof(*names));
	names->dir = dir;
	names->order = order;
	names->arena = arena_new();
	return names;
}

void
names_close(struct names *names)
{
	if (names == NULL)
		return;
	closedir(names->dir);
	arena_free(names->arena);
	free(names->chunk);
	free(names->seen);
	free(names);
}

/* The same for a message whatever its flags are: FNV-1a, then mixed. */
static uint64_t
fingerprint(const char *text, ino_t inode)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0' && *text != ':'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	/* Names and inodes both count upwards: keep them from cancelling. */
	hash ^= (uint64_t)inode * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	hash ^= hash >> 31;
	return hash == 0 ? 1 : hash;
}

static bool
seen_add(uint64_t *seen, size_t size, uint64_t print)
{
	size_t slot = (size_t)print & (size - 1);

	while (seen[slot] != 0) {
		if (seen[slot] == print)
			return false;
		slot = (slot + 1) & (size - 1);
	}
	seen[slot] = print;
	return true;
}

static void
seen_grow(struct names *names)
{
	size_t size =
	    names->seen == NULL ? SEEN_FIRST_SIZE : 2 * names->seen_size;
	uint64_t *seen = reader_alloc(size * sizeof(*seen));

	for (size_t i = 0; i < names->seen_size; i++)
		if (names->seen[i] != 0)
			seen_add(seen, size, names->seen[i]);
	free(names->seen);
	names->seen = seen;
	names->seen_size = size;
}

/* Note the chunk's names, and leave out those that were there before. */
static void
drop_seen(struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->nchunk; i++) {
		struct name *name = &names->chunk[i];

		if (2 * names->nseen >= names->seen_size)
			seen_grow(names);
		if (!seen_add(names->seen, names->seen_size,
			fingerprint(name->text, name->inode)))
			continue;
		names->nseen++;
		names->chunk[kept++] = *name;
	}
	names->nchunk = kept;
}

static int
by_inode(const void *left, const void *right)
{
	const struct name *a = left;
	const struct name *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

static int
by_name(const void *left, const void *right)
{
	const struct name *a = left;
	const struct name *b = right;

	return strcmp(a->text, b->text);
}

/* One more name of the folder into the chunk; false at the folder's end. */
static bool
read_name(struct names *names)
{
	const struct dirent *entry;
	struct name *name;

	errno = 0;
	entry = readdir(names->dir);
	if (entry == NULL) {
		names->ended = true;
		names->error = errno;
		return false;
	}
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return true;
	name = &names->chunk[names->nchunk++];
	name->text =
	    arena_copy(names->arena, entry->d_name, strlen(entry->d_name));
	name->inode = entry->d_ino;
	name->type = entry->d_type;
	return true;
}

static void
fill(struct names *names)
{
	if (names->chunk == NULL)
		names->chunk = reader_alloc(NAMES_CHUNK * sizeof(struct name));
	arena_reset(names->arena);
	names->nchunk = 0;
	names->next = 0;
	while (names->nchunk < NAMES_CHUNK && read_name(names))
		continue;
	if (names->order == NAMES_BY_NAME) {
		qsort(names->chunk, names->nchunk, sizeof(struct name),
		    by_name);
		return;
	}
	/* A folder of a single chunk has no second one to meet it again in. */
	if (!names->ended || names->seen != NULL)
		drop_seen(names);
	qsort(names->chunk, names->nchunk, sizeof(struct name), by_inode);
}

bool
names_next(struct names *names, struct name *name, int *error)
{
	while (names->next == names->nchunk) {
		if (names->ended) {
			*error = names->error;
			return false;
		}
		fill(names);
	}
	*name = names->chunk[names->next++];
	return true;
}

enum names_kind
names_kind(const struct names *names, const struct name *name)
{
	int fd = dirfd(names->dir);
	struct stat st;

	if (name->type == DT_REG)
		return NAMES_FILE;
	if (name->type == DT_DIR)
		return NAMES_FOLDER;
	if (name->type != DT_UNKNOWN && name->type != DT_LNK)
		return NAMES_OTHER;
	if (fstatat(fd, name->text, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return NAMES_OTHER;
	if (S_ISDIR(st.st_mode))
		return NAMES_FOLDER;
	if (S_ISLNK(st.st_mode) && fstatat(fd, name->text, &st, 0) == -1)
		return NAMES_OTHER;
	return S_ISREG(st.st_mode) ? NAMES_FILE : NAMES_OTHER;
}
