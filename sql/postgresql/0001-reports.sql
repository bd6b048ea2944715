-- 0001  What the reports say, whence they came, and what they mean.
--
-- Run once, in order, as the owner of the database:
--
--	psql -X -v ON_ERROR_STOP=1 -1 -f 0001-reports.sql
--
-- or let tlsrpt-db init do it, which holds the same text.  A file that has
-- been released is never edited; the next number mends it.

CREATE SCHEMA IF NOT EXISTS tlsrpt;
COMMENT ON SCHEMA tlsrpt IS
	'SMTP TLS reports (RFC 8460), as tlsrpt-tools keeps them.';

CREATE TABLE tlsrpt.schema_version (
	version		integer NOT NULL,
	applied_at	timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CONSTRAINT version_is_applied_once PRIMARY KEY (version)
);
INSERT INTO tlsrpt.schema_version (version) VALUES (1);

COMMENT ON TABLE tlsrpt.schema_version IS
	'The migrations that were run; the greatest is the version of the schema.';
COMMENT ON COLUMN tlsrpt.schema_version.version IS
	'The number that the name of the migration''s file starts with.';
COMMENT ON COLUMN tlsrpt.schema_version.applied_at IS
	'When it was run.';

-- The three large tables.
--
-- report_key is computed from the content before the database is asked, and
-- all rows of a message are written in one transaction.  So a policy cannot
-- come without its report, and no foreign key is declared: measured, they
-- cost as much as all the rest of a write.  tlsrpt-db status counts orphans.
--
-- start_time stands in every key because a partition is a month of it.

CREATE TABLE tlsrpt.report (
	report_key	uuid NOT NULL,
	start_time	timestamptz NOT NULL,
	end_time	timestamptz NOT NULL,
	received_at	timestamptz NOT NULL,
	organization	text,
	report_id	text NOT NULL,
	contact		text,
	submitter	text,
	channel		text NOT NULL,
	auth		text NOT NULL,
	auth_domain	text,
	deviations	text[] NOT NULL DEFAULT '{}',
	content_digest	bytea NOT NULL,
	document	bytea NOT NULL,
	CONSTRAINT report_is_stored_once PRIMARY KEY (report_key, start_time),
	CONSTRAINT report_channel_is_mail_https_or_file
		CHECK (channel IN ('mail', 'https', 'file')),
	CONSTRAINT report_auth_is_pass_none_or_fail
		CHECK (auth IN ('pass', 'none', 'fail')),
	CONSTRAINT report_digest_is_a_sha256
		CHECK (pg_catalog.octet_length(content_digest) = 32)
) PARTITION BY RANGE (start_time);

-- Most documents are gzip data already.
ALTER TABLE tlsrpt.report ALTER COLUMN document SET STORAGE EXTERNAL;

COMMENT ON TABLE tlsrpt.report IS
	'One row for each report (RFC 8460, section 4.4), however often and by whatever way it came.';
COMMENT ON COLUMN tlsrpt.report.report_key IS
	'UUID version 8 from SHA-256 over organization, report_id, start_time, end_time and the sorted policy domains in lower case.';
COMMENT ON COLUMN tlsrpt.report.start_time IS
	'Start of the time reported on: start-datetime (RFC 8460, section 4.4); the table is partitioned by its month, in UTC.';
COMMENT ON COLUMN tlsrpt.report.end_time IS
	'End of the time reported on: end-datetime; may lie before start_time where the sender says so.';
COMMENT ON COLUMN tlsrpt.report.received_at IS
	'When the first copy that is counted came in.';
COMMENT ON COLUMN tlsrpt.report.organization IS
	'organization-name as sent; NULL where it is missing. The views take submitter then.';
COMMENT ON COLUMN tlsrpt.report.report_id IS
	'report-id, the sender''s own name for the report; not unique, senders reuse it across dates and domains.';
COMMENT ON COLUMN tlsrpt.report.contact IS
	'contact-info, mostly a mail address; NULL where it is missing.';
