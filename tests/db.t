#!/bin/sh
# tlsrpt-db, and both kinds of store, on a real server.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# denied ROLE SQL: the server says no, for want of a right
denied() {
	psql -XqAt -U "$1" -c "$2" >"$tmp/denied.out" 2>&1 && return 1
	grep -q 'permission denied' "$tmp/denied.out" && return 0
	cat "$tmp/denied.out"
	return 1
}

two_at_once() {
	tlsrpt-db -q -d "$1" upgrade &
	first=$!
	tlsrpt-db -q -d "$1" upgrade || return 1
	wait "$first"
}

# The tables and columns that tests/test_store.c has not looked at: their
# names are a contract, and the same in both databases.
names() {
	for table in report policy failure superseded intake result_type \
		schema_version daily daily_failure reporter coverage; do
		if [ "$1" = sqlite ]; then
			sqlite3 "$tmp/s.db" "SELECT name FROM pragma_table_info('$table')"
		else
			psql -XqAt -c "SELECT attname FROM pg_attribute
				WHERE attrelid = 'tlsrpt.$table'::regclass
				AND attnum > 0 AND NOT attisdropped"
		fi | sort | sed "s/^/$table./"
	done
}

run_store_tests() {
	createdb store && TLSRPT_TEST_PG="postgresql:///store?host=$pg_dir&user=owner" \
		CMOCKA_MESSAGE_OUTPUT=TAP "$1" >"$tmp/store.out" 2>&1
	grep -E '^(ok|not ok)' "$tmp/store.out" >"$tmp/store.tap"
	[ "$(wc -l <"$tmp/store.tap")" -gt 100 ] || {
		tail "$tmp/store.out"
		return 1
	}
}

# case_is_ok LINE: what a line of cmocka's says, with the lines around it
case_is_ok() {
	case $1 in
	ok*) return 0 ;;
	esac
	grep -A 10 -F "$1" "$tmp/store.out"
	return 1
}

check 'help' says '^usage: tlsrpt-db' tlsrpt-db --help
check 'version' says '^tlsrpt-db \(tlsrpt-tools\)' tlsrpt-db --version
check 'no command' exits 64 tlsrpt-db
check 'no such command' exits 64 tlsrpt-db drop
check 'no such option' exits 64 tlsrpt-db --nix status
check 'a URI that is none' exits 78 tlsrpt-db -d mysql://x/y status
check 'says so' says 'mysql' tlsrpt-db -d mysql://x/y status
check 'a server that is away' exits 75 \
	tlsrpt-db -d "host=$tmp dbname=x user=x" status

check 'SQLite: init' says 'version 1' tlsrpt-db -d "sqlite:$tmp/s.db" init
check 'SQLite: again' says 'already' tlsrpt-db -d "sqlite:$tmp/s.db" init
check 'SQLite: status' says '^reports +0' tlsrpt-db -d "sqlite:$tmp/s.db" status
check 'SQLite: two make it at once' two_at_once "sqlite:$tmp/two/s.db"
check 'SQLite: and it is whole' says '"version": 1' \
	tlsrpt-db -d "sqlite:$tmp/two/s.db" status --format=json
check 'SQLite: the file is for its owner' same 600 "$(stat -c %a "$tmp/s.db")"
check 'SQLite: has no roles' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/s.db" init --writer=w
check 'SQLite: the file of sql/ runs by itself' \
	sh -c "sqlite3 -bail '$tmp/hand.db' <'$top/sql/sqlite/0001-reports.sql'"
check 'SQLite: and does not run twice' \
	sh -c "! sqlite3 -bail '$tmp/hand.db' <'$top/sql/sqlite/0001-reports.sql'"

pg_start >"$tmp/pg.log" 2>&1 || {
	skip 'PostgreSQL' 'no server is installed'
	finish
	exit
}
check 'PostgreSQL: an empty database keeps mail' exits 75 \
	tlsrpt-ingest -d "$pg_uri" "$top/samples/google-plain.eml"
check 'PostgreSQL: and says what to do' says 'tlsrpt-db init' \
	tlsrpt-ingest -d "$pg_uri" "$top/samples/google-plain.eml"
check 'PostgreSQL: status of it' says 'init' tlsrpt-db -d "$pg_uri" status
check 'PostgreSQL: two make it at once' two_at_once "$pg_uri"
check 'PostgreSQL: roles' says 'version 1' \
	tlsrpt-db -d "$pg_uri" init --writer=writer --reader=reader
check 'PostgreSQL: a role that is not there' says 'nobody-here' \
	tlsrpt-db -d "$pg_uri" init --writer=nobody-here
check 'PostgreSQL: the writer writes' exits 0 tlsrpt-ingest -q \
	--quarantine="$tmp/q" -d "$pg_writer_uri" "$top/samples"
check 'PostgreSQL: status' says '^reports +[1-9]' tlsrpt-db -d "$pg_uri" status
check 'PostgreSQL: the writer does not read documents' \
	denied writer 'SELECT document FROM tlsrpt.report'
check 'PostgreSQL: nor change reports' \
	denied writer 'UPDATE tlsrpt.report SET auth = $$pass$$'
check 'PostgreSQL: nor delete them' denied writer 'DELETE FROM tlsrpt.report'
check 'PostgreSQL: nor read whence mail came' \
	denied writer 'SELECT sender FROM tlsrpt.intake'
check 'PostgreSQL: the reader reads views' \
	psql -X -U reader -c 'SELECT * FROM tlsrpt.daily, tlsrpt.daily_failure LIMIT 1'
check 'PostgreSQL: but no tables' denied reader 'SELECT 1 FROM tlsrpt.report'
check 'PostgreSQL: and calls nothing' \
	denied reader "SELECT tlsrpt.ensure_months('{2026-01-01}')"
check 'PostgreSQL: months have partitions' psql -X -c \
	'SELECT * FROM tlsrpt.report_2026_09, tlsrpt.failure_2026_09'
check 'PostgreSQL: the file of sql/ runs by itself' sh -c "createdb hand &&
	psql -Xq -d hand -v ON_ERROR_STOP=1 -1 -f '$top/sql/postgresql/0001-reports.sql'"
check 'PostgreSQL: and does not run twice' sh -c "! psql -Xq -d hand \
	-v ON_ERROR_STOP=1 -1 -f '$top/sql/postgresql/0001-reports.sql'"
names sqlite >"$tmp/names.sqlite"
names postgresql >"$tmp/names.postgresql"
check 'both databases have the same names' \
	diff "$tmp/names.sqlite" "$tmp/names.postgresql"

if [ -x "$PWD/tests/test_store" ]; then
	check 'the tests of both stores ran' run_store_tests "$PWD/tests/test_store"
	while read -r line; do
		check "${line#*- }" case_is_ok "$line"
	done <"$tmp/store.tap"
fi
finish
