#include "daemon/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { DOMAIN_MOST = 128 }; /* bytes: it becomes a part of a file's name */

/* What is read from, and told to. */
struct reading {
	struct config *config;
	struct arena *arena;
	struct settings *to;
	struct fault *fault;
};

struct number {
	const char *group;
	const char *key;
	int least;
	int most;
	int fallback; /* 0: the number of processors */
	size_t offset;
};

struct size {
	const char *group;
	const char *key;
	size_t least;
	size_t most;
	size_t fallback;
	size_t offset;
};

#define NUMBER(member) offsetof(struct settings, member)
#define MIB(n)         ((size_t)(n) << 20)

static const struct number numbers[] = {
	{ "daemon", "workers", 1, 64, 0, NUMBER(workers) },
	{ "daemon", "connections", 1, 8, 2, NUMBER(connections) },
	{ "daemon", "max-connections", 1, 100000, 1000, NUMBER(clients) },
	{ "daemon", "idle-timeout", 1, 86400, 300, NUMBER(idle_seconds) },
	{ "daemon", "header-timeout", 1, 86400, 60, NUMBER(header_seconds) },
	{ "daemon", "body-timeout", 1, 86400, 120, NUMBER(body_seconds) },
	{ "daemon", "shutdown-timeout", 1, 86400, 30,
	    NUMBER(shutdown_seconds) },
	{ "daemon", "spool-after", 1, 600000, 4000, NUMBER(patience) },
	{ "ingest", "max-depth", 1, LIMIT_DEPTH_MOST, 64,
	    NUMBER(mail_rules.limits.depth) },
};

static const struct size sizes[] = {
	{ "daemon", "max-memory", MIB(1), SIZE_MAX / 2, MIB(256),
	    NUMBER(memory) },
	{ "daemon", "max-body", 1, MIB(1024), MIB(16),
	    NUMBER(http_rules.body) },
	{ "daemon", "max-quarantine", 0, SIZE_MAX / 2, MIB(256),
	    NUMBER(quarantine_most) },
	{ "daemon", "max-spool", MIB(1), SIZE_MAX / 2, MIB(1024),
	    NUMBER(spool_most) },
	{ "ingest", "max-message", 1, MIB(1024), MIB(64),
	    NUMBER(mail_rules.limits.message) },
	{ "ingest", "max-report", 1, MIB(1024), MIB(16),
	    NUMBER(mail_rules.limits.report) },
};

static bool
wrong(struct reading *reading, const char *group, const char *key,
    const char *value, const char *wanted)
{
	return fault_set(reading->fault, FAULT_CONFIG,
	    "[%s] %s: \"%s\" is not %s", group, key, value, wanted);
}

static bool
read_numbers(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *row = &numbers[i];
		const char *value =
		    config_text(reading->config, row->group, row->key);
		int *to = (int *)(void *)((char *)reading->to + row->offset);
		long long number = row->fallback != 0 ?
		    row->fallback :
		    sysconf(_SC_NPROCESSORS_ONLN);

		if (value != NULL &&
		    !text_read_number(value, row->least, row->most, &number))
			return wrong(reading, row->group, row->key, value,
			    arena_printf(reading->arena,
				"a number from %d to %d", row->least,
				row->most));
		*to = (int)number;
	}
	return true;
}

static bool
read_sizes(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct size *row = &sizes[i];
		const char *value =
		    config_text(reading->config, row->group, row->key);
		size_t *to =
		    (size_t *)(void *)((char *)reading->to + row->offset);

		*to = row->fallback;
		if (value != NULL &&
		    (!text_read_size(value, to) || *to < row->least ||
			*to > row->most))
			return wrong(reading, row->group, row->key, value,
			    arena_printf(reading->arena,
				"a size such as 16M, from %zu to %zu",
				row->least, row->most));
	}
	return true;
}

/* Which of some words a setting has; the first one where it is not set. */
static bool
read_word(struct reading *reading, const char *group, const char *key,
    const char *const words[], int *chosen)
{
	const char *value = config_text(reading->config, group, key);
	const char *list = words[0];

	*chosen = 0;
	if (value == NULL)
		return true;
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			*chosen = i;
			return true;
		}
		if (i > 0)
			list = arena_printf(reading->arena, "%s or %s", list,
			    words[i]);
	}
	return wrong(reading, group, key, value, list);
}

