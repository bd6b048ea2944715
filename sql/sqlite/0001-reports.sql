-- 0001  What the reports say, whence they came, and what they mean.
--
-- Run once, in order:
--
--	sqlite3 -bail reports.db <0001-reports.sql
--
-- or let tlsrpt-db init do it, which holds the same text, and which also puts
-- the file into WAL mode.  A file that has been released is never edited; the
-- next number mends it.
--
-- Keys are UUIDs as text, times are text such as 2024-01-15T00:00:00Z, always
-- UTC, and lists are JSON arrays of strings.

CREATE TABLE schema_version (	-- the migrations that were run
	version		INTEGER NOT NULL PRIMARY KEY, -- number of its file
	applied_at	TEXT NOT NULL
		DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
INSERT INTO schema_version (version) VALUES (1);

-- Rows of policy and failure lie in the order of their time, and then of the
-- key, which is as good as random: what comes in is written side by side, and
-- a large file is not touched all over.
--
-- report_key is computed from the content before the database is asked, and
-- all rows of a message are written in one transaction.  So a policy cannot
-- come without its report, and no foreign key is declared.  tlsrpt-db status
-- counts orphans.

-- One row for each report (RFC 8460, section 4.4), however often it came.
CREATE TABLE report (
	report_key	TEXT NOT NULL,	-- UUID version 8, from the content
	start_time	TEXT NOT NULL,	-- start-datetime
	end_time	TEXT NOT NULL,	-- end-datetime; may lie before start
	received_at	TEXT NOT NULL,	-- when the copy counted came in
	organization	TEXT,		-- organization-name as sent
	report_id	TEXT NOT NULL,	-- report-id; not unique
	contact		TEXT,		-- contact-info
	submitter	TEXT,		-- TLS-Report-Submitter (section 5.3)
	channel		TEXT NOT NULL,	-- mail, https, file
	auth		TEXT NOT NULL,	-- DKIM (section 3): pass, fail, none
	auth_domain	TEXT,		-- d= of the signature that decided
	deviations	TEXT NOT NULL DEFAULT '[]', -- JSON array of codes
	content_digest	BLOB NOT NULL,	-- SHA-256 of the JSON text
	document	BLOB NOT NULL,	-- as received: gzip or JSON
	CONSTRAINT report_is_stored_once PRIMARY KEY (report_key, start_time),
	CONSTRAINT report_channel_is_mail_https_or_file
		CHECK (channel IN ('mail', 'https', 'file')),
	CONSTRAINT report_auth_is_pass_none_or_fail
		CHECK (auth IN ('pass', 'none', 'fail')),
	CONSTRAINT report_digest_is_a_sha256
		CHECK (length(content_digest) = 32)
) STRICT;

-- One row for each entry of policies in a report (RFC 8460, section 4.4).
CREATE TABLE policy (
	report_key	TEXT NOT NULL,	-- the report that it stands in
	start_time	TEXT NOT NULL,	-- of that report
	policy_no	INTEGER NOT NULL, -- place in the report, from 1
	policy_type	TEXT,		-- tlsa, sts, no-policy-found, others
	policy_domain	TEXT,		-- in lower case
	policy_strings	TEXT NOT NULL DEFAULT '[]', -- JSON array, as sent
	mx_hosts	TEXT NOT NULL DEFAULT '[]', -- JSON array, as sent
	sts_mode	TEXT,		-- RFC 8461, section 3.2
	sts_max_age	INTEGER,	-- seconds
	successful	INTEGER NOT NULL, -- sessions; total-successful-...
	failed		INTEGER NOT NULL, -- sessions; total-failure-...
	CONSTRAINT policy_is_stored_once
		PRIMARY KEY (start_time, report_key, policy_no),
	CONSTRAINT policy_counts_are_not_negative
		CHECK (successful >= 0 AND failed >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX policy_by_domain ON policy (policy_domain, start_time);

-- One row for each entry of failure-details (RFC 8460, section 4.4).
CREATE TABLE failure (
	report_key		TEXT NOT NULL, -- the report that it stands in
	start_time		TEXT NOT NULL, -- of that report
	policy_no		INTEGER NOT NULL, -- the policy it stands in
	failure_no		INTEGER NOT NULL, -- place in it, from 1
	result_type		TEXT, -- section 4.3, or whatever else was sent
	sending_mta_ip		TEXT, -- as inet_ntop(3) writes it
	receiving_mx_hostname	TEXT, -- in lower case
	receiving_mx_helo	TEXT,
	receiving_ip		TEXT, -- as inet_ntop(3) writes it
	failed			INTEGER NOT NULL, -- sessions
	additional_information	TEXT,
	failure_reason_code	TEXT,
	CONSTRAINT failure_is_stored_once
		PRIMARY KEY (start_time, report_key, policy_no, failure_no),
	CONSTRAINT failure_count_is_not_negative CHECK (failed >= 0)
) STRICT, WITHOUT ROWID;

-- Documents that claim the key of another report and are not counted: that
-- one is better authenticated, or came first.
CREATE TABLE superseded (
	report_key	TEXT NOT NULL,	-- the key that both share
	content_digest	BLOB NOT NULL,	-- SHA-256, not that of the one counted
	start_time	TEXT NOT NULL,	-- of both
	received_at	TEXT NOT NULL,	-- when it came in
	auth		TEXT NOT NULL,	-- as in report
	auth_domain	TEXT,		-- as in report
	document	BLOB NOT NULL,	-- as in report, whole
	CONSTRAINT superseded_is_stored_once
		PRIMARY KEY (report_key, content_digest),
	CONSTRAINT superseded_auth_is_pass_none_or_fail
		CHECK (auth IN ('pass', 'none', 'fail')),
	CONSTRAINT superseded_digest_is_a_sha256
		CHECK (length(content_digest) = 32)
) STRICT;

-- One row for each arrival of a message, whatever became of it.
CREATE TABLE intake (
	intake_id	INTEGER NOT NULL PRIMARY KEY,
	received_at	TEXT NOT NULL,	-- when it came in
	channel		TEXT NOT NULL,	-- mail, https, file
	source		TEXT,		-- a path, stdin, an address
	message_id	TEXT,		-- Message-ID
	sender		TEXT,		-- the address in From
	subject		TEXT,		-- Subject, decoded
	outcome		TEXT NOT NULL,
	reason		TEXT,		-- why it was rejected, a code
	report_key	TEXT,		-- of the first report in it
	CONSTRAINT intake_channel_is_mail_https_or_file
		CHECK (channel IN ('mail', 'https', 'file')),
	CONSTRAINT intake_outcome_is_known CHECK (outcome IN
		('stored', 'duplicate', 'superseded', 'rejected')),
	CONSTRAINT intake_has_a_reason_if_rejected
		CHECK ((outcome = 'rejected') = (reason IS NOT NULL))
) STRICT;

CREATE INDEX intake_by_time ON intake (received_at);

-- What the result types of RFC 8460, section 4.3, mean.
CREATE TABLE result_type (
	result_type	TEXT NOT NULL PRIMARY KEY,
	concern		TEXT NOT NULL,	-- starttls, certificate, dane, ...
	summary		TEXT NOT NULL,	-- what it means, a sentence
	advice		TEXT NOT NULL,	-- what to do, a sentence
	CONSTRAINT concern_is_known CHECK (concern IN
		('starttls', 'certificate', 'dane', 'mta-sts', 'other'))
) STRICT, WITHOUT ROWID;

INSERT INTO result_type (result_type, concern, summary, advice) VALUES
	('starttls-not-supported', 'starttls',
	'The receiving host did not offer STARTTLS.',
	'Switch STARTTLS on at that host, and look for a firewall or proxy that removes it from the greeting.'),
	('certificate-host-mismatch', 'certificate',
	'The certificate does not name the receiving host.',
	'Have a certificate issued that lists the MX host name as a subject alternative name.'),
	('certificate-expired', 'certificate',
	'The certificate of the receiving host had expired.',
	'Renew the certificate, reload the mail server, and see why the renewal did not happen by itself.'),
	('certificate-not-trusted', 'certificate',
	'The sender could not build a chain from the certificate to an authority it trusts.',
	'Serve the full chain, and use a certificate of a public authority.'),
	('validation-failure', 'other',
	'TLS could not be negotiated, for a reason that no other result type covers.',
	'Read the failure reason code, then compare protocol versions and ciphers of both sides.'),
	('tlsa-invalid', 'dane',
	'None of the TLSA records was valid for the certificate served.',
	'Publish TLSA records that match the certificate, and change them before the certificate changes.'),
	('dnssec-invalid', 'dane',
	'The sender''s resolver got no answer that DNSSEC validates.',
	'Check the signatures of the zone and the DS record of its parent.'),
	('dane-required', 'dane',
	'The sender insists on DANE, and the host has no validated TLSA record.',
	'Publish TLSA records in a signed zone for every MX host, or agree with the sender to do without.'),
	('sts-policy-fetch-error', 'mta-sts',
	'The MTA-STS policy could not be fetched.',
	'See that https://mta-sts.DOMAIN/.well-known/mta-sts.txt answers quickly, without a redirect, over IPv4 and IPv6.'),
	('sts-policy-invalid', 'mta-sts',
	'The MTA-STS policy has an error.',
	'Correct the policy file: version, mode, mx and max_age, one a line.'),
	('sts-webpki-invalid', 'mta-sts',
	'The certificate of the host that serves the MTA-STS policy is not valid.',
	'Renew or replace the certificate of mta-sts.DOMAIN.');

-- Views, for people, dashboards and tlsrpt-report.  A day is the UTC date of
-- start_time.  sum() fails where it overflows, and a sender may claim as much
-- as 2^63 - 1 sessions; total() does not, and the cast stops at that number.

-- Sessions by day, policy domain, reporter and policy type.
CREATE VIEW daily AS
SELECT substr(p.start_time, 1, 10) AS day,
	p.policy_domain AS policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	p.policy_type AS policy_type,
	CAST(total(p.successful) AS INTEGER) AS successful,
	CAST(total(p.failed) AS INTEGER) AS failed
FROM policy p
JOIN report r ON r.report_key = p.report_key AND r.start_time = p.start_time
GROUP BY 1, 2, 3, 4;

-- Failed sessions by day, policy domain, reporter, result type and MX.
CREATE VIEW daily_failure AS
SELECT substr(f.start_time, 1, 10) AS day,
	p.policy_domain AS policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	f.result_type AS result_type,
	f.receiving_mx_hostname AS receiving_mx_hostname,
	CAST(total(f.failed) AS INTEGER) AS failed
FROM failure f
JOIN policy p ON p.report_key = f.report_key
	AND p.start_time = f.start_time AND p.policy_no = f.policy_no
JOIN report r ON r.report_key = f.report_key AND r.start_time = f.start_time
GROUP BY 1, 2, 3, 4, 5;

-- Who reports on which policy domain, and since when.
CREATE VIEW reporter AS
SELECT coalesce(r.organization, r.submitter) AS organization,
	p.policy_domain AS policy_domain,
	min(substr(p.start_time, 1, 10)) AS first_day,
	max(substr(p.start_time, 1, 10)) AS last_day,
	count(DISTINCT p.report_key) AS reports
FROM policy p
JOIN report r ON r.report_key = p.report_key AND r.start_time = p.start_time
GROUP BY 1, 2;

-- Days without a report, between the first and the last that a reporter sent;
-- implausible dates are left out.
CREATE VIEW coverage AS
WITH RECURSIVE seen AS (
	SELECT DISTINCT substr(p.start_time, 1, 10) AS day,
		p.policy_domain AS policy_domain,
		coalesce(r.organization, r.submitter) AS organization
	FROM policy p
	JOIN report r ON r.report_key = p.report_key
		AND r.start_time = p.start_time
	WHERE p.start_time >= '2016-01-01T00:00:00Z'
		AND p.start_time < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+2 days')
), gap AS (
	SELECT day, policy_domain, organization,
		lead(day) OVER (
			PARTITION BY policy_domain, organization ORDER BY day)
			AS next_day
	FROM seen
), absent AS (
	SELECT date(day, '+1 day') AS day, policy_domain, organization, next_day
	FROM gap
	WHERE date(day, '+1 day') < next_day
	UNION ALL
	SELECT date(day, '+1 day'), policy_domain, organization, next_day
	FROM absent
	WHERE date(day, '+1 day') < next_day
)
SELECT day, policy_domain, organization FROM absent;
