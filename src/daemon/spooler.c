#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/pipeline_inner.h"

enum {
	SPOOL_GROUP = 128,
	REPLAY_GROUP = 200,
	REPLAY_BYTES = 4 << 20 /* of documents as they came */
};

/* A document on its way from the spool to the database. */
struct replay {
	struct pipeline *pipeline;
	char *name;
};

void
spooler_take(struct pipeline *pipeline, struct task *task)
{
	task->spool_next = pipeline->to_spool;
	pipeline->to_spool = task;
	(void)pthread_cond_signal(&pipeline->spool_more);
}

/* The oldest of those that wait; the lock is held. */
static size_t
take_some(struct pipeline *pipeline, struct task *tasks[SPOOL_GROUP])
{
	struct task **link = &pipeline->to_spool;
	size_t total = 0;
	size_t n = 0;

	for (struct task *task = *link; task != NULL; task = task->spool_next)
		total++;
	for (; total > SPOOL_GROUP; total--)
		link = &(*link)->spool_next;
	for (struct task *task = *link; task != NULL; task = task->spool_next)
		tasks[n++] = task;
	*link = NULL;
	for (size_t i = 0; i < n / 2; i++) {
		struct task *task = tasks[i];

		tasks[i] = tasks[n - 1 - i];
		tasks[n - 1 - i] = task;
	}
	return n;
}

/* What a sender is told of a document that was not looked into yet. */
static struct result
result_of(const struct task *task, const struct spooled *document)
{
	struct result result = task->early;

	result.verdict = VERDICT_SPOOLED;
	if (document->name == NULL)
		return (struct result){ .verdict = VERDICT_LATER,
			.text = document->fault.text };
	if (result.text == NULL)
		result.text = "";
	return result;
}

static void
tell_spooled(const struct task *task, const struct spooled *document)
{
	if (document->name != NULL)
		log_line(LOG_LEVEL_INFO, "spooled", "source=\"%s\" bytes=%zu",
		    task->job.source, task->job.body.len);
	else
		log_line(LOG_LEVEL_ERROR, NULL, "%s", document->fault.text);
}

/*
 * A committer that has it too waits until we are done with it.  It frees it,
 * and answers it where we could not keep it.
 */
static void
end_task(struct pipeline *pipeline, struct task *task,
    const struct spooled *document)
{
	struct result result = result_of(task, document);
	bool in_flight = task->rescued;

	if (document->name != NULL)
		atomic_fetch_add(&pipeline->rules.metrics->spooled, 1);
	tell_spooled(task, document);
	if (!in_flight) {
		task_answer(pipeline, task, &result);
		free(document->name);
		task_free(pipeline, task);
		return;
	}
	if (document->name != NULL)
		task_answer(pipeline, task, &result);
	(void)pthread_mutex_lock(&pipeline->lock);
	task->spooled = document->name;
	task->spooling = false;
	(void)pthread_cond_broadcast(&pipeline->spool_done);
	(void)pthread_mutex_unlock(&pipeline->lock);
}

static void
write_some(struct pipeline *pipeline, struct task *tasks[], size_t n)
{
	struct spooled documents[SPOOL_GROUP] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct job *job = &tasks[i]->job;

		documents[i].bytes =
		    (struct bytes){ (const unsigned char *)job->body.at,
			    job->body.len };
		documents[i].received_at = job->received_at;
		documents[i].domain = job->door->domain;
	}
	spool_write(pipeline->rules.spool, documents, n);
	for (size_t i = 0; i < n; i++)
		end_task(pipeline, tasks[i], &documents[i]);
}

/* One that cannot be written now is left for later. */
static void
replayed(void *owner, const struct result *result)
{
	struct replay *replay = owner;
	struct pipeline *pipeline = replay->pipeline;

	if (result->verdict == VERDICT_SAFE)
		spool_remove(pipeline->rules.spool, replay->name);
	(void)pthread_mutex_lock(&pipeline->lock);
	if (--pipeline->replaying == 0 && result->verdict == VERDICT_SAFE) {
		pipeline->replay_wanted = true;
		(void)pthread_cond_signal(&pipeline->spool_more);
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	free(replay->name);
	free(replay);
}

static const struct door *
door_of(const struct pipeline *pipeline, const char *domain)
{
	const struct door *doors = pipeline->rules.replay;

	if (domain == NULL)
		return doors;
	for (const struct door *door = doors + 1; door->domain != NULL; door++)
		if (strcmp(door->domain, domain) == 0)
			return door;
	return doors;
}

/*
 * Make a job of one; false where it cannot be read.  It may be gone, which is
 * no fault: a committer that had it too has stored it meanwhile.
 */
static bool
read_one(struct pipeline *pipeline, const char *name, struct arena *arena,
    struct job *job, bool *gone)
{
	struct fault fault = { .kind = FAULT_NONE };
	struct spooled document = { 0 };
	struct replay *replay;

	*job = (struct job){ .way = WAY_SPOOL,
		.channel = CHANNEL_HTTPS,
		.done = replayed };
	if (!spool_read(pipeline->rules.spool, name, arena, &job->body,
		&document, &fault)) {
		if (fault.kind == FAULT_INPUT)
			*gone = true;
		else
			log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
		buffer_free(&job->body);
		return false;
	}
	replay = calloc(1, sizeof(*replay));
	if (replay == NULL)
		fault_out_of_memory();
	replay->pipeline = pipeline;
	replay->name = strdup(name);
	job->source = strdup("spool");
	if (replay->name == NULL || job->source == NULL)
		fault_out_of_memory();
	job->owner = replay;
	job->door = door_of(pipeline, document.domain);
	job->received_at = document.received_at;
	return true;
}

/* The oldest ones, as one group; the lock is not held. */
static void
replay_some(struct pipeline *pipeline)
{
	struct arena *arena = arena_new();
	const char *names[REPLAY_GROUP];
	struct job jobs[REPLAY_GROUP];
	size_t listed =
	    spool_list(pipeline->rules.spool, arena, names, REPLAY_GROUP);
	size_t bytes = 0;
	size_t n = 0;
	bool gone = false;

	for (size_t i = 0; i < listed && bytes < REPLAY_BYTES; i++) {
		if (!read_one(pipeline, names[i], arena, &jobs[n], &gone))
			continue;
		bytes += jobs[n++].body.len;
	}
	(void)pthread_mutex_lock(&pipeline->lock);
	pipeline->replaying = n;
	/* Nobody else would come for those that are behind them. */
	if (n == 0 && gone)
		pipeline->replay_wanted = true;
	(void)pthread_mutex_unlock(&pipeline->lock);
	pipeline_submit_all(pipeline, jobs, n);
	arena_free(arena);
}

void *
spooler_run(void *data)
{
	struct pipeline *pipeline = data;
	struct task *tasks[SPOOL_GROUP];

	(void)pthread_mutex_lock(&pipeline->lock);
	for (;;) {
		size_t n = take_some(pipeline, tasks);
		bool replay = n == 0 && pipeline->replay_wanted &&
		    pipeline->up && pipeline->stage == STAGE_RUN;

		if (n == 0 && !replay) {
			if (pipeline->stage == STAGE_COMMITTED)
				break;
			(void)pthread_cond_wait(&pipeline->spool_more,
			    &pipeline->lock);
			continue;
		}
		if (replay)
			pipeline->replay_wanted = false;
		(void)pthread_mutex_unlock(&pipeline->lock);
		if (n > 0)
			write_some(pipeline, tasks, n);
		else
			replay_some(pipeline);
		(void)pthread_mutex_lock(&pipeline->lock);
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	return NULL;
}
