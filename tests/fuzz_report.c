/* Fuzz target: the JSON of a report. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "mutate.h"
#include "report/report_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One in four is changed byte by byte. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned int seed)
{
	if (seed % 4 == 0)
		return LLVMFuzzerMutate(data, size, max);
	return mutate_json(data, size, max, seed / 4);
}

static void
must_be_valid(const char *text)
{
	if (text != NULL &&
	    !text_is_valid(
		(struct bytes){ (const unsigned char *)text, strlen(text) }))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct limits limits = { .message = 1 << 20,
		.report = 1 << 20,
		.depth = 16 };
	struct arena *arena = arena_new();
	struct fault fault = { .kind = FAULT_NONE };
	struct report report;

	if (report_read((struct bytes){ data, size }, &limits, arena, &report,
		&fault)) {
		report_fit(&report, arena);
		must_be_valid(report.organization);
		must_be_valid(report.id);
		for (size_t i = 0; i < report.npolicies; i++) {
			must_be_valid(report.policies[i].domain);
			if (report.policies[i].successful < 0 ||
			    report.policies[i].failed < 0)
				abort();
		}
	} else if (fault.kind == FAULT_NONE || fault.text[0] == '\0') {
		abort();
	}
	arena_free(arena);
	return 0;
}
