/* The delivery agent and batch reader: report mails become rows. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "intake/agent.h"
#include "intake/batch.h"

static const char program[] = "tlsrpt-ingest";

enum setting {
	SETTING_DRY_RUN = OPTION_FIRST,
	SETTING_FORMAT,
	SETTING_AFTER,
	SETTING_ON_INVALID,
	SETTING_QUARANTINE,
	SETTING_AUTH,
	SETTING_AUTHSERV_ID,
	SETTING_DOMAIN,
	SETTING_JOBS,
	SETTING_MAX_MESSAGE,
	SETTING_MAX_REPORT,
	SETTING_MAX_DEPTH,
	SETTING_DEADLINE,
	SETTING_ALLOW_ROOT,
	SETTING_NO_SANDBOX,
	SETTING_PROGRESS,
	SETTING_NO_PROGRESS,
	NSETTINGS
};

static const struct option_row rows[NSETTINGS + 1] = {
	[SETTING_DRY_RUN] = { 'n', "dry-run", NULL,
	    "decode only; open no database" },
	[SETTING_FORMAT] = { 0, "format", "text|json",
	    "what to print for each message" },
	[SETTING_AFTER] = { 0, "after", "keep|seen|delete|move:FOLDER",
	    "what becomes of a Maildir message once it is stored" },
	[SETTING_ON_INVALID] = { 0, "on-invalid", "quarantine|reject",
	    "keep a copy of what holds no report, or exit 65" },
	[SETTING_QUARANTINE] = { 0, "quarantine", "DIR",
	    "Maildir for those copies" },
	[SETTING_AUTH] = { 0, "auth", "record|require|off",
	    "what to do with DKIM's verdict" },
	[SETTING_AUTHSERV_ID] = { 0, "authserv-id", "ID",
	    "whose Authentication-Results to believe" },
	[SETTING_DOMAIN] = { 0, "domain", "NAME",
	    "only reports on this domain and below are ours" },
	[SETTING_JOBS] = { 'j', "jobs", "N", "decoding threads in batch" },
	[SETTING_MAX_MESSAGE] = { 0, "max-message", "SIZE",
	    "longest message to read (64M)" },
	[SETTING_MAX_REPORT] = { 0, "max-report", "SIZE",
	    "longest report, inflated (16M)" },
	[SETTING_MAX_DEPTH] = { 0, "max-depth", "N",
	    "deepest nesting of MIME and JSON (64)" },
	[SETTING_DEADLINE] = { 0, "deadline", "SECONDS",
	    "give up a delivery after that long (300)" },
	[SETTING_ALLOW_ROOT] = { 0, "allow-root", NULL,
	    "deliver with the rights of root too" },
	[SETTING_NO_SANDBOX] = { 0, "no-sandbox", NULL,
	    "decode without shutting it in, for debugging" },
	[SETTING_PROGRESS] = { 0, "progress", NULL, "show progress" },
	[SETTING_NO_PROGRESS] = { 0, "no-progress", NULL, "show none" },
};

static const struct option_group groups[] = {
	{ SETTING_DRY_RUN, "What becomes of a message" },
	{ SETTING_AUTH, "Which reports to take" },
	{ SETTING_JOBS, "Limits and batches" },
	{ 0, NULL },
};

static const struct options_spec spec = {
	.program = program,
	.synopsis = "[OPTION...] [PATH...]",
	.summary = "Store TLS reports (RFC 8460) from a message on standard "
		   "input, or from Maildirs,\nmboxes, messages, documents and "
		   "folders of them.",
	.rows = rows,
	.groups = groups,
};

enum { NAMES_MOST = 1024, DEADLINE_MOST = 86400 };

/* The command line first, then what the configuration adds to it. */
struct settings {
	struct options options;
	const char *authserv_ids[NAMES_MOST];
	size_t nauthserv_ids;
	const char *domains[NAMES_MOST];
	size_t ndomains;
	struct arena *arena;
	struct config *config;
	/* What follows is made of the above by settle(). */
	struct batch_rules batch;
	int deadline;
	bool allow_root;
	bool json;
};

static bool
add_name(const char *names[], size_t *n, const char *name, struct fault *fault)
{
	if (*n == NAMES_MOST)
		return fault_set(fault, FAULT_USAGE,
		    "more than %d names: \"%s\"", NAMES_MOST, name);
	names[(*n)++] = name;
	return true;
}

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	struct settings *settings = data;

	switch (row) {
	case SETTING_AUTHSERV_ID:
		return add_name(settings->authserv_ids,
		    &settings->nauthserv_ids, value, fault);
	case SETTING_DOMAIN:
		return add_name(settings->domains, &settings->ndomains,
		    text_domain(value, settings->arena), fault);
	default:
		return true;
	}
}

