-- 0007  Less to read: for the report, and for dashboards of a year.
--
-- Rows of a policy domain lie apart in policy_day; the index by domain now holds
-- all that is summed up, so that they are read one after another.  Which domains
-- there are, and why sessions failed, is kept where it is asked for.

INSERT INTO tlsrpt.schema_version (version) VALUES (7);

DROP INDEX tlsrpt.policy_day_by_domain;
CREATE INDEX policy_day_by_domain ON tlsrpt.policy_day (policy_domain, day)
	INCLUDE (organization, auth, policy_type, sts_mode, policies, reports,
	successful, failed, twice_successful, twice_failed);

CREATE TABLE tlsrpt.heard_domain (
	policy_domain	text PRIMARY KEY
);
COMMENT ON TABLE tlsrpt.heard_domain IS
	'The policy domains that stand in policy_day, or once did.';
COMMENT ON COLUMN tlsrpt.heard_domain.policy_domain IS
	'As in policy.';
INSERT INTO tlsrpt.heard_domain
SELECT DISTINCT policy_domain FROM tlsrpt.policy_day
WHERE policy_domain IS NOT NULL;

ALTER TABLE tlsrpt.failure_day ADD COLUMN failure_reason_code text;
COMMENT ON COLUMN tlsrpt.failure_day.failure_reason_code IS
	'As in failure: one of them, the last by its bytes.';

CREATE OR REPLACE VIEW tlsrpt.failure_rollup AS
SELECT r.report_key, r.start_time,
	(r.start_time AT TIME ZONE 'UTC')::date AS day,
	p.policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	r.auth, p.policy_type, p.sts_mode, f.result_type,
	f.receiving_mx_hostname,
	pg_catalog.count(*)::integer AS details,
	least(pg_catalog.sum(f.failed), 9223372036854775807)::bigint AS failed,
	pg_catalog.max(f.failure_reason_code COLLATE "C") AS failure_reason_code
FROM tlsrpt.report r
JOIN tlsrpt.policy p ON p.report_key = r.report_key
	AND p.start_time = r.start_time
JOIN tlsrpt.failure f ON f.report_key = r.report_key
	AND f.start_time = r.start_time AND f.policy_no = p.policy_no
GROUP BY r.report_key, r.start_time, p.policy_domain, r.organization,
	r.submitter, r.auth, p.policy_type, p.sts_mode, f.result_type,
	f.receiving_mx_hostname;
COMMENT ON COLUMN tlsrpt.failure_rollup.failure_reason_code IS
	'As in failure_day.';

-- The days that are open anew, with their reasons.
DELETE FROM tlsrpt.failure_day
WHERE day >= (SELECT closed_before FROM tlsrpt.retention);
INSERT INTO tlsrpt.failure_day (day, policy_domain, organization, auth,
	policy_type, sts_mode, result_type, receiving_mx_hostname, details,
	failed, failure_reason_code)
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM tlsrpt.failure_rollup
WHERE day >= (SELECT closed_before FROM tlsrpt.retention);

-- As in 0003; which domains there are is noted in the order of their names, so
-- that writers do not wait for one another in a circle.
CREATE OR REPLACE FUNCTION tlsrpt.roll_up_policies(days date[], policy_domains text[],
	organizations text[], auths text[], policy_types text[],
	sts_modes text[], policies integer[], reports integer[],
	successful bigint[], failed bigint[], twice_successful bigint[],
	twice_failed bigint[], firsts integer[], received timestamptz[],
	lags bigint[])
	RETURNS void
	LANGUAGE sql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
WITH added AS (
	SELECT u.*
	FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
		$15) AS u (day, policy_domain, organization, auth, policy_type,
		sts_mode, policies, reports, successful, failed,
		twice_successful, twice_failed, first, received_at, lag_seconds)
	WHERE u.day >= (SELECT t.closed_before FROM tlsrpt.retention t)
), fine AS (
	INSERT INTO tlsrpt.policy_day (day, policy_domain, organization, auth,
		policy_type, sts_mode, policies, reports, successful, failed,
		twice_successful, twice_failed)
	SELECT a.day, a.policy_domain, a.organization, a.auth, a.policy_type,
		a.sts_mode, a.policies, a.reports, a.successful, a.failed,
		a.twice_successful, a.twice_failed
	FROM added a WHERE a.policies <> 0
), heard AS (
	INSERT INTO tlsrpt.heard_domain (policy_domain)
	SELECT DISTINCT a.policy_domain
	FROM added a
	WHERE a.policies > 0 AND a.policy_domain IS NOT NULL
	ORDER BY a.policy_domain
	ON CONFLICT DO NOTHING
)
INSERT INTO tlsrpt.total_day AS t (day, slot, organization, auth, policy_type,
	sts_mode, policies, reports, successful, failed, twice_successful,
	twice_failed, lag_seconds, last_received_at)
