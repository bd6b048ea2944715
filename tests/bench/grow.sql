-- Fill an empty schema with made-up reports of many domains, month by month:
--
--	psql -X -v policies=10000000 -v domains=2000 -v months=24 -f grow.sql
--
-- The same numbers give the same rows: all chance is a hash of the place.
-- Of ten reports two have a policy of sts and one of tlsa, seen by the same
-- sessions; one in eight has failures, three details each.  The sums by day
-- are built by what tlsrpt-db itself uses.
\set ON_ERROR_STOP 1
SET search_path = tlsrpt, pg_catalog;
SET synchronous_commit = off;
SET timezone = 'UTC';
SET client_min_messages = warning;
SELECT set_config('grow.policies', :'policies', false),
	set_config('grow.domains', :'domains', false),
	set_config('grow.months', :'months', false) \g /dev/null

-- A number from 0 to 999999 that looks like chance.
CREATE FUNCTION pg_temp.chance(seed text, n integer) RETURNS integer
	LANGUAGE sql IMMUTABLE
AS $$ SELECT abs(hashtextextended(seed, n) % 1000000)::integer $$;

CREATE TEMP TABLE reporter_name AS
SELECT n, CASE n WHEN 1 THEN 'Google Inc.' WHEN 2 THEN 'Microsoft Corporation'
	WHEN 3 THEN 'Mail.ru' ELSE 'Reporter ' || n END AS organization
FROM generate_series(1, 40) AS n;

CREATE TEMP TABLE grown (
	report_key uuid, day date, domain_no integer, reporter_no integer,
	failing boolean, both_types boolean, sessions bigint);

DO $$
DECLARE
	domains	constant integer := current_setting('grow.domains');
	months	constant integer := current_setting('grow.months');
	days	constant integer := current_date - (current_date
		- make_interval(months => months))::date;
	-- Of a million: does this reporter write about this domain that day?
	share	constant bigint := current_setting('grow.policies')::bigint
		* 1000000 / 1.2 / days / domains / 40;
	month	date := date_trunc('month', current_date
		- make_interval(months => months));
	since	date;
	until	date;
BEGIN
	WHILE month <= current_date LOOP
		PERFORM tlsrpt.ensure_months(ARRAY[month]);
		since := greatest(month, (current_date
			- make_interval(months => months))::date);
		until := least((month + interval '1 month')::date,
			current_date);
		TRUNCATE grown;
		INSERT INTO grown
		SELECT md5(d || ' ' || o || ' ' || (since + t))::uuid, since + t,
			d, o, pg_temp.chance(d || ' ' || o || ' ' || since + t, 2)
			< 125000,
			pg_temp.chance(d || ' ' || o, 3) < 200000,
			1 + pg_temp.chance(d || ' ' || o, 4) / 1000
		FROM generate_series(0, until - since - 1) AS t,
			generate_series(1, domains) AS d,
			generate_series(1, 40) AS o
		WHERE pg_temp.chance(d || ' ' || o || ' ' || since + t, 1)
			< share
		ORDER BY 1;
		INSERT INTO report
		SELECT report_key, day, day + interval '23:59:59',
			day + interval '30 hours', organization,
			day || '_' || domain_no, 'tls@reporter.example', NULL,
			'mail', CASE reporter_no % 4 WHEN 0 THEN 'none'
			ELSE 'pass' END, NULL, CASE reporter_no % 8
			WHEN 5 THEN '{mx-host-absent}'::text[] ELSE '{}' END,
			sha256(report_key::text::bytea),
			decode(repeat(md5(report_key::text), 20), 'hex')
		FROM grown JOIN reporter_name n ON n.n = reporter_no;
		INSERT INTO policy
		SELECT report_key, day, 1, CASE WHEN domain_no % 20 = 0
			THEN 'no-policy-found' ELSE 'sts' END,
			'd' || domain_no || '.example',
			CASE WHEN domain_no % 20 = 0 THEN '{}'::text[]
			ELSE ARRAY['version: STSv1', 'mode: ' ||
			CASE WHEN domain_no % 3 = 0 THEN 'testing'
			ELSE 'enforce' END, 'mx: *.mx' || domain_no % 50
			|| '.example', 'max_age: 604800'] END,
			ARRAY['*.mx' || domain_no % 50 || '.example'],
			CASE WHEN domain_no % 20 = 0 THEN NULL
			WHEN domain_no % 3 = 0 THEN 'testing' ELSE 'enforce' END,
			CASE WHEN domain_no % 20 = 0 THEN NULL ELSE 604800 END,
			sessions, CASE WHEN failing THEN 3 ELSE 0 END
		FROM grown
		UNION ALL
		SELECT report_key, day, 2, 'tlsa', 'd' || domain_no
			|| '.example', ARRAY['3 1 1 ' || md5(domain_no::text)],
			ARRAY['a.mx' || domain_no % 50 || '.example'], NULL, NULL,
			sessions, 0
		FROM grown WHERE both_types
		ORDER BY 1;
		INSERT INTO failure
		SELECT report_key, day, 1, f, CASE domain_no % 20 WHEN 0 THEN
			'starttls-not-supported' ELSE (ARRAY['certificate-expired',
			'certificate-host-mismatch', 'validation-failure',
			'sts-policy-fetch-error'])[1 + domain_no % 4] END,
			'192.0.2.1'::inet + f, 'a' || f % 2 || '.mx'
			|| domain_no % 50 || '.example', NULL, '198.51.100.7', 1,
			NULL, NULL
		FROM grown, generate_series(1, 3) AS f WHERE failing
		ORDER BY 1;
		INSERT INTO intake (received_at, channel, source, outcome, reason,
			report_key)
		SELECT day + interval '30 hours', 'mail', 'stdin', 'stored', NULL,
			report_key
		FROM grown;
		PERFORM tlsrpt.rebuild_rollups(since, until - 1);
		COMMIT;
		month := month + interval '1 month';
	END LOOP;
END
$$;
VACUUM (ANALYZE);
