/* What a request is taken for, and what status it gets: no I/O. */
#ifndef HTTP_RULES_H
#define HTTP_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "daemon/pipeline.h"
#include "report/report.h"

/* A path that only the reports of one domain come by. */
struct secret_path {
	const char *path;
	const struct door *door;
};

struct http_rules {
	size_t body;             /* bytes, at most */
	const struct door *door; /* of /v1/report and accept-path */
	struct text_list accept; /* paths, and all below them */
	const struct secret_path *secrets;
	size_t nsecrets;
};

enum http_target { TARGET_REPORT, TARGET_HEALTH, TARGET_METRICS, TARGET_NONE };

/* What a path leads to; *door is set for TARGET_REPORT. */
enum http_target http_target(const struct http_rules *rules, const char *path,
    const struct door **door);

/*
 * May this be a report at all?  By content: gzip, or JSON.
 */
bool http_is_likely(struct bytes body);

/* Is it one of the two media types? (RFC 8460, section 6.4 and 6.5) */
bool http_is_our_type(const char *content_type);

/* Can we undo it?  *gzip: there is something to undo. */
bool http_is_our_encoding(const char *encoding, bool *gzip);

/* The status for what became of a document. */
unsigned int http_status(const struct result *result);

#endif
