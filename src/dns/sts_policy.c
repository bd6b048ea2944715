#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dns/names.h"
#include "dns/sts_record.h"

enum { DAY = 86400 };

enum field { FIELD_VERSION, FIELD_MODE, FIELD_MAX_AGE, FIELD_MX, NFIELDS };

static const char *const field_names[NFIELDS] = { "version", "mode", "max_age",
	"mx" };

static const char *const modes[] = { [STS_MODE_ENFORCE] = "enforce",
	[STS_MODE_TESTING] = "testing",
	[STS_MODE_NONE] = "none" };

static const char blanks[] = " \t";

struct reader {
	struct findings *findings;
	struct sts_policy *policy;
	size_t counts[NFIELDS];
	size_t line;
	const char *start; /* of the line, for columns */
	bool lf;           /* a line that ends in LF only was told of */
};

static struct finding *
add(struct reader *reader, enum finding_code code, const char *at,
    const char *detail)
{
	struct finding *finding = findings_add(reader->findings, code, detail);

	finding->line = reader->line;
	finding->column = (size_t)(at - reader->start) + 1;
	return finding;
}

const char *
sts_mode_name(enum sts_mode mode)
{
	return modes[mode];
}

enum sts_mode
sts_mode_named(const char *name)
{
	for (enum sts_mode mode = STS_MODE_ENFORCE; mode <= STS_MODE_NONE;
	     mode++)
		if (strcmp(modes[mode], name) == 0)
			return mode;
	return STS_MODE_UNKNOWN;
}

bool
sts_mx_is_valid(const char *mx)
{
	return name_is_host(strncmp(mx, "*.", 2) == 0 ? mx + 2 : mx);
}

bool
sts_policy_has(const struct sts_policy *policy, const char *host)
{
	for (size_t i = 0; i < policy->nmx; i++)
		if (name_matches(policy->mx[i], host))
			return true;
	return false;
}

/* ------------------------------------------------------------- fields */

static void
read_version(struct reader *reader, const char *value)
{
	if (strcmp(value, "STSv1") != 0)
		add(reader, FINDING_POLICY_VERSION, value, value)->instead =
		    "version: STSv1";
}

static void
read_mode(struct reader *reader, const char *value)
{
	enum sts_mode mode = sts_mode_named(value);

	reader->policy->mode = mode;
	if (mode == STS_MODE_UNKNOWN)
		add(reader, FINDING_POLICY_MODE, value, value);
	else if (mode == STS_MODE_NONE)
		add(reader, FINDING_POLICY_MODE_NONE, value, NULL);
	else if (mode == STS_MODE_TESTING)
		add(reader, FINDING_POLICY_MODE_TESTING, value, NULL);
}

static void
read_max_age(struct reader *reader, const char *value)
{
	long long age;

	if (strlen(value) > 10 || value[strspn(value, "0123456789")] != '\0' ||
	    !text_read_number(value, 0, STS_MAX_AGE_MOST, &age)) {
		add(reader, FINDING_POLICY_MAX_AGE, value, value);
		return;
	}
	reader->policy->max_age = age;
	if (age < DAY)
		add(reader, FINDING_POLICY_MAX_AGE_SHORT, value, value);
}

/* What to write in place of a wrong mx, where that is plain. */
static const char *
mend_mx(const char *value, struct arena *arena)
{
	char *ascii = name_to_ascii(value, arena);
	size_t len = strcspn(value, ", \t");

	if (value[len] != '\0' && len > 0)
		return arena_printf(arena, "mx: %s",
		    arena_copy(arena, value, len));
	if (ascii != NULL && sts_mx_is_valid(ascii))
		return arena_printf(arena, "mx: %s", ascii);
	return NULL;
}

static void
read_mx(struct reader *reader, const char *value)
{
	struct sts_policy *policy = reader->policy;
	struct arena *arena = reader->findings->arena;
	char *mx = text_lower(value, arena);

	if (!sts_mx_is_valid(mx)) {
		add(reader, FINDING_POLICY_MX, value, value)->instead =
		    mend_mx(value, arena);
		return;
	}
	for (size_t i = 0; i < policy->nmx; i++) {
		if (strcmp(policy->mx[i], mx) == 0) {
			add(reader, FINDING_POLICY_MX_TWICE, value, value);
			return;
		}
	}
	if (policy->nmx < STS_MX_MOST)
		policy->mx[policy->nmx++] = mx;
}

static void
read_value(struct reader *reader, enum field field, const char *name,
    const char *value)
{
	if (field != FIELD_MX && reader->counts[field] > 0) {
		reader->counts[field]++;
		add(reader, FINDING_POLICY_FIELD_TWICE, name, name);
		return;
	}
	reader->counts[field]++;
	switch (field) {
	case FIELD_VERSION:
		read_version(reader, value);
		break;
	case FIELD_MODE:
		read_mode(reader, value);
		break;
	case FIELD_MAX_AGE:
		read_max_age(reader, value);
		break;
	case FIELD_MX:
		read_mx(reader, value);
		break;
	case NFIELDS:
		break;
	}
}

/* ---------------------------------------------------------------- lines */

/* "max-age" and "maxage" are one letter off, "MX" differs in case. */
static bool
find_field(const char *name, enum field *field, bool *exact)
{
	*exact = true;
	for (*field = 0; *field < NFIELDS; (*field)++)
		if (strcmp(name, field_names[*field]) == 0)
			return true;
	*exact = false;
	for (*field = 0; *field < NFIELDS; (*field)++)
		if (name_is_near(name, field_names[*field]))
			return true;
	return false;
}

