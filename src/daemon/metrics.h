/* What the daemon counts, and how Prometheus reads it. */
#ifndef METRICS_H
#define METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/report.h"

/* The ways in; CHANNEL_FILE is what comes out of a watched Maildir or LMTP. */
enum way { WAY_LMTP, WAY_HTTP, WAY_SPOOL, WAY_WATCH, NWAYS };
extern const char *const way_names[NWAYS];

enum {
	METRICS_BUCKETS = 14,     /* of a histogram, +Inf besides */
	METRICS_STATUS_MOST = 600 /* HTTP statuses and LMTP codes */
};

struct histogram {
	_Atomic uint64_t counts[METRICS_BUCKETS + 1];
	_Atomic uint64_t sum; /* in millionths */
};

struct metrics {
	int64_t started; /* seconds since 1970 */
	_Atomic uint64_t intakes[NCHANNELS][NOUTCOMES];
	_Atomic uint64_t reasons[NREASONS];
	_Atomic uint64_t deviations[64];
	_Atomic uint64_t reports;
	_Atomic uint64_t bytes[NWAYS]; /* of messages and documents */
	_Atomic uint64_t spooled;
	_Atomic uint64_t failures; /* commits that came to nothing */
	_Atomic uint64_t lmtp_replies[METRICS_STATUS_MOST];
	_Atomic uint64_t http_responses[METRICS_STATUS_MOST];
	_Atomic uint64_t connections[NWAYS]; /* open now */
	_Atomic uint64_t accepted[NWAYS];
	_Atomic uint64_t refused[NWAYS]; /* for there are too many */
	struct histogram commit_seconds;
	struct histogram commit_messages;
	struct histogram answer_seconds[NWAYS]; /* from its end to the answer */
};

/* What is asked at the moment of reading. */
struct metrics_gauges {
	bool database_up;
	size_t spool_depth;
	int64_t spool_oldest; /* seconds since 1970; 0: none */
	size_t waiting;       /* messages, before their commit */
	int64_t now;
};

/* Count an intake whose outcome is decided. */
void metrics_intake(struct metrics *metrics, const struct intake *intake);

void metrics_commit(struct metrics *metrics, size_t messages, double seconds);
void metrics_answer(struct metrics *metrics, enum way way, double seconds);

/* Count a reply or a response by its code. */
void metrics_code(_Atomic uint64_t *codes, unsigned int code);

/* Write all of it as text (Prometheus, exposition format 0.0.4). */
void metrics_write(struct metrics *metrics, const struct metrics_gauges *gauges,
    struct buffer *out);

#endif
