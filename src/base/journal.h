/* One record to the systemd journal, with fields of its own. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

/* The socket that systemd-journald(8) listens on. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A field: its name in capital letters, digits and "_". */
struct journal_field {
	const char *name;
	const char *value; /* NULL: the field is left out */
};

/*
 * Is standard error the journal's, as JOURNAL_STREAM says?
 * (systemd.exec(5), Environment Variables in Spawned Processes)
 */
bool journal_is_stderr(void);

/* Connect to a journal; -1 where there is none. */
int journal_open(const char *path);

/*
 * Send one record.  A value that holds a line break is sent by its length, so
 * that it can forge no field.  False where it could not be sent whole.
 *
 * Source: systemd, JOURNAL_NATIVE_PROTOCOL.
 */
bool journal_send(int fd, const struct journal_field fields[], size_t n);

#endif
