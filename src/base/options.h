/*
 * A program's command line as tables, which drive the parser, --help, the
 * shells' completions, and the test that compares them with the man page.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/log.h"

enum { OPTIONS_MOST = 64 };

/* The options that every program takes; a program's own come behind them. */
enum option_common {
	OPTION_CONFIG,
	OPTION_DATABASE,
	OPTION_VERBOSE,
	OPTION_QUIET,
	OPTION_LOG,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_FIRST /* of a program's own */
};

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

/*
 * What a command is called, and what stands behind it.
 *
 *	name		a word, or two: "make tlsrpt"
 *	operands	as people write them, a word each: "[NAME]" may be left
 *			out, "DOMAIN..." may be none or many, and what begins
 *			with a dash is shown only; NULL: none
 */
struct option_command {
	const char *name;
	const char *operands;
	const char *help;
};

struct options_spec {
	const char *program;
	const char *synopsis; /* operands, as in "[OPTION...] [PATH...]" */
	const char *summary;  /* a sentence */
	/* From OPTION_FIRST on; ends with a row without a name. */
	const struct option_row *rows;
	/* May be NULL; ends with an entry of NULL. */
	const struct option_group *groups;
	/* NULL, or the first member of each row of a program's own table. */
	const struct option_command *commands;
	size_t command_size;   /* of such a row; the last has no name */
	const char *otherwise; /* the command where none is named, or NULL */
	bool no_database;      /* it takes no --database */
};

/* What a command line says. */
struct options {
	const char *values[OPTIONS_MOST]; /* of those that take one: the last */
	bool given[OPTIONS_MOST];
	int verbosity;         /* -v: 1, -q: -1, whichever comes last */
	char *const *operands; /* ends with NULL */
	int noperands;
};

/*
 * Walk over the options of a command line, GNU fashion, and note what they
 * say.  set(), which may be NULL, is called for each of the program's own,
 * with its row's index and its value.  A fault does not end the walk, so that the operands are
 * known in any case; the first fault is the one that is told.
 */
bool options_read(const struct options_spec *spec, int argc, char *argv[],
    bool (*set)(int row, const char *value, void *data, struct fault *fault),
    void *data, struct options *options, struct fault *fault);

/* The row of an option, a common one or the program's own. */
const struct option_row *options_row(const struct options_spec *spec, int row);

/* Say things where --log wants it, or otherwise; as much as -v and -q want. */
void options_open_log(const struct options_spec *spec,
    const struct options *options, enum log_target otherwise);

/* Print what --help or --version want to know; false where neither is given. */
bool options_answer(const struct options_spec *spec,
    const struct options *options, FILE *out);

/*
 * The row, from 0, of the command that the operands begin with.  Its words are
 * taken away from the operands, and what is left is as many as it takes.
 */
bool options_command(const struct options_spec *spec, struct options *options,
    size_t *row, struct fault *fault);

#endif
