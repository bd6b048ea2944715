/*
 * A bound on the copies that are kept of what cannot be read and came from
 * strangers: anybody can POST junk without end, and a full disk would stop the
 * reports too.  Any thread.
 */
#ifndef STRANGERS_H
#define STRANGERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strangers {
	const char *quarantine; /* a Maildir; NULL: no copies are kept */
	uint64_t most;          /* bytes on the disk, of all that it holds */
	pthread_mutex_t lock;   /* guards what follows */
	uint64_t bytes;         /* as far as is known */
	int64_t counted;        /* when they were, in seconds; 0: never */
	bool told;              /* that there is no room */
};

/*
 * May a copy of so many bytes be kept?  Then they count as kept.  The folder
 * is looked at once a minute at most, and only where it seems to be full.
 */
bool strangers_may_leave(struct strangers *strangers, size_t len);

#endif
