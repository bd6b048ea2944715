/* What the reports say, and what to do: for people, and for what watches. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "base/translate.h"
#include "explain/load.h"
#include "explain/task.h"

static const char program[] = "tlsrpt-report";

enum setting {
	SETTING_SINCE = OPTION_FIRST,
	SETTING_UNTIL,
	SETTING_DOMAIN,
	SETTING_ORGANIZATION,
	SETTING_VERIFIED_ONLY,
	SETTING_FORMAT,
	SETTING_OUTPUT,
	SETTING_LIVE,
	SETTING_AUTHSERV_ID,
	SETTING_NO_SANDBOX,
	SETTING_MIN_DAYS,
	SETTING_MIN_REPORTERS,
	SETTING_MIN_SESSIONS,
	SETTING_MAX_FAILURE_RATE,
	SETTING_FAILURE_RATE,
	SETTING_SILENCE,
	SETTING_AGE,
	SETTING_QUARANTINE,
	SETTING_FROM,
	SETTING_TO,
	SETTING_ALWAYS,
	NSETTINGS
};

static const struct option_row rows[NSETTINGS + 1] = {
	[SETTING_SINCE] = { 0, "since", "WHEN",
	    "a date, or so long before the end: 7d, 4w" },
	[SETTING_UNTIL] = { 0, "until", "WHEN",
	    "a date, or so long before today (today)" },
	[SETTING_DOMAIN] = { 0, "domain", "NAME",
	    "only this policy domain, and what is below it" },
	[SETTING_ORGANIZATION] = { 0, "organization", "NAME",
	    "only what this reporter says" },
	[SETTING_VERIFIED_ONLY] = { 0, "verified-only", NULL,
	    "only reports whose DKIM signature is valid" },
	[SETTING_FORMAT] = { 0, "format", "text|json|csv", "how to print it" },
	[SETTING_OUTPUT] = { 'o', "output", "FILE",
	    "write to this file, all at once" },
	[SETTING_LIVE] = { 0, "live", "FILE",
	    "drift: what tlsrpt-dns printed; - is stdin" },
	[SETTING_AUTHSERV_ID] = { 0, "authserv-id", "ID",
	    "show: whose Authentication-Results to believe" },
	[SETTING_NO_SANDBOX] = { 0, "no-sandbox", NULL,
	    "show: decode the mail unconfined" },
	[SETTING_MIN_DAYS] = { 0, "min-days", "N",
	    "readiness: days with reports and no failure (14)" },
	[SETTING_MIN_REPORTERS] = { 0, "min-reporters", "N",
	    "readiness: reporters heard (2)" },
	[SETTING_MIN_SESSIONS] = { 0, "min-sessions", "N",
	    "readiness: sessions counted (100)" },
	[SETTING_MAX_FAILURE_RATE] = { 0, "max-failure-rate", "PERCENT",
	    "readiness: what may fail all the same (0)" },
	[SETTING_FAILURE_RATE] = { 0, "failure-rate", "WARN,CRIT",
	    "check: percent of the sessions (1,5)" },
	[SETTING_SILENCE] = { 0, "silence", "WARN,CRIT",
	    "check: days without a regular reporter (3,7)" },
	[SETTING_AGE] = { 0, "age", "WARN,CRIT",
	    "check: hours since a report came in (48,96)" },
	[SETTING_QUARANTINE] = { 0, "quarantine", "WARN,CRIT",
	    "check: messages turned away in a day (10,100)" },
	[SETTING_FROM] = { 0, "from", "ADDRESS",
	    "digest: who sends it (postmaster here)" },
	[SETTING_TO] = { 0, "to", "ADDRESS", "digest: who gets it" },
	[SETTING_ALWAYS] = { 0, "always", NULL,
	    "digest: also where all is well" },
};

static const struct option_group groups[] = {
	{ SETTING_SINCE, "What to look at" },
	{ SETTING_FORMAT, "How to show it" },
	{ SETTING_LIVE, "For one command" },
	{ 0, NULL },
};

enum database { DATABASE_NEVER, DATABASE_ALWAYS, DATABASE_FOR_KEY };

static const struct command {
	struct option_command named;
	bool (*run)(struct task *task, const char *operand);
	enum database database;
	int span;    /* days, where --since says nothing */
	bool tables; /* prints JSON and CSV too */
} commands[] = {
	{ { "summary", NULL, "how it stands, in ten seconds (default)" },
	    summary_run, DATABASE_ALWAYS, 30, true },
	{ { "show", "FILE|KEY|-",
	      "explain one report: FILE, KEY, or - for a mail on stdin" },
	    show_run, DATABASE_FOR_KEY, 30, true },
	{ { "explain", "[CODE]",
	      "what a result type, deviation or reason code means" },
	    explain_run, DATABASE_NEVER, 30, true },
	{ { "failures", NULL, "what failed, new failures first" }, failures_run,
	    DATABASE_ALWAYS, 30, true },
	{ { "reporters", NULL, "who reports, and who fell silent" },
	    reporters_run, DATABASE_ALWAYS, 30, true },
	{ { "readiness", "DOMAIN", "may DOMAIN go from testing to enforce?" },
	    readiness_run, DATABASE_ALWAYS, 28, true },
	{ { "drift", "DOMAIN",
	      "policies seen against those published for DOMAIN" },
	    drift_run, DATABASE_ALWAYS, 14, true },
	{ { "check", NULL, "one line and exit status for monitoring" },
	    check_run, DATABASE_ALWAYS, 7, false },
	{ { "metrics", NULL, "Prometheus text for node_exporter" }, metrics_run,
	    DATABASE_ALWAYS, 7, false },
	{ { "html", NULL, "one page with plots" }, html_run, DATABASE_ALWAYS,
	    30, false },
	{ { "digest", NULL, "a mail for sendmail -t" }, digest_run,
	    DATABASE_ALWAYS, 7, false },
	{ { NULL, NULL, NULL }, NULL, DATABASE_NEVER, 0, false },
};