/* The value of an option, or of the configuration's key of the same name. */
static const char *
value_of(struct settings *settings, int setting, enum fault_kind *blame)
{
	*blame = FAULT_USAGE;
	if (settings->options.values[setting] != NULL)
		return settings->options.values[setting];
	*blame = FAULT_CONFIG;
	return config_text(settings->config, "ingest",
	    options_row(&spec, setting)->name);
}

static bool
refuse_value(int setting, const char *value, enum fault_kind blame,
    struct fault *fault)
{
	const char *words = options_row(&spec, setting)->value;

	return fault_set(fault, blame, "%s%s: \"%s\" is not one of %s",
	    blame == FAULT_USAGE ? "--" : "[ingest] ",
	    options_row(&spec, setting)->name, value,
	    words != NULL ? words : "yes|no");
}

/* Which of some words an option has; the first one where it is not set. */
static bool
settle_word(struct settings *settings, int setting, const char *const words[],
    int *chosen, struct fault *fault)
{
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);

	*chosen = 0;
	if (value == NULL)
		return true;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			*chosen = i;
			return true;
		}
	}
	return refuse_value(setting, value, blame, fault);
}

static bool
settle_number(struct settings *settings, int setting, long long most,
    int *number, struct fault *fault)
{
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);
	long long read;

	if (value == NULL)
		return true;
	if (!text_read_number(value, 1, most, &read))
		return fault_set(fault, blame,
		    "%s: \"%s\" is not a number from 1 to %lld",
		    options_row(&spec, setting)->name, value, most);
	*number = (int)read;
	return true;
}

static bool
settle_size(struct settings *settings, int setting, size_t *size,
    struct fault *fault)
{
	static const size_t most = (size_t)1 << 30;
	enum fault_kind blame;
	const char *value = value_of(settings, setting, &blame);

	if (value == NULL)
		return true;
	if (!text_read_size(value, size) || *size == 0 || *size > most)
		return fault_set(fault, blame,
		    "%s: \"%s\" is not a size such as 16M, at most 1G",
		    options_row(&spec, setting)->name, value);
	return true;
}

/* A switch: on by its option, or by "yes" in the configuration. */
static bool
settle_switch(struct settings *settings, int setting, bool *on,
    struct fault *fault)
{
	static const char *const words[] = { "no", "yes", NULL };
	int chosen;

	if (!settle_word(settings, setting, words, &chosen, fault))
		return false;
	*on = settings->options.given[setting] || chosen == 1;
	return true;
}

static bool
settle_after(struct settings *settings, struct fault *fault)
{
	static const char move[] = "move:";
	static const char *const words[] = { "keep", "seen", "delete", NULL };
	enum fault_kind blame;
	const char *value = value_of(settings, SETTING_AFTER, &blame);
	int chosen;

	if (value != NULL && strncmp(value, move, sizeof(move) - 1) == 0 &&
	    value[sizeof(move) - 1] != '\0') {
		settings->batch.after = AFTER_MOVE;
		settings->batch.after_folder = value + sizeof(move) - 1;
		return true;
	}
	if (!settle_word(settings, SETTING_AFTER, words, &chosen, fault))
		return false;
	settings->batch.after = (enum after)chosen;
	return true;
}

static bool
settle_names(struct settings *settings, struct fault *fault)
{
	struct decode_rules *decode = &settings->batch.decode;
	const char *const *ids =
	    config_list(settings->config, "ingest", "authserv-id");
	const char *const *domains =
	    config_list(settings->config, "ingest", "domain");

	if (settings->nauthserv_ids == 0)
		for (; *ids != NULL; ids++)
			if (!add_name(settings->authserv_ids,
				&settings->nauthserv_ids, *ids, fault))
				return false;
	if (settings->ndomains == 0)
		for (; *domains != NULL; domains++)
			if (!add_name(settings->domains, &settings->ndomains,
				text_domain(*domains, settings->arena), fault))
				return false;
	decode->authserv_ids = (struct text_list){ settings->authserv_ids,
		settings->nauthserv_ids };
	decode->domains =
	    (struct text_list){ settings->domains, settings->ndomains };
	return true;
}

