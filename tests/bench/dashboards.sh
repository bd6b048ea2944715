#!/bin/sh
# How long each panel of Grafana's takes: make bench-dashboards calls this.
# POLICIES (1,000,000) of DOMAINS (2,000) over MONTHS (24), made by grow.sql;
# milliseconds, the best of three, over 30 and 365 days, without tenants and
# with: for a role that sees all, for a tenant of one domain, and of fifty.
# shellcheck source=tests/lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

for python in python3 /usr/bin/python3; do
	if "$python" -c 'import psycopg2, yaml' 2>/dev/null; then break; fi
done

# times NAME ROLE: a line for each panel: days, NAME, milliseconds, panel
times() {
	for days in 30 365; do
		"$python" "$top/tests/grafana_check.py" time \
			"host=$pg_dir user=$2 dbname=tlsrpt" \
			"$top/contrib/grafana" "$days" d7.example |
			sed "s/^/$days $1 /" || return 1
	done
}

pg_start || exit 1
psql -Xq -c "ALTER SYSTEM SET shared_buffers = '${SHARED_BUFFERS:-1GB}'" \
	-c "ALTER SYSTEM SET max_wal_size = '4GB'" \
	-c 'ALTER ROLE reader SET jit = off' || exit 1
pg_as "$pg_bin/pg_ctl" -w -s -m fast -D "$pg_dir/data" stop
pg_again || exit 1
tlsrpt-db -q -d "$pg_uri" init --reader=reader || exit 1
psql -Xq -v policies="${POLICIES:-1000000}" -v domains="${DOMAINS:-2000}" \
	-v months="${MONTHS:-24}" -f "$top/tests/bench/grow.sql" || exit 1
times none reader || exit 1
for count in 1 50; do
	psql -Xq -c "CREATE ROLE tenant$count LOGIN" \
		-c "ALTER ROLE tenant$count SET jit = off" || exit 1
	# shellcheck disable=SC2046 # a word each
	tlsrpt-db -q -d "$pg_uri" tenant add "tenant$count" \
		$(seq -f '--domain=d%g.example' 7 $((count + 6))) || exit 1
done
times all reader && times one tenant1 && times fifty tenant50
