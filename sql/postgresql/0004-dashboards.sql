-- 0004  Views for dashboards, and who may see which policy domains.
--
-- A role that stands in the table tenant is shown, in every view, its own policy
-- domains and nothing else; while the table is empty nothing changes for
-- anybody.  The views do it, and not row security on the tables: COPY, which
-- writes reports, does not go with that, and a tenant has no right to a table.
-- They are no security barriers yet, so that it could still find out about
-- others: see 0006.

INSERT INTO tlsrpt.schema_version (version) VALUES (4);

CREATE TABLE tlsrpt.tenant (
	role	name NOT NULL,
	domain	text NOT NULL,
	CONSTRAINT tenant_has_a_domain_once PRIMARY KEY (role, domain)
);
COMMENT ON TABLE tlsrpt.tenant IS
	'Roles that see some policy domains only; a role that is not here sees all.';
COMMENT ON COLUMN tlsrpt.tenant.role IS
	'Name of a role of the server.';
COMMENT ON COLUMN tlsrpt.tenant.domain IS
	'A policy domain that it sees, in lower case.';

-- What failed, and what was not stored, without a look at the tables.
DROP INDEX tlsrpt.policy_day_with_failures;
CREATE INDEX policy_day_with_failures ON tlsrpt.policy_day (day)
	INCLUDE (policy_domain, organization, auth, policy_type, failed)
	WHERE failed <> 0;
CREATE INDEX intake_not_stored ON tlsrpt.intake (received_at)
	INCLUDE (outcome, reason) WHERE outcome <> 'stored';

-- The sums by day as rows; where policy_domain is *, of all policy domains
-- together, so that a dashboard asks the same for one, some, or all.  Types of
-- all branches are the same, or what is asked for would not reach the indexes.
CREATE VIEW tlsrpt.daily_total AS
SELECT t.day, '*' AS policy_domain, t.organization, t.auth, t.policy_type,
	t.sts_mode, t.policies::integer AS policies,
	t.reports::integer AS reports,
	least(t.successful, 9223372036854775807)::bigint AS successful,
	least(t.failed, 9223372036854775807)::bigint AS failed,
	least(t.twice_successful, 9223372036854775807)::bigint
		AS twice_successful,
	least(t.twice_failed, 9223372036854775807)::bigint AS twice_failed,
	t.lag_seconds, t.last_received_at
FROM tlsrpt.total_day t
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT p.day, '*', p.organization, p.auth, p.policy_type, p.sts_mode,
	p.policies, p.reports, p.successful, p.failed, p.twice_successful,
	p.twice_failed, NULL, NULL
FROM tlsrpt.policy_day p
WHERE p.policy_domain = ANY (ARRAY(
	SELECT o.domain FROM tlsrpt.tenant o WHERE o.role = current_user))
UNION ALL
SELECT p.day, p.policy_domain, p.organization, p.auth, p.policy_type,
	p.sts_mode, p.policies, p.reports, p.successful, p.failed,
	p.twice_successful, p.twice_failed, NULL, NULL
FROM tlsrpt.policy_day p
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR p.policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));

COMMENT ON VIEW tlsrpt.daily_total IS
	'Sessions and reports by day; policy_domain * stands for all together. Rows are to be summed up.';
COMMENT ON COLUMN tlsrpt.daily_total.day IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.policy_domain IS 'As in policy, or * for all together.';
COMMENT ON COLUMN tlsrpt.daily_total.organization IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.auth IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.policy_type IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.sts_mode IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.policies IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.reports IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.successful IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.failed IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.twice_successful IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.twice_failed IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.daily_total.lag_seconds IS 'As in total_day; NULL but for *.';
COMMENT ON COLUMN tlsrpt.daily_total.last_received_at IS 'As in total_day; NULL but for *.';

CREATE VIEW tlsrpt.daily_total_failure AS
SELECT t.day, '*' AS policy_domain, t.organization, t.auth, t.policy_type,
	t.sts_mode, t.result_type, NULL::text AS receiving_mx_hostname,
	t.details::integer AS details,
	least(t.failed, 9223372036854775807)::bigint AS failed
FROM tlsrpt.total_failure_day t
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT f.day, '*', f.organization, f.auth, f.policy_type, f.sts_mode,
	f.result_type, NULL, f.details, f.failed
FROM tlsrpt.failure_day f
WHERE f.policy_domain = ANY (ARRAY(
	SELECT o.domain FROM tlsrpt.tenant o WHERE o.role = current_user))
