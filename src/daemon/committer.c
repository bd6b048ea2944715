#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/pipeline_inner.h"
#include "intake/intake_log.h"

enum { RETRY_WITHIN = 2000 }; /* milliseconds */

void
database_up(struct pipeline *pipeline, struct store *store)
{
	bool told;

	(void)pthread_mutex_lock(&pipeline->lock);
	pipeline->spare = store;
	told = pipeline->told_away;
	pipeline->told_away = false;
	pipeline->up = true;
	(void)pthread_cond_broadcast(&pipeline->ready_more);
	(void)pthread_mutex_unlock(&pipeline->lock);
	if (told)
		log_line(LOG_LEVEL_INFO, NULL, "the database is back");
}

void
database_away(struct pipeline *pipeline, const struct fault *fault)
{
	struct store *spare;
	bool told;

	(void)pthread_mutex_lock(&pipeline->lock);
	told = pipeline->told_away;
	pipeline->told_away = true;
	pipeline->up = false;
	spare = pipeline->spare;
	pipeline->spare = NULL;
	(void)pthread_cond_signal(&pipeline->keeper_wake);
	(void)pthread_mutex_unlock(&pipeline->lock);
	store_close(spare);
	if (!told)
		log_line(LOG_LEVEL_ERROR, NULL, "the database is away: %s",
		    fault->text);
}

/*
 * The one who asks for the database while it is away, so that those who have
 * messages to write need not wait for a connection that does not come.
 */
