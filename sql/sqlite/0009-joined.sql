-- 0009  What is asked for together stands together.

INSERT INTO schema_version (version) VALUES (9);

-- The table failure, each row with its policy and its report.
CREATE VIEW failure_report AS
SELECT p.start_time AS start_time, p.policy_domain AS policy_domain,
	p.policy_type AS policy_type, p.sts_mode AS sts_mode,
	p.failed AS policy_failed,
	coalesce(r.organization, r.submitter) AS organization, r.auth AS auth,
	r.report_id AS report_id, f.result_type AS result_type,
	f.sending_mta_ip AS sending_mta_ip,
	f.receiving_mx_hostname AS receiving_mx_hostname,
	f.receiving_mx_helo AS receiving_mx_helo,
	f.receiving_ip AS receiving_ip, f.failed AS failed,
	f.additional_information AS additional_information,
	f.failure_reason_code AS failure_reason_code
FROM policy p
JOIN failure f ON f.report_key = p.report_key
	AND f.start_time = p.start_time AND f.policy_no = p.policy_no
JOIN report r ON r.report_key = p.report_key AND r.start_time = p.start_time;

-- The reports that depart from RFC 8460.
CREATE VIEW deviating_report AS
SELECT report_key, start_time,
	coalesce(organization, submitter) AS organization, auth, deviations
FROM report
WHERE deviations <> '[]';
