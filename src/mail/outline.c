#include "mail/outline.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"

struct outline {
	bool in_header;
	bool in_type;  /* in its Content-Type, which may be folded */
	bool nests;    /* its body is a message, with a header of its own */
	bool digests;  /* a multipart/digest was seen: any body may be one */
	size_t colons; /* of the field at hand */
	size_t boundaries;
	size_t messages;
	size_t fields;
	size_t bytes; /* of headers */
	struct fault *fault;
};

static bool
is_empty(struct bytes line)
{
	return line.len == 0 || line.at[0] == '\n' ||
	    (line.at[0] == '\r' && line.len > 1 && line.at[1] == '\n');
}

/* Does a line hold a word, in whatever case? */
static bool
holds(struct bytes line, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= line.len; i++)
		if (strncasecmp((const char *)line.at + i, word, len) == 0)
			return true;
	return false;
}

static size_t
count_colons(struct bytes line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++)
		n += line.at[i] == ':';
	return n;
}

static bool
start_header(struct outline *outline)
{
	outline->in_header = true;
	outline->in_type = false;
	outline->nests = false;
	outline->colons = 0;
	return true;
}

/* Behind a header: a body, or the header of the message that it is. */
static bool
end_header(struct outline *outline)
{
	outline->in_header = false;
	if (!outline->nests && !outline->digests)
		return true;
	if (++outline->messages > LIMIT_PARTS)
		return fault_set(outline->fault, FAULT_LIMIT,
		    "message holds more than %d messages", LIMIT_PARTS);
	return start_header(outline);
}

static bool
take_boundary(struct outline *outline)
{
	/* A part has a line before it, and a container one more at its end. */
	if (++outline->boundaries > (size_t)2 * LIMIT_PARTS)
		return fault_set(outline->fault, FAULT_LIMIT,
		    "message has more than %d parts", LIMIT_PARTS);
	return start_header(outline);
}

static bool
take_header_line(struct outline *outline, struct bytes line)
{
	static const char type[] = "content-type";

	if (line.at[0] != ' ' && line.at[0] != '\t') {
		outline->in_type = line.len >= sizeof(type) - 1 &&
		    strncasecmp((const char *)line.at, type,
			sizeof(type) - 1) == 0;
		outline->colons = 0;
		outline->fields++;
	}
	outline->bytes += line.len;
	outline->colons += count_colons(line);
	outline->nests |= outline->in_type && holds(line, "message");
	outline->digests |= outline->in_type && holds(line, "digest");
	if (outline->bytes > LIMIT_HEADER_BYTES)
		return fault_set(outline->fault, FAULT_LIMIT,
		    "headers of parts are longer than %d bytes",
		    LIMIT_HEADER_BYTES);
	if (outline->fields > LIMIT_HEADER_FIELDS)
		return fault_set(outline->fault, FAULT_LIMIT,
		    "headers of parts have more than %d fields",
		    LIMIT_HEADER_FIELDS);
	if (outline->colons > LIMIT_COLONS)
		return fault_set(outline->fault, FAULT_LIMIT,
		    "header field has more than %d colons", LIMIT_COLONS);
	return true;
}

static bool
take_line(struct outline *outline, struct bytes line)
{
	if (line.len > 2 && line.at[0] == '-' && line.at[1] == '-')
		return take_boundary(outline);
	if (!outline->in_header)
		return true;
	return is_empty(line) ? end_header(outline) :
				take_header_line(outline, line);
}

bool
outline_check(struct bytes text, struct fault *fault)
{
	struct outline outline = { .fault = fault };

	start_header(&outline);
	while (text.len > 0) {
		const unsigned char *end = memchr(text.at, '\n', text.len);
		size_t len =
		    end != NULL ? (size_t)(end - text.at) + 1 : text.len;

		if (!take_line(&outline, (struct bytes){ text.at, len }))
			return false;
		text.at += len;
		text.len -= len;
	}
	return true;
}
