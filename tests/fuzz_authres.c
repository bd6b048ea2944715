/* Fuzz target: an Authentication-Results field. */
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "mail/authres.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *ids[] = { "a" };
	static const char *domains[] = { "example.com", NULL };
	const struct text_list trusted = { ids, 1 };
	const struct text_list signers = { domains, 2 };
	struct arena *arena = arena_new();
	bool repaired = false;
	const char *text =
	    text_repair((struct bytes){ data, size }, arena, &repaired);
	const char *partial = authres_partial(text, arena);
	const struct signing signing = { { &text, 1 },
		{ &partial, partial != NULL } };

	(void)authres_read(&signing, &trusted, &signers, arena);
	arena_free(arena);
	return 0;
}
