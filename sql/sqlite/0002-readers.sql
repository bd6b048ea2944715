-- 0002  Views for those who read a report whole, or ask what came in.

-- The table report without its documents.
CREATE VIEW report_detail AS
SELECT report_key, start_time, end_time, received_at, organization, report_id,
	contact, submitter, channel, auth, auth_domain, deviations
FROM report;

-- The table policy.
CREATE VIEW policy_detail AS
SELECT report_key, start_time, policy_no, policy_type, policy_domain,
	policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed
FROM policy;

-- The table failure.
CREATE VIEW failure_detail AS
SELECT report_key, start_time, policy_no, failure_no, result_type,
	sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip,
	failed, additional_information, failure_reason_code
FROM failure;

-- The table intake without what would tell whose mail it was.
CREATE VIEW arrival AS
SELECT received_at, channel, outcome, reason
FROM intake;

INSERT INTO schema_version (version) VALUES (2);
