#include "base/options.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/libraries.h"

enum { NAME_FIRST = 256, HELP_COLUMN = 28, NAMES_SIZE = 400 };

static const struct option_row common[OPTION_FIRST] = {
	[OPTION_CONFIG] = { 'c', "config", "FILE", "read this configuration" },
	[OPTION_DATABASE] = { 'd', "database", "URI",
	    "sqlite:PATH, or what libpq takes" },
	[OPTION_VERBOSE] = { 'v', "verbose", NULL, "say more" },
	[OPTION_QUIET] = { 'q', "quiet", NULL, "say only what is wrong" },
	[OPTION_LOG] = { 0, "log", "stderr|syslog", "where to say it" },
	[OPTION_HELP] = { 0, "help", NULL, "show this" },
	[OPTION_VERSION] = { 0, "version", NULL,
	    "show the version; with -v its libraries too" },
};

/* --------------------------------------------------------------- options */

struct tables {
	struct option names[OPTIONS_MOST + 1];
	char letters[2 * OPTIONS_MOST + 3];
};

const struct option_row *
options_row(const struct options_spec *spec, int row)
{
	return row < OPTION_FIRST ? &common[row] : &spec->rows[row];
}

/* Is there such a row? */
static bool
has_row(const struct options_spec *spec, int row)
{
	if (row == OPTION_DATABASE)
		return !spec->no_database;
	return row < OPTION_FIRST || spec->rows[row].name != NULL;
}

/* The index behind the last row. */
static int
last_row(const struct options_spec *spec)
{
	int row = OPTION_FIRST;

	while (row < OPTIONS_MOST && has_row(spec, row))
		row++;
	return row;
}

static void
tables_make(const struct options_spec *spec, struct tables *tables)
{
	struct option *name = tables->names;
	char *letter = tables->letters;

	*letter++ = ':'; /* getopt(3) tells of a missing value apart */
	for (int i = 0; i < last_row(spec); i++) {
		const struct option_row *row = options_row(spec, i);

		if (!has_row(spec, i))
			continue;
		name->name = row->name;
		name->has_arg =
		    row->value != NULL ? required_argument : no_argument;
		name->val = NAME_FIRST + i;
		name++;
		if (row->letter == '\0')
			continue;
		*letter++ = row->letter;
		if (row->value != NULL)
			*letter++ = ':';
	}
}

static int
row_of(const struct options_spec *spec, int got)
{
	if (got >= NAME_FIRST)
		return got - NAME_FIRST;
	for (int i = 0; i < last_row(spec); i++)
		if (options_row(spec, i)->letter == got)
			return i;
	return -1;
}

static bool
refuse(const struct options_spec *spec, int got, char *argv[],
    struct fault *fault)
{
	const char *word = optind > 0 ? argv[optind - 1] : "";
	const char *what =
	    got == ':' ? "needs a value" : "is not an option here";

	if (optopt > 0 && optopt < NAME_FIRST)
		return fault_set(fault, FAULT_USAGE,
		    "option \"-%c\" %s: see %s --help", optopt, what,
		    spec->program);
	return fault_set(fault, FAULT_USAGE, "option \"%s\" %s: see %s --help",
	    word, what, spec->program);
}

/* Take up a common option. */
static bool
set_common(int row, const char *value, struct options *options,
    struct fault *fault)
{
	if (row == OPTION_VERBOSE)
		options->verbosity = 1;
	else if (row == OPTION_QUIET)
		options->verbosity = -1;
	else if (row == OPTION_LOG && strcmp(value, "stderr") != 0 &&
	    strcmp(value, "syslog") != 0)
		return fault_set(fault, FAULT_USAGE,
		    "--log=%s: write stderr or syslog", value);
	return true;
}

bool
options_read(const struct options_spec *spec, int argc, char *argv[],
    bool (*set)(int row, const char *value, void *data, struct fault *fault),
    void *data, struct options *options, struct fault *fault)
{
	struct tables tables = { .letters = "" };
	bool good = true;
	int got;

	*options = (struct options){ .verbosity = 0 };
	tables_make(spec, &tables);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	while ((got = getopt_long(argc, argv, tables.letters, tables.names,
		    NULL)) != -1) {
		int row = row_of(spec, got);

		if (!good)
			continue;
		if (got == '?' || got == ':')
			good = refuse(spec, got, argv, fault);
		else if (row < OPTION_FIRST)
			good = set_common(row, optarg, options, fault);
		else
			good = set == NULL || set(row, optarg, data, fault);
		if (good) {
			options->given[row] = true;
			options->values[row] = optarg;
		}
	}
	options->operands = argv + optind;
	options->noperands = argc - optind;
	return good;
}

void
options_open_log(const struct options_spec *spec, const struct options *options,
    enum log_target otherwise)
{
	const char *value = options->values[OPTION_LOG];
	enum log_level most = LOG_LEVEL_INFO;

	if (value != NULL)
		otherwise = strcmp(value, "syslog") == 0 ? LOG_TO_SYSLOG :
							   LOG_TO_STDERR;
	if (options->verbosity != 0)
		most =
		    options->verbosity > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR;
	log_open(spec->program, otherwise, most);
}

/* -------------------------------------------------------------- commands */

static const struct option_command *
command_at(const struct options_spec *spec, size_t index)
{
	return (const void *)((const char *)spec->commands +
	    index * spec->command_size);
}

/* How many words a command's name has, if it is these; or else 0. */
static int
match_command(const char *name, const char *first, const char *second)
{
	size_t len = strcspn(name, " ");

	if (first == NULL || strlen(first) != len ||
	    memcmp(first, name, len) != 0)
		return 0;
	if (name[len] == '\0')
		return 1;
	return second != NULL && strcmp(second, name + len + 1) == 0 ? 2 : 0;
}

