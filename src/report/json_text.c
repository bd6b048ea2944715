#include "report/json_text.h"

#include <string.h>

#include "base/eight.h"
#include "base/text.h"

/*
 * A whole number of DOUBLE_DIGITS digits may lie beyond 2^53, which is
 * 9007199254740992; and cJSON reads no number longer than 63 characters.
 */
enum { DOUBLE_DIGITS = 16, NUMBER_MOST = 60 };

/* What has to be mended before the text can be handed on. */
struct scan {
	const unsigned char *text;
	size_t len;
	size_t at;
	size_t big_numbers; /* each grows by a mark and two quotes */
	bool escapes;       /* an escape must become \ufffd */
	deviations noted;
	struct fault *fault;
};

static bool
refuse(struct scan *scan, const char *what)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < scan->at && i < scan->len; i++) {
		column = scan->text[i] == '\n' ? 1 : column + 1;
		line += scan->text[i] == '\n';
	}
	return fault_set(scan->fault, FAULT_CONTENT,
	    "not JSON: %s at line %zu column %zu", what, line, column);
}

static int
peek(const struct scan *scan)
{
	return scan->at < scan->len ? scan->text[scan->at] : -1;
}

static void
skip_space(struct scan *scan)
{
	while (scan->at < scan->len &&
	    (scan->text[scan->at] == ' ' || scan->text[scan->at] == '\n' ||
		scan->text[scan->at] == '\r' || scan->text[scan->at] == '\t'))
		scan->at++;
}

