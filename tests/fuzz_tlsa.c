/*
 * Fuzz target: a TLSA record as bytes and as text, and the names of
 * certificates: the first line is the pattern, the second the host.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/names.h"
#include "dns/tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_names(const char *text, struct arena *arena)
{
	const char *feed = strchr(text, '\n');
	char *pattern;
	char *ascii = name_to_ascii(text, arena);

	if (ascii != NULL && name_is_host(ascii) && !name_matches(ascii, ascii))
		abort();
	if (feed == NULL)
		return;
	pattern = arena_copy(arena, text, (size_t)(feed - text));
	if (name_matches(pattern, feed + 1) &&
	    (strchr(feed + 1, '*') != NULL && pattern[0] != '*'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct findings findings = { .arena = arena_new() };
	struct tlsa_certificate certificate = { .der = { data, size } };
	struct arena *arena = findings.arena;
	const char *text = arena_copy(arena, data, size);
	struct bytes raw;
	struct bytes again;
	struct tlsa tlsa;

	tlsa_read((struct bytes){ data, size }, &tlsa, &findings);
	(void)tlsa_matches(&tlsa, &certificate);
	if (tlsa.usable &&
	    (!tlsa_read_text(tlsa_text(&tlsa, arena), arena, &again) ||
		again.len != size || memcmp(again.at, data, size) != 0))
		abort();
	if (tlsa_read_text(text, arena, &raw))
		tlsa_read(raw, &tlsa, &findings);
	check_names(text, arena);
	arena_free(arena);
	return 0;
}
