#include "base/datetime.h"

#include <stdio.h>
#include <string.h>

enum { DAY = 24 * 60 * 60 };

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
static const int64_t first_second = INT64_C(-62135596800);
static const int64_t last_second = INT64_C(253402300799);

/*
 * Counted from 1 March of year 0, where every era of 400 years has the same
 * number of days and a leap day is the last day of its year.
 */
int64_t
datetime_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static void
date_of_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static int64_t
floor_days(int64_t seconds)
{
	return (seconds >= 0 ? seconds : seconds - (DAY - 1)) / DAY;
}

/* Several are written for each row: to print them would take longer. */
static char *
write_two(char *at, int value)
{
	at[0] = (char)('0' + value / 10);
	at[1] = (char)('0' + value % 10);
	return at + 2;
}

void
datetime_write(int64_t seconds, char text[DATETIME_SIZE])
{
	int64_t days = floor_days(seconds);
	int rest = (int)(seconds - days * DAY);
	int year;
	int month;
	int day;
	char *at = text;

	date_of_days(days, &year, &month, &day);
	if (year >= 0 && year <= 9999) {
		at = write_two(at, year / 100);
		at = write_two(at, year % 100);
	} else {
		at += snprintf(text, DATETIME_SIZE / 2, "%04d", year);
	}
	*at++ = '-';
	at = write_two(at, month);
	*at++ = '-';
	at = write_two(at, day);
	*at++ = 'T';
	at = write_two(at, rest / 3600);
	*at++ = ':';
	at = write_two(at, rest / 60 % 60);
	*at++ = ':';
	at = write_two(at, rest % 60);
	*at++ = 'Z';
	*at = '\0';
}

int64_t
datetime_month(int64_t seconds)
{
	int year;
	int month;
	int day;

	date_of_days(floor_days(seconds), &year, &month, &day);
	return datetime_days(year, month, 1) * DAY;
}

/* Read exactly n digits; -1 where there are fewer. */
static int
digits(const char **text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*text)[i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*text += n;
	return value;
}

static bool
take(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
read_date(const char **text, int64_t *seconds)
{
	static const int days_of[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int year = digits(text, 4);
	int month;
	int day;

	if (year < 0 || !take(text, '-') || (month = digits(text, 2)) < 1 ||
	    month > 12 || !take(text, '-') || (day = digits(text, 2)) < 1 ||
	    day > days_of[month - 1])
		return false;
	if (month == 2 && day == 29 && !is_leap(year))
		return false;
	*seconds = datetime_days(year, month, day) * DAY;
	return true;
}

/* 23:59:60 is a leap second, and counted as the next midnight. */
static bool
read_time(const char **text, int64_t *seconds, bool *odd)
{
	int hour = digits(text, 2);
	int minute;
	int second;

	if (hour < 0 || hour > 24 || !take(text, ':') ||
	    (minute = digits(text, 2)) < 0 || minute > 59)
		return false;
	if (take(text, ':')) {
		second = digits(text, 2);
		if (second < 0 || second > 60)
			return false;
	} else {
		second = 0;
		*odd = true;
	}
	if (hour == 24) {
		if (minute != 0 || second != 0)
			return false;
		*odd = true;
	}
	if (take(text, '.')) {
		if (digits(text, 1) < 0)
			return false;
		while (**text >= '0' && **text <= '9')
			(*text)++;
	}
	*seconds += hour * 3600 + minute * 60 + second;
	return true;
}

static bool
read_zone(const char **text, int64_t *seconds, struct datetime *datetime)
{
	int sign = **text == '-' ? -1 : 1;
	int hour;
	int minute;

	if (**text == '\0') {
		datetime->without_zone = true;
		return true;
	}
	if (take(text, 'Z'))
		return true;
	if (take(text, 'z')) {
		datetime->odd_form = true;
		return true;
	}
	if (!take(text, '+') && !take(text, '-'))
		return false;
	if ((hour = digits(text, 2)) < 0 || hour > 23)
		return false;
	if (!take(text, ':'))
		datetime->odd_form = true;
	if ((minute = digits(text, 2)) < 0 || minute > 59)
		return false;
	*seconds -= (int64_t)sign * (hour * 3600 + minute * 60);
	return true;
}

static void
skip_blanks(const char **text, struct datetime *datetime)
{
	while (take(text, ' '))
		datetime->odd_form = true;
}

bool
datetime_read(const char *text, struct datetime *datetime)
{
	struct datetime read = { 0 };

	skip_blanks(&text, &read);
	if (!read_date(&text, &read.seconds))
		return false;
	if (text[strspn(text, " ")] == '\0') {
		read.without_time = true;
		skip_blanks(&text, &read);
	} else {
		if (!take(&text, 'T')) {
			if (!take(&text, 't') && !take(&text, ' '))
				return false;
			read.odd_form = true;
		}
		if (!read_time(&text, &read.seconds, &read.odd_form))
			return false;
		skip_blanks(&text, &read);
		if (!read_zone(&text, &read.seconds, &read))
			return false;
		skip_blanks(&text, &read);
	}
	if (*text != '\0' || read.seconds < first_second ||
	    read.seconds > last_second)
		return false;
	*datetime = read;
	return true;
}
