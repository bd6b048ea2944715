/* Dates as RFC 3339 has them, and as senders write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/datetime.h"

enum { PLAIN = 0, WITHOUT_ZONE = 1, WITHOUT_TIME = 2, ODD = 4, BAD = 8 };

static const struct row {
	const char *text;
	const char *written; /* NULL where it is no date */
	int marks;
} rows[] = {
	{ "2024-01-15T00:00:00Z", "2024-01-15T00:00:00Z", PLAIN },
	{ "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z", PLAIN },
	{ "2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z", PLAIN },
	{ "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z", PLAIN },
	{ "2024-01-15T00:00:00.999999Z", "2024-01-15T00:00:00Z", PLAIN },
	{ "2024-01-15T02:00:00+02:00", "2024-01-15T00:00:00Z", PLAIN },
	{ "2024-01-14T19:30:00-04:30", "2024-01-15T00:00:00Z", PLAIN },
	{ "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", PLAIN },
	{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", PLAIN },
	{ "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", PLAIN },
	{ "2024-01-15T00:00:00", "2024-01-15T00:00:00Z", WITHOUT_ZONE },
	{ "2024-01-15", "2024-01-15T00:00:00Z", WITHOUT_TIME },
	{ "2024-01-15 00:00:00Z", "2024-01-15T00:00:00Z", ODD },
	{ "2024-01-15t00:00:00z", "2024-01-15T00:00:00Z", ODD },
	{ "2024-01-15T02:00:00+0200", "2024-01-15T00:00:00Z", ODD },
	{ "2024-01-15T24:00:00Z", "2024-01-16T00:00:00Z", ODD },
	{ " 2024-01-15T00:00:00Z ", "2024-01-15T00:00:00Z", ODD },
	{ "2024-01-15T00:00Z", "2024-01-15T00:00:00Z", ODD },
	{ "", NULL, BAD },
	{ "yesterday", NULL, BAD },
	{ "2023-02-29T00:00:00Z", NULL, BAD },
	{ "1900-02-29T00:00:00Z", NULL, BAD },
	{ "2024-04-31T00:00:00Z", NULL, BAD },
	{ "2024-13-01T00:00:00Z", NULL, BAD },
	{ "2024-00-01T00:00:00Z", NULL, BAD },
	{ "2024-01-00T00:00:00Z", NULL, BAD },
	{ "2024-01-15T25:00:00Z", NULL, BAD },
	{ "2024-01-15T24:00:01Z", NULL, BAD },
	{ "2024-01-15T00:60:00Z", NULL, BAD },
	{ "2024-01-15T00:00:61Z", NULL, BAD },
	{ "2024-01-15T00:00:00.Z", NULL, BAD },
	{ "2024-01-15T00:00:00+24:00", NULL, BAD },
	{ "2024-01-15T00:00:00Zx", NULL, BAD },
	{ "2024-01-15T", NULL, BAD },
	{ "24-01-15T00:00:00Z", NULL, BAD },
	{ "12024-01-15T00:00:00Z", NULL, BAD },
	{ "0000-12-31T23:59:59Z", NULL, BAD },
	{ "0001-01-01T00:30:00+01:00", NULL, BAD },
	{ "9999-12-31T23:30:00-01:00", NULL, BAD },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct datetime got = { 0 };
	char text[DATETIME_SIZE];
	bool read = datetime_read(row->text, &got);

	assert_int_equal(read, row->written != NULL);
	if (!read)
		return;
	datetime_write(got.seconds, text);
	assert_string_equal(text, row->written);
	assert_int_equal(got.without_zone, (row->marks & WITHOUT_ZONE) != 0);
	assert_int_equal(got.without_time, (row->marks & WITHOUT_TIME) != 0);
	assert_int_equal(got.odd_form, (row->marks & ODD) != 0);
}

/* Against the C library, which counts days in its own way. */
static void
test_every_day(void **state)
{
	(void)state;
	for (int64_t day = -200000; day < 200000; day++) {
		time_t seconds = (time_t)(day * 86400 + 3661);
		char want[DATETIME_SIZE];
		char got[DATETIME_SIZE];
		struct datetime back;
		struct tm tm;

		assert_non_null(gmtime_r(&seconds, &tm));
		assert_true(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ",
				&tm) > 0);
		datetime_write(seconds, got);
		assert_string_equal(got, want);
		assert_true(datetime_read(got, &back));
		assert_int_equal(back.seconds, seconds);
	}
}

static void
test_month(void **state)
{
	struct datetime last;
	struct datetime first;

	(void)state;
	assert_true(datetime_read("2024-02-29T23:59:59Z", &last));
	assert_true(datetime_read("2024-02-01T00:00:00Z", &first));
	assert_int_equal(datetime_month(last.seconds), first.seconds);
	assert_int_equal(datetime_month(first.seconds), first.seconds);
	assert_true(datetime_month(first.seconds - 1) < first.seconds);
}

int
main(void)
{
	struct CMUnitTest tests[NROWS + 2];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].text,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	tests[NROWS] = (struct CMUnitTest)cmocka_unit_test(test_every_day);
	tests[NROWS + 1] = (struct CMUnitTest)cmocka_unit_test(test_month);
	return cmocka_run_group_tests_name("datetime", tests, NULL, NULL);
}
