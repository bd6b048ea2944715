/* Records and policies as text: what is found in them, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "dns/names.h"
#include "dns/sts_record.h"
#include "dns/tlsa.h"
#include "dns/tlsrpt_record.h"
#include "dns/txt_record.h"

enum kind { TLSRPT, STS, POLICY };

#define GOOD "v=TLSRPTv1; rua=mailto:a@example.com"
#define FOUR \
	"version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: 604800\r\n"
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* found: "code@column=instead", or "code@line:column", with blanks between. */
static const struct row {
	const char *name;
	enum kind kind;
	const char *text;
	const char *found;
} rows[] = {
	{ "a record as made", TLSRPT, GOOD, "" },
	{ "no blank, a semicolon at the end", TLSRPT,
	    "v=TLSRPTv1;rua=mailto:a@example.com;", "" },
	{ "blanks behind the last semicolon", TLSRPT, GOOD "; ", "" },
	{ "https", TLSRPT, "v=TLSRPTv1; rua=https://example.com/v1/tlsrpt",
	    "" },
	{ "the scheme in capitals", TLSRPT,
	    "v=TLSRPTv1; rua=MAILTO:a@b.example", "" },
	{ "a plus sign, a percent sign", TLSRPT,
	    "v=TLSRPTv1; rua=mailto:a+b%2Cc@b.example", "" },
	{ "two letters swapped", TLSRPT, "v=TSLRPTv1; rua=mailto:a@b.example",
	    "record-version-misspelt@1=v=TLSRPTv1" },
	{ "a letter missing", TLSRPT, "v=TLSRPT1; rua=mailto:a@b.example",
	    "record-version-misspelt@1=v=TLSRPTv1" },
	{ "the version in small letters", TLSRPT,
	    "v=tlsrptv1; rua=mailto:a@b.example",
	    "record-version-misspelt@1=v=TLSRPTv1" },
	{ "a hyphen as in the name of the thing", TLSRPT,
	    "v=TLS-RPTv1; rua=mailto:a@b.example",
	    "record-version-misspelt@1=v=TLSRPTv1" },
	{ "blanks about the equals sign of the version", TLSRPT,
	    "v = TLSRPTv1; rua=mailto:a@b.example",
	    "record-version-misspelt@1=v=TLSRPTv1" },
	{ "a blank before the first semicolon", TLSRPT,
	    "v=TLSRPTv1 ; rua=mailto:a@b.example",
	    "record-version-blank@11=v=TLSRPTv1;" },
	{ "no semicolon", TLSRPT, "v=TLSRPTv1 rua=mailto:a@b.example",
	    "record-no-semicolon@11=v=TLSRPTv1;_rua=" },
	{ "a comma for a semicolon", TLSRPT,
	    "v=TLSRPTv1,rua=mailto:a@b.example",
	    "record-no-semicolon@11=v=TLSRPTv1;_rua=" },
	{ "the version alone", TLSRPT, "v=TLSRPTv1",
	    "record-no-semicolon@11=v=TLSRPTv1;_rua= tlsrpt-no-rua@11" },
	{ "something else", TLSRPT, "v=spf1 -all",
	    "record-version-missing@1=v=TLSRPTv1;_ record-field-syntax@1 "
	    "tlsrpt-no-rua@12" },
	{ "nothing", TLSRPT, "",
	    "record-version-missing@1=v=TLSRPTv1;_ tlsrpt-no-rua@1" },
	{ "a blank in front", TLSRPT, " " GOOD, "record-leading-text@1" },
	{ "a line of a zone file", TLSRPT, "_smtp._tls IN TXT " GOOD,
	    "record-leading-text@1" },
	{ "quotes and a backslash", TLSRPT,
	    "\"v=TLSRPTv1\\; rua=mailto:a@b.example\"", "record-quotes@1" },
	{ "two strings with quotes", TLSRPT,
	    "\"v=TLSRPTv1; rua=mailto:\" \"a@b.example\"", "record-quotes@1" },
	{ "a column behind quotes", TLSRPT,
	    "\"v=TLSRPTv1; ru=mailto:a@b.example\"",
	    "record-quotes@1 record-field-misspelt@14=rua" },
	{ "ru", TLSRPT, "v=TLSRPTv1; ru=mailto:a@b.example",
	    "record-field-misspelt@13=rua" },
	{ "RUA", TLSRPT, "v=TLSRPTv1; RUA=mailto:a@b.example",
	    "record-field-misspelt@13=rua" },
	{ "no field rua", TLSRPT, "v=TLSRPTv1; to=x",
	    "record-extension@13 tlsrpt-no-rua@17" },
	{ "two fields rua", TLSRPT, GOOD "; rua=mailto:c@example.com",
	    "tlsrpt-rua-twice@39" },
	{ "a blank about the equals sign", TLSRPT,
	    "v=TLSRPTv1; rua= mailto:a@b.example", "record-blank-equals@16" },
	{ "an extension behind", TLSRPT, GOOD "; x-y.z=1",
	    "record-extension@39" },
	{ "an extension in front", TLSRPT,
	    "v=TLSRPTv1; x=1; rua=mailto:a@b.example",
	    "record-extension@13 tlsrpt-extension-first@13" },
	{ "an extension without a value", TLSRPT,
	    GOOD "; x=", "record-field-syntax@39" },
	{ "an extension with a name of 32", TLSRPT,
	    GOOD "; " TEN TEN TEN "12=1", "record-extension@39" },
	{ "an extension with a name of 33", TLSRPT,
	    GOOD "; " TEN TEN TEN "123=1", "record-field-syntax@39" },
	{ "a word that is no field", TLSRPT, GOOD "; hello",
	    "record-field-syntax@39" },
	{ "two semicolons", TLSRPT, "v=TLSRPTv1;; rua=mailto:a@b.example",
	    "record-empty-field@12" },
	{ "a blank before a later semicolon", TLSRPT, GOOD " ; x=1",
	    "record-blank@37 record-extension@40" },
	{ "two records, with a semicolon", TLSRPT, GOOD ";" GOOD,
	    "record-two-in-one@38 tlsrpt-rua-twice@50 tlsrpt-same-rua@54" },
	{ "two records, without one", TLSRPT, GOOD GOOD,
	    "record-two-in-one@37 tlsrpt-mailto-address@26 "
	    "tlsrpt-rua-twice@49" },
	{ "a line break", TLSRPT, "v=TLSRPTv1;\nrua=mailto:a@b.example",
	    "record-character@12 record-field-misspelt@12=rua" },
	{ "255 octets", TLSRPT, GOOD "; x=" FIFTY FIFTY FIFTY FIFTY "12345" TEN,
	    "record-extension@39" },
	{ "256 octets", TLSRPT,
	    GOOD "; x=" FIFTY FIFTY FIFTY FIFTY "123456" TEN,
	    "record-strings@256 record-extension@39" },
	{ "a comma between two", TLSRPT, GOOD ",mailto:b@b.example",
	    "tlsrpt-several-rua@38" },
	{ "a blank behind the comma", TLSRPT, GOOD ", mailto:b@b.example",
	    "tlsrpt-blank-comma@38 tlsrpt-several-rua@39" },
	{ "a blank before the comma", TLSRPT, GOOD " ,mailto:b@b.example",
	    "tlsrpt-blank-comma@37 tlsrpt-several-rua@39" },
	{ "the same twice", TLSRPT, GOOD ",mailto:A@example.com",
	    "tlsrpt-same-rua@38 tlsrpt-several-rua@38" },
	{ "a comma at the end", TLSRPT, GOOD ",",
	    "tlsrpt-empty-uri@38 tlsrpt-several-rua@38" },
	{ "an address without a scheme", TLSRPT, "v=TLSRPTv1; rua=a@b.example",
	    "tlsrpt-no-scheme@17=mailto:a@b.example" },
	{ "mailto and slashes", TLSRPT, "v=TLSRPTv1; rua=mailto://a@b.example",
	    "tlsrpt-mailto-slashes@24=mailto:a@b.example" },
	{ "mailto//", TLSRPT, "v=TLSRPTv1; rua=mailto//a@b.example",
	    "tlsrpt-mailto-slashes@23=mailto:a@b.example" },
	{ "http", TLSRPT, "v=TLSRPTv1; rua=http://b.example/x",
	    "tlsrpt-scheme@17=https://b.example/x" },
	{ "ftp", TLSRPT, "v=TLSRPTv1; rua=ftp://b.example/x",
	    "tlsrpt-scheme@17" },
	{ "malto", TLSRPT, "v=TLSRPTv1; rua=malto:a@b.example",
	    "tlsrpt-scheme@17=mailto:a@b.example" },
	{ "a size limit as in DMARC", TLSRPT, GOOD "!10m",
	    "tlsrpt-uri-encoding@37=mailto:a@example.com%2110m" },
	{ "a percent sign alone", TLSRPT,
	    "v=TLSRPTv1; rua=mailto:a%2@b.example", "tlsrpt-uri-percent@25" },
	{ "a character that is in no URI", TLSRPT,
	    "v=TLSRPTv1; rua=https://b.example/{x}",
	    "tlsrpt-uri-character@35=https://b.example/%7Bx%7D" },
	{ "no domain", TLSRPT, "v=TLSRPTv1; rua=mailto:a",
	    "tlsrpt-mailto-address@24" },
	{ "a domain of one label", TLSRPT, "v=TLSRPTv1; rua=mailto:a@localhost",
	    "tlsrpt-mailto-address@26" },
	{ "header fields", TLSRPT, GOOD "?subject=x",
	    "tlsrpt-mailto-query@37=mailto:a@example.com" },
	{ "no host", TLSRPT, "v=TLSRPTv1; rua=https:///x",
	    "tlsrpt-https-host@25" },
	{ "no slashes", TLSRPT, "v=TLSRPTv1; rua=https:b.example",
	    "tlsrpt-https-host@23" },
	{ "a port that is none", TLSRPT,
	    "v=TLSRPTv1; rua=https://b.example:99999/",
	    "tlsrpt-https-host@25" },
	{ "a user", TLSRPT, "v=TLSRPTv1; rua=https://u:p@b.example/",
	    "tlsrpt-https-parts@25" },
	{ "a fragment", TLSRPT, "v=TLSRPTv1; rua=https://b.example/#x",
	    "tlsrpt-https-parts@35" },
	{ "an umlaut", TLSRPT, "v=TLSRPTv1; rua=mailto:a@b\xc3\xbc.example",
	    "record-character@27 tlsrpt-idn@26=xn--b-eha.example" },

	{ "MTA-STS as in the RFC", STS, "v=STSv1; id=20160831085700Z;", "" },
	{ "MTA-STS with an extension", STS, "v=STSv1; id=1; x=y",
	    "record-extension@16" },
	{ "MTA-STS misspelt", STS, "v=STS1; id=1",
	    "record-version-misspelt@1=v=STSv1" },
	{ "MTA-STS with a blank", STS, "v=STSv1 ; id=1",
	    "record-version-blank@8=v=STSv1;" },
	{ "an id with a hyphen", STS, "v=STSv1; id=2024-01",
	    "sts-id-syntax@17" },
	{ "an id of 32", STS, "v=STSv1; id=" TEN TEN TEN "12", "" },
	{ "an id of 33", STS, "v=STSv1; id=" TEN TEN TEN "123",
	    "sts-id-syntax@45" },
	{ "an empty id", STS, "v=STSv1; id=", "sts-id-syntax@13" },
	{ "no id", STS, "v=STSv1;", "sts-no-id@9" },
	{ "two ids", STS, "v=STSv1; id=1; id=2", "sts-id-twice@16" },
	{ "ID", STS, "v=STSv1; ID=1", "record-field-misspelt@10=id" },

	{ "a policy", POLICY, FOUR, "" },
	{ "a policy without a break at its end", POLICY,
	    "version: STSv1\r\nmode: none\r\nmax_age: 86400",
	    "policy-mode-none@2:7" },
	{ "a policy with LF", POLICY,
	    "version: STSv1\nmode: enforce\nmx: *.a.example\nmax_age: 86400\n",
	    "policy-line-end@1:15" },
	{ "blanks at the end of a line", POLICY, "mode:enforce \t\r\n" FOUR,
	    "policy-field-twice@3:1" },
	{ "an empty policy", POLICY, "\r\n", "policy-empty" },
	{ "a page", POLICY, "<!DOCTYPE html><title>404</title>",
	    "policy-html" },
	{ "a byte order mark", POLICY, "\xef\xbb\xbf" FOUR,
	    "policy-byte-order-mark@1:0" },
	{ "a control character", POLICY, FOUR "x: \x01\r\n",
	    "policy-character@5:1" },
	{ "no UTF-8", POLICY, FOUR "x: \xff\r\n", "policy-character@5:1" },
	{ "UTF-8 in an extension", POLICY, FOUR "x: \xc3\xbc\r\n",
	    "policy-unknown-field@5:1" },
	{ "a blank line", POLICY, FOUR "\r\n", "policy-blank-line@5:1" },
	{ "an indented line", POLICY, FOUR " mx: b.example\r\n",
	    "policy-leading-blank@5:1" },
	{ "a blank before the colon", POLICY, FOUR "mx : b.example\r\n",
	    "policy-blank-before-colon@5:4" },
	{ "a comment", POLICY, FOUR "# hello\r\n", "policy-line-syntax@5:1" },
	{ "a field in capitals", POLICY, FOUR "MX: b.example\r\n",
	    "policy-field-misspelt@5:1=mx" },
	{ "max-age", POLICY,
	    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max-age: 604800\r\n",
	    "policy-field-misspelt@4:1=max_age" },
	{ "a version that does not exist", POLICY,
	    "version: STSv2\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max_age: 604800\r\n",
	    "policy-version@1:10=version:_STSv1" },
	{ "no fields", POLICY, "x: y\r\n",
	    "policy-unknown-field@1:1 policy-version=version:_STSv1 "
	    "policy-mode=mode:_testing policy-max-age=max_age:_604800 "
	    "policy-no-mx" },
	{ "a mode that does not exist", POLICY,
	    "version: STSv1\r\nmode: Enforce\r\nmx: a.example\r\n"
	    "max_age: 604800\r\n",
	    "policy-mode@2:7" },
	{ "testing", POLICY,
	    "version: STSv1\r\nmode: testing\r\nmx: a.example\r\n"
	    "max_age: 31557600\r\n",
	    "policy-mode-testing@2:7" },
	{ "max_age beyond the limit", POLICY,
	    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max_age: 31557601\r\n",
	    "policy-max-age@4:10" },
	{ "max_age with a unit", POLICY,
	    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max_age: 7d\r\n",
	    "policy-max-age@4:10" },
	{ "max_age of an hour", POLICY,
	    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max_age: 3600\r\n",
	    "policy-max-age-short@4:10" },
	{ "a dot at the end of an mx", POLICY, FOUR "mx: b.example.\r\n",
	    "policy-mx@5:5=mx:_b.example" },
	{ "a list in an mx", POLICY, FOUR "mx: b.example, c.example\r\n",
	    "policy-mx@5:5=mx:_b.example" },
	{ "a wildcard that is none", POLICY, FOUR "mx: mx*.example\r\n",
	    "policy-mx@5:5" },
	{ "an international mx", POLICY, FOUR "mx: b\xc3\xbc.example\r\n",
	    "policy-mx@5:5=mx:_xn--b-eha.example" },
	{ "an mx twice", POLICY, FOUR "mx: A.example\r\n",
	    "policy-mx-twice@5:5" },
};

enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

/* Blanks in what to write are shown as "_". */
static void
show(const struct findings *findings, struct buffer *out)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];

		buffer_printf(out, "%s%s", i > 0 ? " " : "",
		    finding_kinds[finding->code].code);
		if (finding->line > 0)
			buffer_printf(out, "@%zu:%zu", finding->line,
			    finding->column);
		else if (finding->column > 0)
			buffer_printf(out, "@%zu", finding->column);
		if (finding->instead == NULL)
			continue;
		buffer_text(out, "=");
		for (const char *at = finding->instead; *at != '\0'; at++)
			buffer_add(out, *at == ' ' ? "_" : at, 1);
	}
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct bytes text = { (const unsigned char *)row->text,
		strlen(row->text) };
	struct findings findings = { .arena = arena_new() };
	struct buffer got = { 0 };
	struct tlsrpt_record record;
	struct sts_policy policy;
	const char *id;

	if (row->kind == TLSRPT)
		tlsrpt_record_read(text, &record, &findings);
	else if (row->kind == STS)
		sts_record_read(text, &id, &findings);
	else
		sts_policy_read(text, &policy, &findings);
	buffer_text(&got, "");
	show(&findings, &got);
	assert_string_equal(got.at, row->found);
	buffer_free(&got);
	arena_free(findings.arena);
}