static bool
read_words(struct reading *reading)
{
	static const char *const logs[] = { "stderr", "syslog", NULL };
	static const char *const invalids[] = { "quarantine", "reject", NULL };
	static const char *const auths[] = { "record", "require", "off", NULL };
	static const char *const switches[] = { "no", "yes", NULL };
	static const char *const viewers[] = { "local", "any", NULL };
	struct settings *to = reading->to;
	int log;
	int invalid;
	int auth;
	int viewer;
	int unconfined;

	if (!read_word(reading, "daemon", "log", logs, &log) ||
	    !read_word(reading, "ingest", "on-invalid", invalids, &invalid) ||
	    !read_word(reading, "ingest", "auth", auths, &auth) ||
	    !read_word(reading, "ingest", "no-sandbox", switches,
		&unconfined) ||
	    !read_word(reading, "daemon", "metrics-from", viewers, &viewer))
		return false;
	to->syslog = log == 1;
	to->invalid_fails = invalid == 1;
	to->mail_rules.auth = (enum auth_rule)auth;
	to->metrics_to_all = viewer == 1;
	to->unconfined = unconfined == 1;
	return true;
}

static bool
read_after(struct reading *reading)
{
	static const char move[] = "move:";
	static const char *const words[] = { "keep", "seen", "delete", NULL };
	const char *value =
	    config_text(reading->config, "daemon", "watch-after");
	int chosen;

	if (value != NULL && strncmp(value, move, sizeof(move) - 1) == 0 &&
	    value[sizeof(move) - 1] != '\0') {
		reading->to->after = AFTER_MOVE;
		reading->to->after_folder = value + sizeof(move) - 1;
		return true;
	}
	if (!read_word(reading, "daemon", "watch-after", words, &chosen))
		return false;
	reading->to->after = (enum after)chosen;
	return true;
}

static bool
read_mode(struct reading *reading)
{
	const char *value =
	    config_text(reading->config, "daemon", "socket-mode");
	unsigned long mode;
	char *end;

	reading->to->sockets.mode = 0660;
	if (value == NULL)
		return true;
	mode = strtoul(value, &end, 8);
	if (end == value || *end != '\0' || mode > 0777)
		return wrong(reading, "daemon", "socket-mode", value,
		    "an octal number from 0 to 777");
	reading->to->sockets.mode = (mode_t)mode;
	return true;
}

/* The names of a list, each as text_domain() has it. */
static struct text_list
domains_of(struct reading *reading, const char *const *names)
{
	struct text_list list = { NULL, 0 };
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	list.at = arena_array(reading->arena, n + 1, sizeof(*list.at));
	for (; list.len < n; list.len++)
		list.at[list.len] =
		    text_domain(names[list.len], reading->arena);
	return list;
}

static struct text_list
names_of(const char *const *names, struct arena *arena)
{
	struct text_list list = { NULL, 0 };
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	list.at = arena_array(arena, n + 1, sizeof(*list.at));
	for (; list.len < n; list.len++)
		list.at[list.len] = names[list.len];
	return list;
}

/* "DOMAIN:/PATH"; the path leads to a door for that domain alone. */
static bool
read_secret(struct reading *reading, const char *text, struct door *door,
    struct secret_path *secret)
{
	const char *colon = strchr(text, ':');
	const char **domain;
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;

	if (len == 0 || len > DOMAIN_MOST || colon[1] != '/' ||
	    memchr(text, '/', len) != NULL)
		return wrong(reading, "daemon", "secret-path", text,
		    "as DOMAIN:/PATH");
	domain = arena_alloc(reading->arena, sizeof(*domain));
	*domain =
	    text_domain(arena_copy(reading->arena, text, len), reading->arena);
	*door = reading->to->doors[0];
	door->domain = *domain;
	door->guarded = (struct text_list){ NULL, 0 };
	door->domains = (struct text_list){ domain, 1 };
	secret->path = colon + 1;
	secret->door = door;
	return true;
}

/*
 * DKIM does not vouch for what comes by HTTPS, whatever the document says of
 * itself.
 */
