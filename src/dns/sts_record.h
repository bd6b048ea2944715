/* MTA-STS: the TXT record and the policy (RFC 8461, section 3). */
#ifndef DNS_STS_RECORD_H
#define DNS_STS_RECORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "dns/finding.h"

enum {
	STS_POLICY_MOST = 65536, /* bytes (RFC 8461, section 3.3) */
	STS_LINES_MOST = 2000,
	STS_MX_MOST = 500,
	STS_ID_MOST = 32,
	STS_MAX_AGE_MOST = 31557600 /* seconds */
};

enum sts_mode {
	STS_MODE_UNKNOWN,
	STS_MODE_ENFORCE,
	STS_MODE_TESTING,
	STS_MODE_NONE
};

struct sts_policy {
	enum sts_mode mode;
	long long max_age; /* seconds; -1: not known */
	const char **mx;   /* in lower case */
	size_t nmx;
};

/* Read a record; *id is the first that can be used, or NULL. */
void sts_record_read(struct bytes text, const char **id,
    struct findings *findings);

/* Read a policy, and go on behind each mistake. */
void sts_policy_read(struct bytes text, struct sts_policy *policy,
    struct findings *findings);

/* "enforce", "testing", "none"; NULL where it is not known. */
const char *sts_mode_name(enum sts_mode mode);

/* STS_MODE_UNKNOWN where the text is none of them. */
enum sts_mode sts_mode_named(const char *name);

/* Is this fit for a line mx? */
bool sts_mx_is_valid(const char *mx);

/* Does a line of the policy match this MX host? */
bool sts_policy_has(const struct sts_policy *policy, const char *host);

#endif
