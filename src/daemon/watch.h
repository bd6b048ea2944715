/* Live Maildirs, whose mail is read as it is delivered: inotify(7). */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "daemon/pipeline.h"
#include "intake/source.h"

struct watch;

struct watch_rules {
	const char *const *maildirs; /* ends with NULL */
	const char *state;           /* folder for what is known of each */
	size_t message;              /* bytes of the longest message to read */
	enum after after;
	const char *after_folder;
	const struct door *door;
};

/*
 * Start a thread that reads what is in the Maildirs and was not read before,
 * and then whatever comes.  What was read is remembered in a file for each of
 * them; if that is lost, all is read again, which adds no report.
 * Fails with FAULT_LATER.
 */
bool watch_open(struct pipeline *pipeline, const struct watch_rules *rules,
    struct watch **watch, struct fault *fault);

/* Read nothing more. */
void watch_quiesce(struct watch *watch);

/* No message is under way any more. */
void watch_close(struct watch *watch);

#endif
