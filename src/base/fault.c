#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const int exit_status[] = {
	[FAULT_NONE] = EX_OK,
	[FAULT_USAGE] = EX_USAGE,
	[FAULT_CONFIG] = EX_CONFIG,
	[FAULT_CONTENT] = EX_DATAERR,
	[FAULT_LIMIT] = EX_DATAERR,
	[FAULT_INPUT] = EX_NOINPUT,
	[FAULT_ROW] = EX_DATAERR,
	[FAULT_LATER] = EX_TEMPFAIL,
};

static void
drop_line_break(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
}

bool
fault_set(struct fault *fault, enum fault_kind kind, const char *fmt, ...)
{
	va_list args;

	fault->kind = kind;
	va_start(args, fmt);
	(void)vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	drop_line_break(fault->text);
	return false;
}

bool
fault_at(struct fault *fault, const char *fmt, ...)
{
	char place[sizeof(fault->text)];
	va_list args;
	size_t len;
	size_t room;

	va_start(args, fmt);
	(void)vsnprintf(place, sizeof(place), fmt, args);
	va_end(args);
	len = strlen(place);
	room = sizeof(fault->text) - 1 - len;
	memmove(fault->text + len, fault->text, strnlen(fault->text, room) + 1);
	fault->text[sizeof(fault->text) - 1] = '\0';
	memcpy(fault->text, place, len);
	return false;
}

int
fault_exit_status(enum fault_kind kind)
{
	return exit_status[kind];
}

void
fault_out_of_memory(void)
{
	static const char text[] = "out of memory\n";

	/* Delivery mode has closed its stderr; there, this goes nowhere. */
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(EX_TEMPFAIL);
}
