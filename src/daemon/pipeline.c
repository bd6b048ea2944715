#include "daemon/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/pipeline_inner.h"
#include "report/ours.h"

void
queue_push(struct queue *queue, struct task *task)
{
	task->next = NULL;
	*queue->end = task;
	queue->end = &task->next;
}

struct task *
queue_pop(struct queue *queue)
{
	struct task *task = queue->first;

	if (task == NULL)
		return NULL;
	queue->first = task->next;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return task;
}

int64_t
milliseconds_since(const struct timespec *then)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - then->tv_sec) * 1000 +
	    (now.tv_nsec - then->tv_nsec) / 1000000;
}

void
wait_at_most(pthread_cond_t *condition, pthread_mutex_t *lock, int milliseconds)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(condition, lock, &until);
}

void
task_answer(struct pipeline *pipeline, struct task *task,
    const struct result *result)
{
	bool answered;

	(void)pthread_mutex_lock(&pipeline->lock);
	answered = task->answered;
	task->answered = true;
	(void)pthread_mutex_unlock(&pipeline->lock);
	if (answered)
		return;
	metrics_answer(pipeline->rules.metrics, task->job.way,
	    (double)milliseconds_since(&task->queued) / 1000);
	task->job.done(task->job.owner, result);
}

void
task_free(struct pipeline *pipeline, struct task *task)
{
	struct shelf *empty = NULL;

	if (task->job.cut)
		(void)close(task->job.rest);
	buffer_free(&task->job.body);
	free(task->job.source);
	free(task->spooled);
	(void)pthread_mutex_lock(&pipeline->lock);
	if (task->shelf != NULL && --task->shelf->ntasks == 0)
		empty = task->shelf;
	pipeline->ntasks--;
	(void)pthread_mutex_unlock(&pipeline->lock);
	free(task);
	if (empty != NULL) {
		arena_free(empty->arena);
		free(empty);
	}
}

static struct task *
task_new(struct pipeline *pipeline, const struct job *job)
{
	struct task *task = calloc(1, sizeof(*task));

	if (task == NULL)
		fault_out_of_memory();
	task->job = *job;
	(void)clock_gettime(CLOCK_MONOTONIC, &task->queued);
	atomic_fetch_add(&pipeline->rules.metrics->bytes[job->way],
	    job->body.len);
	return task;
}

void
pipeline_submit(struct pipeline *pipeline, const struct job *job)
{
	struct task *task = task_new(pipeline, job);

	(void)pthread_mutex_lock(&pipeline->lock);
	pipeline->ntasks++;
	queue_push(&pipeline->raw, task);
	(void)pthread_cond_signal(&pipeline->raw_more);
	(void)pthread_mutex_unlock(&pipeline->lock);
}

static bool
may_come_by(const char *domain, const void *data)
{
	const struct door *door = data;

	return (door->domains.len == 0 || ours_has(&door->domains, domain)) &&
	    !ours_has(&door->guarded, domain);
}

/* A domain with a secret path of its own is taken by no other. */
static void
keep_reports(struct intake *intake, const struct door *door)
{
	size_t kept = 0;

	for (size_t i = 0; i < intake->nreports; i++)
		if (ours_keep(&intake->reports[i], may_come_by, door))
			intake->reports[kept++] = intake->reports[i];
	intake->nreports = kept;
	if (kept > 0)
		return;
	intake->outcome = OUTCOME_REJECTED;
	intake->reason = REASON_FOREIGN_DOMAIN;
	intake->detail = "its policy domains are none of ours, or have a "
			 "secret path that this is not";
}

/*
 * Gzip in gzip that Content-Encoding announced is no deviation: the outer one
 * is no part of the document (RFC 9110, section 8.4).
 */