COMMENT ON COLUMN tlsrpt.report.submitter IS
	'TLS-Report-Submitter, a field of the mail''s header (RFC 8460, section 5.3); NULL where there is none.';
COMMENT ON COLUMN tlsrpt.report.channel IS
	'How it came: mail, https, or file for a bare document.';
COMMENT ON COLUMN tlsrpt.report.auth IS
	'Whether DKIM vouches for the reporter (RFC 8460, section 3): pass, fail, or none where nothing is known.';
COMMENT ON COLUMN tlsrpt.report.auth_domain IS
	'The domain (d=) of the signature that decided; NULL where there is none.';
COMMENT ON COLUMN tlsrpt.report.deviations IS
	'Codes of all that departs from RFC 8460 in message and document; see tlsrpt-schema(7).';
COMMENT ON COLUMN tlsrpt.report.content_digest IS
	'SHA-256 of the JSON text, 32 bytes.';
COMMENT ON COLUMN tlsrpt.report.document IS
	'The report as it was received: gzip data or JSON text.';

CREATE TABLE tlsrpt.policy (
	report_key	uuid NOT NULL,
	start_time	timestamptz NOT NULL,
	policy_no	integer NOT NULL,
	policy_type	text,
	policy_domain	text,
	policy_strings	text[] NOT NULL DEFAULT '{}',
	mx_hosts	text[] NOT NULL DEFAULT '{}',
	sts_mode	text,
	sts_max_age	bigint,
	successful	bigint NOT NULL,
	failed		bigint NOT NULL,
	CONSTRAINT policy_is_stored_once
		PRIMARY KEY (report_key, start_time, policy_no),
	CONSTRAINT policy_counts_are_not_negative
		CHECK (successful >= 0 AND failed >= 0)
) PARTITION BY RANGE (start_time);

CREATE INDEX policy_by_domain ON tlsrpt.policy (policy_domain, start_time);

COMMENT ON TABLE tlsrpt.policy IS
	'One row for each entry of policies in a report (RFC 8460, section 4.4).';
COMMENT ON COLUMN tlsrpt.policy.report_key IS
	'The report that it stands in.';
COMMENT ON COLUMN tlsrpt.policy.start_time IS
	'start_time of that report.';
COMMENT ON COLUMN tlsrpt.policy.policy_no IS
	'Place in the report, from 1; type and domain may occur more than once.';
COMMENT ON COLUMN tlsrpt.policy.policy_type IS
	'policy-type: tlsa, sts, no-policy-found, or whatever else was sent.';
COMMENT ON COLUMN tlsrpt.policy.policy_domain IS
	'policy-domain, in lower case; NULL where it is missing.';
COMMENT ON COLUMN tlsrpt.policy.policy_strings IS
	'policy-string: the lines of the MTA-STS policy or the TLSA records, as sent.';
COMMENT ON COLUMN tlsrpt.policy.mx_hosts IS
	'mx-host: patterns of MX names, as sent.';
COMMENT ON COLUMN tlsrpt.policy.sts_mode IS
	'The mode line of the MTA-STS policy (RFC 8461, section 3.2): enforce, testing or none.';
COMMENT ON COLUMN tlsrpt.policy.sts_max_age IS
	'The max_age line of the MTA-STS policy (RFC 8461, section 3.2), in seconds.';
COMMENT ON COLUMN tlsrpt.policy.successful IS
	'total-successful-session-count; never add it up across policy types, which count the same sessions.';
COMMENT ON COLUMN tlsrpt.policy.failed IS
	'total-failure-session-count; need not be the sum of the failure details.';

