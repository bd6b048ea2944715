#include "dns/txt_record.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dns/names.h"

const struct txt_dialect txt_tlsrpt = { "v=TLSRPTv1", "rua", "RFC 8460 §3" };
const struct txt_dialect txt_sts = { "v=STSv1", "id", "RFC 8461 §3.1" };

static const char blanks[] = " \t";

/* A record without the quotes that a panel's user pasted in. */
struct reader {
	const struct txt_dialect *dialect;
	struct findings *findings;
	char *text;
	size_t *columns; /* of each byte of the text, and of its end */
	size_t len;
	size_t at;
};

bool
txt_is_selected(struct bytes text, const struct txt_dialect *dialect)
{
	size_t len = strlen(dialect->version);

	return text.len > len && memcmp(text.at, dialect->version, len) == 0 &&
	    text.at[len] == ';';
}

static struct finding *
add(struct reader *reader, enum finding_code code, size_t at,
    const char *detail)
{
	struct finding *finding = findings_add(reader->findings, code, detail);

	finding->reference = reader->dialect->reference;
	finding->column = reader->columns[at];
	return finding;
}

/* ------------------------------------------------- what was pasted in */

/* A closing quote, blanks and an opening one part two strings of one record. */
static size_t
skip_seam(struct bytes text, size_t at)
{
	size_t next = at + 1;

	while (
	    next < text.len && (text.at[next] == ' ' || text.at[next] == '\t'))
		next++;
	return next < text.len && next > at + 1 && text.at[next] == '"' ? next :
									  at;
}

static void
clean(struct reader *reader, struct bytes text)
{
	struct arena *arena = reader->findings->arena;
	size_t quote = 0;
	bool odd = false;

	reader->text = arena_alloc(arena, text.len + 1);
	reader->columns = arena_array(arena, text.len + 1, sizeof(size_t));
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.at[i];

		if (c == '"' || c == '\\') {
			quote = quote > 0 ? quote : i + 1;
			if (c == '"' && reader->len > 0)
				i = skip_seam(text, i);
			continue;
		}
		reader->columns[reader->len] = i + 1;
		if (((c < ' ' && c != '\t') || c > '~') && !odd) {
			add(reader, FINDING_RECORD_CHARACTER, reader->len,
			    NULL);
			odd = true;
		}
		reader->text[reader->len++] = (char)(c != '\0' ? c : '?');
	}
	reader->columns[reader->len] = text.len + 1;
	if (quote > 0)
		add(reader, FINDING_RECORD_QUOTES, 0, NULL)->column = quote;
}

/* ------------------------------------------------------------ version */

static char *
piece(const struct reader *reader, size_t at, size_t end)
{
	return arena_copy(reader->findings->arena, reader->text + at, end - at);
}

/* The first word: up to a semicolon, comma or blank; "v = X" is one. */
static size_t
version_end(const char *text)
{
	size_t end = strcspn(text, ";, \t");
	size_t next = end + strspn(text + end, blanks);

	if (text[next] == '=' || (end > 0 && text[end - 1] == '='))
		end = next + strspn(text + next, "= \t") +
		    strcspn(text + next + strspn(text + next, "= \t"), ";, \t");
	return end;
}

static bool
is_near_version(const char *word, const char *version)
{
	char squeezed[32];
	size_t len = 0;

	for (; *word != '\0' && len < sizeof(squeezed) - 1; word++)
		if (*word != ' ' && *word != '\t')
			squeezed[len++] = *word;
	squeezed[len] = '\0';
	/* Of "v=STSv1" no more than one letter may be wrong: v=spf1 is none. */
	return *word == '\0' &&
	    name_distance(squeezed, version) <= (strlen(version) > 8 ? 3 : 1);
}

/* Where a version stands that something else stands before; 0: nowhere. */
static size_t
find_version(const struct reader *reader)
{
	const char *version = reader->dialect->version;

	for (size_t i = 1; i < reader->len; i++)
		if (strncasecmp(reader->text + i, version, strlen(version)) ==
		    0)
			return i;
	return 0;
}

