#include "intake/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "intake/commit.h"
#include "intake/decoder.h"
#include "report/report_write.h"
#include "store/store.h"

enum {
	BATCH_MESSAGES = 500,
	BATCH_DECODED = 32,     /* where there is no transaction to fill */
	BATCH_BYTES = 16 << 20, /* of all workers together */
	TAKE_AT_ONCE = 64,      /* items from the source under one lock */
	READ_AHEAD = 128,       /* files open for it, of all workers */
	LINES = 64 << 10,       /* bytes to print under one lock */
	CONNECTIONS_MOST = 4,
	WORKERS_MOST = 256,
	TRIES = 4 /* with a second between them, then the database is away */
};

/* A connection that several workers may share. */
struct writer {
	pthread_mutex_t lock;
	struct store *store;
};

struct worker;

/* What the workers share; everything below lock is guarded by it. */
struct engine {
	const struct batch_rules *rules;
	struct writer writers[CONNECTIONS_MOST];
	int nwriters;
	size_t batch_most; /* messages of one worker */
	struct worker *workers[WORKERS_MOST];
	size_t bytes_most; /* of one worker */
	size_t take_most;  /* items of one worker at once */
	struct timespec began;
	pthread_mutex_t lock;
	struct source *source;
	bool exhausted;
	bool stopped; /* the database is away */
	struct fault *fault;
	struct batch_result *result;
	double shown; /* when progress was, seconds after the start */
};

/* One batch in the making; a worker has one and uses it again and again. */
struct worker {
	struct engine *engine;
	struct writer *writer; /* NULL with --dry-run */
	struct decoder *decoder;
	struct arena *arena; /* of the batch */
	struct buffer lines; /* to print */
	struct item items[BATCH_MESSAGES];
	struct delivery deliveries[BATCH_MESSAGES];
	size_t n;
	size_t bytes;
};