static void
look_over(const struct pipeline_rules *rules, struct task *task)
{
	struct intake *intake = task->delivery.intake;
	bool strange = task->job.way == WAY_HTTP || task->job.way == WAY_SPOOL;

	if (intake->outcome != OUTCOME_REJECTED)
		keep_reports(intake, task->job.door);
	task->delivery.uncopied = strange &&
	    intake->outcome == OUTCOME_REJECTED && rules->quarantine != NULL &&
	    !strangers_may_leave(rules->strangers, task->job.body.len);
	for (size_t i = 0; i < intake->nreports && task->job.encoded; i++)
		intake->reports[i].deviations &= ~DEVIATION(GZIP_TWICE);
	task->early = (struct result){ .verdict = VERDICT_SPOOLED,
		.outcome = intake->outcome,
		.reason = intake->reason,
		.text = intake->detail };
}

static struct decoding_job
decoding_of(const struct task *task)
{
	const struct job *job = &task->job;

	return (struct decoding_job){
		.raw = { (const unsigned char *)job->body.at, job->body.len },
		.origin = { .source = job->source,
		    .received_at = job->received_at,
		    .now = time(NULL),
		    .channel = job->channel },
	};
}

/* One that cannot be decoded just now is told so; it is none of its fault. */
static void
take_decoded(const struct pipeline_rules *rules, struct task *task,
    const struct decoding_job *decoded)
{
	task->delivery.rest = -1;
	task->delivery.raw = decoded->raw;
	if (task->job.cut) {
		task->delivery.rest = task->job.rest;
		task->delivery.raw = (struct bytes){ NULL, 0 };
		task->delivery.intake =
		    intake_cut(decoded->raw, &decoded->origin,
			task->job.door->decode, task->shelf->arena);
	} else {
		task->delivery.intake = decoded->intake;
		task->delivery.fault = decoded->fault;
	}
	if (task->delivery.intake != NULL)
		look_over(rules, task);
}

/* Decode tasks of one way, at most DECODER_MESSAGES; no lock is held. */
static void
bench_decode(struct bench *bench, struct task *tasks[], size_t n)
{
	struct decoding_job jobs[DECODER_MESSAGES];
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	struct decoder *decoder = bench->decoders[tasks[0]->job.way];

	if (shelf == NULL)
		fault_out_of_memory();
	shelf->arena = arena_new();
	shelf->ntasks = n;
	for (size_t i = 0; i < n; i++) {
		tasks[i]->shelf = shelf;
		jobs[i] = decoding_of(tasks[i]);
		/* It is not looked into, but by its first bytes. */
		if (tasks[i]->job.cut)
			jobs[i].raw.len = 0;
	}
	decoder_decode(decoder, jobs, n, shelf->arena);
	for (size_t i = 0; i < n; i++) {
		jobs[i].raw.len = tasks[i]->job.body.len;
		take_decoded(&bench->pipeline->rules, tasks[i], &jobs[i]);
		tasks[i]->bytes =
		    tasks[i]->job.body.len + arena_used(shelf->arena) / n;
	}
}

/*
 * Some that came by the same way, as they come; with many threads, a few each.
 * The lock is held.
 */
static size_t
take_raw(struct pipeline *pipeline, struct task *tasks[DECODER_MESSAGES])
{
	size_t bytes = 0;
	size_t n = 0;

	while (n < DECODER_MESSAGES && bytes < DECODER_BYTES &&
	    pipeline->raw.first != NULL &&
	    (n == 0 || pipeline->raw.first->job.way == tasks[0]->job.way)) {
		tasks[n] = queue_pop(&pipeline->raw);
		bytes += tasks[n++]->job.body.len;
	}
	return n;
}

/*
 * What could not be decoded is not written; its owner hears of it from a
 * committer, as of all else.
 */
