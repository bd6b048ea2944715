/* What is JSON, and what is mended in it before cJSON sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/json_text.h"

static const struct row {
	const char *name;
	const char *raw;
	const char *text; /* NULL where it is refused */
	deviations noted;
	enum fault_kind fault;
} rows[] = {
	{ "an object", "{\"a\": [1, -2.5e+3, true, null, \"x\"]}",
	    "{\"a\": [1, -2.5e+3, true, null, \"x\"]}", 0, FAULT_NONE },
	{ "empty ones", " [{}, [], \"\"] ", " [{}, [], \"\"]", 0, FAULT_NONE },
	{ "a scalar", "0", "0", 0, FAULT_NONE },
	{ "a mark of byte order", "\xef\xbb\xbf{}", "{}",
	    DEVIATION(BYTE_ORDER_MARK), FAULT_NONE },
	{ "something behind it", "{} x", "{}", DEVIATION(TRAILING_DATA),
	    FAULT_NONE },
	{ "white space behind it", "{}\r\n\t ", "{}", 0, FAULT_NONE },
	{ "U+0000", "\"a\\u0000b\"", "\"a\\ufffdb\"", DEVIATION(NUL_CHARACTER),
	    FAULT_NONE },
	{ "a low half alone", "\"\\udc00\"", "\"\\ufffd\"",
	    DEVIATION(LONE_SURROGATE), FAULT_NONE },
	{ "a high half alone", "\"\\ud83dx\"", "\"\\ufffdx\"",
	    DEVIATION(LONE_SURROGATE), FAULT_NONE },
	{ "two high halves", "\"\\ud83d\\ud83d\\ude00\"",
	    "\"\\ufffd\\ud83d\\ude00\"", DEVIATION(LONE_SURROGATE),
	    FAULT_NONE },
	{ "a pair", "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"", 0, FAULT_NONE },
	{ "a backslash before u0000", "\"\\\\u0000\"", "\"\\\\u0000\"", 0,
	    FAULT_NONE },
	{ "a byte that is no UTF-8", "\"a\xff\"", "\"a\xef\xbf\xbd\"",
	    DEVIATION(INVALID_UTF8), FAULT_NONE },
	{ "fifteen digits", "123456789012345", "123456789012345", 0,
	    FAULT_NONE },
	{ "sixteen digits", "[1234567890123456,1]",
	    "[\"\x01"
	    "1234567890123456\",1]",
	    0, FAULT_NONE },
	{ "sixteen digits in a string", "\"1234567890123456\"",
	    "\"1234567890123456\"", 0, FAULT_NONE },
	{ "sixteen digits and a fraction", "1234567890123456.5",
	    "1234567890123456.5", 0, FAULT_NONE },
	{ "a mark in a string cannot be",
	    "\"\x01"
	    "1\"",
	    NULL, 0, FAULT_CONTENT },
	{ "nothing", "", NULL, 0, FAULT_CONTENT },
	{ "a raw line break", "\"a\nb\"", NULL, 0, FAULT_CONTENT },
	{ "no end of a string", "\"a", NULL, 0, FAULT_CONTENT },
	{ "no end of an escape", "\"\\", NULL, 0, FAULT_CONTENT },
	{ "no end of a code", "\"\\u00", NULL, 0, FAULT_CONTENT },
	{ "an unknown escape", "\"\\x41\"", NULL, 0, FAULT_CONTENT },
	{ "a bad code", "\"\\u00g0\"", NULL, 0, FAULT_CONTENT },
	{ "a comma too many", "[1,]", NULL, 0, FAULT_CONTENT },
	{ "a comma missing", "[1 2]", NULL, 0, FAULT_CONTENT },
	{ "a key without quotes", "{a: 1}", NULL, 0, FAULT_CONTENT },
	{ "a key without a value", "{\"a\"}", NULL, 0, FAULT_CONTENT },
	{ "the other bracket", "[1}", NULL, 0, FAULT_CONTENT },
	{ "no end", "[[1]", NULL, 0, FAULT_CONTENT },
	{ "a leading zero", "01", NULL, 0, FAULT_CONTENT },
	{ "a plus", "+1", NULL, 0, FAULT_CONTENT },
	{ "no digit behind the dot", "1.", NULL, 0, FAULT_CONTENT },
	{ "no digit in the exponent", "1e+", NULL, 0, FAULT_CONTENT },
	{ "a minus alone", "-", NULL, 0, FAULT_CONTENT },
	{ "no word of JSON's", "nul", NULL, 0, FAULT_CONTENT },
	{ "single quotes", "{'a': 1}", NULL, 0, FAULT_CONTENT },
	{ "four levels, the limit", "[[[[1]]]]", "[[[[1]]]]", 0, FAULT_NONE },
	{ "five levels", "[[[[[1]]]]]", NULL, 0, FAULT_LIMIT },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static void
test_row(void **state)
{
	const struct row *row = *state;
	const struct limits limits = { .message = 1000,
		.report = 1000,
		.depth = 4 };
	struct arena *arena = arena_new();
	struct bytes text = { NULL, 0 };
	struct fault fault = { .kind = FAULT_NONE };
	deviations noted = 0;
	/* A copy without a NUL behind it, so that sanitizers see the end. */
	size_t len = strlen(row->raw);
	unsigned char *raw = test_malloc(len + 1);
	bool done;

	memcpy(raw, row->raw, len);
	raw[len] = 'x';
	done = json_text((struct bytes){ raw, len }, &limits, arena, &text,
	    &noted, &fault);
	assert_int_equal(fault.kind, row->fault);
	assert_int_equal(done, row->text != NULL);
	if (done) {
		assert_int_equal(text.len, strlen(row->text));
		assert_memory_equal(text.at, row->text, text.len);
		assert_int_equal(noted, row->noted);
	} else {
		assert_null(text.at);
	}
	arena_free(arena);
	test_free(raw);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
