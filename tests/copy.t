#!/bin/sh
# One database into another, exactly, and on from where it was broken off; and
# what parsedmarc stored.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"

cleanup() {
	pg_drop
}

# ingest URI PATH...: whatever becomes of each
ingest() {
	uri=$1
	shift
	tlsrpt-ingest -q -d "$uri" --quarantine="$tmp/quarantine" \
		--authserv-id=mx.example.com "$@" </dev/null
}

# dump FILE: every row of an SQLite database, in order
dump() {
	for order in 'report 1,2' 'policy 1,2,3' 'failure 1,2,3,4' \
		'superseded 1,2' 'intake 1'; do
		# shellcheck disable=SC2086
		set -- "$1" $order
		sqlite3 "$1" ".mode insert $2" "SELECT * FROM $2 ORDER BY $3"
	done
}

same_rows() {
	dump "$1" >"$tmp/dump.1"
	dump "$2" >"$tmp/dump.2"
	[ "$(wc -l <"$tmp/dump.1")" -gt 100 ] && cmp "$tmp/dump.1" "$tmp/dump.2"
}

# columns: every column of every table is one that is copied
columns() {
	sqlite3 "$tmp/a.db" "SELECT m.name || '.' || c.name FROM sqlite_schema m,
		pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name IN
		('report', 'policy', 'failure', 'superseded', 'intake')
		OR m.type = 'table' AND substr(m.name, -4) = '_day'" |
		sort >"$tmp/there"
	awk '/^static const struct (copy_)?column/ { table = $5; sub(/_columns.*/, "", table) }
		/^};/ { table = "" }
		/^\t{ "/ && table != "" && table != "loser" { gsub(/[",]/, "", $2); print table "." $2 }' \
		"$top/src/store/copy_sql.c" "$top/src/store/copy_sums.c" |
		sort >"$tmp/copied"
	diff "$tmp/there" "$tmp/copied"
}

many() {
	mkdir "$tmp/many"
	python3 - "$tmp/many" <<-'EOS'
		import json, sys
		for i in range(2600):
		    day = "2026-%02d-%02d" % (i % 9 + 1, i % 28 + 1)
		    json.dump({"organization-name": "Reporter %d" % (i % 7),
		        "date-range": {"start-datetime": day + "T00:00:00Z",
		            "end-datetime": day + "T23:59:59Z"},
		        "contact-info": "tls@reporter.example", "report-id": "r%d" % i,
		        "policies": [{"policy": {"policy-type": "sts",
		            "policy-string": ["version: STSv1", "mode: enforce"],
		            "policy-domain": "d%d.example" % (i % 5),
		            "mx-host": ["*.example"]},
		            "summary": {"total-successful-session-count": i,
		                "total-failure-session-count": 2},
		            "failure-details": [{"result-type": "certificate-expired",
		                "sending-mta-ip": "2001:db8::%x" % i,
		                "receiving-mx-hostname": "mx.example",
		                "failed-session-count": 2}]}]},
		        open("%s/%d.json" % (sys.argv[1], i), "w"))
	EOS
}

# broken TARGET: the copy stops at the trigger of the target, and says why
broken() {
	exits 75 tlsrpt-db copy "sqlite:$tmp/many.db" "$1" || return 1
	grep -q 'no more' "$tmp/exits.out"
}

rows() {
	sqlite3 "$1" 'SELECT (SELECT count(*) FROM report),
		(SELECT count(*) FROM policy), (SELECT count(*) FROM failure)'
}

pg_rows() {
	psql -XAtc 'SELECT (SELECT count(*) FROM tlsrpt.report),
		(SELECT count(*) FROM tlsrpt.policy),
		(SELECT count(*) FROM tlsrpt.failure)'
}