CREATE TABLE tlsrpt.failure (
	report_key		uuid NOT NULL,
	start_time		timestamptz NOT NULL,
	policy_no		integer NOT NULL,
	failure_no		integer NOT NULL,
	result_type		text,
	sending_mta_ip		inet,
	receiving_mx_hostname	text,
	receiving_mx_helo	text,
	receiving_ip		inet,
	failed			bigint NOT NULL,
	additional_information	text,
	failure_reason_code	text,
	CONSTRAINT failure_is_stored_once
		PRIMARY KEY (report_key, start_time, policy_no, failure_no),
	CONSTRAINT failure_count_is_not_negative CHECK (failed >= 0)
) PARTITION BY RANGE (start_time);

COMMENT ON TABLE tlsrpt.failure IS
	'One row for each entry of failure-details (RFC 8460, section 4.4).';
COMMENT ON COLUMN tlsrpt.failure.report_key IS
	'The report that it stands in.';
COMMENT ON COLUMN tlsrpt.failure.start_time IS
	'start_time of that report.';
COMMENT ON COLUMN tlsrpt.failure.policy_no IS
	'The policy that it stands in.';
COMMENT ON COLUMN tlsrpt.failure.failure_no IS
	'Place in that policy, from 1.';
COMMENT ON COLUMN tlsrpt.failure.result_type IS
	'result-type (RFC 8460, section 4.3), or whatever else was sent; see the table result_type.';
COMMENT ON COLUMN tlsrpt.failure.sending_mta_ip IS
	'sending-mta-ip; NULL where it is missing or no address.';
COMMENT ON COLUMN tlsrpt.failure.receiving_mx_hostname IS
	'receiving-mx-hostname, in lower case.';
COMMENT ON COLUMN tlsrpt.failure.receiving_mx_helo IS
	'receiving-mx-helo: what that host called itself.';
COMMENT ON COLUMN tlsrpt.failure.receiving_ip IS
	'receiving-ip; NULL where it is missing or no address.';
COMMENT ON COLUMN tlsrpt.failure.failed IS
	'failed-session-count.';
COMMENT ON COLUMN tlsrpt.failure.additional_information IS
	'additional-information: text or a URI, as sent.';
COMMENT ON COLUMN tlsrpt.failure.failure_reason_code IS
	'failure-reason-code: the sender''s own words for the reason.';

-- Where a month has no partition of its own: dates before 2016 and in a
-- future too far to be true.
CREATE TABLE tlsrpt.report_default PARTITION OF tlsrpt.report DEFAULT;
CREATE TABLE tlsrpt.policy_default PARTITION OF tlsrpt.policy DEFAULT;
CREATE TABLE tlsrpt.failure_default PARTITION OF tlsrpt.failure DEFAULT;
COMMENT ON TABLE tlsrpt.report_default IS
	'Reports of months without a partition: dates that cannot be true.';
COMMENT ON TABLE tlsrpt.policy_default IS
	'Policies of the reports in report_default.';
COMMENT ON TABLE tlsrpt.failure_default IS
	'Failures of the reports in report_default.';

CREATE TABLE tlsrpt.superseded (
	report_key	uuid NOT NULL,
	content_digest	bytea NOT NULL,
	start_time	timestamptz NOT NULL,
	received_at	timestamptz NOT NULL,
	auth		text NOT NULL,
	auth_domain	text,
	document	bytea NOT NULL,
	CONSTRAINT superseded_is_stored_once
		PRIMARY KEY (report_key, content_digest),
	CONSTRAINT superseded_auth_is_pass_none_or_fail
		CHECK (auth IN ('pass', 'none', 'fail')),
	CONSTRAINT superseded_digest_is_a_sha256
		CHECK (pg_catalog.octet_length(content_digest) = 32)
);
ALTER TABLE tlsrpt.superseded ALTER COLUMN document SET STORAGE EXTERNAL;

COMMENT ON TABLE tlsrpt.superseded IS
	'Documents that claim the key of another report and are not counted: that one is better authenticated, or came first.';
COMMENT ON COLUMN tlsrpt.superseded.report_key IS
	'The key that both share.';
COMMENT ON COLUMN tlsrpt.superseded.content_digest IS
	'SHA-256 of the JSON text, 32 bytes; not that of the report counted.';