/* Right behind a version that is spelt as it should be. */
static void
read_semicolon(struct reader *reader)
{
	const char *version = reader->dialect->version;
	const char *text = reader->text + reader->at;
	size_t gap = strspn(text, blanks);

	if (text[gap] == ';' && gap > 0) {
		add(reader, FINDING_RECORD_VERSION_BLANK, reader->at, NULL)
		    ->instead =
		    arena_printf(reader->findings->arena, "%s;", version);
	} else if (text[gap] != ';') {
		add(reader, FINDING_RECORD_NO_SEMICOLON, reader->at, NULL)
		    ->instead = arena_printf(reader->findings->arena,
		    "%s; %s=", version, reader->dialect->field);
	}
	reader->at += gap;
	if (text[gap] == ';' || text[gap] == ',')
		reader->at++;
}

static void
read_version(struct reader *reader)
{
	const char *version = reader->dialect->version;
	size_t len = strlen(version);
	size_t end;
	char *word;

	if (strncmp(reader->text + reader->at, version, len) == 0 &&
	    strchr(";, \t", reader->text[reader->at + len]) != NULL) {
		reader->at += len;
		read_semicolon(reader);
		return;
	}
	end = reader->at + version_end(reader->text + reader->at);
	word = piece(reader, reader->at, end);
	if (!is_near_version(word, version)) {
		add(reader, FINDING_RECORD_VERSION_MISSING, reader->at, NULL)
		    ->instead =
		    arena_printf(reader->findings->arena, "%s; ", version);
		return;
	}
	add(reader, FINDING_RECORD_VERSION_MISSPELT, reader->at, word)
	    ->instead = version;
	reader->at = end;
	read_semicolon(reader);
}

static void
read_start(struct reader *reader)
{
	size_t gap = strspn(reader->text, blanks);
	size_t found = find_version(reader);

	if (found > gap &&
	    strncasecmp(reader->text + gap, reader->dialect->version, 2) != 0)
		gap = found;
	if (gap > 0 && gap < reader->len) {
		add(reader, FINDING_RECORD_LEADING_TEXT, 0,
		    piece(reader, 0, gap));
		reader->at = gap;
	}
	read_version(reader);
}

/* ------------------------------------------------------------- fields */

static bool
is_name(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(name);

	if (len == 0 || len > 32 || strchr(first, name[0]) == NULL)
		return false;
	for (size_t i = 1; i < len; i++)
		if (strchr(first, name[i]) == NULL &&
		    strchr("_-.", name[i]) == NULL)
			return false;
	return true;
}

/* An extension's value: no blank, no "=", no control character. */
static bool
is_extension_value(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++)
		if (*value < '!' || *value > '~' || *value == '=')
			return false;
	return true;
}

static void
judge_name(struct reader *reader, struct txt_field *field, size_t at)
{
	const char *wanted = reader->dialect->field;

	if (strcmp(field->name, wanted) == 0)
		return;
	if (strcasecmp(field->name, "v") == 0 &&
	    is_near_version(arena_printf(reader->findings->arena, "v=%s",
				field->value),
		reader->dialect->version)) {
		add(reader, FINDING_RECORD_TWO_IN_ONE, at, NULL);
	} else if (name_is_near(field->name, wanted)) {
		add(reader, FINDING_RECORD_FIELD_MISSPELT, at, field->name)
		    ->instead = wanted;
		field->name = wanted;
	} else if (!is_name(field->name) || !is_extension_value(field->value)) {
		add(reader, FINDING_RECORD_FIELD_SYNTAX, at, field->name);
	} else {
		add(reader, FINDING_RECORD_EXTENSION, at, field->name);
	}
}

