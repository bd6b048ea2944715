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

# tlsrpt-dns ends with 1 where it has an advice
run() {
	(cd "$tmp/source" && sh -c "$1") </dev/null >"$tmp/told" 2>&1
	status=$?
	cat "$tmp/told"
	case $1 in
	tlsrpt-dns*) [ "$status" -le 1 ] ;;
	*) return "$status" ;;
	esac
}

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
