/* Many messages at once: a pool of workers that decode and store. */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/fault.h"
#include "intake/decode.h"
#include "intake/source.h"
#include "report/vocabulary.h"

struct batch_rules {
	struct decode_rules decode;
	const char *database;   /* URI; NULL with --dry-run */
	const char *quarantine; /* Maildir; NULL: keep no copies */
	bool invalid_fails;     /* --on-invalid=reject */
	enum after after;
	const char *after_folder;
	bool unconfined; /* --no-sandbox: decode in this process */
	int jobs;        /* workers, at least 1 */
	bool progress;   /* show a line on stderr */
	FILE *json;      /* one line a message, or NULL */
	/* Told of each message that was rejected or failed; any thread. */
	void (*tell)(const char *source, const char *text);
};

struct batch_result {
	size_t outcomes[NOUTCOMES];
	size_t messages;
	size_t failed; /* inputs that could not be opened or read */
	double seconds;
	enum fault_kind worst; /* over all inputs */
};

/*
 * Read all of a source.  Goes on past bad inputs; stops early only where the
 * database stays away, and then says so in fault.  Nothing is deleted or moved
 * before the transaction that holds it is committed.
 */
bool batch_run(struct source *source, const struct batch_rules *rules,
    struct batch_result *result, struct fault *fault);

#endif