# no_halves FILE: what a broken copy left is whole reports
no_halves() {
	got=$(sqlite3 "$1" 'SELECT (SELECT count(*) FROM report) > 0,
		(SELECT count(*) FROM report) < 2600,
		(SELECT count(*) FROM report) = (SELECT count(*) FROM policy),
		(SELECT count(*) FROM report) = (SELECT count(*) FROM failure)')
	same '1|1|1|1' "$got"
}

# A report that both have, each with the better verdict in turn.
doc() {
	printf '{"organization-name":"o","date-range":{"start-datetime":"2026-01-01T00:00:00Z","end-datetime":"2026-01-01T23:59:59Z"},"contact-info":"a@o","report-id":"same","policies":[{"policy":{"policy-type":"sts","policy-domain":"d.example"},"summary":{"total-successful-session-count":%s,"total-failure-session-count":0}}]}' "$1"
}

rivals() {
	doc 1 >"$tmp/1.json"
	doc 2 >"$tmp/2.json"
	rm -f "$tmp"/[xy].db*
	ingest "sqlite:$tmp/x.db" "$tmp/1.json"
	ingest "sqlite:$tmp/y.db" "$tmp/2.json"
	sqlite3 "$tmp/x.db" "UPDATE report SET auth = '$1', auth_domain = 'o'"
	tlsrpt-db copy "sqlite:$tmp/x.db" "sqlite:$tmp/y.db"
	sqlite3 "$tmp/y.db" 'SELECT successful, auth, (SELECT count(*) FROM superseded)
		FROM policy JOIN report USING (report_key)'
}

raised() {
	rm -f "$tmp"/[xy].db*
	ingest "sqlite:$tmp/x.db" "$tmp/1.json"
	ingest "sqlite:$tmp/y.db" "$tmp/1.json"
	sqlite3 "$tmp/x.db" "UPDATE report SET auth = 'pass', auth_domain = 'o'"
	tlsrpt-db copy "sqlite:$tmp/x.db" "sqlite:$tmp/y.db"
	sqlite3 "$tmp/y.db" 'SELECT auth, auth_domain, (SELECT count(*) FROM superseded)
		FROM report'
}

# misses WORD COMMAND...: it works, and does not say so
misses() {
	word=$1
	shift
	"$@" >"$tmp/misses" && ! grep "$word" "$tmp/misses"
}

# sums FILE: each line of the views that are made of them
sums() {
	sqlite3 "$1" 'SELECT * FROM daily ORDER BY 1, 2, 3, 4' \
		'SELECT * FROM daily_failure ORDER BY 1, 2, 3, 4, 5' \
		'SELECT * FROM total_day ORDER BY 1, 2, 3, 4, 5, 6' >"$tmp/sums.$2"
	[ -s "$tmp/sums.$2" ]
}

same_sums() {
	sums "$1" 1 && sums "$2" 2 && diff "$tmp/sums.1" "$tmp/sums.2"
}

# in_order URI: status finds nothing wrong but dates
in_order() {
	tlsrpt-db --format=json -d "$1" status | sed 's/.*"problems"//' >"$tmp/problems"
	! sed 's/"code": "implausible-dates"//' "$tmp/problems" | grep '"code"'
}

check 'copy wants two databases' exits 64 tlsrpt-db copy "sqlite:$tmp/a.db"
check 'and not one twice' exits 64 \
	tlsrpt-db copy "sqlite:$tmp/a.db" "sqlite:$tmp/a.db"
check 'no password on the command line' exits 64 \
	tlsrpt-db copy 'postgresql://me:secret@localhost/x' "sqlite:$tmp/a.db"
check 'a source that is not there' exits 75 \
	tlsrpt-db copy "sqlite:$tmp/none.db" "sqlite:$tmp/b.db"

mkdir -p "$tmp/quarantine"
ingest "sqlite:$tmp/a.db" "$top/samples"
ingest "sqlite:$tmp/a.db" "$top/samples/google-plain.eml"
ingest "sqlite:$tmp/a.db" "$top/samples/google-plain.eml"
check 'all columns are copied' columns
check 'SQLite to SQLite' says '^[0-9]+ reports copied, 0 were there' \
	tlsrpt-db copy "sqlite:$tmp/a.db" "sqlite:$tmp/b.db"
check 'the same rows' same_rows "$tmp/a.db" "$tmp/b.db"
check 'the same sums by day' same_sums "$tmp/a.db" "$tmp/b.db"
check 'again' says '^0 reports copied, [1-9]' \
	tlsrpt-db copy "sqlite:$tmp/a.db" "sqlite:$tmp/b.db"
check 'adds nothing' same_rows "$tmp/a.db" "$tmp/b.db"
check 'a better authenticated rival takes the place' \
	same '1|pass|1' "$(rivals pass | tail -n 1)"
check 'one of equal rank does not' same '2|none|1' "$(rivals none | tail -n 1)"
check 'a worse one does not' same '2|none|1' "$(rivals fail | tail -n 1)"
check 'and the sums are those of the rows' in_order "sqlite:$tmp/y.db"
check 'a better verdict on the same content is taken over' \
	same 'pass|o|0' "$(raised | tail -n 1)"
check 'and the sums are still those of the rows' in_order "sqlite:$tmp/y.db"

many
ingest "sqlite:$tmp/many.db" "$tmp/many"
tlsrpt-db -q -d "sqlite:$tmp/part.db" init
sqlite3 "$tmp/part.db" "CREATE TRIGGER stop BEFORE INSERT ON report
	WHEN (SELECT count(*) FROM report) >= 1500
	BEGIN SELECT raise(ABORT, 'no more'); END"
check 'SQLite: broken off' broken "sqlite:$tmp/part.db"
check 'leaves whole reports' no_halves "$tmp/part.db"
sqlite3 "$tmp/part.db" 'DROP TRIGGER stop'
check 'goes on' says 'reports copied, 1000 were there' \
	tlsrpt-db copy "sqlite:$tmp/many.db" "sqlite:$tmp/part.db"
check 'to the end' same_rows "$tmp/many.db" "$tmp/part.db"

if pg_start; then
	tlsrpt-db -q -d "$pg_uri" init
	check 'SQLite to PostgreSQL' says '^[0-9]+ reports copied, 0 were there' \
		tlsrpt-db copy "sqlite:$tmp/a.db" "$pg_uri"
	check 'PostgreSQL to SQLite' tlsrpt-db copy "$pg_uri" "sqlite:$tmp/c.db"
	check 'there and back, the same rows' same_rows "$tmp/a.db" "$tmp/c.db"
	check 'the same sums' same_sums "$tmp/a.db" "$tmp/c.db"
	check 'PostgreSQL: nothing wrong with the sums' in_order "$pg_uri"
	check 'months have partitions' misses missing-partitions \
		tlsrpt-db -d "$pg_uri" --format=json status
	check 'mail that comes later is stored' ingest "$pg_uri" "$tmp/1.json"
	check 'under a number of its own' same 1 \
		"$(psql -XAtc "SELECT count(*) FROM tlsrpt.intake
		WHERE intake_id > (SELECT count(*) FROM tlsrpt.intake) - 1")"
	check 'with a row of the target in the way' \
		says '^0 reports copied' tlsrpt-db copy "sqlite:$tmp/a.db" "$pg_uri"
	check 'nothing is doubled' same "$(sqlite3 "$tmp/a.db" \
		'SELECT count(*) + 1 FROM intake')" \
		"$(psql -XAtc 'SELECT count(*) FROM tlsrpt.intake')"

	psql -Xqc "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
		\$\$ BEGIN
		IF (SELECT count(*) FROM tlsrpt.report) >= 1500
		THEN RAISE 'no more'; END IF;
		RETURN new; END \$\$" \
		-c 'CREATE TRIGGER stop BEFORE INSERT ON tlsrpt.report
		FOR EACH ROW EXECUTE FUNCTION public.stop()'
	check 'PostgreSQL: broken off' broken "$pg_uri"
	psql -Xqc 'DROP TRIGGER stop ON tlsrpt.report'
	check 'PostgreSQL: goes on' says 'reports copied, 1000 were there' \
		tlsrpt-db copy "sqlite:$tmp/many.db" "$pg_uri"
	check 'PostgreSQL: to the end' same "$(sqlite3 "$tmp/a.db" \
		"ATTACH '$tmp/many.db' AS m" \
		'SELECT (SELECT count(*) FROM report) + 2601,
		(SELECT count(*) FROM policy) + 2601,
		(SELECT count(*) FROM failure) + 2600')" "$(pg_rows)"
	check 'PostgreSQL to SQLite that has half of it' \
		says '^[0-9]+ reports copied, 2600 were there' \
		tlsrpt-db copy "$pg_uri" "sqlite:$tmp/part.db"
	check 'is all of it then' same "$(pg_rows)" "$(rows "$tmp/part.db")"
	psql -Xq -c 'CREATE DATABASE other' &&
		tlsrpt-db -q -d "postgresql:///other?host=$pg_dir&user=owner" init
	# Each compared with each, these would take minutes.
	tlsrpt-db -q -d "sqlite:$tmp/second.db" init
	sqlite3 "$tmp/second.db" "WITH RECURSIVE n (i) AS
		(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		INSERT INTO intake (received_at, channel, source, outcome, reason)
		SELECT '2026-09-01T00:00:00Z', 'mail', 'x' || i, 'rejected',
		'unreadable' FROM n"
	check 'twenty thousand mails of one second' says '; 20000 intakes' \
		timeout 60 tlsrpt-db copy "sqlite:$tmp/second.db" "$pg_uri"
	check 'and again' says '; 20000 intakes' \
		timeout 60 tlsrpt-db copy "sqlite:$tmp/second.db" "$pg_uri"
	check 'are there once' same 20000 "$(psql -XAt -c \
		"SELECT count(*) FROM tlsrpt.intake WHERE source LIKE 'x%'")"
	check 'PostgreSQL to PostgreSQL' tlsrpt-db copy "$pg_uri" \
		"postgresql:///other?host=$pg_dir&user=owner"
	check 'the same numbers' same "$(pg_rows)" \
		"$(PGDATABASE=other pg_rows)"
	psql -Xq -c 'CREATE DATABASE bare'
	check 'a target without a schema' exits 75 tlsrpt-db copy "$pg_uri" \
		"postgresql:///bare?host=$pg_dir&user=owner"
else
	skip 'PostgreSQL' 'PostgreSQL is not installed'
fi
finish
