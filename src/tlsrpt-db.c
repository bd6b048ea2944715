/* The database: made, brought up to date, looked at. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/config.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "report/report.h"
#include "store/store.h"
#include "tlsrpt-db-prune.h"
#include "tlsrpt-db-show.h"
#include "tlsrpt-db-tenant.h"
#include "tlsrpt-db-transfer.h"

static const char program[] = "tlsrpt-db";

enum setting {
	SETTING_WRITER,
	SETTING_READER,
	SETTING_KEEP,
	SETTING_KEEP_SUMS,
	SETTING_DRY_RUN,
	SETTING_DOMAIN,
	SETTING_FORMAT,
	SETTING_CONFIG,
	SETTING_DATABASE,
	SETTING_VERBOSE,
	SETTING_QUIET,
	SETTING_LOG,
	SETTING_HELP,
	SETTING_VERSION,
	NSETTINGS
};

static const struct option_row rows[NSETTINGS + 1] = {
	[SETTING_WRITER] = { 0, "writer", "ROLE",
	    "init, upgrade: this role may store reports" },
	[SETTING_READER] = { 0, "reader", "ROLE",
	    "init, upgrade: this role may read the views" },
	[SETTING_KEEP] = { 0, "keep", "TIME",
	    "prune: what is not older, as in 400d, 8w, 13m or 5y" },
	[SETTING_KEEP_SUMS] = { 0, "keep-sums", "TIME|forever",
	    "prune: how long to keep sums by day (as --keep)" },
	[SETTING_DRY_RUN] = { 'n', "dry-run", NULL,
	    "prune: say what would go, and drop nothing" },
	[SETTING_DOMAIN] = { 0, "domain", "NAME",
	    "tenant: a policy domain that the role sees" },
	[SETTING_FORMAT] = { 0, "format", "text|json",
	    "status, prune: for people, or one object" },
	[SETTING_CONFIG] = { 'c', "config", "FILE", "read this configuration" },
	[SETTING_DATABASE] = { 'd', "database", "URI",
	    "sqlite:PATH, or what libpq takes" },
	[SETTING_VERBOSE] = { 'v', "verbose", NULL, "say more" },
	[SETTING_QUIET] = { 'q', "quiet", NULL, "say only what is wrong" },
	[SETTING_LOG] = { 0, "log", "stderr|syslog", "where to say it" },
	[SETTING_HELP] = { 0, "help", NULL, "show this" },
	[SETTING_VERSION] = { 0, "version", NULL, "show the version" },
};

static const struct option_group groups[] = {
	{ SETTING_WRITER, "Options" },
	{ SETTING_CONFIG, "As with every program" },
	{ 0, NULL },
};

enum { DOMAINS_MOST = 1000 };

struct settings {
	const char *values[NSETTINGS]; /* of the options that take one */
	bool given[NSETTINGS];
	const char *names[DOMAINS_MOST]; /* what domains lists */
	struct text_list domains;
	struct arena *arena;
	bool syslog;
	bool json;
};

/* What a command works on. */
struct task {
	const struct settings *settings;
	struct store *store;
	struct arena *arena;
	struct fault *fault;
	struct config *config;
	const char *uri;
	char *const *operands; /* behind the command */
};

static bool init(struct task *task);
static bool upgrade(struct task *task);
static bool status(struct task *task);
static bool prune_old(struct task *task);
static bool tenant(struct task *task);
static bool copy(struct task *task);
static bool import(struct task *task);

/* What a command takes, and what it needs. */
enum {
	GRANTS = 1,   /* --writer and --reader */
	SHOWS = 2,    /* --format */
	ALONE = 4,    /* it opens its databases itself */
	PRUNES = 8,   /* --keep and its like */
	DOMAINS = 16, /* --domain */
	LESS = 32     /* its last operand may be left out */
};

static const struct command {
	struct option_command named;
	bool (*run)(struct task *task);
	unsigned takes;
	const char *const *operands; /* their names; NULL: none */
} commands[] = {
	{ { "init", "create tables, views and functions; grant rights" }, init,
	    GRANTS, NULL },
	{ { "upgrade", "bring an older schema up to date" }, upgrade, GRANTS,
	    NULL },
	{ { "status", "say how it is: version, rows, size, problems" }, status,
	    SHOWS, NULL },
	{ { "prune", "drop what is older than --keep" }, prune_old,
	    ALONE | SHOWS | PRUNES, NULL },
	{ { "tenant", "add|remove NAME, list: who sees some domains only" },
	    tenant, DOMAINS | LESS,
	    (const char *const[]){ "add, remove or list", "NAME", NULL } },
	{ { "copy", "FROM TO: all of one database into another" }, copy, ALONE,
	    (const char *const[]){ "FROM", "TO", NULL } },
	{ { "import", "FROM: what parsedmarc stored, or its JSON" }, import,
	    ALONE, (const char *const[]){ "FROM", NULL } },
	{ { NULL, NULL }, NULL, 0, NULL },
};

