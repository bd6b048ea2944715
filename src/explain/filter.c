#include "explain/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/text.h"

enum { DAY = 24 * 60 * 60, SPAN_MOST = 100 * 366 };

bool
filter_day_read(const char *text, int64_t *day)
{
	struct datetime read;
	char date[11];

	if (text == NULL || strlen(text) < 10)
		return false;
	memcpy(date, text, 10);
	date[10] = '\0';
	if (!datetime_read(date, &read) || !read.without_time)
		return false;
	*day = read.seconds / DAY - (read.seconds % DAY < 0 ? 1 : 0);
	return true;
}

const char *
filter_day_text(int64_t day, struct arena *arena)
{
	char text[DATETIME_SIZE];

	datetime_write(day * DAY, text);
	return arena_copy(arena, text, 10);
}

/* 7d, 4w, or a bare number of days. */
static bool
read_length(const char *text, int64_t *days)
{
	char *end;
	long long number;

	if (*text < '0' || *text > '9' || strlen(text) > 6)
		return false;
	number = strtoll(text, &end, 10);
	if (*end == 'w')
		number *= 7;
	if ((*end != 'd' && *end != 'w') || end[1] != '\0' ||
	    number > SPAN_MOST)
		return false;
	*days = number;
	return true;
}

static bool
read_end(const char *name, const char *text, int64_t from, int64_t *day,
    struct fault *fault)
{
	int64_t days;

	if (read_length(text, &days)) {
		*day = from - days;
		return true;
	}
	if (strlen(text) == 10 && filter_day_read(text, day))
		return true;
	return fault_set(fault, FAULT_USAGE,
	    "--%s: \"%s\" is neither a date such as 2024-01-15 nor a length "
	    "such as 7d or 4w",
	    name, text);
}

int64_t
filter_days(const struct filter *filter)
{
	int64_t days = filter->until - filter->since + 1;

	return filter->until_now && days > 1 ? days - 1 : days;
}

bool
filter_span(struct filter *filter, const char *since, const char *until,
    int fallback, int64_t now, struct fault *fault)
{
	int64_t today = now / DAY;
	int64_t last = today;
	int64_t from;
	int64_t first;

	if (until != NULL && !read_end("until", until, today, &last, fault))
		return false;
	/* A today that is not over is one day more than was asked for. */
	from = until == NULL ? last : last + 1;
	first = from - fallback;
	if (since != NULL && !read_end("since", since, from, &first, fault))
		return false;
	if (first > last)
		return fault_set(fault, FAULT_USAGE,
		    "--since lies after --until");
	filter->since = first;
	filter->until = last;
	filter->until_now = until == NULL;
	filter->before = first - filter_days(filter);
	return true;
}
