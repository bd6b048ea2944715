#!/bin/sh
# How long tlsrpt-report takes on a large PostgreSQL database:
#
#	sh tests/bench/report.sh [DOMAINS [REPORTERS [DAYS]]]
#
# With 500, 14 and 720, the default, there are 5,040,000 policies.  Takes some
# minutes and about 5 GB below TMPDIR.  Programs are found in $PATH.
srcdir=${srcdir:-$(dirname "$0")/../..}
# shellcheck source=tests/lib.sh
. "$srcdir/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }
runs=${RUNS:-9}

# median COMMAND...: of its wall-clock times, in milliseconds
median() {
	for run in $(seq "$runs"); do
		start=$(date +%s%N)
		# 1 and 2 are verdicts of check and readiness, and no fault.
		"$@" >"$tmp/out.$run" || [ $? -le 2 ] || return 1
		echo $((($(date +%s%N) - start) / 100000))
	done | sort -n | sed -n "$(((runs + 1) / 2))p" | sed 's/.$/.&/'
}

pg_fsync=on pg_start || exit 1
tlsrpt-db -q -d "$pg_uri" init --reader=reader || exit 1
psql -Xq -v domains="${1:-500}" -v reporters="${2:-14}" -v days="${3:-720}" \
	-f "$top/tests/bench/report.sql" || exit 1
psql -Xq -c "SELECT tlsrpt.rebuild_rollups('2016-01-01', '9999-12-31')" \
	-c 'VACUUM ANALYZE' >"$tmp/rollups" || exit 1
echo "policies: $(psql -XAtc 'SELECT count(*) FROM tlsrpt.policy')"
key=$(psql -XAtc "SELECT report_key FROM tlsrpt.report
	WHERE start_time = (current_date - 100)::timestamp AT TIME ZONE 'UTC' LIMIT 1")
for command in 'summary --since=30d' "show $key" 'failures --since=30d' \
	'reporters --since=30d' 'check' 'metrics' 'readiness d7.example' \
	'html --since=30d' 'summary --since=30d --domain=d7.example' \
	'summary --since=30d --verified-only' 'summary --since=365d'; do
	# shellcheck disable=SC2086
	printf '%-45s %8s ms\n' "$command" \
		"$(median tlsrpt-report -d "$pg_reader_uri" $command)"
done
printf '%-45s %8s ms\n' 'psql, SELECT 1' "$(median psql -XAtc 'SELECT 1')"
