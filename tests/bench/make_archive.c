/*
 * Make a Maildir of report mails to measure with.
 *
 *	make_archive FOLDER MESSAGES [SEED]
 *
 * The same seed makes the same messages.  Their sizes follow what senders
 * write: 2 to 12 KB of header, of which nothing but a few lines is of use;
 * most reports with one policy and no failure, some with dozens of failure
 * details, one in two thousand with thousands.  The documents are gzip data
 * of 0.3 to 50 KB, or a little more where the details are many.  They come in
 * the order of their dates, over 90 days, as mail does.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

enum {
	DAYS = 90,
	TEXT_MOST = 16 << 20,
	LINE = 76, /* of base64 */
	SECONDS_A_DAY = 86400,
	FIRST_DAY = 20454 /* 2026-01-01, in days since 1970 */
};

struct text {
	char *at;
	size_t len;
};

static uint64_t state;

/* xorshift64*, Vigna 2016 */
static uint64_t
random_bits(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static unsigned
below(unsigned n)
{
	return (unsigned)((random_bits() >> 32) % n);
}

static unsigned
between(unsigned least, unsigned most)
{
	return least + below(most - least + 1);
}

static void
fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void __attribute__((format(printf, 2, 3)))
add(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->at + text->len, TEXT_MOST - text->len, format,
	    args);
	va_end(args);
	if (len < 0 || text->len + (size_t)len >= TEXT_MOST) {
		(void)fputs("a message is too long\n", stderr);
		exit(EXIT_FAILURE);
	}
	text->len += (size_t)len;
}

static void
add_random(struct text *text, unsigned len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (unsigned i = 0; i < len; i++)
		add(text, "%c", letters[below(64)]);
}

static void
add_folded(struct text *text, unsigned len)
{
	for (unsigned i = 0; i < len; i += 64) {
		add(text, "\r\n\t");
		add_random(text, len - i < 64 ? len - i : 64);
	}
}

static const char *const organizations[] = { "Google Inc.",
	"Microsoft Corporation", "Example Mail", "Widgets GmbH", "Post.example",
	"Ångström AB", "Northern Relay Ltd", "Seven Seas Mail" };
enum { NORGANIZATIONS = sizeof(organizations) / sizeof(organizations[0]) };

static const char *const result_types[] = { "starttls-not-supported",
	"certificate-host-mismatch", "certificate-expired",
	"certificate-not-trusted", "validation-failure", "tlsa-invalid",
	"sts-policy-fetch-error", "sts-webpki-invalid" };
enum { NRESULT_TYPES = sizeof(result_types) / sizeof(result_types[0]) };

struct letter {
	uint64_t no;
	time_t day; /* its first second */
	unsigned sender;
	unsigned domain;
};

/* How many failure details a policy has. */
static unsigned
details(void)
{
	unsigned lot = below(4000);

	if (lot < 2)
		return between(2000, 5000);
	if (lot < 40)
		return between(100, 400);
	if (lot < 400)
		return between(10, 60);
	return lot < 1200 ? between(1, 6) : 0;
}

static void
add_failure(struct text *json, const struct letter *letter)
{
	add(json,
	    "{\"result-type\":\"%s\",\"sending-mta-ip\":\"203.0.%u.%u\","
	    "\"receiving-mx-hostname\":\"mx%u.d%u.example\","
	    "\"receiving-ip\":\"2001:db8:%x::%x\","
	    "\"failed-session-count\":%u",
	    result_types[below(NRESULT_TYPES)], below(256), below(256),
	    between(1, 4), letter->domain, below(65536), below(65536),
	    between(1, 90));
	if (below(4) == 0)
		add(json,
		    ",\"failure-reason-code\":\"X509 verify error %u\","
		    "\"additional-information\":"
		    "\"https://reports.example/%llx\"",
		    below(70), (unsigned long long)random_bits());
	add(json, "}");
}

static void
add_policy(struct text *json, const struct letter *letter)
{
	unsigned n = details();

	add(json,
	    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":["
	    "\"version: STSv1\",\"mode: %s\",\"mx: *.d%u.example\","
	    "\"max_age: 604800\"],\"policy-domain\":\"d%u.example\","
	    "\"mx-host\":[\"*.d%u.example\"]},"
	    "\"summary\":{\"total-successful-session-count\":%u,"
	    "\"total-failure-session-count\":%u}",
	    below(3) == 0 ? "testing" : "enforce", letter->domain,
	    letter->domain, letter->domain, below(100000), n);
	if (n > 0) {
		add(json, ",\"failure-details\":[");
		for (unsigned i = 0; i < n; i++) {
			if (i > 0)
				add(json, ",");
			add_failure(json, letter);
		}
		add(json, "]");
	}
	add(json, "}");
}

