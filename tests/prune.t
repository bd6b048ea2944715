#!/bin/sh
# tlsrpt-db prune: what is too old goes, and what is left stays right.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# reports FOLDER DAYS...: for each, two reports that start so many days ago
reports() {
	mkdir -p "$1"
	python3 - "$@" <<-'EOS'
		import datetime, json, sys
		for days in map(int, sys.argv[2:]):
		    day = (datetime.datetime.utcnow() -
		        datetime.timedelta(days=days)).strftime("%Y-%m-%d")
		    for n in range(2):
		        json.dump({"organization-name": "Reporter %d" % n,
		            "date-range": {"start-datetime": day + "T00:00:00Z",
		                "end-datetime": day + "T23:59:59Z"},
		            "contact-info": "tls@reporter.example",
		            "report-id": "r%d" % n,
		            "policies": [{"policy": {"policy-type": t,
		                "policy-string": ["version: STSv1"],
		                "policy-domain": "d%d.example" % n},
		                "summary": {"total-successful-session-count": 7,
		                    "total-failure-session-count": 2},
		                "failure-details": [{"result-type": "certificate-expired",
		                    "receiving-mx-hostname": "mx.example",
		                    "failed-session-count": 2}]}
		                for t in ("sts", "tlsa")]},
		            open("%s/%d-%d.json" % (sys.argv[1], days, n), "w"))
	EOS
}

ingest() {
	tlsrpt-ingest -q -d "$uri" --quarantine="$tmp/quarantine" "$@" </dev/null
}

# ask SQL: the answer of the database under test; @ stands for its schema
ask() {
	case $uri in
	sqlite:*) sqlite3 "${uri#sqlite:}" "$(printf '%s' "$1" | sed 's/@//g')" ;;
	dbname=*) psql -XqAt -d "$uri" -c "$(printf '%s' "$1" | sed 's/@/tlsrpt./g')" ;;
	*) psql -XqAtc "$(printf '%s' "$1" | sed 's/@/tlsrpt./g')" ;;
	esac
}

prune() {
	tlsrpt-db -d "$uri" prune --format=json "$@"
}

# number NAME: of the object in the file pruned
number() {
	sed -n "s/.*\"$1\": \([^,}]*\).*/\1/p" "$tmp/pruned"
}

rows() {
	ask 'SELECT count(*) FROM @report UNION ALL SELECT count(*) FROM @policy
		UNION ALL SELECT count(*) FROM @failure' | tr '\n' ' '
}

sums() {
	ask 'SELECT sum(successful), sum(failed), sum(reports) FROM @total_day' &&
		ask 'SELECT sum(successful), sum(policies) FROM @policy_day' &&
		ask 'SELECT sum(details) FROM @failure_day' &&
		ask 'SELECT sum(details) FROM @total_failure_day'
}

in_order() {
	tlsrpt-db --format=json -d "$uri" status >"$tmp/status"
	grep -q '"problems": \[\]' "$tmp/status" && return 0
	cat "$tmp/status"
	return 1
}

dry() {
	before=$(rows; sums)
	prune --keep=400d -n >"$tmp/pruned" || return 1
	cat "$tmp/pruned"
	same "$before" "$(rows; sums)" && same true "$(number dry_run)" &&
		same 4 "$(number reports)" && same 8 "$(number policies)" &&
		same 8 "$(number failures)"
}

# gone: what the dry run said is what is gone
gone() {
	prune --keep=400d >"$tmp/pruned" || return 1
	cat "$tmp/pruned"
	same false "$(number dry_run)" && same 4 "$(number reports)" &&
		same '4 8 8 ' "$(rows)" &&
		same "$(printf '56|16|4\n56|8\n8\n8')" "$(sums)"
}

nothing_left() {
	prune --keep=400d >"$tmp/pruned" &&
		same 000 "$(number reports)$(number sums)$(number partitions)"
}

is_open() {
	case $uri in sqlite:*) want= ;; *) want=-infinity ;; esac
	same "$want" "$(ask 'SELECT closed_before FROM @retention')"
}

# kept: the reports go, their sums stay
kept() {
	prune --keep=400d --keep-sums=forever >"$tmp/pruned" || return 1
	same '4 8 8 ' "$(rows)" && same null "$(number sums_before)" &&
		same "$(printf '112|32|8\n112|16\n16\n16')" "$(sums)"
}

# late: reports of days that are closed change no sum, and go again
late() {
	sums >"$tmp/sums"
	ingest "$tmp/old" && same '8 16 16 ' "$(rows)" &&
		same "$(cat "$tmp/sums")" "$(sums)" && in_order &&
		prune --keep=400d --keep-sums=forever >"$tmp/pruned" &&
		same '4 8 8 ' "$(rows)" && same "$(cat "$tmp/sums")" "$(sums)"
}

# copied_as URI: a copy has the rows, the sums and the closed days
copied_as() {
	rows >"$tmp/here"
	sums >>"$tmp/here"
	ask "SELECT count(*) FROM @retention WHERE closed_before > '2016-01-01'" \
		>>"$tmp/here"
	tlsrpt-db -q copy "$uri" "$1" && tlsrpt-db -q copy "$uri" "$1" || return 1
	there=$uri
	uri=$1
	rows >"$tmp/there"
	sums >>"$tmp/there"
	ask "SELECT count(*) FROM @retention WHERE closed_before > '2016-01-01'" \
		>>"$tmp/there"
	in_order
	good=$?
	uri=$there
	diff "$tmp/here" "$tmp/there" && [ "$good" -eq 0 ]
}

