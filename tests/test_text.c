/* Text of strangers: repaired, made printable, cut, and read as numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define MARK       "\xef\xbf\xbd"

static struct arena *arena;

/* Bytes, and what is left of them; NULL where they are valid. */
static const struct {
	const char *raw;
	size_t len;
	const char *repaired;
} repairs[] = {
	{ "", 0, NULL },
	{ "plain", 5, NULL },
	{ "\xc3\xbc", 2, NULL },
	{ "\xe2\x82\xac", 3, NULL },
	{ "\xf0\x9f\x98\x80", 4, NULL },
	{ "\xf4\x8f\xbf\xbf", 4, NULL }, /* U+10FFFF */
	{ "\xf4\x90\x80\x80", 4, MARK MARK MARK MARK },
	{ "\xf5\x80\x80\x80", 4, MARK MARK MARK MARK },
	{ "\xed\x9f\xbf", 3, NULL }, /* the last before surrogates */
	{ "\xed\xa0\x80", 3, MARK MARK MARK },
	{ "\xc0\xaf", 2, MARK MARK }, /* overlong */
	{ "\xe0\x80\xaf", 3, MARK MARK MARK },
	{ "\xf0\x80\x80\xaf", 4, MARK MARK MARK MARK },
	{ "\x80", 1, MARK },
	{ "\xc3", 1, MARK }, /* it ends too early */
	{ "\xc3(", 2, MARK "(" },
	{ "a\0b", 3, "a" MARK "b" },
	{ "12345678\xff"
	  "12345678",
	    17, "12345678" MARK "12345678" },
};

static void
test_repair(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(repairs); i++) {
		struct bytes raw = { (const unsigned char *)repairs[i].raw,
			repairs[i].len };
		bool repaired = false;
		const char *text = text_repair(raw, arena, &repaired);

		assert_int_equal(repaired, repairs[i].repaired != NULL);
		assert_int_equal(text_is_valid(raw), !repaired);
		assert_string_equal(text,
		    repaired ? repairs[i].repaired : repairs[i].raw);
		assert_true(text_is_valid((struct bytes){
		    (const unsigned char *)text, strlen(text) }));
	}
}

static const struct {
	const char *text;
	const char *shown; /* NULL: as it is */
} shown[] = {
	{ "", NULL }, { "plain, and \xc3\xbc\xe2\x82\xac", NULL },
	{ "long enough for eight at once", NULL }, { "\t", "\\x09" },
	{ "a\nb", "a\\x0ab" }, { "a\r\nb", "a\\x0d\\x0ab" },
	{ "\033[2J", "\\x1b[2J" }, { "12345678\033", "12345678\\x1b" },
	{ "\x7f", "\\x7f" }, { "\xc2\x9b", "\\x9b" }, /* CSI in one character */
	{ "\xc2\xad", "\\xad" }, { "\xd8\x9c", "\\u{61c}" },
	{ "\xe2\x80\xae"
	  "abc",
	    "\\u{202e}abc" },
	{ "\xe2\x80\xa8", "\\u{2028}" }, { "\xe2\x81\xa6", "\\u{2066}" },
	{ "\xef\xbb\xbf", "\\u{feff}" }, { "\xf3\xa0\x80\x81", "\\u{e0001}" },
	{ "a\xff"
	  "b",
	    "a\\xffb" }, /* no UTF-8 at all */
};

static void
test_printable(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(shown); i++) {
		const char *want =
		    shown[i].shown != NULL ? shown[i].shown : shown[i].text;

		assert_string_equal(text_printable(shown[i].text, arena), want);
		assert_int_equal(text_has_controls(shown[i].text),
		    shown[i].shown != NULL);
	}
}

static const struct {
	const char *text;
	const char *json;
} strings[] = {
	{ NULL, "null" },
	{ "", "\"\"" },
	{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
	{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
	{ "\033[2J\x7f", "\"\\u001b[2J\\u007f\"" },
	{ "\xc3\xbc\xe2\x82\xac", "\"\xc3\xbc\xe2\x82\xac\"" },
	{ "\xc2\x9b\xe2\x80\xae\"", "\"\\u009b\\u202e\\\"\"" },
	{ "\xf3\xa0\x80\x81", "\"\\udb40\\udc01\"" },
};

static void
test_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(strings); i++) {
		struct buffer out = { 0 };

		buffer_json(&out, strings[i].text);
		assert_string_equal(out.at, strings[i].json);
		buffer_free(&out);
	}
}

