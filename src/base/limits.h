/*
 * Every number that a sender controls, and how far it may go.  Those that an
 * option sets are in struct limits; the others are fixed.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stddef.h>

struct limits {
	size_t message; /* bytes of one message, or of one bare document */
	size_t report;  /* bytes of one report after inflation */
	int depth;      /* nesting of MIME parts, and of JSON values */
	size_t memory;  /* what decoding may take; 0: see limits_memory() */
};

#define LIMITS_DEFAULT                                                   \
	{                                                                \
		.message = (size_t)64 << 20, .report = (size_t)16 << 20, \
		.depth = 64                                              \
	}

enum {
	LIMIT_DEPTH_MOST = 500,       /* what --max-depth may be at most */
	LIMIT_HEADER_BYTES = 1 << 20, /* header of one message */
	LIMIT_HEADER_FIELDS = 10000,  /* fields in that header */
	LIMIT_PARTS = 1000,           /* MIME parts in one message */
	LIMIT_FIELD = 4096,           /* bytes read of a From, a Subject, ... */
	LIMIT_SIGNING = 64 << 10,     /* bytes read of what says who signed */
	LIMIT_COLONS = 1000,          /* in a field: groups of addresses */
	LIMIT_REPORTS = 100,          /* reports in one message */
	LIMIT_POLICIES = 10000,       /* policies in one report */
	LIMIT_FAILURES = 100000,      /* failure details in one report */
	LIMIT_STRINGS = 1000,         /* entries of policy-string or mx-host */
	LIMIT_NAME = 512,          /* bytes kept of a name: domain, id, type */
	LIMIT_TEXT = 8192,         /* bytes kept of any other text */
	LIMIT_DECODE_SECONDS = 60, /* of a processor, for one message */
	LIMIT_MEMORY_FACTOR = 8    /* a message may take this x limits.report */
};

/* How much the arena of a message may come to hold. */
static inline size_t
limits_memory(const struct limits *limits)
{
	return limits->memory != 0 ? limits->memory :
				     limits->report * LIMIT_MEMORY_FACTOR;
}

#endif
