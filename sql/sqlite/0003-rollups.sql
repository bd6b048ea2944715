-- 0003  Sums by day, kept in the transaction that writes what they sum up.
--
-- Run once, after 0002:
--
--	sqlite3 -bail reports.db <0003-rollups.sql
--
-- or let tlsrpt-db upgrade do it, which holds the same text.
--
-- The views of 0001 joined policy and report on each look, which takes
-- seconds once there are millions.  Now each report adds its rows to
-- policy_day and failure_day, narrow ones; what is taken back is added once
-- more with its sign turned.  total_day and total_failure_day answer
-- questions about all policy domains together.

INSERT INTO schema_version (version) VALUES (3);

-- One row: what tlsrpt-db prune has done.
CREATE TABLE retention (
	closed_before	TEXT NOT NULL DEFAULT '' -- sums of earlier days are kept
) STRICT;
INSERT INTO retention DEFAULT VALUES;

-- What each report says of each policy domain, by policy type and mode; rows
-- are added, never changed.
CREATE TABLE policy_day (
	day			TEXT NOT NULL,	-- the UTC date of start_time
	policy_domain		TEXT,
	organization		TEXT,		-- else the submitter
	auth			TEXT NOT NULL,	-- as in report
	policy_type		TEXT,
	sts_mode		TEXT,
	policies		INTEGER NOT NULL, -- rows of policy
	reports			INTEGER NOT NULL, -- 1 once a report and domain
	successful		INTEGER NOT NULL, -- sessions
	failed			INTEGER NOT NULL, -- sessions
	twice_successful	INTEGER NOT NULL, -- with tlsa: of these, those
	twice_failed		INTEGER NOT NULL  -- that sts counts as well
) STRICT;

CREATE INDEX policy_day_by_domain ON policy_day (policy_domain, day);
CREATE INDEX policy_day_by_day ON policy_day (day);

-- The failures of each report by policy, result type and MX.
CREATE TABLE failure_day (
	day			TEXT NOT NULL,	-- the UTC date of start_time
	policy_domain		TEXT,
	organization		TEXT,		-- else the submitter
	auth			TEXT NOT NULL,	-- as in report
	policy_type		TEXT,
	sts_mode		TEXT,
	result_type		TEXT,
	receiving_mx_hostname	TEXT,
	details			INTEGER NOT NULL, -- rows of failure
	failed			INTEGER NOT NULL  -- sessions
) STRICT;

CREATE INDEX failure_day_by_domain ON failure_day (policy_domain, day);
CREATE INDEX failure_day_by_day ON failure_day (day);

-- policy_day, summed up over all policy domains.
CREATE TABLE total_day (
	day			TEXT NOT NULL,	-- the UTC date of start_time
	slot			INTEGER NOT NULL, -- 0; PostgreSQL has several
	organization		TEXT,		-- else the submitter
	auth			TEXT NOT NULL,	-- as in report
	policy_type		TEXT,		-- NULL also where there is none
	sts_mode		TEXT,
	policies		INTEGER NOT NULL, -- rows of policy
	reports			INTEGER NOT NULL, -- each in one row
	successful		INTEGER NOT NULL, -- sessions
	failed			INTEGER NOT NULL, -- sessions
	twice_successful	INTEGER NOT NULL, -- as in policy_day
	twice_failed		INTEGER NOT NULL, -- as in policy_day
	lag_seconds		INTEGER NOT NULL, -- from end_time to arrival
	last_received_at	TEXT NOT NULL	-- of the latest of them
) STRICT;

-- NULL equals nothing in an index, so an empty blob, which no text equals,
-- stands for it.
CREATE UNIQUE INDEX total_day_is_one ON total_day (day, slot,
	ifnull(organization, x''), auth, ifnull(policy_type, x''),
	ifnull(sts_mode, x''));

