/* Records made, linted and checked; mail domains audited. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/config.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "base/translate.h"
#include "dns/audit.h"
#include "dns/check.h"
#include "dns/fetch.h"
#include "dns/make.h"
#include "dns/names.h"
#include "dns/parallel.h"
#include "dns/result.h"
#include "dns/sts_record.h"
#include "dns/tlsrpt_record.h"
#include "dns/txt_record.h"

static const char program[] = "tlsrpt-dns";

enum setting {
	SETTING_RUA = OPTION_FIRST,
	SETTING_MODE,
	SETTING_MX,
	SETTING_MAX_AGE,
	SETTING_ID,
	SETTING_TTL,
	SETTING_ZONE,
	SETTING_OFFLINE,
	SETTING_RESOLVER,
	SETTING_TRUST_ANCHOR,
	SETTING_CA_FILE,
	SETTING_CONNECT,
	SETTING_ALLOW_PRIVATE,
	SETTING_TIMEOUT,
	SETTING_HELO,
	SETTING_REMEMBER,
	SETTING_SELECTOR,
	SETTING_FILE,
	SETTING_JOBS,
	SETTING_PROGRESS,
	SETTING_NO_PROGRESS,
	SETTING_FORMAT,
	NSETTINGS
};

static const struct option_row rows[NSETTINGS + 1] = {
	[SETTING_RUA] = { 0, "rua", "URI",
	    "make tlsrpt: where to send reports; may be repeated" },
	[SETTING_MODE] = { 0, "mode", "testing|enforce|none",
	    "make mta-sts: the mode (testing)" },
	[SETTING_MX] = { 0, "mx", "HOST",
	    "make mta-sts: a line mx; may be repeated (the live MX)" },
	[SETTING_MAX_AGE] = { 0, "max-age", "SECONDS",
	    "make mta-sts: how long to keep the policy (604800)" },
	[SETTING_ID] = { 0, "id", "ID", "make mta-sts: the id (the time)" },
	[SETTING_TTL] = { 0, "ttl", "SECONDS", "make: TTL of records (3600)" },
	[SETTING_ZONE] = { 0, "zone", "NAME",
	    "make: the zone that the record goes into (the domain)" },
	[SETTING_OFFLINE] = { 0, "offline", NULL, "make: ask no name server" },
	[SETTING_RESOLVER] = { 0, "resolver", "ADDRESS[@PORT]",
	    "ask this name server (the system's)" },
	[SETTING_TRUST_ANCHOR] = { 0, "trust-anchor", "FILE",
	    "keys that DNSSEC starts from (the root's)" },
	[SETTING_CA_FILE] = { 0, "ca-file", "FILE",
	    "authorities to trust, PEM (the system's)" },
	[SETTING_CONNECT] = { 0, "connect", "HOST:PORT:ADDRESS:PORT",
	    "connect there for this host and port; may be repeated" },
	[SETTING_ALLOW_PRIVATE] = { 0, "allow-private", NULL,
	    "connect to private and loopback addresses, too" },
	[SETTING_TIMEOUT] = { 0, "timeout", "SECONDS",
	    "for each lookup and each conversation (8)" },
	[SETTING_HELO] = { 0, "helo", "NAME",
	    "our name to mail servers (this host's)" },
	[SETTING_REMEMBER] = { 0, "remember", "FILE",
	    "compare the MTA-STS policy with the last one seen" },
	[SETTING_SELECTOR] = { 0, "selector", "NAME",
	    "audit: a DKIM selector; may be repeated (the usual ones)" },
	[SETTING_FILE] = { 0, "file", "FILE",
	    "audit: domains, one a line; - is standard input" },
	[SETTING_JOBS] = { 'j', "jobs", "N",
	    "audit: so many domains at a time (8)" },
	[SETTING_PROGRESS] = { 0, "progress", NULL,
	    "audit: a progress line (on a terminal)" },
	[SETTING_NO_PROGRESS] = { 0, "no-progress", NULL,
	    "audit: no progress line" },
	[SETTING_FORMAT] = { 0, "format", "FORM",
	    "text or json; make: see tlsrpt-dns(1)" },
};

static const struct option_group groups[] = {
	{ SETTING_RUA, "Making records" },
	{ SETTING_RESOLVER, "Asking" },
	{ SETTING_SELECTOR, "Auditing" },
	{ SETTING_FORMAT, "How to show it" },
	{ 0, NULL },
};

enum { LIST_MOST = 100, READ_MOST = 1 << 20 };

/* An option that may be repeated. */
struct list {
	const char *items[LIST_MOST];
	size_t n;
};

