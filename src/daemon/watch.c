#include "daemon/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/watch_memory.h"

enum {
	MAILDIRS_MOST = 64,
	UNDER_WAY_MOST = 500, /* messages read and not answered */
	RETRY = 1000,         /* milliseconds, where something is amiss */
	EVENTS_SIZE = 64 << 10
};

static const char *const parts[] = { "new", "cur" };

enum { NPARTS = sizeof(parts) / sizeof(parts[0]) };

struct watched {
	const char *path;
	struct memory *memory;
	int folders[NPARTS]; /* inotify's, or -1 */
	bool scan;           /* look through all of it */
	bool told;           /* that it cannot be read */
};

/* A message under way. */
struct letter {
	struct letter *next;
	struct watch *watch;
	struct watched *from;
	struct item item;
	bool safe;
};

struct watch {
	struct pipeline *pipeline;
	struct watch_rules rules;
	struct watched maildirs[MAILDIRS_MOST];
	size_t nmaildirs;
	int events; /* inotify */
	int wake;   /* eventfd: answers, or the end */
	size_t under_way;
	pthread_t thread;
	_Atomic bool stopping;
	pthread_mutex_t lock; /* guards what follows */
	struct letter *answered;
};

static void
wake(struct watch *watch)
{
	static const uint64_t one = 1;

	(void)!write(watch->wake, &one, sizeof(one));
}

/* Called by a thread of the pipeline's. */
static void
on_result(void *owner, const struct result *result)
{
	struct letter *letter = owner;
	struct watch *watch = letter->watch;

	letter->safe = result->verdict == VERDICT_SAFE;
	(void)pthread_mutex_lock(&watch->lock);
	letter->next = watch->answered;
	watch->answered = letter;
	(void)pthread_mutex_unlock(&watch->lock);
	wake(watch);
}

/* What is not safe is looked for again, once the database is back. */
static void
settle(struct watch *watch, struct letter *letter)
{
	struct fault fault = { .kind = FAULT_NONE };
	struct memory *memory = letter->from->memory;
	const char *name = strchr(letter->item.name, '/') + 1;

	if (letter->safe) {
		memory_keep(memory, name);
		if (!source_after(&letter->item, watch->rules.after,
			watch->rules.after_folder, &fault))
			log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	} else {
		memory_forget(memory, name);
		letter->from->scan = true;
	}
	source_item_free(&letter->item);
	free(letter);
	watch->under_way--;
}

static void
take_answers(struct watch *watch)
{
	struct letter *answered;
	uint64_t count;

	(void)!read(watch->wake, &count, sizeof(count));
	(void)pthread_mutex_lock(&watch->lock);
	answered = watch->answered;
	watch->answered = NULL;
	(void)pthread_mutex_unlock(&watch->lock);
	while (answered != NULL) {
		struct letter *letter = answered;

		answered = letter->next;
		settle(watch, letter);
	}
}

static void
wait_for_answers(struct watch *watch, size_t most)
{
	while (watch->under_way > most) {
		struct pollfd waits = { .fd = watch->wake, .events = POLLIN };

		(void)poll(&waits, 1, -1);
		take_answers(watch);
	}
}

static void
submit(struct watch *watch, struct watched *from, struct item *item, int rest)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	struct job job = { .way = WAY_WATCH,
		.channel = CHANNEL_MAIL,
		.door = watch->rules.door,
		.cut = item->cut,
		.source = strdup(item->path),
		.received_at =
		    item->received_at != 0 ? item->received_at : time(NULL),
		.done = on_result,
		.owner = letter };

	if (letter == NULL || job.source == NULL)
		fault_out_of_memory();
	buffer_add(&job.body, item->bytes, item->len);
	if (job.cut)
		job.rest = rest;
	free(item->bytes);
	item->bytes = NULL;
	letter->watch = watch;
	letter->from = from;
	letter->item = *item;
	*item = (struct item){ 0 };
	watch->under_way++;
	pipeline_submit(watch->pipeline, &job);
}

