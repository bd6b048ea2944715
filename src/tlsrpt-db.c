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
#include "tlsrpt-db-reparse.h"
#include "tlsrpt-db-show.h"
#include "tlsrpt-db-tenant.h"
#include "tlsrpt-db-transfer.h"

static const char program[] = "tlsrpt-db";

enum setting {
	SETTING_WRITER = OPTION_FIRST,
	SETTING_READER,
	SETTING_KEEP,
	SETTING_KEEP_SUMS,
	SETTING_DRY_RUN,
	SETTING_DOMAIN,
	SETTING_FORMAT,
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
	    "prune, reparse: say what would change, and change nothing" },
	[SETTING_DOMAIN] = { 0, "domain", "NAME",
	    "tenant: a policy domain that the role sees" },
	[SETTING_FORMAT] = { 0, "format", "text|json",
	    "status, prune, reparse: for people, or one object" },
};

static const struct option_group groups[] = {
	{ SETTING_WRITER, "Options" },
	{ 0, NULL },
};

enum { DOMAINS_MOST = 1000 };

struct settings {
	struct options options;
	const char *names[DOMAINS_MOST]; /* what domains lists */
	struct text_list domains;
	struct arena *arena;
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
};

static bool init(struct task *task);
static bool upgrade(struct task *task);
static bool status(struct task *task);
static bool prune_old(struct task *task);
static bool reparse_all(struct task *task);
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
	DRY = 32      /* --dry-run */
};

static const struct command {
	struct option_command named;
	bool (*run)(struct task *task);
	unsigned takes;
} commands[] = {
	{ { "init", NULL, "create tables, views and functions; grant rights" },
	    init, GRANTS },
	{ { "upgrade", NULL, "bring an older schema up to date" }, upgrade,
	    GRANTS },
	{ { "status", NULL, "say how it is: version, rows, size, problems" },
	    status, SHOWS },
	{ { "prune", NULL, "drop what is older than --keep" }, prune_old,
	    ALONE | SHOWS | PRUNES | DRY },
	{ { "reparse", NULL, "build rows anew from kept documents" },
	    reparse_all, ALONE | SHOWS | DRY },
	{ { "tenant", "add|remove|list [NAME]",
	      "add|remove NAME, list: who sees some domains only" },
	    tenant, DOMAINS },
	{ { "copy", "FROM TO", "FROM TO: all of one database into another" },
	    copy, ALONE },
	{ { "import", "FROM", "FROM: what parsedmarc stored, or its JSON" },
	    import, ALONE },
	{ { NULL, NULL, NULL }, NULL, 0 },
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

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	struct settings *settings = data;

	if (row == SETTING_DOMAIN && settings->domains.len == DOMAINS_MOST)
		return fault_set(fault, FAULT_USAGE,
		    "--domain is given more than %d times", DOMAINS_MOST);
	if (row == SETTING_DOMAIN)
		settings->names[settings->domains.len++] =
		    text_domain(value, settings->arena);
	if (row != SETTING_FORMAT)
		return true;
	settings->json = strcmp(value, "json") == 0;
	if (!settings->json && strcmp(value, "text") != 0)
		return fault_set(fault, FAULT_USAGE,
		    "--format=%s: write text or json", value);
	return true;
}

/* init and upgrade do the same; init says what was there before. */
static bool
bring_up(struct task *task, int *before, int *after)
{
	const char *const *values = task->settings->options.values;
	struct store_roles roles = { .writer = values[SETTING_WRITER],
		.reader = values[SETTING_READER] };

	return store_upgrade(task->store, &roles, before, after, task->fault);
}

static void
tell(const struct task *task, const char *what, int version)
{
	if (task->settings->options.verbosity >= 0)
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
	struct prune_options options = {
		.keep = settings->options.values[SETTING_KEEP],
		.keep_sums = settings->options.values[SETTING_KEEP_SUMS],
		.dry_run = settings->options.given[SETTING_DRY_RUN],
		.json = settings->json,
		.quiet = settings->options.verbosity < 0
	};

	return prune_run(task->uri, &options, task->fault);
}

static bool
reparse_all(struct task *task)
{
	const struct settings *settings = task->settings;
	struct reparse_options options = {
		.dry_run = settings->options.given[SETTING_DRY_RUN],
		.json = settings->json,
		.quiet = settings->options.verbosity < 0
	};

	return reparse_run(task->uri, task->config, &options, task->fault);
}

static bool
tenant(struct task *task)
{
	const struct settings *settings = task->settings;

	return tenant_run(task->store, settings->options.operands[0],
	    settings->options.operands[1], &settings->domains,
	    settings->options.verbosity < 0, task->fault);
}

static bool
copy(struct task *task)
{
	return transfer_copy(task->config, task->settings->options.operands,
	    task->settings->options.verbosity < 0, task->fault);
}

static bool
import(struct task *task)
{
	return transfer_import(task->uri, task->settings->options.operands[0],
	    task->settings->options.verbosity < 0, task->fault);
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
	{ SETTING_DRY_RUN, DRY, "prune and reparse" },
	{ SETTING_DOMAIN, DOMAINS, "tenant" },
	{ SETTING_FORMAT, SHOWS, "status, prune and reparse" },
};

static bool
check_options(const struct settings *settings, const struct command *command,
    struct fault *fault)
{
	for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++)
		if (settings->options.given[limited[i].setting] &&
		    (command->takes & limited[i].takes) == 0)
			return fault_set(fault, FAULT_USAGE,
			    "--%s goes with %s", rows[limited[i].setting].name,
			    limited[i].with);
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
run(struct settings *settings, struct fault *fault)
{
	struct task task = { .settings = settings,
		.arena = settings->arena,
		.fault = fault };
	const char *const *values = settings->options.values;
	size_t command = 0;
	bool done;

	if (!options_command(&spec, &settings->options, &command, fault) ||
	    !check_options(settings, &commands[command], fault) ||
	    !config_read(values[OPTION_CONFIG], &task.config, fault))
		return false;
	done = config_database(task.config, values[OPTION_DATABASE], task.arena,
		   &task.uri, fault) &&
	    run_in_store(&commands[command], &task);
	config_free(task.config);
	return done;
}

int
main(int argc, char *argv[])
{
	struct settings settings = { .arena = arena_new() };
	struct fault fault = { .kind = FAULT_NONE };
	bool done;

	fault_catch_traps();
	settings.domains.at = settings.names;
	done = options_read(&spec, argc, argv, set_option, &settings,
	    &settings.options, &fault);
	options_open_log(&spec, &settings.options, LOG_TO_STDERR);
	if (done && !options_answer(&spec, &settings.options, stdout))
		done = run(&settings, &fault);
	if (!done)
		log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	arena_free(settings.arena);
	return fault_exit_status(done ? FAULT_NONE : fault.kind);
}
