#include "dns/result.h"

#include <string.h>

#include "base/text.h"
#include "base/translate.h"

enum { FIRST_ROOM = 16, WIDTH = 78 };

void
result_init(struct result *result, const char *domain, const char *check,
    struct arena *arena)
{
	*result = (struct result){ .arena = arena,
		.domain = domain,
		.check = check,
		.findings = { .arena = arena } };
}

void
result_add(struct result *result, const struct result_record *record)
{
	size_t room = result->room > 0 ? 2 * result->room : FIRST_ROOM;
	struct result_record *records;

	if (result->nrecords == RESULT_RECORDS_MOST)
		return;
	if (result->nrecords == result->room) {
		records = arena_array(result->arena, room, sizeof(*records));
		if (result->nrecords > 0)
			memcpy(records, result->records,
			    result->nrecords * sizeof(*records));
		result->records = records;
		result->room = room;
	}
	result->records[result->nrecords++] = *record;
}

enum result_status
result_status(const struct result *result)
{
	enum severity worst;

	(void)findings_worst(&result->findings, 0, &worst);
	if (worst == SEVERITY_ERROR)
		return RESULT_ERROR;
	if (result->findings.unknown)
		return RESULT_UNKNOWN;
	return worst == SEVERITY_WARNING ? RESULT_WARNING : RESULT_OK;
}

static const char *
status_name(enum result_status status)
{
	static const char *const names[] = { [RESULT_OK] = "ok",
		[RESULT_WARNING] = "warning",
		[RESULT_ERROR] = "error",
		[RESULT_UNKNOWN] = "unknown" };

	return names[status];
}

/* ---------------------------------------------------------------- JSON */

static void
json_text(struct buffer *out, const char *text, struct arena *arena)
{
	bool repaired = false;

	if (text == NULL) {
		buffer_text(out, "null");
		return;
	}
	buffer_json(out,
	    text_repair((struct bytes){ (const unsigned char *)text,
			    strlen(text) },
		arena, &repaired));
}

static void
json_record(struct buffer *out, const struct result_record *record,
    struct arena *arena)
{
	static const char *const dnssec[] = { [DNSSEC_NONE] = "null",
		[DNSSEC_INSECURE] = "false",
		[DNSSEC_SECURE] = "true" };

	buffer_text(out, "{\"name\": ");
	json_text(out, record->name, arena);
	buffer_printf(out, ", \"type\": \"%s\", \"ttl\": ", record->type);
	if (record->ttl < 0)
		buffer_text(out, "null");
	else
		buffer_printf(out, "%ld", record->ttl);
	buffer_printf(out,
	    ", \"dnssec\": %s, \"value\": ", dnssec[record->dnssec]);
	json_text(out, record->value, arena);
	if (record->more != NULL)
		buffer_text(out, record->more);
	buffer_text(out, "}");
}

void
result_json(const struct result *result, struct buffer *out)
{
	struct arena *arena = arena_new();

	buffer_text(out, "{\"domain\": ");
	json_text(out, result->domain, arena);
	buffer_printf(out, ", \"check\": \"%s\", \"status\": \"%s\"",
	    result->check, status_name(result_status(result)));
	if (result->more != NULL)
		buffer_text(out, result->more);
	buffer_text(out, ", \"records\": [");
	for (size_t i = 0; i < result->nrecords; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		json_record(out, &result->records[i], arena);
	}
	buffer_text(out, "], \"findings\": ");
	findings_json(&result->findings, out);
	buffer_text(out, "}\n");
	arena_free(arena);
}

/* ---------------------------------------------------------------- text */

void
result_printable(struct buffer *out, const char *text)
{
	struct arena *arena = arena_new();
	bool repaired = false;

	if (text != NULL)
		buffer_text(out,
		    text_printable(
			text_repair((struct bytes){ (const unsigned char *)text,
					strlen(text) },
			    arena, &repaired),
			arena));
	arena_free(arena);
}

const char *
result_said(const struct result_record *record)
{
	return record->said != NULL ? record->said : record->value;
}

/* How many columns the bytes of a word take: one for each character. */
static int
columns_of(const char *word, size_t len)
{
	int columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)word[i] & 0xc0) != 0x80;
	return columns;
}

