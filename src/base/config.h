/* The key file that all programs share: tlsrpt.conf(5). */
#ifndef TLSRPT_CONFIG_H
#define TLSRPT_CONFIG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"

struct config;

/*
 * Read a configuration.
 *
 *	path	the file, or NULL for the default, which may be absent
 *
 * Unknown groups and keys are refused, so that a slip of the pen shows.
 * A file that holds a database password must be closed to others.
 * Fails with FAULT_CONFIG, and with FAULT_LATER where it cannot be read.
 */
bool config_read(const char *path, struct config **config, struct fault *fault);

void config_free(struct config *config);

/* A value, or NULL where it is not set; it lives as long as the config. */
const char *config_text(struct config *config, const char *group,
    const char *key);

/* A list separated by ";" or "," or blanks; NULL-terminated, maybe empty. */
const char *const *config_list(struct config *config, const char *group,
    const char *key);

/*
 * The database to use: the option's value, else TLSRPT_DATABASE, else the
 * configuration's, else SQLite in the state folder.  An option that holds a
 * password is refused.
 */
bool config_database(struct config *config, const char *option,
    struct arena *arena, const char **uri, struct fault *fault);

/*
 * The quarantine Maildir to use: the option's value, else the configuration's,
 * else "quarantine" beside the SQLite file, or in the state folder of the
 * machine where uri is another database.
 */
const char *config_quarantine(struct config *config, const char *option,
    const char *uri, struct arena *arena);

#endif
