#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "intake/maildir.h"
#include "intake/source_names.h"
#include "intake/source_reader.h"

static const char *const parts[] = { "cur", "new" };

enum {
	NPARTS = sizeof(parts) / sizeof(parts[0]),
	FIND_TRIES = 3 /* a message can be renamed again meanwhile */
};

struct maildir {
	char *path;
	size_t part;
	struct names *names; /* of parts[part], or NULL */
};

static bool
is_folder(const char *path, const char *part)
{
	char *folder = reader_text("%s/%s", path, part);
	struct stat st;
	bool is = stat(folder, &st) == 0 && S_ISDIR(st.st_mode);

	free(folder);
	return is;
}

bool
maildir_is_one(const char *path)
{
	return is_folder(path, "cur") && is_folder(path, "new");
}

static enum step
fail_at_part(struct maildir *maildir, int error, struct fault *fault)
{
	char *folder = reader_join(maildir->path, "/", parts[maildir->part]);

	(void)reader_failed(fault, folder, "could not be read", error);
	free(folder);
	names_close(maildir->names);
	maildir->names = NULL;
	maildir->part++;
	return STEP_FAULT;
}

static void
make_item(const struct maildir *maildir, const char *name, struct item *item)
{
	item->maildir = reader_join(maildir->path, "", "");
	item->name = reader_join(parts[maildir->part], "/", name);
	item->path = reader_join(maildir->path, "/", item->name);
}

static enum step
maildir_next(void *data, struct item *item, struct fault *fault)
{
	struct maildir *maildir = data;
	struct name name;
	int error = 0;

	while (maildir->part < NPARTS) {
		if (maildir->names == NULL) {
			char *folder = reader_text("%s/%s", maildir->path,
			    parts[maildir->part]);

			maildir->names = names_open(folder, NAMES_BY_INODE);
			error = errno;
			free(folder);
			if (maildir->names == NULL)
				return fail_at_part(maildir, error, fault);
		}
		while (names_next(maildir->names, &name, &error)) {
			if (name.text[0] == '.' ||
			    names_kind(maildir->names, &name) != NAMES_FILE)
				continue;
			make_item(maildir, name.text, item);
			return STEP_ITEM;
		}
		if (error != 0)
			return fail_at_part(maildir, error, fault);
		names_close(maildir->names);
		maildir->names = NULL;
		maildir->part++;
	}
	return STEP_END;
}

static void
maildir_close(void *data)
{
	struct maildir *maildir = data;

	names_close(maildir->names);
	free(maildir->path);
	free(maildir);
}

struct reader
maildir_reader(const char *path)
{
	struct maildir *maildir = reader_alloc(sizeof(*maildir));

	maildir->path = reader_text("%s", path);
	return (struct reader){ maildir_next, maildir_close, maildir };
}

static size_t
count_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t n = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && entry->d_type != DT_DIR)
			n++;
	closedir(dir);
	return n;
}

size_t
maildir_count(const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < NPARTS; i++) {
		char *folder = reader_text("%s/%s", path, parts[i]);

		n += count_folder(folder);
		free(folder);
	}
	return n;
}

/*
 * Try the flags that mail programs set most: to look through a folder for
 * each of a hundred thousand renamed messages would take hours.
 */
static char *
find_likely(const char *maildir, const char *base, int len)
{
	static const char *const flags[] = { ":2,S", ":2,", ":2,RS", ":2,ST",
		"" };
	enum { NFLAGS = sizeof(flags) / sizeof(flags[0]) };
	char *found = NULL;

	for (size_t i = 0; i < NFLAGS && found == NULL; i++) {
		char *path =
		    reader_text("%s/cur/%.*s%s", maildir, len, base, flags[i]);
		struct stat st;

		if (lstat(path, &st) == 0)
			found = reader_text("cur/%.*s%s", len, base, flags[i]);
		free(path);
	}
	return found;
}

static char *
find_in(const char *maildir, const char *part, const char *base, int len)
{
	char *folder = reader_text("%s/%s", maildir, part);
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char *found = NULL;

	free(folder);
	if (dir == NULL)
		return NULL;
	while (found == NULL && (entry = readdir(dir)) != NULL)
		if (maildir_base(entry->d_name) == (size_t)len &&
		    memcmp(entry->d_name, base, (size_t)len) == 0)
			found = reader_text("%s/%s", part, entry->d_name);
	closedir(dir);
	return found;
}

char *
maildir_find(const char *maildir, const char *name)
{
	const char *base = strchr(name, '/') + 1;
	int len = (int)maildir_base(base);
	char *found = find_likely(maildir, base, len);

	for (size_t i = 0; i < NPARTS && found == NULL; i++)
		found = find_in(maildir, parts[i], base, len);
	return found;
}

int
maildir_open(struct item *item)
{
	for (int i = 0;; i++) {
		int fd = open(item->path,
		    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		char *name;

		if (fd != -1 || errno != ENOENT || i == FIND_TRIES)
			return fd;
		name = maildir_find(item->maildir, item->name);
		if (name == NULL) {
			errno = ENOENT;
			return -1;
		}
		free(item->name);
		free(item->path);
		item->name = name;
		item->path = reader_text("%s/%s", item->maildir, name);
	}
}
