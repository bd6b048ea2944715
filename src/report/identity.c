#include "report/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/datetime.h"
#include "base/digest.h"
#include "base/text.h"

enum { UUID_VERSION = 8 };

static void
field(struct digest *digest, const char *text)
{
	digest_add(digest, text, strlen(text) + 1);
}

static void
time_field(struct digest *digest, int64_t seconds)
{
	char time[DATETIME_SIZE];

	datetime_write(seconds, time);
	field(digest, time);
}

static int
by_text(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

/* They are in lower case already: see text_domain(). */
static void
domains(struct digest *digest, const struct report *report, struct arena *arena)
{
	const char **names =
	    arena_array(arena, report->npolicies + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < report->npolicies; i++)
		if (report->policies[i].domain != NULL)
			names[n++] = report->policies[i].domain;
	qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			field(digest, names[i]);
}

void
identity_set(struct report *report, struct arena *arena)
{
	unsigned char sum[DIGEST_SIZE];
	struct digest *digest = digest_start();

	field(digest, report->organization != NULL ? report->organization : "");
	field(digest, report->id);
	time_field(digest, report->start);
	time_field(digest, report->end);
	domains(digest, report, arena);
	digest_end(digest, sum);
	memcpy(report->key, sum, REPORT_KEY_SIZE);
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
