-- 0005  What each report says of each policy domain, for readers.
--
-- daily_total has these rows too, but as numeric, which a sum of many pays for,
-- and beside the sums of all: PostgreSQL adds up these by several processes.

INSERT INTO tlsrpt.schema_version (version) VALUES (5);

CREATE VIEW tlsrpt.policy_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed
FROM tlsrpt.policy_day
WHERE (NOT EXISTS (
		SELECT FROM tlsrpt.tenant o WHERE o.role = current_user)
	OR policy_domain = ANY (ARRAY(SELECT o.domain FROM tlsrpt.tenant o
		WHERE o.role = current_user)));

COMMENT ON VIEW tlsrpt.policy_sum IS
	'The table policy_day, for readers; rows are to be summed up.';
COMMENT ON COLUMN tlsrpt.policy_sum.day IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.policy_domain IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.organization IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.auth IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.policy_type IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.sts_mode IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.policies IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.reports IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.successful IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.failed IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.twice_successful IS 'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_sum.twice_failed IS 'As in policy_day.';

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
		EXECUTE 'GRANT SELECT ON tlsrpt.policy_sum TO ' || role;
	END LOOP;
END
$$;
