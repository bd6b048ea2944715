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
} settings = { "tlsrpt", LOG_TO_STDERR, LOG_LEVEL_INFO };

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
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
log_line(enum log_level level, const char *subject, const char *fmt, ...)
{
	char text[LINE_SIZE];
	struct arena *arena;
	va_list args;
	const char *safe;
	const char *about;

	if (level > settings.most)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	arena = arena_new();
	safe = text_printable(text, arena);
	about = text_printable(subject != NULL ? subject : "", arena);
	if (settings.target == LOG_TO_SYSLOG)
		syslog(priorities[level], "%s%s%s", about,
		    subject != NULL ? ": " : "", safe);
	else
		(void)fprintf(stderr, "%s: %s%s%s\n", settings.program, about,
		    subject != NULL ? ": " : "", safe);
	arena_free(arena);
}
