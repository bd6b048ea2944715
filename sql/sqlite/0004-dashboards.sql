-- 0004  Views for dashboards: the same names as in PostgreSQL.

INSERT INTO schema_version (version) VALUES (4);

-- In PostgreSQL: roles that see some policy domains only.  SQLite has no roles.
CREATE TABLE tenant (
	role	TEXT NOT NULL,
	domain	TEXT NOT NULL,	-- a policy domain that it sees, in lower case
	CONSTRAINT tenant_has_a_domain_once PRIMARY KEY (role, domain)
) STRICT;

-- The sums by day as rows; where policy_domain is *, of all policy domains
-- together.  Rows are to be summed up.
CREATE VIEW daily_total AS
SELECT day, '*' AS policy_domain, organization, auth, policy_type, sts_mode,
	policies, reports, successful, failed, twice_successful, twice_failed,
	lag_seconds, last_received_at
FROM total_day
UNION ALL
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed, NULL, NULL
FROM policy_day;

CREATE VIEW daily_total_failure AS
SELECT day, '*' AS policy_domain, organization, auth, policy_type, sts_mode,
	result_type, NULL AS receiving_mx_hostname, details, failed
FROM total_failure_day
UNION ALL
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed
FROM failure_day;

-- Jumps from name to name in the index, however many rows there are.
CREATE VIEW known_domain AS
WITH RECURSIVE step AS (
	SELECT min(policy_domain) AS policy_domain FROM policy_day
	UNION ALL
	SELECT (SELECT min(p.policy_domain) FROM policy_day p
		WHERE p.policy_domain > step.policy_domain)
	FROM step WHERE step.policy_domain IS NOT NULL
)
SELECT policy_domain FROM step WHERE policy_domain IS NOT NULL;