struct settings {
	struct options options;
	struct list ruas;
	struct list mx;
	struct list selectors;
	struct list connects;
	struct config *config;
};

/* What a command works on. */
struct task {
	const struct settings *settings;
	struct net net;
	struct arena *arena;
	struct result result;
	struct buffer out;
	int status; /* of several results: the worst */
	struct fault *fault;
};

enum { STATUS_UNKNOWN = 3 };

static bool read_net(struct task *task);
static bool run_make_tlsrpt(struct task *task);
static bool run_make_sts(struct task *task);
static bool run_make_authorization(struct task *task);
static bool run_lint_tlsrpt(struct task *task);
static bool run_lint_sts(struct task *task);
static bool run_check_tlsrpt(struct task *task);
static bool run_check_sts(struct task *task);
static bool run_check_dane(struct task *task);
static bool run_check_authorization(struct task *task);
static bool run_audit(struct task *task);

static const struct command {
	struct option_command named;
	bool (*run)(struct task *task);
} commands[] = {
	{ { "make tlsrpt", "DOMAIN --rua=URI",
	      "the record that asks for reports" },
	    run_make_tlsrpt },
	{ { "make mta-sts", "DOMAIN", "the policy, and the record for it" },
	    run_make_sts },
	{ { "make authorization", "DOMAIN DESTINATION",
	      "the record that lets reports go elsewhere" },
	    run_make_authorization },
	{ { "lint tlsrpt", "RECORD", "find what is wrong with a record" },
	    run_lint_tlsrpt },
	{ { "lint mta-sts", "FILE|RECORD",
	      "find what is wrong with a policy or a record" },
	    run_lint_sts },
	{ { "check tlsrpt", "DOMAIN", "look at the record of a domain" },
	    run_check_tlsrpt },
	{ { "check mta-sts", "DOMAIN", "at its policy, and at its MX hosts" },
	    run_check_sts },
	{ { "check dane", "DOMAIN", "at the TLSA records of its MX hosts" },
	    run_check_dane },
	{ { "check authorization", "DOMAIN",
	      "may its reports go where they do?" },
	    run_check_authorization },
	{ { "audit", "DOMAIN...",
	      "all of it, and how it fits together, with a grade" },
	    run_audit },
	{ { NULL, NULL, NULL }, NULL },
};

static const struct options_spec spec = {
	.program = program,
	.synopsis = "[OPTION...] make|lint|check|audit ...",
	.summary = "Make the records of TLSRPT and MTA-STS, find what is wrong "
		   "with them, and\naudit a mail domain.",
	.rows = rows,
	.groups = groups,
	.commands = &commands[0].named,
	.command_size = sizeof(commands[0]),
	.no_database = true,
};

/* --------------------------------------------------------- command line */

/* An error that is known outweighs what is not known. */
static int
worse(int one, int other)
{
	static const int ranks[] = { 0, 1, 3, 2 };

	return ranks[one] > ranks[other] ? one : other;
}

static int
exit_status(enum result_status status)
{
	static const int statuses[] = { [RESULT_OK] = 0,
		[RESULT_WARNING] = 1,
		[RESULT_ERROR] = 2,
		[RESULT_UNKNOWN] = STATUS_UNKNOWN };

	return statuses[status];
}

