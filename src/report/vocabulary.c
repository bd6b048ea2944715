#include "report/vocabulary.h"

#include <string.h>

#include "base/translate.h"

const struct result_type result_types[] = {
	{ "starttls-not-supported", "starttls",
	    N_("The receiving host did not offer STARTTLS."),
	    N_("Switch STARTTLS on at that host, and look for a firewall or proxy "
	       "that removes it from the greeting.") },
	{ "certificate-host-mismatch", "certificate",
	    N_("The certificate does not name the receiving host."),
	    N_("Have a certificate issued that lists the MX host name as a "
	       "subject alternative name.") },
	{ "certificate-expired", "certificate",
	    N_("The certificate of the receiving host had expired."),
	    N_("Renew the certificate, reload the mail server, and see why the "
	       "renewal did not happen by itself.") },
	{ "certificate-not-trusted", "certificate",
	    N_("The sender could not build a chain from the certificate to an "
	       "authority it trusts."),
	    N_("Serve the full chain, and use a certificate of a public "
	       "authority.") },
	{ "validation-failure", "other",
	    N_("TLS could not be negotiated, for a reason that no other result "
	       "type covers."),
	    N_("Read the failure reason code, then compare protocol versions and "
	       "ciphers of both sides.") },
	{ "tlsa-invalid", "dane",
	    N_("None of the TLSA records was valid for the certificate served."),
	    N_("Publish TLSA records that match the certificate, and change them "
	       "before the certificate changes.") },
	{ "dnssec-invalid", "dane",
	    N_("The sender's resolver got no answer that DNSSEC validates."),
	    N_("Check the signatures of the zone and the DS record of its "
	       "parent.") },
	{ "dane-required", "dane",
	    N_("The sender insists on DANE, and the host has no validated TLSA "
	       "record."),
	    N_("Publish TLSA records in a signed zone for every MX host, or agree "
	       "with the sender to do without.") },
	{ "sts-policy-fetch-error", "mta-sts",
	    N_("The MTA-STS policy could not be fetched."),
	    N_("See that https://mta-sts.DOMAIN/.well-known/mta-sts.txt answers "
	       "quickly, without a redirect, over IPv4 and IPv6.") },
	{ "sts-policy-invalid", "mta-sts",
	    N_("The MTA-STS policy has an error."),
	    N_("Correct the policy file: version, mode, mx and max_age, one a "
	       "line.") },
	{ "sts-webpki-invalid", "mta-sts",
	    N_("The certificate of the host that serves the MTA-STS policy is not "
	       "valid."),
	    N_("Renew or replace the certificate of mta-sts.DOMAIN.") },
};

const size_t nresult_types = sizeof(result_types) / sizeof(result_types[0]);

bool
result_type_is_registered(const char *name)
{
	for (size_t i = 0; i < nresult_types; i++)
		if (strcmp(result_types[i].name, name) == 0)
			return true;
	return false;
}

bool
policy_type_is_registered(const char *name)
{
	return strcmp(name, "sts") == 0 || strcmp(name, "tlsa") == 0 ||
	    strcmp(name, "no-policy-found") == 0;
}