COMMENT ON COLUMN tlsrpt.superseded.start_time IS
	'start_time of both.';
COMMENT ON COLUMN tlsrpt.superseded.received_at IS
	'When it came in.';
COMMENT ON COLUMN tlsrpt.superseded.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.superseded.auth_domain IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.superseded.document IS
	'As in report, whole.';

CREATE TABLE tlsrpt.intake (
	intake_id	bigint GENERATED ALWAYS AS IDENTITY,
	received_at	timestamptz NOT NULL,
	channel		text NOT NULL,
	source		text,
	message_id	text,
	sender		text,
	subject		text,
	outcome		text NOT NULL,
	reason		text,
	report_key	uuid,
	CONSTRAINT intake_has_one_row PRIMARY KEY (intake_id),
	CONSTRAINT intake_channel_is_mail_https_or_file
		CHECK (channel IN ('mail', 'https', 'file')),
	CONSTRAINT intake_outcome_is_known CHECK (outcome IN
		('stored', 'duplicate', 'superseded', 'rejected')),
	CONSTRAINT intake_has_a_reason_if_rejected
		CHECK ((outcome = 'rejected') = (reason IS NOT NULL))
);

CREATE INDEX intake_by_time ON tlsrpt.intake (received_at);

COMMENT ON TABLE tlsrpt.intake IS
	'One row for each arrival of a message or bare document, whatever became of it.';
COMMENT ON COLUMN tlsrpt.intake.intake_id IS
	'A number, in order of arrival but for transactions that ran at once.';
COMMENT ON COLUMN tlsrpt.intake.received_at IS
	'When it came in.';
COMMENT ON COLUMN tlsrpt.intake.channel IS
	'How it came: mail, https, or file for a bare document.';
COMMENT ON COLUMN tlsrpt.intake.source IS
	'Where it was read: a path, stdin, an address.';
COMMENT ON COLUMN tlsrpt.intake.message_id IS
	'Message-ID of the mail (RFC 5322, section 3.6.4).';
COMMENT ON COLUMN tlsrpt.intake.sender IS
	'The address in From.';
COMMENT ON COLUMN tlsrpt.intake.subject IS
	'Subject, decoded.';
COMMENT ON COLUMN tlsrpt.intake.outcome IS
	'stored, duplicate, superseded or rejected.';
COMMENT ON COLUMN tlsrpt.intake.reason IS
	'Why it was rejected, a code; NULL with every other outcome.';
COMMENT ON COLUMN tlsrpt.intake.report_key IS
	'The first report in it, which need not be kept any more; NULL where there was none.';

CREATE TABLE tlsrpt.result_type (
	result_type	text NOT NULL,
	concern		text NOT NULL,
	summary		text NOT NULL,
	advice		text NOT NULL,
	CONSTRAINT result_type_has_one_meaning PRIMARY KEY (result_type),
	CONSTRAINT concern_is_known CHECK (concern IN
		('starttls', 'certificate', 'dane', 'mta-sts', 'other'))
);

COMMENT ON TABLE tlsrpt.result_type IS
	'What the result types of RFC 8460, section 4.3, mean.';
COMMENT ON COLUMN tlsrpt.result_type.result_type IS
	'The name that IANA registers.';
COMMENT ON COLUMN tlsrpt.result_type.concern IS
	'What it is about: starttls, certificate, dane, mta-sts or other.';
COMMENT ON COLUMN tlsrpt.result_type.summary IS
	'What it means, a sentence.';
COMMENT ON COLUMN tlsrpt.result_type.advice IS
	'What to do, a sentence.';

INSERT INTO tlsrpt.result_type (result_type, concern, summary, advice) VALUES
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

-- Functions.  Both run with the rights of the owner, so that who writes needs
-- no more than INSERT; both therefore fix all that a caller could set.