/* "v=TLSRPTv1" inside a value, where the second record begins. */
static void
judge_value(struct reader *reader, size_t at, size_t end)
{
	const char *version = reader->dialect->version;
	const char *found = strstr(reader->text + at, version);

	if (found != NULL && (size_t)(found - reader->text) < end)
		add(reader, FINDING_RECORD_TWO_IN_ONE,
		    (size_t)(found - reader->text), NULL);
}

static void
read_field(struct reader *reader, size_t at, size_t end,
    struct txt_record *record)
{
	char *equals = memchr(reader->text + at, '=', end - at);
	struct txt_field *field = &record->fields[record->nfields];
	size_t name_end;
	size_t value;

	if (equals == NULL) {
		add(reader, FINDING_RECORD_FIELD_SYNTAX, at,
		    piece(reader, at, end));
		return;
	}
	name_end = (size_t)(equals - reader->text);
	value = name_end + 1;
	while (name_end > at && strchr(blanks, reader->text[name_end - 1]))
		name_end--;
	while (value < end && strchr(blanks, reader->text[value]))
		value++;
	if (reader->text + name_end != equals ||
	    reader->text + value != equals + 1)
		add(reader, FINDING_RECORD_BLANK_EQUALS,
		    (size_t)(equals - reader->text), NULL);
	*field = (struct txt_field){ .name = piece(reader, at, name_end),
		.value = piece(reader, value, end),
		.name_column = reader->columns[at],
		.value_columns = reader->columns + value };
	judge_name(reader, field, at);
	judge_value(reader, value, end);
	record->nfields++;
}

/* One between two semicolons; the last may be empty. */
static void
read_piece(struct reader *reader, struct txt_record *record)
{
	size_t end = reader->at + strcspn(reader->text + reader->at, ";");
	size_t at = reader->at;
	size_t stop = end;

	at += strspn(reader->text + at, blanks);
	while (stop > at && strchr(blanks, reader->text[stop - 1]) != NULL)
		stop--;
	if (at < end && stop < end && end < reader->len)
		add(reader, FINDING_RECORD_BLANK, stop, NULL);
	if (at < end && stop < end && end == reader->len)
		add(reader, FINDING_RECORD_FIELD_SYNTAX, stop, NULL);
	if (at >= stop && end < reader->len)
		add(reader, FINDING_RECORD_EMPTY_FIELD, end, NULL);
	else if (at < stop && record->nfields < TXT_FIELDS_MOST)
		read_field(reader, at, stop, record);
	reader->at = end + 1;
}

void
txt_record_read(struct bytes text, const struct txt_dialect *dialect,
    struct txt_record *record, struct findings *findings)
{
	struct reader reader = { .dialect = dialect, .findings = findings };

	*record = (struct txt_record){ .fields = arena_array(findings->arena,
					   TXT_FIELDS_MOST,
					   sizeof(struct txt_field)) };
	if (text.len > TXT_RECORD_MOST) {
		findings_add(findings, FINDING_RECORD_TOO_LONG, NULL)->column =
		    TXT_RECORD_MOST + 1;
		text.len = TXT_RECORD_MOST;
	} else if (text.len > TXT_STRING_MOST) {
		findings_add(findings, FINDING_RECORD_STRINGS, NULL)->column =
		    TXT_STRING_MOST + 1;
	}
	clean(&reader, text);
	read_start(&reader);
	while (reader.at < reader.len)
		read_piece(&reader, record);
}

bool
txt_is_meant(struct bytes text, const struct txt_dialect *dialect)
{
	struct findings findings = { .arena = arena_new() };
	struct reader reader = { .dialect = dialect, .findings = &findings };
	bool meant;

	if (text.len > TXT_RECORD_MOST)
		text.len = TXT_RECORD_MOST;
	clean(&reader, text);
	read_start(&reader);
	meant = !findings_have(&findings, FINDING_RECORD_VERSION_MISSING);
	arena_free(findings.arena);
	return meant;
}
