/* What each kind of database has to offer to store.c. */
#ifndef STORE_OPS_H
#define STORE_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

/*
 * What became of one intake; kept aside until all of the batch is committed.
 * Where the database refuses its rows, refusal is the database's own words.
 */
struct ending {
	enum outcome outcome;
	const char *refusal;
};

/* Each function takes what open() made; contracts are those of store.h. */
struct store_ops {
	bool concurrent;
	bool (*check_uri)(const char *uri, struct fault *fault);
	bool (*open)(const char *uri, enum store_mode mode, const char *program,
	    int timeout, void **self, struct fault *fault);
	void (*close)(void *self);
	/* Sets all endings on success; refusals belong to the arena. */
	bool (*put)(void *self, struct intake *const intakes[], size_t n,
	    struct arena *arena, struct ending endings[], struct fault *fault);
	bool (*upgrade)(void *self, const struct store_roles *roles,
	    int *before, int *after, struct fault *fault);
	bool (*status)(void *self, struct arena *arena,
	    struct store_status *status, struct fault *fault);
	/* See store_run(). */
	bool (*run)(void *self, const char *sql, const char *param,
	    struct arena *arena, const char **text, struct fault *fault);
	/* See store_insert(). */
	bool (*insert)(void *self, struct intake *const intakes[], size_t n,
	    struct ending endings[], struct fault *fault);
	/* See store_roll(). */
	bool (
	    *roll)(void *self, const char *keys, int sign, struct fault *fault);
};

extern const struct store_ops postgres_ops;
extern const struct store_ops sqlite_ops;

/* The scheme that leads to sqlite_ops; the path follows it. */
#define STORE_SQLITE "sqlite:"

/* The kind of database that a URI names; NULL with a fault: it is none. */
const struct store_ops *store_ops_for(const char *uri, struct fault *fault);

/* Are these rows to be written?  Not where the intake was rejected before. */
bool store_is_wanted(const struct intake *intake, const struct ending *ending);

/*
 * Add what became of one report to the ending of its intake: one stored
 * report makes it stored, else one superseded makes it superseded.
 */
void store_report_ended(struct ending *ending, enum outcome outcome);

/* The words of an intake row that come from an ending or from before. */
const char *store_outcome_name(const struct intake *intake,
    const struct ending *ending);
const char *store_reason_code(const struct intake *intake,
    const struct ending *ending);

/*
 * Run a statement that store_put() has no word for; who calls it begins and
 * ends the transaction.
 *
 *	param	its one parameter, $1; NULL: it has none, and may then be
 *		several statements in PostgreSQL
 *	text	set to the first value that comes back, as text, or to NULL;
 *		it belongs to the arena.  Or NULL, for a statement without.
 *
 * In SQLite there is unhex(), and json_each() and its like in both.
 */
bool store_run(struct store *store, const char *sql, const char *param,
    struct arena *arena, const char **text, struct fault *fault);

/*
 * Add stored reports to the sums by day, or with sign -1 take them back; keys
 * is a JSON array of arrays that start with report_key and start_time.
 */
bool store_roll(struct store *store, const char *keys, int sign,
    struct fault *fault);

/* Take stored reports away; keys as in store_roll(), which comes before. */
bool store_delete(struct store *store, const char *keys, struct fault *fault);

/*
 * As store_put(), inside a transaction that the caller began and ends, and
 * without a row of the table intake.  Months have their partitions already.
 * FAULT_ROW where the database refuses what one of them says.
 */
bool store_insert(struct store *store, struct intake *const intakes[], size_t n,
    struct fault *fault);

bool store_is_postgresql(const struct store *store);

/* Fail with FAULT_LATER where a schema is not of this program's version. */
bool store_check_version(const char *database, int version,
    struct fault *fault);

#endif
