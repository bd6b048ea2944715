#include "report/explanation.h"

#include <string.h>
#include <strings.h>

#include "base/translate.h"

/* How to look at a report as it was sent, and at what it is read as. */
#define READ_IT "tlsrpt-ingest --dry-run --format=json FILE"
#define SHOW_IT "tlsrpt-report show FILE"

static const struct explanation of_result_types[] = {
	{ "starttls-not-supported",
	    { N_("STARTTLS is switched off at that host, or it did not find "
		 "its certificate or key when it was last started."),
		N_("A firewall or security gateway inspects SMTP and takes "
		   "STARTTLS out of the answer; a greeting of asterisks is a "
		   "sign of it."),
		N_("The MX record names a host that is no mail server of "
		   "yours any more, or a backup MX without TLS."),
		N_("Somebody on the way strips STARTTLS: the attack that "
		   "MTA-STS and DANE are made against.  Take it seriously "
		   "where one network alone sees it."),
		NULL },
	    { { "dig +short MX DOMAIN",
		  N_("Every host named here has to offer STARTTLS, the backup "
		     "too.") },
		{ "openssl s_client -starttls smtp -connect MX:25 -brief "
		  "</dev/null",
		    N_("CONNECTION ESTABLISHED is good; \"Didn't find STARTTLS "
		       "in server response\" is the failure.  Try it from "
		       "outside of your network.") },
		{ NULL, NULL } },
	    N_("Switch STARTTLS on at every host of the MX record (Postfix: "
	       "smtpd_tls_security_level = may, with a certificate and its "
	       "key), switch SMTP inspection off in the firewall, and take "
	       "hosts that cannot do TLS out of the MX record.") },
	{ "certificate-host-mismatch",
	    { N_("The certificate names the domain or its web server, and not "
		 "the MX host."),
		N_("The MX host got a new name, and no new certificate."),
		N_("The mail server serves a default certificate to clients "
		   "that ask for another name (SNI), or for none."),
		N_("The MX record points to a name of your own in front of a "
		   "provider whose certificate knows only the provider's "
		   "name."),
		N_("With MTA-STS: the MX host matches none of the policy's mx "
		   "lines."),
		NULL },
	    { { "openssl s_client -starttls smtp -connect MX:25 -servername "
		"MX </dev/null 2>/dev/null | openssl x509 -noout -ext "
		"subjectAltName",
		  N_("DNS:MX has to be in the list; a wildcard stands for one "
		     "label only.") },
		{ "curl -sS https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
		    N_("Every host of the MX record has to match an mx "
		       "line.") },
		{ NULL, NULL } },
	    N_("Have a certificate issued whose subject alternative names list "
	       "every MX host name as it stands in the MX record, install it "
	       "for the mail server too, and reload that.  Change an MX record "
	       "only after its host has the certificate, and after the "
	       "MTA-STS policy names it.") },
	{ "certificate-expired",
	    { N_("The certificate was renewed on disk, and the mail server "
		 "was not reloaded."),
		N_("The automatic renewal fails: the ACME challenge cannot be "
		   "answered, or the timer does not run."),
		N_("Only the web server's certificate is renewed by itself; "
		   "the mail server's copy is installed by hand."),
		N_("One of several hosts behind the same MX name was left "
		   "out."),
		N_("An intermediate certificate of the chain expired."), NULL },
	    { { "openssl s_client -starttls smtp -connect MX:25 -servername "
		"MX </dev/null 2>/dev/null | openssl x509 -noout -dates",
		  N_("notAfter has to lie in the future, at every address of "
		     "the host.") },
		{ "dig +short A MX; dig +short AAAA MX",
		    N_("Try each address: -connect ADDRESS:25.") },
		{ NULL, NULL } },
	    N_("Renew the certificate and reload the mail server; let the "
	       "renewal do that by itself from now on (certbot: "
	       "--deploy-hook).  Then watch the date: a monitoring check of "
	       "port 25 with STARTTLS warns weeks ahead.") },
	{ "certificate-not-trusted",
	    { N_("The mail server sends its own certificate without the "
		 "intermediate ones; browsers mend that by themselves, mail "
		 "servers do not."),
		N_("The certificate is self-signed, or of a company's own "
		   "authority.  For DANE that is fine, for MTA-STS it is "
		   "not."),
		N_("The authority is new, or no longer trusted by this "
		   "sender."),
		N_("A gateway in front of the mail server answers with its own "
		   "certificate."),
		NULL },
	    { { "openssl s_client -starttls smtp -connect MX:25 -servername "
		"MX -verify_return_error </dev/null",
		  N_("\"Verify return code: 0 (ok)\" is good.  \"unable to get "
		     "local issuer certificate\" means that the chain is "
		     "incomplete.") },
		{ "openssl s_client -starttls smtp -connect MX:25 -servername "
		  "MX -showcerts </dev/null",
		    N_("After the certificate of the host its issuer's has to "
		       "follow, up to one that a root signed.") },
		{ NULL, NULL } },
	    N_("Serve the full chain (Let's Encrypt: fullchain.pem and not "
	       "cert.pem), and use a certificate of a public authority where "
	       "MTA-STS is in force.") },
	{ "validation-failure",
	    { N_("Both sides have no protocol version or cipher in common: "
		 "one of them is very old, or very strict."),
		N_("The TLS handshake broke off: a time limit, a reset "
		   "connection, a host that is overloaded."),
		N_("The MX host matches none of the MTA-STS policy's mx lines "
		   "(Microsoft writes MX_HOSTS_MISMATCH)."),
		N_("The sender has no better word for what happened; see the "
		   "failure reason code."),
		NULL },
	    { { "openssl s_client -starttls smtp -connect MX:25 -servername "
		"MX -tls1_2 </dev/null",
		  N_("A handshake with TLS 1.2 has to succeed, and with "
		     "-tls1_3 as well.") },
		{ "dig +short MX DOMAIN; curl -sS "
		  "https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
		    N_("Every MX host has to match an mx line of the "
		       "policy.") },
		{ NULL, NULL } },
	    N_("Read the failure reason code first.  Offer TLS 1.2 and 1.3 "
	       "with common ciphers, and look at the mail server's log for the "
	       "sender's address at that time.  A handful of sessions out of "
	       "thousands, on one day, is weather and not a fault.") },
	{ "tlsa-invalid",
	    { N_("The certificate was renewed with a new key, and the TLSA "
		 "record still names the old one."),
		N_("The TLSA record was changed first, and the old one was "
		   "still in caches, or the other way round."),
		N_("The TLSA record names the intermediate or root certificate "
		   "(2 x x) and the authority signs with another one now."),
		N_("One of several hosts has another certificate than the "
		   "others."),
		N_("The record has a usage that mail does not know (0 or 1), "
		   "or a slip in its digest."),
		NULL },
	    { { "dig +dnssec +short TLSA _25._tcp.MX",
		  N_("There has to be a record for the certificate in use, "
		     "best of the form 3 1 1.") },
		{ "openssl s_client -starttls smtp -connect MX:25 -servername "
		  "MX </dev/null 2>/dev/null | openssl x509 -noout -pubkey | "
		  "openssl pkey -pubin -outform DER | openssl sha256",
		    N_("The digest has to be that of a 3 1 1 record.") },
		{ NULL, NULL } },
	    N_("Publish the TLSA record of the coming key beside that of the "
	       "present one, wait until the TTL has passed twice, and only "
	       "then change the certificate; or keep the key when renewing "
	       "(certbot: --reuse-key).") },
	{ "dnssec-invalid",
	    { N_("The zone's signatures have expired: the signer stopped."),
		N_("The DS record at the parent names a key that the zone no "
		   "longer has, often after a move to another DNS provider."),
		N_("One of the zone's name servers serves an old copy."),
		N_("A firewall drops large or unusual DNS answers, so that "
		   "TLSA queries time out."),
		NULL },
	    { { "delv TLSA _25._tcp.MX",
		  N_("\"fully validated\" is good, and so is \"unsigned "
		     "answer\" without a DS record.") },
		{ "dig +trace +dnssec DNSKEY DOMAIN",
		    N_("The DS record of the parent has to match one of the "
		       "zone's keys, and no RRSIG may be expired.") },
		{ NULL, NULL } },
	    N_("Sign the zone anew, or correct the DS record at the registrar. "
	       "Until that is done take the DS record away: an unsigned zone "
	       "receives mail, a broken one does not.") },
	{ "dane-required",
	    { N_("The sender insists on DANE for your domain by agreement, "
		 "and the MX host has no TLSA record."),
		N_("The zone of the MX host, which may be your provider's, is "
		   "not signed."),
		N_("A new MX host was added, and its TLSA record was "
		   "forgotten."),
		NULL },
	    { { "dig +short MX DOMAIN",
		  N_("Each of these hosts needs a TLSA record in a signed "
		     "zone.") },
		{ "dig +dnssec TLSA _25._tcp.MX",
		    N_("\"status: NOERROR\", the flag \"ad\" and an answer are "
		       "good.") },
		{ NULL, NULL } },
	    N_("Publish TLSA records in a signed zone for every MX host, or "
	       "agree with the sender to do without.") },
	{ "sts-policy-fetch-error",
	    { N_("The web server for mta-sts.DOMAIN was down, slow, or in "
		 "maintenance."),
		N_("It answers with 404 or a redirect; MTA-STS follows "
		   "none."),
		N_("The TXT record _mta-sts.DOMAIN is there, and no web server "
		   "stands behind it."),
		N_("mta-sts.DOMAIN has an IPv6 address at which nothing "
		   "answers."),
		N_("A firewall or bot filter turns the sender's fetchers "
		   "away."),
		NULL },
	    { { "curl -sSi --max-time 60 "
		"https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
		  N_("It has to be \"200\" with Content-Type: text/plain at "
		     "once, with -4 and with -6.") },
		{ "dig +short TXT _mta-sts.DOMAIN",
		    N_("A record v=STSv1 means that senders ask for the "
		       "policy.") },
		{ NULL, NULL } },
	    N_("See that the policy answers at all times, without a redirect, "
	       "over IPv4 and IPv6, for clients of any name.  Senders that "
	       "have a cached policy go on with it; others deliver as if there "
	       "were none.") },
	{ "sts-policy-invalid",
	    { N_("A line of the policy is missing or misspelt: version, mode, "
		 "mx, max_age."),
		N_("The file is an HTML page, or has a byte order mark in "
		   "front."),
		N_("An mx line holds more than a host name: a priority, a URL, "
		   "a list."),
		N_("max_age is above 31557600 or no number."), NULL },
	    { { "curl -sS https://mta-sts.DOMAIN/.well-known/mta-sts.txt | "
		"cat -A",
		  N_("version: STSv1, mode: enforce, one mx: line for each "
		     "host, max_age: seconds; a line each, and nothing "
		     "else.") },
		{ "tlsrpt-dns check mta-sts DOMAIN",
		    N_("It names the line and the column.") },
		{ NULL, NULL } },
	    N_("Correct the policy file, then change the id in the TXT record "
	       "_mta-sts.DOMAIN, so that senders fetch it again.") },
	{ "sts-webpki-invalid",
	    { N_("The web server has no certificate for the name "
		 "mta-sts.DOMAIN, and serves that of another site."),
		N_("Its certificate expired."),
		N_("It sends its certificate without the intermediate ones."),
		N_("A content delivery network does not know the name yet."),
		NULL },
	    { { "curl -sSI https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
		  N_("curl must not complain of the certificate.") },
		{ "openssl s_client -connect mta-sts.DOMAIN:443 -servername "
		  "mta-sts.DOMAIN -verify_return_error </dev/null",
		    N_("\"Verify return code: 0 (ok)\" is good.") },
		{ NULL, NULL } },
	    N_("Have a certificate of a public authority for mta-sts.DOMAIN, "
	       "serve it with its full chain, and let it be renewed by "
	       "itself.") },
};

