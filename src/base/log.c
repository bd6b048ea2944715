#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/arena.h"
#include "base/text.h"

enum { LINE_SIZE = 2048 };

static struct {
	const char *program;
	enum log_target target;
	enum log_level most;
	int journal; /* or -1 */
} settings = { "tlsrpt", LOG_TO_STDERR, LOG_LEVEL_INFO, -1 };

static const struct {
	int priority;
	const char *text; /* the same for the journal */
} priorities[] = {
	[LOG_LEVEL_ERROR] = { LOG_ERR, "3" },
	[LOG_LEVEL_INFO] = { LOG_INFO, "6" },
	[LOG_LEVEL_DEBUG] = { LOG_DEBUG, "7" },
};

void
log_open(const char *program, enum log_target target, enum log_level most)
{
	settings.program = program;
	settings.target = target;
	settings.most = most;
	if (target == LOG_TO_SYSLOG)
		openlog(program, LOG_PID, LOG_MAIL);
}

void
log_to_journal(int fd)
{
	settings.journal = fd;
}

bool
log_shows(enum log_level level)
{
	return level <= settings.most;
}

/* False where the journal does not take it: stderr is the journal's too. */
static bool
to_journal(enum log_level level, const char *line,
    const struct journal_field fields[], size_t n)
{
	struct journal_field all[LOG_FIELDS + 4] = {
		{ "MESSAGE", line },
		{ "PRIORITY", priorities[level].text },
		{ "SYSLOG_IDENTIFIER", settings.program },
		{ "SYSLOG_FACILITY", "2" },
	};

	for (size_t i = 0; i < n && i < LOG_FIELDS; i++)
		all[i + 4] = fields[i];
	return journal_send(settings.journal, all,
	    4 + (n < LOG_FIELDS ? n : LOG_FIELDS));
}

static void
say(enum log_level level, const char *subject,
    const struct journal_field fields[], size_t n, const char *text)
{
	struct arena *arena = arena_new();
	const char *line = text_printable(text, arena);

	if (subject != NULL)
		line = arena_printf(arena, "%s: %s",
		    text_printable(subject, arena), line);
	if (settings.target == LOG_TO_SYSLOG)
		syslog(priorities[level].priority, "%s", line);
	else if (settings.journal < 0 || !to_journal(level, line, fields, n))
		(void)fprintf(stderr, "%s: %s\n", settings.program, line);
	arena_free(arena);
}

void
log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list args;

	if (!log_shows(level))
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say(level, subject, NULL, 0, text);
}

void
log_record(enum log_level level, const char *subject,
    const struct journal_field fields[], size_t n, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list args;

	if (!log_shows(level))
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	say(level, subject, fields, n, text);
}
