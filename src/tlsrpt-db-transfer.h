/* The commands of tlsrpt-db that bring reports from elsewhere. */
#ifndef TLSRPT_DB_TRANSFER_H
#define TLSRPT_DB_TRANSFER_H

#include <stdbool.h>

#include "base/config.h"
#include "base/fault.h"

/* copy FROM TO: all of one database into another. */
bool transfer_copy(struct config *config, char *const operands[], bool quiet,
    struct fault *fault);

/* import FROM: what parsedmarc stored, into the database at uri. */
bool transfer_import(const char *uri, const char *from, bool quiet,
    struct fault *fault);

#endif
