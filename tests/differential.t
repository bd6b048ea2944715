#!/bin/sh
# A second reader agrees on every column of random messages, in both
# databases: DIFFERENTIAL=10000 for more of them, SEED for others.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"

command -v python3 >/dev/null || skip_all 'python3 is not there'
seed=${SEED:-8460}
second() {
	python3 -B "$top/tests/differential.py" "$@"
}

agrees() {
	for half in first again; do
		tlsrpt-ingest -q --no-progress --authserv-id=mx.example.com \
			--quarantine="$tmp/q" -d "$1" "$tmp/md/$half" || return 1
	done
	second check "$tmp/md" "$1"
}

cleanup() {
	pg_drop
}

check 'messages are made' second make "$seed" "${DIFFERENTIAL:-1000}" "$tmp/md"
check 'SQLite has what a second reader reads' agrees "sqlite:$tmp/d.db"
if pg_start; then
	check 'init' tlsrpt-db init -d "$pg_uri"
	check 'PostgreSQL has it too' agrees "$pg_uri"
else
	skip 'PostgreSQL has it too' 'there is no PostgreSQL server'
fi
finish