static bool
is_field_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "_-.";
	size_t len = strlen(name);

	return len > 0 && len <= 32 && strspn(name, letters) == len &&
	    strchr("_-.", name[0]) == NULL;
}

static void
read_named(struct reader *reader, char *name, const char *value)
{
	enum field field;
	bool exact;

	if (find_field(name, &field, &exact)) {
		if (!exact)
			add(reader, FINDING_POLICY_FIELD_MISSPELT, name, name)
			    ->instead = field_names[field];
		read_value(reader, field, name, value);
	} else if (!is_field_name(name) || value[0] == '\0') {
		add(reader, FINDING_POLICY_LINE_SYNTAX, name, name);
	} else {
		add(reader, FINDING_POLICY_UNKNOWN_FIELD, name, name);
	}
}

static bool
has_controls(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') ||
		    line[i] == 0x7f)
			return true;
	return !text_is_valid(
	    (struct bytes){ (const unsigned char *)line, len });
}

/* A line without its end; it may be written to. */
static void
read_line(struct reader *reader, char *line, size_t len)
{
	size_t gap = strspn(line, blanks);
	size_t name_len;
	char *colon;

	reader->start = line;
	if (has_controls(line, len)) {
		add(reader, FINDING_POLICY_CHARACTER, line, NULL);
		return;
	}
	while (len > 0 && strchr(blanks, line[len - 1]) != NULL)
		line[--len] = '\0';
	if (len == 0) {
		add(reader, FINDING_POLICY_BLANK_LINE, line, NULL);
		return;
	}
	if (gap > 0)
		add(reader, FINDING_POLICY_LEADING_BLANK, line, NULL);
	line += gap;
	colon = strchr(line, ':');
	if (colon == NULL || colon == line) {
		add(reader, FINDING_POLICY_LINE_SYNTAX, line, line);
		return;
	}
	name_len = (size_t)(colon - line);
	*colon = '\0';
	while (strchr(blanks, line[name_len - 1]) != NULL) {
		line[--name_len] = '\0';
		if (line[name_len + 1] == '\0')
			add(reader, FINDING_POLICY_BLANK_BEFORE_COLON, colon,
			    NULL);
	}
	read_named(reader, line, colon + 1 + strspn(colon + 1, blanks));
}

static void
read_lines(struct reader *reader, char *text, size_t len)
{
	char *end = text + len;

	while (text < end && reader->line < STS_LINES_MOST) {
		char *feed = memchr(text, '\n', (size_t)(end - text));
		char *stop = feed != NULL ? feed : end;

		reader->line++;
		reader->start = text;
		if (stop > text && feed != NULL && stop[-1] == '\r') {
			stop--;
		} else if (feed != NULL && !reader->lf) {
			add(reader, FINDING_POLICY_LINE_END, feed, NULL);
			reader->lf = true;
		}
		*stop = '\0';
		read_line(reader, text, (size_t)(stop - text));
		text = feed != NULL ? feed + 1 : end;
	}
	reader->line = 0;
	reader->start = text;
}

/* ------------------------------------------------------------ the whole */

static void
check_required(struct reader *reader)
{
	struct findings *findings = reader->findings;
	const struct sts_policy *policy = reader->policy;

	if (reader->counts[FIELD_VERSION] == 0)
		findings_add(findings, FINDING_POLICY_VERSION, NULL)->instead =
		    "version: STSv1";
	if (reader->counts[FIELD_MODE] == 0)
		findings_add(findings, FINDING_POLICY_MODE, NULL)->instead =
		    "mode: testing";
	if (reader->counts[FIELD_MAX_AGE] == 0)
		findings_add(findings, FINDING_POLICY_MAX_AGE, NULL)->instead =
		    "max_age: 604800";
	if (reader->counts[FIELD_MX] == 0 && policy->mode != STS_MODE_NONE)
		findings_add(findings, FINDING_POLICY_NO_MX, NULL);
}

static bool
is_html(const char *text)
{
	text += strspn(text, " \t\r\n");
	return strncasecmp(text, "<!doctype", 9) == 0 ||
	    strncasecmp(text, "<html", 5) == 0 || text[0] == '<';
}

void
sts_policy_read(struct bytes text, struct sts_policy *policy,
    struct findings *findings)
{
	struct reader reader = { .findings = findings, .policy = policy };
	static const char mark[] = "\xef\xbb\xbf";
	char *copy;

	*policy = (struct sts_policy){ .max_age = -1,
		.mx = arena_array(findings->arena, STS_MX_MOST,
		    sizeof(*policy->mx)) };
	if (text.len > STS_POLICY_MOST) {
		findings_add(findings, FINDING_POLICY_TOO_LARGE, NULL);
		return;
	}
	copy = arena_copy(findings->arena, text.at, text.len);
	if (strncmp(copy, mark, 3) == 0) {
		findings_add(findings, FINDING_POLICY_BYTE_ORDER_MARK, NULL)
		    ->line = 1;
		copy += 3;
		text.len -= 3;
	}
	if (is_html(copy)) {
		findings_add(findings, FINDING_POLICY_HTML, NULL);
		return;
	}
	if (text_is_blank(copy)) {
		findings_add(findings, FINDING_POLICY_EMPTY, NULL);
		return;
	}
	read_lines(&reader, copy, text.len);
	check_required(&reader);
}
