/* One line to stderr, to syslog or to the journal. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/journal.h"

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Called once, before any line; most is the last level that is shown. */
void log_open(const char *program, enum log_target target, enum log_level most);

/*
 * From here on, what would go to stderr goes to a journal, with fields.  fd is
 * what journal_open() returned.
 */
void log_to_journal(int fd);

/*
 * Say one line: "program: subject: text" on stderr, "subject: text" to syslog
 * (facility mail).  What could move a cursor or forge a line is escaped.
 * subject may be NULL.  Any thread.
 */
void log_line(enum log_level level, const char *subject, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The same line with fields besides, which the journal alone keeps; at most
 * LOG_FIELDS of them.
 */
enum { LOG_FIELDS = 16 };
void log_record(enum log_level level, const char *subject,
    const struct journal_field fields[], size_t n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Would a line of this level be shown at all? */
bool log_shows(enum log_level level);

#endif
