-- Spread the schema tlsrpt over the nodes of a Citus cluster, by report_key.
--
-- Once, on the coordinator, as the owner of the schema, after tlsrpt-db init
-- and before there are reports (README):
--
--	psql -X -v ON_ERROR_STOP=1 -1 -f distribute.sql
--
-- Run again, or without Citus, it changes nothing and says why.

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_proc
	    WHERE proname = 'create_distributed_table') THEN
		RAISE 'Citus is not here: CREATE EXTENSION citus first';
	END IF;
	IF EXISTS (SELECT FROM tlsrpt.report) THEN
		RAISE 'there are reports: distribute an empty schema, and copy them into it by tlsrpt-db copy';
	END IF;
END
$$;

-- A report and all that is below it lie on one node, so that they are written
-- and joined there.  report_key comes first in every key, as Citus wants it.
SELECT create_distributed_table('tlsrpt.report', 'report_key');
SELECT create_distributed_table('tlsrpt.policy', 'report_key',
	colocate_with => 'tlsrpt.report');
SELECT create_distributed_table('tlsrpt.failure', 'report_key',
	colocate_with => 'tlsrpt.report');
SELECT create_distributed_table('tlsrpt.superseded', 'report_key',
	colocate_with => 'tlsrpt.report');

-- Small, and joined with everything: a copy on each node.
SELECT create_reference_table('tlsrpt.result_type');

-- What is left stays on the coordinator: the sums by day, which have no
-- report_key, and whose policy_domain may be NULL, which Citus cannot place;
-- intake, retention, reparse, tenant, schema_version.