UNION ALL
SELECT f.day, f.policy_domain, f.organization, f.auth, f.policy_type,
	f.sts_mode, f.result_type, f.receiving_mx_hostname, f.details, f.failed
FROM tlsrpt.failure_day f
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR f.policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));

COMMENT ON VIEW tlsrpt.daily_total_failure IS
	'Failures by day; policy_domain * stands for all together. Rows are to be summed up.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.day IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.policy_domain IS 'As in policy, or * for all together.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.organization IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.auth IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.policy_type IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.sts_mode IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.result_type IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.receiving_mx_hostname IS 'As in failure_day; NULL with *.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.details IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.daily_total_failure.failed IS 'As in failure_day.';

-- Jumps from name to name in the index, however many rows there are.
CREATE VIEW tlsrpt.known_domain AS
WITH RECURSIVE step AS (
	(SELECT p.policy_domain FROM tlsrpt.policy_day p
	WHERE NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	ORDER BY p.policy_domain LIMIT 1)
	UNION ALL
	SELECT (SELECT p.policy_domain FROM tlsrpt.policy_day p
		WHERE p.policy_domain > step.policy_domain
		ORDER BY p.policy_domain LIMIT 1)
	FROM step WHERE step.policy_domain IS NOT NULL
)
SELECT step.policy_domain FROM step WHERE step.policy_domain IS NOT NULL
UNION ALL
SELECT o.domain FROM tlsrpt.tenant o WHERE o.role = current_user;

COMMENT ON VIEW tlsrpt.known_domain IS 'The policy domains that there are.';
COMMENT ON COLUMN tlsrpt.known_domain.policy_domain IS 'As in policy.';

-- The views of before, with the same columns, for tenants too.

CREATE OR REPLACE VIEW tlsrpt.daily AS
SELECT day, policy_domain, organization, policy_type,
	greatest(least(pg_catalog.sum(successful), 9223372036854775807), 0)::bigint
		AS successful,
	greatest(least(pg_catalog.sum(failed), 9223372036854775807), 0)::bigint
		AS failed
FROM tlsrpt.policy_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)))
GROUP BY day, policy_domain, organization, policy_type
HAVING pg_catalog.sum(policies) > 0;

CREATE OR REPLACE VIEW tlsrpt.daily_failure AS
SELECT day, policy_domain, organization, result_type, receiving_mx_hostname,
	greatest(least(pg_catalog.sum(failed), 9223372036854775807), 0)::bigint
		AS failed
FROM tlsrpt.failure_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)))
GROUP BY day, policy_domain, organization, result_type, receiving_mx_hostname
HAVING pg_catalog.sum(details) > 0;

CREATE OR REPLACE VIEW tlsrpt.reporter AS
WITH days AS (
	SELECT organization, policy_domain, day,
		pg_catalog.sum(reports)::bigint AS reports
	FROM tlsrpt.policy_day
	WHERE (NOT EXISTS (
			SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
		OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
			WHERE o.role = current_user)))
	GROUP BY organization, policy_domain, day
	HAVING pg_catalog.sum(policies) > 0
)
SELECT organization, policy_domain,
	pg_catalog.min(day) AS first_day,
	pg_catalog.max(day) AS last_day,
	pg_catalog.sum(reports)::bigint AS reports
FROM days
GROUP BY organization, policy_domain;

CREATE OR REPLACE VIEW tlsrpt.coverage AS
WITH seen AS (
	SELECT day, policy_domain, organization
	FROM tlsrpt.policy_day
	WHERE day >= '2016-01-01'::date
		AND day < (pg_catalog.now() AT TIME ZONE 'UTC')::date + 2
		AND (NOT EXISTS (
				SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
			OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
				WHERE o.role = current_user)))
	GROUP BY day, policy_domain, organization
	HAVING pg_catalog.sum(policies) > 0
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

CREATE OR REPLACE VIEW tlsrpt.policy_detail AS
SELECT report_key, start_time, policy_no, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM tlsrpt.policy
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));

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

CREATE OR REPLACE VIEW tlsrpt.arrival AS
SELECT received_at, channel, outcome, reason
FROM tlsrpt.intake
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);

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
		EXECUTE 'GRANT SELECT ON tlsrpt.daily_total,'
		    ' tlsrpt.daily_total_failure, tlsrpt.known_domain TO '
		    || role;
	END LOOP;
END
$$;