#define REMARK(name, code, meaning) \
	[DEVIATION_##name] = { code, WEIGHT_REMARK, meaning }
#define TOLERATED(name, code, meaning) \
	[DEVIATION_##name] = { code, WEIGHT_TOLERATED, meaning }
#define DOUBTFUL(name, code, meaning) \
	[DEVIATION_##name] = { code, WEIGHT_DOUBTFUL, meaning }
#define PARTIAL(name, code, meaning) \
	[DEVIATION_##name] = { code, WEIGHT_PARTIAL, meaning }

const struct deviation_code deviation_codes[NDEVIATIONS] = {
	TOLERATED(CONTAINER, "container",
	    "The report is not in a multipart/report of type tlsrpt."),
	TOLERATED(MEDIA_TYPE, "media-type",
	    "The part is not typed application/tlsrpt+gzip or "
	    "application/tlsrpt+json."),
	TOLERATED(MISLABELLED, "mislabelled",
	    "The type says gzip and the content is JSON, or the reverse."),
	REMARK(FORWARDED, "forwarded",
	    "The report came inside another message."),
	REMARK(SEVERAL_REPORTS, "several-reports",
	    "The message holds more than one report."),
	PARTIAL(PART_LEFT_OUT, "part-left-out",
	    "Another part of the message is typed as a TLS report and could "
	    "not be read."),
	REMARK(REPORT_DOMAIN_MISMATCH, "report-domain-mismatch",
	    "TLS-Report-Domain names none of the policy domains."),
	REMARK(SUBMITTER_MISMATCH, "submitter-mismatch",
	    "TLS-Report-Submitter is not the domain of contact-info."),
	TOLERATED(GZIP_MEMBERS, "gzip-members",
	    "The gzip data are several members in a row."),
	TOLERATED(GZIP_TRAILING_DATA, "gzip-trailing-data",
	    "Something that is no gzip data follows them."),
	TOLERATED(GZIP_TWICE, "gzip-twice",
	    "The report was compressed two times."),
	TOLERATED(BYTE_ORDER_MARK, "byte-order-mark",
	    "The JSON text starts with a byte order mark."),
	TOLERATED(TRAILING_DATA, "trailing-data",
	    "Something that is no white space follows the JSON value."),
	TOLERATED(INVALID_UTF8, "invalid-utf8",
	    "Bytes that are no UTF-8 became U+FFFD."),
	TOLERATED(NUL_CHARACTER, "nul-character",
	    "A character U+0000 became U+FFFD."),
	TOLERATED(LONE_SURROGATE, "lone-surrogate",
	    "Half of a surrogate pair became U+FFFD."),
	REMARK(CONTROL_CHARACTER, "control-character",
	    "A text holds control or invisible characters."),
	TOLERATED(DUPLICATE_KEY, "duplicate-key",
	    "A key occurs twice in one object; the last one counts."),
	TOLERATED(KEY_CASE, "key-case",
	    "A key is written in other case than RFC 8460 has it."),
	REMARK(KEY_MISSPELT, "key-misspelt",
	    "A key has a name from a draft or the grammar, and is read as what "
	    "it means."),
	TOLERATED(MEMBER_NULL, "member-null",
	    "An optional text is null instead of absent."),
	TOLERATED(MEMBER_NOT_TEXT, "member-not-text",
	    "A value that should be text is something else, and left out."),
	DOUBTFUL(ORGANIZATION_MISSING, "organization-missing",
	    "There is no organization-name."),
	DOUBTFUL(ORGANIZATION_BLANK, "organization-blank",
	    "The organization-name is blank."),
	TOLERATED(CONTACT_MISSING, "contact-missing",
	    "There is no contact-info."),
	TOLERATED(CONTACT_NOT_ADDRESS, "contact-not-address",
	    "The contact-info is no mail address."),
	TOLERATED(DATETIME_WITHOUT_ZONE, "datetime-without-zone",
	    "A date has no time zone, and is taken for UTC."),
	TOLERATED(DATETIME_WITHOUT_TIME, "datetime-without-time",
	    "A date has no time, and is taken for midnight."),
	TOLERATED(DATETIME_FORM, "datetime-form",
	    "A date is not written as RFC 3339 has it."),
	DOUBTFUL(DATES_REVERSED, "dates-reversed",
	    "The report ends before it starts."),
	TOLERATED(DATES_IMPLAUSIBLE, "dates-implausible",
	    "The report starts or ends before 2016, or more than two days from "
	    "now."),
	TOLERATED(POLICIES_EMPTY, "policies-empty",
	    "The list of policies is empty."),
	PARTIAL(POLICY_LEFT_OUT, "policy-left-out",
	    "A policy could not be used and is left out."),
	PARTIAL(POLICY_FOREIGN, "policy-foreign",
	    "A policy of a domain that is not ours is left out."),
	DOUBTFUL(POLICY_TYPE_MISSING, "policy-type-missing",
	    "A policy has no policy-type."),
	TOLERATED(POLICY_TYPE_UNREGISTERED, "policy-type-unregistered",
	    "A policy-type is not one of RFC 8460's."),
	DOUBTFUL(POLICY_DOMAIN_MISSING, "policy-domain-missing",
	    "A policy has no policy-domain."),
	REMARK(POLICY_DOMAIN_DERIVED, "policy-domain-derived",
	    "A missing policy-domain was taken from TLS-Report-Domain."),
	TOLERATED(POLICY_STRING_NOT_ARRAY, "policy-string-not-array",
	    "A policy-string is not a list."),
	TOLERATED(MX_HOST_NOT_ARRAY, "mx-host-not-array",
	    "An mx-host is not a list."),
	TOLERATED(ENTRY_NOT_TEXT, "entry-not-text",
	    "An entry of policy-string or mx-host is no text, and left out."),
	DOUBTFUL(SUMMARY_MISSING, "summary-missing",
	    "A policy has no summary; its counts are taken for 0."),
	TOLERATED(COUNT_MISSING, "count-missing",
	    "A count is absent, and taken for 0."),
	TOLERATED(COUNT_AS_TEXT, "count-as-text",
	    "A count is written as text."),
	DOUBTFUL(COUNT_BEYOND_DOUBLE, "count-beyond-double",
	    "A count is beyond 2^53, where JSON readers differ."),
	PARTIAL(FAILURE_DETAILS_LEFT_OUT, "failure-details-left-out",
	    "The failure-details are not a list, and left out."),
	PARTIAL(FAILURE_LEFT_OUT, "failure-left-out",
	    "A failure detail could not be used and is left out."),
	REMARK(FAILURE_SUM, "failure-sum",
	    "The failure details do not add up to the failures of their "
	    "policy."),
	TOLERATED(RESULT_TYPE_MISSING, "result-type-missing",
	    "A failure detail has no result-type."),
	REMARK(RESULT_TYPE_UNREGISTERED, "result-type-unregistered",
	    "A result-type is not one of RFC 8460's."),
	TOLERATED(ADDRESS_UNREADABLE, "address-unreadable",
	    "An IP address cannot be read, and is left out."),
	TOLERATED(TEXT_CUT, "text-cut",
	    "A text was longer than the database keeps, and cut."),
};

_Static_assert(NDEVIATIONS <= 64, "a set of deviations is one 64-bit mask");

const char *const outcome_names[NOUTCOMES] = {
	[OUTCOME_NONE] = "failed",
	[OUTCOME_STORED] = "stored",
	[OUTCOME_DUPLICATE] = "duplicate",
	[OUTCOME_SUPERSEDED] = "superseded",
	[OUTCOME_REJECTED] = "rejected",
	[OUTCOME_DECODED] = "decoded",
};

const struct reason_code reason_codes[NREASONS] = {
	[REASON_NONE] = { NULL, N_("Nothing is wrong with it.") },
	[REASON_NOT_A_REPORT] = { "not-a-report",
	    N_("It holds nothing that is a TLS report or claims to be one.") },
	[REASON_UNREADABLE] = { "unreadable",
	    N_("It claims to hold a TLS report that cannot be read.") },
	[REASON_TOO_LARGE] = { "too-large",
	    N_("It is larger, deeper or longer than a limit allows.") },
	[REASON_UNAUTHENTICATED] = { "unauthenticated",
	    N_("With --auth=require: no valid DKIM signature of its sender.") },
	[REASON_FOREIGN_DOMAIN] = { "foreign-domain",
	    N_("With --domain: it is about domains that are not ours.") },
	[REASON_REFUSED_BY_DATABASE] = { "refused-by-database",
	    N_("The database refused its rows for what is in them.") },
};

const char *const channel_names[NCHANNELS] = {
	[CHANNEL_MAIL] = "mail",
	[CHANNEL_HTTPS] = "https",
	[CHANNEL_FILE] = "file",
};

const char *const auth_names[NAUTHS] = {
	[AUTH_FAIL] = "fail",
	[AUTH_NONE] = "none",
	[AUTH_PASS] = "pass",
};
