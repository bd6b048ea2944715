-- 0009  What is asked for together stands together, for tenants as well.
--
-- Run once, after 0008, as the owner of the database.
--
-- Where there are tenants, a view of single reports cannot be joined to another
-- row by row: a barrier takes no parameters, so PostgreSQL reads all of it.
-- Views that join inside are as quick as before.  What tenants see of reports
-- takes its time from their policies, whose index goes by domain and time, and
-- what they see of sums comes from the rows of their own domains.

INSERT INTO tlsrpt.schema_version (version) VALUES (9);

-- Reports that depart from the RFC, without a look at the documents beside them.
CREATE INDEX report_with_deviations ON tlsrpt.report (start_time, report_key)
	INCLUDE (organization, submitter, auth, deviations)
	WHERE deviations <> '{}';

-- As in 0006, but for the time.
CREATE OR REPLACE VIEW tlsrpt.tenant_report WITH (security_barrier) AS
SELECT mine.masked_key, mine.start_time, r.end_time, r.received_at,
	r.organization, r.report_id, r.contact, r.submitter, r.channel, r.auth,
	r.auth_domain, r.deviations
FROM (SELECT DISTINCT p.report_key, p.start_time, p.masked_key
	FROM tlsrpt.tenant_policy p) AS mine
JOIN tlsrpt.report r ON r.report_key = mine.report_key
	AND r.start_time = mine.start_time
WHERE EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);

CREATE OR REPLACE VIEW tlsrpt.tenant_failure WITH (security_barrier) AS
SELECT mine.masked_key, mine.start_time, mine.number, f.failure_no,
	f.result_type, f.sending_mta_ip, f.receiving_mx_hostname,
	f.receiving_mx_helo, f.receiving_ip, f.failed, f.additional_information,
	f.failure_reason_code
FROM tlsrpt.tenant_policy mine
JOIN tlsrpt.failure f ON f.report_key = mine.report_key
	AND f.start_time = mine.start_time AND f.policy_no = mine.policy_no
WHERE EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);

-- As in 0006, with the column that 0007 added.
CREATE OR REPLACE VIEW tlsrpt.tenant_failure_day WITH (security_barrier) AS
SELECT f.day, f.policy_domain, f.organization, f.auth, f.policy_type,
	f.sts_mode, f.result_type, f.receiving_mx_hostname, f.details, f.failed,
	f.failure_reason_code
FROM tlsrpt.failure_day f
WHERE f.policy_domain = ANY (ARRAY(SELECT o.domain
	FROM tlsrpt.tenant o WHERE o.role = current_user))
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);

CREATE VIEW tlsrpt.tenant_failure_report WITH (security_barrier) AS
SELECT p.start_time, p.policy_domain, p.policy_type, p.sts_mode,
	p.failed AS policy_failed,
	coalesce(r.organization, r.submitter) AS organization, r.auth,
	r.report_id, f.result_type, f.sending_mta_ip, f.receiving_mx_hostname,
	f.receiving_mx_helo, f.receiving_ip, f.failed, f.additional_information,
	f.failure_reason_code
FROM tlsrpt.policy p
JOIN tlsrpt.failure f ON f.report_key = p.report_key
	AND f.start_time = p.start_time AND f.policy_no = p.policy_no
JOIN tlsrpt.report r ON r.report_key = p.report_key
	AND r.start_time = p.start_time
WHERE p.policy_domain = ANY (ARRAY(SELECT o.domain
	FROM tlsrpt.tenant o WHERE o.role = current_user))
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_failure_report IS
	'What a tenant sees of failure_report.';

CREATE VIEW tlsrpt.tenant_deviating_report WITH (security_barrier) AS
SELECT mine.masked_key, mine.start_time,
	coalesce(r.organization, r.submitter) AS organization, r.auth,
	r.deviations
FROM (SELECT DISTINCT p.report_key, p.start_time, p.masked_key
	FROM tlsrpt.tenant_policy p) AS mine
JOIN tlsrpt.report r ON r.report_key = mine.report_key
	AND r.start_time = mine.start_time
WHERE r.deviations <> '{}'
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_deviating_report IS
	'What a tenant sees of deviating_report.';

DO $$
DECLARE
	part	record;
BEGIN
	FOR part IN
		SELECT c.relname, a.attname
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'tlsrpt'::regnamespace
			AND c.relname IN ('tenant_failure_report',
			'tenant_deviating_report', 'tenant_failure_day')
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN tlsrpt.%I.%I IS %L',
		    part.relname, part.attname, CASE part.attname
		    WHEN 'masked_key' THEN 'What the tenant sees as report_key.'
		    WHEN 'policy_failed' THEN 'failed of the policy.'
		    ELSE 'As in the table.' END);
	END LOOP;
END
$$;

CREATE VIEW tlsrpt.failure_report AS
SELECT p.start_time, p.policy_domain, p.policy_type, p.sts_mode,
	p.failed AS policy_failed,
	coalesce(r.organization, r.submitter) AS organization, r.auth,
	r.report_id, f.result_type, f.sending_mta_ip, f.receiving_mx_hostname,
	f.receiving_mx_helo, f.receiving_ip, f.failed, f.additional_information,
	f.failure_reason_code
FROM tlsrpt.policy p
JOIN tlsrpt.failure f ON f.report_key = p.report_key
	AND f.start_time = p.start_time AND f.policy_no = p.policy_no
JOIN tlsrpt.report r ON r.report_key = p.report_key
	AND r.start_time = p.start_time
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_failure_report;

COMMENT ON VIEW tlsrpt.failure_report IS
	'The table failure, each row with its policy and its report.';