static const struct options_spec spec = {
	.program = program,
	.synopsis = "[OPTION...] COMMAND [OPERAND...]",
	.summary = "Make the database of TLS reports, bring it up to date, say "
		   "how it is, and fill it\nfrom another.",
	.rows = rows,
	.groups = groups,
	.commands = &commands[0].named,
	.command_size = sizeof(commands[0]),
};

enum { TIMEOUT = 60 /* seconds to connect */ };

/* One of two words; *second tells which. */
static bool
choose(const char *name, const char *value, const char *const words[2],
    bool *second, struct fault *fault)
{
	*second = strcmp(value, words[1]) == 0;
	if (*second || strcmp(value, words[0]) == 0)
		return true;
	return fault_set(fault, FAULT_USAGE, "--%s=%s: write %s or %s", name,
	    value, words[0], words[1]);
}

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	static const char *const formats[2] = { "text", "json" };
	static const char *const logs[2] = { "stderr", "syslog" };
	struct settings *settings = data;

	settings->given[row] = true;
	settings->values[row] = value;
	if (row == SETTING_DOMAIN && settings->domains.len == DOMAINS_MOST)
		return fault_set(fault, FAULT_USAGE,
		    "--domain is given more than %d times", DOMAINS_MOST);
	if (row == SETTING_DOMAIN)
		settings->names[settings->domains.len++] =
		    text_domain(value, settings->arena);
	if (row == SETTING_FORMAT)
		return choose("format", value, formats, &settings->json, fault);
	if (row == SETTING_LOG)
		return choose("log", value, logs, &settings->syslog, fault);
	return true;
}

/* init and upgrade do the same; init says what was there before. */
static bool
bring_up(struct task *task, int *before, int *after)
{
	const char *const *values = task->settings->values;
	struct store_roles roles = { .writer = values[SETTING_WRITER],
		.reader = values[SETTING_READER] };

	return store_upgrade(task->store, &roles, before, after, task->fault);
}

static void
tell(const struct task *task, const char *what, int version)
{
	if (!task->settings->given[SETTING_QUIET])
		(void)printf("schema tlsrpt %s version %d\n", what, version);
}

static bool
init(struct task *task)
{
	int before;
	int after;

	if (!bring_up(task, &before, &after))
		return false;
	if (before == 0)
		tell(task, "made, at", after);
	else if (before == after)
		tell(task, "was there already, at", after);
	else
		tell(task, "was there already, and is upgraded to", after);
	return true;
}

static bool
upgrade(struct task *task)
{
	int before;
	int after;

	if (!bring_up(task, &before, &after))
		return false;
	tell(task, before == after ? "is at" : "is upgraded to", after);
	return true;
}

/* What is to be put right, a sentence each; told by people and in JSON. */
struct problem {
	int64_t count;
	const char *code;
	const char *text;
};

enum { NPROBLEMS = 6 };

static void
find_problems(const struct store_status *found,
    struct problem problems[NPROBLEMS])
{
	/* cppcheck-suppress incorrectLogicOperator ; none is older than 1 yet */
	/* NOLINTNEXTLINE(misc-redundant-expression) */
	bool old = found->version > 0 && found->version < STORE_SCHEMA_VERSION;
	bool new = found->version > STORE_SCHEMA_VERSION;

	problems[0] = (struct problem){ old, "old-schema",
		"schema is older than this program: run tlsrpt-db upgrade" };
	problems[1] = (struct problem){ new, "new-schema",
		"schema is newer than this program: install a newer "
		"tlsrpt-tools" };
	problems[2] = (struct problem){ found->orphans, "orphans",
		"policies or failures whose report is missing" };
	problems[3] = (struct problem){ found->implausible, "implausible-dates",
		"reports dated before 2016 or in the future" };
	problems[4] = (struct problem){ found->misplaced, "missing-partitions",
		"reports in the default partition whose month has none yet" };
	problems[5] = (struct problem){ found->unequal, "unequal-sums",
		"sums by day that are not those of the reports" };
}