/* --------------------------------------------------------- sizes and lists */

static void
test_record_size(void **state)
{
	struct findings findings = { .arena = arena_new() };
	struct tlsrpt_record record;
	char *text = arena_alloc(findings.arena, TXT_RECORD_MOST + 2);

	(void)state;
	memset(text, 'x', TXT_RECORD_MOST + 1);
	memcpy(text, GOOD "; x=", strlen(GOOD "; x="));
	tlsrpt_record_read((struct bytes){ (unsigned char *)text,
			       TXT_RECORD_MOST },
	    &record, &findings);
	assert_false(findings_have(&findings, FINDING_RECORD_TOO_LONG));
	tlsrpt_record_read((struct bytes){ (unsigned char *)text,
			       TXT_RECORD_MOST + 1 },
	    &record, &findings);
	assert_true(findings_have(&findings, FINDING_RECORD_TOO_LONG));
	arena_free(findings.arena);
}

static void
test_policy_size(void **state)
{
	struct findings findings = { .arena = arena_new() };
	struct sts_policy policy;
	char *text = arena_alloc(findings.arena, STS_POLICY_MOST + 2);

	(void)state;
	memset(text, 'x', STS_POLICY_MOST + 1);
	memcpy(text, FOUR "x: ", strlen(FOUR "x: "));
	sts_policy_read((struct bytes){ (unsigned char *)text,
			    STS_POLICY_MOST },
	    &policy, &findings);
	assert_false(findings_have(&findings, FINDING_POLICY_TOO_LARGE));
	assert_int_equal(policy.mode, STS_MODE_ENFORCE);
	assert_int_equal(policy.max_age, 604800);
	sts_policy_read((struct bytes){ (unsigned char *)text,
			    STS_POLICY_MOST + 1 },
	    &policy, &findings);
	assert_true(findings_have(&findings, FINDING_POLICY_TOO_LARGE));
	arena_free(findings.arena);
}

