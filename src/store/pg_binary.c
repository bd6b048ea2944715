#include "store/pg_binary.h"

#include <string.h>

/* 2000-01-01, from which the server counts, in seconds since 1970. */
static const int64_t epoch = 946684800;

static const int64_t first_second = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;  /* 9999-12-31T23:59:59Z */

enum { SECONDS_A_DAY = 86400, MICROSECONDS = 1000000 };

/* As in the server's utils/inet.h; no number of the operating system's. */
enum { INET_4 = 2, INET_6 = 3 };

/* Where the number of elements stands in the header of an array. */
enum { ARRAY_COUNT_AT = 12 };

static void
store_int(char *at, int64_t number, int len)
{
	uint64_t bits = (uint64_t)number;

	for (int i = len - 1; i >= 0; i--) {
		at[i] = (char)(unsigned char)(bits & 0xff);
		bits >>= 8;
	}
}

static void
add_int(struct buffer *out, int64_t number, int len)
{
	store_int(buffer_room(out, (size_t)len), number, len);
	out->len += (size_t)len;
}

void
pg_add_null(struct buffer *out)
{
	add_int(out, -1, 4);
}

void
pg_add_bytes(struct buffer *out, const void *at, size_t len)
{
	add_int(out, (int64_t)len, 4);
	if (len > 0)
		buffer_add(out, at, len);
}

void
pg_add_text(struct buffer *out, const char *text)
{
	if (text == NULL)
		pg_add_null(out);
	else
		pg_add_bytes(out, text, strlen(text));
}

void
pg_add_int(struct buffer *out, int number)
{
	add_int(out, 4, 4);
	add_int(out, number, 4);
}

void
pg_add_bigint(struct buffer *out, int64_t number)
{
	add_int(out, 8, 4);
	add_int(out, number, 8);
}

static int64_t
within_years(int64_t seconds)
{
	if (seconds < first_second)
		return first_second;
	if (seconds > last_second)
		return last_second;
	return seconds;
}

void
pg_add_time(struct buffer *out, int64_t seconds)
{
	pg_add_bigint(out, (within_years(seconds) - epoch) * MICROSECONDS);
}

void
pg_add_date(struct buffer *out, int64_t seconds)
{
	int64_t since = within_years(seconds) - epoch;
	int64_t days = since / SECONDS_A_DAY;

	if (since % SECONDS_A_DAY < 0)
		days--;
	pg_add_int(out, (int)days);
}

void
pg_add_address(struct buffer *out, const struct address *address)
{
	int len = address->family == 4 ? 4 : 16;

	if (address->family == 0) {
		pg_add_null(out);
		return;
	}
	add_int(out, (int64_t)4 + len, 4);
	add_int(out, address->family == 4 ? INET_4 : INET_6, 1);
	add_int(out, (int64_t)8 * len, 1); /* the whole address, no network */
	add_int(out, 0, 1);                /* inet, not cidr */
	add_int(out, len, 1);
	buffer_add(out, address->octets, (size_t)len);
}

void
pg_add_texts(struct buffer *out, const struct text_list *texts)
{
	size_t at = out->len;

	add_int(out, 0, 4); /* its length, known once it is written */
	if (texts->len == 0) {
		add_int(out, 0, 4);
		add_int(out, 0, 4);
		add_int(out, PG_TEXT, 4);
	} else {
		add_int(out, 1, 4);
		add_int(out, 0, 4);
		add_int(out, PG_TEXT, 4);
		add_int(out, (int64_t)texts->len, 4);
		add_int(out, 1, 4);
		for (size_t i = 0; i < texts->len; i++)
			pg_add_text(out, texts->at[i]);
	}
	store_int(out->at + at, (int64_t)(out->len - at - 4), 4);
}

void
pg_begin_array(struct buffer *out, enum pg_type type)
{
	out->len = 0;
	add_int(out, 1, 4); /* one dimension */
	add_int(out, 1, 4); /* there may be nulls */
	add_int(out, type, 4);
	add_int(out, 0, 4); /* elements, known at the end */
	add_int(out, 1, 4); /* number of the first */
}

void
pg_end_array(struct buffer *out, size_t nelements)
{
	store_int(out->at + ARRAY_COUNT_AT, (int64_t)nelements, 4);
}

void
pg_begin_copy(struct buffer *out)
{
	static const char signature[11] = "PGCOPY\n\377\r\n";

	out->len = 0;
	buffer_add(out, signature, sizeof(signature)); /* its NUL belongs */
	add_int(out, 0, 4);                            /* no flags */
	add_int(out, 0, 4);                            /* no extension */
}

void
pg_begin_row(struct buffer *out, int nfields)
{
	add_int(out, nfields, 2);
}

void
pg_end_copy(struct buffer *out)
{
	add_int(out, -1, 2);
}

int
pg_read_int(const char *at)
{
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++)
		bits = bits << 8 | (unsigned char)at[i];
	return (int)bits;
}

int64_t
pg_read_date(const char *at)
{
	return epoch + (int64_t)pg_read_int(at) * SECONDS_A_DAY;
}