static bool
add_item(struct list *list, const char *name, const char *value,
    struct fault *fault)
{
	if (list->n == LIST_MOST)
		return fault_set(fault, FAULT_USAGE, "--%s: at most %d of them",
		    name, LIST_MOST);
	list->items[list->n++] = value;
	return true;
}

static bool
set_option(int row, const char *value, void *data, struct fault *fault)
{
	struct settings *settings = data;

	switch (row) {
	case SETTING_RUA:
		return add_item(&settings->ruas, "rua", value, fault);
	case SETTING_MX:
		return add_item(&settings->mx, "mx", value, fault);
	case SETTING_SELECTOR:
		return add_item(&settings->selectors, "selector", value, fault);
	case SETTING_CONNECT:
		return add_item(&settings->connects, "connect", value, fault);
	default:
		return true;
	}
}

static bool
number_of(const struct settings *settings, enum setting row, long long most,
    long long otherwise, long long *number, struct fault *fault)
{
	const char *value = settings->options.values[row];

	*number = otherwise;
	if (value == NULL || text_read_number(value, 0, most, number))
		return true;
	return fault_set(fault, FAULT_USAGE,
	    "--%s=%s: write a number from 0 to %lld", rows[row].name, value,
	    most);
}

/* A domain as the user gave it, in its ASCII form. */
static bool
read_domain(const char *text, struct arena *arena, const char **domain,
    struct fault *fault)
{
	char *ascii = name_to_ascii(text, arena);

	if (ascii == NULL || !name_is_host(ascii))
		return fault_set(fault, FAULT_USAGE,
		    "\"%s\" is no domain: write example.com",
		    text_printable(text, arena));
	*domain = ascii;
	return true;
}

/* ----------------------------------------------------------------- make */

static const char *
form_of(const struct task *task)
{
	const char *form = task->settings->options.values[SETTING_FORMAT];

	return form != NULL ? form : "text";
}

static bool
bad_form(struct task *task, const char *known)
{
	return fault_set(task->fault, FAULT_USAGE,
	    "--format=%s: write one of "
	    "%s",
	    form_of(task), known);
}

static bool
read_request(struct task *task, struct make_request *request, const char **zone)
{
	const struct settings *settings = task->settings;
	long long ttl;

	*request = (struct make_request){ .ruas = settings->ruas.items,
		.nruas = settings->ruas.n,
		.mx = settings->mx.items,
		.nmx = settings->mx.n };
	if (!read_domain(task->settings->options.operands[0], task->arena,
		&request->domain, task->fault) ||
	    !number_of(settings, SETTING_TTL, 0x7fffffff, MAKE_TTL, &ttl,
		task->fault))
		return false;
	request->ttl = (long)ttl;
	*zone = request->domain;
	return settings->options.values[SETTING_ZONE] == NULL ||
	    read_domain(settings->options.values[SETTING_ZONE], task->arena,
		zone, task->fault);
}

/* Findings go to stderr where the output is for a program. */
static void
tell_findings(const struct task *task)
{
	const struct findings *findings = &task->result.findings;

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		const struct finding_kind *kind = &finding_kinds[finding->code];

		log_line(kind->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR :
							    LOG_LEVEL_INFO,
		    severity_name(kind->severity), "%s",
		    finding_message(finding, false, task->arena));
	}
}

static bool
write_made(struct task *task, const char *zone)
{
	const char *form = form_of(task);

	if (strcmp(form, "text") == 0) {
		make_text(&task->result, zone, &task->out);
	} else if (strcmp(form, "json") == 0) {
		result_json(&task->result, &task->out);
	} else if (make_write(form, &task->result, zone, &task->out)) {
		tell_findings(task);
	} else {
		return bad_form(task,
		    arena_printf(task->arena, "text|json|%s", make_forms));
	}
	return true;
}

static bool
is_live(const struct make_request *request, const char *host)
{
	for (size_t i = 0; i < request->nlive; i++)
		if (strcmp(request->live[i], host) == 0)
			return true;
	return false;
}