-- failure_day, summed up over all policy domains and MX.
CREATE TABLE total_failure_day (
	day			TEXT NOT NULL,	-- the UTC date of start_time
	slot			INTEGER NOT NULL, -- 0; PostgreSQL has several
	organization		TEXT,		-- else the submitter
	auth			TEXT NOT NULL,	-- as in report
	policy_type		TEXT,
	sts_mode		TEXT,
	result_type		TEXT,
	details			INTEGER NOT NULL, -- rows of failure
	failed			INTEGER NOT NULL  -- sessions
) STRICT;

CREATE UNIQUE INDEX total_failure_day_is_one ON total_failure_day (day, slot,
	ifnull(organization, x''), auth, ifnull(policy_type, x''),
	ifnull(sts_mode, x''), ifnull(result_type, x''));

-- What src/store/rollup.c makes of a report before it is written, in SQL: to
-- take a report back, to build the sums anew, and for tlsrpt-db status, which
-- compares.  A change of one is a change of both.
--
-- sum() fails where it overflows, which a sender can bring about; in two halves
-- it does not, and the cast stops at the greatest number.
CREATE VIEW policy_rollup AS
WITH summed AS (
	SELECT r.report_key AS report_key, r.start_time AS start_time,
		substr(r.start_time, 1, 10) AS day,
		p.policy_domain AS policy_domain,
		coalesce(r.organization, r.submitter) AS organization,
		r.auth AS auth, p.policy_type AS policy_type,
		p.sts_mode AS sts_mode,
		count(p.policy_no) AS policies,
		CAST(ifnull(sum(p.successful >> 32) * 4294967296
			+ sum(p.successful & 4294967295), 0) AS INTEGER)
			AS successful,
		CAST(ifnull(sum(p.failed >> 32) * 4294967296
			+ sum(p.failed & 4294967295), 0) AS INTEGER) AS failed,
		r.received_at AS received_at,
		max(strftime('%s', r.received_at) - strftime('%s', r.end_time), 0)
			AS lag_seconds,
		min(p.policy_no) IS (
			SELECT min(q.policy_no) FROM policy q
			WHERE q.report_key = r.report_key
				AND q.start_time = r.start_time) AS first,
		count(p.policy_no) > 0 AND min(p.policy_no) = (
			SELECT min(q.policy_no) FROM policy q
			WHERE q.report_key = r.report_key
				AND q.start_time = r.start_time
				AND q.policy_domain IS p.policy_domain)
			AS reports,
		CASE WHEN p.policy_type = 'tlsa' THEN (
			SELECT CAST(ifnull(sum(q.successful >> 32) * 4294967296
				+ sum(q.successful & 4294967295), 0) AS INTEGER)
			FROM policy q
			WHERE q.report_key = r.report_key
				AND q.start_time = r.start_time
				AND q.policy_domain IS p.policy_domain
				AND q.policy_type = 'sts')
		ELSE 0 END AS sts_successful,
		CASE WHEN p.policy_type = 'tlsa' THEN (
			SELECT CAST(ifnull(sum(q.failed >> 32) * 4294967296
				+ sum(q.failed & 4294967295), 0) AS INTEGER)
			FROM policy q
			WHERE q.report_key = r.report_key
				AND q.start_time = r.start_time
				AND q.policy_domain IS p.policy_domain
				AND q.policy_type = 'sts')
		ELSE 0 END AS sts_failed
	FROM report r
	LEFT JOIN policy p ON p.report_key = r.report_key
		AND p.start_time = r.start_time
	GROUP BY r.report_key, r.start_time, p.policy_domain, p.policy_type,
		p.sts_mode
)
SELECT report_key, start_time, day, policy_domain, organization, auth,
	policy_type, sts_mode, policies, reports, successful, failed,
	min(CAST(successful + failed AS INTEGER),
		CAST(sts_successful + sts_failed AS INTEGER))
		- min(failed, sts_failed) AS twice_successful,
	min(failed, sts_failed) AS twice_failed,
	first, received_at, lag_seconds
