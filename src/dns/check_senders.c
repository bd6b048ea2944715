#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dns/check.h"
#include "dns/names.h"
#include "dns/senders.h"

enum {
	SPF_LOOKUPS_MOST = 10,
	SPF_DEPTH_MOST = 10,
	DMARC_LABELS_MOST = 8,
	RSA_2048_DIGITS = 360 /* base64 of its key; 1024 bits take 216 */
};

/* What is usual with large hosts and popular programs. */
static const char *const usual_selectors[] = { "default", "dkim", "mail",
	"google", "selector1", "selector2", "k1", "s1", "20230601", "key1",
	"rsa", "ed25519" };

enum { NUSUAL = sizeof(usual_selectors) / sizeof(usual_selectors[0]) };

static const char *
text_of(struct check *check, const struct answer *answer, size_t i)
{
	bool repaired = false;

	return text_repair(answer_txt(answer, i, check->arena), check->arena,
	    &repaired);
}

static struct bytes
bytes_of(const char *text)
{
	return (struct bytes){ (const unsigned char *)text, strlen(text) };
}

/* -------------------------------------------------------------------- SPF */

struct spf_walk {
	struct check *check;
	int lookups;
	int depth;
	const char *broken; /* an include that leads nowhere */
};

static const char *
spf_at(struct check *check, const struct answer *answer, size_t *count)
{
	const char *found = NULL;

	*count = 0;
	for (size_t i = 0; i < answer->nrecords; i++) {
		const char *text = text_of(check, answer, i);

		if (!spf_is(text))
			continue;
		if (found == NULL)
			found = text;
		(*count)++;
	}
	return found;
}

static void walk(struct spf_walk *walk_, const struct spf *spf);

static void
walk_into(struct spf_walk *state, const char *domain)
{
	struct check *check = state->check;
	const struct answer *answer;
	const char *text;
	struct spf spf;
	size_t count;

	/* With macros it depends on the mail. */
	if (strchr(domain, '%') != NULL || state->depth == SPF_DEPTH_MOST ||
	    state->lookups > SPF_LOOKUPS_MOST)
		return;
	answer = check_ask(check, domain, DNS_TXT);
	text = spf_at(check, answer, &count);
	if (text == NULL) {
		if (answer->status < ANSWER_BOGUS)
			state->broken = domain;
		return;
	}
	spf_read(text, check->arena, &spf);
	state->depth++;
	walk(state, &spf);
	state->depth--;
}

static void
walk(struct spf_walk *walk_, const struct spf *spf)
{
	for (size_t i = 0; i < spf->nterms; i++) {
		const struct spf_term *term = &spf->terms[i];

		walk_->lookups += term->lookup;
		if (term->domain != NULL &&
		    (strcmp(term->name, "include") == 0 ||
			strcmp(term->name, "redirect") == 0))
			walk_into(walk_, term->domain);
	}
}

static void
judge_all(struct check *check, const struct spf *spf)
{
	bool said = false;

	for (size_t i = 0; i < spf->nterms; i++) {
		const struct spf_term *term = &spf->terms[i];

		if (strcmp(term->name, "redirect") == 0)
			said = true;
		if (strcmp(term->name, "all") != 0)
			continue;
		said = term->qualifier != '?';
		if (term->qualifier == '+')
			check_add(check, FINDING_SPF_PASS_ALL, check->domain,
			    NULL);
	}
	if (!said)
		check_add(check, FINDING_SPF_NO_ALL, check->domain, NULL);
}

static void
check_spf(struct check *check)
{
	const struct answer *answer = check_ask(check, check->domain, DNS_TXT);
	size_t count;
	const char *text = spf_at(check, answer, &count);
	struct spf_walk state = { .check = check };
	struct spf spf;

	if (text == NULL) {
		if (answer->status < ANSWER_BOGUS)
			check_add(check, FINDING_SPF_MISSING, check->domain,
			    NULL);
		return;
	}
	check_keep_txt(check, check->domain, answer, bytes_of(text), NULL);
	if (count > 1)
		check_add(check, FINDING_SPF_MULTIPLE, check->domain, NULL);
	spf_read(text, check->arena, &spf);
	if (spf.wrong != NULL)
		check_add(check, FINDING_SPF_SYNTAX, check->domain, spf.wrong);
	walk(&state, &spf);
	if (state.lookups > SPF_LOOKUPS_MOST)
		check_add(check, FINDING_SPF_LOOKUPS, check->domain, NULL);
	if (state.broken != NULL)
		check_add(check, FINDING_SPF_INCLUDE, check->domain,
		    state.broken);
	judge_all(check, &spf);
}