/* Does a domain get its mail through one of the live MX hosts? */
static bool
is_served(struct task *task, const struct make_request *request,
    struct resolver *resolver, const char *domain)
{
	const struct answer *answer = resolver_ask(resolver, domain, DNS_MX);
	const char *host;
	int preference;

	for (size_t i = 0; i < answer->nrecords; i++)
		if (answer_mx(answer, i, task->arena, &preference, &host) &&
		    is_live(request, host))
			return true;
	return false;
}

static void
look_behind(struct task *task, struct make_request *request,
    struct resolver *resolver)
{
	const char **behind =
	    arena_array(task->arena, LIST_MOST, sizeof(*behind));

	for (size_t i = 0; i < request->nruas; i++) {
		struct findings unseen = { .arena = task->arena };
		struct rua rua = { .scheme = RUA_OTHER };

		if (rua_read(rua_encode(request->ruas[i], task->arena), NULL,
			&rua, &unseen) &&
		    rua.scheme == RUA_MAILTO &&
		    is_served(task, request, resolver, rua.domain))
			behind[request->nbehind++] = rua.domain;
	}
	request->behind = behind;
}

/* The MX hosts as DNS has them now, unless --offline. */
static bool
look_up_live(struct task *task, struct make_request *request, bool sts)
{
	struct resolver *resolver = NULL;
	struct result unseen;
	struct check check;
	const char **live;

	if (task->settings->options.given[SETTING_OFFLINE])
		return true;
	if (!read_net(task) ||
	    !resolver_open(&task->net, &resolver, task->fault))
		return false;
	result_init(&unseen, request->domain, "", task->arena);
	check_init(&check, &task->net, resolver, &unseen);
	check_load_mx(&check);
	live = arena_array(task->arena, CHECK_HOSTS_MOST, sizeof(*live));
	for (size_t i = 0; i < check.nhosts; i++)
		live[request->nlive++] = check.hosts[i].host;
	request->live = live;
	look_behind(task, request, resolver);
	request->online =
	    resolver_ask(resolver, request->domain, DNS_MX)->status <
	    ANSWER_BOGUS;
	request->first = sts && request->online &&
	    resolver_ask(resolver,
		arena_printf(task->arena, "_mta-sts.%s", request->domain),
		DNS_TXT)
		    ->nrecords == 0;
	check_end(&check);
	resolver_close(resolver);
	return true;
}

static bool
run_make_tlsrpt(struct task *task)
{
	struct make_request request;
	const char *zone = NULL;

	if (!read_request(task, &request, &zone))
		return false;
	if (request.nruas == 0)
		return fault_set(task->fault, FAULT_USAGE,
		    "make tlsrpt: --rua is missing: write "
		    "--rua=mailto:ADDRESS or --rua=https://HOST/PATH");
	if (!look_up_live(task, &request, false))
		return false;
	result_init(&task->result, request.domain, "make tlsrpt", task->arena);
	make_tlsrpt(&request, &task->result);
	return write_made(task, zone);
}

static bool
run_make_authorization(struct task *task)
{
	struct make_request request;
	const char *destination = NULL;
	const char *zone = NULL;

	if (!read_request(task, &request, &zone) ||
	    !read_domain(task->settings->options.operands[1], task->arena,
		&destination, task->fault))
		return false;
	if (!task->settings->options.given[SETTING_ZONE])
		zone = destination;
	result_init(&task->result, request.domain, "make authorization",
	    task->arena);
	make_authorization(request.domain, destination, request.ttl,
	    &task->result);
	return write_made(task, zone);
}