static void
test_findings_limit(void **state)
{
	struct findings findings = { .arena = arena_new() };

	(void)state;
	for (int i = 0; i < FINDINGS_LIMIT + 1; i++)
		findings_add(&findings, FINDING_RECORD_BLANK, NULL);
	assert_int_equal(findings.n, FINDINGS_LIMIT);
	arena_free(findings.arena);
}

static void
test_destinations(void **state)
{
	static const char text[] = "v=TLSRPTv1; rua=mailto:a@B.example,"
				   "https://C.example:8443/x?y=z";
	struct findings findings = { .arena = arena_new() };
	struct tlsrpt_record record;

	(void)state;
	tlsrpt_record_read((struct bytes){ (const unsigned char *)text,
			       strlen(text) },
	    &record, &findings);
	assert_int_equal(record.nruas, 2);
	assert_int_equal(record.ruas[0].scheme, RUA_MAILTO);
	assert_string_equal(record.ruas[0].domain, "b.example");
	assert_int_equal(record.ruas[1].scheme, RUA_HTTPS);
	assert_string_equal(record.ruas[1].domain, "c.example");
	assert_int_equal(record.ruas[1].port, 8443);
	assert_string_equal(record.ruas[1].path, "/x?y=z");
	arena_free(findings.arena);
}

