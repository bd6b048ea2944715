/*
 * A program's options as one table, which drives the parser, --help and the
 * test that compares both with the man page.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/fault.h"

struct option_row {
	char letter;       /* or '\0' */
	const char *name;  /* without the dashes */
	const char *value; /* what it takes, as shown; NULL: nothing */
	const char *help;
};

/* What --help says above a row, and what goes on until the next group. */
struct option_group {
	int first; /* index of its first row; in the order of the rows */
	const char *title;
};

/* What --help says of a command. */
struct option_command {
	const char *name;
	const char *help;
};

struct options_spec {
	const char *program;
	const char *synopsis; /* operands, as in "[OPTION...] [PATH...]" */
	const char *summary;  /* a sentence */
	const struct option_row *rows; /* ends with a row without a name */
	/* Both may be NULL, and end with an entry of NULL. */
	const struct option_group *groups;
	/* The first member of each row of a program's own table of them. */
	const struct option_command *commands;
	size_t command_size; /* of such a row; 0: it has no more members */
};

/*
 * Walk over the options of a command line, GNU fashion.  set() is called for
 * each, with its row's index and its value.  A fault does not end the walk,
 * so that *operands, the index of the first operand in argv, which is
 * reordered, is set in any case; the first fault is the one that is told.
 */
bool options_read(const struct options_spec *spec, int argc, char *argv[],
    bool (*set)(int row, const char *value, void *data, struct fault *fault),
    void *data, int *operands, struct fault *fault);

/*
 * Print --help.  The shells' completions are made of it when the programs are
 * built (build-aux/completions.awk), so that nothing else lists options.
 */
void options_help(const struct options_spec *spec, FILE *out);

/* Print --version, and with -v the libraries (base/libraries.h). */
void options_version(const char *program, bool verbose, FILE *out);

#endif
