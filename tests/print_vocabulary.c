/* Print a table of the vocabulary, for tests that are no C: see usage. */
#include <stdio.h>
#include <string.h>

#include "report/vocabulary.h"

static const char *const weights[] = {
	[WEIGHT_REMARK] = "remark",
	[WEIGHT_TOLERATED] = "tolerated",
	[WEIGHT_DOUBTFUL] = "doubtful",
	[WEIGHT_PARTIAL] = "partial",
};

static void
print_deviations(void)
{
	for (int i = 0; i < NDEVIATIONS; i++)
		(void)printf("%s\t%s\t%s\n", deviation_codes[i].code,
		    weights[deviation_codes[i].weight],
		    deviation_codes[i].meaning);
}

static void
print_reasons(void)
{
	for (int i = 0; i < NREASONS; i++)
		if (reason_codes[i].code != NULL)
			(void)printf("%s\t%s\n", reason_codes[i].code,
			    reason_codes[i].meaning);
}

static void
print_result_types(void)
{
	for (size_t i = 0; i < nresult_types; i++)
		(void)printf("%s\t%s\t%s\t%s\n", result_types[i].name,
		    result_types[i].concern, result_types[i].summary,
		    result_types[i].advice);
}

int
main(int argc, char *argv[])
{
	const char *table = argc == 2 ? argv[1] : "";

	if (strcmp(table, "deviations") == 0)
		print_deviations();
	else if (strcmp(table, "reasons") == 0)
		print_reasons();
	else if (strcmp(table, "result-types") == 0)
		print_result_types();
	else
		return 64;
	return 0;
}
