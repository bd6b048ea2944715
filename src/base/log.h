/* One line to stderr or to syslog. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Called once, before any line; most is the last level that is shown. */
void log_open(const char *program, enum log_target target, enum log_level most);

/*
 * Say one line: "program: subject: text" on stderr, "subject: text" to syslog
 * (facility mail).  What could move a cursor or forge a line is escaped.
 * subject may be NULL.  Any thread.
 */
void log_line(enum log_level level, const char *subject, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