/* Read one message; one that is gone meanwhile is no matter. */
static void
take_item(struct watch *watch, struct watched *from, struct item *item)
{
	struct fault fault = { .kind = FAULT_NONE };
	const char *name = strchr(item->name, '/') + 1;
	int rest = -1;

	if (memory_knows(from->memory, name))
		return;
	wait_for_answers(watch, UNDER_WAY_MOST - 1);
	if (!source_load(item, watch->rules.message, &fault)) {
		if (access(item->path, F_OK) == 0)
			log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
		return;
	}
	if (item->cut)
		rest = open(item->path,
		    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (item->cut && rest == -1)
		return;
	memory_note(from->memory, name);
	submit(watch, from, item, rest);
}

static bool
add_folders(struct watch *watch, struct watched *from)
{
	bool good = true;

	for (size_t i = 0; i < NPARTS; i++) {
		char *path = NULL;

		if (from->folders[i] != -1)
			continue;
		if (asprintf(&path, "%s/%s", from->path, parts[i]) < 0)
			fault_out_of_memory();
		from->folders[i] = inotify_add_watch(watch->events, path,
		    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR);
		if (from->folders[i] == -1) {
			good = false;
			if (!from->told)
				log_line(LOG_LEVEL_ERROR, NULL,
				    "%s: could not be watched: %s", path,
				    strerror(errno));
			from->told = true;
		}
		free(path);
	}
	if (good)
		from->told = false;
	return good;
}

/* Watched first and read then, so that nothing comes between. */
static void
scan(struct watch *watch, struct watched *from)
{
	char *path = strdup(from->path);
	struct source *source;
	struct fault fault = { .kind = FAULT_NONE };
	struct item item = { 0 };
	bool whole = true;

	if (path == NULL)
		fault_out_of_memory();
	if (!add_folders(watch, from)) {
		free(path);
		return;
	}
	from->scan = false;
	memory_begin_scan(from->memory);
	source = source_open(&path, 1, watch->rules.message, false);
	while (!watch->stopping &&
	    (source_next(source, &item, &fault) || fault.kind != FAULT_NONE)) {
		if (fault.kind != FAULT_NONE) {
			log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
			whole = false;
		} else if (item.name != NULL) {
			take_item(watch, from, &item);
		}
		source_item_free(&item);
		item = (struct item){ 0 };
		fault.kind = FAULT_NONE;
	}
	source_close(source);
	if (whole && !watch->stopping)
		memory_end_scan(from->memory);
	free(path);
}

static void
lose_folder(struct watched *from, size_t part)
{
	from->folders[part] = -1;
	from->scan = true;
}

/*
 * A file that is written where it lies is read again once it is whole: mail
 * that is delivered as it should be is only ever linked or renamed.
 */
static void
take_event(struct watch *watch, struct watched *from, size_t part,
    const struct inotify_event *event)
{
	struct item item = { 0 };

	if ((event->mask & IN_IGNORED) != 0) {
		lose_folder(from, part);
		return;
	}
	if (event->len == 0 || event->name[0] == '.' ||
	    (event->mask & IN_ISDIR) != 0)
		return;
	if ((event->mask & IN_CLOSE_WRITE) != 0)
		memory_forget(from->memory, event->name);
	item.maildir = strdup(from->path);
	if (item.maildir == NULL ||
	    asprintf(&item.name, "%s/%s", parts[part], event->name) < 0 ||
	    asprintf(&item.path, "%s/%s", from->path, item.name) < 0)
		fault_out_of_memory();
	take_item(watch, from, &item);
	source_item_free(&item);
}

static void
dispatch(struct watch *watch, const struct inotify_event *event)
{
	for (size_t i = 0; i < watch->nmaildirs; i++) {
		struct watched *from = &watch->maildirs[i];

		/* The kernel could not keep up: some names are missing. */
		if ((event->mask & IN_Q_OVERFLOW) != 0)
			from->scan = true;
		for (size_t part = 0; part < NPARTS; part++)
			if (event->wd != -1 && from->folders[part] == event->wd)
				take_event(watch, from, part, event);
	}
}

static void
take_events(struct watch *watch)
{
	_Alignas(struct inotify_event) char events[EVENTS_SIZE];
	ssize_t got;

	while (!watch->stopping &&
	    (got = read(watch->events, events, sizeof(events))) > 0) {
		for (char *at = events; at < events + got;) {
			const struct inotify_event *event =
			    (const struct inotify_event *)(const void *)at;

			dispatch(watch, event);
			at += sizeof(*event) + event->len;
		}
	}
}

/* Scan those that want it; true where one still does. */
static bool
scan_all(struct watch *watch)
{
	bool amiss = false;

	if (!pipeline_is_up(watch->pipeline)) {
		for (size_t i = 0; i < watch->nmaildirs; i++)
			amiss |= watch->maildirs[i].scan;
		return amiss;
	}
	for (size_t i = 0; i < watch->nmaildirs; i++) {
		if (watch->maildirs[i].scan)
			scan(watch, &watch->maildirs[i]);
		amiss |= watch->maildirs[i].scan;
	}
	return amiss;
}

static void *
watch_run(void *data)
{
	struct watch *watch = data;

	while (!watch->stopping) {
		struct pollfd waits[] = {
			{ .fd = watch->events, .events = POLLIN },
			{ .fd = watch->wake, .events = POLLIN },
		};
		bool amiss = scan_all(watch);

		(void)poll(waits, 2, amiss ? RETRY : -1);
		take_answers(watch);
		take_events(watch);
	}
	return NULL;
}

static bool
open_memories(struct watch *watch, struct fault *fault)
{
	const char *const *paths = watch->rules.maildirs;

	for (size_t i = 0; paths[i] != NULL; i++) {
		struct watched *from = &watch->maildirs[i];

		if (i == MAILDIRS_MOST)
			return fault_set(fault, FAULT_CONFIG,
			    "watch: more than %d Maildirs", MAILDIRS_MOST);
		from->path = paths[i];
		from->scan = true;
		for (size_t k = 0; k < NPARTS; k++)
			from->folders[k] = -1;
		if (!memory_open(watch->rules.state, paths[i], &from->memory,
			fault))
			return false;
		watch->nmaildirs++;
	}
	return true;
}

static void
watch_free(struct watch *watch)
{
	for (size_t i = 0; i < watch->nmaildirs; i++)
		memory_close(watch->maildirs[i].memory);
	if (watch->events != -1)
		(void)close(watch->events);
	if (watch->wake != -1)
		(void)close(watch->wake);
	(void)pthread_mutex_destroy(&watch->lock);
	free(watch);
}

bool
watch_open(struct pipeline *pipeline, const struct watch_rules *rules,
    struct watch **watch, struct fault *fault)
{
	struct watch *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->pipeline = pipeline;
	made->rules = *rules;
	(void)pthread_mutex_init(&made->lock, NULL);
	made->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (made->events == -1 || made->wake == -1)
		(void)fault_set(fault, FAULT_LATER, "inotify: %s",
		    strerror(errno));
	else if (open_memories(made, fault) &&
	    pthread_create(&made->thread, NULL, watch_run, made) == 0) {
		*watch = made;
		return true;
	}
	watch_free(made);
	return false;
}

void
watch_quiesce(struct watch *watch)
{
	watch->stopping = true;
	wake(watch);
	(void)pthread_join(watch->thread, NULL);
}

void
watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	take_answers(watch);
	watch_free(watch);
}
