/* Whatever tlsrpt-dns or a policy-string may hold is read without harm. */
#include <stddef.h>
#include <stdint.h>

#include "explain/json_read.h"
#include "explain/policies.h"
#include "explain/term.h"
#include "explain/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct buffer out = { 0 };
	struct term term = { &out, arena, TERM_LEAST, false };
	struct fault fault = { .kind = FAULT_NONE };
	struct live live;
	const char *text = arena_copy(arena, data, size);
	struct text_list strings = { &text, 1 };
	struct text_list lines = policies_lines(text, arena);
	struct sts_policy policy = policies_parse(&lines, arena);

	(void)json_read_live((struct bytes){ data, size }, "example.org", arena,
	    &live, &fault);
	if (size > 0)
		(void)json_unpack_strings(&strings, arena);
	(void)policies_tlsa(text, arena);
	(void)policies_mx_matches(&policy.mx_hosts, text);
	term_item(&term, 2, "-", words_name(text, "-", arena));
	term_paragraph(&term, 0, 2, policies_text(&policy, arena));
	buffer_free(&out);
	arena_free(arena);
	return 0;
}
