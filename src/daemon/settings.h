/* What tlsrpt.conf(5) says in [daemon], and in [ingest] for what both do. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/fault.h"
#include "daemon/http_rules.h"
#include "daemon/listen.h"
#include "daemon/pipeline.h"
#include "intake/source.h"

struct settings {
	const char *database;
	const char *quarantine; /* NULL: keep no copies */
	const char *spool;
	const char *const *lmtp; /* addresses; each list ends with NULL */
	const char *const *http;
	const char *const *watch;
	const char *certificate;
	const char *key;
	const char *user; /* to become, or NULL */
	struct listen_rules sockets;
	struct decode_rules mail_rules;     /* LMTP, Maildirs */
	struct decode_rules document_rules; /* HTTP, the spool */
	struct door mail_door;
	struct door
	    *doors; /* of HTTP: the open one, the secret ones, the end */
	struct http_rules http_rules;
	enum after after;
	const char *after_folder;
	size_t memory;          /* bytes of large messages at once */
	size_t spool_most;      /* bytes */
	size_t quarantine_most; /* bytes, for what comes by HTTP */
	int workers;
	int connections; /* to the database */
	int clients;     /* connections, of LMTP and of HTTP each */
	int idle_seconds;
	int header_seconds;
	int body_seconds;
	int shutdown_seconds;
	int patience; /* milliseconds */
	bool metrics_to_all;
	bool invalid_fails;
	bool unconfined;
	bool syslog;
};

/*
 * Read all settings.
 *
 *	database	the option's value, or NULL
 *
 * They live as long as the configuration and the arena, and stay where they
 * are.  Fails with FAULT_CONFIG, and names the setting; what was read by then
 * is of no use.
 */
bool settings_read(struct config *config, const char *database,
    struct arena *arena, struct settings *settings, struct fault *fault);

#endif
