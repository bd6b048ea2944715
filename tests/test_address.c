/* Addresses come out as inet_ntop(3) would write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "report/address.h"

static const struct row {
	const char *text;
	int family; /* 0 where it is no address */
	const char *written;
} rows[] = {
	{ "192.0.2.1", 4, "192.0.2.1" },
	{ "255.255.255.255", 4, "255.255.255.255" },
	{ "192.0.2.01", 0, NULL },
	{ "192.0.2", 0, NULL },
	{ "192.0.2.256", 0, NULL },
	{ "2001:db8::1", 6, "2001:db8::1" },
	{ "2001:DB8:0:0:0:0:0:1", 6, "2001:db8::1" },
	{ "2001:db8:0:0:1:0:0:1", 6, "2001:db8::1:0:0:1" },
	{ "2001:db8:0:1:1:1:1:1", 6, "2001:db8:0:1:1:1:1:1" },
	{ "::", 6, "::" },
	{ "::1", 6, "::1" },
	{ "1::", 6, "1::" },
	{ "0:1::", 6, "0:1::" },
	{ "0:0:1::", 6, "0:0:1::" },
	{ "::ffff:192.0.2.1", 6, "::ffff:192.0.2.1" },
	{ "::192.0.2.1", 6, "::192.0.2.1" },
	{ "2001:db8::192.0.2.1", 6, "2001:db8::c000:201" },
	{ "2001:db8::1::", 0, NULL },
	{ "[2001:db8::1]", 0, NULL },
	{ "fe80::1%eth0", 0, NULL },
	{ "", 0, NULL },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]), RANDOM_ONES = 200000 };

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new();
	struct address address = { .family = 99 };
	bool read = address_read(row->text, arena, &address);

	assert_int_equal(read, row->family != 0);
	if (read) {
		assert_int_equal(address.family, row->family);
		assert_string_equal(address.text, row->written);
	} else {
		assert_int_equal(address.family, 99); /* left alone */
	}
	arena_free(arena);
}

/* Groups are zero more often than chance has it, so that gaps come up. */
static void
test_random(void **state)
{
	struct arena *arena = arena_new();
	uint64_t bits = 8460;

	(void)state;
	for (int i = 0; i < RANDOM_ONES; i++) {
		unsigned char octets[16] = { 0 };
		char expected[INET6_ADDRSTRLEN];
		struct address address;

		for (int k = 0; k < 16; k++) {
			bits = bits * UINT64_C(6364136223846793005) + 1;
			if (bits >> 62 == 0)
				octets[k] = (unsigned char)(bits >> 40);
		}
		assert_non_null(
		    inet_ntop(AF_INET6, octets, expected, sizeof(expected)));
		assert_true(address_read(expected, arena, &address));
		assert_string_equal(address.text, expected);
		assert_memory_equal(address.octets, octets, sizeof(octets));
		arena_reset(arena);
	}
	arena_free(arena);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS + 1];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].text,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	tests[NROWS] = (struct CMUnitTest){ .name = "random ones",
		.test_func = test_random };
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
