#include "base/fault.h"

#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

enum { STACK_SLACK = 1 << 20, SPARE_STACK = 64 << 10 };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Where the stack of the first thread began; it grows downwards. */
static uintptr_t stack_start;

static void
on_trap(int signal_number)
{
	(void)signal_number;
	fault_out_of_memory();
}

/*
 * GLib's locks end the program so where there is no memory for one; where it
 * is for something else, the mail system keeps the message as well.
 */
static void
on_abort(int signal_number)
{
	static const char text[] = "aborted\n";

	(void)signal_number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(EX_TEMPFAIL);
}

/* Past the end of the stack; every other such fault is a real one. */
static void
on_stack_overflow(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	struct rlimit stack;

	(void)context;
	if (getrlimit(RLIMIT_STACK, &stack) == 0 &&
	    at < stack_start - stack.rlim_cur + STACK_SLACK &&
	    at > stack_start - stack.rlim_cur - STACK_SLACK)
		fault_out_of_memory();
	(void)signal(signal_number, SIG_DFL);
}

void
fault_catch_traps(void)
{
	static unsigned char spare[SPARE_STACK];
	const stack_t stack = { .ss_sp = spare, .ss_size = sizeof(spare) };
	struct sigaction trap = { .sa_handler = on_trap };
	struct sigaction aborted = { .sa_handler = on_abort };
	struct sigaction overflow = { .sa_sigaction = on_stack_overflow,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	stack_start = (uintptr_t)__builtin_frame_address(0);
	(void)sigaction(SIGTRAP, &trap, NULL);
	(void)sigaction(SIGABRT, &aborted, NULL);
	/* AddressSanitizer has such a handler already, and says more. */
	if (!SANITIZED && sigaltstack(&stack, NULL) == 0)
		(void)sigaction(SIGSEGV, &overflow, NULL);
}