enum { DATE_SIZE = 64 };

static void
write_date(time_t when, char out[DATE_SIZE])
{
	struct tm tm;

	(void)strftime(out, DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ",
	    gmtime_r(&when, &tm));
}

static void
write_mail_date(time_t when, char out[DATE_SIZE])
{
	struct tm tm;

	(void)strftime(out, DATE_SIZE, "%a, %d %b %Y %H:%M:%S +0000",
	    gmtime_r(&when, &tm));
}

static void
write_json(struct text *json, const struct letter *letter)
{
	char start[DATE_SIZE];
	char end[DATE_SIZE];
	unsigned npolicies = below(10) < 8 ? 1 : between(2, 4);

	write_date(letter->day, start);
	write_date(letter->day + SECONDS_A_DAY - 1, end);
	json->len = 0;
	add(json,
	    "{\"organization-name\":\"%s\",\"date-range\":"
	    "{\"start-datetime\":\"%s\",\"end-datetime\":\"%s\"},"
	    "\"contact-info\":\"mailto:tls-reports@sender%u.example\","
	    "\"report-id\":\"%s_%llu_d%u.example\",\"policies\":[",
	    organizations[letter->sender], start, end, letter->sender, start,
	    (unsigned long long)letter->no, letter->domain);
	for (unsigned i = 0; i < npolicies; i++) {
		if (i > 0)
			add(json, ",");
		add_policy(json, letter);
	}
	add(json, "]}");
}

static void
pack(const struct text *json, struct text *gzip)
{
	z_stream z = { .next_in = (Bytef *)json->at,
		.avail_in = (uInt)json->len,
		.next_out = (Bytef *)gzip->at,
		.avail_out = TEXT_MOST };

	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
		Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		fail("deflate");
	gzip->len = z.total_out;
	(void)deflateEnd(&z);
}

/* What relays, filters and signers put on top of a mail. */
static void
add_ballast(struct text *mail, const char *date)
{
	unsigned want = between(1500, 11000);
	size_t start = mail->len;

	while (mail->len - start < want) {
		unsigned lot = below(4);

		if (lot == 0) {
			add(mail,
			    "Received: from relay%u.example "
			    "(relay%u.example [198.51.100.%u])\r\n"
			    "\tby mx.example with ESMTPS id ",
			    below(90), below(90), below(256));
			add_random(mail, 11);
			add(mail,
			    "\r\n\tfor <tls-reports@rcpt.example>; %s\r\n",
			    date);
		} else if (lot == 1) {
			add(mail,
			    "ARC-Seal: i=%u; a=rsa-sha256; t=1767225600; "
			    "cv=pass;\r\n\td=relay.example; s=arc; b=",
			    below(4));
			add_folded(mail, 344);
			add(mail, "\r\n");
		} else if (lot == 2) {
			add(mail, "X-Filter-Report-Untrusted: BCL:0;ARA:");
			add_folded(mail, between(200, 1200));
			add(mail, "\r\n");
		} else {
			add(mail, "X-Filter-Id: ");
			add_random(mail, 40);
			add(mail, "\r\n");
		}
	}
}

static void
add_header(struct text *mail, const struct letter *letter)
{
	char date[DATE_SIZE];

	write_mail_date(letter->day + SECONDS_A_DAY + below(SECONDS_A_DAY),
	    date);
	add(mail, "Return-Path: <tls-reports@sender%u.example>\r\n",
	    letter->sender);
	add(mail,
	    "Authentication-Results: mx.example;\r\n"
	    "\tdkim=pass header.d=sender%u.example header.s=s1\r\n",
	    letter->sender);
	add_ballast(mail, date);
	add(mail,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	    "\td=sender%u.example; s=s1; h=from:to:subject:date; b=",
	    letter->sender);
	add_folded(mail, 344);
	add(mail,
	    "\r\nMIME-Version: 1.0\r\nDate: %s\r\n"
	    "Message-ID: <%llu.tlsrpt@sender%u.example>\r\n"
	    "Subject: Report Domain: d%u.example Submitter: "
	    "sender%u.example\r\n\tReport-ID: <%llu@sender%u.example>\r\n"
	    "From: tls-reports@sender%u.example\r\n"
	    "To: tls-reports@rcpt.example\r\n"
	    "TLS-Report-Domain: d%u.example\r\n"
	    "TLS-Report-Submitter: sender%u.example\r\n"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
	    "\tboundary=\"=_part_%llu\"\r\n\r\n",
	    date, (unsigned long long)letter->no, letter->sender,
	    letter->domain, letter->sender, (unsigned long long)letter->no,
	    letter->sender, letter->sender, letter->domain, letter->sender,
	    (unsigned long long)letter->no);
}