enum {
	TIMEOUT = 60, /* seconds a connection or statement may take */
	NAMES_MOST = 64,
	LIVE_MOST = 4 << 20,
	CHECK_UNKNOWN = 3
};

static const struct options_spec spec = {
	.program = program,
	.synopsis = "[OPTION...] [COMMAND [OPERAND]]",
	.summary = "Say what TLS reports (RFC 8460) mean, and what to do.",
	.rows = rows,
	.groups = groups,
	.commands = &commands[0].named,
	.command_size = sizeof(commands[0]),
	.otherwise = "summary",
};

struct settings {
	struct options options;
	const char *authserv_ids[NAMES_MOST];
	size_t nauthserv_ids;
	struct config *config;
	const struct command *command;
};

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	struct settings *settings = data;

	if (row == SETTING_AUTHSERV_ID) {
		if (settings->nauthserv_ids == NAMES_MOST)
			return fault_set(fault, FAULT_USAGE,
			    "more than %d names: \"%s\"", NAMES_MOST, value);
		settings->authserv_ids[settings->nauthserv_ids++] = value;
	} else if (settings->options.given[row] && value != NULL) {
		return fault_set(fault, FAULT_USAGE,
		    "--%s stands there twice: write it once", rows[row].name);
	}
	return true;
}

/* ------------------------------------------------------- what is asked for */

/* The value of an option, or of the configuration's key of the same name. */
static const char *
value_of(const struct settings *settings, enum setting setting,
    enum fault_kind *blame)
{
	*blame = FAULT_USAGE;
	if (settings->options.values[setting] != NULL)
		return settings->options.values[setting];
	*blame = FAULT_CONFIG;
	return config_text(settings->config, "report", rows[setting].name);
}

static bool
settle_number(const struct settings *settings, enum setting setting,
    int64_t *number, struct fault *fault)
{
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);
	long long read;

	if (value == NULL)
		return true;
	if (!text_read_number(value, 0, 1000000000, &read))
		return fault_set(fault, blame, "%s: \"%s\" is not a number",
		    rows[setting].name, value);
	*number = read;
	return true;
}

/* A number with a fraction, without a sign, up to its end or a comma. */
static bool
read_fraction(const char *text, double *number, const char **end)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	*number = strtod(text, &stop);
	*end = stop;
	return *number < 1e12;
}

static bool
settle_fraction(const struct settings *settings, enum setting setting,
    double *number, struct fault *fault)
{
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);
	const char *end;

	if (value == NULL)
		return true;
	if (!read_fraction(value, number, &end) || *end != '\0')
		return fault_set(fault, blame, "%s: \"%s\" is not a number",
		    rows[setting].name, value);
	return true;
}

