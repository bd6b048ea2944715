#!/bin/sh
# tlsrpt-db, and both kinds of store, on a real server.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# lacks ROLE COMMAND...: one line says what is lacking, who, and what to do
lacks() {
	lacking=$1
	shift
	exits 75 tlsrpt-db -d "postgresql:///tlsrpt?host=$pg_dir&user=$lacking" \
		"$@" || return 1
	cat "$tmp/exits.out"
	same 1 "$(wc -l <"$tmp/exits.out")" &&
		grep -q "role \"$lacking\" lacks that right; run this as the owner" \
			"$tmp/exits.out"
}

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

# three_at_once COMMAND...: all three succeed
three_at_once() {
	"$@" >"$tmp/three.1" 2>&1 &
	first=$!
	"$@" >"$tmp/three.2" 2>&1 &
	second=$!
	"$@" >"$tmp/three.3" 2>&1
	third=$?
	wait "$first" && wait "$second" && [ "$third" -eq 0 ] && return 0
	cat "$tmp"/three.?
	return 1
}

hides() {
	if says "$@"; then return 1; fi
}

# ask SQL, ask_as ROLE SQL: the answer, unadorned
ask() {
	psql -XqAt -v ON_ERROR_STOP=1 -c "$1"
}
ask_as() {
	psql -XqAt -v ON_ERROR_STOP=1 -U "$1" -c "$2"
}

# schema_of DATABASE: as pg_dump has it, without its random words
schema_of() {
	pg_dump -s -O -x "$1" | sed '/^.restrict /d; /^.unrestrict /d'
}

