#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "intake/maildir.h"
#include "intake/source_reader.h"

enum {
	NAME_TRIES = 1000, /* names to try where one is taken */
	GONE_TRIES = 3     /* times that another program may rename it */
};

enum outcome { DONE, GONE, FAILED };

/* A message, and where it is to go. */
struct move {
	const char *maildir; /* that it lies in */
	const char *name;    /* below that */
	const char *folder;  /* that it goes to; maybe the same */
	struct arena *arena;
};

/* The name with the flag S in its place among the others. */
static const char *
seen_name(const char *name, struct arena *arena)
{
	size_t base = maildir_base(name);
	const char *flags;
	size_t before = 0;

	if (name[base] == '\0')
		return arena_printf(arena, "%s:2,S", name);
	/* Only ":2," is known to be followed by flags. */
	if (strncmp(name + base, ":2,", 3) != 0)
		return name;
	flags = name + base + 3;
	if (strchr(flags, 'S') != NULL)
		return name;
	while (flags[before] != '\0' && flags[before] < 'S')
		before++;
	return arena_printf(arena, "%.*s:2,%.*sS%s", (int)base, name,
	    (int)before, flags, flags + before);
}

/* The name to try after n others turned out to be taken. */
static const char *
numbered(const char *name, int n, struct arena *arena)
{
	size_t base = maildir_base(name);

	if (n == 0)
		return name;
	return arena_printf(arena, "%.*s,N=%d%s", (int)base, name, n,
	    name + base);
}

/* Rename a file to a name in a folder, or else to the nearest that is free. */
static bool
rename_freely(const char *from, const char *folder, const char *name,
    struct arena *arena)
{
	for (int n = 0; n < NAME_TRIES; n++) {
		const char *to = arena_printf(arena, "%s/%s", folder,
		    numbered(name, n, arena));

		if (maildir_rename(from, to))
			return true;
		if (errno != EEXIST)
			break;
	}
	return false;
}

static bool
copy_contents(int from, const char *source, int to, const char *path,
    struct fault *fault)
{
	struct stat st;

	if (!maildir_copy(from, source, to, path, fault))
		return false;
	/* Its time is when the mail came in, and outlives the move. */
	if (fstat(from, &st) == 0) {
		const struct timespec times[2] = { st.st_atim, st.st_mtim };

		(void)fchmod(to, st.st_mode & 0777);
		(void)futimens(to, times);
	}
	return fsync(to) == 0 ||
	    fault_set(fault, FAULT_LATER, "%s: could not be synced: %s", path,
		strerror(errno));
}

/* Copy an open message to a folder on another file system. */
static bool
copy_over(const struct move *move, int from, const char *source,
    const char *part, const char *name, struct fault *fault)
{
	const char *folder =
	    arena_printf(move->arena, "%s/%s", move->folder, part);
	const char *tmp = NULL;
	int to = maildir_create(move->folder, move->arena, &tmp, fault);
	bool done;

	if (to == -1)
		return false;
	done = copy_contents(from, source, to, tmp, fault);
	close(to);
	if (done && !rename_freely(tmp, folder, name, move->arena))
		done = fault_set(fault, FAULT_LATER,
		    "%s: could not be moved to %s: %s", tmp, folder,
		    strerror(errno));
	if (!done)
		(void)unlink(tmp);
	/* The copy has to be safe before the original goes. */
	return done && maildir_sync(folder, fault);
}

/* Move a message as mv(1) would, when the two are on different disks. */
static enum outcome
move_over(const struct move *move, const char *part, const char *name,
    struct fault *fault)
{
	const char *from =
	    arena_printf(move->arena, "%s/%s", move->maildir, move->name);
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool done;

	if (fd == -1 && errno == ENOENT)
		return GONE;
	if (fd == -1) {
		fault_set(fault, FAULT_LATER, "%s: could not be opened: %s",
		    from, strerror(errno));
		return FAILED;
	}
	done = maildir_make(move->folder, fault) &&
	    copy_over(move, fd, from, part, name, fault);
	close(fd);
	if (done && unlink(from) == -1 && errno != ENOENT)
		done = fault_set(fault, FAULT_LATER,
		    "%s: could not be removed: %s", from, strerror(errno));
	return done ? DONE : FAILED;
}

/* Move a message to a part (cur or new) of a Maildir, under a name. */
static enum outcome
move_to(const struct move *move, const char *part, const char *name,
    struct fault *fault)
{
	const char *from =
	    arena_printf(move->arena, "%s/%s", move->maildir, move->name);
	const char *folder =
	    arena_printf(move->arena, "%s/%s", move->folder, part);
	struct stat st;
	bool done = rename_freely(from, folder, name, move->arena);

	if (!done && errno == ENOENT) {
		if (lstat(from, &st) == -1 && errno == ENOENT)
			return GONE;
		if (!maildir_make(move->folder, fault))
			return FAILED;
		done = rename_freely(from, folder, name, move->arena);
	}
	if (done)
		return DONE;
	if (errno == EXDEV)
		return move_over(move, part, name, fault);
	if (errno == ENOENT)
		return GONE;
	fault_set(fault, FAULT_LATER, "%s: could not be moved to %s: %s", from,
	    folder, strerror(errno));
	return FAILED;
}

static enum outcome
mark_seen(const struct move *move, struct fault *fault)
{
	const char *old = strchr(move->name, '/') + 1;
	const char *name = seen_name(old, move->arena);

	if (strcmp(name, old) == 0 && strncmp(move->name, "cur/", 4) == 0)
		return DONE;
	return move_to(move, "cur", name, fault);
}

/* Move a message as it is: an unread one stays unread. */
static enum outcome
move_as_is(const struct move *move, struct fault *fault)
{
	const char *part = strncmp(move->name, "cur/", 4) == 0 ? "cur" : "new";
	struct stat here;
	struct stat there;

	if (stat(move->maildir, &here) == 0 &&
	    stat(move->folder, &there) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino)
		return DONE;
	return move_to(move, part, strchr(move->name, '/') + 1, fault);
}

static enum outcome
remove_it(const struct move *move, struct fault *fault)
{
	const char *path =
	    arena_printf(move->arena, "%s/%s", move->maildir, move->name);

	if (unlink(path) == 0)
		return DONE;
	if (errno == ENOENT)
		return GONE;
	fault_set(fault, FAULT_LATER, "%s: could not be removed: %s", path,
	    strerror(errno));
	return FAILED;
}

static enum outcome
act(struct move *move, enum after after, struct fault *fault)
{
	switch (after) {
	case AFTER_KEEP:
		break;
	case AFTER_SEEN:
		return mark_seen(move, fault);
	case AFTER_DELETE:
		return remove_it(move, fault);
	case AFTER_MOVE:
		return move_as_is(move, fault);
	}
	return DONE;
}

bool
source_after(const struct item *item, enum after after, const char *folder,
    struct fault *fault)
{
	enum outcome outcome = DONE;
	struct move move = { .maildir = item->maildir, .name = item->name };

	if (item->maildir == NULL || after == AFTER_KEEP)
		return true;
	move.folder = after == AFTER_MOVE ? folder : item->maildir;
	move.arena = arena_new();
	for (int i = 0; i < GONE_TRIES; i++) {
		char *found;

		outcome = act(&move, after, fault);
		if (outcome != GONE)
			break;
		found = maildir_find(item->maildir, item->name);
		if (found == NULL)
			break;
		move.name = arena_copy(move.arena, found, strlen(found));
		free(found);
	}
	arena_free(move.arena);
	return outcome != FAILED;
}
