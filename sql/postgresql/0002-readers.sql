-- 0002  Views for those who read a report whole, or ask what came in.
--
-- The tables hold documents and addresses of mail, which a reader has no
-- business with; these views show the rest, column by column.

CREATE VIEW tlsrpt.report_detail AS
SELECT report_key, start_time, end_time, received_at, organization, report_id,
	contact, submitter, channel, auth, auth_domain, deviations
FROM tlsrpt.report;

COMMENT ON VIEW tlsrpt.report_detail IS
	'The table report without its documents, for readers.';
COMMENT ON COLUMN tlsrpt.report_detail.report_key IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.start_time IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.end_time IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.received_at IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.organization IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.report_id IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.contact IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.submitter IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.channel IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.auth IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.auth_domain IS 'As in report.';
COMMENT ON COLUMN tlsrpt.report_detail.deviations IS 'As in report.';

CREATE VIEW tlsrpt.policy_detail AS
SELECT report_key, start_time, policy_no, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM tlsrpt.policy;

COMMENT ON VIEW tlsrpt.policy_detail IS 'The table policy, for readers.';
COMMENT ON COLUMN tlsrpt.policy_detail.report_key IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.start_time IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.policy_no IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.policy_type IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.policy_domain IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.policy_strings IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.mx_hosts IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.sts_mode IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.sts_max_age IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.successful IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_detail.failed IS 'As in policy.';

CREATE VIEW tlsrpt.failure_detail AS
SELECT report_key, start_time, policy_no, failure_no, result_type,
	sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip,
	failed, additional_information, failure_reason_code
FROM tlsrpt.failure;

COMMENT ON VIEW tlsrpt.failure_detail IS 'The table failure, for readers.';
COMMENT ON COLUMN tlsrpt.failure_detail.report_key IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.start_time IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.policy_no IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.failure_no IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.result_type IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.sending_mta_ip IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.receiving_mx_hostname IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.receiving_mx_helo IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.receiving_ip IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.failed IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.additional_information IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_detail.failure_reason_code IS
	'As in failure.';

CREATE VIEW tlsrpt.arrival AS
SELECT received_at, channel, outcome, reason
FROM tlsrpt.intake;

COMMENT ON VIEW tlsrpt.arrival IS
	'The table intake without what would tell whose mail it was.';
COMMENT ON COLUMN tlsrpt.arrival.received_at IS 'As in intake.';
COMMENT ON COLUMN tlsrpt.arrival.channel IS 'As in intake.';
COMMENT ON COLUMN tlsrpt.arrival.outcome IS 'As in intake.';
COMMENT ON COLUMN tlsrpt.arrival.reason IS 'As in intake.';

-- Who read the views of before may read these too.
DO $$
DECLARE
	role	text;
BEGIN
	FOR role IN
		SELECT DISTINCT g.grantee::regrole::text
		FROM pg_catalog.pg_class c,
			pg_catalog.aclexplode(c.relacl) g
		WHERE c.oid = 'tlsrpt.daily'::regclass
			AND g.privilege_type = 'SELECT' AND g.grantee <> 0
			AND g.grantee <> c.relowner
	LOOP
		EXECUTE 'GRANT SELECT ON tlsrpt.report_detail,'
		    ' tlsrpt.policy_detail, tlsrpt.failure_detail,'
		    ' tlsrpt.arrival TO ' || role;
	END LOOP;
END
$$;

INSERT INTO tlsrpt.schema_version (version) VALUES (2);
