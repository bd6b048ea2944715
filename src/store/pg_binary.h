/*
 * Values in PostgreSQL's binary formats, as COPY and array parameters take
 * them: each with its length before it, in network order.
 */
#ifndef PG_BINARY_H
#define PG_BINARY_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "report/report.h"

/* Types by their numbers in pg_type.dat, which never change. */
enum pg_type {
	PG_BYTEA = 17,
	PG_BIGINT = 20,
	PG_INTEGER = 23,
	PG_TEXT = 25,
	PG_DATE = 1082,
	PG_TIMESTAMPTZ = 1184,
	PG_UUID = 2950
};

/* NULL for a text of NULL, and for an address of family 0. */
void pg_add_text(struct buffer *out, const char *text);
void pg_add_address(struct buffer *out, const struct address *address);

void pg_add_null(struct buffer *out);
void pg_add_bytes(struct buffer *out, const void *at, size_t len);
void pg_add_int(struct buffer *out, int number);
void pg_add_bigint(struct buffer *out, int64_t number);
void pg_add_texts(struct buffer *out, const struct text_list *texts);

/* Seconds since 1970; what lies outside the years 1 to 9999 is cut to them. */
void pg_add_time(struct buffer *out, int64_t seconds);
void pg_add_date(struct buffer *out, int64_t seconds);

/*
 * An array parameter: begin, add each element with a function from above,
 * and end with their number.  The buffer holds nothing else.
 */
void pg_begin_array(struct buffer *out, enum pg_type type);
void pg_end_array(struct buffer *out, size_t nelements);

/* COPY: its header, the start of a row, its trailer. */
void pg_begin_copy(struct buffer *out);
void pg_begin_row(struct buffer *out, int nfields);
void pg_end_copy(struct buffer *out);

/* A 4-byte number as the server sends it. */
int pg_read_int(const char *at);

/* A date as the server sends it, as the seconds at which it starts. */
int64_t pg_read_date(const char *at);

#endif
