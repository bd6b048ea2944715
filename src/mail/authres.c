#include "mail/authres.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#include <libpsl.h>

/* RFC 8601, section 2.2, as tokens; comments and white space are none. */
enum token { TOKEN_END, TOKEN_WORD, TOKEN_EQUALS, TOKEN_SEMICOLON, TOKEN_BAD };

struct lexer {
	const char *at;
	struct arena *arena;
	enum token token;
	const char *text; /* of a word */
	char *room;       /* for all words of a field, one behind the other */
};

/* Past one comment, which may hold others (RFC 5322, section 3.2.2). */
static bool
skip_comment(struct lexer *lexer)
{
	int depth = 0;

	do {
		switch (*lexer->at) {
		case '\0':
			return false;
		case '(':
			depth++;
			break;
		case ')':
			depth--;
			break;
		case '\\':
			if (lexer->at[1] == '\0')
				return false;
			lexer->at++;
			break;
		}
		lexer->at++;
	} while (depth > 0);
	return true;
}

static bool
skip_cfws(struct lexer *lexer)
{
	for (;;) {
		lexer->at += strspn(lexer->at, " \t\r\n");
		if (*lexer->at != '(')
			return true;
		if (!skip_comment(lexer))
			return false;
	}
}

static bool
take_quoted(struct lexer *lexer, char *text, size_t *len)
{
	for (lexer->at++; *lexer->at != '"'; lexer->at++) {
		if (*lexer->at == '\\')
			lexer->at++;
		if (*lexer->at == '\0')
			return false;
		text[(*len)++] = *lexer->at;
	}
	lexer->at++;
	return true;
}

/* A word goes on over quoted parts: "a b"@example.com is one. */
static enum token
take_word(struct lexer *lexer)
{
	char *text = lexer->room;
	size_t len = 0;

	for (;;) {
		size_t plain = strcspn(lexer->at, " \t\r\n;=()\"");

		memcpy(text + len, lexer->at, plain);
		len += plain;
		lexer->at += plain;
		if (*lexer->at != '"')
			break;
		if (!take_quoted(lexer, text, &len))
			return TOKEN_BAD;
	}
	if (*lexer->at == ')')
		return TOKEN_BAD;
	text[len] = '\0';
	lexer->text = text;
	lexer->room = text + len + 1;
	return TOKEN_WORD;
}

static enum token
advance(struct lexer *lexer)
{
	if (!skip_cfws(lexer))
		return lexer->token = TOKEN_BAD;
	switch (*lexer->at) {
	case '\0':
		return lexer->token = TOKEN_END;
	case ';':
		lexer->at++;
		return lexer->token = TOKEN_SEMICOLON;
	case '=':
		lexer->at++;
		return lexer->token = TOKEN_EQUALS;
	default:
		return lexer->token = take_word(lexer);
	}
}

/* One method and its result, with the one property of it that counts. */
struct result {
	const char *method;
	const char *result;
	const char *domain;
};

/* The name of a property is at most "header", "." and "d". */
enum { NAME_WORDS = 3 };

/* "name = value"; the name may have blanks around its dot. */
static bool
read_pair(struct lexer *lexer, const char **name, const char **value)
{
	*name = "";
	for (int n = 0; n < NAME_WORDS && lexer->token == TOKEN_WORD; n++) {
		*name = arena_printf(lexer->arena, "%s%s", *name, lexer->text);
		advance(lexer);
	}
	if ((*name)[0] == '\0' || lexer->token != TOKEN_EQUALS)
		return false;
	/* A value runs to the next blank, and may hold "=" (header.b=...). */
	if (advance(lexer) != TOKEN_WORD)
		return false;
	*value = lexer->text;
	while (*lexer->at == '=')
		lexer->at += 1 + strcspn(lexer->at + 1, " \t\r\n;()\"=");
	advance(lexer);
	return true;
}

static bool
read_result(struct lexer *lexer, struct result *result)
{
	const char *name;
	const char *value;
	const char *identity = NULL;

	*result = (struct result){ 0 };
	if (!read_pair(lexer, &result->method, &result->result))
		return false;
	while (lexer->token == TOKEN_WORD) {
		if (!read_pair(lexer, &name, &value))
			return false;
		if (strcasecmp(name, "header.d") == 0)
			result->domain = value;
		if (strcasecmp(name, "header.i") == 0)
			identity = text_address_domain(value);
	}
	/* Some verifiers name only the identity, which lies within d=. */
	if (result->domain == NULL)
		result->domain = identity;
	return lexer->token == TOKEN_SEMICOLON || lexer->token == TOKEN_END;
}

/*
 * The organisational domain of a name, by the public suffix list; the name
 * itself, in lower case, where it is a public suffix or no domain name.
 */
static const char *
organizational_domain(const char *domain, struct arena *arena)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *name = text_domain(domain, arena);
	const char *organizational =
	    psl != NULL ? psl_registrable_domain(psl, name) : NULL;

	return organizational != NULL ? organizational : name;
}

/* What is longer than any domain name can be is none (RFC 1035, 2.3.4). */
static bool
is_name(const char *domain)
{
	enum { NAME_MOST = 255 };

	return domain != NULL && domain[0] != '\0' &&
	    strnlen(domain, NAME_MOST + 1) <= NAME_MOST;
}

/* Do two names share their organisational domain? */
static bool
is_same_organization(const char *one, const char *other, struct arena *arena)
{
	return is_name(one) && is_name(other) &&
	    strcmp(organizational_domain(one, arena),
		organizational_domain(other, arena)) == 0;
}

