-- 0006  Tenants see their own policy domains, and cannot find out about others.
--
-- Run once, after 0005, as the owner of the database.
--
-- The views of 0004 leave out what is not a tenant's, but PostgreSQL may ask a
-- condition of the tenant's before it asks theirs, and a function or an error
-- in it then sees the rows of others.  Views that are security barriers do not
-- allow that.  They cost queries that join single reports their indexes; the
-- sums lose nothing, since comparisons of times and of texts are leakproof and
-- reach the indexes.  So views are barriers only where there are tenants: see
-- tlsrpt.shut_views().

INSERT INTO tlsrpt.schema_version (version) VALUES (6);

COMMENT ON TABLE tlsrpt.tenant IS
	'Roles that see some policy domains only; a role that is not here sees all. Write to it by tlsrpt-db tenant.';

-- report_key is computed from all policy domains of a report, so that who
-- knows the rest could tell whether he guesses the others right; and a number
-- of a policy says how many there are before it.  Tenants see other keys, made
-- with a secret, and their own policies numbered from 1.
CREATE TABLE tlsrpt.tenant_secret (
	secret	text NOT NULL DEFAULT pg_catalog.gen_random_uuid()::text
);
INSERT INTO tlsrpt.tenant_secret DEFAULT VALUES;
COMMENT ON TABLE tlsrpt.tenant_secret IS
	'One row: what the keys that tenants see are made with.';
COMMENT ON COLUMN tlsrpt.tenant_secret.secret IS 'Random.';

-- A condition is asked in each branch of a UNION ALL by itself, where a barrier
-- around the whole is of no use: so what tenants see stands in views of its own.
-- Nobody is granted these.
CREATE VIEW tlsrpt.tenant_policy WITH (security_barrier) AS
SELECT p.report_key, p.start_time, p.policy_no,
	pg_catalog.md5(s.secret || p.report_key::text)::uuid AS masked_key,
	pg_catalog.row_number() OVER (PARTITION BY p.report_key, p.start_time
		ORDER BY p.policy_no)::integer AS number,
	p.policy_type, p.policy_domain, p.policy_strings, p.mx_hosts,
	p.sts_mode, p.sts_max_age, p.successful, p.failed
FROM tlsrpt.policy p
CROSS JOIN tlsrpt.tenant_secret s
WHERE p.policy_domain = ANY (ARRAY(SELECT o.domain
	FROM tlsrpt.tenant o WHERE o.role = current_user))
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_policy IS
	'What a tenant sees of policy, with the keys that it does not see.';

CREATE VIEW tlsrpt.tenant_report WITH (security_barrier) AS
SELECT mine.masked_key, r.start_time, r.end_time, r.received_at, r.organization,
	r.report_id, r.contact, r.submitter, r.channel, r.auth, r.auth_domain,
	r.deviations
FROM (SELECT DISTINCT p.report_key, p.start_time, p.masked_key
	FROM tlsrpt.tenant_policy p) AS mine
JOIN tlsrpt.report r ON r.report_key = mine.report_key
	AND r.start_time = mine.start_time
WHERE EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_report IS 'What a tenant sees of report.';

CREATE VIEW tlsrpt.tenant_failure WITH (security_barrier) AS
SELECT mine.masked_key, f.start_time, mine.number, f.failure_no, f.result_type,
	f.sending_mta_ip, f.receiving_mx_hostname, f.receiving_mx_helo,
	f.receiving_ip, f.failed, f.additional_information,
	f.failure_reason_code
FROM tlsrpt.tenant_policy mine
JOIN tlsrpt.failure f ON f.report_key = mine.report_key
	AND f.start_time = mine.start_time AND f.policy_no = mine.policy_no
WHERE EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_failure IS 'What a tenant sees of failure.';

CREATE VIEW tlsrpt.tenant_policy_day WITH (security_barrier) AS
SELECT p.* FROM tlsrpt.policy_day p
WHERE p.policy_domain = ANY (ARRAY(SELECT o.domain
	FROM tlsrpt.tenant o WHERE o.role = current_user))
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_policy_day IS
	'What a tenant sees of policy_day.';

CREATE VIEW tlsrpt.tenant_failure_day WITH (security_barrier) AS
SELECT f.* FROM tlsrpt.failure_day f
WHERE f.policy_domain = ANY (ARRAY(SELECT o.domain
	FROM tlsrpt.tenant o WHERE o.role = current_user))
	AND EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user);
