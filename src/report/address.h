/* The addresses of hosts in a report: IPv4 and IPv6, as text and as octets. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "report/report.h"

/*
 * Read what inet_pton(3) reads.  False where the text is no address; address
 * is set on success only, and its text may be the one given.
 */
bool address_read(const char *text, struct arena *arena,
    struct address *address);

#endif