/* ------------------------------------------------------------------ names */

static const struct match {
	const char *pattern;
	const char *host;
	bool matches;
} matches[] = {
	{ "mail.example.com", "mail.example.com", true },
	{ "Mail.Example.COM", "mail.example.com.", true },
	{ "mail.example.com", "mail.example.org", false },
	{ "*.example.com", "mail.example.com", true },
	{ "*.example.com", "example.com", false },
	{ "*.example.com", "foo.bar.example.com", false },
	{ "*.example.com", ".example.com", false },
	{ "m*.example.com", "mail.example.com", false },
	{ "*", "mail", false },
	{ "*.", "mail.", false },
	{ "mail.*.com", "mail.example.com", false },
	{ "", "", false },
};

static void
test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (name_matches(matches[i].pattern, matches[i].host) !=
		    matches[i].matches)
			fail_msg("%s and %s", matches[i].pattern,
			    matches[i].host);
}

static void
test_hosts(void **state)
{
	(void)state;
	assert_true(name_is_host("a"));
	assert_true(name_is_host("xn--b-eha.example"));
	assert_true(name_is_host("1.example"));
	assert_false(name_is_host("192.0.2.1"));
	assert_false(name_is_host("a.example."));
	assert_false(name_is_host("-a.example"));
	assert_false(name_is_host("a..example"));
	assert_false(name_is_host("_a.example"));
	assert_true(name_is_domain("_smtp._tls.example"));
	assert_false(name_is_host(""));
	assert_true(name_is_host(FIFTY TEN "123.example"));
	assert_false(name_is_host(FIFTY TEN "1234.example"));
}

