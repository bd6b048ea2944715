#include "dns/tlsrpt_record.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dns/names.h"

enum { HTTPS_PORT = 443, PORT_MOST = 65535 };

struct reader {
	const char *text;
	const size_t *columns;
	struct rua *rua;
	struct findings *findings;
};

static bool
refuse(const struct reader *reader, enum finding_code code, size_t at,
    const char *detail, const char *instead)
{
	struct finding *finding = findings_add(reader->findings, code, detail);

	if (reader->columns != NULL)
		finding->column = reader->columns[at];
	finding->instead = instead;
	return false;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F');
}

/* RFC 3986, section 2: unreserved, reserved, and the percent sign. */
static bool
is_uri_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') ||
	    (c != '\0' && strchr("-._~:/?#[]@!$&'()*+,;=%", c) != NULL);
}

static bool
check_characters(const struct reader *reader)
{
	for (size_t i = 0; reader->text[i] != '\0'; i++)
		if (!is_uri_character(reader->text[i]))
			return refuse(reader, FINDING_TLSRPT_URI_CHARACTER, i,
			    reader->text,
			    rua_encode(reader->text, reader->findings->arena));
	return true;
}

static bool
check_encoding(const struct reader *reader)
{
	for (size_t i = 0; reader->text[i] != '\0'; i++) {
		const char *at = reader->text + i;

		if (*at == '%' && !(is_hex(at[1]) && is_hex(at[2])))
			return refuse(reader, FINDING_TLSRPT_URI_PERCENT, i,
			    reader->text, NULL);
		if (*at == '!')
			return refuse(reader, FINDING_TLSRPT_URI_ENCODING, i,
			    reader->text,
			    rua_encode(reader->text, reader->findings->arena));
	}
	return true;
}

/* RFC 5321's dot-string, with what RFC 6068 wants percent-encoded. */
static bool
is_local_part(const char *text, size_t len)
{
	if (len == 0 || len > (size_t)3 * 64 || text[0] == '.' ||
	    text[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("@:/?#[](),<>", text[i]) != NULL ||
		    (text[i] == '.' && text[i + 1] == '.'))
			return false;
	return true;
}

static const char *
domain_of(const struct reader *reader, const char *from, size_t len)
{
	return text_domain(arena_copy(reader->findings->arena, from, len),
	    reader->findings->arena);
}

static bool
has_other_letters(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] > '~')
			return true;
	return false;
}

/* An international name in its own letters; what to write is known. */
static bool
check_idn(const struct reader *reader, const char *from, size_t len)
{
	struct arena *arena = reader->findings->arena;
	char *ascii;

	if (!has_other_letters(from, len))
		return true;
	ascii = name_to_ascii(arena_copy(arena, from, len), arena);
	return refuse(reader, FINDING_TLSRPT_IDN, (size_t)(from - reader->text),
	    arena_copy(arena, from, len), ascii);
}

static bool
read_mailto(struct reader *reader, const char *rest)
{
	size_t len = strcspn(rest, "?#");
	const char *at = memchr(rest, '@', len);
	size_t where = (size_t)(rest - reader->text);
	const char *domain;

	if (rest[0] == '/')
		return refuse(reader, FINDING_TLSRPT_MAILTO_SLASHES, where,
		    reader->text,
		    arena_printf(reader->findings->arena, "mailto:%s",
			rest + strspn(rest, "/")));
	if (at == NULL || !is_local_part(rest, (size_t)(at - rest)))
		return refuse(reader, FINDING_TLSRPT_MAILTO_ADDRESS, where,
		    reader->text, NULL);
	domain = domain_of(reader, at + 1, len - (size_t)(at + 1 - rest));
	if (!check_idn(reader, at + 1, len - (size_t)(at + 1 - rest)))
		return false;
	if (!name_is_host(domain) || strchr(domain, '.') == NULL)
		return refuse(reader, FINDING_TLSRPT_MAILTO_ADDRESS,
		    (size_t)(at + 1 - reader->text), reader->text, NULL);
	if (rest[len] != '\0')
		(void)refuse(reader, FINDING_TLSRPT_MAILTO_QUERY, where + len,
		    rest + len,
		    arena_copy(reader->findings->arena, reader->text,
			where + len));
	reader->rua->scheme = RUA_MAILTO;
	reader->rua->domain = domain;
	return true;
}

static bool
read_port(const char *text, int *port)
{
	long long number = HTTPS_PORT;

	if (*text != '\0' && !text_read_number(text, 1, PORT_MOST, &number))
		return false;
	*port = (int)number;
	return true;
}

/* "host" or "host:port"; an address in brackets is no name of a host. */
static bool
read_host(struct reader *reader, const char *from, size_t len)
{
	struct arena *arena = reader->findings->arena;
	char *host = arena_copy(arena, from, len);
	char *colon = strchr(host, ':');

	if (!check_idn(reader, from, strcspn(host, ":")))
		return false;
	reader->rua->port = HTTPS_PORT;
	if (colon != NULL) {
		*colon = '\0';
		if (!read_port(colon + 1, &reader->rua->port))
			*host = '\0';
	}
	reader->rua->domain = text_domain(host, arena);
	if (name_is_host(reader->rua->domain))
		return true;
	return refuse(reader, FINDING_TLSRPT_HTTPS_HOST,
	    (size_t)(from - reader->text), reader->text, NULL);
}

