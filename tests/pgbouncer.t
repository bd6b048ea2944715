#!/bin/sh
# Everything works through pgbouncer that pools transactions: each may run in
# another server process.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"

PATH=$PATH:/usr/sbin:/sbin
bouncer=
cleanup() {
	if [ -n "$bouncer" ]; then kill "$(cat "$tmp/pool/pid")"; fi
	pg_drop
}

# pool SIZE: a pgbouncer in front of the server
pool() {
	printf '"writer" ""\n"reader" ""\n"owner" ""\n' >"$tmp/pool/users"
	cat >"$tmp/pool/ini" <<-EOS
		[databases]
		tlsrpt = host=$pg_dir dbname=tlsrpt pool_size=$1
		[pgbouncer]
		listen_addr =
		unix_socket_dir = $tmp/pool
		unix_socket_mode = 0777
		auth_type = trust
		auth_file = $tmp/pool/users
		pool_mode = transaction
		ignore_startup_parameters = extra_float_digits
		logfile = $tmp/pool/log
		pidfile = $tmp/pool/pid
		max_client_conn = 100
	EOS
	if [ "$(id -u)" -eq 0 ]; then chown -R postgres "$tmp/pool"; fi
	pg_as pgbouncer -q "$tmp/pool/ini" >"$tmp/pool.out" 2>&1 &
	bouncer=$!
	wait_for 10 [ -S "$tmp/pool/.s.PGSQL.6432" ]
}

rows() {
	psql -XAtc 'SELECT (SELECT count(*) FROM tlsrpt.report),
		(SELECT count(*) FROM tlsrpt.policy),
		(SELECT count(*) FROM tlsrpt.failure)'
}

ingest() {
	tlsrpt-ingest -q --no-progress -d "$1" --quarantine="$tmp/quarantine" \
		--authserv-id=mx.example.com "$top/samples" </dev/null
}

# crowd: eight writers at two server processes
crowd() {
	before=$(rows)
	writers=
	for i in 1 2 3 4 5 6 7 8; do
		ingest "$writer" || echo "writer $i" >>"$tmp/failed" &
		writers="$writers $!"
	done
	# shellcheck disable=SC2086
	wait $writers
	[ ! -s "$tmp/failed" ] && same "$before" "$(rows)"
}

# lmtp: the daemon writes through it, too
lmtp() {
	psql -Xqc 'TRUNCATE tlsrpt.report, tlsrpt.policy, tlsrpt.failure,
		tlsrpt.policy_day, tlsrpt.failure_day, tlsrpt.total_day,
		tlsrpt.total_failure_day'
	printf '[daemon]\nuser=%s\nlmtp=unix:%s\nspool=%s\n[ingest]\nquarantine=%s\n' \
		"$(id -un)" "$tmp/d/lmtp" "$tmp/d/spool" "$tmp/d/q" \
		>"$tmp/d/conf"
	tlsrptd --config="$tmp/d/conf" -d "$writer" \
		>"$tmp/d/log" 2>&1 &
	daemon=$!
	wait_for 10 [ -S "$tmp/d/lmtp" ] && python3 - "$tmp/d/lmtp" "$top/samples" <<-'EOS'
		import pathlib, smtplib, sys
		for path in sorted(pathlib.Path(sys.argv[2]).glob("google-*.eml")):
		    with smtplib.LMTP(sys.argv[1]) as line:
		        line.sendmail("a@example.net", ["tlsrpt@example.com"],
		            path.read_bytes())
	EOS
	sent=$?
	kill "$daemon"
	wait "$daemon"
	cat "$tmp/d/log"
	[ "$sent" -eq 0 ] &&
		[ "$(psql -XAtc 'SELECT count(*) FROM tlsrpt.report')" -gt 2 ]
}

in_order() {
	tlsrpt-db -d "$1" --format=json status |
		sed 's/"code": "implausible-dates"//' >"$tmp/status"
	! grep '"code"' "$tmp/status"
}

command -v pgbouncer >/dev/null || skip_all 'pgbouncer is not installed'
pg_start >"$tmp/pg.log" 2>&1 || skip_all 'no PostgreSQL server is installed'
mkdir -m 777 "$tmp/pool" "$tmp/d" "$tmp/quarantine"
check 'a pool of two server processes' pool 2
owner="postgresql:///tlsrpt?host=$tmp/pool&port=6432&user=owner"
writer="postgresql:///tlsrpt?host=$tmp/pool&port=6432&user=writer"
reader="postgresql:///tlsrpt?host=$tmp/pool&port=6432&user=reader"
check 'init' tlsrpt-db -q -d "$owner" init --writer=writer --reader=reader
check 'a batch' ingest "$writer"
check 'the rows are those of a direct connection' \
	sh -c "tlsrpt-ingest -q -d 'sqlite:$tmp/a.db' --quarantine='$tmp/quarantine' \
		--authserv-id=mx.example.com '$top/samples' </dev/null"
check 'all of them' same "$(sqlite3 "$tmp/a.db" 'SELECT
	(SELECT count(*) FROM report), (SELECT count(*) FROM policy),
	(SELECT count(*) FROM failure)')" "$(rows)"
check 'eight writers at once, nothing twice' crowd
check 'the sums are those of the reports' in_order "$owner"
check 'a summary' says 'example' tlsrpt-report -d "$reader" --since=2000-01-01
check 'as it is without' same \
	"$(tlsrpt-report -d "$pg_reader_uri" --since=2000-01-01)" \
	"$(tlsrpt-report -d "$reader" --since=2000-01-01)"
check 'prune' tlsrpt-db -q -d "$owner" prune --keep=99y
if command -v tlsrptd >/dev/null; then
	check 'the daemon' lmtp
else
	skip 'the daemon' 'tlsrptd is not built'
fi
check 'and the sums are right at the end' in_order "$owner"
finish