static bool
settle_limits(struct settings *settings, struct fault *fault)
{
	struct limits *limits = &settings->batch.decode.limits;

	*limits = (struct limits)LIMITS_DEFAULT;
	return settle_size(settings, SETTING_MAX_MESSAGE, &limits->message,
		   fault) &&
	    settle_size(settings, SETTING_MAX_REPORT, &limits->report, fault) &&
	    settle_number(settings, SETTING_MAX_DEPTH, LIMIT_DEPTH_MOST,
		&limits->depth, fault);
}

static bool
settle_database(struct settings *settings, struct fault *fault)
{
	struct batch_rules *batch = &settings->batch;

	if (settings->options.given[SETTING_DRY_RUN])
		return true;
	if (!config_database(settings->config,
		settings->options.values[OPTION_DATABASE], settings->arena,
		&batch->database, fault))
		return false;
	if (!batch->invalid_fails)
		batch->quarantine = config_quarantine(settings->config,
		    settings->options.values[SETTING_QUARANTINE],
		    batch->database, settings->arena);
	return true;
}

/* A mail system reads what we say; a person at a terminal may as well. */
static bool
is_silent(bool delivery)
{
	return delivery && !isatty(STDERR_FILENO);
}

/* Say where the log goes as soon as that is known. */
static bool
settle_log(struct settings *settings, bool delivery, struct fault *fault)
{
	static const char *const words[] = { "stderr", "syslog", NULL };
	enum fault_kind blame;
	int chosen;

	if (!settle_word(settings, OPTION_LOG, words, &chosen, fault))
		return false;
	/* A mail system puts what we say into the bounce: say it elsewhere. */
	if (is_silent(delivery) && settings->options.verbosity <= 0 &&
	    value_of(settings, OPTION_LOG, &blame) == NULL)
		chosen = LOG_TO_SYSLOG;
	options_open_log(&spec, &settings->options, (enum log_target)chosen);
	return true;
}

static bool
settle(struct settings *settings, bool delivery, struct fault *fault)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const invalids[] = { "quarantine", "reject", NULL };
	static const char *const auths[] = { "record", "require", "off", NULL };
	struct batch_rules *batch = &settings->batch;
	int format;
	int invalid;
	int auth;

	batch->jobs = (int)sysconf(_SC_NPROCESSORS_ONLN);
	settings->deadline = 300;
	if (!settle_log(settings, delivery, fault) ||
	    !settle_word(settings, SETTING_FORMAT, formats, &format, fault) ||
	    !settle_word(settings, SETTING_ON_INVALID, invalids, &invalid,
		fault) ||
	    !settle_word(settings, SETTING_AUTH, auths, &auth, fault) ||
	    !settle_after(settings, fault) || !settle_names(settings, fault) ||
	    !settle_limits(settings, fault) ||
	    !settle_number(settings, SETTING_JOBS, 256, &batch->jobs, fault) ||
	    !settle_number(settings, SETTING_DEADLINE, DEADLINE_MOST,
		&settings->deadline, fault) ||
	    !settle_switch(settings, SETTING_ALLOW_ROOT, &settings->allow_root,
		fault) ||
	    !settle_switch(settings, SETTING_NO_SANDBOX, &batch->unconfined,
		fault))
		return false;
	settings->json = format == 1;
	batch->json = settings->json ? stdout : NULL;
	batch->invalid_fails = invalid == 1;
	batch->decode.auth = (enum auth_rule)auth;
	batch->progress = !settings->options.given[SETTING_NO_PROGRESS] &&
	    settings->options.verbosity >= 0 &&
	    (settings->options.given[SETTING_PROGRESS] ||
		isatty(STDERR_FILENO));
	return settle_database(settings, fault);
}

static void
tell(const char *source, const char *text)
{
	log_line(LOG_LEVEL_ERROR, source, "%s", text);
}

static void
summarize(const struct batch_result *result)
{
	const size_t *outcomes = result->outcomes;
	size_t stored = outcomes[OUTCOME_STORED];
	const char *verb = "stored";
	double rate = result->seconds > 0 ?
	    (double)result->messages / result->seconds :
	    0;

	if (outcomes[OUTCOME_DECODED] > 0) {
		stored = outcomes[OUTCOME_DECODED];
		verb = "decoded";
	}
	(void)fprintf(stderr,
	    "%zu messages: %zu %s, %zu duplicate, %zu superseded, "
	    "%zu rejected",
	    result->messages, stored, verb, outcomes[OUTCOME_DUPLICATE],
	    outcomes[OUTCOME_SUPERSEDED], outcomes[OUTCOME_REJECTED]);
	if (result->failed > 0)
		(void)fprintf(stderr, ", %zu failed", result->failed);
	(void)fprintf(stderr, " in %.1f s (%.0f/s)\n", result->seconds, rate);
}

