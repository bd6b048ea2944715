/*
 * From a whole message to its answer: decoders, committers and a spooler.
 *
 * Listeners submit jobs; each is decoded, written in one transaction with all
 * that came while the one before ran, and then answered, once, through its
 * done().  What came by HTTP is answered from the spool where the database is
 * away, or takes longer than a sender waits.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "daemon/metrics.h"
#include "daemon/spool.h"
#include "daemon/strangers.h"
#include "intake/decode.h"
#include "report/report.h"

struct pipeline;

/*
 * What is asked of a message that comes by one way.  Decoders know decode
 * alone: two of these, for mail and for bare documents.
 */
struct door {
	const struct decode_rules *decode;
	struct text_list domains; /* that are ours here; none: all */
	const char *domain;       /* whose secret path it is, or NULL */
	struct text_list guarded; /* domains that have doors of their own */
};

enum verdict {
	VERDICT_SAFE,    /* committed; or in quarantine, and committed */
	VERDICT_SPOOLED, /* synced to the spool */
	VERDICT_LATER    /* nothing was kept */
};

struct result {
	enum verdict verdict;
	enum outcome outcome; /* OUTCOME_NONE where it is not decided */
	enum reason reason;
	const char *text; /* why, for people, or "" */
};

/* A message under way; the pipeline frees what is in it. */
struct job {
	enum way way;
	enum channel channel;
	const struct door *door;
	struct buffer body;
	bool encoded; /* Content-Encoding: gzip */
	bool cut;     /* body is not all: rest has the whole message */
	int rest;     /* a file descriptor to read it from, with cut */
	char *source; /* on the heap */
	int64_t received_at;
	/* Called by a thread of the pipeline's; the job is gone after it. */
	void (*done)(void *owner, const struct result *result);
	void *owner;
};

struct pipeline_rules {
	const char *database;
	const char *quarantine; /* NULL: keep no copies */
	struct strangers *strangers;
	int workers;     /* threads that decode, at least 1 */
	bool unconfined; /* decode in this process */
	const struct decode_rules
	    *decode[NWAYS]; /* by way; some are the same */
	int connections;    /* to the database, at most */
	int patience;       /* milliseconds; then HTTP takes the spool */
	struct spool *spool;
	const struct door *replay; /* for what the spool holds */
	struct metrics *metrics;
};

/*
 * Start the threads.  A database that is away is no fault: it is asked for
 * again and again.  Fails with FAULT_CONFIG where its URI makes no sense.
 */
bool pipeline_start(const struct pipeline_rules *rules,
    struct pipeline **pipeline, struct fault *fault);

/* Submit a copy of a job; never blocks for long.  Any thread. */
void pipeline_submit(struct pipeline *pipeline, const struct job *job);

/*
 * Submit jobs that are to be written in this order, decoded by the caller's
 * thread.
 */
void pipeline_submit_all(struct pipeline *pipeline, const struct job jobs[],
    size_t n);

/* To be called a few times a second: for what must not wait any longer. */
void pipeline_tick(struct pipeline *pipeline);

/* Does the database answer, as far as is known? */
bool pipeline_is_up(struct pipeline *pipeline);

/* Does a commit make headway, or is there none? */
bool pipeline_is_alive(struct pipeline *pipeline);

/* How many jobs are under way. */
size_t pipeline_waiting(struct pipeline *pipeline);

/* Answer what is under way, and stop the threads. */
void pipeline_stop(struct pipeline *pipeline);

#endif
