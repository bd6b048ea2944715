#include "base/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/libraries.h"

enum { OPTIONS_MOST = 64, NAME_FIRST = 256, HELP_COLUMN = 28 };

struct tables {
	struct option names[OPTIONS_MOST + 1];
	char letters[2 * OPTIONS_MOST + 3];
};

static void
tables_make(const struct option_row *rows, struct tables *tables)
{
	char *letter;

	memset(tables, 0, sizeof(*tables));
	letter = tables->letters;
	*letter++ = ':'; /* getopt(3) tells of a missing value apart */
	for (int i = 0; i < OPTIONS_MOST && rows[i].name != NULL; i++) {
		tables->names[i] = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].value != NULL ? required_argument :
							   no_argument,
			.val = NAME_FIRST + i };
		if (rows[i].letter == '\0')
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].value != NULL)
			*letter++ = ':';
	}
}

static int
row_of(const struct option_row *rows, int got)
{
	if (got >= NAME_FIRST)
		return got - NAME_FIRST;
	for (int i = 0; rows[i].name != NULL; i++)
		if (rows[i].letter == got)
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

bool
options_read(const struct options_spec *spec, int argc, char *argv[],
    bool (*set)(int row, const char *value, void *data, struct fault *fault),
    void *data, int *operands, struct fault *fault)
{
	struct tables tables = { 0 };
	bool good = true;
	int got;

	tables_make(spec->rows, &tables);
	optind = 0; /* glibc: start anew, also for a subcommand's options */
	opterr = 0;
	while ((got = getopt_long(argc, argv, tables.letters, tables.names,
		    NULL)) != -1) {
		if (!good)
			continue;
		if (got == '?' || got == ':')
			good = refuse(spec, got, argv, fault);
		else
			good =
			    set(row_of(spec->rows, got), optarg, data, fault);
	}
	*operands = optind;
	return good;
}

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
	size_t size =
	    spec->command_size > 0 ? spec->command_size : sizeof(*command);
	char left[80];

	(void)fputs("\nCommands:\n", out);
	while (command->name != NULL) {
		(void)snprintf(left, sizeof(left), "  %s", command->name);
		help_line(left, command->help, out);
		command = (const void *)((const char *)command + size);
	}
}

void
options_help(const struct options_spec *spec, FILE *out)
{
	const struct option_group *group = spec->groups;

	(void)fprintf(out, "usage: %s %s\n%s\n", spec->program, spec->synopsis,
	    spec->summary);
	if (spec->commands != NULL)
		help_commands(spec, out);
	if (group == NULL || group->first != 0)
		(void)fputs("\n", out);
	for (int i = 0; spec->rows[i].name != NULL; i++) {
		if (group != NULL && group->title != NULL && group->first == i)
			(void)fprintf(out, "\n%s:\n", group++->title);
		help_row(&spec->rows[i], out);
	}
	(void)fprintf(out, "\nMore: man %s\n", spec->program);
}

void
options_version(const char *program, bool verbose, FILE *out)
{
	(void)fprintf(out, "%s (tlsrpt-tools) %s\n", program, PACKAGE_VERSION);
	if (verbose)
		libraries_print(out);
}
