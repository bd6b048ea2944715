/* tlsrpt.conf: what is taken, what is refused, and where the defaults lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/tlsrpt-config.XXXXXX";
static char path[sizeof(folder) + 16];
static struct arena *arena;

static void
write_file(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static const struct {
	const char *text;
	mode_t mode;
	enum fault_kind kind;
	const char *says; /* a part of what is said */
} files[] = {
	{ "", 0644, FAULT_NONE, NULL },
	{ "# nothing\n", 0644, FAULT_NONE, NULL },
	{ "[ingest]\nauth=off\n", 0644, FAULT_NONE, NULL },
	{ "[ingest]\nauht=off\n", 0644, FAULT_CONFIG, "\"auht\" in [ingest]" },
	{ "[injest]\n", 0644, FAULT_CONFIG, "[injest]" },
	{ "auth=off\n", 0644, FAULT_CONFIG, "" },
	{ "[ingest]\nauth\n", 0644, FAULT_CONFIG, "" },
	{ "[database]\nuri=host=x password=y\n", 0644, FAULT_CONFIG,
	    "password" },
	{ "[database]\nuri=host=x password=y\n", 0640, FAULT_NONE, NULL },
	{ "[database]\nuri=postgresql://u:p@h/d\n", 0644, FAULT_CONFIG,
	    "password" },
	{ "[database]\nuri=postgresql://u:@h/d\n", 0644, FAULT_NONE, NULL },
	{ "[database]\nuri=postgresql://u@h:5432/d\n", 0644, FAULT_NONE, NULL },
	{ "[database]\nuri=postgresql:///d?pass%77ord=y\n", 0644, FAULT_CONFIG,
	    "password" },
	{ "[database]\nuri=postgresql:///d?passw%6rd=y\n", 0644, FAULT_NONE,
	    NULL },
	{ "[database]\nuri=sqlite:/password=x.db\n", 0644, FAULT_NONE, NULL },
	{ "[daemon]\nsecret-path=/x\n", 0644, FAULT_CONFIG, "secret path" },
	{ "[daemon]\nsecret-path=/x\n", 0640, FAULT_NONE, NULL },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(files); i++) {
		struct config *config = NULL;
		struct fault fault = { .kind = FAULT_NONE };
		bool good;

		write_file(files[i].text, files[i].mode);
		good = config_read(path, &config, &fault);
		assert_int_equal(fault.kind, files[i].kind);
		assert_int_equal(good, files[i].kind == FAULT_NONE);
		assert_int_equal(config != NULL, good);
		if (!good) {
			assert_ptr_equal(strstr(fault.text, path), fault.text);
			assert_non_null(strstr(fault.text, files[i].says));
		}
		config_free(config);
	}
}