SELECT a.day, (SELECT tlsrpt.free_slot()), a.organization, a.auth,
	a.policy_type, a.sts_mode, sum(a.policies), sum(a.first),
	sum(a.successful), sum(a.failed), sum(a.twice_successful),
	sum(a.twice_failed), sum(a.lag_seconds * a.first), max(a.received_at)
FROM added a
GROUP BY a.day, a.organization, a.auth, a.policy_type, a.sts_mode
ORDER BY a.day, a.organization, a.auth, a.policy_type, a.sts_mode
ON CONFLICT (day, slot, (ARRAY[organization, auth, policy_type, sts_mode]))
DO UPDATE SET policies = t.policies + excluded.policies,
	reports = t.reports + excluded.reports,
	successful = t.successful + excluded.successful,
	failed = t.failed + excluded.failed,
	twice_successful = t.twice_successful + excluded.twice_successful,
	twice_failed = t.twice_failed + excluded.twice_failed,
	lag_seconds = t.lag_seconds + excluded.lag_seconds,
	last_received_at =
		greatest(t.last_received_at, excluded.last_received_at)
$$;

-- As in 0003, with reasons.
CREATE FUNCTION tlsrpt.roll_up_failures(days date[], policy_domains text[],
	organizations text[], auths text[], policy_types text[],
	sts_modes text[], result_types text[], receiving_mx_hostnames text[],
	details integer[], failed bigint[], failure_reason_codes text[])
	RETURNS void
	LANGUAGE sql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
WITH added AS (
	SELECT u.*
	FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		AS u (day, policy_domain, organization, auth, policy_type, sts_mode,
		result_type, receiving_mx_hostname, details, failed,
		failure_reason_code)
	WHERE u.day >= (SELECT t.closed_before FROM tlsrpt.retention t)
), fine AS (
	INSERT INTO tlsrpt.failure_day (day, policy_domain, organization, auth,
		policy_type, sts_mode, result_type, receiving_mx_hostname,
		details, failed, failure_reason_code)
	SELECT a.day, a.policy_domain, a.organization, a.auth, a.policy_type,
		a.sts_mode, a.result_type, a.receiving_mx_hostname, a.details,
		a.failed, a.failure_reason_code
	FROM added a
)
INSERT INTO tlsrpt.total_failure_day AS t (day, slot, organization, auth,
	policy_type, sts_mode, result_type, details, failed)
SELECT a.day, (SELECT tlsrpt.free_slot()), a.organization, a.auth,
	a.policy_type, a.sts_mode, a.result_type, sum(a.details), sum(a.failed)
FROM added a
GROUP BY a.day, a.organization, a.auth, a.policy_type, a.sts_mode,
	a.result_type
ORDER BY a.day, a.organization, a.auth, a.policy_type, a.sts_mode,
	a.result_type
ON CONFLICT (day, slot, (ARRAY[organization, auth, policy_type, sts_mode,
	result_type]))
DO UPDATE SET details = t.details + excluded.details,
	failed = t.failed + excluded.failed
