#include "dns/sts_record.h"

#include <string.h>

#include "dns/txt_record.h"

/* 1 to 32 letters and digits; where it ends to be so. */
static bool
is_id(const char *value, size_t *wrong)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	*wrong = strspn(value, letters);
	if (*wrong > STS_ID_MOST)
		*wrong = STS_ID_MOST;
	return *wrong > 0 && value[*wrong] == '\0';
}

void
sts_record_read(struct bytes text, const char **id, struct findings *findings)
{
	struct txt_record txt;
	size_t count = 0;
	size_t wrong;

	*id = NULL;
	txt_record_read(text, &txt_sts, &txt, findings);
	for (size_t i = 0; i < txt.nfields; i++) {
		const struct txt_field *field = &txt.fields[i];

		if (strcmp(field->name, txt_sts.field) != 0)
			continue;
		if (++count > 1)
			findings_add(findings, FINDING_STS_ID_TWICE, NULL)
			    ->column = field->name_column;
		else if (is_id(field->value, &wrong))
			*id = field->value;
		else
			findings_add(findings, FINDING_STS_ID_SYNTAX,
			    field->value)
			    ->column = field->value_columns[wrong];
	}
	if (count == 0)
		findings_add(findings, FINDING_STS_NO_ID, NULL)->column =
		    text.len + 1;
}
