/*
 * Numbers, dates and sentences for people, in their language.  What came out
 * of a report is made printable on its way into a sentence, so that sentences
 * are safe to show, but for the marks of HTML.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

#include "base/arena.h"
#include "report/report.h"

/* 8,432 */
const char *words_number(int64_t number, struct arena *arena);

/* The same for a table: what nobody ever counted is written as 9.2e18. */
const char *words_count(int64_t number, struct arena *arena);

/* "0.04 %", "<0.01 %", "100 %"; "-" of nothing. */
const char *words_rate(int64_t part, int64_t whole, struct arena *arena);

/* 15 January 2024 */
const char *words_day(int64_t day, struct arena *arena);

/* "on 15 January 2024", or "from ... to ..." */
const char *words_period(int64_t start, int64_t end, struct arena *arena);

/* "5 days", "1 day" */
const char *words_days(int64_t days, struct arena *arena);

/* "1,201 sessions", "1 session"; and so on */
const char *words_sessions(int64_t sessions, struct arena *arena);
const char *words_reporters(int64_t reporters, struct arena *arena);

/* A text that came from a report, or what stands for one that is missing. */
const char *words_name(const char *name, const char *missing,
    struct arena *arena);

/* "a", "a and b", "a, b and 3 more": at most most of them by name. */
const char *words_list(const char *const names[], size_t n, size_t most,
    struct arena *arena);

/* What becomes of a mail whose session failed. */
enum fate {
	FATE_REFUSED,   /* not delivered over that session; tried again */
	FATE_DELIVERED, /* delivered all the same */
	FATE_PLAIN,     /* delivered, maybe without encryption */
	FATE_UNKNOWN
};

/* By the policy that the sender followed; each may be NULL. */
enum fate words_fate(const char *policy_type, const char *sts_mode);

/* A word for a fate, for machines. */
const char *words_fate_code(enum fate fate);

/*
 * A sentence on what a policy made of failed sessions.
 *
 *	who	the sender, as words_name() has it
 *	failed	how many sessions
 */
const char *words_consequence(const char *policy_type, const char *sts_mode,
    const char *who, int64_t failed, struct arena *arena);

/* "MTA-STS in mode enforce", "DANE", "no policy", or the word as sent. */
const char *words_policy(const char *policy_type, const char *sts_mode,
    struct arena *arena);

/*
 * A sentence on a failure: "The certificate of mx.example.com had expired."
 * host may be NULL.
 */
const char *words_failure(const char *result_type, const char *host,
    struct arena *arena);

/* A sentence on what a reason code means; NULL where nothing is known. */
const char *words_reason(const char *reason, struct arena *arena);

/* A sentence on what to do about a result type. */
const char *words_advice(const char *result_type);

#endif