static void *
decoder_run(void *data)
{
	struct bench *bench = data;
	struct pipeline *pipeline = bench->pipeline;
	struct task *tasks[DECODER_MESSAGES];

	(void)pthread_mutex_lock(&pipeline->lock);
	for (;;) {
		size_t n = take_raw(pipeline, tasks);

		if (n == 0 && pipeline->stage > STAGE_RUN)
			break;
		if (n == 0) {
			(void)pthread_cond_wait(&pipeline->raw_more,
			    &pipeline->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&pipeline->lock);
		bench_decode(bench, tasks, n);
		(void)pthread_mutex_lock(&pipeline->lock);
		while (pipeline->ready_bytes > READY_BYTES &&
		    pipeline->stage == STAGE_RUN)
			(void)pthread_cond_wait(&pipeline->ready_room,
			    &pipeline->lock);
		for (size_t i = 0; i < n; i++) {
			pipeline->ready_bytes += tasks[i]->bytes;
			queue_push(&pipeline->ready, tasks[i]);
		}
		(void)pthread_cond_signal(&pipeline->ready_more);
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	return NULL;
}

void
pipeline_submit_all(struct pipeline *pipeline, const struct job jobs[],
    size_t n)
{
	struct queue tasks = { .first = NULL };
	struct task *some[DECODER_MESSAGES] = { NULL };
	struct task *task;

	tasks.end = &tasks.first;
	for (size_t i = 0, len; i < n; i += len) {
		for (len = 0; len < DECODER_MESSAGES && i + len < n; len++) {
			some[len] = task_new(pipeline, &jobs[i + len]);
			queue_push(&tasks, some[len]);
		}
		bench_decode(pipeline->replays, some, len);
	}
	(void)pthread_mutex_lock(&pipeline->lock);
	pipeline->ntasks += n;
	while ((task = queue_pop(&tasks)) != NULL) {
		pipeline->ready_bytes += task->bytes;
		queue_push(&pipeline->ready, task);
	}
	(void)pthread_cond_signal(&pipeline->ready_more);
	(void)pthread_mutex_unlock(&pipeline->lock);
}

/* Does its sender wait no longer? */
static bool
is_overdue(const struct pipeline *pipeline, const struct task *task)
{
	return task->job.way == WAY_HTTP && !task->answered &&
	    milliseconds_since(&task->queued) >= pipeline->rules.patience;
}

/* Take the overdue ones out of a queue; the lock is held. */
static void
rescue_queued(struct pipeline *pipeline, struct queue *queue, bool decoded)
{
	struct queue rest = { .first = NULL };
	struct task *task;

	rest.end = &rest.first;
	while ((task = queue_pop(queue)) != NULL) {
		if (!is_overdue(pipeline, task)) {
			queue_push(&rest, task);
			continue;
		}
		if (decoded)
			pipeline->ready_bytes -= task->bytes;
		spooler_take(pipeline, task);
	}
	if (rest.first != NULL)
		*queue = rest;
	else
		queue->end = &queue->first;
	(void)pthread_cond_broadcast(&pipeline->ready_room);
}

/* A copy of what a commit has under way, which may yet come to an end. */
static void
rescue_in_flight(struct pipeline *pipeline, struct committer *committer)
{
	for (size_t i = 0; i < committer->n; i++) {
		struct task *task = committer->group[i];

		if (task == NULL || task->rescued ||
		    !is_overdue(pipeline, task))
			continue;
		task->rescued = true;
		task->spooling = true;
		spooler_take(pipeline, task);
	}
}

/* Now and then, what the spool holds is tried again. */
static void
want_replay(struct pipeline *pipeline)
{
	if (!pipeline->up || pipeline->replaying > 0 ||
	    milliseconds_since(&pipeline->replayed) < BACKOFF_LEAST)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &pipeline->replayed);
	pipeline->replay_wanted = true;
	(void)pthread_cond_signal(&pipeline->spool_more);
}

void
pipeline_tick(struct pipeline *pipeline)
{
	size_t depth = spool_depth(pipeline->rules.spool);

	(void)pthread_mutex_lock(&pipeline->lock);
	rescue_queued(pipeline, &pipeline->raw, false);
	rescue_queued(pipeline, &pipeline->ready, true);
	for (int i = 0; i < pipeline->ncommitters; i++)
		rescue_in_flight(pipeline, pipeline->committers[i]);
	if (depth > 0)
		want_replay(pipeline);
	(void)pthread_mutex_unlock(&pipeline->lock);
}

bool
pipeline_is_up(struct pipeline *pipeline)
{
	bool up;

	(void)pthread_mutex_lock(&pipeline->lock);
	up = pipeline->up;
	(void)pthread_mutex_unlock(&pipeline->lock);
	return up;
}

bool
pipeline_is_alive(struct pipeline *pipeline)
{
	enum { LONGEST = 10 * DATABASE_SECONDS * 1000 };
	bool alive = true;

	(void)pthread_mutex_lock(&pipeline->lock);
	for (int i = 0; i < pipeline->ncommitters; i++) {
		const struct committer *committer = pipeline->committers[i];

		if (committer->n > 0 &&
		    milliseconds_since(&committer->began) > LONGEST)
			alive = false;
	}
	(void)pthread_mutex_unlock(&pipeline->lock);
	return alive;
}

size_t
pipeline_waiting(struct pipeline *pipeline)
{
	size_t n;

	(void)pthread_mutex_lock(&pipeline->lock);
	n = pipeline->ntasks;
	(void)pthread_mutex_unlock(&pipeline->lock);
	return n;
}

static void
make_locks(struct pipeline *pipeline)
{
	pthread_cond_t *const conditions[] = { &pipeline->raw_more,
		&pipeline->ready_more, &pipeline->ready_room,
		&pipeline->spool_more, &pipeline->spool_done,
		&pipeline->keeper_wake };
	pthread_condattr_t attributes;

	(void)pthread_mutex_init(&pipeline->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		(void)pthread_cond_init(conditions[i], &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

static void
start_thread(pthread_t *thread, void *(*run)(void *data), void *data)
{
	if (pthread_create(thread, NULL, run, data) != 0)
		fault_out_of_memory();
}

/* SQLite has one writer at a time; it gains nothing by more. */
static int
connections_for(const struct pipeline *pipeline)
{
	int n = pipeline->rules.connections;

	if (n > CONNECTIONS_MOST)
		n = CONNECTIONS_MOST;
	if (strncmp(pipeline->rules.database, "sqlite:", 7) == 0)
		n = 1;
	return n < 1 ? 1 : n;
}

static void
bench_free(struct bench *bench)
{
	if (bench == NULL)
		return;
	for (int i = 0; i < NWAYS; i++) {
		for (int k = i + 1; k < NWAYS; k++)
			if (bench->decoders[k] == bench->decoders[i])
				bench->decoders[k] = NULL;
		decoder_stop(bench->decoders[i]);
	}
	free(bench);
}

/* A decoder for each set of rules. */
static bool
bench_new(struct pipeline *pipeline, struct bench **bench, struct fault *fault)
{
	const struct pipeline_rules *rules = &pipeline->rules;
	struct bench *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->pipeline = pipeline;
	*bench = made;
	for (int i = 0; i < NWAYS; i++) {
		for (int k = 0; k < i; k++)
			if (rules->decode[k] == rules->decode[i])
				made->decoders[i] = made->decoders[k];
		if (made->decoders[i] == NULL &&
		    !decoder_start(rules->decode[i], NULL, !rules->unconfined,
			&made->decoders[i], fault))
			return false;
	}
	return true;
}

/* Decoders are there before any thread, and before any secret is read. */
static bool
open_benches(struct pipeline *pipeline, struct fault *fault)
{
	int workers = pipeline->rules.workers;
	const char *lack;

	if (workers > WORKERS_MOST)
		workers = WORKERS_MOST;
	if (!bench_new(pipeline, &pipeline->replays, fault))
		return false;
	for (int i = 0; i < workers; i++) {
		pipeline->nbenches++;
		if (!bench_new(pipeline, &pipeline->benches[i], fault))
			return false;
	}
	lack = decoder_lack(pipeline->replays->decoders[0]);
	if (pipeline->rules.unconfined)
		log_line(LOG_LEVEL_INFO, "sandbox", DECODER_OFF);
	else if (lack != NULL)
		log_line(LOG_LEVEL_INFO, "sandbox", DECODER_LACKS, lack);
	return true;
}

static void
close_benches(struct pipeline *pipeline)
{
	for (int i = 0; i < pipeline->nbenches; i++)
		bench_free(pipeline->benches[i]);
	bench_free(pipeline->replays);
}

static void
start_threads(struct pipeline *pipeline)
{
	for (int i = 0; i < pipeline->nbenches; i++)
		start_thread(&pipeline->benches[i]->thread, decoder_run,
		    pipeline->benches[i]);
	for (int i = 0; i < connections_for(pipeline); i++) {
		struct committer *made = calloc(1, sizeof(*made));

		if (made == NULL)
			fault_out_of_memory();
		made->pipeline = pipeline;
		made->undecoded.end = &made->undecoded.first;
		pipeline->committers[i] = made;
	}
	pipeline->ncommitters = connections_for(pipeline);
	for (int i = 0; i < pipeline->ncommitters; i++)
		start_thread(&pipeline->committers[i]->thread, committer_run,
		    pipeline->committers[i]);
	start_thread(&pipeline->keeper, keeper_run, pipeline);
	start_thread(&pipeline->spooler, spooler_run, pipeline);
}

bool
pipeline_start(const struct pipeline_rules *rules, struct pipeline **pipeline,
    struct fault *fault)
{
	struct pipeline *made = calloc(1, sizeof(*made));

	if (made == NULL)
		fault_out_of_memory();
	made->rules = *rules;
	made->raw.end = &made->raw.first;
	made->ready.end = &made->ready.first;
	make_locks(made);
	if (!open_benches(made, fault)) {
		close_benches(made);
		free(made);
		return false;
	}
	if (store_open(rules->database, STORE_WRITE, "tlsrptd",
		DATABASE_SECONDS, &made->spare, fault)) {
		made->up = true;
	} else if (fault->kind == FAULT_LATER) {
		database_away(made, fault);
		fault->kind = FAULT_NONE;
	} else {
		close_benches(made);
		free(made);
		return false;
	}
	start_threads(made);
	*pipeline = made;
	return true;
}

static void
enter(struct pipeline *pipeline, enum stage stage)
{
	(void)pthread_mutex_lock(&pipeline->lock);
	pipeline->stage = stage;
	(void)pthread_cond_broadcast(&pipeline->raw_more);
	(void)pthread_cond_broadcast(&pipeline->ready_more);
	(void)pthread_cond_broadcast(&pipeline->ready_room);
	(void)pthread_cond_broadcast(&pipeline->spool_more);
	(void)pthread_cond_broadcast(&pipeline->keeper_wake);
	(void)pthread_mutex_unlock(&pipeline->lock);
}

void
pipeline_stop(struct pipeline *pipeline)
{
	if (pipeline == NULL)
		return;
	enter(pipeline, STAGE_STOP);
	for (int i = 0; i < pipeline->nbenches; i++)
		(void)pthread_join(pipeline->benches[i]->thread, NULL);
	(void)pthread_join(pipeline->keeper, NULL);
	enter(pipeline, STAGE_DECODED);
	for (int i = 0; i < pipeline->ncommitters; i++)
		(void)pthread_join(pipeline->committers[i]->thread, NULL);
	enter(pipeline, STAGE_COMMITTED);
	(void)pthread_join(pipeline->spooler, NULL);
	store_close(pipeline->spare);
	close_benches(pipeline);
	for (int i = 0; i < pipeline->ncommitters; i++)
		free(pipeline->committers[i]);
	(void)pthread_mutex_destroy(&pipeline->lock);
	free(pipeline);
}
