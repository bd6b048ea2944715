/* Fuzz target: gzip data, whole and damaged, under a small limit. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "mail/gunzip.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Half of the time what is packed is changed, and packed again. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
	if (seed % 2 == 0)
		return LLVMFuzzerMutate(data, size, max);
	return mutate_message(data, size, max, seed / 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct limits limits = { .message = 1 << 20,
		.report = 1 << 14,
		.depth = 16 };
	struct arena *arena = arena_new();
	struct gunzipped out = { 0 };
	struct fault fault = { .kind = FAULT_NONE };

	if (gunzip((struct bytes){ data, size }, &limits, arena, &out,
		&fault)) {
		if (out.nmembers == 0 || out.plain.len > limits.report)
			abort();
	} else if ((fault.kind != FAULT_CONTENT && fault.kind != FAULT_LIMIT) ||
	    fault.text[0] == '\0') {
		abort();
	}
	if (arena_used(arena) > limits.report * LIMIT_MEMORY_FACTOR + (1 << 16))
		abort();
	arena_free(arena);
	return 0;
}