/* The value of the four digits of an escape, or -1. */
static int
escape_value(const struct scan *scan, size_t at)
{
	int value = 0;

	if (scan->len - at < 4)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		int c = scan->text[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
		    c >= 'a' && c <= 'f'         ? c - 'a' + 10 :
		    c >= 'A' && c <= 'F'         ? c - 'A' + 10 :
						   -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool
is_high(int value)
{
	return value >= 0xd800 && value <= 0xdbff;
}

static bool
is_low(int value)
{
	return value >= 0xdc00 && value <= 0xdfff;
}

/*
 * An escape from its "u" on: how many bytes it takes together with its second
 * half, and what is wrong with it, as a deviation; 0 bytes where it is none.
 */
static size_t
unicode_escape(const struct scan *scan, size_t at, deviations *noted)
{
	int value = escape_value(scan, at + 1);
	int low;

	*noted = 0;
	if (value < 0)
		return 0;
	if (value == 0)
		*noted = DEVIATION(NUL_CHARACTER);
	if (is_low(value))
		*noted = DEVIATION(LONE_SURROGATE);
	if (!is_high(value))
		return 5;
	low = scan->len - at >= 11 && scan->text[at + 5] == '\\' &&
		scan->text[at + 6] == 'u' ?
	    escape_value(scan, at + 7) :
	    -1;
	if (is_low(low))
		return 11;
	*noted = DEVIATION(LONE_SURROGATE);
	return 5;
}

static bool
scan_escape(struct scan *scan)
{
	deviations noted;
	size_t n;

	scan->at++;
	switch (peek(scan)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		scan->at++;
		return true;
	case 'u':
		n = unicode_escape(scan, scan->at, &noted);
		if (n == 0)
			return refuse(scan, "a bad escape");
		scan->at += n;
		scan->noted |= noted;
		scan->escapes |= noted != 0;
		return true;
	default:
		return refuse(scan, "a bad escape");
	}
}

/* Over what is neither quote, backslash nor control, as far as is quick. */
static void
skip_plain(struct scan *scan)
{
	while (scan->len - scan->at >= 8) {
		uint64_t bytes = eight_at(scan->text + scan->at);

		if (eight_any_below(bytes, 0x20) || eight_any(bytes, '"') ||
		    eight_any(bytes, '\\'))
			return;
		scan->at += 8;
	}
}

static bool
scan_string(struct scan *scan)
{
	scan->at++;
	skip_plain(scan);
	for (;;) {
		int c = peek(scan);

		if (c == '"')
			break;
		if (c == '\\') {
			if (!scan_escape(scan))
				return false;
		} else if (c < 0) {
			return refuse(scan, "a string without an end");
		} else if (c < 0x20) {
			return refuse(scan, "a raw control character");
		} else {
			scan->at++;
		}
	}
	scan->at++;
	return true;
}

static size_t
scan_digits(struct scan *scan)
{
	size_t first = scan->at;

	while (scan->at < scan->len && scan->text[scan->at] >= '0' &&
	    scan->text[scan->at] <= '9')
		scan->at++;
	return scan->at - first;
}

/* RFC 8259, section 6. */
static bool
scan_number(struct scan *scan)
{
	size_t first = scan->at;
	size_t whole;
	bool fractional = false;

	if (peek(scan) == '-')
		scan->at++;
	whole = scan->at;
	if (scan_digits(scan) == 0 ||
	    (scan->text[whole] == '0' && scan->at - whole > 1))
		return refuse(scan, "a bad number");
	whole = scan->at - whole;
	if (peek(scan) == '.') {
		scan->at++;
		fractional = true;
		if (scan_digits(scan) == 0)
			return refuse(scan, "a bad number");
	}
	if (peek(scan) == 'e' || peek(scan) == 'E') {
		scan->at++;
		fractional = true;
		if (peek(scan) == '+' || peek(scan) == '-')
			scan->at++;
		if (scan_digits(scan) == 0)
			return refuse(scan, "a bad number");
	}
	if ((!fractional && whole >= DOUBLE_DIGITS) ||
	    scan->at - first > NUMBER_MOST)
		scan->big_numbers++;
	return true;
}

static bool
scan_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if (scan->len - scan->at < len ||
	    memcmp(scan->text + scan->at, word, len) != 0)
		return refuse(scan, "a value that is none");
	scan->at += len;
	return true;
}

static bool
scan_scalar(struct scan *scan)
{
	switch (peek(scan)) {
	case '"':
		return scan_string(scan);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return scan_number(scan);
	case -1:
		return refuse(scan, "the text ends too early");
	default:
		return refuse(scan, "a value that is none");
	}
}

static bool
scan_key(struct scan *scan)
{
	skip_space(scan);
	if (peek(scan) != '"')
		return refuse(scan, "a key without quotes");
	if (!scan_string(scan))
		return false;
	skip_space(scan);
	if (peek(scan) != ':')
		return refuse(scan, "a key without a colon");
	scan->at++;
	return true;
}

/* An open object is '{', an open array '['; no recursion. */
struct nest {
	char open[LIMIT_DEPTH_MOST + 1];
	int depth;
};

enum step { STEP_VALUE, STEP_AFTER, STEP_DONE, STEP_BAD };

/* At the start of a value: go into it, or over it. */
static enum step
scan_value(struct scan *scan, struct nest *nest, int limit)
{
	int c;

	skip_space(scan);
	c = peek(scan);
	if (c != '{' && c != '[')
		return scan_scalar(scan) ? STEP_AFTER : STEP_BAD;
	if (nest->depth >= limit) {
		fault_set(scan->fault, FAULT_LIMIT,
		    "JSON is nested deeper than %d", limit);
		return STEP_BAD;
	}
	nest->open[nest->depth++] = (char)c;
	scan->at++;
	skip_space(scan);
	if (peek(scan) == (c == '{' ? '}' : ']'))
		return STEP_AFTER; /* which closes it */
	if (c == '{' && !scan_key(scan))
		return STEP_BAD;
	return STEP_VALUE;
}

/* Behind a value, or inside an empty object or array. */
static enum step
scan_after(struct scan *scan, struct nest *nest)
{
	char open;
	int c;

	if (nest->depth == 0)
		return STEP_DONE;
	open = nest->open[nest->depth - 1];
	skip_space(scan);
	c = peek(scan);
	if (c == (open == '{' ? '}' : ']')) {
		nest->depth--;
		scan->at++;
		return STEP_AFTER;
	}
	if (c != ',') {
		refuse(scan,
		    c < 0 ? "the text ends too early" : "a comma missing");
		return STEP_BAD;
	}
	scan->at++;
	if (open == '{' && !scan_key(scan))
		return STEP_BAD;
	return STEP_VALUE;
}

static bool
scan_all(struct scan *scan, int limit)
{
	struct nest nest = { .depth = 0 };
	enum step step = STEP_VALUE;

	if (limit > LIMIT_DEPTH_MOST)
		limit = LIMIT_DEPTH_MOST;
	for (;;) {
		switch (step) {
		case STEP_VALUE:
			step = scan_value(scan, &nest, limit);
			break;
		case STEP_AFTER:
			step = scan_after(scan, &nest);
			break;
		case STEP_DONE:
			return true;
		case STEP_BAD:
			return false;
		}
	}
}

/*
 * Write the text anew: escapes that stand for no character become \ufffd, and
 * long whole numbers become marked strings.  It was checked: strings end.
 */
static size_t
mend_string(const struct scan *scan, size_t at, unsigned char **to)
{
	static const char unknown[] = "\\ufffd";
	size_t from = at++;

	while (scan->text[at] != '"') {
		deviations noted = 0;
		size_t n = 2;

		if (scan->text[at] != '\\') {
			at++;
			continue;
		}
		if (scan->text[at + 1] == 'u')
			n = 1 + unicode_escape(scan, at + 1, &noted);
		if (noted != 0) {
			memcpy(*to, scan->text + from, at - from);
			*to += at - from;
			memcpy(*to, unknown, sizeof(unknown) - 1);
			*to += sizeof(unknown) - 1;
			from = at + n;
		}
		at += n;
	}
	at++;
	memcpy(*to, scan->text + from, at - from);
	*to += at - from;
	return at;
}

static size_t
mend_number(const struct scan *scan, size_t at, unsigned char **to)
{
	size_t first = at;
	size_t digits;
	bool big;

	if (scan->text[at] == '-')
		at++;
	digits = at;
	while (at < scan->len && scan->text[at] >= '0' && scan->text[at] <= '9')
		at++;
	big = at - digits >= DOUBLE_DIGITS &&
	    (at == scan->len || strchr(".eE", scan->text[at]) == NULL);
	while (
	    at < scan->len && strchr("0123456789+-.eE", scan->text[at]) != NULL)
		at++;
	big = big || at - first > NUMBER_MOST;
	if (big) {
		*(*to)++ = '"';
		*(*to)++ = JSON_TEXT_BIG_NUMBER;
	}
	memcpy(*to, scan->text + first, at - first);
	*to += at - first;
	if (big)
		*(*to)++ = '"';
	return at;
}

static struct bytes
mend(const struct scan *scan, struct arena *arena)
{
	unsigned char *copy =
	    arena_alloc(arena, scan->len + 3 * scan->big_numbers + 1);
	unsigned char *to = copy;
	size_t at = 0;

	while (at < scan->len) {
		int c = scan->text[at];

		if (c == '"') {
			at = mend_string(scan, at, &to);
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			at = mend_number(scan, at, &to);
		} else {
			*to++ = (unsigned char)c;
			at++;
		}
	}
	return (struct bytes){ copy, (size_t)(to - copy) };
}

bool
json_text(struct bytes raw, const struct limits *limits, struct arena *arena,
    struct bytes *text, deviations *noted, struct fault *fault)
{
	static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };
	struct scan scan = { .text = raw.at, .len = raw.len, .fault = fault };
	bool repaired = false;

	if (raw.len >= sizeof(mark) &&
	    memcmp(raw.at, mark, sizeof(mark)) == 0) {
		scan.text += sizeof(mark);
		scan.len -= sizeof(mark);
		scan.noted |= DEVIATION(BYTE_ORDER_MARK);
	}
	if (!scan_all(&scan, limits->depth))
		return false;
	raw = (struct bytes){ scan.text, scan.at };
	skip_space(&scan);
	if (scan.at < scan.len)
		scan.noted |= DEVIATION(TRAILING_DATA);
	scan.len = raw.len;
	if (!text_is_valid(raw)) {
		char *valid = text_repair(raw, arena, &repaired);

		scan.noted |= DEVIATION(INVALID_UTF8);
		scan.text = (const unsigned char *)valid;
		scan.len = strlen(valid);
	}
	if (scan.escapes || scan.big_numbers > 0)
		*text = mend(&scan, arena);
	else
		*text = (struct bytes){ scan.text, scan.len };
	*noted |= scan.noted;
	return true;
}