static bool
read_sts_request(struct task *task, struct make_request *request)
{
	const char *mode = task->settings->options.values[SETTING_MODE];
	enum { WEEK = 604800, STAMP_SIZE = 32 };
	char *stamp = arena_alloc(task->arena, STAMP_SIZE);
	time_t now = time(NULL);
	struct tm tm;

	request->mode = mode != NULL ? sts_mode_named(mode) : STS_MODE_TESTING;
	if (request->mode == STS_MODE_UNKNOWN)
		return fault_set(task->fault, FAULT_USAGE,
		    "--mode=%s: write testing, enforce or none", mode);
	request->id = task->settings->options.values[SETTING_ID];
	if (request->id == NULL && gmtime_r(&now, &tm) != NULL &&
	    strftime(stamp, STAMP_SIZE, "%Y%m%dT%H%M%SZ", &tm) > 0)
		request->id = stamp;
	return number_of(task->settings, SETTING_MAX_AGE, STS_MAX_AGE_MOST,
	    WEEK, &request->max_age, task->fault);
}

/* The policy alone, or a web server's part, or a form of the record. */
static bool
write_made_sts(struct task *task, const char *zone)
{
	const char *form = form_of(task);
	const struct result *result = &task->result;

	if (strcmp(form, "policy") == 0) {
		for (size_t i = 0; i < result->nrecords; i++)
			if (strcmp(result->records[i].type, "POLICY") == 0)
				buffer_text(&task->out,
				    result->records[i].value);
		tell_findings(task);
		return true;
	}
	if (make_server(form, result->domain, &task->out))
		return true;
	if (!write_made(task, zone))
		return bad_form(task,
		    arena_printf(task->arena, "text|json|policy|%s|%s",
			make_servers, make_forms));
	return true;
}

static bool
run_make_sts(struct task *task)
{
	struct make_request request;
	const char *zone = NULL;

	if (!read_request(task, &request, &zone) ||
	    !read_sts_request(task, &request) ||
	    !look_up_live(task, &request, true))
		return false;
	result_init(&task->result, request.domain, "make mta-sts", task->arena);
	make_sts(&request, &task->result);
	return write_made_sts(task, zone);
}

/* ----------------------------------------------------------------- lint */

/* All of a file, or of standard input; false where it cannot be read. */
static bool
read_all(const char *path, struct buffer *text, struct fault *fault)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	while (fd >= 0 && text->len < READ_MOST &&
	    (got = read(fd, buffer_room(text, READ_MOST / 16),
		 READ_MOST / 16)) > 0)
		text->len += (size_t)got;
	if (got < 0)
		(void)fault_set(fault, FAULT_INPUT, "%s: cannot be read: %s",
		    path, strerror(errno));
	if (fd >= 0 && !is_stdin)
		close(fd);
	return got >= 0;
}

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

/* "-": standard input, without the line break at its end. */
static bool
read_record(struct task *task, const char **text)
{
	struct buffer raw = { 0 };
	bool done = true;

	*text = task->settings->options.operands[0];
	if (strcmp(*text, "-") != 0)
		return true;
	done = read_all("-", &raw, task->fault);
	while (raw.len > 0 &&
	    (raw.at[raw.len - 1] == '\n' || raw.at[raw.len - 1] == '\r'))
		raw.len--;
	*text = arena_copy(task->arena, raw.at != NULL ? raw.at : "", raw.len);
	buffer_free(&raw);
	return done;
}

static bool
write_result(struct task *task)
{
	const char *form = form_of(task);

	if (strcmp(form, "text") == 0)
		result_text(&task->result, &task->out);
	else if (strcmp(form, "json") == 0)
		result_json(&task->result, &task->out);
	else
		return bad_form(task, "text|json");
	return true;
}

static void
add_linted(struct task *task, const char *name, const char *type,
    const char *value)
{
	result_add(&task->result,
	    &(struct result_record){ .name = name,
		.type = type,
		.ttl = -1,
		.value = value });
}

static bool
run_lint_tlsrpt(struct task *task)
{
	struct tlsrpt_record record;
	const char *text;

	if (!read_record(task, &text))
		return false;
	result_init(&task->result, NULL, "lint tlsrpt", task->arena);
	add_linted(task, "_smtp._tls", "TXT", text);
	tlsrpt_record_read(bytes_of(text), &record, &task->result.findings);
	return write_result(task);
}