static bool
settle_threshold(const struct settings *settings, enum setting setting,
    struct threshold *threshold, struct fault *fault)
{
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);
	const char *end;

	if (value == NULL)
		return true;
	if (!read_fraction(value, &threshold->warning, &end) || *end != ',' ||
	    !read_fraction(end + 1, &threshold->critical, &end) ||
	    *end != '\0' || threshold->critical < threshold->warning)
		return fault_set(fault, blame,
		    "%s: \"%s\" is not two numbers such as 1,5, the greater "
		    "one last",
		    rows[setting].name, value);
	return true;
}

static bool
settle_format(const struct settings *settings, struct task *task)
{
	static const char *const words[] = { "text", "json", "csv", NULL };
	const char *value = settings->options.values[SETTING_FORMAT];

	if (value == NULL)
		return true;
	if (!settings->command->tables)
		return fault_set(task->fault, FAULT_USAGE,
		    "--format does not go with %s",
		    settings->command->named.name);
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			task->format = (enum format)i;
			return true;
		}
	}
	return fault_set(task->fault, FAULT_USAGE,
	    "--format=%s: write text, json or csv", value);
}

static void
settle_authserv_ids(struct settings *settings, struct task *task)
{
	const char *const *ids =
	    config_list(settings->config, "ingest", "authserv-id");

	if (settings->nauthserv_ids == 0)
		for (; *ids != NULL && settings->nauthserv_ids < NAMES_MOST;
		     ids++)
			settings->authserv_ids[settings->nauthserv_ids++] =
			    *ids;
	task->authserv_ids = (struct text_list){ settings->authserv_ids,
		settings->nauthserv_ids };
}

static bool
settle_rules(struct settings *settings, struct task *task)
{
	struct fault *fault = task->fault;

	task->check =
	    (struct check_rules){ { 1, 5 }, { 3, 7 }, { 48, 96 }, { 10, 100 } };
	task->readiness = (struct readiness_rules){ 14, 2, 100, 0 };
	return settle_number(settings, SETTING_MIN_DAYS, &task->readiness.days,
		   fault) &&
	    settle_number(settings, SETTING_MIN_REPORTERS,
		&task->readiness.reporters, fault) &&
	    settle_number(settings, SETTING_MIN_SESSIONS,
		&task->readiness.sessions, fault) &&
	    settle_fraction(settings, SETTING_MAX_FAILURE_RATE,
		&task->readiness.failure_rate, fault) &&
	    settle_threshold(settings, SETTING_FAILURE_RATE,
		&task->check.failure_rate, fault) &&
	    settle_threshold(settings, SETTING_SILENCE, &task->check.silence,
		fault) &&
	    settle_threshold(settings, SETTING_AGE, &task->check.age, fault) &&
	    settle_threshold(settings, SETTING_QUARANTINE,
		&task->check.quarantine, fault);
}

static bool
settle(struct settings *settings, struct task *task)
{
	enum fault_kind blame;
	const char *const *values = settings->options.values;
	struct filter *filter = &task->filter;

	filter->domain = values[SETTING_DOMAIN] != NULL ?
	    text_domain(values[SETTING_DOMAIN], task->arena) :
	    NULL;
	filter->organization = values[SETTING_ORGANIZATION];
	filter->verified = settings->options.given[SETTING_VERIFIED_ONLY];
	task->from = value_of(settings, SETTING_FROM, &blame);
	task->to = value_of(settings, SETTING_TO, &blame);
	task->always = settings->options.given[SETTING_ALWAYS];
	task->unconfined = settings->options.given[SETTING_NO_SANDBOX];
	settle_authserv_ids(settings, task);
	return settle_format(settings, task) && settle_rules(settings, task) &&
	    filter_span(filter, value_of(settings, SETTING_SINCE, &blame),
		values[SETTING_UNTIL], settings->command->span, task->now,
		task->fault);
}

/* ------------------------------------------------------------ what is done */

static bool
read_live(const char *path, struct buffer *live, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return fault_set(fault, FAULT_INPUT, "%s: cannot be opened: %s",
		    path, strerror(errno));
	while ((got = read(fd, buffer_room(live, 65536), 65536)) > 0 &&
	    live->len < LIVE_MOST)
		live->len += (size_t)got;
	if (!standard)
		(void)close(fd);
	if (got < 0)
		return fault_set(fault, FAULT_INPUT, "%s: cannot be read: %s",
		    path, strerror(errno));
	return true;
}

static bool
wants_database(const struct settings *settings)
{
	return settings->command->database == DATABASE_ALWAYS ||
	    (settings->command->database == DATABASE_FOR_KEY &&
		load_is_key(settings->options.operands[0]) &&
		access(settings->options.operands[0], F_OK) != 0);
}