static double
seconds_since(const struct timespec *began)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) +
	    (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

/* The graver of two kinds, by what a caller should do about it. */
static enum fault_kind
worse(enum fault_kind a, enum fault_kind b)
{
	static const int gravity[] = {
		[FAULT_NONE] = 0,
		[FAULT_CONTENT] = 1,
		[FAULT_LIMIT] = 1,
		[FAULT_ROW] = 1,
		[FAULT_INPUT] = 2,
		[FAULT_LATER] = 3,
		[FAULT_USAGE] = 4,
		[FAULT_CONFIG] = 4,
	};

	return gravity[b] > gravity[a] ? b : a;
}

static void
show_progress(struct engine *engine)
{
	size_t total = source_total(engine->source);
	size_t done = engine->result->messages;
	double now = seconds_since(&engine->began);
	double rate = now > 0 ? (double)done / now : 0;

	if (!engine->rules->progress || now - engine->shown < 0.2)
		return;
	engine->shown = now;
	if (total >= done && total > 0 && rate > 0)
		(void)fprintf(stderr, "\r%zu/%zu  %.0f/s  %.0f s left \033[K",
		    done, total, rate, (double)(total - done) / rate);
	else
		(void)fprintf(stderr, "\r%zu  %.0f/s \033[K", done, rate);
	(void)fflush(stderr);
}

static void
tell(const struct engine *engine, const char *source, const char *text)
{
	if (engine->rules->tell != NULL)
		engine->rules->tell(source, text);
}

/* An input that could not be read; the lock is held. */
static void
note_failure(struct engine *engine, const struct fault *fault)
{
	engine->result->failed++;
	engine->result->worst = worse(engine->result->worst, fault->kind);
	tell(engine, NULL, fault->text);
}

/* Take some items; 0 where there are none left. */
static size_t
take_items(struct worker *worker, struct item *items, size_t most)
{
	struct engine *engine = worker->engine;
	size_t n = 0;

	(void)pthread_mutex_lock(&engine->lock);
	while (n < most && !engine->exhausted && !engine->stopped) {
		struct fault fault = { .kind = FAULT_NONE };

		items[n] = (struct item){ 0 };
		if (source_next(engine->source, &items[n], &fault))
			n++;
		else if (fault.kind == FAULT_NONE)
			engine->exhausted = true;
		else
			note_failure(engine, &fault);
	}
	(void)pthread_mutex_unlock(&engine->lock);
	return n;
}

/* A file that can be read a second time; a pipe cannot. */
static int
open_again(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/*
 * A message that was too long to be read is copied to quarantine from where
 * it lies; out of an mbox or a pipe it cannot be read twice.
 */
static void
open_rest(const struct item *item, struct delivery *delivery)
{
	delivery->rest = -1;
	if (!item->cut)
		return;
	if (strcmp(item->path, "-") != 0)
		delivery->rest = open_again(item->path);
	if (delivery->rest >= 0)
		delivery->raw = (struct bytes){ NULL, 0 };
	else
		(void)fault_set(&delivery->fault, FAULT_LIMIT,
		    "longer than the limit, and left where it is");
}

static void
fail_item(struct worker *worker, struct item *item, const struct fault *fault)
{
	struct engine *engine = worker->engine;

	(void)pthread_mutex_lock(&engine->lock);
	note_failure(engine, fault);
	(void)pthread_mutex_unlock(&engine->lock);
	source_item_free(item);
}

static struct decoding_job
job_of(const struct item *item)
{
	int64_t now = time(NULL);

	return (struct decoding_job){
		.raw = { (const unsigned char *)item->bytes, item->len },
		.origin = { .source = item->path,
		    .received_at =
			item->received_at != 0 ? item->received_at : now,
		    .now = now,
		    .channel = CHANNEL_MAIL }
	};
}

/* A message that is decoded, or too long to be, joins the batch. */
static void
add_delivery(struct worker *worker, struct item *item, struct intake *intake)
{
	struct delivery *delivery = &worker->deliveries[worker->n];

	*delivery = (struct delivery){ .rest = -1,
		.intake = intake,
		.raw = { (const unsigned char *)item->bytes, item->len } };
	open_rest(item, delivery);
	worker->bytes += item->len;
	worker->items[worker->n++] = *item;
}

static bool
commit(struct worker *worker, struct fault *fault)
{
	const struct batch_rules *rules = worker->engine->rules;
	struct writer *writer = worker->writer;
	bool done;

	if (writer == NULL)
		return commit_all(NULL, NULL, worker->deliveries, worker->n,
		    fault);
	(void)pthread_mutex_lock(&writer->lock);
	done = commit_all(writer->store, rules->quarantine, worker->deliveries,
	    worker->n, fault);
	for (int i = 1; i < TRIES && !done && fault->kind == FAULT_LATER; i++) {
		const struct timespec second = { .tv_sec = 1 };

		(void)nanosleep(&second, NULL);
		done = commit_all(writer->store, rules->quarantine,
		    worker->deliveries, worker->n, fault);
	}
	(void)pthread_mutex_unlock(&writer->lock);
	return done;
}

/* Is the message safe, so that --after may do with it what it says? */
static bool
is_safe(const struct engine *engine, const struct delivery *delivery)
{
	return delivery->fault.kind == FAULT_NONE &&
	    (delivery->intake->outcome != OUTCOME_REJECTED ||
		engine->rules->quarantine != NULL) &&
	    delivery->intake->outcome != OUTCOME_DECODED;
}

static void
tell_outcome(struct engine *engine, const struct delivery *delivery)
{
	const struct intake *intake = delivery->intake;
	struct buffer text = { 0 };

	if (delivery->fault.kind != FAULT_NONE) {
		tell(engine, intake->source, delivery->fault.text);
	} else if (intake->outcome == OUTCOME_REJECTED) {
		buffer_printf(&text, "rejected (%s): %s",
		    reason_codes[intake->reason].code,
		    intake->detail != NULL ? intake->detail : "");
		tell(engine, intake->source, text.at);
		buffer_free(&text);
	}
}

/* Count one message; the lock is held. */
static void
tally(struct engine *engine, const struct delivery *delivery)
{
	struct batch_result *result = engine->result;
	const struct intake *intake = delivery->intake;

	result->messages++;
	result->worst = worse(result->worst, delivery->fault.kind);
	if (delivery->fault.kind == FAULT_LATER)
		result->failed++;
	else
		result->outcomes[intake->outcome]++;
	if (intake->outcome == OUTCOME_REJECTED && engine->rules->invalid_fails)
		result->worst = worse(result->worst, FAULT_CONTENT);
	tell_outcome(engine, delivery);
}

/* The lock is held. */
static void
print_lines(struct engine *engine, const struct buffer *lines)
{
	struct batch_result *result = engine->result;

	if (lines->len > 0 &&
	    fwrite(lines->at, 1, lines->len, engine->rules->json) != lines->len)
		result->worst = worse(result->worst, FAULT_LATER);
}

static void
after_commit(struct worker *worker, size_t i)
{
	struct engine *engine = worker->engine;
	struct delivery *delivery = &worker->deliveries[i];

	if (is_safe(engine, delivery))
		(void)source_after(&worker->items[i], engine->rules->after,
		    engine->rules->after_folder, &delivery->fault);
}

/* Some messages from first on; returns the first that is not among them. */
static size_t
finish_some(struct worker *worker, size_t first)
{
	struct engine *engine = worker->engine;
	struct buffer *lines = &worker->lines;
	size_t end = first;

	lines->len = 0;
	while (end < worker->n && lines->len < LINES) {
		after_commit(worker, end);
		if (engine->rules->json != NULL)
			intake_write(worker->deliveries[end].intake, lines);
		end++;
	}
	(void)pthread_mutex_lock(&engine->lock);
	for (size_t i = first; i < end; i++)
		tally(engine, &worker->deliveries[i]);
	print_lines(engine, lines);
	(void)pthread_mutex_unlock(&engine->lock);
	return end;
}

static void
finish_batch(struct worker *worker, bool committed, const struct fault *fault)
{
	struct engine *engine = worker->engine;

	for (size_t i = 0; i < worker->n && committed;)
		i = finish_some(worker, i);
	(void)pthread_mutex_lock(&engine->lock);
	if (!committed && !engine->stopped) {
		engine->stopped = true;
		*engine->fault = *fault;
	}
	show_progress(engine);
	(void)pthread_mutex_unlock(&engine->lock);
}

static bool
is_stopped(struct engine *engine)
{
	bool stopped;

	(void)pthread_mutex_lock(&engine->lock);
	stopped = engine->stopped;
	(void)pthread_mutex_unlock(&engine->lock);
	return stopped;
}

static void
flush(struct worker *worker)
{
	struct fault fault = { .kind = FAULT_NONE };

	if (worker->n > 0 && !is_stopped(worker->engine))
		finish_batch(worker, commit(worker, &fault), &fault);
	for (size_t i = 0; i < worker->n; i++) {
		if (worker->deliveries[i].rest >= 0)
			(void)close(worker->deliveries[i].rest);
		source_item_free(&worker->items[i]);
	}
	worker->n = 0;
	worker->bytes = 0;
	arena_reset(worker->arena);
}

static void
decode_items(struct worker *worker, struct item *items, size_t n)
{
	const struct decode_rules *rules = &worker->engine->rules->decode;
	struct decoding_job jobs[DECODER_MESSAGES];
	struct decoding_job job;
	size_t njobs = 0;
	size_t before;

	if (worker->n + n > worker->engine->batch_most)
		flush(worker);
	for (size_t i = 0; i < n; i++)
		if (!items[i].cut)
			jobs[njobs++] = job_of(&items[i]);
	before = arena_used(worker->arena);
	decoder_decode(worker->decoder, jobs, njobs, worker->arena);
	njobs = 0;
	for (size_t i = 0; i < n; i++) {
		if (items[i].cut) {
			job = job_of(&items[i]);
			job.intake = intake_cut(job.raw, &job.origin, rules,
			    worker->arena);
		} else {
			job = jobs[njobs++];
		}
		if (job.intake != NULL) {
			add_delivery(worker, &items[i], job.intake);
			continue;
		}
		(void)fault_at(&job.fault, "%s: ", items[i].path);
		fail_item(worker, &items[i], &job.fault);
	}
	worker->bytes += arena_used(worker->arena) - before;
	if (worker->n == worker->engine->batch_most ||
	    worker->bytes >= worker->engine->bytes_most)
		flush(worker);
}

/* Read some items, and decode as many at once as are not too large. */
static void
load_items(struct worker *worker, struct item *items, size_t n)
{
	size_t limit = worker->engine->rules->decode.limits.message;
	size_t first = 0;
	size_t loaded = 0;
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		struct fault fault = { .kind = FAULT_NONE };

		if (!source_load(&items[i], limit, &fault)) {
			fail_item(worker, &items[i], &fault);
			continue;
		}
		items[loaded++] = items[i];
		bytes += items[loaded - 1].len;
		if (bytes >= DECODER_BYTES ||
		    loaded - first == DECODER_MESSAGES) {
			decode_items(worker, &items[first], loaded - first);
			first = loaded;
			bytes = 0;
		}
	}
	decode_items(worker, &items[first], loaded - first);
}

static void *
work(void *data)
{
	struct worker *worker = data;
	struct item items[TAKE_AT_ONCE];
	size_t n;

	while ((n = take_items(worker, items, worker->engine->take_most)) > 0) {
		for (size_t i = 0; i < n; i++)
			source_read_ahead(&items[i]);
		load_items(worker, items, n);
	}
	flush(worker);
	return NULL;
}

static void
worker_free(struct worker *worker)
{
	decoder_stop(worker->decoder);
	arena_free(worker->arena);
	buffer_free(&worker->lines);
	free(worker);
}

static struct worker *
worker_new(struct engine *engine, struct fault *fault)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		fault_out_of_memory();
	worker->engine = engine;
	worker->arena = arena_new();
	if (decoder_start(&engine->rules->decode, NULL,
		!engine->rules->unconfined, &worker->decoder, fault))
		return worker;
	worker_free(worker);
	return NULL;
}