/* A record has its version in front, or at least no such file exists. */
static bool
is_record(const char *operand)
{
	return strcmp(operand, "-") != 0 && access(operand, F_OK) != 0 &&
	    strpbrk(operand, "=;") != NULL;
}

static bool
lint_policy(struct task *task)
{
	struct buffer raw = { 0 };
	struct sts_policy policy;
	bool done =
	    read_all(task->settings->options.operands[0], &raw, task->fault);

	if (done) {
		char *text = arena_copy(task->arena,
		    raw.at != NULL ? raw.at : "", raw.len);

		add_linted(task, task->settings->options.operands[0], "POLICY",
		    text);
		sts_policy_read((struct bytes){ (unsigned char *)text,
				    raw.len },
		    &policy, &task->result.findings);
	}
	buffer_free(&raw);
	return done && write_result(task);
}

static bool
run_lint_sts(struct task *task)
{
	const char *operand = task->settings->options.operands[0];
	const char *id;

	result_init(&task->result, NULL, "lint mta-sts", task->arena);
	if (!is_record(operand))
		return lint_policy(task);
	add_linted(task, "_mta-sts", "TXT", operand);
	sts_record_read(bytes_of(operand), &id, &task->result.findings);
	return write_result(task);
}

/* --------------------------------------------------------------- network */

/* The option, or else the setting of [dns]. */
static const char *
option_or_setting(const struct task *task, enum setting row)
{
	const char *value = task->settings->options.values[row];

	return value != NULL ?
	    value :
	    config_text(task->settings->config, "dns", rows[row].name);
}

static const char *
own_name(struct arena *arena)
{
	char name[NAME_MOST + 1] = "";

	if (gethostname(name, sizeof(name) - 1) != 0 || !name_is_host(name))
		return "localhost";
	return arena_printf(arena, "%s", name);
}

static bool
read_connects(struct task *task, struct net *net)
{
	const struct list *list = &task->settings->connects;
	struct net_connect *connects =
	    arena_array(task->arena, list->n, sizeof(*connects));

	for (size_t i = 0; i < list->n; i++)
		if (!net_connect_read(list->items[i], task->arena, &connects[i],
			task->fault))
			return false;
	net->connects = connects;
	net->nconnects = list->n;
	return true;
}

static bool
read_net(struct task *task)
{
	enum { SECONDS = 8, SECONDS_MOST = 300 };
	struct net *net = &task->net;
	long long seconds = SECONDS;

	*net = (struct net){ .resolver =
				 option_or_setting(task, SETTING_RESOLVER),
		.trust_anchor = option_or_setting(task, SETTING_TRUST_ANCHOR),
		.ca_file = option_or_setting(task, SETTING_CA_FILE),
		.helo = option_or_setting(task, SETTING_HELO),
		.allow_private =
		    task->settings->options.given[SETTING_ALLOW_PRIVATE] };
	if (net->helo == NULL)
		net->helo = own_name(task->arena);
	if (!name_is_host(net->helo))
		return fault_set(task->fault, FAULT_USAGE,
		    "--helo=%s: write the name of a host", net->helo);
	if (net->ca_file != NULL && access(net->ca_file, R_OK) != 0)
		return fault_set(task->fault, FAULT_USAGE,
		    "--ca-file=%s: cannot be read: %s", net->ca_file,
		    strerror(errno));
	if (!number_of(task->settings, SETTING_TIMEOUT, SECONDS_MOST, SECONDS,
		&seconds, task->fault))
		return false;
	net->timeout = seconds > 0 ? (int)seconds : 1;
	/* A server that hangs up under TLS is no reason to end. */
	(void)signal(SIGPIPE, SIG_IGN);
	fetch_init();
	return read_connects(task, net);
}

