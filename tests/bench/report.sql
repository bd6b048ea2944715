-- Reports of many domains by many reporters for many days, one policy each;
-- one in fifty has a failure.  The same numbers give the same rows.
--
--	psql -X -v domains=500 -v reporters=14 -v days=720 -f report.sql
\set ON_ERROR_STOP 1
SET search_path = tlsrpt, pg_catalog;
SET synchronous_commit = off;
SET timezone = 'UTC';
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
SELECT ensure_months(ARRAY(SELECT (current_date - n)::date
	FROM generate_series(0, :days) AS n)) \g /dev/null

CREATE UNLOGGED TABLE public.made AS
SELECT md5(d || ' ' || o || ' ' || t)::uuid AS report_key,
	(current_date - t)::timestamptz AS start_time, d, o, t,
	(d * 7 + o * 13 + t * 31) % 50 = 0 AS failing
FROM generate_series(1, :days) AS t, generate_series(1, :domains) AS d,
	generate_series(1, :reporters) AS o;

INSERT INTO report (report_key, start_time, end_time, received_at,
	organization, report_id, channel, auth, content_digest, document)
SELECT report_key, start_time, start_time + interval '23:59:59',
	start_time + interval '30 hours', 'Reporter ' || o,
	t || '_' || d, 'mail', 'pass', decode(repeat('ab', 32), 'hex'), ''
FROM public.made;

INSERT INTO policy (report_key, start_time, policy_no, policy_type,
	policy_domain, policy_strings, mx_hosts, sts_mode, sts_max_age,
	successful, failed)
SELECT report_key, start_time, 1, 'sts', 'd' || d || '.example',
	ARRAY['version: STSv1', 'mode: testing', 'mx: mx.d' || d || '.example',
	'max_age: 604800'], '{}', 'testing', 604800, 1 + (d * o) % 900,
	CASE WHEN failing THEN 2 ELSE 0 END
FROM public.made;

INSERT INTO failure (report_key, start_time, policy_no, failure_no,
	result_type, receiving_mx_hostname, failed, failure_reason_code)
SELECT report_key, start_time, 1, 1,
	(ARRAY['certificate-expired', 'starttls-not-supported',
	'validation-failure'])[1 + d % 3], 'mx.d' || d || '.example', 2, NULL
FROM public.made WHERE failing;
DROP TABLE public.made;
