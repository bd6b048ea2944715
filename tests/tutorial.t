#!/bin/sh
# The tutorial of tlsrpt(7), command by command as it stands there.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

for program in tlsrpt-ingest tlsrpt-db tlsrpt-report tlsrpt-dns; do
	command -v "$program" >/dev/null || skip_all "no $program in PATH"
done

# What --since leaves out must not decide: the samples are of these years.
sed -n '/^\.Sh TUTORIAL/,/^\.Sh OPERATIONS/p' "$top/man/tlsrpt.7" |
	sed -n '/^\.Bd/,/^\.Ed/p' | sed '/^\./d' >"$tmp/commands"

# Somebody's home, and nothing but the source in it.
mkdir "$tmp/source"
cp -R "$top/samples" "$tmp/source/samples"

# What one command sets is there for the next ones, as in a terminal; and
# tlsrpt-dns ends with 1 where it has an advice.
: >"$tmp/set"
run() {
	(cd "$tmp/source" && sh -c "$(cat "$tmp/set")
		$1") </dev/null >"$tmp/told" 2>&1
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

# A configuration that is not theirs, as a package has, is not in the way.
printf '[database]\nuri=sqlite:/nonexistent/reports.db\n' >"$tmp/system.conf"
[ "$(id -u)" -ne 0 ] || printf '[ingest]\nallow-root=yes\n' >>"$tmp/system.conf"
TLSRPT_CONFIG=$tmp/system.conf
export TLSRPT_CONFIG
check 'there are commands' [ "$(wc -l <"$tmp/commands")" -ge 8 ]
while read -r command; do
	check "$command" run "$command"
	case $command in
	*' show '* | *failures*) check 'it tells of failures' grep -qi 'certificate' "$tmp/told" ;;
	*' status') check 'there are reports' grep -qE '^reports +[1-9]' "$tmp/told" ;;
	*' summary'*) check 'it tells of domains' grep -q 'example' "$tmp/told" ;;
	*' html '*) check 'there is a page' grep -qi '<svg' "$tmp/source/tls-reports.html" ;;
	*make\ tlsrpt*) check 'it is a record' grep -q 'v=TLSRPTv1; rua=mailto:tlsrpt@example.com' "$tmp/told" ;;
	esac
done <"$tmp/commands"
finish
