/*
 * The numbers of a span and of the span before it, out of the database.
 *
 * A session is counted once: what policies of type sts and tlsa of one
 * reporter, day and domain count are the same sessions seen twice, so that
 * the greater of both stands for them.
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "explain/filter.h"
#include "explain/words.h"
#include "store/query.h"

struct count {
	int64_t sessions;
	int64_t failed;
};

struct day_figures {
	int64_t day;
	struct count now;
};

struct domain_figures {
	const char *domain; /* NULL: reports without one */
	struct count now;
	struct count before;
	int64_t reporters;
};

enum { REPORTERS_NAMED = 4 };

/* Failures of one kind at one host. */
struct failure_figures {
	const char *domain;
	const char *result_type;
	const char *host; /* receiving-mx-hostname; NULL where unknown */
	const char *policy_type;
	const char *sts_mode;
	const char *reason; /* one of their reason codes, or NULL */
	int64_t now;
	int64_t before;
	int64_t first_day; /* in both spans */
	int64_t last_day;
	const char *reporters[REPORTERS_NAMED]; /* some of who saw it */
	size_t nreporters;                      /* all of them */
};

struct reporter_figures {
	const char *organization; /* NULL: nameless */
	struct count now;
	struct count before;
	int64_t days;      /* of the span, on which it reported something */
	int64_t first_day; /* in both spans */
	int64_t last_day;
	int64_t usual_gap; /* days between two reports, the greatest but one */
	int64_t silent;    /* days without a report before the span's end */
	bool regular;      /* reports often enough to be missed */
	bool loop;         /* a session a day: our report and theirs */
};

struct figures {
	const struct filter *filter;
	struct count now;
	struct count before;
	struct day_figures *days; /* every day of the span, in order */
	size_t ndays;
	struct domain_figures *domains; /* the most failures first */
	size_t ndomains;
	struct failure_figures *failures; /* new ones first, then the most */
	size_t nfailures;
	struct reporter_figures *reporters; /* the most sessions first */
	size_t nreporters;
	int64_t last_day; /* the latest with a report, in both spans */
	bool heard;       /* is there one? */
};

/* What is wanted; the rest stays empty. */
enum figures_part {
	FIGURES_DAYS = 1, /* days, reporters and totals */
	FIGURES_DOMAINS = 2,
	FIGURES_FAILURES = 4,
	FIGURES_ALL = 7
};

/* Rows at most of domains, failures and reporters. */
enum { FIGURES_MOST = 2000 };

bool figures_read(struct query *query, const struct filter *filter, int parts,
    struct arena *arena, struct figures *figures, struct fault *fault);

/* Is this failure new: none of its kind in the span before? */
bool figures_is_new(const struct failure_figures *failure);

/* Does this reporter's silence deserve a word? */
bool figures_is_silent(const struct reporter_figures *reporter);

enum fate figures_fate(const struct failure_figures *failure);

#endif