/* What a verdict is reached by. */
struct weighing {
	const struct text_list *partial;
	const struct text_list *signers;
	struct arena *arena; /* for what does not last */
	struct authres verdict;
};

static bool
is_signer(const struct weighing *weighing, const char *domain)
{
	const struct text_list *signers = weighing->signers;

	for (size_t i = 0; i < signers->len; i++)
		if (is_same_organization(domain, signers->at[i],
			weighing->arena))
			return true;
	return false;
}

/* A signature is named by its domain, or by an identity below that. */
static bool
is_partial(const struct weighing *weighing, const char *domain)
{
	const char *name = text_domain(domain, weighing->arena);

	for (size_t i = 0; i < weighing->partial->len; i++)
		if (text_is_within_domain(name, weighing->partial->at[i]))
			return true;
	return false;
}

static bool
is_dkim(const char *method)
{
	return strncasecmp(method, "dkim", 4) == 0 &&
	    (method[4] == '\0' || method[4] == '/');
}

/* Take one result into the verdict; a pass is never taken back. */
static void
weigh(struct weighing *weighing, const struct result *result)
{
	struct authres *verdict = &weighing->verdict;
	bool passed = strcasecmp(result->result, "pass") == 0;
	bool named = is_name(result->domain);

	if (verdict->auth == AUTH_PASS ||
	    strcasecmp(result->result, "none") == 0)
		return;
	if (passed && named && is_signer(weighing, result->domain) &&
	    !is_partial(weighing, result->domain))
		*verdict = (struct authres){ AUTH_PASS, NULL };
	else if (verdict->auth == AUTH_FAIL)
		return;
	else
		*verdict = (struct authres){ AUTH_FAIL, NULL };
	if (named)
		verdict->domain = text_domain(result->domain, weighing->arena);
}

/* Does this field say anything of DKIM? A field that is garbled does not. */
static bool
read_field(struct lexer *lexer, struct weighing *weighing)
{
	struct result result;
	bool says = false;

	while (lexer->token != TOKEN_SEMICOLON && lexer->token != TOKEN_END &&
	    lexer->token != TOKEN_BAD)
		advance(lexer); /* the version */
	while (lexer->token == TOKEN_SEMICOLON) {
		if (advance(lexer) == TOKEN_END)
			break;
		if (!read_result(lexer, &result)) {
			while (lexer->token != TOKEN_SEMICOLON &&
			    lexer->token != TOKEN_END &&
			    lexer->token != TOKEN_BAD)
				advance(lexer);
			continue; /* "none", or a result we cannot read */
		}
		if (!is_dkim(result.method))
			continue;
		says = true;
		weigh(weighing, &result);
	}
	return says;
}

static bool
is_trusted(const char *id, const struct text_list *trusted)
{
	for (size_t i = 0; i < trusted->len; i++)
		if (strcasecmp(id, trusted->at[i]) == 0)
			return true;
	return false;
}

static struct authres
verdict_of(const struct signing *signing, const struct text_list *trusted,
    struct weighing *weighing)
{
	const struct text_list *fields = &signing->results;

	for (size_t i = 0; i < fields->len; i++) {
		struct lexer lexer = { .at = fields->at[i],
			.arena = weighing->arena };

		lexer.room =
		    arena_alloc(weighing->arena, 2 * strlen(lexer.at) + 2);
		if (advance(&lexer) != TOKEN_WORD ||
		    !is_trusted(lexer.text, trusted))
			continue;
		advance(&lexer);
		if (read_field(&lexer, weighing))
			return weighing->verdict;
	}
	return (struct authres){ AUTH_NONE, NULL };
}

/* What reading takes is given back: a message may hold many reports. */
struct authres
authres_read(const struct signing *signing, const struct text_list *trusted,
    const struct text_list *signers, struct arena *arena)
{
	struct authres verdict = { AUTH_NONE, NULL };

	if (trusted->len > 0 && signing->results.len > 0) {
		struct weighing weighing = { .partial = &signing->partial,
			.signers = signers,
			.arena = arena_new(),
			.verdict = { AUTH_NONE, NULL } };

		verdict = verdict_of(signing, trusted, &weighing);
		if (verdict.domain != NULL)
			verdict.domain = arena_copy(arena, verdict.domain,
			    strlen(verdict.domain));
		arena_free(weighing.arena);
	}
	return verdict;
}

/* A tag's value without the blanks around it, if it is the one wanted. */
static const char *
tag_value(const char *tag, size_t len, char wanted, struct arena *arena)
{
	static const char blanks[] = " \t\r\n";
	const char *end = tag + len;

	while (tag < end && strchr(blanks, *tag) != NULL)
		tag++;
	if (tag == end || *tag++ != wanted)
		return NULL;
	while (tag < end && strchr(blanks, *tag) != NULL)
		tag++;
	if (tag == end || *tag++ != '=')
		return NULL;
	return text_domain(arena_copy(arena, tag, (size_t)(end - tag)), arena);
}

const char *
authres_partial(const char *signature, struct arena *arena)
{
	const char *domain = NULL;
	bool partial = false;

	while (*signature != '\0') {
		size_t len = strcspn(signature, ";");
		const char *d = tag_value(signature, len, 'd', arena);

		if (d != NULL)
			domain = d;
		partial |= tag_value(signature, len, 'l', arena) != NULL;
		signature += len;
		signature += strspn(signature, ";");
	}
	return partial && is_name(domain) ? domain : NULL;
}