-- Make the partitions of months that have none, for months from January 2016
-- to the one after this; others are passed over, and their rows lie in the
-- default partitions.  Any day stands for its month.  Returns the first days
-- of those months that now have partitions.
--
-- Call it in a transaction of its own: it locks the default partitions, since
-- rows that wait there are moved, until that transaction ends.
CREATE FUNCTION tlsrpt.ensure_months(months date[]) RETURNS SETOF date
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC'
AS $$
DECLARE
	most	constant date := date_trunc('month', now()) + interval '1 month';
	first	date;
	locked	boolean := false;
	name	text;
	part	text;
BEGIN
	FOR first IN
		SELECT DISTINCT date_trunc('month', month)::date
		FROM unnest(months) AS month
		WHERE month >= date '2016-01-01'
		    AND date_trunc('month', month)::date <= most
		ORDER BY 1
	LOOP
		FOREACH name IN ARRAY ARRAY['report', 'policy', 'failure'] LOOP
			part := name || to_char(first, '_YYYY_MM');
			CONTINUE WHEN to_regclass('tlsrpt.' || part) IS NOT NULL;
			IF NOT locked THEN
				-- One at a time, and in one order with those
				-- who write to the default partitions.
				PERFORM pg_advisory_xact_lock(8460, 2);
				LOCK TABLE tlsrpt.report_default,
				    tlsrpt.policy_default, tlsrpt.failure_default
				    IN ACCESS EXCLUSIVE MODE;
				locked := true;
				-- Another may have made it meanwhile.
				CONTINUE WHEN
				    to_regclass('tlsrpt.' || part) IS NOT NULL;
			END IF;
			-- Made aside and attached: unlike PARTITION OF, that
			-- lets others go on reading and writing the table.
			EXECUTE format(
			    'CREATE TABLE tlsrpt.%I (LIKE tlsrpt.%I INCLUDING ALL)',
			    part, name);
			EXECUTE format(
			    'WITH moved AS (DELETE FROM tlsrpt.%I'
			    ' WHERE start_time >= %L AND start_time < %L RETURNING *)'
			    ' INSERT INTO tlsrpt.%I SELECT * FROM moved',
			    name || '_default', first, first + interval '1 month', part);
			EXECUTE format(
			    'ALTER TABLE tlsrpt.%I ATTACH PARTITION tlsrpt.%I'
			    ' FOR VALUES FROM (%L) TO (%L)',
			    name, part, first, first + interval '1 month');
		END LOOP;
		RETURN NEXT first;
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION tlsrpt.ensure_months(date[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.ensure_months(date[]) IS
	'Makes the partitions of these months where they are plausible and missing.';

-- Say what is to become of reports whose keys are taken; each key once.
-- The verdicts, each with its report's place in the arrays, from 1:
--
--	duplicate	the same content; where the new copy is better
--			authenticated, the row now says so
--	superseded	other content, not better authenticated: the caller
--			writes it to the table superseded
--	replaced	other content, better authenticated: the old report
--			has been moved to superseded, and the caller writes
--			the new one, all in this transaction
--	absent		the key is not taken any more; the caller tries again
--
-- The same key always means the same start_time, which is hashed into it.
-- The settings see to it that the keys are looked up by index whatever the
-- planner believes of tables that were empty a minute ago.
CREATE FUNCTION tlsrpt.settle(report_keys uuid[], start_times timestamptz[],
	content_digests bytea[], auths text[], auth_domains text[])
	RETURNS TABLE (ordinal integer, verdict text)
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off
	SET enable_hashjoin = off
	SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	rank	constant text[] := ARRAY['fail', 'none', 'pass'];
	plain	integer[];
	other	record;
	kept	record;
BEGIN
	-- The usual case by far, and without a lock: whoever replaces such a
	-- report at this moment comes after us.
	SELECT coalesce(array_agg(o.ordinality::integer), '{}') INTO plain
	FROM ROWS FROM (unnest(report_keys), unnest(start_times),
		unnest(content_digests), unnest(auths)) WITH ORDINALITY
		AS o (report_key, start_time, content_digest, auth, ordinality)
	JOIN tlsrpt.report r ON r.report_key = o.report_key
		AND r.start_time = o.start_time
	WHERE r.content_digest = o.content_digest
		AND array_position(rank, o.auth) <= array_position(rank, r.auth);

	RETURN QUERY SELECT p, 'duplicate' FROM unnest(plain) AS p;
	IF cardinality(plain) = cardinality(report_keys) THEN
		RETURN;
	END IF;

	FOR other IN
		SELECT o.ordinality::integer AS place, o.*
		FROM ROWS FROM (unnest(report_keys), unnest(start_times),
			unnest(content_digests), unnest(auths),
			unnest(auth_domains)) WITH ORDINALITY
			AS o (report_key, start_time, content_digest, auth,
			auth_domain, ordinality)
		WHERE o.ordinality <> ALL (plain)
		ORDER BY o.report_key
	LOOP
		SELECT r.content_digest, r.auth INTO kept
		FROM tlsrpt.report r
		WHERE r.report_key = other.report_key
			AND r.start_time = other.start_time
		FOR UPDATE;

		ordinal := other.place;
		IF NOT FOUND THEN
			verdict := 'absent';
		ELSIF kept.content_digest = other.content_digest THEN
			verdict := 'duplicate';
			UPDATE tlsrpt.report r
			SET auth = other.auth, auth_domain = other.auth_domain
			WHERE r.report_key = other.report_key
				AND r.start_time = other.start_time
				AND array_position(rank, r.auth) <
				array_position(rank, other.auth);
		ELSIF array_position(rank, other.auth) <=
		    array_position(rank, kept.auth) THEN
			verdict := 'superseded';
		ELSE
			verdict := 'replaced';
			INSERT INTO tlsrpt.superseded (report_key,
				content_digest, start_time, received_at, auth,
				auth_domain, document)
			SELECT r.report_key, r.content_digest, r.start_time,
				r.received_at, r.auth, r.auth_domain, r.document
			FROM tlsrpt.report r
			WHERE r.report_key = other.report_key
				AND r.start_time = other.start_time
			ON CONFLICT DO NOTHING;
			DELETE FROM tlsrpt.report r
			WHERE r.report_key = other.report_key
				AND r.start_time = other.start_time;
			DELETE FROM tlsrpt.policy p
			WHERE p.report_key = other.report_key
				AND p.start_time = other.start_time;
			DELETE FROM tlsrpt.failure f
			WHERE f.report_key = other.report_key
				AND f.start_time = other.start_time;
			DELETE FROM tlsrpt.superseded s
			WHERE s.report_key = other.report_key
				AND s.content_digest = other.content_digest;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION
	tlsrpt.settle(uuid[], timestamptz[], bytea[], text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION
	tlsrpt.settle(uuid[], timestamptz[], bytea[], text[], text[]) IS
	'Says what becomes of reports whose keys are taken, and moves a worse authenticated one out of the way.';

-- Views, for people, dashboards and tlsrpt-report.  A day is the UTC date of
-- start_time.  Sums stop at the greatest bigint, since a sender may claim it.

CREATE VIEW tlsrpt.daily AS
SELECT (p.start_time AT TIME ZONE 'UTC')::date AS day,
	p.policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	p.policy_type,
	least(pg_catalog.sum(p.successful), 9223372036854775807)::bigint
		AS successful,
	least(pg_catalog.sum(p.failed), 9223372036854775807)::bigint AS failed
FROM tlsrpt.policy p
JOIN tlsrpt.report r ON r.report_key = p.report_key
	AND r.start_time = p.start_time
GROUP BY 1, 2, 3, 4;

COMMENT ON VIEW tlsrpt.daily IS
	'Sessions by day, policy domain, reporter and policy type.';
COMMENT ON COLUMN tlsrpt.daily.day IS
	'The UTC date of start_time.';
COMMENT ON COLUMN tlsrpt.daily.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.daily.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.daily.policy_type IS
	'As in policy; the sessions of sts and tlsa are the same ones seen twice.';
COMMENT ON COLUMN tlsrpt.daily.successful IS
	'Sessions, at most 2^63 - 1.';
COMMENT ON COLUMN tlsrpt.daily.failed IS
	'Sessions, at most 2^63 - 1.';

CREATE VIEW tlsrpt.daily_failure AS
SELECT (f.start_time AT TIME ZONE 'UTC')::date AS day,
	p.policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	f.result_type,
	f.receiving_mx_hostname,
	least(pg_catalog.sum(f.failed), 9223372036854775807)::bigint AS failed
FROM tlsrpt.failure f
JOIN tlsrpt.policy p ON p.report_key = f.report_key
	AND p.start_time = f.start_time AND p.policy_no = f.policy_no
JOIN tlsrpt.report r ON r.report_key = f.report_key
	AND r.start_time = f.start_time
GROUP BY 1, 2, 3, 4, 5;

COMMENT ON VIEW tlsrpt.daily_failure IS
	'Failed sessions by day, policy domain, reporter, result type and MX.';
COMMENT ON COLUMN tlsrpt.daily_failure.day IS
	'The UTC date of start_time.';
COMMENT ON COLUMN tlsrpt.daily_failure.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.daily_failure.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.daily_failure.result_type IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.daily_failure.receiving_mx_hostname IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.daily_failure.failed IS
	'Sessions, at most 2^63 - 1.';

CREATE VIEW tlsrpt.reporter AS
SELECT coalesce(r.organization, r.submitter) AS organization,
	p.policy_domain,
	pg_catalog.min((p.start_time AT TIME ZONE 'UTC')::date) AS first_day,
	pg_catalog.max((p.start_time AT TIME ZONE 'UTC')::date) AS last_day,
	pg_catalog.count(DISTINCT p.report_key) AS reports
FROM tlsrpt.policy p
JOIN tlsrpt.report r ON r.report_key = p.report_key
	AND r.start_time = p.start_time
GROUP BY 1, 2;

COMMENT ON VIEW tlsrpt.reporter IS
	'Who reports on which policy domain, and since when.';
COMMENT ON COLUMN tlsrpt.reporter.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.reporter.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.reporter.first_day IS
	'The day of the earliest report.';
COMMENT ON COLUMN tlsrpt.reporter.last_day IS
	'The day of the latest report.';
COMMENT ON COLUMN tlsrpt.reporter.reports IS
	'How many reports.';

CREATE VIEW tlsrpt.coverage AS
WITH seen AS (
	SELECT DISTINCT (p.start_time AT TIME ZONE 'UTC')::date AS day,
		p.policy_domain,
		coalesce(r.organization, r.submitter) AS organization
	FROM tlsrpt.policy p
	JOIN tlsrpt.report r ON r.report_key = p.report_key
		AND r.start_time = p.start_time
	WHERE p.start_time >= '2016-01-01 00:00:00+00'::timestamptz
		AND p.start_time < pg_catalog.now() + '2 days'::interval
), gap AS (
	SELECT day, policy_domain, organization,
		pg_catalog.lead(day) OVER (
			PARTITION BY policy_domain, organization ORDER BY day)
			AS next_day
	FROM seen
)
SELECT gap.day + step.n AS day, gap.policy_domain, gap.organization
FROM gap
CROSS JOIN LATERAL
	pg_catalog.generate_series(1, gap.next_day - gap.day - 1) AS step (n);

COMMENT ON VIEW tlsrpt.coverage IS
	'Days without a report, between the first and the last that a reporter sent; implausible dates are left out.';
COMMENT ON COLUMN tlsrpt.coverage.day IS
	'A UTC date on which no report starts.';
COMMENT ON COLUMN tlsrpt.coverage.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.coverage.organization IS
	'organization of the report, else its submitter.';
