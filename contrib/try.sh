#!/bin/sh
# Build the programs and show what they do, on Debian 12:
#
#	sh contrib/try.sh
#
# Installs the libraries by apt (as root, or with sudo), builds in build-try,
# reads samples/ into an SQLite file there, and shows the tables.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
build=$top/build-try

packages='build-essential autoconf automake pkg-config libgmime-3.0-dev
	libcjson-dev libpq-dev zlib1g-dev libsqlite3-dev libpsl-dev
	libglib2.0-dev libseccomp-dev libidn2-dev libunbound-dev libcurl4-openssl-dev libssl-dev
	sqlite3'

say() { printf '\n%s\n' "$*"; }

missing=
for package in $packages; do
	dpkg -s "$package" 2>/dev/null |
		grep -q '^Status: install ok installed' ||
		missing="$missing $package"
done
if [ -n "$missing" ]; then
	say "Installing:$missing"
	sudo=
	[ "$(id -u)" -eq 0 ] || sudo=sudo
	$sudo apt-get update -qq
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends $missing >/dev/null
fi

say 'Building in build-try ...'
mkdir -p "$build"
autoreconf -fi >"$build/autoreconf.log" 2>&1 || { cat "$build/autoreconf.log"; exit 1; }
(cd "$build" && "$top/configure" -q && make -s -j2) >"$build/make.log" 2>&1 || {
	tail -n 40 "$build/make.log"
	exit 1
}

db=$build/reports.db
rm -rf "$db" "$db"-* "$build/quarantine"
say 'tlsrpt-ingest samples:'
"$build/tlsrpt-ingest" -d "sqlite:$db" --log=syslog samples

show() {
	say "$1"
	sqlite3 -readonly "$db" '.mode box --wrap 44 --wordwrap on' "$2"
}

show 'Who reports on which domain, and how it went (the most sessions first):' "
	SELECT policy_domain AS domain, coalesce(organization, '-') AS reporter,
		policy_type AS policy, count(*) AS days,
		sum(successful) AS successful, sum(failed) AS failed
	FROM daily
	WHERE day BETWEEN '2016-01-01' AND date('now', '2 days')
		AND successful + failed < 1000000000
	GROUP BY 1, 2, 3 ORDER BY sum(successful + failed) DESC LIMIT 15"
show 'What failed, where, and what to do:' "
	SELECT f.result_type AS 'result type', f.receiving_mx_hostname AS MX,
		sum(f.failed) AS failed, coalesce(t.advice, '-') AS advice
	FROM daily_failure f LEFT JOIN result_type t USING (result_type)
	WHERE f.failed < 1000000000
	GROUP BY 1, 2 ORDER BY sum(f.failed) DESC LIMIT 8"
show 'What became of the messages:' "
	SELECT outcome, coalesce(reason, '') AS reason, count(*) AS messages
	FROM intake GROUP BY 1, 2 ORDER BY 3 DESC"
say "What was rejected is kept in build-try/quarantine, as it came.
The database is build-try/reports.db: look around with sqlite3.
Next: README says how to hand reports over from Postfix."