static bool
run_check(struct task *task, const char *name,
    void (*look)(struct check *check))
{
	struct resolver *resolver = NULL;
	const char *domain = NULL;
	struct check check;

	if (!read_domain(task->settings->options.operands[0], task->arena,
		&domain, task->fault) ||
	    !read_net(task) ||
	    !resolver_open(&task->net, &resolver, task->fault))
		return false;
	result_init(&task->result, domain, name, task->arena);
	check_init(&check, &task->net, resolver, &task->result);
	check.remember = task->settings->options.values[SETTING_REMEMBER];
	look(&check);
	check_end(&check);
	resolver_close(resolver);
	return write_result(task);
}

static bool
run_check_tlsrpt(struct task *task)
{
	return run_check(task, "tlsrpt", check_tlsrpt);
}

static bool
run_check_sts(struct task *task)
{
	return run_check(task, "mta-sts", check_sts);
}

static bool
run_check_dane(struct task *task)
{
	return run_check(task, "dane", check_dane);
}

static bool
run_check_authorization(struct task *task)
{
	return run_check(task, "authorization", check_authorization);
}

/* ----------------------------------------------------------------- audit */

enum { DOMAINS_MOST = 10000, JOBS_MOST = 64 };

/* One domain of many. */
struct job {
	struct crowd *crowd;
	const char *domain;
	struct audit *audit;
	struct arena *arena;
	struct fault fault;
	bool done;
};

struct crowd {
	const struct audit_request *request;
	pthread_mutex_t lock;
	size_t ndone;
	size_t njobs;
	bool progress;
};

static void
tell_progress(struct crowd *crowd, const char *domain)
{
	pthread_mutex_lock(&crowd->lock);
	crowd->ndone++;
	if (crowd->progress)
		(void)fprintf(stderr, "\r\033[K%zu/%zu %s%s", crowd->ndone,
		    crowd->njobs, domain,
		    crowd->ndone == crowd->njobs ? "\n" : "");
	pthread_mutex_unlock(&crowd->lock);
}

static void
audit_one(void *thing)
{
	struct job *job = thing;

	job->arena = arena_new();
	job->done = audit_run(job->crowd->request, job->domain, job->arena,
	    job->audit, &job->fault);
	tell_progress(job->crowd, job->domain);
}

/* Names one a line; blank lines and those that begin with # do not count. */
static bool
read_domains(struct task *task, const char **domains, size_t *n)
{
	const struct options *options = &task->settings->options;
	const char *path = options->values[SETTING_FILE];
	struct buffer raw = { 0 };
	char *save = NULL;
	char *text;
	bool done = true;

	for (int i = 0; i < options->noperands && *n < DOMAINS_MOST; i++)
		if (!read_domain(options->operands[i], task->arena,
			&domains[(*n)++], task->fault))
			return false;
	if (path == NULL)
		return true;
	if (!read_all(path, &raw, task->fault)) {
		buffer_free(&raw);
		return false;
	}
	buffer_text(&raw, "");
	text = arena_copy(task->arena, raw.at, raw.len);
	for (char *line = strtok_r(text, "\n", &save);
	     line != NULL && *n < DOMAINS_MOST && done;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t\r");
		line[strcspn(line, " \t\r")] = '\0';
		if (line[0] != '#' && line[0] != '\0')
			done = read_domain(line, task->arena, &domains[(*n)++],
			    task->fault);
	}
	buffer_free(&raw);
	return done;
}

static void
write_audits(struct task *task, const struct audit *audits, size_t n)
{
	const char *form = form_of(task);

	if (strcmp(form, "html") == 0) {
		audit_html(audits, n, &task->out);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(form, "json") == 0)
			result_json(&audits[i].result, &task->out);
		else
			audit_text(&audits[i], &task->out);
	}
}

static bool
gather(struct task *task, struct job *jobs, size_t n)
{
	bool done = true;

	for (size_t i = 0; i < n; i++) {
		if (!jobs[i].done && done) {
			*task->fault = jobs[i].fault;
			done = false;
		}
		if (jobs[i].done)
			task->status = worse(task->status,
			    exit_status(result_status(&jobs[i].audit->result)));
	}
	return done;
}