/* ------------------------------------------------------------------- TLSA */

#define HEX32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct tlsa_row {
	const char *text;
	const char *found;
	bool usable;
} tlsas[] = {
	{ "3 1 1 " HEX32, "", true },
	{ "2 1 1 " HEX32, "", true },
	{ "3 1 2 " HEX32 HEX32, "", true },
	{ "3 0 1 " HEX32, "tlsa-whole-certificate", true },
	{ "3 1 0 " HEX32 "00", "tlsa-full", true },
	{ "3 1 1 " HEX32 "00", "tlsa-digest-length", false },
	{ "3 1 2 " HEX32, "tlsa-digest-length", false },
	{ "1 1 1 " HEX32, "tlsa-usage-pkix", false },
	{ "0 0 1 " HEX32, "tlsa-usage-pkix", false },
	{ "4 1 1 " HEX32, "tlsa-usage", false },
	{ "3 2 1 " HEX32, "tlsa-selector", false },
	{ "3 1 3 " HEX32, "tlsa-matching", false },
	{ "3 1 1", "tlsa-syntax", false },
};

static void
test_tlsa(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tlsas) / sizeof(tlsas[0]); i++) {
		struct findings findings = { .arena = arena_new() };
		struct buffer got = { 0 };
		struct bytes data;
		struct tlsa tlsa;

		assert_true(
		    tlsa_read_text(tlsas[i].text, findings.arena, &data));
		tlsa_read(data, &tlsa, &findings);
		buffer_text(&got, "");
		show(&findings, &got);
		assert_string_equal(got.at, tlsas[i].found);
		assert_int_equal(tlsa.usable, tlsas[i].usable);
		buffer_free(&got);
		arena_free(findings.arena);
	}
}

static void
test_tlsa_matches(void **state)
{
	struct findings findings = { .arena = arena_new() };
	struct tlsa_certificate certificate = { .der_sha256 = { 0 } };
	struct bytes data;
	struct tlsa tlsa;

	(void)state;
	assert_true(tlsa_read_text("3 1 1 " HEX32, findings.arena, &data));
	tlsa_read(data, &tlsa, &findings);
	memcpy(certificate.der_sha256, tlsa.data.at, TLSA_SHA256_SIZE);
	assert_false(tlsa_matches(&tlsa, &certificate));
	memcpy(certificate.key_sha256, tlsa.data.at, TLSA_SHA256_SIZE);
	assert_true(tlsa_matches(&tlsa, &certificate));
	assert_string_equal(tlsa_text(&tlsa, findings.arena), "3 1 1 " HEX32);
	assert_false(tlsa_read_text("3 1", findings.arena, &data));
	assert_false(tlsa_read_text("3 1 1 abc", findings.arena, &data));
	assert_false(tlsa_read_text("3 1 1 xy", findings.arena, &data));
	assert_false(tlsa_read_text("256 1 1 ab", findings.arena, &data));
	arena_free(findings.arena);
}

/* A table whose rows are told apart by their codes alone. */
static void
test_kinds(void **state)
{
	(void)state;
	for (int i = 0; i < NFINDINGS; i++) {
		assert_non_null(finding_kinds[i].code);
		assert_non_null(strstr(finding_kinds[i].reference, " §"));
		assert_true(finding_kinds[i].grade >= 'A' &&
		    finding_kinds[i].grade <= 'F');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(finding_kinds[i].code,
			    finding_kinds[j].code);
	}
}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_record_size),
		cmocka_unit_test(test_policy_size),
		cmocka_unit_test(test_findings_limit),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_tlsa),
		cmocka_unit_test(test_tlsa_matches),
		cmocka_unit_test(test_kinds),
	};
	enum { NOTHERS = sizeof(others) / sizeof(others[0]) };
	struct CMUnitTest tests[NROWS + NOTHERS];

	for (size_t i = 0; i < NROWS; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	memcpy(tests + NROWS, others, sizeof(others));
	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
