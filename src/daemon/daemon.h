/* All of tlsrptd between its command line and its exit status. */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

#include "base/fault.h"
#include "daemon/settings.h"

/*
 * Serve until a signal ends it: SIGTERM or SIGINT to finish what is under way
 * and end, SIGHUP to read the certificate anew.
 *
 * Sockets are bound first, then rights are given up.  Fails with FAULT_CONFIG
 * or FAULT_LATER where it cannot start, and with FAULT_LATER where it could
 * not finish in time.
 */
bool daemon_run(const struct settings *settings, struct fault *fault);

#endif