/*
 * As many as can be had; without any there is a fault.  Their processes are
 * started first of all, while there is one thread and no connection.
 */
static int
make_workers(struct engine *engine, int jobs, struct fault *fault)
{
	const char *lack;
	char text[512];
	int n = 0;

	while (n < jobs &&
	    (engine->workers[n] = worker_new(engine, fault)) != NULL)
		n++;
	if (n == 0)
		return 0;
	fault->kind = FAULT_NONE;
	lack = decoder_lack(engine->workers[0]->decoder);
	if (lack != NULL) {
		(void)snprintf(text, sizeof(text), DECODER_LACKS, lack);
		tell(engine, "sandbox", text);
	}
	if (engine->rules->unconfined)
		tell(engine, "sandbox", DECODER_OFF);
	return n;
}

/* The first worker is this thread, so that it goes on without any other. */
static void
run_workers(struct engine *engine, int jobs)
{
	pthread_t threads[WORKERS_MOST];
	int nthreads = 0;

	for (int i = 0; i < jobs && engine->nwriters > 0; i++)
		engine->workers[i]->writer =
		    &engine->writers[i % engine->nwriters];
	for (int i = 1; i < jobs; i++) {
		if (pthread_create(&threads[nthreads], NULL, work,
			engine->workers[i]) != 0)
			break;
		nthreads++;
	}
	(void)work(engine->workers[0]);
	for (int i = 0; i < nthreads; i++)
		(void)pthread_join(threads[i], NULL);
}

