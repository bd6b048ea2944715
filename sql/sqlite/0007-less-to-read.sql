-- 0007  Why sessions failed, where it is asked for; and a policy domain whose
-- name is *.

INSERT INTO schema_version (version) VALUES (7);

-- One of them, the last by its bytes.
ALTER TABLE failure_day ADD COLUMN failure_reason_code TEXT;

DROP VIEW failure_rollup;
CREATE VIEW failure_rollup AS
SELECT r.report_key AS report_key, r.start_time AS start_time,
	substr(r.start_time, 1, 10) AS day,
	p.policy_domain AS policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	r.auth AS auth, p.policy_type AS policy_type, p.sts_mode AS sts_mode,
	f.result_type AS result_type,
	f.receiving_mx_hostname AS receiving_mx_hostname,
	count(*) AS details,
	CAST(sum(f.failed >> 32) * 4294967296 + sum(f.failed & 4294967295)
		AS INTEGER) AS failed,
	max(f.failure_reason_code) AS failure_reason_code
FROM report r
JOIN policy p ON p.report_key = r.report_key AND p.start_time = r.start_time
JOIN failure f ON f.report_key = r.report_key
	AND f.start_time = r.start_time AND f.policy_no = p.policy_no
GROUP BY r.report_key, r.start_time, p.policy_domain, p.policy_type,
	p.sts_mode, f.result_type, f.receiving_mx_hostname;

-- The days that are open anew, with their reasons.
DELETE FROM failure_day
WHERE day >= (SELECT closed_before FROM retention);
INSERT INTO failure_day
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM failure_rollup
WHERE day >= (SELECT closed_before FROM retention);

-- The table failure_day, for readers; rows are to be summed up.
CREATE VIEW failure_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed, failure_reason_code
FROM failure_day;

-- A sender may call a policy domain *: there its rows are no total, and are in
-- those of all.
DROP VIEW daily_total;
CREATE VIEW daily_total AS
SELECT day, '*' AS policy_domain, organization, auth, policy_type, sts_mode,
	policies, reports, successful, failed, twice_successful, twice_failed,
	lag_seconds, last_received_at
FROM total_day
UNION ALL
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed, NULL, NULL
FROM policy_day
WHERE policy_domain IS NOT '*';

DROP VIEW daily_total_failure;
CREATE VIEW daily_total_failure AS
SELECT day, '*' AS policy_domain, organization, auth, policy_type, sts_mode,
	result_type, NULL AS receiving_mx_hostname, details, failed
FROM total_failure_day
UNION ALL
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed
FROM failure_day
WHERE policy_domain IS NOT '*';

DROP VIEW known_domain;
CREATE VIEW known_domain AS
WITH RECURSIVE step AS (
	SELECT min(policy_domain) AS policy_domain FROM policy_day
	UNION ALL
	SELECT (SELECT min(p.policy_domain) FROM policy_day p
		WHERE p.policy_domain > step.policy_domain)
	FROM step WHERE step.policy_domain IS NOT NULL
)
SELECT policy_domain FROM step
WHERE policy_domain IS NOT NULL AND policy_domain <> '*';