static void
show_rows(const struct store_status *found, struct arena *arena)
{
	show_number("reports", found->reports);
	show_number("policies", found->policies);
	show_number("failures", found->failures);
	show_number("superseded", found->superseded);
	show_number("intakes", found->intakes);
	show_number("  rejected", found->rejected);
	show_text("size", show_size(found->bytes, arena));
	show_text("first day",
	    found->first_day != NULL ? found->first_day : "-");
	show_text("last day", found->last_day != NULL ? found->last_day : "-");
}

static void
show_status(const struct store_status *found, struct arena *arena)
{
	struct problem problems[NPROBLEMS];
	const char *label = "problems";

	show_text("server", found->server);
	if (found->version == 0) {
		show_text("schema", "none: run tlsrpt-db init");
		return;
	}
	show_number("schema", found->version);
	if (found->version == STORE_SCHEMA_VERSION)
		show_rows(found, arena);
	find_problems(found, problems);
	for (int i = 0; i < NPROBLEMS; i++) {
		if (problems[i].count == 0)
			continue;
		(void)printf("%-12s %12" PRId64 "  %s\n", label,
		    problems[i].count, problems[i].text);
		label = "";
	}
	if (*label != '\0')
		show_text(label, "none");
}

static void
add_problems(struct buffer *out, const struct store_status *found)
{
	struct problem problems[NPROBLEMS];
	const char *before = "";

	find_problems(found, problems);
	buffer_text(out, ", \"problems\": [");
	for (int i = 0; i < NPROBLEMS; i++) {
		if (problems[i].count == 0)
			continue;
		buffer_printf(out,
		    "%s{\"code\": \"%s\", \"count\": %" PRId64 "}", before,
		    problems[i].code, problems[i].count);
		before = ", ";
	}
	buffer_text(out, "]");
}

static void
show_status_json(const struct store_status *found)
{
	struct buffer out = { 0 };

	buffer_text(&out, "{\"server\": ");
	buffer_json(&out, found->server);
	buffer_printf(&out,
	    ", \"version\": %d, \"reports\": %" PRId64
	    ", \"policies\": %" PRId64 ", \"failures\": %" PRId64
	    ", \"superseded\": %" PRId64 ", \"intakes\": %" PRId64
	    ", \"rejected\": %" PRId64 ", \"bytes\": %" PRId64
	    ", \"first_day\": ",
	    found->version, found->reports, found->policies, found->failures,
	    found->superseded, found->intakes, found->rejected, found->bytes);
	buffer_json(&out, found->first_day);
	buffer_text(&out, ", \"last_day\": ");
	buffer_json(&out, found->last_day);
	add_problems(&out, found);
	(void)printf("%s}\n", out.at);
	buffer_free(&out);
}

static bool
status(struct task *task)
{
	struct store_status found;

	if (!store_status(task->store, task->arena, &found, task->fault))
		return false;
	if (task->settings->json)
		show_status_json(&found);
	else
		show_status(&found, task->arena);
	return true;
}

static bool
prune_old(struct task *task)
{
	const struct settings *settings = task->settings;
	struct prune_options options = { .keep = settings->values[SETTING_KEEP],
		.keep_sums = settings->values[SETTING_KEEP_SUMS],
		.dry_run = settings->given[SETTING_DRY_RUN],
		.json = settings->json,
		.quiet = settings->given[SETTING_QUIET] };

	return prune_run(task->uri, &options, task->fault);
}

static bool
tenant(struct task *task)
{
	const struct settings *settings = task->settings;

	return tenant_run(task->store, task->operands[0], task->operands[1],
	    &settings->domains, settings->given[SETTING_QUIET], task->fault);
}

static bool
copy(struct task *task)
{
	return transfer_copy(task->config, task->operands,
	    task->settings->given[SETTING_QUIET], task->fault);
}

static bool
import(struct task *task)
{
	return transfer_import(task->uri, task->operands[0],
	    task->settings->given[SETTING_QUIET], task->fault);
}

static const struct command *
command_named(const char *name)
{
	for (const struct command *row = commands; row->run != NULL; row++)
		if (strcmp(row->named.name, name) == 0)
			return row;
	return NULL;
}

/* The names of all commands, as a sentence has them. */
static const char *
command_names(struct arena *arena)
{
	const char *names = commands[0].named.name;

	for (const struct command *row = commands + 1; row->run != NULL; row++)
		names = arena_printf(arena, "%s%s%s", names,
		    row[1].run != NULL ? ", " : " or ", row->named.name);
	return names;
}

