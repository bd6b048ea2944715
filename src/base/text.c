#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/eight.h"
#include "base/fault.h"

static const char replacement[] = "\xef\xbf\xbd";

/*
 * The length of the UTF-8 sequence at the front, and its character; 0 where
 * there is none.  RFC 3629, section 4: no surrogates, no overlong forms,
 * nothing past U+10FFFF.
 */
static size_t
sequence(const unsigned char *at, size_t len, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = at[0];
	size_t n = c < 0x80 ? 1 :
	    c < 0xc2        ? 0 :
	    c < 0xe0        ? 2 :
	    c < 0xf0        ? 3 :
	    c < 0xf5        ? 4 :
			      0;
	uint32_t value;

	if (n <= 1) {
		*character = c;
		return n;
	}
	if (n > len)
		return 0;
	value = c & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3fU);
	}
	if (value < least[n] || (value >= 0xd800 && value <= 0xdfff) ||
	    value > 0x10ffff)
		return 0;
	*character = value;
	return n;
}

/* How many bytes from the front are valid. */
static size_t
valid_prefix(struct bytes raw)
{
	size_t at = 0;
	uint32_t character;

	while (at < raw.len) {
		size_t n;

		while (raw.len - at >= 8) {
			uint64_t bytes = eight_at(raw.at + at);

			if (eight_any_below(bytes, 1) ||
			    eight_any_from(bytes, 0x80))
				break;
			at += 8;
		}
		if (at == raw.len)
			break;
		if (raw.at[at] < 0x80 && raw.at[at] != '\0') {
			at++;
			continue;
		}
		n = sequence(raw.at + at, raw.len - at, &character);
		if (n == 0 || character == 0)
			break;
		at += n;
	}
	return at;
}

bool
text_is_valid(struct bytes raw)
{
	return valid_prefix(raw) == raw.len;
}

static size_t
count_bad(struct bytes raw)
{
	size_t bad = 0;

	for (;;) {
		size_t n = valid_prefix(raw);

		if (n == raw.len)
			return bad;
		bad++;
		raw.at += n + 1;
		raw.len -= n + 1;
	}
}

char *
text_repair(struct bytes raw, struct arena *arena, bool *repaired)
{
	enum { GROWTH = sizeof(replacement) - 2 }; /* of a byte replaced */
	size_t bad = count_bad(raw);
	char *text;
	char *to;

	if (bad == 0)
		return arena_copy(arena, raw.at, raw.len);
	*repaired = true;
	text = arena_try(arena, raw.len + GROWTH * bad + 1, SIZE_MAX / 2);
	if (text == NULL)
		fault_out_of_memory();
	to = text;
	while (raw.len > 0) {
		size_t n = valid_prefix(raw);

		memcpy(to, raw.at, n);
		to += n;
		if (n < raw.len) {
			memcpy(to, replacement, sizeof(replacement) - 1);
			to += sizeof(replacement) - 1;
			n++;
		}
		raw.at += n;
		raw.len -= n;
	}
	*to = '\0';
	return text;
}

/*
 * Controls; separators that some programs take for a line break; marks that
 * turn the direction of text (Unicode TR 36, section 2.5), that show nothing,
 * or that carry hidden text.
 */
static bool
is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = { { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad },
		{ 0x61c, 0x61c }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff } };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

size_t
text_step(const char *text, uint32_t *character, bool *unsafe)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t n = sequence(at, strnlen(text, 4), character);

	if (n == 0) {
		*character = at[0];
		*unsafe = true;
		return 1;
	}
	*unsafe = is_unsafe(*character);
	return n;
}

/* Behind all that can be shown for sure. */
static const char *
skip_plain(const char *text)
{
	size_t len = strlen(text);

	for (; len >= 8; len -= 8, text += 8) {
		uint64_t bytes = eight_at(text);

		if (eight_any_below(bytes, 0x20) || eight_any_from(bytes, 0x7f))
			break;
	}
	while (*text >= 0x20 && *text < 0x7f)
		text++;
	return text;
}

bool
text_has_controls(const char *text)
{
	uint32_t character;
	bool unsafe = false;

	for (text = skip_plain(text); *text != '\0' && !unsafe;
	     text += text_step(text, &character, &unsafe))
		;
	return unsafe;
}

char *
text_printable(const char *text, struct arena *arena)
{
	struct buffer out = { 0 };
	uint32_t character;
	bool unsafe;
	char *safe;

	if (!text_has_controls(text))
		return arena_copy(arena, text, strlen(text));
	while (*text != '\0') {
		size_t n = text_step(text, &character, &unsafe);

		if (!unsafe)
			buffer_add(&out, text, n);
		else if (character < 0x100)
			buffer_printf(&out, "\\x%02x", character);
		else
			buffer_printf(&out, "\\u{%x}", character);
		text += n;
	}
	safe = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	return safe;
}

const char *
text_cut(const char *text, size_t limit, struct arena *arena, bool *cut)
{
	size_t len = strnlen(text, limit + 1);

	if (len <= limit)
		return text;
	*cut = true;
	len = limit;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return arena_copy(arena, text, len);
}

bool
text_is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

char *
text_lower(const char *text, struct arena *arena)
{
	char *copy = arena_copy(arena, text, strlen(text));

	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

char *
text_domain(const char *name, struct arena *arena)
{
	char *copy;
	size_t len;

	name += strspn(name, " \t\r\n");
	copy = text_lower(name, arena);
	len = strlen(copy);
	while (len > 0 && strchr(" \t\r\n", copy[len - 1]) != NULL)
		len--;
	if (len > 1 && copy[len - 1] == '.')
		len--;
	copy[len] = '\0';
	return copy;
}

const char *
text_address_domain(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL && at[1] != '\0' ? at + 1 : NULL;
}

bool
text_is_within_domain(const char *name, const char *domain)
{
	size_t name_len = strlen(name);
	size_t domain_len = strlen(domain);

	if (domain_len == 0 || name_len < domain_len ||
	    strcmp(name + (name_len - domain_len), domain) != 0)
		return false;
	return name_len == domain_len || name[name_len - domain_len - 1] == '.';
}

bool
text_read_size(const char *text, size_t *size)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long value;
	const char *unit;
	int shift = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0)
		return false;
	if (*end != '\0' &&
	    (unit = strchr(units, toupper((unsigned char)*end))) != NULL) {
		shift = 10 * (int)(unit - units + 1);
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	if (*end != '\0' || value > (SIZE_MAX / 4) >> shift)
		return false;
	*size = (size_t)value << shift;
	return true;
}

bool
text_read_number(const char *text, long long least, long long most,
    long long *number)
{
	char *end;
	long long value;

	if (!isdigit((unsigned char)*text) && *text != '-')
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < least ||
	    value > most)
		return false;
	*number = value;
	return true;
}
