/* What a message holds, apart from the memory that reading it took. */
#ifndef REPORT_COPY_H
#define REPORT_COPY_H

#include "base/arena.h"
#include "report/report.h"

/*
 * A copy that points to nothing outside the arena, documents and all: the
 * arena that the message was read in can be used for the next one.  It takes
 * about a tenth of that memory.
 */
struct intake *intake_copy(const struct intake *intake, struct arena *arena);

#endif