static void
add_base64(struct text *mail, const struct text *data)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned column = 0;

	for (size_t i = 0; i < data->len; i += 3) {
		size_t left = data->len - i;
		uint32_t bits = (uint32_t)(unsigned char)data->at[i] << 16;

		if (left > 1)
			bits |= (uint32_t)(unsigned char)data->at[i + 1] << 8;
		if (left > 2)
			bits |= (uint32_t)(unsigned char)data->at[i + 2];
		add(mail, "%c%c%c%c", digits[bits >> 18],
		    digits[bits >> 12 & 63],
		    left > 1 ? digits[bits >> 6 & 63] : '=',
		    left > 2 ? digits[bits & 63] : '=');
		column += 4;
		if (column == LINE || left <= 3) {
			add(mail, "\r\n");
			column = 0;
		}
	}
}

static void
write_mail(struct text *mail, const struct letter *letter,
    const struct text *gzip)
{
	unsigned long long no = letter->no;

	mail->len = 0;
	add_header(mail, letter);
	add(mail,
	    "--=_part_%llu\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n"
	    "\r\nThis is an aggregate TLS report from sender%u.example for "
	    "d%u.example.\r\n\r\n"
	    "--=_part_%llu\r\nContent-Type: application/tlsrpt+gzip;\r\n"
	    "\tname=\"sender%u.example!d%u.example!%llu.json.gz\"\r\n"
	    "Content-Disposition: attachment;\r\n"
	    "\tfilename=\"sender%u.example!d%u.example!%llu.json.gz\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    no, letter->sender, letter->domain, no, letter->sender,
	    letter->domain, no, letter->sender, letter->domain, no);
	add_base64(mail, gzip);
	add(mail, "--=_part_%llu--\r\n", no);
}

static void
make_folder(const char *parent, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", parent, name);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		fail(path);
}

static void
save(const char *folder, const struct letter *letter, const struct text *mail)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/cur/%lld.M%lluP1.mx:2,S", folder,
	    (long long)letter->day, (unsigned long long)letter->no);
	file = fopen(path, "wb");
	if (file == NULL || fwrite(mail->at, 1, mail->len, file) != mail->len ||
	    fclose(file) != 0)
		fail(path);
}

static struct text
text_new(void)
{
	struct text text = { malloc(TEXT_MOST), 0 };

	if (text.at == NULL)
		fail("malloc");
	return text;
}

int
main(int argc, char *argv[])
{
	struct text json = text_new();
	struct text gzip = text_new();
	struct text mail = text_new();
	uint64_t messages;
	uint64_t seed;

	if (argc < 3) {
		(void)fputs("usage: make_archive FOLDER MESSAGES [SEED]\n",
		    stderr);
		return EXIT_FAILURE;
	}
	messages = strtoull(argv[2], NULL, 10);
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	if (mkdir(argv[1], 0777) != 0 && errno != EEXIST)
		fail(argv[1]);
	make_folder(argv[1], "cur");
	make_folder(argv[1], "new");
	make_folder(argv[1], "tmp");
	for (uint64_t i = 0; i < messages; i++) {
		struct letter letter = { .no = seed * 10000000 + i,
			.day = (time_t)(FIRST_DAY + i * DAYS / messages) *
			    SECONDS_A_DAY,
			.sender = below(NORGANIZATIONS),
			.domain = below((unsigned)messages / 8 + 1) };

		write_json(&json, &letter);
		pack(&json, &gzip);
		write_mail(&mail, &letter, &gzip);
		save(argv[1], &letter, &mail);
	}
	free(json.at);
	free(gzip.at);
	free(mail.at);
	return EXIT_SUCCESS;
}
