/* The daemon: LMTP from the mail system, HTTPS from senders, live Maildirs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/fault.h"
#include "base/journal.h"
#include "base/log.h"
#include "base/options.h"
#include "daemon/daemon.h"
#include "daemon/settings.h"

static const char program[] = "tlsrptd";

enum option {
	OPTION_CHECK,
	OPTION_CONFIG,
	OPTION_DATABASE,
	OPTION_VERBOSE,
	OPTION_QUIET,
	OPTION_LOG,
	OPTION_HELP,
	OPTION_VERSION,
	NOPTIONS
};

static const struct option_row rows[NOPTIONS + 1] = {
	[OPTION_CHECK] = { 0, "check", NULL,
	    "read the configuration, say what is wrong with it, and end" },
	[OPTION_CONFIG] = { 'c', "config", "FILE", "read this configuration" },
	[OPTION_DATABASE] = { 'd', "database", "URI",
	    "sqlite:PATH, or what libpq takes" },
	[OPTION_VERBOSE] = { 'v', "verbose", NULL, "say more" },
	[OPTION_QUIET] = { 'q', "quiet", NULL, "say only what is wrong" },
	[OPTION_LOG] = { 0, "log", "stderr|syslog", "where to say it" },
	[OPTION_HELP] = { 0, "help", NULL, "show this" },
	[OPTION_VERSION] = { 0, "version", NULL, "show the version" },
};

static const struct option_group groups[] = {
	{ OPTION_CHECK, "Before it is started" },
	{ OPTION_CONFIG, "As with every program" },
	{ 0, NULL },
};

static const struct options_spec spec = {
	.program = program,
	.synopsis = "[OPTION...]",
	.summary = "Take TLS reports (RFC 8460) by LMTP, by HTTPS and out of "
		   "live Maildirs,\nand store them.",
	.rows = rows,
	.groups = groups,
};

struct command_line {
	const char *values[NOPTIONS];
	bool given[NOPTIONS];
	int verbose;
};

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	struct command_line *line = data;

	line->given[row] = true;
	line->values[row] = value;
	if (row == OPTION_VERBOSE)
		line->verbose++;
	else if (row == OPTION_QUIET)
		line->verbose = -1;
	else if (row == OPTION_LOG && strcmp(value, "stderr") != 0 &&
	    strcmp(value, "syslog") != 0)
		return fault_set(fault, FAULT_USAGE,
		    "--log=%s: write stderr or syslog", value);
	return true;
}

static void
open_log(const struct command_line *line, bool syslog)
{
	const char *value = line->values[OPTION_LOG];

	if (value != NULL)
		syslog = strcmp(value, "syslog") == 0;
	log_open(program, syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR,
	    line->verbose < 0     ? LOG_LEVEL_ERROR :
		line->verbose > 0 ? LOG_LEVEL_DEBUG :
				    LOG_LEVEL_INFO);
	if (!syslog && journal_is_stderr())
		log_to_journal(journal_open(JOURNAL_SOCKET));
}

static bool
run(const struct command_line *line, struct arena *arena,
    struct config **config, struct fault *fault)
{
	struct settings settings = { .database = NULL };

	if (!config_read(line->values[OPTION_CONFIG], config, fault) ||
	    !settings_read(*config, line->values[OPTION_DATABASE], arena,
		&settings, fault))
		return false;
	open_log(line, settings.syslog);
	return line->given[OPTION_CHECK] || daemon_run(&settings, fault);
}

static bool
run_options(int argc, char *argv[], struct command_line *line,
    struct arena *arena, struct config **config, struct fault *fault)
{
	int operands = argc;

	if (!options_read(&spec, argc, argv, set_option, line, &operands,
		fault))
		return false;
	if (line->given[OPTION_HELP]) {
		options_help(&spec, stdout);
		return true;
	}
	if (line->given[OPTION_VERSION]) {
		options_version(program, line->verbose > 0, stdout);
		return true;
	}
	if (operands < argc)
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is not expected here: see %s --help",
		    argv[operands], program);
	return run(line, arena, config, fault);
}

int
main(int argc, char *argv[])
{
	struct command_line line = { .verbose = 0 };
	struct arena *arena = arena_new();
	struct config *config = NULL;
	struct fault fault = { .kind = FAULT_NONE };

	fault_catch_traps();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	log_open(program, LOG_TO_STDERR, LOG_LEVEL_INFO);
	if (!run_options(argc, argv, &line, arena, &config, &fault))
		log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	config_free(config);
	arena_free(arena);
	return fault_exit_status(fault.kind);
}