void
result_wrapped(struct buffer *out, const char *text, int first, int others)
{
	int column = first;
	int start = first;

	buffer_printf(out, "%*s", first, "");
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		int columns = columns_of(text, len);

		if (column > start && column + 1 + columns > WIDTH) {
			buffer_printf(out, "\n%*s", others, "");
			start = others;
			column = others;
		} else if (column > start) {
			buffer_text(out, " ");
			column++;
		}
		buffer_add(out, text, len);
		column += columns;
		text += len + strspn(text + len, " ");
	}
	buffer_text(out, "\n");
}

const char *
result_severity_word(enum severity severity)
{
	static const char *const words[] = { [SEVERITY_INFO] = N_("note"),
		[SEVERITY_WARNING] = N_("warning"),
		[SEVERITY_ERROR] = N_("error") };

	return _(words[severity]);
}

static void
add_place(struct buffer *out, const struct finding *finding)
{
	if (finding->subject != NULL) {
		buffer_text(out, ", ");
		result_printable(out, finding->subject);
	}
	if (finding->line > 0)
		buffer_printf(out, _(", line %zu"), finding->line);
	if (finding->column > 0)
		buffer_printf(out, _(", column %zu"), finding->column);
}

static void
add_finding(struct buffer *out, const struct finding *finding,
    struct arena *arena)
{
	const struct finding_kind *kind = &finding_kinds[finding->code];

	buffer_printf(out, "%s: %s", result_severity_word(kind->severity),
	    kind->code);
	add_place(out, finding);
	buffer_printf(out, " (%s)\n", finding_reference(finding));
	result_wrapped(out, finding_message(finding, true, arena), 4, 4);
	if (finding->instead != NULL) {
		buffer_printf(out, "    %s ", _("Write:"));
		result_printable(out, finding->instead);
		buffer_text(out, "\n");
	}
	if (kind->advice[0] != '\0')
		result_wrapped(out, _(kind->advice), 4, 4);
}

void
result_findings_text(const struct findings *findings, struct buffer *out)
{
	struct arena *arena = arena_new();

	for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO;
	     severity--)
		for (size_t i = 0; i < findings->n; i++)
			if ((int)finding_kinds[findings->list[i].code]
				.severity == severity)
				add_finding(out, &findings->list[i], arena);
	arena_free(arena);
}

/* The lines of a policy each on a line of its own. */
static void
add_value(struct buffer *out, const char *value, struct arena *arena)
{
	while (*value != '\0') {
		size_t len = strcspn(value, "\r\n");

		buffer_text(out, "    ");
		result_printable(out, arena_copy(arena, value, len));
		buffer_text(out, "\n");
		value += len;
		if (strncmp(value, "\r\n", 2) == 0)
			value++;
		if (*value != '\0')
			value++;
	}
}

static void
text_record(struct buffer *out, const struct result_record *record,
    struct arena *arena)
{
	static const char *const dnssec[] = { [DNSSEC_NONE] = "",
		[DNSSEC_INSECURE] = N_(" (not signed)"),
		[DNSSEC_SECURE] = N_(" (signed)") };

	result_printable(out, record->name);
	buffer_printf(out, "  %s", record->type);
	if (dnssec[record->dnssec][0] != '\0')
		buffer_text(out, _(dnssec[record->dnssec]));
	buffer_text(out, "\n");
	add_value(out, result_said(record), arena);
}

void
result_text(const struct result *result, struct buffer *out)
{
	static const char *const verdicts[] = { [RESULT_OK] = N_("in order"),
		[RESULT_WARNING] = N_("works, with warnings"),
		[RESULT_ERROR] = N_("not in order"),
		[RESULT_UNKNOWN] = N_("could not be found out") };
	struct arena *arena = arena_new();

	if (result->domain != NULL) {
		result_printable(out, result->domain);
		buffer_text(out, ", ");
	}
	buffer_printf(out, "%s: %s\n", result->check,
	    _(verdicts[result_status(result)]));
	for (size_t i = 0; i < result->nrecords; i++)
		text_record(out, &result->records[i], arena);
	result_findings_text(&result->findings, out);
	arena_free(arena);
}
