#include "dns/finding.h"

#include <string.h>

#include "base/text.h"
#include "base/translate.h"

enum { FIRST_ROOM = 16 };

static void
make_room(struct findings *findings)
{
	size_t room = findings->room > 0 ? 2 * findings->room : FIRST_ROOM;
	struct finding *list =
	    arena_array(findings->arena, room, sizeof(*list));

	if (findings->n > 0)
		memcpy(list, findings->list, findings->n * sizeof(*list));
	findings->list = list;
	findings->room = room;
}

struct finding *
findings_add(struct findings *findings, enum finding_code code,
    const char *detail)
{
	struct finding *finding;
	bool cut = false;

	if (findings->n == findings->room)
		make_room(findings);
	/* Past the limit the last one is overwritten. */
	if (findings->n < FINDINGS_LIMIT)
		findings->n++;
	finding = &findings->list[findings->n - 1];
	*finding =
	    (struct finding){ .code = code, .subject = findings->subject };
	if (detail != NULL) {
		detail =
		    text_cut(detail, FINDING_DETAIL, findings->arena, &cut);
		finding->detail =
		    arena_copy(findings->arena, detail, strlen(detail));
	}
	return finding;
}

bool
findings_have(const struct findings *findings, enum finding_code code)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].code == code)
			return true;
	return false;
}

bool
findings_worst(const struct findings *findings, size_t from,
    enum severity *worst)
{
	enum severity most = SEVERITY_INFO;

	for (size_t i = from; i < findings->n; i++) {
		enum severity severity =
		    finding_kinds[findings->list[i].code].severity;

		if (severity > most)
			most = severity;
	}
	*worst = most;
	return from < findings->n;
}

const char *
severity_name(enum severity severity)
{
	static const char *const names[] = { [SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error" };

	return names[severity];
}

const char *
finding_reference(const struct finding *finding)
{
	return finding->reference != NULL ?
	    finding->reference :
	    finding_kinds[finding->code].reference;
}

char *
finding_message(const struct finding *finding, bool translated,
    struct arena *arena)
{
	const char *message = finding_kinds[finding->code].message;

	if (translated)
		message = _(message);
	if (finding->detail == NULL)
		return arena_printf(arena, "%s", message);
	return arena_printf(arena, "%s: %s", message,
	    text_printable(finding->detail, arena));
}

static void
add_number(struct buffer *out, const char *name, size_t number)
{
	if (number == 0)
		buffer_printf(out, ", \"%s\": null", name);
	else
		buffer_printf(out, ", \"%s\": %zu", name, number);
}

static void
add_text(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, ", \"%s\": ", name);
	buffer_json(out, text);
}

/* Raw bytes from DNS may be anything; JSON is UTF-8. */
static const char *
valid(const char *text, struct arena *arena)
{
	bool repaired = false;

	if (text == NULL)
		return NULL;
	return text_repair((struct bytes){ (const unsigned char *)text,
			       strlen(text) },
	    arena, &repaired);
}

static void
add_finding(const struct finding *finding, struct buffer *out,
    struct arena *arena)
{
	const struct finding_kind *kind = &finding_kinds[finding->code];

	buffer_printf(out, "{\"code\": \"%s\", \"severity\": \"%s\"",
	    kind->code, severity_name(kind->severity));
	add_text(out, "subject", valid(finding->subject, arena));
	add_text(out, "message", finding_message(finding, false, arena));
	add_number(out, "line", finding->line);
	add_number(out, "column", finding->column);
	add_text(out, "detail", valid(finding->detail, arena));
	add_text(out, "instead", valid(finding->instead, arena));
	add_text(out, "advice", kind->advice[0] != '\0' ? kind->advice : NULL);
	add_text(out, "reference", finding_reference(finding));
	buffer_text(out, "}");
}

void
findings_json(const struct findings *findings, struct buffer *out)
{
	struct arena *arena = arena_new();

	buffer_text(out, "[");
	for (size_t i = 0; i < findings->n; i++) {
		if (i > 0)
			buffer_text(out, ", ");
		add_finding(&findings->list[i], out, arena);
	}
	buffer_text(out, "]");
	arena_free(arena);
}