static void
close_writers(struct engine *engine)
{
	for (int i = 0; i < engine->nwriters; i++) {
		store_close(engine->writers[i].store);
		(void)pthread_mutex_destroy(&engine->writers[i].lock);
	}
	engine->nwriters = 0;
}

/* One connection for each worker, where the database gains by it. */
static bool
open_writers(struct engine *engine, int jobs, struct fault *fault)
{
	int wanted = jobs < CONNECTIONS_MOST ? jobs : CONNECTIONS_MOST;

	if (engine->rules->database == NULL)
		return true;
	for (int i = 0; i < wanted; i++) {
		struct writer *writer = &engine->writers[i];

		if (!store_open(engine->rules->database, STORE_WRITE,
			"tlsrpt-ingest", 0, &writer->store, fault)) {
			close_writers(engine);
			return false;
		}
		(void)pthread_mutex_init(&writer->lock, NULL);
		engine->nwriters++;
		if (!store_is_concurrent(writer->store))
			break;
	}
	return true;
}

bool
batch_run(struct source *source, const struct batch_rules *rules,
    struct batch_result *result, struct fault *fault)
{
	struct engine engine = { .rules = rules,
		.source = source,
		.fault = fault,
		.result = result };
	int jobs = rules->jobs < 1     ? 1 :
	    rules->jobs < WORKERS_MOST ? rules->jobs :
					 WORKERS_MOST;
	bool done;

	*result = (struct batch_result){ .worst = FAULT_NONE };
	engine.batch_most =
	    rules->database != NULL ? BATCH_MESSAGES : BATCH_DECODED;
	(void)clock_gettime(CLOCK_MONOTONIC, &engine.began);
	jobs = make_workers(&engine, jobs, fault);
	done = jobs > 0 && open_writers(&engine, jobs, fault);
	if (done) {
		engine.bytes_most = BATCH_BYTES / (size_t)jobs;
		engine.take_most = jobs * TAKE_AT_ONCE <= READ_AHEAD ?
		    TAKE_AT_ONCE :
		    jobs < READ_AHEAD ? READ_AHEAD / (size_t)jobs :
					1;
		(void)pthread_mutex_init(&engine.lock, NULL);
		run_workers(&engine, jobs);
		(void)pthread_mutex_destroy(&engine.lock);
		close_writers(&engine);
	}
	for (int i = 0; i < jobs; i++)
		worker_free(engine.workers[i]);
	if (rules->progress && engine.shown > 0)
		(void)fputs("\r\033[K", stderr);
	result->seconds = seconds_since(&engine.began);
	return done && !engine.stopped;
}
