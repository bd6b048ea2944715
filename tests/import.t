#!/bin/sh
# What parsedmarc stored, taken over: its JSON and its PostgreSQL tables.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"

cleanup() {
	pg_drop
}

taken="$top/samples/rfc8460-example.json $top/samples/google-three-policies.json
	$top/samples/failure-sum.json"

# rows FILE: what the tables say, but for how it came
rows() {
	sqlite3 "$1" 'SELECT report_key, start_time, end_time, organization,
		report_id, contact FROM report ORDER BY 1' \
		'SELECT * FROM policy ORDER BY 1, 2, 3' \
		'SELECT * FROM failure ORDER BY 1, 2, 3, 4'
}

same_rows() {
	rows "$1" >"$tmp/rows.1"
	rows "$2" >"$tmp/rows.2"
	[ "$(wc -l <"$tmp/rows.1")" -gt 8 ] && diff "$tmp/rows.1" "$tmp/rows.2"
}

import() {
	tlsrpt-db -d "sqlite:$tmp/$1.db" import "$2"
}

# shellcheck disable=SC2086
tlsrpt-ingest -q -d "sqlite:$tmp/original.db" $taken
# shellcheck disable=SC2086
python3 "$top/tests/parsedmarc.py" json $taken >"$tmp/list.json"
check 'a list in JSON' says '^3 stored, 0 duplicate, 0 superseded, 0 rejected$' \
	import list "$tmp/list.json"
check 'gives the rows of the reports themselves' \
	same_rows "$tmp/original.db" "$tmp/list.db"
check 'again, it adds nothing' says '^0 stored, 3 duplicate' \
	import list "$tmp/list.json"
check 'the reports themselves add nothing later' says ' 0 stored' \
	tlsrpt-ingest --progress -d "sqlite:$tmp/list.db" \
	"$top/samples/rfc8460-example.json" \
	"$top/samples/google-three-policies.json" "$top/samples/failure-sum.json"

printf '{"aggregate_reports": [], "smtp_tls_reports": %s}' \
	"$(cat "$tmp/list.json")" >"$tmp/all.json"
check 'all results in one object' says '^3 stored' import all "$tmp/all.json"
python3 -c 'import json, sys; json.dump(json.load(open(sys.argv[1]))[0], sys.stdout)' \
	"$tmp/list.json" >"$tmp/one.json"
check 'one report alone' says '^1 stored' import one "$tmp/one.json"
sed 's/"begin_date": "[^"]*"/"begin_date": "soon"/' "$tmp/one.json" >"$tmp/bad.json"
check 'one that makes no sense is told' \
	says 'bad.json:0: .*start-datetime' import bad "$tmp/bad.json"
check 'and counted' says '1 rejected' import bad "$tmp/bad.json"

check 'a file that is not there' exits 66 import none "$tmp/none.json"
echo 'no JSON at all' >"$tmp/text.json"
check 'a file that is no JSON' exits 66 import none "$tmp/text.json"
head -c 200 "$tmp/list.json" >"$tmp/cut.json"
check 'a file that is cut off' exits 66 import none "$tmp/cut.json"
printf '[1]\0[2]' >"$tmp/nul.json"
check 'a file with a NUL' exits 66 import none "$tmp/nul.json"
echo '[]' >"$tmp/empty.json"
check 'an empty list' says '^0 stored' import none "$tmp/empty.json"
check 'a folder' exits 66 import none "$tmp"
check 'import wants a source' exits 64 tlsrpt-db import

if pg_start; then
	# shellcheck disable=SC2086
	python3 "$top/tests/parsedmarc.py" sql $taken | psql -Xq
	check 'its tables in PostgreSQL' says '^3 stored' import tables "$pg_uri"
	check 'give the rows of the reports themselves' \
		same_rows "$tmp/original.db" "$tmp/tables.db"
	check 'and the same content as its JSON' says '^0 stored' \
		import tables "$tmp/list.json"
	tlsrpt-db -q -d "$pg_uri" init
	check 'into the same database' says '^3 stored' \
		tlsrpt-db -d "$pg_uri" import "$pg_uri"
	check 'a database without them' exits 66 import other \
		"postgresql:///postgres?host=$pg_dir&user=owner"
else
	skip 'PostgreSQL' 'PostgreSQL is not installed'
fi
finish
