/*
 * Where reports are kept: PostgreSQL or SQLite behind one table of functions.
 *
 * Nothing here fails for one message's sake.  A message whose rows the
 * database refuses (SQLSTATE classes 22 and 23) is set aside with the outcome
 * rejected and the reason refused-by-database; all else is FAULT_LATER or
 * FAULT_CONFIG, and then nothing of the batch was written.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "report/report.h"

struct store;

/* The version of the schema that this program reads and writes. */
enum { STORE_SCHEMA_VERSION = 9 };

enum store_mode {
	STORE_WRITE, /* put; the schema must be there and fit */
	STORE_ALTER, /* the same, but an SQLite file is not made */
	STORE_MANAGE /* init, upgrade, status: whatever state it is in */
};

/*
 * Does this URI make sense?  Nothing is opened, and nobody is asked.  Fails
 * with FAULT_CONFIG, in words that never show a password.
 */
bool store_check_uri(const char *uri, struct fault *fault);

/*
 * Open a database.
 *
 *	uri	sqlite:PATH, or anything that libpq takes
 *	program	the name that the server shows for this connection
 *	timeout	seconds that a connection or a statement may take; 0: no end
 *
 * With STORE_WRITE an SQLite file that is not there is made, with its folder.
 * Fails with FAULT_CONFIG where the URI makes no sense, with FAULT_LATER where
 * the database is away, has no schema of ours, or one of another version.
 */
bool store_open(const char *uri, enum store_mode mode, const char *program,
    int timeout, struct store **store, struct fault *fault);

/* Close; NULL is fine. */
void store_close(struct store *store);

/* May several connections write at once and gain by it? */
bool store_is_concurrent(const struct store *store);

/*
 * Write a batch in one transaction, and set each intake's outcome, where it
 * is not rejected already: stored, duplicate or superseded.  A message with
 * several reports is stored if one of them is, else superseded if one is.
 * A report that takes the place of a worse authenticated one is stored.
 * The detail of a message that is set aside holds the database's own words,
 * and lives until the next put or close.
 *
 * False, with no outcome changed and nothing written, with FAULT_LATER.
 */
bool store_put(struct store *store, struct intake *const intakes[], size_t n,
    struct fault *fault);

/* Roles to grant rights to; NULL for none.  SQLite has none. */
struct store_roles {
	const char *writer;
	const char *reader;
};

/*
 * Bring the schema to this program's version, each step in a transaction of
 * its own, and grant the roles their rights.  Safe to call again, and by two
 * at once.  *before and *after are set on success.
 */
bool store_upgrade(struct store *store, const struct store_roles *roles,
    int *before, int *after, struct fault *fault);

struct store_status {
	int version; /* 0 where there is no schema of ours */
	int64_t reports;
	int64_t policies;
	int64_t failures;
	int64_t superseded;
	int64_t intakes;
	int64_t rejected;      /* of the intakes */
	int64_t orphans;       /* policies and failures without their report */
	int64_t implausible;   /* reports dated before 2016 or in the future */
	int64_t misplaced;     /* reports outside their month's partition */
	int64_t unequal;       /* sums by day that differ from the reports' */
	int64_t bytes;         /* size on disk */
	const char *first_day; /* plausible, as 2024-01-15; NULL: none */
	const char *last_day;
	const char *server; /* "SQLite 3.40.1", "PostgreSQL 15.20" */
};

bool store_status(struct store *store, struct arena *arena,
    struct store_status *status, struct fault *fault);

#endif
