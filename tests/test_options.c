/* Command lines: what they say, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

enum { ROW_WORD = OPTION_FIRST, ROW_SWITCH, NROWS };

static const struct option_row options_rows[NROWS + 1] = {
	[ROW_WORD] = { 'w', "word", "WORD", "a word" },
	[ROW_SWITCH] = { 0, "switch", NULL, "a switch" },
};

/* A program's own row of a command has more members. */
static const struct command {
	struct option_command named;
	int number;
} commands[] = {
	{ { "none", NULL, "takes nothing" }, 1 },
	{ { "one", "NAME", "takes one" }, 2 },
	{ { "maybe", "NAME [OTHER]", "takes one or two" }, 3 },
	{ { "many", "NAME...", "takes as many as there are" }, 4 },
	{ { "make it", "NAME --word=WORD", "has two words" }, 5 },
	{ { "make that", NULL, "has two words, too" }, 6 },
	{ { NULL, NULL, NULL }, 0 },
};

enum { WORDS_MOST = 8 };

#define KNOWN "none, one, maybe, many, make it or make that"

static const struct row {
	const char *name;
	const char *words[WORDS_MOST];
	const char *fault; /* or NULL: it is good, and this: */
	const char *word;
	int command;
	int noperands;
	int verbosity;
	bool no_database;
	bool otherwise; /* "none", where no command is named */
} rows[] = {
	{ "a command alone", { "none" }, .command = 1 },
	{ "options before and behind",
	    { "-w", "x", "one", "a", "--switch", "--word=y" }, .command = 2,
	    .noperands = 1, .word = "y" },
	{ "a dash is an operand", { "one", "-" }, .command = 2,
	    .noperands = 1 },
	{ "behind two dashes all is", { "one", "--", "-x" }, .command = 2,
	    .noperands = 1 },
	{ "one that may be left out", { "maybe", "a" }, .command = 3,
	    .noperands = 1 },
	{ "or not", { "maybe", "a", "b" }, .command = 3, .noperands = 2 },
	{ "none of many", { "many" }, .command = 4 },
	{ "many", { "many", "a", "b", "c" }, .command = 4, .noperands = 3 },
	{ "two words", { "make", "it", "a" }, .command = 5, .noperands = 1 },
	{ "two words, others", { "make", "that" }, .command = 6 },
	{ "the one for none", { NULL }, .command = 1, .otherwise = true },
	{ "the last of -v and -q counts", { "-q", "-v", "-v", "none" },
	    .command = 1, .verbosity = 1 },
	{ "and so it does", { "-v", "-q", "none" }, .command = 1,
	    .verbosity = -1 },
	{ "no command", { NULL }, .fault = "no command: write " KNOWN },
	{ "no such command", { "on" },
	    .fault = "\"on\" is no command: write " KNOWN },
	{ "one word of two", { "make" },
	    .fault = "\"make\" is no command: write " KNOWN },
	{ "the wrong one", { "make", "no" },
	    .fault = "\"make\" is no command: write " KNOWN },
	{ "too many", { "none", "a" },
	    .fault = "\"a\" is one word too many behind none" },
	{ "too few", { "maybe" }, .fault = "write maybe NAME [OTHER]" },
	{ "too many of some", { "one", "a", "b" }, .fault = "write one NAME" },
	{ "what is shown only does not count", { "make", "it", "a", "b" },
	    .fault = "write make it NAME --word=WORD" },
	{ "no such option", { "--swatch", "none" },
	    .fault =
		"option \"--swatch\" is not an option here: see test --help" },
	{ "no such letter", { "-x", "none" },
	    .fault = "option \"-x\" is not an option here: see test --help" },
	{ "no value", { "none", "-w" },
	    .fault = "option \"-w\" needs a value: see test --help" },
	{ "a value too many", { "--switch=on", "none" },
	    .fault =
		"option \"--switch=on\" is not an option here: see test --help" },
	{ "no such log", { "--log=paper", "none" },
	    .fault = "--log=paper: write stderr or syslog" },
	{ "a database where there is none", { "-d", "x", "none" },
	    .fault = "option \"-d\" is not an option here: see test --help",
	    .no_database = true },
	{ "what set() refuses", { "-w", "bad", "none" }, .fault = "bad word" },
};

static bool
set(int row, const char *value, void *data, struct fault *fault)
{
	int *calls = data;

	++*calls;
	if (row == ROW_WORD && strcmp(value, "bad") == 0)
		return fault_set(fault, FAULT_USAGE, "bad word");
	return true;
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct options_spec spec = { .program = "test",
		.rows = options_rows,
		.commands = &commands[0].named,
		.command_size = sizeof(commands[0]),
		.otherwise = row->otherwise ? "none" : NULL,
		.no_database = row->no_database };
	struct options options;
	struct fault fault = { .kind = FAULT_NONE };
	size_t command = 0;
	char program[] = "test";
	char *argv[WORDS_MOST + 2] = { program };
	int argc = 1;
	int calls = 0;
	bool done;

	while (argc <= WORDS_MOST && row->words[argc - 1] != NULL) {
		argv[argc] = (char *)(uintptr_t)row->words[argc - 1];
		argc++;
	}
	done = options_read(&spec, argc, argv, set, &calls, &options, &fault) &&
	    options_command(&spec, &options, &command, &fault);
	assert_string_equal(fault.text, row->fault != NULL ? row->fault : "");
	assert_int_equal(done, row->fault == NULL);
	if (!done)
		return;
	assert_int_equal(commands[command].number, row->command);
	assert_int_equal(options.noperands, row->noperands);
	assert_null(options.operands[options.noperands]);
	assert_int_equal(options.verbosity, row->verbosity);
	if (row->word != NULL)
		assert_string_equal(options.values[ROW_WORD], row->word);
	assert_int_equal(options.given[ROW_WORD], row->word != NULL);
}

int
main(void)
{
	enum { N = sizeof(rows) / sizeof(rows[0]) };
	struct CMUnitTest tests[N];

	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
