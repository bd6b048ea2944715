-- 0003  Sums by day, kept in the transaction that writes what they sum up.
--
-- Run once, after 0002, as the owner of the database:
--
--	psql -X -v ON_ERROR_STOP=1 -1 -f 0003-rollups.sql
--
-- or let tlsrpt-db upgrade do it, which holds the same text.
--
-- The views of 0001 joined policy and report on each look, which takes
-- seconds once there are millions.  Now each report adds its rows to
-- policy_day and failure_day: narrow, and never changed, so that writers do
-- not wait for one another.  What is taken back is added once more with its
-- sign turned.  A question about all policy domains together would still
-- read each of those rows: total_day and total_failure_day answer it.

INSERT INTO tlsrpt.schema_version (version) VALUES (3);

CREATE TABLE tlsrpt.retention (
	closed_before	date NOT NULL DEFAULT '-infinity'
);
INSERT INTO tlsrpt.retention DEFAULT VALUES;

COMMENT ON TABLE tlsrpt.retention IS
	'One row: what tlsrpt-db prune has done.';
COMMENT ON COLUMN tlsrpt.retention.closed_before IS
	'The sums of earlier days were kept when their reports were dropped; nothing is added to them any more.';

CREATE TABLE tlsrpt.policy_day (
	day			date NOT NULL,
	policy_domain		text,
	organization		text,
	auth			text NOT NULL,
	policy_type		text,
	sts_mode		text,
	policies		integer NOT NULL,
	reports			integer NOT NULL,
	successful		bigint NOT NULL,
	failed			bigint NOT NULL,
	twice_successful	bigint NOT NULL,
	twice_failed		bigint NOT NULL
) PARTITION BY RANGE (day);

CREATE INDEX policy_day_by_domain ON tlsrpt.policy_day (policy_domain, day);
CREATE INDEX policy_day_with_failures
	ON tlsrpt.policy_day (day) WHERE failed <> 0;

COMMENT ON TABLE tlsrpt.policy_day IS
	'What each report says of each policy domain, by policy type and mode; rows are added, never changed.';
COMMENT ON COLUMN tlsrpt.policy_day.day IS
	'The UTC date of start_time; the table is partitioned by its month.';
COMMENT ON COLUMN tlsrpt.policy_day.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_day.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.policy_day.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.policy_day.policy_type IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_day.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_day.policies IS
	'Rows of policy; negative where they are taken back.';
COMMENT ON COLUMN tlsrpt.policy_day.reports IS
	'1 in one row of each report and policy domain, so that a sum counts reports; -1 where it is taken back.';
COMMENT ON COLUMN tlsrpt.policy_day.successful IS
	'Sessions; negative where they are taken back.';
COMMENT ON COLUMN tlsrpt.policy_day.failed IS
	'Sessions; negative where they are taken back.';
COMMENT ON COLUMN tlsrpt.policy_day.twice_successful IS
	'With tlsa: how many of these sessions the sts policies of the same report and domain count as well.';
COMMENT ON COLUMN tlsrpt.policy_day.twice_failed IS
	'With tlsa: how many of these sessions the sts policies of the same report and domain count as well.';

CREATE TABLE tlsrpt.failure_day (
	day			date NOT NULL,
	policy_domain		text,
	organization		text,
	auth			text NOT NULL,
	policy_type		text,
	sts_mode		text,
	result_type		text,
	receiving_mx_hostname	text,
	details			integer NOT NULL,
	failed			bigint NOT NULL
) PARTITION BY RANGE (day);

CREATE INDEX failure_day_by_domain ON tlsrpt.failure_day (policy_domain, day);

COMMENT ON TABLE tlsrpt.failure_day IS
	'The failures of each report by policy, result type and MX; rows are added, never changed.';
COMMENT ON COLUMN tlsrpt.failure_day.day IS
	'The UTC date of start_time; the table is partitioned by its month.';
COMMENT ON COLUMN tlsrpt.failure_day.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_day.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.failure_day.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.failure_day.policy_type IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_day.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_day.result_type IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_day.receiving_mx_hostname IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_day.details IS
	'Rows of failure; negative where they are taken back.';