/* What is no file of a sane size is not read to its end, if it has one. */
static void
test_no_files(void **state)
{
	struct config *config = NULL;
	struct fault fault = { .kind = FAULT_NONE };

	(void)state;
	assert_false(config_read(folder, &config, &fault));
	assert_int_equal(fault.kind, FAULT_CONFIG);
	fault.kind = FAULT_NONE;
	assert_false(config_read("/dev/zero", &config, &fault));
	assert_int_equal(fault.kind, FAULT_CONFIG);
	fault.kind = FAULT_NONE;
	write_file("", 0600);
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	assert_false(config_read(path, &config, &fault));
	assert_int_equal(fault.kind, FAULT_CONFIG);
	fault.kind = FAULT_NONE;
	assert_int_equal(unlink(path), 0);
	assert_false(config_read(path, &config, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	config_free(NULL);
}

static void
test_values(void **state)
{
	struct config *config;
	struct fault fault;
	const char *const *list;

	(void)state;
	write_file("[ingest]\nauth =  off \ndomain=a.example;b.example, "
		   "c.example\td.example;;\n",
	    0600);
	assert_int_equal(setenv("TLSRPT_CONFIG", path, 1), 0);
	assert_true(config_read(NULL, &config, &fault));
	assert_string_equal(config_text(config, "ingest", "auth"), "off");
	assert_null(config_text(config, "ingest", "jobs"));
	list = config_list(config, "ingest", "domain");
	assert_string_equal(list[0], "a.example");
	assert_string_equal(list[1], "b.example");
	assert_string_equal(list[2], "c.example");
	assert_string_equal(list[3], "d.example");
	assert_null(list[4]);
	assert_null(config_list(config, "ingest", "authserv-id")[0]);
	config_free(config);
	assert_int_equal(unsetenv("TLSRPT_CONFIG"), 0);
}

/* Who names a database, from the strongest to none at all. */
static void
test_database(void **state)
{
	struct config *config;
	struct fault fault = { .kind = FAULT_NONE };
	const char *uri;
	char want[sizeof(folder) + 64];

	(void)state;
	write_file("[database]\nuri=service=file\n", 0600);
	assert_true(config_read(path, &config, &fault));
	assert_int_equal(setenv("TLSRPT_DATABASE", "service=env", 1), 0);
	assert_true(
	    config_database(config, "service=option", arena, &uri, &fault));
	assert_string_equal(uri, "service=option");
	assert_false(config_database(config, "postgresql://u:secret@h/d", arena,
	    &uri, &fault));
	assert_int_equal(fault.kind, FAULT_USAGE);
	assert_null(strstr(fault.text, "secret"));
	assert_true(config_database(config, NULL, arena, &uri, &fault));
	assert_string_equal(uri, "service=env");
	assert_int_equal(unsetenv("TLSRPT_DATABASE"), 0);
	assert_true(config_database(config, NULL, arena, &uri, &fault));
	assert_string_equal(uri, "service=file");
	config_free(config);

	write_file("", 0600);
	assert_true(config_read(path, &config, &fault));
	assert_int_equal(setenv("XDG_STATE_HOME", "/state", 1), 0);
	assert_true(config_database(config, NULL, arena, &uri, &fault));
	assert_string_equal(uri, "sqlite:/state/tlsrpt/reports.db");
	assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	assert_true(config_database(config, NULL, arena, &uri, &fault));
	(void)snprintf(want, sizeof(want),
	    "sqlite:%s/.local/state/tlsrpt/reports.db", folder);
	assert_string_equal(uri, want);
	assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
	assert_true(config_database(config, NULL, arena, &uri, &fault));
	assert_string_equal(uri,
	    "sqlite:" LOCALSTATEDIR "/lib/tlsrpt/reports.db");
	config_free(config);
}

static void
test_quarantine(void **state)
{
	struct config *config;
	struct fault fault;

	(void)state;
	write_file("", 0600);
	assert_true(config_read(path, &config, &fault));
	assert_string_equal(config_quarantine(config, "/q", "x", arena), "/q");
	assert_string_equal(config_quarantine(config, NULL, "sqlite:/a/b.db",
				arena),
	    "/a/quarantine");
	assert_string_equal(config_quarantine(config, NULL, "sqlite:b.db",
				arena),
	    "quarantine");
	assert_string_equal(config_quarantine(config, NULL, "service=x", arena),
	    LOCALSTATEDIR "/lib/tlsrpt/quarantine");
	config_free(config);
	write_file("[ingest]\nquarantine=/r\n", 0600);
	assert_true(config_read(path, &config, &fault));
	assert_string_equal(config_quarantine(config, NULL, "sqlite:/a/b.db",
				arena),
	    "/r");
	config_free(config);
}

static int
start(void **state)
{
	(void)state;
	(void)unsetenv("TLSRPT_CONFIG");
	(void)unsetenv("TLSRPT_DATABASE");
	arena = arena_new();
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/conf", folder);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	arena_free(arena);
	(void)unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_database),
		cmocka_unit_test(test_quarantine),
	};

	return cmocka_run_group_tests_name("config", tests, start, stop);
}
