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

enum setting { SETTING_CHECK = OPTION_FIRST, NSETTINGS };

static const struct option_row rows[NSETTINGS + 1] = {
	[SETTING_CHECK] = { 0, "check", NULL,
	    "read the configuration, say what is wrong with it, and end" },
};

static const struct option_group groups[] = {
	{ SETTING_CHECK, "Before it is started" },
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

static void
open_log(const struct options *options, bool syslog)
{
	const char *value = options->values[OPTION_LOG];

	options_open_log(&spec, options,
	    syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	if (value != NULL)
		syslog = strcmp(value, "syslog") == 0;
	if (!syslog && journal_is_stderr())
		log_to_journal(journal_open(JOURNAL_SOCKET));
}

static bool
run(const struct options *options, struct arena *arena, struct config **config,
    struct fault *fault)
{
	struct settings settings = { .database = NULL };

	if (!config_read(options->values[OPTION_CONFIG], config, fault) ||
	    !settings_read(*config, options->values[OPTION_DATABASE], arena,
		&settings, fault))
		return false;
	open_log(options, settings.syslog);
	return options->given[SETTING_CHECK] || daemon_run(&settings, fault);
}

static bool
run_options(int argc, char *argv[], struct options *options,
    struct arena *arena, struct config **config, struct fault *fault)
{
	if (!options_read(&spec, argc, argv, NULL, NULL, options, fault))
		return false;
	if (options_answer(&spec, options, stdout))
		return true;
	if (options->noperands > 0)
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is not expected here: see %s --help",
		    options->operands[0], program);
	return run(options, arena, config, fault);
}

int
main(int argc, char *argv[])
{
	struct options options = { .verbosity = 0 };
	struct arena *arena = arena_new();
	struct config *config = NULL;
	struct fault fault = { .kind = FAULT_NONE };

	fault_catch_traps();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	log_open(program, LOG_TO_STDERR, LOG_LEVEL_INFO);
	if (!run_options(argc, argv, &options, arena, &config, &fault))
		log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	config_free(config);
	arena_free(arena);
	return fault_exit_status(fault.kind);
}