/* The command that the operands begin with, and so many words of them. */
static const struct option_command *
find_command(const struct options_spec *spec, const struct options *options,
    size_t *row, int *words)
{
	const struct option_command *command = spec->commands;
	const char *first = spec->otherwise;
	const char *second = NULL;

	if (options->noperands > 0) {
		first = options->operands[0];
		second = options->operands[1];
	}
	for (*row = 0; command->name != NULL;
	     command = command_at(spec, ++*row)) {
		*words = match_command(command->name, first, second);
		if (*words > 0)
			return command;
	}
	return NULL;
}

/* How many operands a command takes, by how people write them. */
static void
count_operands(const char *shown, int *least, int *most)
{
	*least = 0;
	*most = 0;
	while (shown != NULL && *shown != '\0') {
		size_t len = strcspn(shown, " ");

		if (len > 3 && memcmp(shown + len - 3, "...", 3) == 0)
			*most = INT_MAX;
		else if (*shown != '-')
			++*most;
		if (*shown != '[' && *shown != '-' && *most < INT_MAX)
			++*least;
		shown += len + strspn(shown + len, " ");
	}
}

/* The names of all commands, as a sentence has them. */
static void
list_commands(const struct options_spec *spec, char names[NAMES_SIZE])
{
	size_t len = 0;

	names[0] = '\0';
	for (size_t i = 0; command_at(spec, i)->name != NULL; i++) {
		const char *between = i == 0              ? "" :
		    command_at(spec, i + 1)->name != NULL ? ", " :
							    " or ";

		len += (size_t)snprintf(names + len, NAMES_SIZE - len, "%s%s",
		    between, command_at(spec, i)->name);
		if (len >= NAMES_SIZE)
			return;
	}
}

static bool
refuse_command(const struct options_spec *spec, const struct options *options,
    struct fault *fault)
{
	char names[NAMES_SIZE];

	list_commands(spec, names);
	if (options->noperands == 0)
		return fault_set(fault, FAULT_USAGE, "no command: write %s",
		    names);
	return fault_set(fault, FAULT_USAGE, "\"%s\" is no command: write %s",
	    options->operands[0], names);
}

bool
options_command(const struct options_spec *spec, struct options *options,
    size_t *row, struct fault *fault)
{
	const struct option_command *named;
	size_t found;
	int words;
	int least;
	int most;

	named = find_command(spec, options, &found, &words);
	if (named == NULL)
		return refuse_command(spec, options, fault);
	if (options->noperands > 0) {
		options->operands += words;
		options->noperands -= words;
	}
	count_operands(named->operands, &least, &most);
	if (options->noperands > most && named->operands == NULL)
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is one word too many behind %s",
		    options->operands[0], named->name);
	if (options->noperands < least || options->noperands > most)
		return fault_set(fault, FAULT_USAGE, "write %s %s", named->name,
		    named->operands);
	*row = found;
	return true;
}

/* ------------------------------------------------------------------ help */

static void
help_line(const char *left, const char *help, FILE *out)
{
	if (strlen(left) < HELP_COLUMN - 1)
		(void)fprintf(out, "%-*s%s\n", HELP_COLUMN, left, help);
	else
		(void)fprintf(out, "%s\n%-*s%s\n", left, HELP_COLUMN, "", help);
}

static void
help_row(const struct option_row *row, FILE *out)
{
	char left[80];

	(void)snprintf(left, sizeof(left), "  %c%c%s--%s%s%s",
	    row->letter != '\0' ? '-' : ' ',
	    row->letter != '\0' ? row->letter : ' ',
	    row->letter != '\0' ? ", " : "  ", row->name,
	    row->value != NULL ? "=" : "",
	    row->value != NULL ? row->value : "");
	help_line(left, row->help, out);
}

static void
help_commands(const struct options_spec *spec, FILE *out)
{
	const struct option_command *command = spec->commands;
	char left[80];

	(void)fputs("\nCommands:\n", out);
	for (size_t i = 0; command->name != NULL;
	     command = command_at(spec, ++i)) {
		(void)snprintf(left, sizeof(left), "  %s", command->name);
		help_line(left, command->help, out);
	}
}

/*
 * The shells' completions are made of it when the programs are built
 * (build-aux/completions.awk), so that nothing else lists options.
 */
static void
help(const struct options_spec *spec, FILE *out)
{
	const struct option_group *group = spec->groups;
	int last = last_row(spec);

	(void)fprintf(out, "usage: %s %s\n%s\n", spec->program, spec->synopsis,
	    spec->summary);
	if (spec->commands != NULL)
		help_commands(spec, out);
	for (int i = OPTION_FIRST; i < last; i++) {
		if (group != NULL && group->title != NULL && group->first == i)
			(void)fprintf(out, "\n%s:\n", group++->title);
		help_row(&spec->rows[i], out);
	}
	(void)fputs("\nAs with every program:\n", out);
	for (int i = 0; i < OPTION_FIRST; i++)
		if (has_row(spec, i))
			help_row(&common[i], out);
	(void)fprintf(out, "\nMore: man %s\n", spec->program);
}

bool
options_answer(const struct options_spec *spec, const struct options *options,
    FILE *out)
{
	if (options->given[OPTION_HELP]) {
		help(spec, out);
		return true;
	}
	if (!options->given[OPTION_VERSION])
		return false;
	(void)fprintf(out, "%s (tlsrpt-tools) %s\n", spec->program,
	    PACKAGE_VERSION);
	if (options->verbosity > 0)
		libraries_print(out);
	return true;
}
