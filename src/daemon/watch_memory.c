#include "daemon/watch_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "intake/maildir.h"

#include <glib.h>

enum {
	KEY_SIZE = 16,     /* of the digest of a name */
	STALE_LEAST = 1000 /* names that are gone, before it is worth it */
};

struct entry {
	unsigned char key[KEY_SIZE];
	unsigned int scan; /* in which it was met last */
	bool kept;         /* in the file */
};

struct memory {
	GHashTable *entries;
	char *path;
	int fd; /* to append to */
	unsigned int scan;
};

static guint
hash_key(gconstpointer at)
{
	guint hash;

	memcpy(&hash, at, sizeof(hash));
	return hash;
}

static gboolean
same_key(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, KEY_SIZE) == 0;
}

static void
key_of(const char *name, unsigned char key[KEY_SIZE])
{
	unsigned char digest[DIGEST_SIZE];

	digest_of((struct bytes){ (const unsigned char *)name,
		      maildir_base(name) },
	    digest);
	memcpy(key, digest, KEY_SIZE);
}

static struct entry *
find(const struct memory *memory, const char *name)
{
	unsigned char key[KEY_SIZE];

	key_of(name, key);
	return g_hash_table_lookup(memory->entries, key);
}

static struct entry *
add(struct memory *memory, const unsigned char key[KEY_SIZE])
{
	struct entry *entry = g_new0(struct entry, 1);

	memcpy(entry->key, key, KEY_SIZE);
	entry->scan = memory->scan;
	(void)g_hash_table_replace(memory->entries, entry->key, entry);
	return entry;
}

/* A record that a crash cut short is dropped; its message is read again. */
static bool
load(struct memory *memory, struct fault *fault)
{
	unsigned char key[KEY_SIZE];
	off_t whole = 0;
	ssize_t got;

	memory->fd =
	    open(memory->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (memory->fd == -1)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be opened: %s", memory->path,
		    strerror(errno));
	FILE *in = fdopen(dup(memory->fd), "rb");

	if (in == NULL)
		return fault_set(fault, FAULT_LATER,
		    "%s: could not be read: %s", memory->path, strerror(errno));
	while ((got = (ssize_t)fread(key, 1, KEY_SIZE, in)) == KEY_SIZE) {
		add(memory, key)->kept = true;
		whole += KEY_SIZE;
	}
	(void)fclose(in);
	return got == 0 || ftruncate(memory->fd, whole) == 0 ||
	    fault_set(fault, FAULT_LATER, "%s: could not be cut: %s",
		memory->path, strerror(errno));
}

bool
memory_open(const char *folder, const char *maildir, struct memory **memory,
    struct fault *fault)
{
	struct memory *made = g_new0(struct memory, 1);
	char *real = realpath(maildir, NULL);
	const char *named = real != NULL ? real : maildir;
	unsigned char digest[DIGEST_SIZE];
	char text[DIGEST_TEXT_SIZE];

	digest_of((struct bytes){ (const unsigned char *)named, strlen(named) },
	    digest);
	digest_write(digest, text);
	free(real);
	made->fd = -1;
	made->path = g_strdup_printf("%s/watched-%.16s", folder, text);
	made->entries = g_hash_table_new_full(hash_key, same_key, NULL, g_free);
	if (load(made, fault)) {
		*memory = made;
		return true;
	}
	memory_close(made);
	return false;
}

void
memory_close(struct memory *memory)
{
	if (memory == NULL)
		return;
	if (memory->fd != -1)
		(void)close(memory->fd);
	g_hash_table_destroy(memory->entries);
	g_free(memory->path);
	g_free(memory);
}

bool
memory_knows(const struct memory *memory, const char *name)
{
	struct entry *entry = find(memory, name);

	if (entry != NULL)
		entry->scan = memory->scan;
	return entry != NULL;
}

void
memory_note(struct memory *memory, const char *name)
{
	unsigned char key[KEY_SIZE];

	key_of(name, key);
	(void)add(memory, key);
}

/* Should it not reach the disk, the message is read again some day. */
void
memory_keep(struct memory *memory, const char *name)
{
	struct entry *entry = find(memory, name);
	unsigned char key[KEY_SIZE];

	if (entry == NULL) {
		key_of(name, key);
		entry = add(memory, key);
	}
	if (entry->kept)
		return;
	entry->kept = true;
	(void)!write(memory->fd, entry->key, KEY_SIZE);
}

void
memory_forget(struct memory *memory, const char *name)
{
	unsigned char key[KEY_SIZE];

	key_of(name, key);
	(void)g_hash_table_remove(memory->entries, key);
}

void
memory_begin_scan(struct memory *memory)
{
	memory->scan++;
}

static gboolean
is_gone(gpointer key, gpointer value, gpointer data)
{
	const struct entry *entry = value;
	const struct memory *memory = data;

	(void)key;
	return entry->scan != memory->scan;
}

static guint
count_gone(struct memory *memory)
{
	GHashTableIter iter;
	gpointer key;
	gpointer value;
	guint n = 0;

	g_hash_table_iter_init(&iter, memory->entries);
	while (g_hash_table_iter_next(&iter, &key, &value))
		n += is_gone(key, value, memory) ? 1 : 0;
	return n;
}

static void
write_anew(struct memory *memory)
{
	struct buffer all = { 0 };
	struct fault fault;
	GHashTableIter iter;
	gpointer key;
	gpointer value;
	char *tmp = g_strdup_printf("%s.new", memory->path);
	int fd =
	    open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	g_hash_table_iter_init(&iter, memory->entries);
	while (g_hash_table_iter_next(&iter, &key, &value))
		if (((const struct entry *)value)->kept)
			buffer_add(&all, key, KEY_SIZE);
	if (fd != -1 &&
	    maildir_write(fd,
		(struct bytes){ (const unsigned char *)all.at, all.len }, tmp,
		&fault) &&
	    fsync(fd) == 0 && rename(tmp, memory->path) == 0) {
		(void)close(memory->fd);
		memory->fd = fd;
	} else if (fd != -1) {
		(void)close(fd);
		(void)unlink(tmp);
	}
	buffer_free(&all);
	g_free(tmp);
}

void
memory_end_scan(struct memory *memory)
{
	guint gone = count_gone(memory);

	if (gone < STALE_LEAST || gone < g_hash_table_size(memory->entries) / 2)
		return;
	(void)g_hash_table_foreach_remove(memory->entries, is_gone, memory);
	write_anew(memory);
}
