#include "dns/tlsrpt_record.h"

#include <string.h>
#include <strings.h>

#include "dns/txt_record.h"

static const char blanks[] = " \t";

static bool
is_known(const struct tlsrpt_record *record, const struct rua *rua)
{
	for (size_t i = 0; i < record->nruas; i++)
		if (strcasecmp(record->ruas[i].uri, rua->uri) == 0)
			return true;
	return false;
}

static void
read_one(const struct txt_field *field, size_t at, size_t end,
    struct tlsrpt_record *record, struct findings *findings)
{
	const size_t *columns = field->value_columns;
	struct rua rua = { .scheme = RUA_OTHER };

	if (!rua_read(arena_copy(findings->arena, field->value + at, end - at),
		columns + at, &rua, findings) ||
	    record->nruas == RUA_MOST)
		return;
	if (is_known(record, &rua))
		findings_add(findings, FINDING_TLSRPT_SAME_RUA, rua.uri)
		    ->column = columns[at];
	record->ruas[record->nruas++] = rua;
}

/* URIs with commas between them, around which blanks are legal. */
static void
read_list(const struct txt_field *field, struct tlsrpt_record *record,
    struct findings *findings)
{
	const char *value = field->value;
	size_t at = 0;
	size_t count = 0;

	for (;;) {
		size_t end = at + strcspn(value + at, ",");
		size_t from = at + strspn(value + at, blanks);
		size_t stop = end;

		while (stop > from && strchr(blanks, value[stop - 1]) != NULL)
			stop--;
		if (from > at || stop < end)
			findings_add(findings, FINDING_TLSRPT_BLANK_COMMA, NULL)
			    ->column =
			    field->value_columns[from > at ? at : stop];
		read_one(field, from < stop ? from : stop, stop, record,
		    findings);
		if (++count == 2)
			findings_add(findings, FINDING_TLSRPT_SEVERAL_RUA, NULL)
			    ->column = field->value_columns[from];
		if (value[end] == '\0' || count == RUA_MOST)
			return;
		at = end + 1;
	}
}

void
tlsrpt_record_read(struct bytes text, struct tlsrpt_record *record,
    struct findings *findings)
{
	struct txt_record txt;
	size_t count = 0;

	*record = (struct tlsrpt_record){ .ruas = arena_array(findings->arena,
					      RUA_MOST, sizeof(struct rua)) };
	txt_record_read(text, &txt_tlsrpt, &txt, findings);
	for (size_t i = 0; i < txt.nfields; i++) {
		if (strcmp(txt.fields[i].name, txt_tlsrpt.field) != 0)
			continue;
		if (++count == 2)
			findings_add(findings, FINDING_TLSRPT_RUA_TWICE, NULL)
			    ->column = txt.fields[i].name_column;
		if (count == 1 && i > 0)
			findings_add(findings, FINDING_TLSRPT_EXTENSION_FIRST,
			    txt.fields[0].name)
			    ->column = txt.fields[0].name_column;
		read_list(&txt.fields[i], record, findings);
	}
	if (count == 0)
		findings_add(findings, FINDING_TLSRPT_NO_RUA, NULL)->column =
		    text.len + 1;
}