/* ------------------------------------------------------------------ DMARC */

static bool
is_dmarc(const char *text)
{
	static const char version[] = "v=DMARC1";

	return strncmp(text, version, strlen(version)) == 0;
}

static bool
is_policy(const char *value)
{
	return value != NULL &&
	    (strcasecmp(value, "none") == 0 ||
		strcasecmp(value, "quarantine") == 0 ||
		strcasecmp(value, "reject") == 0);
}

static void
judge_dmarc(struct check *check, const char *name, const char *text)
{
	const char *policy;
	struct tags tags;

	tags_read(text, check->arena, &tags);
	policy = tags_value(&tags, "p");
	if (tags.wrong || !is_policy(policy))
		check_add(check, FINDING_DMARC_SYNTAX, name, text);
	else if (strcasecmp(policy, "none") == 0)
		check_add(check, FINDING_DMARC_NONE, name, NULL);
	if (tags_value(&tags, "rua") == NULL)
		check_add(check, FINDING_DMARC_NO_RUA, name, NULL);
}

/* At the domain, or else up the tree; false where nothing is at this name. */
static bool
dmarc_at(struct check *check, const char *domain)
{
	char *name = arena_printf(check->arena, "_dmarc.%s", domain);
	const struct answer *answer = check_ask(check, name, DNS_TXT);
	const char *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < answer->nrecords; i++) {
		const char *text = text_of(check, answer, i);

		if (!is_dmarc(text))
			continue;
		found = found != NULL ? found : text;
		count++;
	}
	if (found == NULL)
		return answer->status >= ANSWER_BOGUS;
	check_keep_txt(check, name, answer, bytes_of(found), NULL);
	if (count > 1)
		check_add(check, FINDING_DMARC_MULTIPLE, name, NULL);
	judge_dmarc(check, name, found);
	return true;
}

static void
check_dmarc(struct check *check)
{
	const char *domain = check->domain;

	for (int i = 0; i < DMARC_LABELS_MOST && domain != NULL; i++) {
		if (dmarc_at(check, domain))
			return;
		domain = strchr(domain, '.');
		if (domain != NULL)
			domain++;
	}
	check_add(check, FINDING_DMARC_MISSING, check->domain, NULL);
}

/* ------------------------------------------------------------------- DKIM */

static void
judge_key(struct check *check, const char *name, const char *text)
{
	const char *type;
	const char *key;
	struct tags tags;

	tags_read(text, check->arena, &tags);
	key = tags_value(&tags, "p");
	type = tags_value(&tags, "k");
	if (tags.wrong || key == NULL)
		check_add(check, FINDING_DKIM_SYNTAX, name, text);
	else if (key[0] == '\0')
		check_add(check, FINDING_DKIM_REVOKED, name, NULL);
	else if ((type == NULL || strcmp(type, "rsa") == 0) &&
	    strlen(key) < RSA_2048_DIGITS)
		check_add(check, FINDING_DKIM_SHORT, name, NULL);
}

static char *
key_name(const struct check *check, const char *selector)
{
	return arena_printf(check->arena, "%s._domainkey.%s", selector,
	    check->domain);
}

static bool
key_at(struct check *check, const char *selector)
{
	char *name = key_name(check, selector);
	const struct answer *answer =
	    resolver_ask(check->resolver, name, DNS_TXT);

	if (answer->nrecords == 0)
		return false;
	check_keep_txt(check, name, answer, answer_txt(answer, 0, check->arena),
	    NULL);
	judge_key(check, name, text_of(check, answer, 0));
	return true;
}

static void
check_dkim(struct check *check)
{
	bool given = check->nselectors > 0;
	const char *const *selectors =
	    given ? check->selectors : usual_selectors;
	size_t n = given ? check->nselectors : NUSUAL;
	bool found = false;

	for (size_t i = 0; i < n; i++)
		resolver_expect(check->resolver, key_name(check, selectors[i]),
		    DNS_TXT);
	for (size_t i = 0; i < n; i++) {
		if (key_at(check, selectors[i]))
			found = true;
		else if (given)
			check_add(check, FINDING_DKIM_SELECTOR,
			    key_name(check, selectors[i]), NULL);
	}
	if (!given && !found && !check->mx_failed)
		check_add(check, FINDING_DKIM_UNKNOWN, check->domain, NULL);
}

void
check_senders(struct check *check)
{
	resolver_expect(check->resolver, check->domain, DNS_TXT);
	resolver_expect(check->resolver,
	    arena_printf(check->arena, "_dmarc.%s", check->domain), DNS_TXT);
	check_spf(check);
	check_dmarc(check);
	check_dkim(check);
}
