/* Whose word counts, and what it says (src/mail/authres.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/authres.h"

static const char *trusted_ids[] = { "mx.example.org", "second.example.org" };
static const struct text_list trusted = { trusted_ids, 2 };

static const struct row {
	const char *name;
	const char *fields[3]; /* topmost first */
	const char *signers[3];
	enum auth auth;
	const char *domain;
} rows[] = {
	{ "no field", { NULL }, { "google.com" }, AUTH_NONE, NULL },
	{ "a plain pass", { "mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "the id without case",
	    { "MX.Example.ORG; dkim=pass header.d=Google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "the id with a version",
	    { "mx.example.org 1; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "the id in quotes",
	    { "\"mx.example.org\"; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "somebody else's id",
	    { "mx.evil.example; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "an id that ours is the end of",
	    { "evil.mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "our id in a comment",
	    { "(mx.example.org;) evil; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "the second trusted id",
	    { "second.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "no result", { "mx.example.org; none" }, { "google.com" }, AUTH_NONE,
	    NULL },
	{ "not signed", { "mx.example.org; dkim=none" }, { "google.com" },
	    AUTH_NONE, NULL },
	{ "a bad signature",
	    { "mx.example.org; dkim=fail header.d=google.com" },
	    { "google.com" }, AUTH_FAIL, "google.com" },
	{ "a temporary error",
	    { "mx.example.org; dkim=temperror header.d=google.com" },
	    { "google.com" }, AUTH_FAIL, "google.com" },
	{ "somebody else's signature",
	    { "mx.example.org; dkim=pass header.d=evil.example" },
	    { "google.com" }, AUTH_FAIL, "evil.example" },
	{ "a subdomain signs",
	    { "mx.example.org; dkim=pass header.d=corp.mail.ru" },
	    { "mail.ru" }, AUTH_PASS, "corp.mail.ru" },
	{ "the domain above signs",
	    { "mx.example.org; dkim=pass header.d=mail.ru" },
	    { "corp.mail.ru" }, AUTH_PASS, "mail.ru" },
	{ "a public suffix is no organisation",
	    { "mx.example.org; dkim=pass header.d=evil.co.uk" },
	    { "good.co.uk" }, AUTH_FAIL, "evil.co.uk" },
	{ "nor is a private one",
	    { "mx.example.org; dkim=pass header.d=evil.github.io" },
	    { "good.github.io" }, AUTH_FAIL, "evil.github.io" },
	{ "the end of a name is not its domain",
	    { "mx.example.org; dkim=pass header.d=notgoogle.com" },
	    { "google.com" }, AUTH_FAIL, "notgoogle.com" },
	{ "a homograph is another domain",
	    { "mx.example.org; dkim=pass header.d=xn--ggle-0nda.com" },
	    { "google.com" }, AUTH_FAIL, "xn--ggle-0nda.com" },
	{ "any of the signers will do",
	    { "mx.example.org; dkim=pass header.d=c.example" },
	    { NULL, "b.example", "c.example" }, AUTH_PASS, "c.example" },
	{ "an empty signer is none", { "mx.example.org; dkim=pass header.d=" },
	    { "" }, AUTH_NONE, NULL },
	{ "two signatures, one good",
	    { "mx.example.org; dkim=fail header.d=google.com;"
	      " dkim=pass header.d=google.com header.s=x" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "a pass is not taken back",
	    { "mx.example.org; dkim=pass header.d=google.com;"
	      " dkim=fail header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "only the identity is named",
	    { "mx.example.org; dkim=pass header.i=@google.com header.s=x" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "other methods are passed over",
	    { "mx.example.org; spf=pass smtp.mailfrom=google.com;"
	      " dmarc=pass header.from=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a method that only starts so",
	    { "mx.example.org; dkim-atps=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "comments everywhere",
	    { "mx.example.org (a (nested) one) ; (x) dkim (y) = (z) pass "
	      "(2048-bit key; secure) header (.) . d = google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "a pass in a comment",
	    { "mx.example.org; spf=fail (; dkim=pass header.d=google.com)" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a pass in quotes",
	    { "mx.example.org; spf=fail reason=\"; dkim=pass header.d=google.com\"" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a quoted pair in quotes",
	    { "mx.example.org; spf=fail reason=\"\\\"; dkim=pass "
	      "header.d=google.com\"" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a domain in a comment behind another",
	    { "mx.example.org; dkim=pass header.d=evil.example (header.d=google.com)" },
	    { "google.com" }, AUTH_FAIL, "evil.example" },
	{ "quotes without an end",
	    { "mx.example.org; spf=fail reason=\"x; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a comment without an end",
	    { "mx.example.org; spf=fail (x; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a value with an equals sign in it",
	    { "mx.example.org; dkim=pass header.b=ab=cd== header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "our id as a name with a trailing dot",
	    { "mx.example.org.; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "our id spelt with a Cyrillic letter",
	    { "m\xd1\x85.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "our id behind another in quotes",
	    { "\"evil mx.example.org\"; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "our id with something stuck to it",
	    { "mx.example.org/evil; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "our id as a property of another",
	    { "evil.example; x=mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a field inside of a field",
	    { "evil.example; none Authentication-Results: mx.example.org; "
	      "dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a quoted local part that looks like a result",
	    { "mx.example.org; spf=pass smtp.mailfrom=\"a; dkim=pass "
	      "header.d=google.com; x\"@evil.example" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "an identity whose local part holds a domain",
	    { "mx.example.org; dkim=pass "
	      "header.i=\"a@google.com\"@evil.example" },
	    { "google.com" }, AUTH_FAIL, "evil.example" },
	{ "a domain that goes on behind a NUL's replacement",
	    { "mx.example.org; dkim=pass header.d=google.com\xef\xbf\xbd"
	      ".evil.example" },
	    { "google.com" }, AUTH_FAIL,
	    "google.com\xef\xbf\xbd.evil.example" },
	{ "the real domain as a subdomain of another",
	    { "mx.example.org; dkim=pass header.d=google.com.evil.example" },
	    { "google.com" }, AUTH_FAIL, "google.com.evil.example" },
	{ "a top-level domain signs",
	    { "mx.example.org; dkim=pass header.d=com" }, { "google.com" },
	    AUTH_FAIL, "com" },
	{ "a public suffix signs for one below it",
	    { "mx.example.org; dkim=pass header.d=co.uk" }, { "good.co.uk" },
	    AUTH_FAIL, "co.uk" },
	{ "a wildcard suffix",
	    { "mx.example.org; dkim=pass header.d=evil.foo.ck" },
	    { "good.foo.ck" }, AUTH_FAIL, "evil.foo.ck" },
	{ "an exception of a wildcard",
	    { "mx.example.org; dkim=pass header.d=a.www.ck" }, { "www.ck" },
	    AUTH_PASS, "a.www.ck" },
	{ "a suffix in capitals with a dot at its end",
	    { "mx.example.org; dkim=pass header.d=EVIL.CO.UK." },
	    { "good.co.uk" }, AUTH_FAIL, "evil.co.uk" },
	{ "two empty names are not the same",
	    { "mx.example.org; dkim=pass header.d=\"\"" }, { "" }, AUTH_FAIL,
	    NULL },
	{ "a comment between the method and its result",
	    { "mx.example.org; dkim=(pass)fail header.d=google.com" },
	    { "google.com" }, AUTH_FAIL, "google.com" },
	{ "a result that pass is the start of",
	    { "mx.example.org; dkim=passed header.d=google.com" },
	    { "google.com" }, AUTH_FAIL, "google.com" },
	{ "a domain that another property names",
	    { "mx.example.org; dkim=pass policy.header.d=google.com "
	      "smtp.d=google.com header.d=evil.example" },
	    { "google.com" }, AUTH_FAIL, "evil.example" },
	{ "a bracket too many",
	    { "mx.example.org; spf=fail x) ; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "the topmost of ours decides",
	    { "mx.example.org; dkim=none",
		"mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_NONE, NULL },
	{ "a topmost that says nothing of dkim does not",
	    { "mx.example.org; spf=pass smtp.mailfrom=x",
		"mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
	{ "a foreign one on top does not",
	    { "evil.example; dkim=fail header.d=google.com",
		"mx.example.org; dkim=pass header.d=google.com" },
	    { "google.com" }, AUTH_PASS, "google.com" },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct arena *arena = arena_new();
	const char *fields[3];
	const char *signers[3];
	struct text_list field_list = { fields, 0 };
	struct text_list signer_list = { signers, 3 };
	struct signing signing = { .partial = { NULL, 0 } };
	struct authres got;

	while (field_list.len < 3 && row->fields[field_list.len] != NULL) {
		fields[field_list.len] = row->fields[field_list.len];
		field_list.len++;
	}
	memcpy(signers, row->signers, sizeof(signers));
	signing.results = field_list;
	got = authres_read(&signing, &trusted, &signer_list, arena);
	assert_string_equal(auth_names[got.auth], auth_names[row->auth]);
	if (row->domain != NULL)
		assert_string_equal(got.domain, row->domain);
	else
		assert_null(got.domain);
	arena_free(arena);
}

static void
test_nothing_trusted(void **state)
{
	struct arena *arena = arena_new();
	const char *field = "mx.example.org; dkim=pass header.d=google.com";
	const char *signer = "google.com";
	struct signing signing = { .results = { &field, 1 } };
	struct text_list signers = { &signer, 1 };
	struct text_list none = { NULL, 0 };

	(void)state;
	assert_int_equal(authres_read(&signing, &none, &signers, arena).auth,
	    AUTH_NONE);
	arena_free(arena);
}

/* What grows with the square of its length would not end here. */
static void
test_a_million_words(void **state)
{
	struct arena *arena = arena_new();
	size_t len = 1 << 20;
	char *field = arena_alloc(arena, len + 64);
	const char *at = field;
	struct signing signing = { .results = { &at, 1 } };
	struct text_list signers = { NULL, 0 };

	(void)state;
	strcpy(field, "mx.example.org; dkim=pass");
	for (size_t i = strlen(field); i < len; i++)
		field[i] = i % 2 == 0 ? 'a' : ' ';
	assert_int_equal(authres_read(&signing, &trusted, &signers, arena).auth,
	    AUTH_NONE);
	assert_true(arena_used(arena) < 16 * len);
	arena_free(arena);
}

static const struct partial_row {
	const char *name;
	const char *signature;
	const char *domain;
} partial_rows[] = {
	{ "l= behind d=", "v=1; d=Example.COM; s=x; l=120; bh=a; b=c",
	    "example.com" },
	{ "l= before d=", "l=0;d=example.com", "example.com" },
	{ "l= with blanks", "v=1;\td = example.com ;  l = 5 ;", "example.com" },
	{ "no l=", "v=1; d=example.com; s=l; bh=l=; b=l=1", NULL },
	{ "no d=", "v=1; l=5", NULL },
	{ "an empty d=", "d=; l=5", NULL },
	{ "a longer tag", "d=example.com; ll=5; xl=5; la=5", NULL },
	{ "nothing at all", "", NULL },
	{ "only semicolons", ";;;", NULL },
};

enum { NPARTIAL = sizeof(partial_rows) / sizeof(partial_rows[0]) };

static void
test_partial(void **state)
{
	const struct partial_row *row = *state;
	struct arena *arena = arena_new();
	const char *got = authres_partial(row->signature, arena);

	if (row->domain != NULL)
		assert_string_equal(got, row->domain);
	else
		assert_null(got);
	arena_free(arena);
}

/* Who may add to a message may add a report to it. */
static void
test_partial_is_no_pass(void **state)
{
	static const struct {
		const char *field;
		const char *partial;
		enum auth auth;
	} cases[] = {
		{ "mx.example.org; dkim=pass header.d=google.com", "google.com",
		    AUTH_FAIL },
		{ "mx.example.org; dkim=pass header.i=@mail.google.com",
		    "google.com", AUTH_FAIL },
		{ "mx.example.org; dkim=pass header.d=google.com",
		    "list.example", AUTH_PASS },
		{ "mx.example.org; dkim=pass header.d=google.com; dkim=pass "
		  "header.d=mail.google.com",
		    "mail.google.com", AUTH_PASS },
	};
	const char *signer = "google.com";
	struct text_list signers = { &signer, 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *field = cases[i].field;
		const char *partial = cases[i].partial;
		struct signing signing = { { &field, 1 }, { &partial, 1 } };
		struct arena *arena = arena_new();

		assert_int_equal(
		    authres_read(&signing, &trusted, &signers, arena).auth,
		    cases[i].auth);
		arena_free(arena);
	}
}

/* A name of half a MiB, looked at for each of 20,000 results: 28 s once. */
static void
test_a_long_name(void **state)
{
	enum { LONG = 1 << 19, RESULTS = 20000 };
	struct arena *arena = arena_new();
	char *name = arena_alloc(arena, LONG + 1);
	char *field = arena_alloc(arena, (size_t)RESULTS * 40);
	const char *at = field;
	const char *signer = name;
	struct signing signing = { .results = { &at, 1 } };
	struct text_list signers = { &signer, 1 };
	size_t used;
	char *end = field;

	(void)state;
	memset(name, 'a', LONG);
	end = stpcpy(end, "mx.example.org");
	for (int i = 0; i < RESULTS; i++)
		end = stpcpy(end, "; dkim=pass header.d=c.example");
	used = arena_used(arena);
	assert_int_equal(authres_read(&signing, &trusted, &signers, arena).auth,
	    AUTH_FAIL);
	assert_true(arena_used(arena) - used < 4096);
	arena_free(arena);
}

int
main(void)
{
	enum { NMORE = 4 };
	static const struct CMUnitTest more[NMORE] = {
		cmocka_unit_test(test_nothing_trusted),
		cmocka_unit_test(test_a_million_words),
		cmocka_unit_test(test_partial_is_no_pass),
		cmocka_unit_test(test_a_long_name),
	};
	struct CMUnitTest tests[NROWS + NPARTIAL + NMORE];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	for (size_t i = 0; i < NPARTIAL; i++)
		tests[NROWS + i] =
		    (struct CMUnitTest){ .name = partial_rows[i].name,
			    .test_func = test_partial,
			    .initial_state =
				(void *)(uintptr_t)&partial_rows[i] };
	memcpy(tests + NROWS + NPARTIAL, more, sizeof(more));
	return cmocka_run_group_tests_name("authres", tests, NULL, NULL);
}
