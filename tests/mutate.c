#include "mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Let zlib take what it only reads as const. */
#define ZLIB_CONST
#include <zlib.h>

enum {
	PLAIN_MOST = 1 << 18, /* a document is not unpacked to more */
	SPANS = 2048,
	DEEPEST = 512,
	LINE = 76, /* of base64, RFC 2045, section 6.8 */
	LINE_LEAST = 16
};

/* xorshift: good enough to choose by, and the same for the same seed. */
static unsigned int
choose(unsigned int *state, size_t among)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return among > 0 ? (unsigned int)(*state % among) : 0;
}

/* A stretch of text: a value, or a member with its key. */
struct span {
	size_t start;
	size_t end;
};

struct spans {
	struct span values[SPANS];
	size_t nvalues;
	struct span keys[SPANS]; /* with their quotes */
	size_t nkeys;
};

static void
note(struct span *spans, size_t *n, size_t start, size_t end)
{
	if (*n < SPANS)
		spans[(*n)++] = (struct span){ start, end };
}

static size_t
end_of_string(const uint8_t *data, size_t size, size_t at)
{
	for (at++; at < size && data[at] != '"'; at++)
		if (data[at] == '\\' && at + 1 < size)
			at++;
	return at < size ? at + 1 : size;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_mark(uint8_t c)
{
	return is_blank(c) || (c != '\0' && strchr("{}[],:\"", c) != NULL);
}

static size_t
end_of_word(const uint8_t *data, size_t size, size_t at)
{
	while (at < size && !is_mark(data[at]))
		at++;
	return at;
}

/* A string in front of a colon is a key. */
static bool
is_key(const uint8_t *data, size_t size, size_t at)
{
	while (at < size && is_blank(data[at]))
		at++;
	return at < size && data[at] == ':';
}

/* Where values and keys are, as far as the text can be understood. */
static void
find_spans(const uint8_t *data, size_t size, struct spans *spans)
{
	size_t open[DEEPEST];
	size_t depth = 0;
	size_t at = 0;

	spans->nvalues = spans->nkeys = 0;
	while (at < size) {
		size_t start = at;

		if (data[at] == '"') {
			at = end_of_string(data, size, at);
			if (is_key(data, size, at))
				note(spans->keys, &spans->nkeys, start, at);
			else
				note(spans->values, &spans->nvalues, start, at);
		} else if (data[at] == '{' || data[at] == '[') {
			if (depth < DEEPEST)
				open[depth++] = at;
			at++;
		} else if (data[at] == '}' || data[at] == ']') {
			at++;
			if (depth > 0)
				note(spans->values, &spans->nvalues,
				    open[--depth], at);
		} else if (is_mark(data[at])) {
			at++;
		} else {
			at = end_of_word(data, size, at);
			note(spans->values, &spans->nvalues, start, at);
		}
	}
}

/* Put new text in place of a stretch; the size stays where it has no room. */
static size_t
put(uint8_t *data, size_t size, size_t max, struct span span, const void *text,
    size_t len)
{
	size_t rest = size - span.end;

	if (span.start + len + rest > max)
		return size;
	memmove(data + span.start + len, data + span.end, rest);
	if (len > 0)
		memcpy(data + span.start, text, len);
	return span.start + len + rest;
}

static const char *const odd_values[] = { "null", "true", "\"\"", "0", "-1",
	"1.5", "1e999", "-0", "9007199254740992", "9007199254740993",
	"9223372036854775807", "9223372036854775808", "\"12\"", "[]", "{}",
	"[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]", "\"\\ud800\"", "\"\\u0000\"",
	"\"\\udc00\\ud83d\\ude00\"", "\"\xff\xfe\"", "\"a\\r\\nb\\u001b[2J\"",
	"\"\\u202e\"", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01\"",
	"\"0001-01-01T00:00:00+23:59\"", "\"9999-12-31T24:00:00Z\"",
	"\"2026-02-29 23:59:60\"", "\"tlsa\"", "\"sts\"", "\"no-policy-found\"",
	"\"mode: enforce\\nmax_age: 99999999999999999999\"", "\"x.x.x.x\"",
	"\"2001:db8::1\"", "\"::ffff:192.0.2.1%1\"", "\"mailto:a@b\"",
	"\"EXAMPLE.COM.\"" };

static const char *const odd_keys[] = { "\"organization-name\"",
	"\"date-range\"", "\"start-datetime\"", "\"end-datetime\"",
	"\"contact-info\"", "\"report-id\"", "\"policies\"", "\"policy\"",
	"\"policy-type\"", "\"policy-string\"", "\"policy-domain\"",
	"\"mx-host\"", "\"mx-host-pattern\"", "\"summary\"",
	"\"total-successful-session-count\"", "\"total-failure-session-count\"",
	"\"failure-details\"", "\"result-type\"", "\"sending-mta-ip\"",
	"\"receiving-mx-hostname\"", "\"receiving-mx-host-name\"",
	"\"receiving-mx-helo\"", "\"receiving-ip\"", "\"failed-session-count\"",
	"\"additional-information\"", "\"failure-reason-code\"",
	"\"Report-ID\"", "\"\"", "\"\\u0000\"" };

enum {
	NVALUES = sizeof(odd_values) / sizeof(odd_values[0]),
	NKEYS = sizeof(odd_keys) / sizeof(odd_keys[0])
};

static size_t
put_literal(uint8_t *data, size_t size, size_t max, struct span span,
    const char *text)
{
	return put(data, size, max, span, text, strlen(text));
}

/* A copy of one value in the place of another, or in front of it. */
static size_t
copy_value(uint8_t *data, size_t size, size_t max, struct span from,
    struct span to, bool in_front)
{
	size_t len = from.end - from.start;
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		return size;
	memcpy(copy, data + from.start, len);
	if (in_front) {
		copy[len++] = ',';
		to.end = to.start;
	}
	size = put(data, size, max, to, copy, len);
	free(copy);
	return size;
}

/* From a key to the end of what looks like its value. */
static struct span
member_at(const uint8_t *data, size_t size, struct span key,
    const struct spans *spans)
{
	struct span member = key;
	size_t at = key.end;

	while (at < size && (is_blank(data[at]) || data[at] == ':'))
		at++;
	for (size_t i = 0; i < spans->nvalues; i++)
		if (spans->values[i].start == at)
			member.end = spans->values[i].end;
	return member;
}

static size_t
drop(uint8_t *data, size_t size, size_t max, struct span span)
{
	while (span.end < size && is_blank(data[span.end]))
		span.end++;
	if (span.end < size && data[span.end] == ',')
		span.end++;
	return put(data, size, max, span, NULL, 0);
}

static size_t
mutate_within(uint8_t *data, size_t size, size_t max, struct span span)
{
	size_t room = span.end - span.start + (max - size);
	uint8_t *copy = malloc(room + 1);
	size_t len = span.end - span.start;

	if (copy == NULL || room == 0) {
		free(copy);
		return size;
	}
	memcpy(copy, data + span.start, len);
	len = LLVMFuzzerMutate(copy, len, room);
	size = put(data, size, max, span, copy, len);
	free(copy);
	return size;
}

size_t
mutate_json(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	static struct spans spans;
	unsigned int state = seed | 1;
	struct span value;
	struct span other;
	struct span key;

	find_spans(data, size, &spans);
	if (spans.nvalues == 0 || spans.nkeys == 0)
		return LLVMFuzzerMutate(data, size, max);
	value = spans.values[choose(&state, spans.nvalues)];
	other = spans.values[choose(&state, spans.nvalues)];
	key = spans.keys[choose(&state, spans.nkeys)];
	switch (choose(&state, 9)) {
	case 0:
	case 1:
		return put_literal(data, size, max, value,
		    odd_values[choose(&state, NVALUES)]);
	case 2:
		return copy_value(data, size, max, other, value, false);
	case 3:
		return copy_value(data, size, max, other, value, true);
	case 4:
		return put_literal(data, size, max, key,
		    odd_keys[choose(&state, NKEYS)]);
	case 5:
		return copy_value(data, size, max,
		    member_at(data, size, key, &spans),
		    spans.keys[choose(&state, spans.nkeys)], true);
	case 6:
		return drop(data, size, max,
		    member_at(data, size, key, &spans));
	case 7:
		return drop(data, size, max, value);
	default:
		return mutate_within(data, size, max, value);
	}
}

/* Unpack, as far as it goes; 0 where it is no gzip data. */
static size_t
unpack(const uint8_t *data, size_t size, uint8_t *plain)
{
	z_stream zs = { .next_in = data,
		.avail_in = (uInt)size,
		.next_out = plain,
		.avail_out = PLAIN_MOST };

	if (size < 2 || data[0] != 0x1f || data[1] != 0x8b ||
	    inflateInit2(&zs, 15 + 16) != Z_OK)
		return 0;
	(void)inflate(&zs, Z_FINISH);
	(void)inflateEnd(&zs);
	return PLAIN_MOST - zs.avail_out;
}

static size_t
pack(const uint8_t *plain, size_t len, uint8_t *to, size_t room, int level)
{
	z_stream zs = { .next_in = plain,
		.avail_in = (uInt)len,
		.next_out = to,
		.avail_out = (uInt)room };
	int got;

	if (deflateInit2(&zs, level, Z_DEFLATED, 15 + 16, 8,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	got = deflate(&zs, Z_FINISH);
	(void)deflateEnd(&zs);
	return got == Z_STREAM_END ? room - zs.avail_out : 0;
}

/* A document in a buffer of PLAIN_MOST bytes, packed or not. */
static size_t
mutate_document(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	unsigned int state = seed | 1;
	uint8_t *plain = malloc(PLAIN_MOST);
	size_t len;

	if (plain == NULL)
		return size;
	len = unpack(data, size, plain);
	if (len == 0) {
		free(plain);
		return mutate_json(data, size, max, seed);
	}
	len = mutate_json(plain, len, PLAIN_MOST, seed);
	len = pack(plain, len, data, max, (int)choose(&state, 10));
	free(plain);
	return len > 0 ? len : size;
}

static int
base64_value(uint8_t c)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	return found != NULL ? (int)(found - letters) : -1;
}

/* How long the line is that starts here, if it can be one of base64. */
static size_t
base64_line(const uint8_t *data, size_t size)
{
	size_t len = 0;
	size_t letters;

	while (len < size && base64_value(data[len]) >= 0)
		len++;
	letters = len;
	while (len < size && data[len] == '=')
		len++;
	if (len < size && data[len] == '\r')
		len++;
	if (len < size && data[len] != '\n')
		return 0;
	return letters >= LINE_LEAST ? len + (len < size) : 0;
}

/* The n-th run of lines of base64, or an empty span. */
static struct span
find_base64(const uint8_t *data, size_t size, size_t wanted)
{
	struct span found = { 0, 0 };
	size_t runs = 0;
	size_t at = 0;

	while (at < size) {
		size_t len = base64_line(data + at, size - at);
		const uint8_t *end;

		if (len > 0) {
			found.start = at;
			for (; len > 0; len = base64_line(data + at, size - at))
				at += len;
			found.end = at;
			if (runs++ == wanted)
				break;
			continue;
		}
		end = memchr(data + at, '\n', size - at);
		at = end != NULL ? (size_t)(end - data) + 1 : size;
	}
	return found;
}

static size_t
decode_base64(const uint8_t *data, size_t size, uint8_t *to)
{
	unsigned int bits = 0;
	int nbits = 0;
	size_t len = 0;

	for (size_t i = 0; i < size && len < PLAIN_MOST; i++) {
		int value = base64_value(data[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (unsigned int)value;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			to[len++] = (uint8_t)(bits >> nbits);
		}
	}
	return len;
}

static size_t
encode_base64(const uint8_t *data, size_t size, uint8_t *to)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = 0;
	size_t column = 0;

	for (size_t i = 0; i < size; i += 3) {
		unsigned int bits = (unsigned int)data[i] << 16;

		if (i + 1 < size)
			bits |= (unsigned int)data[i + 1] << 8;
		if (i + 2 < size)
			bits |= data[i + 2];
		to[len++] = (uint8_t)letters[bits >> 18 & 63];
		to[len++] = (uint8_t)letters[bits >> 12 & 63];
		to[len++] =
		    i + 1 < size ? (uint8_t)letters[bits >> 6 & 63] : '=';
		to[len++] = i + 2 < size ? (uint8_t)letters[bits & 63] : '=';
		column += 4;
		if (column >= LINE) {
			to[len++] = '\n';
			column = 0;
		}
	}
	to[len++] = '\n';
	return len;
}

/* The document of a message's base64 part, changed and encoded again. */
static size_t
mutate_encoded(uint8_t *data, size_t size, size_t max, struct span span,
    unsigned int seed)
{
	uint8_t *document = malloc(PLAIN_MOST);
	uint8_t *text = malloc((size_t)2 * PLAIN_MOST);
	size_t len;

	if (document != NULL && text != NULL) {
		len = decode_base64(data + span.start, span.end - span.start,
		    document);
		len = mutate_document(document, len, PLAIN_MOST, seed);
		len = encode_base64(document, len, text);
		size = put(data, size, max, span, text, len);
	}
	free(document);
	free(text);
	return size;
}

size_t
mutate_message(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	unsigned int state = seed | 1;
	struct span span;

	if (choose(&state, 4) == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (size > 0 && (data[0] == '{' || data[0] == 0x1f))
		return mutate_document(data, size, max, seed);
	span = find_base64(data, size, choose(&state, 3));
	if (span.end == 0)
		return LLVMFuzzerMutate(data, size, max);
	return mutate_encoded(data, size, max, span, seed);
}