COMMENT ON COLUMN tlsrpt.failure_report.start_time IS 'As in report.';
COMMENT ON COLUMN tlsrpt.failure_report.policy_domain IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_report.policy_type IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_report.sts_mode IS 'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_report.policy_failed IS 'failed of the policy.';
COMMENT ON COLUMN tlsrpt.failure_report.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.failure_report.auth IS 'As in report.';
COMMENT ON COLUMN tlsrpt.failure_report.report_id IS 'As in report.';
COMMENT ON COLUMN tlsrpt.failure_report.result_type IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.sending_mta_ip IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.receiving_mx_hostname IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.receiving_mx_helo IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.receiving_ip IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.failed IS 'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.additional_information IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_report.failure_reason_code IS 'As in failure.';

CREATE VIEW tlsrpt.deviating_report AS
SELECT r.report_key, r.start_time,
	coalesce(r.organization, r.submitter) AS organization, r.auth,
	r.deviations
FROM tlsrpt.report r
WHERE r.deviations <> '{}'
	AND NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_deviating_report;

COMMENT ON VIEW tlsrpt.deviating_report IS
	'The reports that depart from RFC 8460.';
COMMENT ON COLUMN tlsrpt.deviating_report.report_key IS 'As in report.';
COMMENT ON COLUMN tlsrpt.deviating_report.start_time IS 'As in report.';
COMMENT ON COLUMN tlsrpt.deviating_report.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.deviating_report.auth IS 'As in report.';
COMMENT ON COLUMN tlsrpt.deviating_report.deviations IS
	'As in report; there is one at least.';

-- As in 0006, and sums by the index of the tenant's domains: a condition that
-- everybody may see all, or this domain is the tenant's, reaches none.
CREATE OR REPLACE FUNCTION tlsrpt.shut_views() RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	shut	constant boolean := EXISTS (SELECT FROM tlsrpt.tenant);
	name	name;
BEGIN
	-- One at a time, and only where something changes: others read on.
	PERFORM pg_advisory_xact_lock(8460, 1);
	IF NOT EXISTS (SELECT FROM pg_class c
		WHERE c.relnamespace = 'tlsrpt'::regnamespace
			AND c.relkind = 'v' AND c.relname !~ '_rollup$|^tenant_'
			AND shut <> coalesce(c.reloptions @>
				'{security_barrier=t}', false)) THEN
		RETURN;
	END IF;
	IF NOT shut THEN
CREATE OR REPLACE VIEW tlsrpt.report_detail AS
SELECT report_key, start_time, end_time, received_at, organization, report_id,
	contact, submitter, channel, auth, auth_domain, deviations
FROM tlsrpt.report r
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR EXISTS (SELECT FROM tlsrpt.policy p
		WHERE p.report_key = r.report_key
			AND p.start_time = r.start_time
			AND p.policy_domain = ANY (ARRAY(SELECT o.domain
			FROM tlsrpt.tenant o WHERE o.role = current_user)));
CREATE OR REPLACE VIEW tlsrpt.policy_detail AS
SELECT report_key, start_time, policy_no, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM tlsrpt.policy
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));
CREATE OR REPLACE VIEW tlsrpt.failure_detail AS
SELECT report_key, start_time, policy_no, failure_no, result_type,
	sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip,
	failed, additional_information, failure_reason_code
FROM tlsrpt.failure f
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR EXISTS (SELECT FROM tlsrpt.policy p
		WHERE p.report_key = f.report_key
			AND p.start_time = f.start_time
			AND p.policy_no = f.policy_no
			AND p.policy_domain = ANY (ARRAY(SELECT o.domain
			FROM tlsrpt.tenant o WHERE o.role = current_user)));
CREATE OR REPLACE VIEW tlsrpt.policy_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed
FROM tlsrpt.policy_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));
CREATE OR REPLACE VIEW tlsrpt.failure_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM tlsrpt.failure_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));
	ELSE
CREATE OR REPLACE VIEW tlsrpt.report_detail AS
SELECT report_key, start_time, end_time, received_at, organization, report_id,
	contact, submitter, channel, auth, auth_domain, deviations
FROM tlsrpt.report
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_report;
CREATE OR REPLACE VIEW tlsrpt.policy_detail AS
SELECT report_key, start_time, policy_no, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM tlsrpt.policy
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT masked_key, start_time, number, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM tlsrpt.tenant_policy;
CREATE OR REPLACE VIEW tlsrpt.failure_detail AS
SELECT report_key, start_time, policy_no, failure_no, result_type,
	sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip,
	failed, additional_information, failure_reason_code
FROM tlsrpt.failure
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_failure;
CREATE OR REPLACE VIEW tlsrpt.policy_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed
FROM tlsrpt.policy_day
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_policy_day;
CREATE OR REPLACE VIEW tlsrpt.failure_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM tlsrpt.failure_day
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT * FROM tlsrpt.tenant_failure_day;
	END IF;
	FOR name IN
		SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'tlsrpt'::regnamespace
			AND c.relkind = 'v' AND c.relname !~ '_rollup$|^tenant_'
			AND shut <> coalesce(c.reloptions @>
				'{security_barrier=t}', false)
		ORDER BY c.relname
	LOOP
		EXECUTE format('ALTER VIEW tlsrpt.%I SET (security_barrier = %s)',
		    name, shut);
	END LOOP;
END
$$;

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
		EXECUTE 'GRANT SELECT ON tlsrpt.failure_report,'
		    ' tlsrpt.deviating_report TO ' || role;
	END LOOP;
END
$$;

-- The new views are no barriers yet, so where there are tenants all are made
-- anew.
SELECT tlsrpt.shut_views();
