#!/bin/sh
# A tenant sees its policy domains and nothing of others, whatever it tries.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# as ROLE SQL: what comes back, and what the server says
as() {
	psql -XqAt -U "$1" -c "$2" 2>&1
}

# Reports on mine alone, on the victim alone, and on both.
reports() {
	mkdir "$tmp/in"
	python3 - "$tmp/in" <<-'EOS'
		import datetime, json, sys
		today = datetime.datetime.now(datetime.timezone.utc).date()
		for n, domains in enumerate((["mine.example"], ["victim.example"],
		    ["victim.example", "mine.example"], ["victim.example"])):
		    for days in range(1, 6):
		        day = str(today - datetime.timedelta(days=days))
		        json.dump({"organization-name": "secret-%d" % n if domains ==
		            ["victim.example"] else "Reporter",
		            "date-range": {"start-datetime": day + "T00:00:00Z",
		                "end-datetime": day + "T23:59:59Z"},
		            "contact-info": "tls@reporter.example",
		            "report-id": "r%d" % n,
		            "policies": [{"policy": {"policy-type": "sts",
		                "policy-string": ["version: STSv1", "mode: enforce"],
		                "policy-domain": d, "mx-host": ["mx." + d]},
		                "summary": {"total-successful-session-count":
		                    666 if d[0] == "v" else 5,
		                    "total-failure-session-count": 1},
		                "failure-details": [{"result-type": "certificate-expired",
		                    "receiving-mx-hostname": "mx." + d,
		                    "failed-session-count": 1}]} for d in domains]},
		            open("%s/%d-%d.json" % (sys.argv[1], n, days), "w"))
	EOS
}

views() {
	psql -XqAtc "SELECT c.relname FROM pg_class c
		WHERE c.relnamespace = 'tlsrpt'::regnamespace AND c.relkind IN ('v', 'r')
		AND has_table_privilege('reader', c.oid, 'SELECT') ORDER BY 1"
}

# shows ROLE PATTERN: how many readable views hold it anywhere
shows() {
	for view in $(views); do
		as "$1" "SELECT 1 FROM tlsrpt.$view v
			WHERE v::text ~ '$2' LIMIT 1"
	done | grep -c '^1$'
}

# Every view that shows the victim to the reader hides it from the tenant.
hidden() {
	[ "$(shows reader 'victim|secret')" -ge 10 ] || { shows reader victim; return 1; }
	same 0 "$(shows tenant 'victim|secret')" &&
		[ "$(shows tenant 'mine.example')" -ge 9 ]
}

same_counts() {
	for view in $(views); do
		case $view in result_type | schema_version) continue ;; esac
		echo "$view $(as "$1" "SELECT count(*) FROM tlsrpt.$view")"
	done
}

# A condition of the tenant's own, asked before the view's: none sees others.
function_spies() {
	for view in $(views); do
		as tenant "CREATE FUNCTION pg_temp.spy(t text) RETURNS boolean
			LANGUAGE plpgsql COST 0.0000001 AS \$\$ BEGIN
			RAISE NOTICE 'saw %', t; RETURN true; END \$\$;
			SELECT 1 FROM tlsrpt.$view v WHERE pg_temp.spy(v::text)"
		as tenant "CREATE FUNCTION pg_temp.spy(t timestamptz)
			RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS \$\$
			BEGIN RAISE NOTICE 'saw %', t; RETURN true; END \$\$;
			SELECT count(*) FROM tlsrpt.$view v
			WHERE pg_temp.spy(start_time)" | grep -c saw >>"$tmp/starts"
	done >"$tmp/spied"
	grep -q 'saw .*mine' "$tmp/spied" && ! grep -E 'saw .*(victim|secret)' "$tmp/spied" &&
		same 10 "$(sort -rn "$tmp/starts" | head -n 1)"
}

errors_tell_nothing() {
	for view in daily policy_sum daily_total policy_detail failure_report; do
		case $view in
		failure_report) ;;
		*) as tenant "SELECT count(*) FROM tlsrpt.$view
			WHERE 1 / (successful - 666) < 9" ;;
		esac
		as tenant "SELECT count(*) FROM tlsrpt.$view
			WHERE policy_domain = 'victim.example' AND policy_domain::int = 1"
	done >"$tmp/errors"
	! grep -i 'error' "$tmp/errors"
}

# without_barrier: the same, when the views are none, does tell
without_barrier() {
	psql -Xqc 'ALTER VIEW tlsrpt.daily RESET (security_barrier)'
	if errors_tell_nothing >/dev/null; then return 1; fi
	psql -Xqc 'SELECT tlsrpt.shut_views()' >/dev/null
	errors_tell_nothing
}

no_tables() {
	for table in report policy failure superseded intake tenant tenant_secret \
		policy_day failure_day total_day total_failure_day retention; do
		as tenant "SELECT 1 FROM tlsrpt.$table"
		as tenant "INSERT INTO tlsrpt.$table DEFAULT VALUES"
		as tenant "SELECT * FROM pg_stats WHERE tablename ~ '^$table'" |
			grep .
	done | grep -v 'permission denied' && return 1
	return 0
}

