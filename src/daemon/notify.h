/* Telling systemd how we are: sd_notify(3), by hand. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/*
 * Send a state such as "READY=1" to $NOTIFY_SOCKET; nothing happens where
 * there is none.
 */
void notify_send(const char *state);

/* Say that a reload begins; "READY=1" ends it. */
void notify_reloading(void);

/*
 * How often, in milliseconds, "WATCHDOG=1" has to be sent: half of what
 * $WATCHDOG_USEC allows; 0 where nobody waits for it.
 */
int64_t notify_watchdog(void);

#endif