$$;
REVOKE ALL ON FUNCTION tlsrpt.roll_up_failures(date[], text[], text[], text[],
	text[], text[], text[], text[], integer[], bigint[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.roll_up_failures(date[], text[], text[], text[],
	text[], text[], text[], text[], integer[], bigint[], text[]) IS
	'Adds rows to failure_day and total_failure_day.';

CREATE OR REPLACE FUNCTION tlsrpt.roll(key uuid, started timestamptz, sign integer)
	RETURNS void
	LANGUAGE sql
	SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off
	SET enable_hashjoin = off
	SET enable_mergejoin = off
	SET jit = off
AS $$
SELECT tlsrpt.roll_up_policies(array_agg(day), array_agg(policy_domain),
	array_agg(organization), array_agg(auth), array_agg(policy_type),
	array_agg(sts_mode), array_agg(sign * policies),
	array_agg(sign * reports), array_agg(sign * successful),
	array_agg(sign * failed), array_agg(sign * twice_successful),
	array_agg(sign * twice_failed), array_agg(sign * first),
	array_agg(received_at), array_agg(lag_seconds))
FROM tlsrpt.policy_rollup
WHERE report_key = key AND start_time = started;
SELECT tlsrpt.roll_up_failures(array_agg(day), array_agg(policy_domain),
	array_agg(organization), array_agg(auth), array_agg(policy_type),
	array_agg(sts_mode), array_agg(result_type),
	array_agg(receiving_mx_hostname), array_agg(sign * details),
	array_agg(sign * failed), array_agg(failure_reason_code))
FROM tlsrpt.failure_rollup
WHERE report_key = key AND start_time = started;
$$;

CREATE OR REPLACE FUNCTION tlsrpt.rebuild_rollups(since date, until date) RETURNS void
	LANGUAGE sql
	SET search_path = pg_catalog, pg_temp
AS $$
LOCK TABLE tlsrpt.total_day, tlsrpt.total_failure_day
	IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM tlsrpt.policy_day WHERE day BETWEEN
	greatest(since, (SELECT closed_before FROM tlsrpt.retention))
	AND until;
DELETE FROM tlsrpt.failure_day WHERE day BETWEEN
	greatest(since, (SELECT closed_before FROM tlsrpt.retention))
	AND until;
DELETE FROM tlsrpt.total_day WHERE day BETWEEN
	greatest(since, (SELECT closed_before FROM tlsrpt.retention))
	AND until;
DELETE FROM tlsrpt.total_failure_day WHERE day BETWEEN
	greatest(since, (SELECT closed_before FROM tlsrpt.retention))
	AND until;
WITH added AS (
	SELECT * FROM tlsrpt.policy_rollup
	WHERE day >= (SELECT closed_before FROM tlsrpt.retention)
		AND start_time >= since::timestamp AT TIME ZONE 'UTC'
		AND start_time < (until + 1)::timestamp AT TIME ZONE 'UTC'
), fine AS (
	INSERT INTO tlsrpt.policy_day (day, policy_domain, organization, auth,
		policy_type, sts_mode, policies, reports, successful, failed,
		twice_successful, twice_failed)
	SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
		policies, reports, successful, failed, twice_successful,
		twice_failed
	FROM added WHERE policies <> 0
), heard AS (
	INSERT INTO tlsrpt.heard_domain (policy_domain)
	SELECT DISTINCT policy_domain
	FROM added WHERE policies > 0 AND policy_domain IS NOT NULL
	ORDER BY policy_domain
	ON CONFLICT DO NOTHING
)
INSERT INTO tlsrpt.total_day (day, slot, organization, auth, policy_type,
	sts_mode, policies, reports, successful, failed, twice_successful,
	twice_failed, lag_seconds, last_received_at)
SELECT day, 0, organization, auth, policy_type, sts_mode, sum(policies),
	sum(first), sum(successful), sum(failed), sum(twice_successful),
	sum(twice_failed), sum(lag_seconds * first), max(received_at)
FROM added
GROUP BY day, organization, auth, policy_type, sts_mode;
WITH added AS (
	SELECT * FROM tlsrpt.failure_rollup
	WHERE day >= (SELECT closed_before FROM tlsrpt.retention)
		AND start_time >= since::timestamp AT TIME ZONE 'UTC'
		AND start_time < (until + 1)::timestamp AT TIME ZONE 'UTC'
), fine AS (
	INSERT INTO tlsrpt.failure_day (day, policy_domain, organization, auth,
		policy_type, sts_mode, result_type, receiving_mx_hostname,
		details, failed, failure_reason_code)
	SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
		result_type, receiving_mx_hostname, details, failed,
		failure_reason_code
	FROM added
)
INSERT INTO tlsrpt.total_failure_day (day, slot, organization, auth,
	policy_type, sts_mode, result_type, details, failed)
SELECT day, 0, organization, auth, policy_type, sts_mode, result_type,
	sum(details), sum(failed)
FROM added
GROUP BY day, organization, auth, policy_type, sts_mode, result_type;
$$;

-- Who stored reports before does so still.
DO $$
DECLARE
	role	text;
BEGIN
	FOR role IN
		SELECT DISTINCT g.grantee::regrole::text
		FROM pg_catalog.pg_proc p,
			pg_catalog.aclexplode(p.proacl) g
		WHERE p.oid = 'tlsrpt.settle(uuid[], timestamptz[], bytea[],
			text[], text[])'::regprocedure
			AND g.grantee <> 0 AND g.grantee <> p.proowner
	LOOP
		EXECUTE 'GRANT EXECUTE ON FUNCTION'
		    ' tlsrpt.roll_up_failures(date[], text[], text[], text[],'
		    ' text[], text[], text[], text[], integer[], bigint[],'
		    ' text[]) TO ' || role;
	END LOOP;
END
$$;
DROP FUNCTION tlsrpt.roll_up_failures(date[], text[], text[], text[], text[],
	text[], text[], text[], integer[], bigint[]);

CREATE VIEW tlsrpt.failure_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM tlsrpt.failure_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));