no_functions() {
	same '' "$(as tenant "SELECT proname FROM pg_proc
		WHERE pronamespace = 'tlsrpt'::regnamespace
		AND has_function_privilege(oid, 'EXECUTE')")"
}

# Keys and numbers of a report on both do not tell of the other.
keys_differ() {
	real=$(psql -XqAtc "SELECT string_agg(DISTINCT report_key::text, '|')
		FROM tlsrpt.report")
	same 0 "$(shows tenant "$real")" &&
		same 1 "$(as tenant 'SELECT max(policy_no) FROM tlsrpt.policy_detail')" &&
		same 10 "$(as tenant 'SELECT count(*) FROM tlsrpt.report_detail
			JOIN tlsrpt.policy_detail USING (report_key, start_time)
			JOIN tlsrpt.failure_detail USING
			(report_key, start_time, policy_no)')"
}

refused() {
	exits 75 tlsrpt-db -d "$pg_uri" tenant add "$1" --domain=mine.example &&
		grep -q "$2" "$tmp/exits.out"
}

gone() {
	tlsrpt-db -q -d "$pg_uri" tenant remove tenant --domain=mine.example &&
		says 'permission denied' psql -XqAt -U tenant \
			-c 'SELECT 1 FROM tlsrpt.daily' &&
		same 0 "$(psql -XqAtc "SELECT count(*) FROM pg_class WHERE
			relnamespace = 'tlsrpt'::regnamespace AND reloptions::text
			LIKE '%security_barrier=t%' AND relname !~ '^tenant'")"
}

check 'SQLite has none' exits 78 tlsrpt-db -d "sqlite:$tmp/a.db" tenant list
check 'tenant add needs a domain' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" tenant add x
check 'and a name' exits 64 tlsrpt-db -d "sqlite:$tmp/a.db" tenant add \
	--domain=a.example
check 'no other word' exits 64 tlsrpt-db -d "sqlite:$tmp/a.db" tenant change x
check '--domain goes with tenant' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" status --domain=a.example

pg_start >"$tmp/pg.log" 2>&1 || {
	skip 'tenants' 'no PostgreSQL server is installed'
	finish
	exit
}
tlsrpt-db -q -d "$pg_uri" init --reader=reader --writer=writer
reports
tlsrpt-ingest -q -d "$pg_uri" --quarantine="$tmp/q" "$tmp/in"
same_counts reader >"$tmp/before"
psql -Xqc 'CREATE ROLE tenant LOGIN' -c 'CREATE ROLE second LOGIN' \
	-c 'CREATE ROLE member LOGIN IN ROLE reader'

check 'a role that is not there' refused nobody 'does not exist'
check 'a superuser' refused owner 'sees everything'
check 'one that stores reports' refused writer 'has rights'
check 'one that may become the reader' refused member 'is a member'
check 'a tenant' tlsrpt-db -d "$pg_uri" tenant add tenant --domain=MINE.example.
check 'is listed' says '^tenant	mine.example$' tlsrpt-db -d "$pg_uri" tenant list
tlsrpt-db -q -d "$pg_uri" tenant add second --domain=victim.example \
	--domain=mine.example
check 'every view shows its domains only' hidden
check 'no function sees others' function_spies
check 'no error tells of others' errors_tell_nothing
check 'which is the barrier'"'"'s doing' without_barrier
check 'no table and no statistics' no_tables
check 'no function of ours' no_functions
check 'keys and numbers tell nothing' keys_differ
check 'another tenant sees what is its own' same 25 \
	"$(as second 'SELECT count(*) FROM tlsrpt.policy_detail')"
same_counts reader >"$tmp/after"
check 'the reader sees what it saw' diff "$tmp/before" "$tmp/after"
check 'an upgrade leaves the barriers' sh -c "tlsrpt-db -q -d '$pg_uri' upgrade"
check 'and errors go on telling nothing' errors_tell_nothing
for python in python3 /usr/bin/python3 none; do
	if "$python" -c 'import psycopg2, yaml' 2>/dev/null; then break; fi
done
if [ "$python" != none ]; then
	check 'the dashboards work for a tenant' "$python" \
		"$top/tests/grafana_check.py" run \
		"host=$pg_dir user=tenant dbname=tlsrpt" "$top/contrib/grafana"
else
	skip 'the dashboards work for a tenant' 'python3-psycopg2 is missing'
fi
check 'tlsrpt-report, too' says 'mine.example' \
	tlsrpt-report -d "postgresql:///tlsrpt?host=$pg_dir&user=tenant"
tlsrpt-db -q -d "$pg_uri" tenant remove second
check 'the last domain goes with the right to read, and the barriers' gone
check 'none is left' same '' "$(tlsrpt-db -d "$pg_uri" tenant list)"
check 'and the reader sees what it saw' same_counts reader
finish