FROM summed;

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
		AS INTEGER) AS failed
FROM report r
JOIN policy p ON p.report_key = r.report_key AND p.start_time = r.start_time
JOIN failure f ON f.report_key = r.report_key
	AND f.start_time = r.start_time AND f.policy_no = p.policy_no
GROUP BY r.report_key, r.start_time, p.policy_domain, p.policy_type,
	p.sts_mode, f.result_type, f.receiving_mx_hostname;

-- The sums of what is there.
INSERT INTO policy_day
SELECT day, policy_domain, organization, auth, policy_type, sts_mode, policies,
	reports, successful, failed, twice_successful, twice_failed
FROM policy_rollup WHERE policies > 0;

INSERT INTO total_day
SELECT day, 0, organization, auth, policy_type, sts_mode, sum(policies),
	sum(first), CAST(total(successful) AS INTEGER),
	CAST(total(failed) AS INTEGER), CAST(total(twice_successful) AS INTEGER),
	CAST(total(twice_failed) AS INTEGER), sum(lag_seconds * first),
	max(received_at)
FROM policy_rollup
GROUP BY day, organization, auth, policy_type, sts_mode;

INSERT INTO failure_day
SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
	result_type, receiving_mx_hostname, details, failed
FROM failure_rollup;

INSERT INTO total_failure_day
SELECT day, 0, organization, auth, policy_type, sts_mode, result_type,
	sum(details), CAST(total(failed) AS INTEGER)
FROM failure_rollup
GROUP BY day, organization, auth, policy_type, sts_mode, result_type;

-- The views of 0001, with the same columns.
DROP VIEW daily;
DROP VIEW daily_failure;
DROP VIEW reporter;
DROP VIEW coverage;

-- Sessions by day, policy domain, reporter and policy type.
CREATE VIEW daily AS
SELECT day, policy_domain, organization, policy_type,
	max(CAST(total(successful) AS INTEGER), 0) AS successful,
	max(CAST(total(failed) AS INTEGER), 0) AS failed
FROM policy_day
GROUP BY day, policy_domain, organization, policy_type
HAVING sum(policies) > 0;

-- Failed sessions by day, policy domain, reporter, result type and MX.
CREATE VIEW daily_failure AS
SELECT day, policy_domain, organization, result_type, receiving_mx_hostname,
	max(CAST(total(failed) AS INTEGER), 0) AS failed
FROM failure_day
GROUP BY day, policy_domain, organization, result_type, receiving_mx_hostname
HAVING sum(details) > 0;

-- Who reports on which policy domain, and since when.
CREATE VIEW reporter AS
WITH days AS (
	SELECT organization, policy_domain, day, sum(reports) AS reports
	FROM policy_day
	GROUP BY organization, policy_domain, day
	HAVING sum(policies) > 0
)
SELECT organization, policy_domain, min(day) AS first_day, max(day) AS last_day,
	sum(reports) AS reports
FROM days
GROUP BY organization, policy_domain;

-- Days without a report, between the first and the last that a reporter sent;
-- implausible dates are left out.
CREATE VIEW coverage AS
WITH RECURSIVE seen AS (
	SELECT day, policy_domain, organization
	FROM policy_day
	WHERE day >= '2016-01-01'
		AND day < date('now', '+2 days')
	GROUP BY day, policy_domain, organization
	HAVING sum(policies) > 0
), gap AS (
	SELECT day, policy_domain, organization,
		lead(day) OVER (
			PARTITION BY policy_domain, organization ORDER BY day)
			AS next_day
	FROM seen
), absent AS (
	SELECT date(day, '+1 day') AS day, policy_domain, organization, next_day
	FROM gap
	WHERE date(day, '+1 day') < next_day
	UNION ALL
	SELECT date(day, '+1 day'), policy_domain, organization, next_day
	FROM absent
	WHERE date(day, '+1 day') < next_day
)
SELECT day, policy_domain, organization FROM absent;
