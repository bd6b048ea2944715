#!/bin/sh
# The tutorial of tlsrpt(7), command by command as it stands there.
#
# Here PostgreSQL is a private one, sudo does without, and what would go into
# /etc and /var goes into a folder.  With TUTORIAL=real, on a machine that may
# be spoilt (tests/tutorial.sh), nothing of that: the commands alone.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

for program in tlsrpt-ingest tlsrpt-db tlsrpt-report tlsrpt-dns; do
	command -v "$program" >/dev/null || skip_all "no $program in PATH"
done
for python in python3 /usr/bin/python3 none; do
	if "$python" -c 'import psycopg2, yaml' 2>/dev/null; then break; fi
done

# commands PATTERN PATTERN: those between two lines of the page
commands() {
	sed -n "/$1/,/$2/p" "$top/man/tlsrpt.7" |
		sed -n '/^\.Bd/,/^\.Ed/p' | sed -e '/^\./d' -e 's/\\-/-/g'
}
commands '^\.Sh TUTORIAL' '^\.Ss Dashboards' >"$tmp/commands"
commands '^\.Ss Dashboards' '^\.Ss From now on' >"$tmp/dashboards"

# Somebody's home, and nothing but the source in it.
mkdir "$tmp/source"
cp -R "$top/samples" "$top/contrib" "$tmp/source"

# The folders that Grafana's package makes.
root=
stand_in() {
	root=$tmp/root
	mkdir -p "$tmp/bin"
	cat >"$tmp/bin/sudo" <<-'SH'
		#!/bin/sh
		# Who administrates PostgreSQL is its owner here.
		if [ "$1" = -u ]; then
			shift 2
			PGUSER=owner
		fi
		exec "$@"
	SH
	chmod 755 "$tmp/bin/sudo"
	PATH=$tmp/bin:$PATH
	pg_start >"$tmp/pg.log" 2>&1 || return 1
	dropdb tlsrpt
	unset PGDATABASE
	USER=somebody
	PGUSER=$USER
	export USER PGUSER
}

# What one command sets is there for the next ones, as in a terminal; and
# tlsrpt-dns ends with 1 where it has an advice.
: >"$tmp/set"
run() {
	(cd "$tmp/source" && sh -c "$(cat "$tmp/set")
		$(echo "$1" | sed "s| \(/[ev][^ ]*/grafana/\)| $root\1|g")"
	) </dev/null >"$tmp/told" 2>&1
	status=$?
	case $1 in
	export\ *) echo "$1" >>"$tmp/set" ;;
	esac
	cat "$tmp/told"
	case $1 in
	tlsrpt-dns*) [ "$status" -le 1 ] ;;
	*) return "$status" ;;
	esac
}

# look COMMAND: what it told, or left
look() {
	case $1 in
	*' show '* | *failures*) check 'it tells of failures' grep -qi 'certificate' "$tmp/told" ;;
	*' status') check 'there are reports' grep -qE '^reports +[1-9]' "$tmp/told" ;;
	*' summary'*) check 'it tells of domains' grep -q 'example' "$tmp/told" ;;
	*' html '*) check 'there is a page' grep -qi '<svg' "$tmp/source/tls-reports.html" ;;
	*make\ tlsrpt*) check 'it is a record' grep -q 'v=TLSRPTv1; rua=mailto:tlsrpt@example.com' "$tmp/told" ;;
	esac
}

# as_grafana COMMAND...: what its server may do, by the data source laid there
as_grafana() {
	source=$root/etc/grafana/provisioning/datasources/tlsrpt.yaml
	grep -qx '    user: grafana' "$source" &&
		grep -qx '      database: tlsrpt' "$source" || return 1
	if [ -n "$root" ]; then
		PGUSER=grafana "$@"
	else
		grep -qx '    url: /var/run/postgresql' "$source" &&
			sudo -u grafana "$@"
	fi
}

# Each query of each dashboard and rule, as they lie where Grafana reads them.
dashboards() {
	grep -qx '      path: /var/lib/grafana/dashboards/tlsrpt' \
		"$root/etc/grafana/provisioning/dashboards/tlsrpt.yaml" || return 1
	mkdir "$tmp/laid" &&
		ln -s "$root/etc/grafana/provisioning" "$tmp/laid/provisioning" &&
		ln -s "$root/var/lib/grafana/dashboards/tlsrpt" "$tmp/laid/dashboards" &&
		as_grafana "$python" "$top/tests/grafana_check.py" run \
			'dbname=tlsrpt' "$tmp/laid" >"$tmp/findings" 2>&1
	cat "$tmp/findings"
	[ ! -s "$tmp/findings" ]
}

# As many as the SQLite file has, and some are shown.
all_there() {
	same "$(sqlite3 "$tmp/source/tls-reports.db" 'SELECT count(*) FROM report')" \
		"$(psql -XAtc 'SELECT count(*) FROM tlsrpt.report' tlsrpt)" &&
		[ "$(as_grafana psql -XAtc 'SELECT count(*) FROM tlsrpt.daily' tlsrpt)" -gt 0 ]
}

no_documents() {
	! as_grafana psql -Xc 'SELECT document FROM tlsrpt.report' tlsrpt
}

# A configuration that is not theirs, as a package has, is not in the way.
printf '[database]\nuri=sqlite:/nonexistent/reports.db\n' >"$tmp/system.conf"
[ "$(id -u)" -ne 0 ] || printf '[ingest]\nallow-root=yes\n' >>"$tmp/system.conf"
TLSRPT_CONFIG=$tmp/system.conf
export TLSRPT_CONFIG
check 'there are commands' [ "$(wc -l <"$tmp/commands")" -ge 8 ]
while read -r command; do
	check "$command" run "$command"
	look "$command"
done <"$tmp/commands"

check 'there are commands for dashboards' [ "$(wc -l <"$tmp/dashboards")" -ge 10 ]
if [ "$python" = none ]; then
	skip 'dashboards' 'python3-psycopg2 or python3-yaml is missing'
elif [ "${TUTORIAL:-}" != real ] && ! stand_in; then
	skip 'dashboards' 'no PostgreSQL server is installed'
else
	for folder in datasources dashboards alerting; do
		mkdir -p "$tmp/root/etc/grafana/provisioning/$folder"
	done
	while read -r command; do
		check "$command" run "$command"
	done <"$tmp/dashboards"
	check 'the reports are there, and Grafana sees their sums' all_there
	check 'but no documents' no_documents
	check 'every query of every dashboard answers' dashboards
fi
finish
