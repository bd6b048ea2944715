/* What the commands of tlsrpt-db print for people: a name and a value. */
#ifndef TLSRPT_DB_SHOW_H
#define TLSRPT_DB_SHOW_H

#include <stdint.h>

#include "base/arena.h"

void show_number(const char *name, int64_t number);
void show_text(const char *name, const char *text);

/* Bytes as 12.3 MiB. */
const char *show_size(int64_t bytes, struct arena *arena);

#endif
