#include "base/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

enum { CONFIG_MOST = 1 << 20 };

struct config {
	const char *path;
	GKeyFile *keys;
	GPtrArray *texts; /* what was handed out */
	GPtrArray *lists;
};

static const struct {
	const char *group;
	const char *key;
} known[] = {
	{ "database", "uri" },
	{ "daemon", "accept-path" },
	{ "daemon", "body-timeout" },
	{ "daemon", "connections" },
	{ "daemon", "header-timeout" },
	{ "daemon", "http" },
	{ "daemon", "idle-timeout" },
	{ "daemon", "lmtp" },
	{ "daemon", "log" },
	{ "daemon", "max-body" },
	{ "daemon", "max-connections" },
	{ "daemon", "max-memory" },
	{ "daemon", "max-quarantine" },
	{ "daemon", "max-spool" },
	{ "daemon", "metrics-from" },
	{ "daemon", "secret-path" },
	{ "daemon", "shutdown-timeout" },
	{ "daemon", "socket-group" },
	{ "daemon", "socket-mode" },
	{ "daemon", "spool" },
	{ "daemon", "spool-after" },
	{ "daemon", "tls-certificate" },
	{ "daemon", "tls-key" },
	{ "daemon", "user" },
	{ "daemon", "watch" },
	{ "daemon", "watch-after" },
	{ "daemon", "workers" },
	{ "dns", "ca-file" },
	{ "dns", "helo" },
	{ "dns", "resolver" },
	{ "dns", "trust-anchor" },
	{ "ingest", "after" },
	{ "ingest", "allow-root" },
	{ "ingest", "auth" },
	{ "ingest", "authserv-id" },
	{ "ingest", "deadline" },
	{ "ingest", "domain" },
	{ "ingest", "jobs" },
	{ "ingest", "log" },
	{ "ingest", "max-depth" },
	{ "ingest", "max-message" },
	{ "ingest", "max-report" },
	{ "ingest", "no-sandbox" },
	{ "ingest", "on-invalid" },
	{ "ingest", "quarantine" },
	{ "report", "age" },
	{ "report", "failure-rate" },
	{ "report", "from" },
	{ "report", "max-failure-rate" },
	{ "report", "min-days" },
	{ "report", "min-reporters" },
	{ "report", "min-sessions" },
	{ "report", "quarantine" },
	{ "report", "silence" },
	{ "report", "since" },
	{ "report", "to" },
};

enum { NKNOWN = sizeof(known) / sizeof(known[0]) };

static bool
is_known(const char *group, const char *key)
{
	for (size_t i = 0; i < NKNOWN; i++)
		if (strcmp(known[i].group, group) == 0 &&
		    (key == NULL || strcmp(known[i].key, key) == 0))
			return true;
	return false;
}

static bool
check_keys(struct config *config, const char *group, struct fault *fault)
{
	gchar **keys = g_key_file_get_keys(config->keys, group, NULL, NULL);
	bool good = true;

	for (gchar **key = keys; key != NULL && *key != NULL && good; key++)
		if (!is_known(group, *key))
			good = fault_set(fault, FAULT_CONFIG,
			    "\"%s\" in [%s] is not a setting: see "
			    "tlsrpt.conf(5)",
			    *key, group);
	g_strfreev(keys);
	return good;
}

static bool
check_groups(struct config *config, struct fault *fault)
{
	gchar **groups = g_key_file_get_groups(config->keys, NULL);
	bool good = true;

	for (gchar **group = groups; *group != NULL && good; group++) {
		if (!is_known(*group, NULL))
			good = fault_set(fault, FAULT_CONFIG,
			    "[%s] is not a group: see tlsrpt.conf(5)", *group);
		else
			good = check_keys(config, *group, fault);
	}
	g_strfreev(groups);
	return good;
}

/* One character of a URI, which may be written as %NN (RFC 3986). */
static const char *
uri_character(const char *at, int *c)
{
	int high = *at == '%' ? g_ascii_xdigit_value(at[1]) : -1;
	int low = high >= 0 ? g_ascii_xdigit_value(at[2]) : -1;

	*c = low >= 0 ? high << 4 | low : (unsigned char)*at;
	return low >= 0 ? at + 3 : at + 1;
}

/* libpq takes "pass%77ord=" for what it is. */
static bool
names_password(const char *uri)
{
	static const char name[] = "password";

	for (; *uri != '\0'; uri++) {
		const char *at = uri;
		size_t n = 0;
		int c = 0;

		while (n < sizeof(name) - 1 && *at != '\0') {
			at = uri_character(at, &c);
			if (c != name[n])
				break;
			n++;
		}
		if (n == sizeof(name) - 1)
			return true;
	}
	return false;
}

/* A password in a URI, or in a keyword/value string (libpq). */
static bool
has_password(const char *uri)
{
	const char *scheme = strstr(uri, "://");
	const char *host = scheme != NULL ? strchr(scheme, '@') : NULL;
	const char *colon = scheme != NULL ? strchr(scheme + 3, ':') : NULL;

	if (strncmp(uri, "sqlite:", 7) == 0)
		return false;
	return names_password(uri) ||
	    (host != NULL && colon != NULL && colon < host && colon + 1 < host);
}

