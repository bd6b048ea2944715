/* What the threads of the pipeline share; for daemon/ alone. */
#ifndef PIPELINE_INNER_H
#define PIPELINE_INNER_H

#include <pthread.h>
#include <time.h>

#include "daemon/pipeline.h"
#include "intake/commit.h"
#include "intake/decoder.h"
#include "store/store.h"

enum {
	GROUP_MESSAGES = 500,   /* in one transaction */
	GROUP_BYTES = 32 << 20, /* likewise, decoded */
	GROUP_SHARE = 100,      /* waiting ones that are worth a second one */
	GROUP_PATIENCE = 100,   /* milliseconds, then a second one is made */
	READY_BYTES = 64 << 20, /* decoded and not committed */
	CONNECTIONS_MOST = 8,
	WORKERS_MOST = 64,
	DATABASE_SECONDS = 20, /* for a connection, and for a statement */
	PING_SECONDS = 5,      /* of idleness, then the database is asked */
	BACKOFF_LEAST = 250,   /* milliseconds until it is tried again */
	BACKOFF_MOST = 5000
};

/* How far the end has come: one after another, so that nothing is lost. */
enum stage { STAGE_RUN, STAGE_STOP, STAGE_DECODED, STAGE_COMMITTED };

/* Memory of messages that were decoded together. */
struct shelf {
	struct arena *arena;
	size_t ntasks; /* that still need it; guarded by the pipeline's lock */
};

/* A job with all that becomes of it. */
struct task {
	struct job job;
	struct task *next;       /* in its queue */
	struct task *spool_next; /* in the spooler's */
	struct shelf *shelf;     /* NULL: not decoded yet */
	struct delivery delivery;
	size_t bytes; /* once decoded */
	struct timespec queued;
	struct result early; /* what decoding made of it */
	bool rescued;        /* while a commit had it, the spooler was asked */
	bool spooling;       /* the spooler is at it */
	bool answered;
	char *spooled; /* its name in the spool, or NULL */
};

struct queue {
	struct task *first;
	struct task **end;
};

/* One for each kind of rules, behind a wall of its own. */
struct bench {
	struct pipeline *pipeline;
	pthread_t thread;
	struct decoder *decoders[NWAYS]; /* by way; some are the same */
};

struct committer {
	struct pipeline *pipeline;
	pthread_t thread;
	struct store *store;
	struct task *group[GROUP_MESSAGES];
	struct delivery deliveries[GROUP_MESSAGES];
	size_t n;
	struct queue undecoded; /* taken with the group, but no part of it */
	struct timespec began;  /* the commit under way, where n > 0 */
};

struct pipeline {
	struct pipeline_rules rules;
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t raw_more;
	pthread_cond_t ready_more;
	pthread_cond_t ready_room;
	pthread_cond_t spool_more;
	pthread_cond_t spool_done;
	pthread_cond_t keeper_wake;
	struct queue raw;
	struct queue ready;
	struct task *to_spool; /* newest first */
	size_t ready_bytes;
	size_t ntasks;
	enum stage stage;
	bool up;
	bool told_away;      /* that the database is away */
	struct store *spare; /* a connection that nobody has yet; while up */
	struct bench *benches[WORKERS_MOST];
	int nbenches;
	struct bench *replays; /* the spooler's */
	struct committer *committers[CONNECTIONS_MOST];
	int ncommitters;
	pthread_t keeper;
	pthread_t spooler;
	size_t replaying; /* tasks that came out of the spool */
	bool replay_wanted;
	struct timespec replayed; /* when it was last wanted */
};

void queue_push(struct queue *queue, struct task *task);
struct task *queue_pop(struct queue *queue);

int64_t milliseconds_since(const struct timespec *then);

/* Wait on a condition, at most so long; the lock is held. */
void wait_at_most(pthread_cond_t *condition, pthread_mutex_t *lock,
    int milliseconds);

/* Tell the owner, unless that was done; the lock is not held. */
void task_answer(struct pipeline *pipeline, struct task *task,
    const struct result *result);

/* The last that is heard of it; the lock is not held. */
void task_free(struct pipeline *pipeline, struct task *task);

/* Hand a task to the spooler; the lock is held. */
void spooler_take(struct pipeline *pipeline, struct task *task);

/* The database's state changed, or may have; the lock is not held. */
void database_up(struct pipeline *pipeline, struct store *store);
void database_away(struct pipeline *pipeline, const struct fault *fault);

/* The threads. */
void *committer_run(void *data);
void *keeper_run(void *data);
void *spooler_run(void *data);

#endif
