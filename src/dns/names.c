#include "dns/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#include <idn2.h>

enum { WORD_MOST = 32 };

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
is_label(const char *label, size_t len, bool underscores)
{
	if (len == 0 || len > LABEL_MOST || label[0] == '-' ||
	    label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter_or_digit(label[i]) && label[i] != '-' &&
		    !(underscores && label[i] == '_'))
			return false;
	return true;
}

static bool
has_labels(const char *name, bool underscores, const char **last)
{
	if (strlen(name) > NAME_MOST)
		return false;
	for (;;) {
		size_t len = strcspn(name, ".");

		if (!is_label(name, len, underscores))
			return false;
		*last = name;
		if (name[len] == '\0')
			return true;
		name += len + 1;
	}
}

bool
name_is_host(const char *name)
{
	const char *last;

	return has_labels(name, false, &last) &&
	    last[strspn(last, "0123456789")] != '\0';
}

bool
name_is_domain(const char *name)
{
	const char *last;

	return has_labels(name, true, &last);
}

/* The length of a name without a dot at its end. */
static size_t
length(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool
same(const char *one, const char *other)
{
	size_t len = length(one);

	return len > 0 && len == length(other) &&
	    strncasecmp(one, other, len) == 0;
}

bool
name_matches(const char *pattern, const char *host)
{
	const char *rest;

	if (strncmp(pattern, "*.", 2) != 0)
		return strchr(pattern, '*') == NULL && same(pattern, host);
	rest = strchr(host, '.');
	return rest != NULL && rest != host &&
	    strchr(pattern + 1, '*') == NULL && same(pattern + 2, rest + 1);
}

char *
name_to_ascii(const char *name, struct arena *arena)
{
	char *ascii = NULL;
	char *copy = NULL;

	if (strlen(name) > 4 * (size_t)NAME_MOST)
		return NULL;
	if (idn2_to_ascii_8z(name, &ascii,
		IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK)
		copy = text_domain(ascii, arena);
	idn2_free(ascii);
	return copy;
}

static int
folded(char c)
{
	return tolower((unsigned char)c);
}

static size_t
least(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* What it costs to make one's first i letters into other's first j. */
struct costs {
	size_t at[WORD_MOST + 1][WORD_MOST + 1];
};

static size_t
cost(const struct costs *costs, const char *one, const char *other, size_t i,
    size_t j)
{
	size_t best;

	if (i == 0 || j == 0)
		return i + j;
	best = costs->at[i - 1][j - 1] +
	    (folded(one[i - 1]) != folded(other[j - 1]));
	best = least(best, least(costs->at[i - 1][j], costs->at[i][j - 1]) + 1);
	if (i > 1 && j > 1 && folded(one[i - 1]) == folded(other[j - 2]) &&
	    folded(one[i - 2]) == folded(other[j - 1]))
		best = least(best, costs->at[i - 2][j - 2] + 1);
	return best;
}

/* Damerau's distance, with swaps of neighbours, over short words. */
size_t
name_distance(const char *one, const char *other)
{
	struct costs costs;
	size_t rows = strlen(one);
	size_t columns = strlen(other);

	if (rows > WORD_MOST || columns > WORD_MOST)
		return WORD_MOST;
	for (size_t i = 0; i <= rows; i++)
		for (size_t j = 0; j <= columns; j++)
			costs.at[i][j] = cost(&costs, one, other, i, j);
	return costs.at[rows][columns];
}

bool
name_is_near(const char *text, const char *word)
{
	if (strcmp(text, word) == 0)
		return false;
	if (strcasecmp(text, word) == 0)
		return true;
	return strlen(word) >= 3 && strlen(text) >= 2 &&
	    name_distance(text, word) <= 1;
}