# strays: reports of the year 9000 go by the day they came in
strays() {
	ingest "$tmp/future" && prune --keep=400d -n >"$tmp/pruned" &&
		same 0 "$(number reports)" || return 1
	ask "UPDATE @report SET received_at = '2020-01-01T00:00:00Z'
		WHERE start_time > '8000-01-01T00:00:00Z'" &&
		prune --keep=400d --keep-sums=5y >"$tmp/pruned" &&
		same 2 "$(number reports)" && same '4 8 8 ' "$(rows)" &&
		same 0 "$(ask "SELECT sum(policies) FROM @policy_day
			WHERE day > '8000-01-01'")"
}

# finite: sums, too, have an end, and what is closed may be opened
finite() {
	prune --keep=400d >"$tmp/pruned" && same '4 8 8 ' "$(rows)" &&
		same "$(printf '56|16|4\n56|8\n8\n8')" "$(sums)" && is_open
}

intakes() {
	ask "UPDATE @intake SET received_at = '2020-01-01T00:00:00Z'" &&
		all=$(ask 'SELECT count(*) FROM @intake') &&
		prune --keep=400d >"$tmp/pruned" &&
		same "$all" "$(number intakes)" &&
		same 0 "$(ask 'SELECT count(*) FROM @intake')"
}

# both_kinds NAME: all of it, on the database at $uri
both_kinds() {
	ingest "$tmp/old" "$tmp/new"
	check "$1: --dry-run says how much, and drops nothing" dry
	check "$1: just that is gone" gone
	check "$1: and nothing is wrong" in_order
	check "$1: again, nothing" nothing_left
	check "$1: no day is closed" is_open
	ingest "$tmp/old"
	check "$1: months that were dropped come back" same '8 16 16 ' "$(rows)"
	check "$1: --keep-sums keeps sums" kept
	check "$1: and nothing is wrong" in_order
	check "$1: late reports do not disturb" late
	check "$1: a copy into SQLite" copied_as "sqlite:$tmp/$1.copy.db"
	if [ -n "${pg_uri:-}" ]; then
		psql -Xqc "CREATE DATABASE copy_of_$1"
		tlsrpt-db -q -d "dbname=copy_of_$1" init
		check "$1: a copy into PostgreSQL" copied_as "dbname=copy_of_$1"
	fi
	check "$1: dates in the future" strays
	check "$1: and nothing is wrong" in_order
	check "$1: without --keep-sums, the sums go too" finite
	check "$1: what came in goes" intakes
	check "$1: and nothing is wrong at the end" in_order
}

# beside: while a reader and writers are at work, nobody fails
beside() {
	ingest "$tmp/old" || return 1
	for _ in 1 2 3; do
		tlsrpt-ingest -q -d "$uri" --quarantine="$tmp/quarantine" \
			"$tmp/many" </dev/null || echo "writer" >>"$tmp/failed"
	done &
	writer=$!
	for _ in 1 2 3 4 5 6 7 8; do
		psql -XqAtc 'BEGIN; SELECT count(*) FROM tlsrpt.failure_detail;
			SELECT count(*) FROM tlsrpt.report_detail;
			SELECT pg_sleep(0.2); SELECT count(*) FROM tlsrpt.daily;
			COMMIT' >/dev/null || echo "reader" >>"$tmp/failed"
	done &
	reader=$!
	prune --keep=400d >"$tmp/pruned" || echo "prune" >>"$tmp/failed"
	wait "$writer" "$reader"
	[ ! -s "$tmp/failed" ] && prune --keep=400d >"$tmp/pruned" && in_order
}

check 'prune needs --keep' exits 64 tlsrpt-db -d "sqlite:$tmp/a.db" prune
for bad in 0d 400 d 1h -1d 999999d 200y 4d0 ''; do
	check "--keep=$bad" exits 64 tlsrpt-db -d "sqlite:$tmp/a.db" prune \
		--keep="$bad"
done
check 'sums do not go before reports' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" prune --keep=10d --keep-sums=9d
check '--keep goes with prune' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" status --keep=1d
check 'no database is made to be pruned' exits 75 \
	tlsrpt-db -d "sqlite:$tmp/none.db" prune --keep=1d
check 'really' [ ! -e "$tmp/none.db" ]

reports "$tmp/old" 800 500
reports "$tmp/new" 2 40
reports "$tmp/many" 1 3 5 7 9 11 13 480 482 484 486 488 490 492 494 496 498
reports "$tmp/future" -2550000
mkdir "$tmp/quarantine"

if pg_start; then tlsrpt-db -q -d "$pg_uri" init; else pg_uri=; fi
uri=sqlite:$tmp/a.db
both_kinds sqlite
if [ -n "$pg_uri" ]; then
	uri=$pg_uri
	both_kinds postgresql
	check 'postgresql: writers and readers go on' beside
else
	skip 'PostgreSQL' 'PostgreSQL is not installed'
fi
finish