# The tables and columns that tests/test_store.c has not looked at: their
# names are a contract, and the same in both databases.
names() {
	for table in report policy failure superseded intake result_type \
		retention policy_day failure_day total_day total_failure_day \
		policy_rollup failure_rollup tenant \
		daily_total daily_total_failure known_domain policy_sum \
		failure_sum failure_report deviating_report \
		schema_version daily daily_failure reporter coverage \
		report_detail policy_detail failure_detail arrival; do
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
check 'two commands' exits 64 tlsrpt-db init status
check '--format goes with status only' exits 64 tlsrpt-db --format=json init
check '--writer does not go with status' exits 64 tlsrpt-db --writer=w status
check 'no such format' exits 64 tlsrpt-db --format=xml status
check 'a path alone is no URI' exits 78 tlsrpt-db -d /var/lib/x.db status
check 'and it is told what one is' says 'x.db" is no database URI: write sqlite:' \
	tlsrpt-db -d /var/lib/x.db status
check 'sqlite: without a path' exits 78 tlsrpt-db -d sqlite: status
TLSRPT_DATABASE='postgresql://u:geheim@h:ge@im/x'
export TLSRPT_DATABASE
check 'a URI that libpq cannot read' exits 78 tlsrpt-db status
check 'does not show its password' hides 'ge@?h?eim|ge@im' tlsrpt-db status
unset TLSRPT_DATABASE
check 'a URI that is none' exits 78 tlsrpt-db -d mysql://x/y status
check 'says so' says 'mysql' tlsrpt-db -d mysql://x/y status
check 'a server that is away' exits 75 \
	tlsrpt-db -d "host=$tmp dbname=x user=x" status

check 'SQLite: status where there is nothing' says 'run tlsrpt-db init' \
	tlsrpt-db -d "sqlite:$tmp/none/s.db" status
check 'SQLite: makes nothing' [ ! -e "$tmp/none" ]
check 'SQLite: init' says 'version [1-9]' tlsrpt-db -d "sqlite:$tmp/s.db" init
check 'SQLite: again' says 'already' tlsrpt-db -d "sqlite:$tmp/s.db" init
check 'SQLite: status' says '^reports +0' tlsrpt-db -d "sqlite:$tmp/s.db" status
check 'SQLite: two make it at once' two_at_once "sqlite:$tmp/two/s.db"
check 'SQLite: and it is whole' says '"version": [1-9]' \
	tlsrpt-db -d "sqlite:$tmp/two/s.db" status --format=json
check 'SQLite: the file is for its owner' same 600 "$(stat -c %a "$tmp/s.db")"
check 'SQLite: upgrade is quiet with -q' \
	same '' "$(tlsrpt-db -q -d "sqlite:$tmp/s.db" upgrade 2>&1)"
check 'SQLite: has no roles' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/s.db" init --writer=w
check 'SQLite: the files of sql/ run by themselves' \
	sh -c "cat '$top'/sql/sqlite/*.sql | sqlite3 -bail '$tmp/hand.db'"
check 'SQLite: and makes the same schema' \
	same "$(sqlite3 "$tmp/hand.db" .schema)" "$(sqlite3 "$tmp/s.db" .schema)"
cp "$tmp/hand.db" "$tmp/new.db"
sqlite3 "$tmp/new.db" 'INSERT INTO schema_version (version) VALUES (999)'
check 'SQLite: a newer schema is told' says 'new-schema' \
	tlsrpt-db -d "sqlite:$tmp/new.db" --format=json status
check 'SQLite: and left alone' exits 75 \
	tlsrpt-db -d "sqlite:$tmp/new.db" upgrade
seq 1000 >"$tmp/text.db"
check 'SQLite: another file is refused' exits 75 \
	tlsrpt-db -d "sqlite:$tmp/text.db" init
check 'SQLite: and left alone' same 3893 "$(stat -c %s "$tmp/text.db")"
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
check 'PostgreSQL: a role that is not there is a mistake' exits 78 \
	tlsrpt-db -d "$pg_uri" init --reader='no"body'
check 'PostgreSQL: and nothing is made' same 0 \
	"$(ask "SELECT count(*) FROM pg_namespace WHERE nspname = 'tlsrpt'")"
psql -Xq -c "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0"
check 'PostgreSQL: an encoding that cannot hold all text' exits 78 \
	tlsrpt-db -d "postgresql:///latin?host=$pg_dir&user=owner" init
check 'PostgreSQL: two make it at once' two_at_once "$pg_uri"
check 'PostgreSQL: roles' says 'version [1-9]' \
	tlsrpt-db -d "$pg_uri" init --writer=writer --reader=reader
check 'PostgreSQL: three grant at once' three_at_once \
	tlsrpt-db -d "$pg_uri" upgrade --writer=writer --reader=reader
check 'PostgreSQL: a role that is not there' says 'nobody-here' \
	tlsrpt-db -d "$pg_uri" init --writer=nobody-here
check 'PostgreSQL: the writer writes' exits 0 tlsrpt-ingest -q \
	--quarantine="$tmp/q" -d "$pg_writer_uri" "$top/samples"
check 'PostgreSQL: status' says '^reports +[1-9]' tlsrpt-db -d "$pg_uri" status
check 'PostgreSQL: the writer does not read documents' \
	denied writer 'SELECT document FROM tlsrpt.report'
check 'PostgreSQL: nor change reports' \
	denied writer "UPDATE tlsrpt.report SET auth = 'pass'"
check 'PostgreSQL: nor delete them' denied writer 'DELETE FROM tlsrpt.report'
check 'PostgreSQL: nor read whence mail came' \
	denied writer 'SELECT sender FROM tlsrpt.intake'
check 'PostgreSQL: the reader reads views' \
	psql -X -U reader -c 'SELECT * FROM tlsrpt.daily, tlsrpt.daily_failure LIMIT 1'
check 'PostgreSQL: but no tables' denied reader 'SELECT 1 FROM tlsrpt.report'
check 'PostgreSQL: and calls nothing' \
	denied reader "SELECT tlsrpt.ensure_months('{2026-01-01}')"
for table in report policy failure superseded intake report_default; do
	check "PostgreSQL: the reader does not read $table" \
		denied reader "SELECT 1 FROM tlsrpt.$table"
done
for view in reporter coverage result_type schema_version report_detail \
	policy_detail failure_detail arrival; do
	check "PostgreSQL: the reader reads $view" \
		ask_as reader "SELECT * FROM tlsrpt.$view"
done
check 'PostgreSQL: nobody else calls settle' \
	denied reader "SELECT tlsrpt.settle('{}', '{}', '{}', '{}', '{}')"
tlsrpt-ingest -q --quarantine="$tmp/q" -d "sqlite:$tmp/full.db" \
	"$top/samples/google-plain.eml"
for command in status 'prune --keep=1d' 'reparse' 'reparse -n' \
	"copy $pg_writer_uri sqlite:$tmp/copy.db" \
	"copy sqlite:$tmp/full.db $pg_writer_uri" \
	'tenant add reader --domain=example.com' 'tenant list' upgrade; do
	# shellcheck disable=SC2086
	check "PostgreSQL: the writer is told what it lacks: ${command%%postgresql*}" \
		lacks writer $command
done
check 'PostgreSQL: and so is the reader' lacks reader status
check 'PostgreSQL: the writer makes no tables' \
	denied writer 'CREATE TABLE tlsrpt.x ()'
check 'PostgreSQL: the functions fix their search path' same 0 \
	"$(ask "SELECT count(*) FROM pg_proc
		WHERE pronamespace = 'tlsrpt'::regnamespace AND prosecdef
		AND NOT coalesce('search_path=pg_catalog, pg_temp'
		= ANY (proconfig), false)")"
check 'PostgreSQL: every table, view and column has a comment' same '' \
	"$(ask "SELECT c.relname, a.attname
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'tlsrpt'::regnamespace
		AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
		AND a.attnum > 0
		AND (col_description(c.oid, a.attnum) IS NULL
		OR obj_description(c.oid, 'pg_class') IS NULL)")"

ask 'TRUNCATE tlsrpt.report, tlsrpt.policy, tlsrpt.failure'
ask "INSERT INTO tlsrpt.report (report_key, start_time, end_time, received_at,
	report_id, channel, auth, content_digest, document)
	SELECT gen_random_uuid(), t::timestamptz, t::timestamptz, now(), 'x',
	'mail', 'none', sha256(''), ''
	FROM unnest(ARRAY['2019-04-30 23:59:59Z', '2019-05-01 00:00:00Z',
	'2019-05-31 23:59:59Z', '2019-06-01 00:00:00Z', '0001-01-01 00:00:00Z',
	'9999-12-31 23:59:59Z']) AS t"