const struct policy_type policy_types[] = {
	{ "tlsa", "DANE",
	    N_("The sender found TLSA records in a signed zone, and insisted "
	       "on a certificate that matches them."),
	    N_("This is not an error: it is the strictest protection that mail "
	       "has.  Keep the records and the certificates in step.") },
	{ "sts", "MTA-STS",
	    N_("The sender found an MTA-STS policy, and tested the MX hosts "
	       "and their certificates against it."),
	    N_("This is not an error.  In mode testing mail comes all the "
	       "same; in mode enforce a failure keeps mail away.") },
	{ "no-policy-found", N_("no policy"),
	    N_("The sender found neither DANE nor MTA-STS, and used TLS where "
	       "the host offered it."),
	    N_("This is not an error.  With MTA-STS or DANE nobody on the way "
	       "could read along by switching TLS off.") },
};

const size_t npolicy_types = sizeof(policy_types) / sizeof(policy_types[0]);

static const struct explanation of_policy_types[] = {
	{ "tlsa",
	    { N_("You, or the provider of your MX host, publish TLSA records, "
		 "and this sender honours DANE."),
		NULL },
	    { { "dig +dnssec +short TLSA _25._tcp.MX",
		  N_("These are the records that the sender saw, if nothing "
		     "changed since.") },
		{ NULL, NULL } },
	    N_("Nothing.  Where sts and tlsa stand in one report, both count "
	       "the same sessions: they are not to be added up.") },
	{ "sts",
	    { N_("You publish _mta-sts.DOMAIN and a policy, and this sender "
		 "honours MTA-STS."),
		NULL },
	    { { "dig +short TXT _mta-sts.DOMAIN",
		  N_("The id tells senders when to fetch the policy anew.") },
		{ "curl -sS https://mta-sts.DOMAIN/.well-known/mta-sts.txt",
		    N_("This is what the sender should have seen: mode, mx "
		       "lines, max_age.") },
		{ NULL, NULL } },
	    N_("Nothing.  When the reports have been clean for some weeks, "
	       "\"tlsrpt-report readiness DOMAIN\" says whether testing may "
	       "become enforce.") },
	{ "no-policy-found",
	    { N_("You publish neither an MTA-STS policy nor TLSA records."),
		N_("The sender honours only the one of them that you do not "
		   "have."),
		N_("The policy was published after the sender had asked, or "
		   "the sender could not get it."),
		NULL },
	    { { "dig +short TXT _mta-sts.DOMAIN",
		  N_("v=STSv1 has to be there, if you want MTA-STS.") },
		{ "dig +dnssec +short TLSA _25._tcp.MX",
		    N_("A record has to be there, if you want DANE.") },
		{ NULL, NULL } },
	    N_("Publish an MTA-STS policy in mode testing first; "
	       "\"tlsrpt-dns make mta-sts DOMAIN\" writes it.") },
};

