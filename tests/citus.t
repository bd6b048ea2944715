#!/bin/sh
# contrib/citus as far as plain PostgreSQL can tell: functions in place of
# Citus's own check what Citus demands of a table.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

distribute() {
	psql -Xq -v ON_ERROR_STOP=1 -1 -f "$top/contrib/citus/distribute.sql"
}

refuses() {
	if distribute >"$tmp/said" 2>&1; then return 1; fi
	grep -q "$1" "$tmp/said"
}

# The column is there and never NULL, in every unique index, and in none of a
# table that is in the way: a foreign key, a sequence.
stand_in() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'EOS'
		CREATE TABLE public.placed (name text, by text, beside text);
		CREATE FUNCTION public.create_distributed_table(name regclass,
			by text, colocate_with text DEFAULT 'default') RETURNS void
		LANGUAGE plpgsql AS $$
		DECLARE
			place smallint;
		BEGIN
			SELECT attnum INTO STRICT place FROM pg_attribute
			WHERE attrelid = name AND attname = by AND attnotnull;
			IF EXISTS (SELECT FROM pg_index WHERE indrelid = name
			    AND indisunique AND NOT place = ANY (indkey)) THEN
				RAISE 'a unique index of % lacks %', name, by;
			END IF;
			IF EXISTS (SELECT FROM pg_constraint
			    WHERE conrelid = name AND contype = 'f')
			    OR EXISTS (SELECT FROM pg_trigger
			    WHERE tgrelid = name) THEN
				RAISE '% has what Citus does not take', name;
			END IF;
			IF colocate_with <> 'default' AND NOT EXISTS (SELECT
			    FROM public.placed p WHERE p.name = colocate_with
			    AND p.by = create_distributed_table.by) THEN
				RAISE '% is not beside %', name, colocate_with;
			END IF;
			INSERT INTO public.placed VALUES (name::text, by,
			    colocate_with);
		END $$;
		CREATE FUNCTION public.create_reference_table(name regclass)
		RETURNS void LANGUAGE sql AS
		$$ INSERT INTO public.placed VALUES (name::text, NULL, NULL) $$;
	EOS
}

pg_start >"$tmp/pg.log" 2>&1 || skip_all 'no PostgreSQL server is installed'
tlsrpt-db -q -d "$pg_uri" init
check 'without Citus it says so' refuses 'Citus is not here'
check 'functions in place of its own' stand_in
check 'every statement is what Citus takes' distribute
check 'the four large tables, side by side' same \
	'tlsrpt.failure tlsrpt.policy tlsrpt.report tlsrpt.superseded' \
	"$(psql -XAtc "SELECT string_agg(name, ' ' ORDER BY name)
		FROM public.placed WHERE by = 'report_key'")"
tlsrpt-ingest -q --no-progress -d "$pg_uri" --quarantine="$tmp/q" \
	"$top/samples/google-plain.eml" </dev/null
check 'not where there are reports' refuses 'there are reports'
finish