COMMENT ON VIEW tlsrpt.tenant_failure_day IS
	'What a tenant sees of failure_day.';

DO $$
DECLARE
	part	record;
BEGIN
	FOR part IN
		SELECT c.relname, a.attname
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relkind = 'v'
			AND c.relname ~ '^tenant_'
	LOOP
		EXECUTE pg_catalog.format('COMMENT ON COLUMN tlsrpt.%I.%I IS %L',
		    part.relname, part.attname, CASE part.attname
		    WHEN 'masked_key' THEN 'What the tenant sees as report_key.'
		    WHEN 'number' THEN 'What the tenant sees as policy_no.'
		    ELSE 'As in the table.' END);
	END LOOP;
END
$$;

-- The views of before, with the same columns.

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
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT p.day, '*', p.organization, p.auth, p.policy_type, p.sts_mode,
	p.policies, p.reports, p.successful, p.failed, p.twice_successful,
	p.twice_failed, NULL, NULL
FROM tlsrpt.tenant_policy_day p
UNION ALL
SELECT p.day, p.policy_domain, p.organization, p.auth, p.policy_type,
	p.sts_mode, p.policies, p.reports, p.successful, p.failed,
	p.twice_successful, p.twice_failed, NULL, NULL
FROM tlsrpt.tenant_policy_day p;

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
WHERE NOT EXISTS (SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
UNION ALL
SELECT f.day, '*', f.organization, f.auth, f.policy_type, f.sts_mode,
	f.result_type, NULL, f.details, f.failed
FROM tlsrpt.tenant_failure_day f
UNION ALL
SELECT f.day, f.policy_domain, f.organization, f.auth, f.policy_type,
	f.sts_mode, f.result_type, f.receiving_mx_hostname, f.details, f.failed
FROM tlsrpt.tenant_failure_day f;

-- Make all views that readers have security barriers where there are tenants,
-- and undo it where there are none; the views of single reports are others
-- then, too, since one that is a UNION cannot be joined row by row.
-- tlsrpt-db upgrade calls it, since a view that is made anew is no barrier.
CREATE FUNCTION tlsrpt.shut_views() RETURNS void
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
REVOKE ALL ON FUNCTION tlsrpt.shut_views() FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.shut_views() IS
	'Makes views security barriers where there are tenants.';

-- What a role may do must not reach further than a tenant's view: then it is
-- none.  Returns what is wrong with it, or NULL.
CREATE FUNCTION tlsrpt.tenant_obstacle(tenant name) RETURNS text
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
	WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = tenant)
		THEN 'does not exist: make it with CREATE ROLE'
	WHEN (SELECT rolsuper OR rolbypassrls FROM pg_roles
		WHERE rolname = tenant) THEN 'sees everything on this server'
	WHEN EXISTS (SELECT FROM pg_roles other
		WHERE other.rolname <> tenant
			AND pg_has_role(tenant, other.oid, 'MEMBER')
			AND has_schema_privilege(other.oid, 'tlsrpt', 'USAGE')
			AND NOT has_schema_privilege('public', 'tlsrpt', 'USAGE'))
		THEN 'is a member of a role that has rights here'
	WHEN EXISTS (SELECT FROM pg_class c
		WHERE c.relnamespace = 'tlsrpt'::regnamespace
			AND c.relkind IN ('r', 'p')
			AND c.relname NOT IN ('result_type', 'schema_version')
			AND (has_table_privilege(tenant, c.oid,
				'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
			OR has_any_column_privilege(tenant, c.oid,
				'SELECT, INSERT, UPDATE, REFERENCES')))
		THEN 'has rights to tables'
	WHEN EXISTS (SELECT FROM pg_proc p
		WHERE p.pronamespace = 'tlsrpt'::regnamespace
			AND has_function_privilege(tenant, p.oid, 'EXECUTE'))
		THEN 'may call functions that write'
END
$$;
REVOKE ALL ON FUNCTION tlsrpt.tenant_obstacle(name) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.tenant_obstacle(name) IS
	'Why this role cannot be a tenant; NULL: it can.';

-- The rights follow when its domains are known, and go before they do.
CREATE FUNCTION tlsrpt.tenant_add(tenant name, domains text[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	obstacle	constant text := tlsrpt.tenant_obstacle(tenant);
BEGIN
	IF obstacle IS NOT NULL THEN
		RAISE 'role "%" %', tenant, obstacle;
	END IF;
	INSERT INTO tlsrpt.tenant (role, domain)
	SELECT tenant, lower(domain) FROM unnest(domains) AS domain
	ON CONFLICT DO NOTHING;
	PERFORM tlsrpt.shut_views();
END
$$;
REVOKE ALL ON FUNCTION tlsrpt.tenant_add(name, text[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.tenant_add(name, text[]) IS
	'Lets a role see these policy domains; its rights are another matter.';

-- Without domains, or with all that it has, the role loses its rights: one
-- that is in no row of the table would see everything.
CREATE FUNCTION tlsrpt.tenant_remove(tenant name, domains text[]) RETURNS void
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tlsrpt.tenant t WHERE t.role = tenant) THEN
		RAISE 'role "%" is no tenant', tenant;
	END IF;
	LOCK TABLE tlsrpt.tenant IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM tlsrpt.tenant t WHERE t.role = tenant
		AND (domains = '{}' OR t.domain = ANY (
			SELECT lower(domain) FROM unnest(domains) AS domain));
	IF NOT EXISTS (SELECT FROM tlsrpt.tenant t WHERE t.role = tenant)
	    AND EXISTS (SELECT FROM pg_roles WHERE rolname = tenant) THEN
		EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA tlsrpt FROM %I',
		    tenant);
		EXECUTE format('REVOKE ALL ON SCHEMA tlsrpt FROM %I', tenant);
	END IF;
	PERFORM tlsrpt.shut_views();
END
$$;
REVOKE ALL ON FUNCTION tlsrpt.tenant_remove(name, text[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.tenant_remove(name, text[]) IS
	'Takes these policy domains from a role, or all; with the last go its rights.';

SELECT tlsrpt.shut_views();

-- As in 0003, and in nobody's way for longer than a moment.
CREATE OR REPLACE FUNCTION tlsrpt.ensure_months(months date[]) RETURNS SETOF date
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC'
	SET lock_timeout = '10s'
AS $$
DECLARE
	most	constant date := date_trunc('month', now()) + interval '1 month';
	first	date;
	locked	boolean := false;
	name	text;
	days	boolean;
	part	text;
BEGIN
	FOR first IN
		SELECT DISTINCT date_trunc('month', month)::date
		FROM unnest(months) AS month
		WHERE month >= date '2016-01-01'
		    AND date_trunc('month', month)::date <= most
		ORDER BY 1
	LOOP
		FOREACH name IN ARRAY ARRAY['report', 'policy', 'failure',
		    'policy_day', 'failure_day'] LOOP
			days := name LIKE '%\_day';
			part := name || to_char(first, '_YYYY_MM');
			CONTINUE WHEN to_regclass('tlsrpt.' || part) IS NOT NULL;
			IF NOT locked THEN
				-- Who waits for a table makes all others wait behind
				-- it, and may be waited for by a reader that takes
				-- the tables in another order: so it gives up before
				-- the server looks for a deadlock, and tries again.
				FOR attempt IN 1 .. 300 LOOP
					BEGIN
						PERFORM set_config('lock_timeout',
						    '100ms', true);
						PERFORM pg_advisory_xact_lock(8460, 2);
						LOCK TABLE tlsrpt.report_default,
						    tlsrpt.policy_default,
						    tlsrpt.failure_default,
						    tlsrpt.policy_day_default,
						    tlsrpt.failure_day_default
						    IN ACCESS EXCLUSIVE MODE;
						EXIT;
					EXCEPTION WHEN lock_not_available THEN
						IF attempt = 300 THEN
							RAISE;
						END IF;
						PERFORM pg_sleep(0.05);
					END;
				END LOOP;
				PERFORM set_config('lock_timeout', '10s', true);
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
			    ' WHERE %I >= %L AND %2$I < %4$L RETURNING *)'
			    ' INSERT INTO tlsrpt.%I SELECT * FROM moved',
			    name || '_default',
			    CASE WHEN days THEN 'day' ELSE 'start_time' END,
			    first, first + interval '1 month', part);
			EXECUTE format(
			    'ALTER TABLE tlsrpt.%I ATTACH PARTITION tlsrpt.%I'
			    ' FOR VALUES FROM (%L) TO (%L)',
			    name, part, first, first + interval '1 month');
		END LOOP;
		RETURN NEXT first;
	END LOOP;
END
$$;