static bool
run_command(struct settings *settings, struct task *task)
{
	const char *path = settings->options.values[SETTING_LIVE];
	const char *uri;
	struct buffer live = { 0 };
	bool done;

	buffer_text(&live, "");
	if (path != NULL && !read_live(path, &live, task->fault)) {
		buffer_free(&live);
		return false;
	}
	task->live = (struct bytes){ (const unsigned char *)live.at, live.len };
	task->live_given = path != NULL;
	done = !wants_database(settings) ||
	    (config_database(settings->config,
		 settings->options.values[OPTION_DATABASE], task->arena, &uri,
		 task->fault) &&
		query_open(uri, program, TIMEOUT, &task->query, task->fault));
	done =
	    done && settings->command->run(task, settings->options.operands[0]);
	query_close(task->query);
	buffer_free(&live);
	return done;
}

static bool
write_all(int fd, const struct buffer *out)
{
	for (size_t at = 0; at < out->len;) {
		ssize_t put = write(fd, out->at + at, out->len - at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += (size_t)put;
	}
	return true;
}

/* Whoever reads the file never sees half of it. */
static bool
write_file(const char *path, const struct buffer *out, struct arena *arena,
    struct fault *fault)
{
	char *aside = arena_printf(arena, "%s.XXXXXX", path);
	mode_t mask = umask(0);
	int fd = mkostemp(aside, O_CLOEXEC);
	bool done;

	(void)umask(mask);
	if (fd < 0)
		return fault_set(fault, FAULT_LATER,
		    "%s: cannot be written: %s", path, strerror(errno));
	done = write_all(fd, out) && fchmod(fd, 0666 & ~mask) == 0;
	done = close(fd) == 0 && done;
	if (done && rename(aside, path) == 0)
		return true;
	(void)fault_set(fault, FAULT_LATER, "%s: cannot be written: %s", path,
	    strerror(errno));
	(void)unlink(aside);
	return false;
}

static bool
put_out(const struct settings *settings, const struct task *task)
{
	const char *path = settings->options.values[SETTING_OUTPUT];

	if (path != NULL && strcmp(path, "-") != 0)
		return write_file(path, task->term.out, task->arena,
		    task->fault);
	return write_all(STDOUT_FILENO, task->term.out) ||
	    fault_set(task->fault, FAULT_LATER,
		"standard output could not be written: %s", strerror(errno));
}

static bool
run(struct settings *settings, struct task *task)
{
	struct buffer out = { 0 };
	bool done;

	buffer_text(&out, "");
	term_look(&task->term, &out, task->arena);
	if (settings->options.values[SETTING_OUTPUT] != NULL)
		task->term.colour = false;
	if (!config_read(settings->options.values[OPTION_CONFIG],
		&settings->config, task->fault)) {
		buffer_free(&out);
		return false;
	}
	done = settle(settings, task) && run_command(settings, task) &&
	    put_out(settings, task);
	config_free(settings->config);
	buffer_free(&out);
	return done;
}

/* A monitoring system reads standard output, and knows four statuses. */
static int
exit_status(const struct settings *settings, const struct task *task, bool done)
{
	if (done)
		return task->status;
	if (settings->command != NULL && settings->command->run == check_run) {
		(void)printf("TLSRPT UNKNOWN - %s\n",
		    text_printable(task->fault->text, task->arena));
		return CHECK_UNKNOWN;
	}
	log_line(LOG_LEVEL_ERROR, NULL, "%s", task->fault->text);
	return fault_exit_status(task->fault->kind);
}

static bool
choose_command(struct settings *settings, struct fault *fault)
{
	size_t row = 0;

	if (!options_command(&spec, &settings->options, &row, fault))
		return false;
	settings->command = &commands[row];
	return true;
}

int
main(int argc, char *argv[])
{
	struct settings settings = { .config = NULL };
	struct fault fault = { .kind = FAULT_NONE };
	struct task task = { .arena = arena_new(),
		.now = (int64_t)time(NULL),
		.fault = &fault };
	int status;
	bool done;

	translate_init();
	done = options_read(&spec, argc, argv, set_option, &settings,
	    &settings.options, &fault);
	options_open_log(&spec, &settings.options, LOG_TO_STDERR);
	if (done && !options_answer(&spec, &settings.options, stdout))
		done =
		    choose_command(&settings, &fault) && run(&settings, &task);
	status = exit_status(&settings, &task, done);
	arena_free(task.arena);
	return status;
}
