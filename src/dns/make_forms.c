#include <string.h>

#include "base/text.h"
#include "base/translate.h"
#include "dns/make.h"
#include "dns/txt_record.h"

const char make_forms[] = "record|panels|zone|route53|nsupdate|terraform|"
			  "octodns";

/* How the panels of well-known services want a name and a value. */
static const struct panel {
	const char *name;
	bool quoted; /* the value is entered in quotes */
	bool ttl;    /* there is a field for it */
	const char *remark;
} panels[] = {
	{ "AWS Route 53", true, true,
	    N_("Longer than 255 octets: several strings in quotes, with a "
	       "blank between them.") },
	{ "Cloudflare", false, true, N_("It adds the quotes by itself.") },
	{ "deSEC", true, true, N_("The least TTL is 3600.") },
	{ "Hetzner", false, true,
	    N_("Its interface for programs wants the quotes, its pages do "
	       "not.") },
	{ "IONOS", false, true, N_("The field for the name is Hostname.") },
	{ "OVH", false, true, N_("The field for the name is Sub-domain.") },
	{ "Strato", false, false, N_("The field for the name is Prefix.") },
};

enum { NPANELS = sizeof(panels) / sizeof(panels[0]), DESEC_LEAST = 3600 };

struct writer {
	const struct result *result;
	const char *zone;
	struct buffer *out;
	struct arena *arena;
};

static void
add_quoted_piece(struct buffer *out, const char *value, size_t len)
{
	buffer_text(out, "\"");
	for (size_t i = 0; i < len; i++) {
		if (value[i] == '"' || value[i] == '\\')
			buffer_text(out, "\\");
		buffer_add(out, value + i, 1);
	}
	buffer_text(out, "\"");
}

/* A TXT record as a zone file has it, in strings of at most 255 octets. */
static void
add_quoted(struct buffer *out, const char *value)
{
	size_t len = strlen(value);

	do {
		size_t piece = len < TXT_STRING_MOST ? len : TXT_STRING_MOST;

		add_quoted_piece(out, value, piece);
		value += piece;
		len -= piece;
		if (len > 0)
			buffer_text(out, " ");
	} while (len > 0);
}

static char *
quoted(const char *value, struct arena *arena)
{
	struct buffer out = { 0 };
	char *made;

	add_quoted(&out, value);
	made = arena_copy(arena, out.at, out.len);
	buffer_free(&out);
	return made;
}

/* What is left of a name once the zone is taken off. */
static char *
relative(const char *name, const char *zone, struct arena *arena)
{
	size_t len = strlen(name);
	size_t tail = strlen(zone);

	if (!text_is_within_domain(name, zone))
		return arena_printf(arena, "%s.", name);
	if (len == tail)
		return arena_printf(arena, "@");
	return arena_copy(arena, name, len - tail - 1);
}

static void
write_record(struct writer *writer, const struct result_record *record)
{
	buffer_printf(writer->out, "%s\n", record->value);
}

static void
write_zone(struct writer *writer, const struct result_record *record)
{
	buffer_printf(writer->out, "%s. %ld IN TXT %s\n", record->name,
	    record->ttl, quoted(record->value, writer->arena));
}

static void
write_nsupdate(struct writer *writer, const struct result_record *record)
{
	buffer_printf(writer->out,
	    "zone %s.\nupdate delete %s. TXT\n"
	    "update add %s. %ld TXT %s\nsend\n",
	    writer->zone, record->name, record->name, record->ttl,
	    quoted(record->value, writer->arena));
}

static void
write_route53(struct writer *writer, const struct result_record *record)
{
	struct buffer *out = writer->out;

	buffer_text(out,
	    "{\"Changes\": [{\"Action\": \"UPSERT\", "
	    "\"ResourceRecordSet\": {\"Name\": ");
	buffer_json(out, arena_printf(writer->arena, "%s.", record->name));
	buffer_printf(out,
	    ", \"Type\": \"TXT\", \"TTL\": %ld, "
	    "\"ResourceRecords\": [{\"Value\": ",
	    record->ttl);
	buffer_json(out, quoted(record->value, writer->arena));
	buffer_text(out, "}]}}]}\n");
}

/* A name that Terraform takes for one of its own. */
static char *
identifier(const char *name, struct arena *arena)
{
	char *made = arena_printf(arena, "r_%s", name);

	for (char *at = made; *at != '\0'; at++)
		if (*at == '.' || *at == '-')
			*at = '_';
	return made;
}

static void
write_terraform(struct writer *writer, const struct result_record *record)
{
	struct buffer *out = writer->out;

	buffer_printf(out,
	    "resource \"dns_txt_record_set\" \"%s\" {\n"
	    "  zone = \"%s.\"\n  name = \"%s\"\n  txt  = [",
	    identifier(record->name, writer->arena), writer->zone,
	    relative(record->name, writer->zone, writer->arena));
	buffer_json(out, record->value);
	buffer_printf(out, "]\n  ttl  = %ld\n}\n", record->ttl);
}

/* octoDNS wants semicolons escaped, YAML wants single quotes doubled. */
static void
write_octodns(struct writer *writer, const struct result_record *record)
{
	struct buffer *out = writer->out;

	buffer_printf(out, "'%s':\n  ttl: %ld\n  type: TXT\n  value: '",
	    relative(record->name, writer->zone, writer->arena), record->ttl);
	for (const char *at = record->value; *at != '\0'; at++) {
		if (*at == ';')
			buffer_text(out, "\\");
		if (*at == '\'')
			buffer_text(out, "'");
		buffer_add(out, at, 1);
	}
	buffer_text(out, "'\n");
}

static void
write_panel(struct writer *writer, const struct panel *panel,
    const struct result_record *record)
{
	struct buffer *out = writer->out;
	long ttl = record->ttl;

	if (strcmp(panel->name, "deSEC") == 0 && ttl < DESEC_LEAST)
		ttl = DESEC_LEAST;
	buffer_printf(out, "%s\n  %-6s %s\n  %-6s TXT\n", panel->name,
	    _("Name"), relative(record->name, writer->zone, writer->arena),
	    _("Type"));
	buffer_printf(out, "  %-6s %s\n", _("Value"),
	    panel->quoted ? quoted(record->value, writer->arena) :
			    record->value);
	if (panel->ttl)
		buffer_printf(out, "  %-6s %ld\n", _("TTL"), ttl);
	buffer_printf(out, "  %s\n\n", _(panel->remark));
}

static void
write_panels(struct writer *writer, const struct result_record *record)
{
	for (int i = 0; i < NPANELS; i++)
		write_panel(writer, &panels[i], record);
}

static const struct form {
	const char *name;
	void (
	    *write)(struct writer *writer, const struct result_record *record);
} forms[] = {
	{ "record", write_record },
	{ "panels", write_panels },
	{ "zone", write_zone },
	{ "route53", write_route53 },
	{ "nsupdate", write_nsupdate },
	{ "terraform", write_terraform },
	{ "octodns", write_octodns },
};

bool
make_write(const char *form, const struct result *result, const char *zone,
    struct buffer *out)
{
	struct writer writer = { result, zone, out, NULL };
	const struct form *found = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].name, form) == 0)
			found = &forms[i];
	if (found == NULL)
		return false;
	writer.arena = arena_new();
	for (size_t i = 0; i < result->nrecords; i++)
		if (strcmp(result->records[i].type, "TXT") == 0)
			found->write(&writer, &result->records[i]);
	arena_free(writer.arena);
	return true;
}