void *
keeper_run(void *data)
{
	struct pipeline *pipeline = data;
	int backoff = BACKOFF_LEAST;

	(void)pthread_mutex_lock(&pipeline->lock);
	while (pipeline->stage == STAGE_RUN) {
		struct fault fault = { .kind = FAULT_NONE };
		struct store *store = NULL;
		bool opened;

		if (pipeline->up) {
			backoff = BACKOFF_LEAST;
			(void)pthread_cond_wait(&pipeline->keeper_wake,
			    &pipeline->lock);
			continue;
		}
		wait_at_most(&pipeline->keeper_wake, &pipeline->lock, backoff);
		if (pipeline->stage != STAGE_RUN)
			break;
		(void)pthread_mutex_unlock(&pipeline->lock);
		opened = store_open(pipeline->rules.database, STORE_WRITE,
		    "tlsrptd", DATABASE_SECONDS, &store, &fault);
		(void)pthread_mutex_lock(&pipeline->lock);
		backoff =
		    backoff < BACKOFF_MOST / 2 ? 2 * backoff : BACKOFF_MOST;
		if (!opened)
			continue;
		(void)pthread_mutex_unlock(&pipeline->lock);
		database_up(pipeline, store);
		(void)pthread_mutex_lock(&pipeline->lock);
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	return NULL;
}

/* A connection to write by, where the database is not known to be away. */
static bool
get_store(struct committer *committer, struct fault *fault)
{
	struct pipeline *pipeline = committer->pipeline;
	bool up;

	if (committer->store != NULL)
		return true;
	(void)pthread_mutex_lock(&pipeline->lock);
	up = pipeline->up;
	if (up) {
		committer->store = pipeline->spare;
		pipeline->spare = NULL;
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	if (committer->store != NULL)
		return true;
	if (!up)
		return fault_set(fault, FAULT_LATER, "the database is away");
	return store_open(pipeline->rules.database, STORE_WRITE, "tlsrptd",
	    DATABASE_SECONDS, &committer->store, fault);
}

static void
lose_store(struct committer *committer)
{
	store_close(committer->store);
	committer->store = NULL;
}

/*
 * Once more with a new connection, where the old one may have died; but not
 * where the first try took long already.
 */
static bool
commit(struct committer *committer, struct fault *fault)
{
	struct pipeline *pipeline = committer->pipeline;

	for (int i = 0; i < 2; i++) {
		if (i > 0 &&
		    milliseconds_since(&committer->began) > RETRY_WITHIN)
			return false;
		if (!get_store(committer, fault))
			return false;
		if (commit_all(committer->store, pipeline->rules.quarantine,
			committer->deliveries, committer->n, fault))
			return true;
		lose_store(committer);
	}
	return false;
}

/* Is the database there?  Asked when nothing else was for a while. */
static void
ping(struct committer *committer)
{
	struct fault fault = { .kind = FAULT_NONE };

	if (committer->store == NULL ||
	    store_put(committer->store, NULL, 0, &fault))
		return;
	lose_store(committer);
	atomic_fetch_add(&committer->pipeline->rules.metrics->failures, 1);
	database_away(committer->pipeline, &fault);
}

/* Take what is ready; the lock is held.  None: there is nothing, or an end. */
static void
take_group(struct committer *committer)
{
	struct pipeline *pipeline = committer->pipeline;
	size_t bytes = 0;

	while (committer->n < GROUP_MESSAGES && bytes < GROUP_BYTES) {
		struct task *task = queue_pop(&pipeline->ready);

		if (task == NULL)
			break;
		bytes += task->bytes;
		if (task->delivery.intake == NULL) {
			queue_push(&committer->undecoded, task);
			continue;
		}
		committer->deliveries[committer->n] = task->delivery;
		committer->group[committer->n++] = task;
	}
	pipeline->ready_bytes -= bytes;
	(void)clock_gettime(CLOCK_MONOTONIC, &committer->began);
	(void)pthread_cond_broadcast(&pipeline->ready_room);
}

/* A copy in the spool that turned out not to be needed goes, or stays. */
static void
end_rescue(struct pipeline *pipeline, struct task *task, bool safe)
{
	if (!task->rescued)
		return;
	(void)pthread_mutex_lock(&pipeline->lock);
	while (task->spooling)
		(void)pthread_cond_wait(&pipeline->spool_done, &pipeline->lock);
	(void)pthread_mutex_unlock(&pipeline->lock);
	if (safe && task->spooled != NULL)
		spool_remove(pipeline->rules.spool, task->spooled);
}

static void
end_safe(struct pipeline *pipeline, struct task *task)
{
	const struct intake *intake = task->delivery.intake;
	struct result result = { .verdict = VERDICT_SAFE,
		.outcome = intake->outcome,
		.reason = intake->reason,
		.text = intake->detail != NULL ? intake->detail : "" };
	struct arena *arena;

	task_answer(pipeline, task, &result);
	end_rescue(pipeline, task, true);
	metrics_intake(pipeline->rules.metrics, intake);
	arena = arena_new();
	intake_log(intake, arena);
	arena_free(arena);
	task_free(pipeline, task);
}

static void
end_unsafe(struct pipeline *pipeline, struct task *task,
    const struct fault *fault)
{
	struct result result = { .verdict = VERDICT_LATER,
		.text = fault->text };

	if (task->job.way == WAY_HTTP && !task->rescued) {
		(void)pthread_mutex_lock(&pipeline->lock);
		spooler_take(pipeline, task);
		(void)pthread_mutex_unlock(&pipeline->lock);
		return;
	}
	end_rescue(pipeline, task, false);
	task_answer(pipeline, task, &result);
	task_free(pipeline, task);
}

/*
 * No more of the group is looked at by others, from here on; but one that was
 * rescued meanwhile is waited for when its turn comes.
 */
static size_t
leave_group(struct committer *committer)
{
	size_t n;

	(void)pthread_mutex_lock(&committer->pipeline->lock);
	n = committer->n;
	committer->n = 0;
	(void)pthread_mutex_unlock(&committer->pipeline->lock);
	return n;
}

/* Those that could not be decoded for the moment's sake. */
static void
end_undecoded(struct committer *committer)
{
	struct task *task;

	while ((task = queue_pop(&committer->undecoded)) != NULL) {
		struct fault fault = task->delivery.fault;

		end_unsafe(committer->pipeline, task, &fault);
	}
}

static void
write_group(struct committer *committer)
{
	struct pipeline *pipeline = committer->pipeline;
	struct fault fault = { .kind = FAULT_NONE };
	bool done = commit(committer, &fault);
	size_t n;

	if (done) {
		metrics_commit(pipeline->rules.metrics, committer->n,
		    (double)milliseconds_since(&committer->began) / 1000);
	} else {
		atomic_fetch_add(&pipeline->rules.metrics->failures, 1);
		database_away(pipeline, &fault);
	}
	n = leave_group(committer);
	for (size_t i = 0; i < n; i++) {
		struct task *task = committer->group[i];
		const struct fault *own = &committer->deliveries[i].fault;

		if (done && own->kind == FAULT_NONE)
			end_safe(pipeline, task);
		else
			end_unsafe(pipeline, task, done ? own : &fault);
	}
}

/*
 * Is something ready?  Few of them wait for the commit that is under way, and
 * go into the next one together: a transaction costs the database as much as
 * some dozen reports.  But not for long.  The lock is held.
 */
static bool
is_ready(const struct pipeline *pipeline)
{
	int n = 0;

	if (pipeline->ready.first == NULL || pipeline->stage != STAGE_RUN)
		return pipeline->ready.first != NULL;
	for (const struct task *task = pipeline->ready.first;
	     task != NULL && n < GROUP_SHARE; task = task->next)
		n++;
	if (n == GROUP_SHARE)
		return true;
	for (int i = 0; i < pipeline->ncommitters; i++) {
		const struct committer *other = pipeline->committers[i];

		if (other->n > 0 &&
		    milliseconds_since(&other->began) < GROUP_PATIENCE)
			return false;
	}
	return true;
}

/* Wait for something to be ready; false where there was nothing for long. */
static bool
wait_for_work(struct pipeline *pipeline)
{
	bool held = pipeline->ready.first != NULL;

	wait_at_most(&pipeline->ready_more, &pipeline->lock,
	    held ? GROUP_PATIENCE : PING_SECONDS * 1000);
	return held || pipeline->ready.first != NULL;
}

void *
committer_run(void *data)
{
	struct committer *committer = data;
	struct pipeline *pipeline = committer->pipeline;

	(void)pthread_mutex_lock(&pipeline->lock);
	for (;;) {
		bool idle = false;

		if (pipeline->ready.first == NULL &&
		    pipeline->stage >= STAGE_DECODED)
			break;
		if (!is_ready(pipeline)) {
			idle = !wait_for_work(pipeline);
			if (!idle && !is_ready(pipeline))
				continue;
		}
		take_group(committer);
		(void)pthread_mutex_unlock(&pipeline->lock);
		end_undecoded(committer);
		if (committer->n > 0)
			write_group(committer);
		else if (idle)
			ping(committer);
		(void)pthread_mutex_lock(&pipeline->lock);
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	lose_store(committer);
	return NULL;
}
