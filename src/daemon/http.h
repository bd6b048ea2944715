/* The HTTP server (RFC 8460, section 5.4), on libmicrohttpd. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "daemon/budget.h"
#include "daemon/http_rules.h"
#include "daemon/metrics.h"
#include "daemon/pipeline.h"
#include "daemon/spool.h"

struct http;

struct http_settings {
	struct http_rules rules;
	int connections;    /* at most, of one listener */
	int header_seconds; /* for a request's header to come */
	int body_seconds;   /* and for its body */
	bool tls;           /* with what tls_load() read; not on unix: */
	bool metrics_to_all;
	struct budget *budget;
	struct metrics *metrics;
	struct spool *spool;
};

/*
 * Serve a listening socket, in a thread of its own; the server closes it.
 * Fails with FAULT_LATER.
 */
bool http_open(struct pipeline *pipeline, const struct http_settings *settings,
    int fd, struct http **http, struct fault *fault);

/* To be called about once a second: ends what takes too long. */
void http_tick(struct http *http);

/* Take no new connections, and say so where one is asked (/healthz). */
void http_quiesce(struct http *http);

/*
 * Submit nothing more, by whatever connection it comes: once no request waits
 * after this, none will.
 */
void http_refuse(struct http *http);

/* How many requests wait for their answer. */
size_t http_requests(struct http *http);

/* No request waits any more, and http_refuse() was called before. */
void http_close(struct http *http);

#endif
