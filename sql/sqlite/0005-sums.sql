-- 0005  What each report says of each policy domain: the same name as in
-- PostgreSQL.

INSERT INTO schema_version (version) VALUES (5);

-- The table policy_day, for readers; rows are to be summed up.
CREATE VIEW policy_sum AS
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed
FROM policy_day;
