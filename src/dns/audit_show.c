#include <string.h>

#include "base/translate.h"
#include "dns/audit.h"

/* What a record is about, by its type and the start of its name. */
static const struct subject {
	const char *type;
	const char *part; /* of its name */
	const char *label;
} subjects[] = {
	{ "MX", "", "MX" },
	{ "SMTP", "", "STARTTLS" },
	{ "POLICY", "", "MTA-STS" },
	{ "TXT", "_mta-sts.", "MTA-STS" },
	{ "TXT", "_tls.", "TLSRPT" },
	{ "TLSA", "", "DANE" },
	{ "TXT", "_dmarc.", "DMARC" },
	{ "TXT", "._domainkey.", "DKIM" },
	{ "TXT", "", "SPF" },
};

enum { NSUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

static const struct subject *
subject_of(const struct result_record *record)
{
	for (int i = 0; i < NSUBJECTS; i++)
		if (strcmp(subjects[i].type, record->type) == 0 &&
		    strstr(record->name, subjects[i].part) != NULL)
			return &subjects[i];
	return NULL;
}

/* A value on one line: lines of a policy become parts of a sentence. */
static void
add_value(struct buffer *out, const char *value)
{
	struct buffer line = { 0 };

	buffer_text(&line, "");
	for (; *value != '\0'; value++) {
		if (*value == '\n' && value[1] != '\0')
			buffer_text(&line, ", ");
		else if (*value != '\r' && *value != '\n')
			buffer_add(&line, value, 1);
	}
	result_printable(out, line.at);
	buffer_free(&line);
}

static const char *
signed_word(const struct result_record *record)
{
	if (record->dnssec == DNSSEC_NONE)
		return "";
	return record->dnssec == DNSSEC_SECURE ? _(" (signed)") :
						 _(" (not signed)");
}

static void
text_row(struct buffer *out, const struct audit *audit,
    const struct result_record *record, const char *label)
{
	buffer_printf(out, "  %-9s ", label);
	if (strcmp(record->name, audit->result.domain) != 0) {
		result_printable(out, record->name);
		buffer_printf(out, "%s\n%12s", signed_word(record), "");
		add_value(out, result_said(record));
	} else {
		add_value(out, result_said(record));
		buffer_text(out, signed_word(record));
	}
	buffer_text(out, "\n");
}

/* Records in the order of the subjects; a part that is missing says so. */
static void
text_rows(struct buffer *out, const struct audit *audit)
{
	const struct result *result = &audit->result;

	for (int s = 0; s < NSUBJECTS; s++) {
		const char *label = subjects[s].label;

		for (size_t i = 0; i < result->nrecords; i++) {
			if (subject_of(&result->records[i]) != &subjects[s])
				continue;
			text_row(out, audit, &result->records[i], label);
			label = "";
		}
	}
	buffer_text(out, "\n");
}

/* The kinds that keep it from a better grade. */
static void
text_reasons(struct buffer *out, const struct audit *audit)
{
	const struct findings *findings = &audit->result.findings;
	struct arena *arena = audit->result.arena;
	int last = -1;

	if (audit->grade == 'A' || audit->grade == AUDIT_NO_GRADE)
		return;
	buffer_text(out, _("No better, because:"));
	buffer_text(out, "\n");
	for (size_t i = 0; i < findings->n; i++) {
		int code = (int)findings->list[i].code;

		if (!audit_blames(audit, findings->list[i].code) ||
		    code == last)
			continue;
		result_wrapped(out,
		    arena_printf(arena, "%s: %s", finding_kinds[code].code,
			_(finding_kinds[code].message)),
		    2, 4);
		last = code;
	}
	buffer_text(out, "\n");
}

void
audit_text(const struct audit *audit, struct buffer *out)
{
	result_printable(out, audit->result.domain);
	if (audit->grade == AUDIT_NO_GRADE)
		buffer_text(out, _(": no grade, since DNS does not answer"));
	else
		buffer_printf(out, _(": grade %c"), audit->grade);
	buffer_text(out, "\n\n");
	text_rows(out, audit);
	text_reasons(out, audit);
	if (audit->result.findings.n > 0) {
		buffer_text(out, _("What to do, the most important first:"));
		buffer_text(out, "\n");
	}
	result_findings_text(&audit->result.findings, out);
	buffer_text(out, "\n");
}

/* ------------------------------------------------------------------- HTML */

static const char page_head[] =
    "<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;"
    "padding:1rem}\n"
    "table{border-collapse:collapse;width:100%;table-layout:fixed}\n"
    "th:nth-child(1){width:6rem}th:nth-child(2){width:32%}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid #8888;overflow-wrap:anywhere}\n"
    ".grade{font-size:2rem;font-weight:bold}\n"
    ".error{border-left:.4rem solid #c00}.warning{border-left:.4rem solid "
    "#b60}\n.info{border-left:.4rem solid #06c}\n"
    "li{margin:.6rem 0;padding-left:.6rem}\n"
    "</style>\n";

static void
html_text(struct buffer *out, const char *text)
{
	struct buffer plain = { 0 };

	buffer_text(&plain, "");
	add_value(&plain, text);
	for (const char *at = plain.at; *at != '\0'; at++) {
		switch (*at) {
		case '<':
			buffer_text(out, "&lt;");
			break;
		case '>':
			buffer_text(out, "&gt;");
			break;
		case '&':
			buffer_text(out, "&amp;");
			break;
		case '"':
			buffer_text(out, "&quot;");
			break;
		default:
			buffer_add(out, at, 1);
		}
	}
	buffer_free(&plain);
}

static void
html_rows(struct buffer *out, const struct result *result)
{
	buffer_printf(out,
	    "<table>\n<caption>%s</caption>\n<tr><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr>\n",
	    _("What was found"), _("Part"), _("Name"), _("Value"));
	for (int s = 0; s < NSUBJECTS; s++) {
		for (size_t i = 0; i < result->nrecords; i++) {
			const struct result_record *record =
			    &result->records[i];

			if (subject_of(record) != &subjects[s])
				continue;
			buffer_printf(out, "<tr><td>%s</td><td>",
			    subjects[s].label);
			html_text(out, record->name);
			html_text(out, signed_word(record));
			buffer_text(out, "</td><td>");
			html_text(out, result_said(record));
			buffer_text(out, "</td></tr>\n");
		}
	}
	buffer_text(out, "</table>\n");
}

static void
html_reasons(struct buffer *out, const struct audit *audit)
{
	const struct findings *findings = &audit->result.findings;
	int last = -1;

	if (audit->grade == 'A' || audit->grade == AUDIT_NO_GRADE)
		return;
	buffer_printf(out, "<p>%s</p>\n<ul>\n", _("No better, because:"));
	for (size_t i = 0; i < findings->n; i++) {
		int code = (int)findings->list[i].code;

		if (!audit_blames(audit, findings->list[i].code) ||
		    code == last)
			continue;
		buffer_printf(out, "<li>%s</li>\n",
		    _(finding_kinds[code].message));
		last = code;
	}
	buffer_text(out, "</ul>\n");
}

static void
html_findings(struct buffer *out, const struct findings *findings)
{
	struct arena *arena = arena_new();

	buffer_printf(out, "<h3>%s</h3>\n<ol>\n",
	    _("What to do, the most important first:"));
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		const struct finding_kind *kind = &finding_kinds[finding->code];
		const char *severity = severity_name(kind->severity);

		buffer_printf(out,
		    "<li class=\"%s\"><strong>%s</strong> <code>%s</code> ",
		    severity, result_severity_word(kind->severity), kind->code);
		if (finding->subject != NULL)
			html_text(out, finding->subject);
		buffer_text(out, "<br>");
		html_text(out, finding_message(finding, true, arena));
		if (kind->advice[0] != '\0') {
			buffer_text(out, "<br>");
			html_text(out, _(kind->advice));
		}
		buffer_text(out, " <small>");
		html_text(out, finding_reference(finding));
		buffer_text(out, "</small></li>\n");
	}
	buffer_text(out, "</ol>\n");
	arena_free(arena);
}

static void
html_head(struct buffer *out)
{
	const char *title = _("Mail domain audit");

	buffer_printf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n", _("en"));
	buffer_text(out, page_head);
	buffer_printf(out,
	    "<title>%s</title>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", title,
	    title);
}

static void
html_grade(struct buffer *out, const struct audit *audit)
{
	buffer_text(out, "<p class=\"grade\">");
	if (audit->grade == AUDIT_NO_GRADE)
		buffer_text(out, _("No grade, since DNS does not answer"));
	else
		buffer_printf(out, _("Grade %c"), audit->grade);
	buffer_text(out, "</p>\n");
}

void
audit_html(const struct audit *audits, size_t naudits, struct buffer *out)
{
	html_head(out);
	for (size_t i = 0; i < naudits; i++) {
		if (audits[i].result.domain == NULL)
			continue;
		buffer_text(out, "<section>\n<h2>");
		html_text(out, audits[i].result.domain);
		buffer_text(out, "</h2>\n");
		html_grade(out, &audits[i]);
		html_reasons(out, &audits[i]);
		html_rows(out, &audits[i].result);
		html_findings(out, &audits[i].result.findings);
		buffer_text(out, "</section>\n");
	}
	buffer_text(out, "</main>\n</body>\n</html>\n");
}