/* Most of what is odd in a report is the sender's to mend. */
#define NOT_YOURS                                                          \
	N_("Nothing on your side: the report is read all the same.  Tell " \
	   "the sender, at the contact of the report, if it bothers you.")

static const struct explanation of_deviations[NDEVIATIONS] = {
	[DEVIATION_CONTAINER] = { "container",
	    { N_("The sender's software builds the mail by hand, or a mailing "
		 "list or gateway on the way rebuilt it."),
		N_("The report was saved and sent on by a person."), NULL },
	    { { "grep -i -A2 '^content-type:' FILE",
		  N_("RFC 8460 wants multipart/report with "
		     "report-type=\"tlsrpt\".") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_MEDIA_TYPE] = { "media-type",
	    { N_("The sender's software types the attachment by its file name: "
		 "application/gzip or application/json."),
		N_("A gateway changed the type on the way."), NULL },
	    { { "grep -i '^content-type:' FILE",
		  N_("RFC 8460 wants application/tlsrpt+gzip or "
		     "application/tlsrpt+json.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_MISLABELLED] = { "mislabelled",
	    { N_("The sender always writes tlsrpt+gzip, and compresses only "
		 "large reports."),
		N_("A gateway unpacked the attachment and kept its type."),
		NULL },
	    { { READ_IT, N_("The report is read by its content.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_FORWARDED] = { "forwarded",
	    { N_("A person forwarded the mail as an attachment."), NULL },
	    { { SHOW_IT,
		  N_("The sender of the outer mail is not the reporter.") },
		{ NULL, NULL } },
	    N_("Nothing.  The verdict on the signature is that of the outer "
	       "mail; let reports be delivered directly to have theirs.") },
	[DEVIATION_SEVERAL_REPORTS] = { "several-reports",
	    { N_("The sender puts the reports of several domains into one "
		 "mail."),
		NULL },
	    { { READ_IT, N_("Each report is read and stored by itself.") },
		{ NULL, NULL } },
	    N_("Nothing.") },
	[DEVIATION_PART_LEFT_OUT] = { "part-left-out",
	    { N_("A second attachment was damaged or cut off on the way."),
		N_("The sender attached something else under the type of a "
		   "report."),
		NULL },
	    { { READ_IT,
		  N_("Compare the number of reports with that of the "
		     "attachments.") },
		{ NULL, NULL } },
	    N_("Ask the sender for that part again, if it matters; the others "
	       "are stored.") },
	[DEVIATION_REPORT_DOMAIN_MISMATCH] = { "report-domain-mismatch",
	    { N_("The policy is that of the MX host, which has a domain of its "
		 "own."),
		N_("The sender names a parent or an alias domain in the "
		   "header."),
		N_("A forged or mixed-up report."), NULL },
	    { { "grep -i '^tls-report-domain:' FILE",
		  N_("It should be one of the report's policy domains.") },
		{ NULL, NULL } },
	    N_("Nothing; what the report itself says counts.") },
	[DEVIATION_SUBMITTER_MISMATCH] = { "submitter-mismatch",
	    { N_("The organisation sends under another name than it takes mail "
		 "at."),
		N_("A service sends reports in the name of others."),
		N_("A forged report: look at its signature's verdict."), NULL },
	    { { SHOW_IT, N_("Compare submitter, contact and signature.") },
		{ NULL, NULL } },
	    N_("Nothing, where the signature passes.") },
	[DEVIATION_GZIP_MEMBERS] = { "gzip-members",
	    { N_("The sender appends to a compressed file piece by piece."),
		NULL },
	    { { "gzip -dc FILE", N_("It unpacks to one text.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_GZIP_TRAILING_DATA] = { "gzip-trailing-data",
	    { N_("A line break or padding was added behind the attachment."),
		NULL },
	    { { "gzip -dc FILE",
		  N_("gzip says \"trailing garbage ignored\".") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_GZIP_TWICE] = { "gzip-twice",
	    { N_("Both the program that wrote the report and the one that "
		 "mailed it compress."),
		NULL },
	    { { "gzip -dc FILE | gzip -dc", N_("The text appears.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_BYTE_ORDER_MARK] = { "byte-order-mark",
	    { N_("The sender's software writes UTF-8 as Windows does."), NULL },
	    { { "gzip -dcf FILE | head -c 3 | od -tx1",
		  N_("ef bb bf is the mark.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_TRAILING_DATA] = { "trailing-data",
	    { N_("A list or gateway added a footer to the document."),
		N_("The sender wrote over an older, longer file."), NULL },
	    { { "gzip -dcf FILE | tail -c 100",
		  N_("Something follows the last brace.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_INVALID_UTF8] = { "invalid-utf8",
	    { N_("The sender copied a name in another encoding, such as "
		 "Latin-1."),
		NULL },
	    { { "gzip -dcf FILE | iconv -f utf-8 >/dev/null",
		  N_("iconv names the place.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_NUL_CHARACTER] = { "nul-character",
	    { N_("The sender copied a C string or a name out of a certificate "
		 "with a byte too many."),
		N_("Somebody tries to hide the end of a name."), NULL },
	    { { "gzip -dcf FILE | grep -F '\\u0000'",
		  N_("The line with it is shown.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_LONE_SURROGATE] = { "lone-surrogate",
	    { N_("The sender cut a text in the middle of a character."), NULL },
	    { { "gzip -dcf FILE | grep -i '\\\\ud[89a-f]'",
		  N_("The line with it is shown.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_CONTROL_CHARACTER] = { "control-character",
	    { N_("The sender copied the receiving host's answer as it came, "
		 "line breaks and all."),
		N_("Somebody tries to change what a terminal or a page "
		   "shows."),
		NULL },
	    { { SHOW_IT, N_("Such characters are shown as \\xNN.") },
		{ NULL, NULL } },
	    N_("Nothing: they are escaped wherever they are shown.") },
	[DEVIATION_DUPLICATE_KEY] = { "duplicate-key",
	    { N_("A defect of the sender's software."),
		N_("Somebody hopes that two readers take different values."),
		NULL },
	    { { "gzip -dcf FILE", N_("Look for the key that stands twice.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_KEY_CASE] = { "key-case",
	    { N_("The sender's software writes names in another style."),
		NULL },
	    { { "gzip -dcf FILE", N_("RFC 8460 has lower case and hyphens.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_KEY_MISSPELT] = { "key-misspelt",
	    { N_("The sender follows a draft of RFC 8460, or its grammar, "
		 "whose names differ from those in its text."),
		NULL },
	    { { READ_IT, N_("The value stands under its proper name.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_MEMBER_NULL] = { "member-null",
	    { N_("The sender's software writes null for what it does not "
		 "know."),
		NULL },
	    { { "gzip -dcf FILE | grep -n null",
		  N_("The lines with it are shown.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_MEMBER_NOT_TEXT] = { "member-not-text",
	    { N_("The sender wrote a number, a list or an object where RFC "
		 "8460 has text."),
		NULL },
	    { { "gzip -dcf FILE", N_("Compare with the values shown.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_ORGANIZATION_MISSING] = { "organization-missing",
	    { N_("The sender's operator did not configure a name."), NULL },
	    { { SHOW_IT,
		  N_("The submitter stands in for it, where there is one.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_ORGANIZATION_BLANK] = { "organization-blank",
	    { N_("The sender's operator configured an empty name."), NULL },
	    { { SHOW_IT, N_("The name holds nothing but blanks.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_CONTACT_MISSING] = { "contact-missing",
	    { N_("The sender's operator did not configure a contact."), NULL },
	    { { SHOW_IT, N_("The contact is empty.") }, { NULL, NULL } },
	    N_("Nothing.  Whom to ask is then for you to find: try postmaster "
	       "at the submitter.") },
	[DEVIATION_CONTACT_NOT_ADDRESS] = { "contact-not-address",
	    { N_("The sender writes a URI, a telephone number or a name."),
		NULL },
	    { { SHOW_IT, N_("The contact is shown as it was sent.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_DATETIME_WITHOUT_ZONE] = { "datetime-without-zone",
	    { N_("The sender's software forgets the Z; Microsoft's did at "
		 "times."),
		NULL },
	    { { "gzip -dcf FILE | grep -i datetime",
		  N_("RFC 3339 wants a Z or an offset at the end.") },
		{ NULL, NULL } },
	    N_("Nothing; such a time is taken for UTC.") },
	[DEVIATION_DATETIME_WITHOUT_TIME] = { "datetime-without-time",
	    { N_("The sender reports by whole days and writes dates only."),
		NULL },
	    { { "gzip -dcf FILE | grep -i datetime",
		  N_("RFC 3339 wants a time as well.") },
		{ NULL, NULL } },
	    N_("Nothing; midnight UTC is taken.") },
	[DEVIATION_DATETIME_FORM] = { "datetime-form",
	    { N_("The sender's software formats dates by hand."), NULL },
	    { { "gzip -dcf FILE | grep -i datetime",
		  N_("RFC 3339 wants 2024-01-15T00:00:00Z.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_DATES_REVERSED] = { "dates-reversed",
	    { N_("The sender's clock was set back, or it mixed both dates "
		 "up."),
		NULL },
	    { { "gzip -dcf FILE | grep -i datetime",
		  N_("The end should lie after the start.") },
		{ NULL, NULL } },
	    N_("Nothing; the report counts for the day of its start.") },
	[DEVIATION_DATES_IMPLAUSIBLE] = { "dates-implausible",
	    { N_("The sender's clock is wrong."),
		N_("A date was never set, or is a test's."),
		N_("The clock of this machine is wrong."), NULL },
	    { { "date -u", N_("Compare with the dates of the report.") },
		{ NULL, NULL } },
	    N_("Set your clock, if it is that; else nothing.  Such reports are "
	       "kept and do not show in summaries of real days.") },
	[DEVIATION_POLICIES_EMPTY] = { "policies-empty",
	    { N_("The sender had no session to report, and reports that."),
		NULL },
	    { { SHOW_IT, N_("There is no policy in it.") }, { NULL, NULL } },
	    N_("Nothing.") },
	[DEVIATION_POLICY_LEFT_OUT] = { "policy-left-out",
	    { N_("A count of it is negative, a fraction, or no number."),
		N_("It is no object at all."), NULL },
	    { { "gzip -dcf FILE", N_("Compare with the policies shown.") },
		{ NULL, NULL } },
	    N_("Tell the sender: sessions are missing from your numbers.") },
	[DEVIATION_POLICY_FOREIGN] = { "policy-foreign",
	    { N_("The report covers domains of others too, and --domain says "
		 "which are yours."),
		N_("A domain of yours is missing from --domain."), NULL },
	    { { "gzip -dcf FILE | grep policy-domain",
		  N_("These domains the report is about.") },
		{ NULL, NULL } },
	    N_("Add the domain to [ingest] domain, if it is yours.") },
	[DEVIATION_POLICY_TYPE_MISSING] = { "policy-type-missing",
	    { N_("A defect of the sender's software."), NULL },
	    { { "gzip -dcf FILE | grep policy-type",
		  N_("Every policy should have one.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_POLICY_TYPE_UNREGISTERED] = { "policy-type-unregistered",
	    { N_("The sender has a word of its own, or tests something new."),
		NULL },
	    { { "gzip -dcf FILE | grep policy-type",
		  N_("RFC 8460 has tlsa, sts and no-policy-found.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_POLICY_DOMAIN_MISSING] = { "policy-domain-missing",
	    { N_("Postfix before 2025 leaves it out where it found no "
		 "policy."),
		NULL },
	    { { "grep -i '^tls-report-domain:' FILE",
		  N_("The header would say it; there was none.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_POLICY_DOMAIN_DERIVED] = { "policy-domain-derived",
	    { N_("Postfix before 2025 leaves it out where it found no "
		 "policy."),
		NULL },
	    { { "grep -i '^tls-report-domain:' FILE",
		  N_("This is the domain that was taken.") },
		{ NULL, NULL } },
	    N_("Nothing.") },
	[DEVIATION_POLICY_STRING_NOT_ARRAY] = { "policy-string-not-array",
	    { N_("The sender writes one string for a list of one."), NULL },
	    { { "gzip -dcf FILE | grep -A3 policy-string",
		  N_("RFC 8460 has a list.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_MX_HOST_NOT_ARRAY] = { "mx-host-not-array",
	    { N_("The sender follows the example of RFC 8460, which an erratum "
		 "corrects."),
		NULL },
	    { { "gzip -dcf FILE | grep -A3 mx-host",
		  N_("Erratum 6241 has a list.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_ENTRY_NOT_TEXT] = { "entry-not-text",
	    { N_("A defect of the sender's software."), NULL },
	    { { "gzip -dcf FILE | grep -A9 -E 'policy-string|mx-host'",
		  N_("Every entry should be a text.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_SUMMARY_MISSING] = { "summary-missing",
	    { N_("The sender had nothing to count, and leaves it out."),
		N_("A defect of the sender's software."), NULL },
	    { { "gzip -dcf FILE | grep -A3 summary",
		  N_("Every policy should have two counts.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_COUNT_MISSING] = { "count-missing",
	    { N_("The sender leaves counts of 0 out, as Google did in 2019."),
		NULL },
	    { { "gzip -dcf FILE | grep session-count",
		  N_("Every policy should have two counts.") },
		{ NULL, NULL } },
	    N_("Nothing; it is taken for 0.") },
	[DEVIATION_COUNT_AS_TEXT] = { "count-as-text",
	    { N_("The sender puts numbers into quotes."), NULL },
	    { { "gzip -dcf FILE | grep session-count",
		  N_("Numbers have no quotes in JSON.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_COUNT_BEYOND_DOUBLE] = { "count-beyond-double",
	    { N_("A defect, or a jest: nobody has that many sessions."), NULL },
	    { { "gzip -dcf FILE | grep session-count",
		  N_("Look for 16 digits and more.") },
		{ NULL, NULL } },
	    N_("Do not trust the numbers of this report, and tell the "
	       "sender.") },
	[DEVIATION_FAILURE_DETAILS_LEFT_OUT] = { "failure-details-left-out",
	    { N_("A defect of the sender's software."), NULL },
	    { { "gzip -dcf FILE | grep -A9 failure-details",
		  N_("RFC 8460 has a list.") },
		{ NULL, NULL } },
	    N_("Tell the sender: you see that something failed, and not "
	       "what.") },
	[DEVIATION_FAILURE_LEFT_OUT] = { "failure-left-out",
	    { N_("Its count is negative, a fraction, or no number."),
		N_("It is no object at all."), NULL },
	    { { "gzip -dcf FILE | grep -A9 failure-details",
		  N_("Compare with the failures shown.") },
		{ NULL, NULL } },
	    N_("Tell the sender: failures are missing from your numbers.") },
	[DEVIATION_FAILURE_SUM] = { "failure-sum",
	    { N_("The sender counts a session once and every attempt of it "
		 "again."),
		N_("It lists only the first failures, or those that have "
		   "details."),
		NULL },
	    { { SHOW_IT,
		  N_("Add the failures up and compare with the total.") },
		{ NULL, NULL } },
	    N_("Nothing; both numbers are kept as they were sent.") },
	[DEVIATION_RESULT_TYPE_MISSING] = { "result-type-missing",
	    { N_("A defect of the sender's software."), NULL },
	    { { "gzip -dcf FILE | grep -A9 failure-details",
		  N_("Every failure should have one.") },
		{ NULL, NULL } },
	    N_("Read the failure reason code, if there is one.") },
	[DEVIATION_RESULT_TYPE_UNREGISTERED] = { "result-type-unregistered",
	    { N_("The sender has a word of its own for the failure."), NULL },
	    { { "tlsrpt-report explain",
		  N_("It lists the registered result types.") },
		{ NULL, NULL } },
	    N_("Guess by the word, and read the failure reason code; ask the "
	       "sender what it means.") },
	[DEVIATION_ADDRESS_UNREADABLE] = { "address-unreadable",
	    { N_("The sender hides addresses, or writes a host name in their "
		 "place."),
		NULL },
	    { { "gzip -dcf FILE | grep -E 'mta-ip|receiving-ip'",
		  N_("RFC 8460 has an IPv4 or IPv6 address.") },
		{ NULL, NULL } },
	    NOT_YOURS },
	[DEVIATION_TEXT_CUT] = { "text-cut",
	    { N_("The sender copied a long answer or a list into one "
		 "member."),
		N_("Somebody tries to fill the database."), NULL },
	    { { "gzip -dcf FILE", N_("The whole text stands there.") },
		{ NULL, NULL } },
	    N_("Nothing; the document itself is kept whole.") },
};

static const char *const weight_names[] = {
	[WEIGHT_REMARK] = "remark",
	[WEIGHT_TOLERATED] = "tolerated",
	[WEIGHT_DOUBTFUL] = "doubtful",
	[WEIGHT_PARTIAL] = "partial",
};

const struct result_type *
result_type_find(const char *name)
{
	for (size_t i = 0; i < nresult_types; i++)
		if (strcasecmp(result_types[i].name, name) == 0)
			return &result_types[i];
	return NULL;
}

const char *
result_type_concern(const char *name)
{
	const struct result_type *row =
	    name != NULL ? result_type_find(name) : NULL;

	return row != NULL ? row->concern : "other";
}

const struct policy_type *
policy_type_find(const char *name)
{
	for (size_t i = 0; i < npolicy_types; i++)
		if (strcasecmp(policy_types[i].name, name) == 0)
			return &policy_types[i];
	return NULL;
}

size_t
nwords(void)
{
	return nresult_types + npolicy_types + NDEVIATIONS;
}

/* The explanation of that name; the tables keep the vocabulary's order. */
static const struct explanation *
explanation_of(const struct explanation *table, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static struct word
result_type_word(const struct result_type *row)
{
	return (struct word){ WORD_RESULT_TYPE, row->name, row->concern,
		row->summary, row->advice,
		explanation_of(of_result_types,
		    sizeof(of_result_types) / sizeof(of_result_types[0]),
		    row->name) };
}

static struct word
policy_type_word(const struct policy_type *row)
{
	return (struct word){ WORD_POLICY_TYPE, row->name, row->title,
		row->summary, row->advice,
		explanation_of(of_policy_types,
		    sizeof(of_policy_types) / sizeof(of_policy_types[0]),
		    row->name) };
}

struct word
word_at(size_t n)
{
	const struct deviation_code *row;

	if (n < nresult_types)
		return result_type_word(&result_types[n]);
	n -= nresult_types;
	if (n < npolicy_types)
		return policy_type_word(&policy_types[n]);
	n -= npolicy_types;
	row = &deviation_codes[n];
	return (struct word){ WORD_DEVIATION, row->code,
		weight_names[row->weight], row->meaning, NULL,
		&of_deviations[n] };
}

bool
word_find(const char *name, struct word *word)
{
	for (size_t i = 0; i < nwords(); i++) {
		struct word found = word_at(i);

		if (strcasecmp(found.name, name) == 0) {
			*word = found;
			return true;
		}
	}
	return false;
}
