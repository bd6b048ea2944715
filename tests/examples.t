#!/bin/sh
# The EXAMPLES of the man pages, typed as they stand there; those of
# tlsrpt-report(1) are in report.t.  What they name in /var/lib is elsewhere,
# and DNS does not answer.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# examples PAGE: the lines of its examples, a command each
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$top/man/$1" |
		sed -n -e '/^\.Bd/,/^\.Ed/{/^\./!p}' -e 's/^\.Dl //p' |
		sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' -e 's/\\-/-/g' \
			-e 's/\\&//g'
}

# blocks PAGE: each block that is a configuration becomes a file config.N
blocks() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$top/man/$1" |
		awk -v to="$tmp/$1.config" '/^\.Bd/ { block = ""; inside = 1; next }
			/^\.Ed/ { if (block ~ /^\[/) { n++; printf "%s", block >(to "." n) }
				inside = 0 }
			inside { block = block $0 "\n" }'
}

# run COMMAND: in the folder of its things
run() {
	(cd "$tmp/here" && sh -c "$(echo "$1" | sed "s|/var/lib/|$tmp/lib/|g")") \
		</dev/null 2>&1
}

# known COMMAND: ends, and not because it is written wrong
known() {
	run "$1"
	status=$?
	case $1 in
	tlsrpt-dns*) [ "$status" -le 3 ] ;;
	*) [ "$status" -eq 0 ] ;;
	esac
}

# page PAGE: each of its commands
page() {
	examples "$1" | grep -E '^(tlsrpt-[a-z]+|createuser|createdb) ' >"$tmp/commands"
	check "$1: there are examples" [ -s "$tmp/commands" ]
	while read -r command; do
		case $command in
		create*\ tlsrpt | create*\ grafana)
			# Once is enough.
			if grep -qxF "$command" "$tmp/done" 2>/dev/null; then continue; fi
			echo "$command" >>"$tmp/done"
			;;
		esac
		check "$1: $command" known "$command"
	done <"$tmp/commands"
}

mkdir -p "$tmp/here" "$tmp/lib/tlsrpt" "$tmp/lib/parsedmarc"
cp -R "$top"/sql/postgresql/*.sql "$tmp/here"
mkdir -p "$tmp/here/Maildir/.TLSRPT/cur" "$tmp/here/Maildir/.TLSRPT/new" \
	"$tmp/here/Maildir/.TLSRPT/tmp"
cp "$top/samples/google-plain.eml" "$tmp/here/Maildir/.TLSRPT/new/1.1.mx"
gzip -c "$top/samples/rfc8460-example.json" \
	>"$tmp/here/google.com!example.com!1.json.gz"
echo example.com >"$tmp/here/domains"
tlsrpt-ingest -q -d "sqlite:$tmp/lib/tlsrpt/reports.db" "$top/samples" 2>/dev/null
python3 "$top/tests/parsedmarc.py" json "$top/samples/rfc8460-example.json" \
	>"$tmp/lib/parsedmarc/smtp_tls.json"
{
	echo '[dns]'
	echo 'resolver=127.0.0.1@9'
	echo '[ingest]'
	[ "$(id -u)" -ne 0 ] || echo 'allow-root=yes'
	echo '[database]'
	echo "uri=sqlite:$tmp/lib/own.db"
} >"$tmp/conf"
TLSRPT_CONFIG=$tmp/conf
export TLSRPT_CONFIG

page tlsrpt-ingest.1
check 'tlsrpt-ingest.1: the mail is where it was moved to' \
	sh -c "[ -n \"\$(ls '$tmp'/here/Maildir/.TLSRPT.done/new)\" ]"
if command -v tlsrpt-dns >/dev/null; then page tlsrpt-dns.1; fi

if pg_start >"$tmp/pg.log" 2>&1; then
	dropdb tlsrpt
	createdb parsedmarc
	python3 "$top/tests/parsedmarc.py" sql "$top/samples/failure-sum.json" |
		psql -Xq -d parsedmarc
	unset PGDATABASE
	# Its own database is where these go, once it is there.
	sed -i 's|^uri=.*|uri=postgresql:///tlsrpt|' "$tmp/conf"
	page tlsrpt-db.1
	check 'tlsrpt-db.1: all is there' \
		says '"problems": \[\{"code": "implausible-dates", "count": 2\}\]' \
		tlsrpt-db --format=json status
	examples tlsrpt-schema.7 >"$tmp/example.sql"
	check 'tlsrpt-schema.7: the query' psql -XqAt -v ON_ERROR_STOP=1 -d tlsrpt \
		-f "$tmp/example.sql"
	dropdb tlsrpt
	createdb tlsrpt
	command=$(examples tlsrpt-db.1 | grep '^cat')
	check "tlsrpt-db.1: $command" run "$command"
	check 'tlsrpt-db.1: that is the schema' says '^problems +none' tlsrpt-db status
else
	skip 'tlsrpt-db.1' 'no PostgreSQL server is installed'
fi

if command -v tlsrptd >/dev/null; then
	for page in tlsrpt.conf.5 tlsrptd.8; do
		blocks $page
		for config in "$tmp/$page".config.*; do
			chmod 600 "$config" # it holds a secret
			grep -q '^tls-' "$config" && continue
			check "$page: $(sed -n 2p "$config")" tlsrptd --check -c "$config"
		done
	done
fi
finish
