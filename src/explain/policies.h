/* The policies that senders saw for a domain, and what is published now. */
#ifndef POLICIES_H
#define POLICIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "explain/filter.h"
#include "report/report.h"
#include "store/query.h"

/* What an MTA-STS policy says (RFC 8461, section 3.2), in its own order. */
struct sts_policy {
	const char *mode;          /* NULL where it is not said */
	int64_t max_age;           /* seconds; -1: not said */
	struct text_list mx_hosts; /* patterns, in lower case, sorted */
};

/* A policy as one reporter saw it. */
struct seen_policy {
	bool tlsa; /* records hold TLSA records; else sts is set */
	const char *organization;
	const char *domain; /* policy-domain */
	struct sts_policy sts;
	struct text_list records; /* "3 1 1 ab12", one space, lower case */
	int64_t first_day;
	int64_t last_day;
	int64_t sessions;
};

struct seen_policies {
	struct seen_policy *at; /* the latest first */
	size_t len;
};

/*
 * What was seen in the span of filter->domain, which is not NULL; of what is
 * below it, only DANE, whose policies belong to MX hosts.
 */
bool policies_read(struct query *query, const struct filter *filter,
    struct arena *arena, struct seen_policies *seen, struct fault *fault);

/* Take the lines of a policy apart; others than mode, mx, max_age are left. */
struct sts_policy policies_parse(const struct text_list *lines,
    struct arena *arena);

/* The lines of a text. */
struct text_list policies_lines(const char *text, struct arena *arena);

/* Do both say the same?  What one does not say does not count. */
bool policies_same(const struct sts_policy *one, const struct sts_policy *two);

/* The newest MTA-STS policy seen, or NULL. */
const struct seen_policy *policies_newest(const struct seen_policies *seen);

/* A TLSA record in one form: numbers, one space each, lower-case digits. */
const char *policies_tlsa(const char *record, struct arena *arena);

/* Does a host match a pattern of mx lines? (RFC 8461, section 4.1) */
bool policies_mx_matches(const struct text_list *patterns, const char *host);

/* "mode testing, max_age 604800, mx a b" */
const char *policies_text(const struct sts_policy *policy, struct arena *arena);

#endif