static bool
ingest(struct settings *settings, char *const paths[], size_t npaths,
    struct fault *fault)
{
	struct source *source = source_open(paths, npaths,
	    settings->batch.decode.limits.message, settings->batch.progress);
	struct batch_result result;
	bool done;

	settings->batch.tell = settings->options.verbosity >= 0 ? tell : NULL;
	done = batch_run(source, &settings->batch, &result, fault);
	source_close(source);
	if (!done)
		return false;
	if (settings->json && fflush(stdout) != 0)
		return fault_set(fault, FAULT_LATER, "standard output: %s",
		    strerror(errno));
	if (settings->options.verbosity >= 0)
		summarize(&result);
	fault->kind = result.worst;
	return result.worst == FAULT_NONE;
}

/*
 * Without a PATH, and without a person at a terminal, it is a mail system that
 * hands us a message.  A misspelt option may leave its value behind, which
 * looks like a PATH: where it is none, and somebody pipes to us, do not bounce.
 */
static bool
is_delivery(char *const paths[], int npaths, bool understood)
{
	struct stat st;

	if (npaths == 0)
		return !isatty(STDIN_FILENO);
	if (understood || fstat(STDIN_FILENO, &st) != 0 ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return false;
	for (int i = 0; i < npaths; i++)
		if (access(paths[i], F_OK) == 0)
			return false;
	return true;
}

/*
 * Of all that can go wrong in a delivery only --on-invalid=reject may give
 * the message back; a slip in the configuration is no reason to lose mail.
 */
static int
exit_status(const struct fault *fault, bool delivery)
{
	int status = fault_exit_status(fault->kind);

	if (delivery && status != EX_OK && status != EX_DATAERR)
		return EX_TEMPFAIL;
	return status;
}

/* The environment of whoever starts us names the database: no other's rights. */
static bool
check_rights(struct fault *fault)
{
	if (getuid() == geteuid() && getgid() == getegid())
		return true;
	return fault_set(fault, FAULT_CONFIG,
	    "runs with rights that are not its caller's: it must not be "
	    "setuid or setgid");
}

/* No mail system delivers as root; what does so is set up wrong. */
static bool
check_root(const struct settings *settings, struct fault *fault)
{
	if (geteuid() != 0 || settings->allow_root ||
	    settings->options.given[SETTING_DRY_RUN])
		return true;
	return fault_set(fault, FAULT_CONFIG,
	    "does not deliver as root: let an ordinary user run it, or say "
	    "--allow-root");
}

static bool
run(struct settings *settings, int argc, char *argv[], bool *delivery,
    struct fault *fault)
{
	struct options *options = &settings->options;
	bool understood = options_read(&spec, argc, argv, set_option, settings,
	    options, fault);

	*delivery =
	    is_delivery(options->operands, options->noperands, understood);
	options_open_log(&spec, options,
	    is_silent(*delivery) ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	if (!understood || !check_rights(fault))
		return false;
	if (options_answer(&spec, options, stdout))
		return true;
	if (!config_read(settings->options.values[OPTION_CONFIG],
		&settings->config, fault) ||
	    !settle(settings, *delivery, fault))
		return false;
	if (*delivery)
		return check_root(settings, fault) &&
		    agent_deliver(&settings->batch, settings->deadline,
			settings->arena, fault);
	if (options->noperands == 0)
		return fault_set(fault, FAULT_USAGE,
		    "there is a terminal on standard input, where a message "
		    "should be: name a PATH, or see --help");
	return ingest(settings, options->operands, (size_t)options->noperands,
	    fault);
}

/*
 * A file that we open must not become standard output by chance.  A standard
 * input that was closed must not read as an empty message either: opened for
 * writing only, it fails when it is read.
 */
static void
fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int
main(int argc, char *argv[])
{
	struct settings settings = { .arena = arena_new() };
	struct fault fault = { .kind = FAULT_NONE };
	bool delivery = false;
	int status;

	fault_catch_traps();
	fill_standard_files();
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!run(&settings, argc, argv, &delivery, &fault) &&
	    fault.text[0] != '\0')
		log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	status = exit_status(&fault, delivery);
	config_free(settings.config);
	arena_free(settings.arena);
	return status;
}