static bool
check_secrecy(struct config *config, mode_t mode, struct fault *fault)
{
	const char *uri = config_text(config, "database", "uri");

	if ((mode & S_IROTH) != 0 &&
	    config_text(config, "daemon", "secret-path") != NULL)
		return fault_set(fault, FAULT_CONFIG,
		    "holds a secret path and is readable by others: "
		    "chmod o= it");
	if (uri == NULL || !has_password(uri) || (mode & S_IROTH) == 0)
		return true;
	return fault_set(fault, FAULT_CONFIG,
	    "holds a password and is readable by others: chmod o= it");
}

/* A folder, a device, or something endless is no configuration. */
static bool
read_file(const char *path, GString *text, mode_t *mode, struct fault *fault)
{
	struct stat st;
	char piece[4096];
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fault_set(fault, FAULT_LATER, "cannot be read: %s",
		    strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > CONFIG_MOST) {
		close(fd);
		return fault_set(fault, FAULT_CONFIG,
		    "cannot be read: it is no file of a sane size");
	}
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		g_string_append_len(text, piece, got);
	*mode = st.st_mode;
	if (got < 0)
		fault_set(fault, FAULT_LATER, "cannot be read: %s",
		    strerror(errno));
	close(fd);
	return got == 0;
}

static bool
load(struct config *config, struct fault *fault)
{
	GString *text = g_string_new(NULL);
	GError *error = NULL;
	mode_t mode = 0;
	bool done;

	done = read_file(config->path, text, &mode, fault);
	if (done &&
	    !g_key_file_load_from_data(config->keys, text->str, text->len,
		G_KEY_FILE_NONE, &error)) {
		/* An empty file is a configuration without a setting. */
		done = text->len == 0 ||
		    fault_set(fault, FAULT_CONFIG, "%s", error->message);
		g_error_free(error);
	}
	g_string_free(text, TRUE);
	return done && check_groups(config, fault) &&
	    check_secrecy(config, mode, fault);
}

/*
 * Only the default may be absent.  One that is there and cannot be read is a
 * fault: the reports would go to some other database.
 */
static bool
is_absent(const char *path, const char *fallback)
{
	return path == fallback && access(path, F_OK) != 0 &&
	    (errno == ENOENT || errno == ENOTDIR);
}

bool
config_read(const char *path, struct config **config, struct fault *fault)
{
	static const char fallback[] = SYSCONFDIR "/tlsrpt/tlsrpt.conf";
	const char *wanted = path != NULL ? path : getenv("TLSRPT_CONFIG");
	struct config *read = g_new0(struct config, 1);

	read->keys = g_key_file_new();
	read->texts = g_ptr_array_new_with_free_func(g_free);
	read->lists =
	    g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	read->path = wanted != NULL && wanted[0] != '\0' ? wanted : fallback;
	if (is_absent(read->path, fallback) || load(read, fault)) {
		*config = read;
		return true;
	}
	fault_at(fault, "%s: ", read->path);
	config_free(read);
	return false;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	g_key_file_free(config->keys);
	g_ptr_array_free(config->texts, TRUE);
	g_ptr_array_free(config->lists, TRUE);
	g_free(config);
}

const char *
config_text(struct config *config, const char *group, const char *key)
{
	gchar *text = g_key_file_get_string(config->keys, group, key, NULL);

	if (text == NULL)
		return NULL;
	g_ptr_array_add(config->texts, text);
	return g_strstrip(text);
}

const char *const *
config_list(struct config *config, const char *group, const char *key)
{
	const char *text = config_text(config, group, key);
	gchar **words = g_strsplit_set(text != NULL ? text : "", ";, \t", -1);
	gchar **to = words;

	for (gchar **from = words; *from != NULL; from++) {
		if (**from != '\0')
			*to++ = *from;
		else
			g_free(*from);
	}
	*to = NULL;
	g_ptr_array_add(config->lists, words);
	return (const char *const *)words;
}

/* The folder of a person, or of the machine where there is none. */
static const char *
state_path(const char *name, struct arena *arena)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	struct stat st;

	if (state != NULL && state[0] == '/')
		return arena_printf(arena, "%s/tlsrpt/%s", state, name);
	if (home != NULL && home[0] == '/' && stat(home, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return arena_printf(arena, "%s/.local/state/tlsrpt/%s", home,
		    name);
	return arena_printf(arena, "%s/lib/tlsrpt/%s", LOCALSTATEDIR, name);
}

bool
config_database(struct config *config, const char *option, struct arena *arena,
    const char **uri, struct fault *fault)
{
	const char *set = option;

	if (option != NULL && has_password(option))
		return fault_set(fault, FAULT_USAGE,
		    "a password on the command line can be seen by everybody: "
		    "put it into ~/.pgpass or a service file");
	if (set == NULL)
		set = getenv("TLSRPT_DATABASE");
	if (set == NULL || set[0] == '\0')
		set = config_text(config, "database", "uri");
	if (set == NULL || set[0] == '\0')
		set = arena_printf(arena, "sqlite:%s",
		    state_path("reports.db", arena));
	*uri = arena_copy(arena, set, strlen(set));
	return true;
}

const char *
config_quarantine(struct config *config, const char *option, const char *uri,
    struct arena *arena)
{
	const char *set = option;
	const char *slash;

	if (set == NULL)
		set = config_text(config, "ingest", "quarantine");
	if (set != NULL)
		return arena_copy(arena, set, strlen(set));
	if (strncmp(uri, "sqlite:", 7) != 0)
		return LOCALSTATEDIR "/lib/tlsrpt/quarantine";
	slash = strrchr(uri, '/');
	if (slash == NULL)
		return "quarantine";
	return arena_printf(arena, "%.*s/quarantine", (int)(slash - uri - 7),
	    uri + 7);
}
