#include "report/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/datetime.h"
#include "base/text.h"

enum { UUID_VERSION = 8 };

static void
field(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text) + 1);
}

static int
by_text(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static void
domains(const struct report *report, struct arena *arena, struct buffer *buffer)
{
	const char **names =
	    arena_array(arena, report->npolicies + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < report->npolicies; i++)
		if (report->policies[i].domain != NULL)
			names[n++] =
			    text_lower(report->policies[i].domain, arena);
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			field(buffer, names[i]);
}

void
identity_set(struct report *report, struct arena *arena)
{
	unsigned char digest[DIGEST_SIZE];
	char time[DATETIME_SIZE];
	struct buffer buffer = { 0 };

	field(&buffer,
	    report->organization != NULL ? report->organization : "");
	field(&buffer, report->id);
	datetime_write(report->start, time);
	field(&buffer, time);
	datetime_write(report->end, time);
	field(&buffer, time);
	domains(report, arena, &buffer);
	digest_of((struct bytes){ (const unsigned char *)buffer.at,
		      buffer.len },
	    digest);
	buffer_free(&buffer);
	memcpy(report->key, digest, REPORT_KEY_SIZE);
	report->key[6] =
	    (unsigned char)((report->key[6] & 0x0f) | UUID_VERSION << 4);
	report->key[8] = (unsigned char)((report->key[8] & 0x3f) | 0x80);
}

void
identity_write(const unsigned char key[REPORT_KEY_SIZE],
    char text[REPORT_KEY_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *to = text;

	for (int i = 0; i < REPORT_KEY_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[key[i] >> 4];
		*to++ = digits[key[i] & 15];
	}
	*to = '\0';
}