ask "INSERT INTO tlsrpt.policy SELECT report_key, start_time, 1, NULL, NULL,
	'{}', '{}', NULL, NULL, 0, 0 FROM tlsrpt.report"
check 'PostgreSQL: rows of no month lie in the default partition' same 6 \
	"$(ask 'SELECT count(*) FROM tlsrpt.report_default')"
check 'PostgreSQL: status tells of them' \
	says '"code": "missing-partitions", "count": 4' \
	tlsrpt-db -d "$pg_uri" --format=json status
check 'PostgreSQL: and of implausible dates' \
	says ' 2 +reports dated before 2016' tlsrpt-db -d "$pg_uri" status
check 'PostgreSQL: the writer makes a month, late' same 2019-05-01 \
	"$(ask_as writer "SELECT tlsrpt.ensure_months('{2019-05-17}')")"
check 'PostgreSQL: it takes its rows, by UTC' same 2 \
	"$(ask 'SELECT count(*) FROM tlsrpt.report_2019_05')"
check 'PostgreSQL: of every table' same 2 \
	"$(ask 'SELECT count(*) FROM tlsrpt.policy_2019_05')"
check 'PostgreSQL: and no others' same 4 \
	"$(ask 'SELECT count(*) FROM tlsrpt.report_default')"
check 'PostgreSQL: months out of range are passed over' same '' \
	"$(ask_as writer "SELECT tlsrpt.ensure_months(ARRAY['2015-12-31',
		'0001-01-01', '9999-12-31', now() + interval '63 days']::date[])")"
check 'PostgreSQL: the next month is not' same 1 \
	"$(ask_as writer "SELECT count(*) FROM tlsrpt.ensure_months(ARRAY[
		date_trunc('month', now()) + interval '32 days']::date[])")"
check 'PostgreSQL: three make months at once' three_at_once ask_as writer \
	"SELECT tlsrpt.ensure_months('{2020-01-01,2020-02-01,2020-03-01}')"
check 'PostgreSQL: each of them once' same 15 \
	"$(ask "SELECT count(*) FROM pg_class
		WHERE relkind = 'r' AND relname ~ '_2020_0[1-3]$'")"
check 'PostgreSQL: months have partitions' psql -X -c \
	'SELECT * FROM tlsrpt.report_2026_09, tlsrpt.failure_2026_09'
check 'PostgreSQL: the files of sql/ run by themselves' sh -c "createdb hand &&
	cat '$top'/sql/postgresql/*.sql | psql -Xq -d hand -v ON_ERROR_STOP=1 -1 -f -"
createdb same && tlsrpt-db -q -d "dbname=same" init
check 'PostgreSQL: and makes the same schema' \
	same "$(schema_of hand)" "$(schema_of same)"
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
pg_stop
check 'PostgreSQL: a server that is down keeps mail' \
	exits 75 tlsrpt-db -d "$pg_uri" status
check 'PostgreSQL: told in one line' \
	same 1 "$(tlsrpt-db -d "$pg_uri" status 2>&1 | wc -l)"
finish