static bool
read_doors(struct reading *reading)
{
	struct settings *to = reading->to;
	struct text_list texts =
	    names_of(config_list(reading->config, "daemon", "secret-path"),
		reading->arena);
	struct secret_path *secrets =
	    arena_array(reading->arena, texts.len + 1, sizeof(*secrets));
	struct text_list guarded = { NULL, texts.len };

	to->doors =
	    arena_array(reading->arena, texts.len + 2, sizeof(*to->doors));
	to->document_rules = to->mail_rules;
	to->document_rules.auth = AUTH_OFF;
	to->document_rules.domains = (struct text_list){ NULL, 0 };
	to->document_rules.limits.message = to->http_rules.body;
	to->doors[0].decode = &to->document_rules;
	to->doors[0].domains = to->mail_rules.domains;
	guarded.at =
	    arena_array(reading->arena, texts.len + 1, sizeof(*guarded.at));
	for (size_t i = 0; i < texts.len; i++) {
		if (!read_secret(reading, texts.at[i], &to->doors[i + 1],
			&secrets[i]))
			return false;
		guarded.at[i] = to->doors[i + 1].domain;
	}
	to->doors[0].guarded = guarded;
	to->http_rules.door = &to->doors[0];
	to->http_rules.secrets = secrets;
	to->http_rules.nsecrets = texts.len;
	return true;
}

static bool
read_paths(struct reading *reading)
{
	struct text_list *accept = &reading->to->http_rules.accept;

	*accept =
	    names_of(config_list(reading->config, "daemon", "accept-path"),
		reading->arena);
	for (size_t i = 0; i < accept->len; i++)
		if (accept->at[i][0] != '/')
			return wrong(reading, "daemon", "accept-path",
			    accept->at[i], "a path that begins with /");
	return true;
}

static bool
read_tls(struct reading *reading)
{
	struct settings *to = reading->to;

	to->certificate =
	    config_text(reading->config, "daemon", "tls-certificate");
	to->key = config_text(reading->config, "daemon", "tls-key");
	if ((to->certificate == NULL) == (to->key == NULL))
		return true;
	return fault_set(reading->fault, FAULT_CONFIG,
	    "[daemon] tls-certificate and tls-key belong together: set both");
}

static void
read_plain(struct reading *reading)
{
	struct config *config = reading->config;
	struct settings *to = reading->to;
	struct decode_rules *decode = &to->mail_rules;

	to->lmtp = config_list(config, "daemon", "lmtp");
	to->http = config_list(config, "daemon", "http");
	to->watch = config_list(config, "daemon", "watch");
	to->user = config_text(config, "daemon", "user");
	to->sockets.group = config_text(config, "daemon", "socket-group");
	decode->authserv_ids =
	    names_of(config_list(config, "ingest", "authserv-id"),
		reading->arena);
	decode->domains =
	    domains_of(reading, config_list(config, "ingest", "domain"));
}

/* Beside the quarantine, where nothing else is said. */
static void
read_places(struct reading *reading)
{
	struct settings *to = reading->to;
	const char *quarantine = config_quarantine(reading->config, NULL,
	    to->database, reading->arena);
	const char *slash = strrchr(quarantine, '/');

	to->quarantine = to->invalid_fails ? NULL : quarantine;
	to->spool = config_text(reading->config, "daemon", "spool");
	if (to->spool == NULL)
		to->spool = arena_printf(reading->arena, "%.*sspool",
		    slash != NULL ? (int)(slash - quarantine) + 1 : 0,
		    quarantine);
}

bool
settings_read(struct config *config, const char *database, struct arena *arena,
    struct settings *settings, struct fault *fault)
{
	struct reading reading = { config, arena, settings, fault };

	*settings = (struct settings){ .database = NULL };
	if (!config_database(config, database, arena, &settings->database,
		fault) ||
	    !read_numbers(&reading) || !read_sizes(&reading) ||
	    !read_words(&reading) || !read_after(&reading) ||
	    !read_mode(&reading) || !read_paths(&reading) ||
	    !read_tls(&reading))
		return false;
	read_plain(&reading);
	read_places(&reading);
	settings->mail_door.decode = &settings->mail_rules;
	return read_doors(&reading);
}
