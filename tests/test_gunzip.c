/* gzip files, whole and broken, made with zlib itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "mail/gunzip.h"

enum { LIMIT = 100000 };

static const struct limits limits = { .message = 1000000,
	.report = LIMIT,
	.depth = 64 };

/* Pack len bytes of 'a' as one member; returns its length. */
static size_t
pack(unsigned char *to, size_t room, size_t len)
{
	unsigned char *plain = test_malloc(len + 1);
	z_stream zs = { .next_out = to, .avail_out = (uInt)room };

	memset(plain, 'a', len);
	assert_int_equal(deflateInit2(&zs, 9, Z_DEFLATED, 15 + 16, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	zs.next_in = plain;
	zs.avail_in = (uInt)len;
	assert_int_equal(deflate(&zs, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&zs), Z_OK);
	test_free(plain);
	return room - zs.avail_out;
}

/* Members of these lengths, then some bytes of tail, then some cut off. */
static const struct row {
	const char *name;
	size_t members[3];
	const char *tail;
	size_t tail_len;
	size_t cut;
	size_t damaged; /* a byte counted from the end that is changed */
	enum fault_kind fault;
	bool trailing;
} rows[] = {
	{ "one member", { 5 }, NULL, 0, 0, 0, FAULT_NONE, false },
	{ "nothing in it", { 0 }, NULL, 0, 0, 0, FAULT_NONE, false },
	{ "two members", { 5, 7 }, NULL, 0, 0, 0, FAULT_NONE, false },
	{ "three, the middle one large", { 5, 50000, 7 }, NULL, 0, 0, 0,
	    FAULT_NONE, false },
	{ "grows many times", { LIMIT - 1 }, NULL, 0, 0, 0, FAULT_NONE, false },
	{ "exactly the limit", { LIMIT }, NULL, 0, 0, 0, FAULT_NONE, false },
	{ "one past the limit", { LIMIT + 1 }, NULL, 0, 0, 0, FAULT_LIMIT,
	    false },
	{ "two that are past it together", { LIMIT, 1 }, NULL, 0, 0, 0,
	    FAULT_LIMIT, false },
	{ "a bomb", { 100 * LIMIT }, NULL, 0, 0, 0, FAULT_LIMIT, false },
	{ "bytes behind it", { 5 }, "garbage", 7, 0, 0, FAULT_NONE, true },
	{ "NULs behind it", { 5 }, "\0\0\0\0", 4, 0, 0, FAULT_NONE, false },
	{ "half a member behind it", { 5 }, "\x1f\x8b\x08", 3, 0, 0,
	    FAULT_CONTENT, false },
	{ "cut in the trailer", { 5 }, NULL, 0, 3, 0, FAULT_CONTENT, false },
	{ "cut in the data", { 50000 }, NULL, 0, 12, 0, FAULT_CONTENT, false },
	{ "a wrong checksum", { 5 }, NULL, 0, 0, 8, FAULT_CONTENT, false },
	{ "a wrong size", { 5 }, NULL, 0, 0, 4, FAULT_CONTENT, false },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]), ROOM = 100000 };

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new();
	unsigned char *packed = test_malloc(ROOM);
	struct gunzipped out = { { NULL, 0 }, 0, false };
	struct fault fault = { .kind = FAULT_NONE };
	size_t len = 0;
	size_t want = 0;
	size_t nmembers = 0;

	for (size_t i = 0; i < 3 && (i == 0 || row->members[i] > 0); i++) {
		len += pack(packed + len, ROOM - len, row->members[i]);
		want += row->members[i];
		nmembers++;
	}
	if (row->tail != NULL)
		memcpy(packed + len, row->tail, row->tail_len);
	len += row->tail_len - row->cut;
	if (row->damaged > 0)
		packed[len - row->damaged] ^= 0xff;
	assert_int_equal(gunzip((struct bytes){ packed, len }, &limits, arena,
			     &out, &fault),
	    row->fault == FAULT_NONE);
	assert_int_equal(fault.kind, row->fault);
	if (row->fault == FAULT_NONE) {
		assert_int_equal(out.plain.len, want);
		for (size_t i = 0; i < want; i++)
			assert_int_equal(out.plain.at[i], 'a');
		assert_int_equal(out.nmembers, nmembers);
		assert_int_equal(out.trailing_data, row->trailing);
	} else {
		assert_null(out.plain.at);
	}
	/* However much it claims to be, it takes no more than it may. */
	assert_true(arena_used(arena) < LIMIT_MEMORY_FACTOR * (size_t)LIMIT);
	test_free(packed);
	arena_free(arena);
}

static void
test_not_gzip(void **state)
{
	static const unsigned char text[] = "not gzip";
	struct arena *arena = arena_new();
	struct gunzipped out;
	struct fault fault = { .kind = FAULT_NONE };

	(void)state;
	assert_false(gunzip_is_gzip((struct bytes){ text, sizeof(text) }));
	assert_false(gunzip_is_gzip((struct bytes){ text, 0 }));
	assert_false(gunzip((struct bytes){ text, sizeof(text) }, &limits,
	    arena, &out, &fault));
	assert_int_equal(fault.kind, FAULT_CONTENT);
	arena_free(arena);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS + 1];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	tests[NROWS] = (struct CMUnitTest)cmocka_unit_test(test_not_gzip);
	return cmocka_run_group_tests_name("gunzip", tests, NULL, NULL);
}