COMMENT ON VIEW tlsrpt.failure_sum IS
	'The table failure_day, for readers; rows are to be summed up.';
COMMENT ON COLUMN tlsrpt.failure_sum.day IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.policy_domain IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.organization IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.auth IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.policy_type IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.sts_mode IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.result_type IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.receiving_mx_hostname IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.details IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.failed IS 'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_sum.failure_reason_code IS 'As in failure_day.';

-- A sender may call a policy domain *: there its rows are no total, and are in
-- those of all.
CREATE OR REPLACE VIEW tlsrpt.daily_total AS
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
SELECT p.day, p.policy_domain, p.organization, p.auth, p.policy_type,
	p.sts_mode, p.policies, p.reports, p.successful, p.failed,
	p.twice_successful, p.twice_failed, NULL, NULL
FROM tlsrpt.policy_day p
WHERE p.policy_domain IS DISTINCT FROM '*'
	AND NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT p.day, '*', p.organization, p.auth, p.policy_type, p.sts_mode,
	p.policies, p.reports, p.successful, p.failed, p.twice_successful,
	p.twice_failed, NULL, NULL
FROM tlsrpt.tenant_policy_day p
UNION ALL
SELECT p.day, p.policy_domain, p.organization, p.auth, p.policy_type,
	p.sts_mode, p.policies, p.reports, p.successful, p.failed,
	p.twice_successful, p.twice_failed, NULL, NULL
FROM tlsrpt.tenant_policy_day p
WHERE p.policy_domain <> '*';

CREATE OR REPLACE VIEW tlsrpt.daily_total_failure AS
SELECT t.day, '*' AS policy_domain, t.organization, t.auth, t.policy_type,
	t.sts_mode, t.result_type, NULL::text AS receiving_mx_hostname,
	t.details::integer AS details,
	least(t.failed, 9223372036854775807)::bigint AS failed
FROM tlsrpt.total_failure_day t
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT f.day, f.policy_domain, f.organization, f.auth, f.policy_type,
	f.sts_mode, f.result_type, f.receiving_mx_hostname, f.details, f.failed
FROM tlsrpt.failure_day f
WHERE f.policy_domain IS DISTINCT FROM '*'
	AND NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT f.day, '*', f.organization, f.auth, f.policy_type, f.sts_mode,
	f.result_type, NULL, f.details, f.failed
FROM tlsrpt.tenant_failure_day f
UNION ALL
SELECT f.day, f.policy_domain, f.organization, f.auth, f.policy_type,
	f.sts_mode, f.result_type, f.receiving_mx_hostname, f.details, f.failed
FROM tlsrpt.tenant_failure_day f
WHERE f.policy_domain <> '*';

-- Names of which the last row is gone are left out.
CREATE OR REPLACE VIEW tlsrpt.known_domain AS
SELECT h.policy_domain
FROM tlsrpt.heard_domain h
WHERE h.policy_domain <> '*'
	AND NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	AND (SELECT true FROM tlsrpt.policy_day p
		WHERE p.policy_domain = h.policy_domain LIMIT 1)
UNION ALL
SELECT o.domain FROM tlsrpt.tenant o WHERE o.role = current_user;

-- Who read the views of before may read this too.
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
		EXECUTE 'GRANT SELECT ON tlsrpt.failure_sum TO ' || role;
	END LOOP;
END
$$;

-- A view that is made anew is no barrier.
SELECT tlsrpt.shut_views();