static bool
read_https(struct reader *reader, const char *rest)
{
	size_t len;
	const char *user;
	const char *fragment = strchr(rest, '#');

	if (strncmp(rest, "//", 2) != 0)
		return refuse(reader, FINDING_TLSRPT_HTTPS_HOST,
		    (size_t)(rest - reader->text), reader->text, NULL);
	rest += 2;
	len = strcspn(rest, "/?#");
	user = memchr(rest, '@', len);
	if (user != NULL || fragment != NULL)
		(void)refuse(reader, FINDING_TLSRPT_HTTPS_PARTS,
		    (size_t)((user != NULL ? rest : fragment) - reader->text),
		    reader->text, NULL);
	if (user != NULL) {
		len -= (size_t)(user + 1 - rest);
		rest = user + 1;
	}
	if (!read_host(reader, rest, len))
		return false;
	rest += len;
	reader->rua->scheme = RUA_HTTPS;
	reader->rua->path =
	    arena_copy(reader->findings->arena, rest, strcspn(rest, "#"));
	return true;
}

static bool
read_scheme(struct reader *reader)
{
	struct arena *arena = reader->findings->arena;
	size_t len = strcspn(reader->text, ":/@?#");
	const char *instead = NULL;

	if (strncasecmp(reader->text, "mailto:", 7) == 0)
		return read_mailto(reader, reader->text + 7);
	if (strncasecmp(reader->text, "https:", 6) == 0)
		return read_https(reader, reader->text + 6);
	if (strncasecmp(reader->text, "mailto//", 8) == 0)
		return read_mailto(reader, reader->text + 6);
	if (reader->text[len] != ':') {
		if (strchr(reader->text, '@') != NULL)
			instead =
			    arena_printf(arena, "mailto:%s", reader->text);
		return refuse(reader, FINDING_TLSRPT_NO_SCHEME, 0, reader->text,
		    instead);
	}
	if (strncasecmp(reader->text, "http:", 5) == 0)
		instead = arena_printf(arena, "https:%s", reader->text + 5);
	else if (name_is_near(arena_copy(arena, reader->text, len), "mailto") ||
	    strncasecmp(reader->text, "mail:", 5) == 0)
		instead =
		    arena_printf(arena, "mailto:%s", reader->text + len + 1);
	return refuse(reader, FINDING_TLSRPT_SCHEME, 0, reader->text, instead);
}

bool
rua_read(const char *text, const size_t *columns, struct rua *rua,
    struct findings *findings)
{
	struct reader reader = { text, columns, rua, findings };

	*rua = (struct rua){ .uri = text };
	if (text[0] == '\0')
		return refuse(&reader, FINDING_TLSRPT_EMPTY_URI, 0, NULL, NULL);
	if (strlen(text) > RUA_URI_MOST)
		return refuse(&reader, FINDING_TLSRPT_URI_CHARACTER,
		    RUA_URI_MOST, text, NULL);
	return check_encoding(&reader) && read_scheme(&reader) &&
	    check_characters(&reader);
}

/* ------------------------------------------------------------ encoding */

static void
add_encoded(struct buffer *out, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (is_uri_character(from[i]) &&
		    strchr(",!;", from[i]) == NULL &&
		    (from[i] != '%' ||
			(is_hex(from[i + 1]) && is_hex(from[i + 2]))))
			buffer_add(out, from + i, 1);
		else
			buffer_printf(out, "%%%02X", (unsigned char)from[i]);
	}
}

/* Where the name of the host or the domain of the mailbox lies. */
static const char *
find_domain(const char *text, size_t *len)
{
	const char *from = NULL;

	*len = 0;
	if (strncasecmp(text, "https://", 8) == 0) {
		from = text + 8;
		*len = strcspn(from, "/?#:");
	} else if (strncasecmp(text, "mailto:", 7) == 0 &&
	    strchr(text, '@') != NULL) {
		from = strchr(text, '@') + 1;
		*len = strcspn(from, "?#!,;");
	}
	return from;
}

char *
rua_encode(const char *text, struct arena *arena)
{
	struct buffer out = { 0 };
	size_t len;
	const char *domain = find_domain(text, &len);
	char *ascii = NULL;
	char *made;

	if (domain != NULL && has_other_letters(domain, len))
		ascii = name_to_ascii(arena_copy(arena, domain, len), arena);
	if (ascii != NULL && name_is_host(ascii)) {
		add_encoded(&out, text, (size_t)(domain - text));
		buffer_text(&out, ascii);
		text = domain + len;
	}
	add_encoded(&out, text, strlen(text));
	made = arena_printf(arena, "%s", out.at != NULL ? out.at : "");
	buffer_free(&out);
	return made;
}