static const struct {
	const char *text;
	size_t limit;
	const char *kept; /* NULL: all */
} cuts[] = {
	{ "", 0, NULL },
	{ "abc", 3, NULL },
	{ "abcd", 3, "abc" },
	{ "ab\xc3\xbc", 3, "ab" }, /* no half of a character */
	{ "ab\xc3\xbc", 4, NULL },
	{ "\xf0\x9f\x98\x80", 3, "" },
	{ "a", 0, "" },
};

static void
test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cuts); i++) {
		bool cut = false;
		const char *kept =
		    text_cut(cuts[i].text, cuts[i].limit, arena, &cut);

		assert_int_equal(cut, cuts[i].kept != NULL);
		assert_string_equal(kept, cut ? cuts[i].kept : cuts[i].text);
	}
}

static const struct {
	const char *name;
	const char *domain;
} names[] = {
	{ "", "" },
	{ ".", "." },
	{ "example.com", "example.com" },
	{ "Example.COM.", "example.com" },
	{ " \t\r\nexample.com. \r\n", "example.com" },
	{ "  ", "" },
	{ "M\xc3\x9cNCHEN.example", "m\xc3\x9cnchen.example" },
	{ "a..", "a." },
};

static void
test_domain(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(names); i++)
		assert_string_equal(text_domain(names[i].name, arena),
		    names[i].domain);
	assert_string_equal(text_lower("AbC-\xc3\x84Z", arena),
	    "abc-\xc3\x84z");
	assert_string_equal(text_address_domain("a@b@c"), "c");
	assert_null(text_address_domain("a@"));
	assert_null(text_address_domain("nobody"));
	assert_true(text_is_blank(" \t\r\n"));
	assert_false(text_is_blank(" x"));
}

static const struct {
	const char *name;
	const char *domain;
	bool within;
} within[] = {
	{ "example.com", "example.com", true },
	{ "mx.example.com", "example.com", true },
	{ "badexample.com", "example.com", false },
	{ "example.com", "mx.example.com", false },
	{ "example.com.evil", "example.com", false },
	{ "example.com", "", false },
};

static void
test_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(within); i++)
		assert_int_equal(text_is_within_domain(within[i].name,
				     within[i].domain),
		    within[i].within);
}

static const struct {
	const char *text;
	size_t size;
	bool good;
} sizes[] = {
	{ "0", 0, true },
	{ "65536", 65536, true },
	{ "64K", 65536, true },
	{ "64k", 65536, true },
	{ "16M", 16 << 20, true },
	{ "16MiB", 16 << 20, true },
	{ "16MB", 16 << 20, true },
	{ "7B", 7, true },
	{ "1G", 1 << 30, true },
	{ "", 0, false },
	{ "-1", 0, false },
	{ "x", 0, false },
	{ "1X", 0, false },
	{ "1KK", 0, false },
	{ "1 K", 0, false },
	{ "1.5M", 0, false },
	{ "18446744073709551615", 0, false },
	{ "99999999999999999999", 0, false },
	{ "17179869184G", 0, false },
};

static void
test_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(sizes); i++) {
		size_t size = 99;

		assert_int_equal(text_read_size(sizes[i].text, &size),
		    sizes[i].good);
		assert_int_equal(size, sizes[i].good ? sizes[i].size : 99);
	}
}

static const struct {
	const char *text;
	long long number;
	bool good;
} numbers[] = {
	{ "1", 1, true },
	{ "10", 10, true },
	{ "-5", -5, true },
	{ "11", 0, false },
	{ "-6", 0, false },
	{ "", 0, false },
	{ "-", 0, false },
	{ " 1", 0, false },
	{ "+1", 0, false },
	{ "1x", 0, false },
	{ "9223372036854775808", 0, false },
};

static void
test_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(numbers); i++) {
		long long number = 99;

		assert_int_equal(text_read_number(numbers[i].text, -5, 10,
				     &number),
		    numbers[i].good);
		assert_int_equal(number,
		    numbers[i].good ? numbers[i].number : 99);
	}
}

static int
start(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests_name("text", tests, start, stop);
}
