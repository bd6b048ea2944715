#include "daemon/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64 };

struct loop {
	int fd;
	struct epoll_event events[EVENTS];
	int nevents; /* of the run under way */
};

bool
loop_open(struct loop **loop, struct fault *fault)
{
	struct loop *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->fd = epoll_create1(EPOLL_CLOEXEC);
	if (made->fd == -1) {
		free(made);
		return fault_set(fault, FAULT_LATER, "epoll: %s",
		    strerror(errno));
	}
	*loop = made;
	return true;
}

bool
loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(loop->fd, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void
loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	(void)epoll_ctl(loop->fd, EPOLL_CTL_MOD, source->fd, &event);
}

/* What the kernel has told of it already must not be told any more. */
void
loop_remove(struct loop *loop, struct loop_source *source)
{
	(void)epoll_ctl(loop->fd, EPOLL_CTL_DEL, source->fd, NULL);
	for (int i = 0; i < loop->nevents; i++)
		if (loop->events[i].data.ptr == source)
			loop->events[i].data.ptr = NULL;
}

void
loop_run(struct loop *loop, int milliseconds)
{
	loop->nevents =
	    epoll_wait(loop->fd, loop->events, EVENTS, milliseconds);
	for (int i = 0; i < loop->nevents; i++) {
		struct loop_source *source = loop->events[i].data.ptr;

		if (source != NULL)
			source->ready(source->data, loop->events[i].events);
	}
	loop->nevents = 0;
}

void
loop_close(struct loop *loop)
{
	if (loop == NULL)
		return;
	(void)close(loop->fd);
	free(loop);
}
