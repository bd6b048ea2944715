/* Fuzz target: a whole message or bare document, as an MTA pipes it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "intake/decode.h"
#include "mutate.h"
#include "report/report_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
	return mutate_message(data, size, max, seed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *ids[] = { "mx.example.com" };
	static const char *domains[] = { "example.com", "example.org" };
	const struct decode_rules rules = { .limits = { .message = 1 << 20,
						.report = 1 << 20,
						.depth = 16 },
		.auth = size % 3 == 0 ? AUTH_REQUIRE : AUTH_RECORD,
		.authserv_ids = { ids, 1 },
		.domains = { domains, size % 2 * 2 } };
	const struct origin origin = { .source = "fuzz",
		.received_at = 1767225600,
		.now = 1767225600,
		.channel = CHANNEL_MAIL };
	struct arena *arena = arena_new();
	struct buffer line = { 0 };
	struct intake *intake =
	    intake_decode((struct bytes){ data, size }, &origin, &rules, arena);

	/* A message is rejected for a reason, or has reports; never both. */
	if ((intake->nreports == 0) != (intake->reason != REASON_NONE))
		abort();
	intake_write(intake, &line);
	buffer_free(&line);
	arena_free(arena);
	return 0;
}
