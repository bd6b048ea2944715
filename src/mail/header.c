#include "mail/header.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* The first line with its line end, taken off rest. */
static struct bytes
take_line(struct bytes *rest)
{
	const unsigned char *end = memchr(rest->at, '\n', rest->len);
	struct bytes line = { rest->at, rest->len };

	if (end != NULL)
		line.len = (size_t)(end - rest->at) + 1;
	rest->at += line.len;
	rest->len -= line.len;
	return line;
}

static bool
is_empty(struct bytes line)
{
	return (line.len == 1 && line.at[0] == '\n') ||
	    (line.len == 2 && line.at[0] == '\r' && line.at[1] == '\n');
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* The length of the field name at the front; 0 where there is none. */
static size_t
name_length(struct bytes line, size_t *colon)
{
	size_t len = 0;

	while (len < line.len && line.at[len] > 0x20 && line.at[len] < 0x7f &&
	    line.at[len] != ':')
		len++;
	*colon = len;
	while (*colon < line.len && is_blank(line.at[*colon]))
		(*colon)++; /* obsolete, but RFC 5322, section 4.5 */
	return *colon < line.len && line.at[*colon] == ':' ? len : 0;
}

bool
header_next(struct bytes *rest, struct header_field *field)
{
	while (rest->len > 0) {
		struct bytes line = take_line(rest);
		size_t colon;
		size_t name;

		if (is_empty(line))
			return false;
		while (rest->len > 0 && is_blank(rest->at[0]))
			line.len += take_line(rest).len;
		name = name_length(line, &colon);
		if (name == 0)
			continue;
		field->name = (struct bytes){ line.at, name };
		field->value =
		    (struct bytes){ line.at + colon + 1, line.len - colon - 1 };
		field->line = line;
		return true;
	}
	return false;
}

bool
header_starts(const struct header_field *field, const char *prefix)
{
	size_t len = strlen(prefix);

	return field->name.len >= len &&
	    strncasecmp((const char *)field->name.at, prefix, len) == 0;
}

bool
header_is(const struct header_field *field, const char *name)
{
	return field->name.len == strlen(name) && header_starts(field, name);
}

char *
header_unfold(struct bytes value, struct arena *arena)
{
	bool repaired = false;
	unsigned char *line;
	size_t len = 0;

	while (value.len > 0 && strchr(" \t\r\n", value.at[0]) != NULL &&
	    value.at[0] != '\0') {
		value.at++;
		value.len--;
	}
	line = (unsigned char *)arena_copy(arena, value.at, value.len);
	for (size_t i = 0; i < value.len; i++)
		if (line[i] != '\r' && line[i] != '\n')
			line[len++] = line[i];
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	line[len] = '\0';
	if (text_is_valid((struct bytes){ line, len }))
		return (char *)line;
	return text_repair((struct bytes){ line, len }, arena, &repaired);
}

bool
header_is_likely(struct bytes bytes)
{
	size_t colon;

	return name_length(bytes, &colon) > 0;
}

bool
header_is_from_line(struct bytes bytes)
{
	if (bytes.len > 0 && bytes.at[0] == '>') {
		bytes.at++;
		bytes.len--;
	}
	return bytes.len >= 5 && memcmp(bytes.at, "From ", 5) == 0;
}