COMMENT ON COLUMN tlsrpt.failure_day.failed IS
	'Sessions; negative where they are taken back.';

-- These two are changed in place.  Writers that run at once would wait for one
-- another at the rows of today, so each has one slot of eight to itself.
-- Counts are numeric, as a sender may claim any number of sessions.  The index
-- holds an array since that takes two NULLs for equal.

CREATE TABLE tlsrpt.total_day (
	day			date NOT NULL,
	slot			smallint NOT NULL,
	organization		text,
	auth			text NOT NULL,
	policy_type		text,
	sts_mode		text,
	policies		bigint NOT NULL,
	reports			bigint NOT NULL,
	successful		numeric NOT NULL,
	failed			numeric NOT NULL,
	twice_successful	numeric NOT NULL,
	twice_failed		numeric NOT NULL,
	lag_seconds		numeric NOT NULL,
	last_received_at	timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX total_day_is_one ON tlsrpt.total_day
	(day, slot, (ARRAY[organization, auth, policy_type, sts_mode]));

COMMENT ON TABLE tlsrpt.total_day IS
	'policy_day, summed up over all policy domains.';
COMMENT ON COLUMN tlsrpt.total_day.day IS
	'The UTC date of start_time.';
COMMENT ON COLUMN tlsrpt.total_day.slot IS
	'Of no meaning: writers that run at once add to different rows.';
COMMENT ON COLUMN tlsrpt.total_day.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.total_day.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.total_day.policy_type IS
	'As in policy; NULL also for reports without any.';
COMMENT ON COLUMN tlsrpt.total_day.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.total_day.policies IS
	'Rows of policy.';
COMMENT ON COLUMN tlsrpt.total_day.reports IS
	'Reports, each counted in one row: that of its first policy.';
COMMENT ON COLUMN tlsrpt.total_day.successful IS
	'Sessions.';
COMMENT ON COLUMN tlsrpt.total_day.failed IS
	'Sessions.';
COMMENT ON COLUMN tlsrpt.total_day.twice_successful IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.total_day.twice_failed IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.total_day.lag_seconds IS
	'From end_time to received_at, the sum over these reports.';
COMMENT ON COLUMN tlsrpt.total_day.last_received_at IS
	'When the latest of these reports came in.';

CREATE TABLE tlsrpt.total_failure_day (
	day			date NOT NULL,
	slot			smallint NOT NULL,
	organization		text,
	auth			text NOT NULL,
	policy_type		text,
	sts_mode		text,
	result_type		text,
	details			bigint NOT NULL,
	failed			numeric NOT NULL
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX total_failure_day_is_one ON tlsrpt.total_failure_day
	(day, slot, (ARRAY[organization, auth, policy_type, sts_mode, result_type]));

COMMENT ON TABLE tlsrpt.total_failure_day IS
	'failure_day, summed up over all policy domains and MX.';
COMMENT ON COLUMN tlsrpt.total_failure_day.day IS
	'The UTC date of start_time.';
COMMENT ON COLUMN tlsrpt.total_failure_day.slot IS
	'As in total_day.';
COMMENT ON COLUMN tlsrpt.total_failure_day.organization IS
	'organization of the report, else its submitter.';
COMMENT ON COLUMN tlsrpt.total_failure_day.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.total_failure_day.policy_type IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.total_failure_day.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.total_failure_day.result_type IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.total_failure_day.details IS
	'Rows of failure.';
COMMENT ON COLUMN tlsrpt.total_failure_day.failed IS
	'Sessions.';

-- What src/store/rollup.c makes of a report before it is written, in SQL: to
-- take a report back, to build the sums anew, and for tlsrpt-db status, which
-- compares.  A change of one is a change of both.

CREATE VIEW tlsrpt.policy_rollup AS
WITH summed AS (
	SELECT r.report_key, r.start_time,
		(r.start_time AT TIME ZONE 'UTC')::date AS day,
		p.policy_domain,
		coalesce(r.organization, r.submitter) AS organization,
		r.auth, p.policy_type, p.sts_mode,
		pg_catalog.count(p.policy_no)::integer AS policies,
		pg_catalog.min(p.policy_no) AS first_no,
		least(coalesce(pg_catalog.sum(p.successful), 0),
			9223372036854775807)::bigint AS successful,
		least(coalesce(pg_catalog.sum(p.failed), 0),
			9223372036854775807)::bigint AS failed,
		r.received_at,
		greatest(pg_catalog.date_part('epoch',
			r.received_at - r.end_time), 0)::bigint AS lag_seconds
	FROM tlsrpt.report r
	LEFT JOIN tlsrpt.policy p ON p.report_key = r.report_key
		AND p.start_time = r.start_time
	GROUP BY r.report_key, r.start_time, p.policy_domain, r.organization,
		r.submitter, r.auth, p.policy_type, p.sts_mode, r.received_at,
		r.end_time
), beside AS (
	SELECT s.*,
		(pg_catalog.row_number() OVER report = 1)::integer AS first,
		(policies > 0 AND pg_catalog.row_number() OVER domain = 1)::integer
			AS reports,
		least(coalesce(pg_catalog.sum(successful) FILTER (
			WHERE policy_type = 'sts') OVER whole, 0),
			9223372036854775807) AS sts_successful,
		least(coalesce(pg_catalog.sum(failed) FILTER (
			WHERE policy_type = 'sts') OVER whole, 0),
			9223372036854775807) AS sts_failed
	FROM summed s
	WINDOW report AS (PARTITION BY report_key, start_time ORDER BY first_no),
		domain AS (PARTITION BY report_key, start_time, policy_domain
			ORDER BY first_no),
		whole AS (PARTITION BY report_key, start_time, policy_domain)
)
SELECT report_key, start_time, day, policy_domain, organization, auth,
	policy_type, sts_mode, policies, reports, successful, failed,
	CASE WHEN policy_type = 'tlsa' THEN
		least(least(successful::numeric + failed, 9223372036854775807),
		least(sts_successful + sts_failed, 9223372036854775807))
		- least(failed::numeric, sts_failed)
	ELSE 0 END::bigint AS twice_successful,
	CASE WHEN policy_type = 'tlsa' THEN
		least(failed::numeric, sts_failed)
	ELSE 0 END::bigint AS twice_failed,
	first, received_at, lag_seconds
FROM beside;

COMMENT ON VIEW tlsrpt.policy_rollup IS
	'The rows of policy_day that each report brings, from the report itself.';
COMMENT ON COLUMN tlsrpt.policy_rollup.report_key IS
	'The report.';
COMMENT ON COLUMN tlsrpt.policy_rollup.start_time IS
	'start_time of that report.';
COMMENT ON COLUMN tlsrpt.policy_rollup.day IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_rollup.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_rollup.organization IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_rollup.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.policy_rollup.policy_type IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_rollup.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.policy_rollup.policies IS
	'As in policy_day; 0 for a report without any, which has no row there.';
COMMENT ON COLUMN tlsrpt.policy_rollup.reports IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_rollup.successful IS
	'Sessions, at most 2^63 - 1.';
COMMENT ON COLUMN tlsrpt.policy_rollup.failed IS
	'Sessions, at most 2^63 - 1.';
COMMENT ON COLUMN tlsrpt.policy_rollup.twice_successful IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_rollup.twice_failed IS
	'As in policy_day.';
COMMENT ON COLUMN tlsrpt.policy_rollup.first IS
	'1 in one row of each report, that of its first policy; else 0.';
COMMENT ON COLUMN tlsrpt.policy_rollup.received_at IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.policy_rollup.lag_seconds IS
	'From end_time to received_at, at least 0.';

CREATE VIEW tlsrpt.failure_rollup AS
SELECT r.report_key, r.start_time,
	(r.start_time AT TIME ZONE 'UTC')::date AS day,
	p.policy_domain,
	coalesce(r.organization, r.submitter) AS organization,
	r.auth, p.policy_type, p.sts_mode, f.result_type,
	f.receiving_mx_hostname,
	pg_catalog.count(*)::integer AS details,
	least(pg_catalog.sum(f.failed), 9223372036854775807)::bigint AS failed
FROM tlsrpt.report r
JOIN tlsrpt.policy p ON p.report_key = r.report_key
	AND p.start_time = r.start_time
JOIN tlsrpt.failure f ON f.report_key = r.report_key
	AND f.start_time = r.start_time AND f.policy_no = p.policy_no
GROUP BY r.report_key, r.start_time, p.policy_domain, r.organization,
	r.submitter, r.auth, p.policy_type, p.sts_mode, f.result_type,
	f.receiving_mx_hostname;

COMMENT ON VIEW tlsrpt.failure_rollup IS
	'The rows of failure_day that each report brings, from the report itself.';
COMMENT ON COLUMN tlsrpt.failure_rollup.report_key IS
	'The report.';
COMMENT ON COLUMN tlsrpt.failure_rollup.start_time IS
	'start_time of that report.';
COMMENT ON COLUMN tlsrpt.failure_rollup.day IS
	'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_rollup.policy_domain IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_rollup.organization IS
	'As in failure_day.';
COMMENT ON COLUMN tlsrpt.failure_rollup.auth IS
	'As in report.';
COMMENT ON COLUMN tlsrpt.failure_rollup.policy_type IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_rollup.sts_mode IS
	'As in policy.';
COMMENT ON COLUMN tlsrpt.failure_rollup.result_type IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_rollup.receiving_mx_hostname IS
	'As in failure.';
COMMENT ON COLUMN tlsrpt.failure_rollup.details IS
	'Rows of failure.';
COMMENT ON COLUMN tlsrpt.failure_rollup.failed IS
	'Sessions, at most 2^63 - 1.';

-- A slot of the totals that no other transaction uses, if there is one: then
-- writers neither wait for one another at the totals nor end in a deadlock.
CREATE FUNCTION tlsrpt.free_slot() RETURNS smallint
	LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	FOR slot IN 0 .. 7 LOOP
		IF pg_try_advisory_xact_lock(8460, 100 + slot) THEN
			RETURN slot;
		END IF;
	END LOOP;
	RETURN pg_backend_pid() % 8;
END
$$;
REVOKE ALL ON FUNCTION tlsrpt.free_slot() FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.free_slot() IS
	'A slot of total_day that no other transaction uses.';

-- Add rows to policy_day and total_day; arrays, of which each place is a row.
-- The order by key makes writers meet at the totals in one order.
CREATE FUNCTION tlsrpt.roll_up_policies(days date[], policy_domains text[],
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
REVOKE ALL ON FUNCTION tlsrpt.roll_up_policies(date[], text[], text[], text[],
	text[], text[], integer[], integer[], bigint[], bigint[], bigint[],
	bigint[], integer[], timestamptz[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.roll_up_policies(date[], text[], text[], text[],
	text[], text[], integer[], integer[], bigint[], bigint[], bigint[],
	bigint[], integer[], timestamptz[], bigint[]) IS
	'Adds rows to policy_day and total_day.';

-- The same for failure_day and total_failure_day.
CREATE FUNCTION tlsrpt.roll_up_failures(days date[], policy_domains text[],
	organizations text[], auths text[], policy_types text[],
	sts_modes text[], result_types text[], receiving_mx_hostnames text[],
	details integer[], failed bigint[])
	RETURNS void
	LANGUAGE sql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
WITH added AS (
	SELECT u.*
	FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS u (day,
		policy_domain, organization, auth, policy_type, sts_mode,
		result_type, receiving_mx_hostname, details, failed)
	WHERE u.day >= (SELECT t.closed_before FROM tlsrpt.retention t)
), fine AS (
	INSERT INTO tlsrpt.failure_day (day, policy_domain, organization, auth,
		policy_type, sts_mode, result_type, receiving_mx_hostname,
		details, failed)
	SELECT a.day, a.policy_domain, a.organization, a.auth, a.policy_type,
		a.sts_mode, a.result_type, a.receiving_mx_hostname, a.details,
		a.failed
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
	text[], text[], text[], text[], integer[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.roll_up_failures(date[], text[], text[], text[],
	text[], text[], text[], text[], integer[], bigint[]) IS
	'Adds rows to failure_day and total_failure_day.';

-- Add one report that is stored, or with sign -1 take it back.  A plan that may
-- not read tables in sequence and has to looks so dear that it would be
-- compiled, for a third of a second.
CREATE FUNCTION tlsrpt.roll(key uuid, started timestamptz, sign integer)
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
	array_agg(sign * failed))
FROM tlsrpt.failure_rollup
WHERE report_key = key AND start_time = started;
$$;
REVOKE ALL ON FUNCTION tlsrpt.roll(uuid, timestamptz, integer) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.roll(uuid, timestamptz, integer) IS
	'Adds the rows of a stored report to all sums, or takes them back.';

-- Build the sums of the days from since to until anew.  Days that are closed
-- are left as they are.
CREATE FUNCTION tlsrpt.rebuild_rollups(since date, until date) RETURNS void
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
		details, failed)
	SELECT day, policy_domain, organization, auth, policy_type, sts_mode,
		result_type, receiving_mx_hostname, details, failed
	FROM added
)
INSERT INTO tlsrpt.total_failure_day (day, slot, organization, auth,
	policy_type, sts_mode, result_type, details, failed)
SELECT day, 0, organization, auth, policy_type, sts_mode, result_type,
	sum(details), sum(failed)
FROM added
GROUP BY day, organization, auth, policy_type, sts_mode, result_type;
$$;
REVOKE ALL ON FUNCTION tlsrpt.rebuild_rollups(date, date) FROM PUBLIC;
COMMENT ON FUNCTION tlsrpt.rebuild_rollups(date, date) IS
	'Builds the sums of these days anew from the reports.';

-- As in 0001, and of the sums by day as well.
CREATE OR REPLACE FUNCTION tlsrpt.ensure_months(months date[]) RETURNS SETOF date
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC'
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
				-- One at a time, and in one order with those
				-- who write to the default partitions.
				PERFORM pg_advisory_xact_lock(8460, 2);
				LOCK TABLE tlsrpt.report_default,
				    tlsrpt.policy_default,
				    tlsrpt.failure_default,
				    tlsrpt.policy_day_default,
				    tlsrpt.failure_day_default
				    IN ACCESS EXCLUSIVE MODE;
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

-- As in 0001; and where a report is replaced, or known to be better
-- authenticated, the sums follow.
CREATE OR REPLACE FUNCTION tlsrpt.settle(report_keys uuid[], start_times timestamptz[],
	content_digests bytea[], auths text[], auth_domains text[])
	RETURNS TABLE (ordinal integer, verdict text)
	LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off
	SET enable_hashjoin = off
	SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
	rank	constant text[] := ARRAY['fail', 'none', 'pass'];
	plain	integer[];
	other	record;
	kept	record;
BEGIN
	-- The usual case by far, and without a lock: whoever replaces such a
	-- report at this moment comes after us.
	SELECT coalesce(array_agg(o.ordinality::integer), '{}') INTO plain
	FROM ROWS FROM (unnest(report_keys), unnest(start_times),
		unnest(content_digests), unnest(auths)) WITH ORDINALITY
		AS o (report_key, start_time, content_digest, auth, ordinality)
	JOIN tlsrpt.report r ON r.report_key = o.report_key
		AND r.start_time = o.start_time
	WHERE r.content_digest = o.content_digest
		AND array_position(rank, o.auth) <= array_position(rank, r.auth);

	RETURN QUERY SELECT p, 'duplicate' FROM unnest(plain) AS p;
	IF cardinality(plain) = cardinality(report_keys) THEN
		RETURN;
	END IF;

	FOR other IN
		SELECT o.ordinality::integer AS place, o.*
		FROM ROWS FROM (unnest(report_keys), unnest(start_times),
			unnest(content_digests), unnest(auths),
			unnest(auth_domains)) WITH ORDINALITY
			AS o (report_key, start_time, content_digest, auth,
			auth_domain, ordinality)
		WHERE o.ordinality <> ALL (plain)
		ORDER BY o.report_key
	LOOP
		SELECT r.content_digest, r.auth INTO kept
		FROM tlsrpt.report r
		WHERE r.report_key = other.report_key
			AND r.start_time = other.start_time
		FOR UPDATE;

		ordinal := other.place;
		IF NOT FOUND THEN
			verdict := 'absent';
		ELSIF kept.content_digest = other.content_digest THEN
			verdict := 'duplicate';
			IF array_position(rank, kept.auth) <
			    array_position(rank, other.auth) THEN
				PERFORM tlsrpt.roll(other.report_key,
				    other.start_time, -1);
				UPDATE tlsrpt.report r
				SET auth = other.auth,
					auth_domain = other.auth_domain
				WHERE r.report_key = other.report_key
					AND r.start_time = other.start_time;
				PERFORM tlsrpt.roll(other.report_key,
				    other.start_time, 1);
			END IF;
		ELSIF array_position(rank, other.auth) <=
		    array_position(rank, kept.auth) THEN
			verdict := 'superseded';
		ELSE
			verdict := 'replaced';
			PERFORM tlsrpt.roll(other.report_key, other.start_time,
			    -1);
			INSERT INTO tlsrpt.superseded (report_key,
				content_digest, start_time, received_at, auth,
				auth_domain, document)
			SELECT r.report_key, r.content_digest, r.start_time,
				r.received_at, r.auth, r.auth_domain, r.document
			FROM tlsrpt.report r
			WHERE r.report_key = other.report_key
				AND r.start_time = other.start_time
			ON CONFLICT DO NOTHING;
			DELETE FROM tlsrpt.report r
			WHERE r.report_key = other.report_key
				AND r.start_time = other.start_time;
			DELETE FROM tlsrpt.policy p
			WHERE p.report_key = other.report_key
				AND p.start_time = other.start_time;
			DELETE FROM tlsrpt.failure f
			WHERE f.report_key = other.report_key
				AND f.start_time = other.start_time;
			DELETE FROM tlsrpt.superseded s
			WHERE s.report_key = other.report_key
				AND s.content_digest = other.content_digest;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

CREATE TABLE tlsrpt.policy_day_default
	PARTITION OF tlsrpt.policy_day DEFAULT;
CREATE TABLE tlsrpt.failure_day_default
	PARTITION OF tlsrpt.failure_day DEFAULT;

-- The months that there are, and the sums of what lies in them.
SELECT tlsrpt.ensure_months(ARRAY(
	SELECT pg_catalog.to_date(pg_catalog.right(c.relname, 7), 'YYYY_MM')
	FROM pg_catalog.pg_class c
	WHERE c.relnamespace = 'tlsrpt'::regnamespace
		AND c.relname ~ '^report_[0-9]{4}_[0-9]{2}$'));
SELECT tlsrpt.rebuild_rollups('0001-01-01', '9999-12-31');

-- The views of 0001, with the same columns.

CREATE OR REPLACE VIEW tlsrpt.daily AS
SELECT day, policy_domain, organization, policy_type,
	greatest(least(pg_catalog.sum(successful), 9223372036854775807), 0)::bigint
		AS successful,
	greatest(least(pg_catalog.sum(failed), 9223372036854775807), 0)::bigint
		AS failed
FROM tlsrpt.policy_day
GROUP BY day, policy_domain, organization, policy_type
HAVING pg_catalog.sum(policies) > 0;

CREATE OR REPLACE VIEW tlsrpt.daily_failure AS
SELECT day, policy_domain, organization, result_type, receiving_mx_hostname,
	greatest(least(pg_catalog.sum(failed), 9223372036854775807), 0)::bigint
		AS failed
FROM tlsrpt.failure_day
GROUP BY day, policy_domain, organization, result_type, receiving_mx_hostname
HAVING pg_catalog.sum(details) > 0;

CREATE OR REPLACE VIEW tlsrpt.reporter AS
WITH days AS (
	SELECT organization, policy_domain, day,
		pg_catalog.sum(reports)::bigint AS reports
	FROM tlsrpt.policy_day
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
		    ' tlsrpt.roll_up_policies(date[], text[], text[], text[],'
		    ' text[], text[], integer[], integer[], bigint[], bigint[],'
		    ' bigint[], bigint[], integer[], timestamptz[], bigint[]),'
		    ' tlsrpt.roll_up_failures(date[], text[], text[], text[],'
		    ' text[], text[], text[], text[], integer[], bigint[])'
		    ' TO ' || role;
	END LOOP;
END
$$;
