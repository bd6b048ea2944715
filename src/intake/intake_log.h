/* What became of a message, in the log: a line a report. */
#ifndef INTAKE_LOG_H
#define INTAKE_LOG_H

#include "base/arena.h"
#include "report/report.h"

/*
 * Say what became of an intake whose outcome is decided: a line for each of
 * its reports, or one that tells why it was rejected.  The journal gets the
 * values as fields, too.
 */
void intake_log(const struct intake *intake, struct arena *arena);

#endif
