/*
 * Fuzz target: the TXT records of TLSRPT and MTA-STS, a destination, and those
 * of SPF, DMARC and DKIM.
 * Columns lie in the text; what was encoded needs it no more.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/names.h"
#include "dns/senders.h"
#include "dns/sts_record.h"
#include "dns/tlsrpt_record.h"
#include "dns/txt_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct findings *findings, size_t size)
{
	struct buffer out = { 0 };

	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].column > size + 1)
			abort();
	findings_json(findings, &out);
	buffer_free(&out);
}

static void
check_destination(const char *text, struct arena *arena)
{
	char *encoded = rua_encode(text, arena);
	struct findings findings = { .arena = arena };
	struct rua rua;

	if (strpbrk(encoded, ",;! \"\\") != NULL ||
	    strcmp(encoded, rua_encode(encoded, arena)) != 0)
		abort();
	if (rua_read(encoded, NULL, &rua, &findings) &&
	    !name_is_host(rua.domain))
		abort();
}

static void
read_senders(const char *text, struct arena *arena)
{
	struct spf spf;
	struct tags tags;

	spf_read(text, arena, &spf);
	tags_read(text, arena, &tags);
	for (size_t i = 0; i < spf.nterms; i++)
		if (spf.terms[i].name == NULL)
			abort();
	for (size_t i = 0; i < tags.n; i++)
		if (tags.list[i].name == NULL || tags.list[i].value == NULL)
			abort();
	(void)tags_value(&tags, "p");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { data, size };
	struct findings findings = { .arena = arena_new() };
	struct tlsrpt_record record;
	const char *id;

	tlsrpt_record_read(text, &record, &findings);
	check(&findings, size);
	findings.n = 0;
	sts_record_read(text, &id, &findings);
	check(&findings, size);
	(void)txt_is_meant(text, &txt_tlsrpt);
	read_senders(arena_copy(findings.arena, data, size), findings.arena);
	if (size < RUA_URI_MOST)
		check_destination(arena_copy(findings.arena, data, size),
		    findings.arena);
	arena_free(findings.arena);
	return 0;
}
