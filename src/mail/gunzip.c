#include "mail/gunzip.h"

#include <limits.h>
#include <string.h>

/* Let zlib take what it only reads as const. */
#define ZLIB_CONST
#include <zlib.h>

enum {
	GZIP_ONLY = 15 + 16, /* the largest window, and no other format */
	PLAIN_LEAST = 4096,
	TRAILER = 4 /* ISIZE, RFC 1952, section 2.3.1 */
};

struct unpacking {
	z_stream zs;
	struct bytes packed;
	const struct limits *limits;
	struct arena *arena;
	unsigned char *plain;
	size_t size;
	size_t len;
	struct fault *fault;
};

bool
gunzip_is_gzip(struct bytes bytes)
{
	return bytes.len >= 2 && bytes.at[0] == 0x1f && bytes.at[1] == 0x8b;
}

static void *
arena_zalloc(void *arena, unsigned int items, unsigned int size)
{
	return arena_alloc(arena, (size_t)items * size);
}

static void
arena_zfree(void *arena, void *piece)
{
	(void)arena;
	(void)piece;
}

/* A first guess at the size: the last member's own word, if it is sane. */
static size_t
guess_size(struct bytes packed, size_t limit)
{
	size_t size = 0;

	if (packed.len >= TRAILER)
		for (int i = 0; i < TRAILER; i++)
			size |=
			    (size_t)packed.at[packed.len - TRAILER + (size_t)i]
			    << 8 * i;
	if (size < PLAIN_LEAST || size / 1100 > packed.len)
		size = PLAIN_LEAST; /* deflate packs no more than 1:1032 */
	return size < limit ? size : limit;
}

/*
 * One byte more than the limit is unpacked, so that what ends at the limit
 * can be told from what goes on.
 */
static bool
grow(struct unpacking *un)
{
	size_t most = un->limits->report + 1;
	size_t size = un->size == 0 ?
	    guess_size(un->packed, un->limits->report) + 1 :
	    un->size > most / 2 ? most :
				  un->size * 2;
	unsigned char *plain;

	if (un->size >= most)
		return fault_set(un->fault, FAULT_LIMIT,
		    "gzip data unpacks to more than %zu bytes",
		    un->limits->report);
	plain = arena_try(un->arena, size, limits_memory(un->limits));
	if (plain == NULL)
		return fault_set(un->fault, FAULT_LIMIT,
		    "unpacking takes more than %zu bytes",
		    limits_memory(un->limits));
	if (un->len > 0)
		memcpy(plain, un->plain, un->len);
	un->plain = plain;
	un->size = size;
	return true;
}

/* Unpack up to the end of one member. */
static bool
member(struct unpacking *un)
{
	int got = Z_OK;

	while (got != Z_STREAM_END) {
		uInt in = un->zs.avail_in;
		size_t room = un->size - un->len;

		un->zs.next_out = un->plain + un->len;
		un->zs.avail_out = (uInt)(room < UINT_MAX ? room : UINT_MAX);
		room = un->zs.avail_out;
		got = inflate(&un->zs, Z_FINISH);
		un->len += room - un->zs.avail_out;
		if (got == Z_STREAM_END)
			break;
		if (got != Z_OK && got != Z_BUF_ERROR)
			return fault_set(un->fault, FAULT_CONTENT,
			    "gzip data is damaged: %s",
			    un->zs.msg != NULL ? un->zs.msg : "not gzip");
		if (un->zs.avail_out == 0) {
			if (!grow(un))
				return false;
		} else if (un->zs.avail_in == 0 || un->zs.avail_in == in) {
			return fault_set(un->fault, FAULT_CONTENT,
			    "gzip data is cut short");
		}
	}
	if (un->len > un->limits->report)
		return fault_set(un->fault, FAULT_LIMIT,
		    "gzip data unpacks to more than %zu bytes",
		    un->limits->report);
	return true;
}

static bool
all_members(struct unpacking *un, struct gunzipped *out)
{
	for (;;) {
		struct bytes rest;

		if (!member(un))
			return false;
		out->nmembers++;
		rest = (struct bytes){ un->zs.next_in, un->zs.avail_in };
		if (!gunzip_is_gzip(rest)) {
			/* Tapes and archives pad with NULs; that is no data. */
			for (size_t i = 0; i < rest.len; i++)
				out->trailing_data |= rest.at[i] != 0;
			break;
		}
		if (un->size == un->len && !grow(un))
			return false;
		if (inflateReset(&un->zs) != Z_OK)
			return fault_set(un->fault, FAULT_LATER,
			    "zlib could not be started again");
	}
	out->plain = (struct bytes){ un->plain, un->len };
	return true;
}

bool
gunzip(struct bytes packed, const struct limits *limits, struct arena *arena,
    struct gunzipped *out, struct fault *fault)
{
	struct unpacking un = { .packed = packed,
		.limits = limits,
		.arena = arena,
		.fault = fault };
	struct gunzipped unpacked = { .nmembers = 0 };
	bool done;

	if (packed.len > UINT_MAX)
		return fault_set(fault, FAULT_LIMIT,
		    "gzip data of %zu bytes is more than zlib takes at once",
		    packed.len);
	un.zs = (z_stream){ .next_in = packed.at,
		.avail_in = (uInt)packed.len,
		.zalloc = arena_zalloc,
		.zfree = arena_zfree,
		.opaque = arena };
	if (inflateInit2(&un.zs, GZIP_ONLY) != Z_OK)
		return fault_set(fault, FAULT_LATER,
		    "zlib could not be started");
	done = grow(&un) && all_members(&un, &unpacked);
	(void)inflateEnd(&un.zs);
	if (done)
		*out = unpacked;
	return done;
}
