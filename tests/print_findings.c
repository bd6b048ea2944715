/* Print the table of findings, plainly or as the list in tlsrpt-findings(7). */
#include <stdio.h>
#include <string.h>

#include "dns/finding.h"

static void
print_plain(const struct finding_kind *kind)
{
	printf("%s\t%s\t%c\t%s\t%s\t%s\n", kind->code,
	    severity_name(kind->severity), kind->grade, kind->reference,
	    kind->message, kind->advice);
}

/* "§" as mdoc has it, and a sentence a line. */
static void
print_mdoc(const struct finding_kind *kind)
{
	const char *section = strstr(kind->reference, " §");

	printf(".It Sy %s\n.Pq %s , best grade %c , %.*s \\(sc%s\n%s.\n",
	    kind->code, severity_name(kind->severity), kind->grade,
	    (int)(section - kind->reference), kind->reference,
	    section + strlen(" §"), kind->message);
	for (const char *at = kind->advice; *at != '\0';) {
		const char *end = strstr(at, ". ");
		size_t len = end != NULL ? (size_t)(end + 1 - at) : strlen(at);

		printf("%.*s\n", (int)len, at);
		at += end != NULL ? len + 1 : len;
	}
}

int
main(int argc, char *argv[])
{
	bool mdoc = argc > 1 && strcmp(argv[1], "mdoc") == 0;

	for (int i = 0; i < NFINDINGS; i++)
		(mdoc ? print_mdoc : print_plain)(&finding_kinds[i]);
	return 0;
}
