/* What one folder holds, a bounded number of names at a time. */
#ifndef SOURCE_NAMES_H
#define SOURCE_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

struct names;

enum names_order {
	NAMES_BY_INODE, /* as the disk has them: a cold disk seeks less */
	NAMES_BY_NAME
};

enum names_kind { NAMES_FILE, NAMES_FOLDER, NAMES_OTHER };

/* Ours until the next call of names_next(). */
struct name {
	const char *text;
	ino_t inode;
	unsigned char type; /* as readdir(3) has it */
};

enum { NAMES_CHUNK = 16384 };

/*
 * Start to read a folder; NULL, and errno, where it cannot be opened.  The
 * order holds within each NAMES_CHUNK names.  By inode, a file of a Maildir
 * that gets new flags while the folder is read comes up once all the same.
 */
struct names *names_open(const char *folder, enum names_order order);

/*
 * The next name other than "." and "..".  False at the end; *error is then 0,
 * or the errno that kept the rest from being read.
 */
bool names_next(struct names *names, struct name *name, int *error);

/*
 * What a name stands for.  A symbolic link to a file is a file, one to a
 * folder is neither: so no walk goes in circles.
 */
enum names_kind names_kind(const struct names *names, const struct name *name);

void names_close(struct names *names);

#endif
