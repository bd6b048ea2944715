/*
 * A bound on the copies that are kept of what cannot be read and came from
 * strangers: anybody can POST junk without end, and a full disk would stop the
 * reports too.  Any thread.
 */
#ifndef STRANGERS_H
#define STRANGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strangers;

/*
 * A bound.
 *
 *	quarantine	a Maildir; the name has to outlive the bound
 *	most		bytes on the disk, of all that it holds
 */
struct strangers *strangers_new(const char *quarantine, uint64_t most);

void strangers_free(struct strangers *strangers);

/*
 * May a copy of so many bytes be kept?  Then they count as kept.  The folder
 * is looked at once a minute at most, and only where it seems to be full.
 */
bool strangers_may_leave(struct strangers *strangers, size_t len);

#endif
