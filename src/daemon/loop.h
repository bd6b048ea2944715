/* Waiting for file descriptors: epoll(7), and who is told. */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

#include "base/fault.h"

struct loop;

/*
 * Something that waits.  It belongs to the caller, and has to stay where it is
 * until the call of loop_run() in which it was removed has returned.
 */
struct loop_source {
	int fd;
	void (*ready)(void *data, uint32_t events); /* of epoll_wait(2) */
	void *data;
};

bool loop_open(struct loop **loop, struct fault *fault);

/* False, with errno, where the kernel does not take it. */
bool loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_change(struct loop *loop, struct loop_source *source,
    uint32_t events);

/* Wait no more; before the file descriptor is closed. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Wait at most so long, once, and tell those that are ready. */
void loop_run(struct loop *loop, int milliseconds);

void loop_close(struct loop *loop);

#endif
