/* What went wrong, and what the mail system should do about it. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_USAGE,   /* the command line makes no sense */
	FAULT_CONFIG,  /* the configuration makes no sense */
	FAULT_CONTENT, /* these bytes can never be stored */
	FAULT_LIMIT,   /* these bytes are more than a limit allows */
	FAULT_INPUT,   /* a path that is not there or cannot be opened */
	FAULT_ROW,     /* the database refuses this one message's rows */
	FAULT_LATER    /* nothing is wrong with the message; try again */
};

struct fault {
	enum fault_kind kind;
	char text[512];
};

/*
 * Note a fault and return false, so that a caller can fail in one line.
 * The text is one line without a full stop, and names the thing at fault
 * before what is wrong with it.  A line break at its end is dropped.
 */
bool fault_set(struct fault *fault, enum fault_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put a place in front of the text of a fault, and return false. */
bool fault_at(struct fault *fault, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The sysexits(3) status of a fault.  Of these Postfix takes only EX_OSERR
 * and EX_TEMPFAIL to mean "keep the message"; every other one bounces it.
 */
int fault_exit_status(enum fault_kind kind);

/* End the program for want of memory, in the way that keeps the message. */
void fault_out_of_memory(void) __attribute__((noreturn));

/*
 * Some libraries (GLib) end the program by a trap or an abort where memory
 * runs out, or tell so again and again until the stack is full: take that for
 * what it is.  A program calls it first of all.
 */
void fault_catch_traps(void);

#endif