static bool
check_operands(const struct command *command, int n, char *const operands[],
    struct fault *fault)
{
	int wanted = 0;

	while (command->operands != NULL && command->operands[wanted] != NULL)
		wanted++;
	if (n > wanted)
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is one word too many", operands[wanted]);
	if ((command->takes & LESS) != 0)
		wanted--;
	return n >= wanted ||
	    (command->operands != NULL &&
		fault_set(fault, FAULT_USAGE, "%s needs %s",
		    command->named.name, command->operands[n]));
}

/* Options that go with some commands only, and what those take. */
static const struct {
	enum setting setting;
	unsigned takes;
	const char *with;
} limited[] = {
	{ SETTING_WRITER, GRANTS, "init and upgrade" },
	{ SETTING_READER, GRANTS, "init and upgrade" },
	{ SETTING_KEEP, PRUNES, "prune" },
	{ SETTING_KEEP_SUMS, PRUNES, "prune" },
	{ SETTING_DRY_RUN, PRUNES, "prune" },
	{ SETTING_DOMAIN, DOMAINS, "tenant" },
	{ SETTING_FORMAT, SHOWS, "status and prune" },
};

static bool
check_options(const struct settings *settings, const struct command *command,
    struct fault *fault)
{
	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++)
		if (settings->given[limited[i].setting] &&
		    (command->takes & limited[i].takes) == 0)
			return fault_set(fault, FAULT_USAGE,
			    "--%s goes with %s", rows[limited[i].setting].name,
			    limited[i].with);
	return true;
}

/* The one command that the operands name, if the options go with it. */
static bool
choose_command(const struct settings *settings, int n, char *const operands[],
    struct arena *arena, const struct command **command, struct fault *fault)
{
	const struct command *named;

	if (n == 0)
		return fault_set(fault, FAULT_USAGE, "no command: write %s",
		    command_names(arena));
	named = command_named(operands[0]);
	if (named == NULL)
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is no command: write %s", operands[0],
		    command_names(arena));
	if (!check_operands(named, n - 1, operands + 1, fault))
		return false;
	if (!check_options(settings, named, fault))
		return false;
	*command = named;
	return true;
}

static bool
run_in_store(const struct command *command, struct task *task)
{
	bool alone = (command->takes & ALONE) != 0;
	bool done;

	if (!alone &&
	    !store_open(task->uri, STORE_MANAGE, program, TIMEOUT, &task->store,
		task->fault))
		return false;
	done = command->run(task);
	store_close(task->store);
	if (done && fflush(stdout) != 0)
		return fault_set(task->fault, FAULT_LATER,
		    "standard output could not be written");
	return done;
}

static bool
run(const struct settings *settings, int n, char *const operands[],
    struct fault *fault)
{
	struct arena *arena = arena_new();
	struct task task = { .settings = settings,
		.arena = arena,
		.fault = fault,
		.operands = operands + 1 };
	const struct command *command = NULL;
	bool done = false;

	if (choose_command(settings, n, operands, arena, &command, fault) &&
	    command != NULL &&
	    config_read(settings->values[SETTING_CONFIG], &task.config,
		fault)) {
		done = config_database(task.config,
			   settings->values[SETTING_DATABASE], arena, &task.uri,
			   fault) &&
		    run_in_store(command, &task);
		config_free(task.config);
	}
	arena_free(arena);
	return done;
}

static enum log_level
most_level(const struct settings *settings)
{
	if (settings->given[SETTING_VERBOSE])
		return LOG_LEVEL_DEBUG;
	return settings->given[SETTING_QUIET] ? LOG_LEVEL_ERROR :
						LOG_LEVEL_INFO;
}

int
main(int argc, char *argv[])
{
	struct settings settings = { .arena = arena_new() };
	struct fault fault = { .kind = FAULT_NONE };
	int operands = argc;
	bool done;

	settings.domains.at = settings.names;
	done = options_read(&spec, argc, argv, set_option, &settings, &operands,
	    &fault);
	log_open(program, settings.syslog ? LOG_TO_SYSLOG : LOG_TO_STDERR,
	    most_level(&settings));
	if (done && settings.given[SETTING_HELP])
		options_help(&spec, stdout);
	else if (done && settings.given[SETTING_VERSION])
		options_version(program, settings.given[SETTING_VERBOSE],
		    stdout);
	else if (done)
		done = run(&settings, argc - operands, argv + operands, &fault);
	if (!done)
		log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	arena_free(settings.arena);
	return fault_exit_status(done ? FAULT_NONE : fault.kind);
}
