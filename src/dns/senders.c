#include "dns/senders.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* How a mechanism goes on behind its name. */
enum rest { REST_NONE, REST_OPTIONAL, REST_REQUIRED, REST_ADDRESS };

static const struct mechanism {
	const char *name;
	bool lookup;
	enum rest rest;
} mechanisms[] = {
	{ "all", false, REST_NONE },
	{ "include", true, REST_REQUIRED },
	{ "a", true, REST_OPTIONAL },
	{ "mx", true, REST_OPTIONAL },
	{ "ptr", true, REST_OPTIONAL },
	{ "ip4", false, REST_ADDRESS },
	{ "ip6", false, REST_ADDRESS },
	{ "exists", true, REST_REQUIRED },
};

bool
spf_is(const char *text)
{
	static const char version[] = "v=spf1";
	size_t len = strlen(version);

	return strncasecmp(text, version, len) == 0 &&
	    (text[len] == '\0' || text[len] == ' ');
}

static bool
read_mechanism(char *word, struct spf_term *term)
{
	size_t len = strcspn(word, ":/");
	char rest = word[len];

	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]);
	     i++) {
		const struct mechanism *known = &mechanisms[i];

		if (strlen(known->name) != len ||
		    strncasecmp(known->name, word, len) != 0)
			continue;
		term->name = known->name;
		term->lookup = known->lookup;
		if (rest == ':')
			term->domain = word + len + 1;
		if (known->rest == REST_NONE)
			return rest == '\0';
		if (known->rest == REST_OPTIONAL)
			return term->domain == NULL || term->domain[0] != '\0';
		return term->domain != NULL && term->domain[0] != '\0';
	}
	return false;
}

static bool
read_term(char *word, struct spf_term *term, struct arena *arena)
{
	size_t len = strcspn(word, "=:/");

	*term = (struct spf_term){ .qualifier = '+' };
	if (word[len] == '=') {
		term->qualifier = '=';
		term->domain = word + len + 1;
		word[len] = '\0';
		term->name = text_lower(word, arena);
		term->lookup = strcmp(term->name, "redirect") == 0;
		return len > 0;
	}
	if (strchr("+-~?", word[0]) != NULL)
		term->qualifier = *word++;
	return read_mechanism(word, term);
}

void
spf_read(const char *text, struct arena *arena, struct spf *spf)
{
	char *save = NULL;
	char *copy = arena_printf(arena, "%s", text);

	*spf = (struct spf){ .terms = arena_array(arena, SPF_TERMS_MOST,
				 sizeof(*spf->terms)) };
	for (char *word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		const char *shown;

		if (word == copy)
			continue; /* the version */
		shown = arena_printf(arena, "%s", word);
		if (spf->nterms == SPF_TERMS_MOST ||
		    !read_term(word, &spf->terms[spf->nterms], arena)) {
			if (spf->wrong == NULL)
				spf->wrong = shown;
			continue;
		}
		spf->nterms++;
	}
}

static char *
trimmed(const char *from, size_t len, struct arena *arena)
{
	while (len > 0 && strchr(" \t\r\n", from[len - 1]) != NULL)
		len--;
	while (len > 0 && strchr(" \t\r\n", *from) != NULL) {
		from++;
		len--;
	}
	return arena_copy(arena, from, len);
}

void
tags_read(const char *text, struct arena *arena, struct tags *tags)
{
	*tags = (struct tags){ .list = arena_array(arena, TAGS_MOST,
				   sizeof(*tags->list)) };
	while (*text != '\0') {
		size_t len = strcspn(text, ";");
		const char *equals = memchr(text, '=', len);
		const char *all = trimmed(text, len, arena);

		if (equals != NULL && tags->n < TAGS_MOST) {
			tags->list[tags->n].name =
			    text_lower(trimmed(text, (size_t)(equals - text),
					   arena),
				arena);
			tags->list[tags->n].value = trimmed(equals + 1,
			    len - (size_t)(equals + 1 - text), arena);
			tags->n++;
		} else if (all[0] != '\0') {
			tags->wrong = true;
		}
		text += len + (text[len] == ';');
	}
}

const char *
tags_value(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (strcmp(tags->list[i].name, name) == 0)
			return tags->list[i].value;
	return NULL;
}