static bool
audit_domains(struct task *task, const struct audit_request *request,
    const char *const *domains, size_t n)
{
	struct crowd crowd = { .request = request,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.njobs = n };
	const bool *given = task->settings->options.given;
	struct audit *audits = arena_array(task->arena, n, sizeof(*audits));
	struct job *jobs = arena_array(task->arena, n, sizeof(*jobs));
	void **things = arena_array(task->arena, n, sizeof(*things));
	long long threads;
	bool done;

	if (!number_of(task->settings, SETTING_JOBS, JOBS_MOST, 8, &threads,
		task->fault))
		return false;
	crowd.progress = !given[SETTING_NO_PROGRESS] &&
	    (given[SETTING_PROGRESS] || (n > 1 && isatty(STDERR_FILENO)));
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct job){ .crowd = &crowd,
			.domain = domains[i],
			.audit = &audits[i] };
		things[i] = &jobs[i];
	}
	parallel_run(audit_one, things, n, (size_t)threads);
	done = gather(task, jobs, n);
	if (done)
		write_audits(task, audits, n);
	for (size_t i = 0; i < n; i++)
		arena_free(jobs[i].arena);
	return done;
}

static bool
run_audit(struct task *task)
{
	const char **domains =
	    arena_array(task->arena, DOMAINS_MOST, sizeof(*domains));
	struct audit_request request = { .net = &task->net,
		.selectors = task->settings->selectors.items,
		.nselectors = task->settings->selectors.n,
		.remember = task->settings->options.values[SETTING_REMEMBER] };
	const char *form = form_of(task);
	size_t n = 0;

	if (strcmp(form, "text") != 0 && strcmp(form, "json") != 0 &&
	    strcmp(form, "html") != 0)
		return bad_form(task, "text|json|html");
	if (!read_domains(task, domains, &n) || !read_net(task))
		return false;
	if (n == 0)
		return fault_set(task->fault, FAULT_USAGE,
		    "write audit DOMAIN ..., or --file=FILE");
	if (n > 1 && request.remember != NULL)
		return fault_set(task->fault, FAULT_USAGE,
		    "--remember goes with one domain");
	return audit_domains(task, &request, domains, n);
}

/* ------------------------------------------------------------- dispatch */

static bool
run(struct settings *settings, int *status, struct fault *fault)
{
	struct task task = { .settings = settings,
		.arena = arena_new(),
		.fault = fault };
	size_t command = 0;
	bool done;

	done = options_command(&spec, &settings->options, &command, fault) &&
	    config_read(settings->options.values[OPTION_CONFIG],
		&settings->config, fault);
	if (done) {
		done = commands[command].run(&task);
		config_free(settings->config);
	}
	if (done && task.out.len > 0 &&
	    (fwrite(task.out.at, 1, task.out.len, stdout) < task.out.len ||
		fflush(stdout) != 0))
		done = fault_set(fault, FAULT_LATER,
		    "standard output could not be written");
	*status = worse(task.status, exit_status(result_status(&task.result)));
	buffer_free(&task.out);
	arena_free(task.arena);
	return done;
}

/* What could not be read is not known. */
static int
fault_status(enum fault_kind kind)
{
	return kind == FAULT_INPUT ? STATUS_UNKNOWN : fault_exit_status(kind);
}

int
main(int argc, char *argv[])
{
	struct settings settings = { .config = NULL };
	struct fault fault = { .kind = FAULT_NONE };
	int status = EX_OK;
	bool done;

	translate_init();
	done = options_read(&spec, argc, argv, set_option, &settings,
	    &settings.options, &fault);
	options_open_log(&spec, &settings.options, LOG_TO_STDERR);
	if (done && !options_answer(&spec, &settings.options, stdout))
		done = run(&settings, &status, &fault);
	if (done)
		return status;
	log_line(LOG_LEVEL_ERROR, NULL, "%s", fault.text);
	return fault_status(fault.kind);
}
