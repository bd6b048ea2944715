/* Fuzz target: an MTA-STS policy.  What it keeps is fit to be used. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dns/sts_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct findings findings = { .arena = arena_new() };
	struct buffer out = { 0 };
	struct sts_policy policy;

	sts_policy_read((struct bytes){ data, size }, &policy, &findings);
	for (size_t i = 0; i < policy.nmx; i++)
		if (!sts_mx_is_valid(policy.mx[i]))
			abort();
	if (policy.max_age < -1 || policy.max_age > STS_MAX_AGE_MOST)
		abort();
	for (size_t i = 0; i < findings.n; i++)
		if (findings.list[i].column > size + 1 ||
		    findings.list[i].line > STS_LINES_MOST)
			abort();
	findings_json(&findings, &out);
	buffer_free(&out);
	arena_free(findings.arena);
	return 0;
}
