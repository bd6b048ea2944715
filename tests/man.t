#!/bin/sh
# The man pages say what the programs do: options, codes, settings.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
PATH=$PATH:$PWD/tests

# page_of PROGRAM: its page
page_of() {
	for page in "$top/man/$1".[18]; do
		if [ -f "$page" ]; then echo "$page"; fi
	done
}

# options PROGRAM: the long options that --help lists, and those of its page
options() {
	"$1" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		sort -u >"$tmp/help"
	grep '^\.It Fl' "$(page_of "$1")" | grep -oE 'Fl -[a-z-]+' |
		sed 's/Fl -/--/' | sort -u >"$tmp/page"
	[ -s "$tmp/help" ] && diff "$tmp/help" "$tmp/page"
}

letters() {
	"$1" --help | grep -oE '^ +-[a-z],' | tr -d ' ,' | sort -u >"$tmp/help"
	grep '^\.It Fl' "$(page_of "$1")" | grep -oE 'Fl [a-z]( |$)' |
		sed 's/Fl /-/; s/ $//' | sort -u >"$tmp/page"
	[ -s "$tmp/help" ] && diff "$tmp/help" "$tmp/page"
}

# codes TABLE SECTION PAGE: each code and its meaning stand in the section
codes() {
	print_vocabulary "$1" | cut -f 1 | sort >"$tmp/table"
	sed -n "/^\\.Sh $2/,/^\\.El/p" "$top/man/$3" | sed -n 's/^\.It Sy \([^ ]*\).*/\1/p' |
		sort >"$tmp/page"
	[ -s "$tmp/table" ] && diff "$tmp/table" "$tmp/page"
}

meanings() {
	print_vocabulary deviations | cut -f 3 >"$tmp/meanings"
	[ -s "$tmp/meanings" ] || return 1
	while read -r meaning; do
		grep -qxF -- "$meaning" "$top/man/tlsrpt-schema.7" || {
			echo "not in the page: $meaning"
			return 1
		}
	done <"$tmp/meanings"
}

settings() {
	sed -n '/^} known/,/^};/p' "$top/src/base/config.c" |
		sed -n 's/.*{ "[a-z]*", "\([a-z-]*\)" }.*/\1/p' | sort >"$tmp/table"
	sed -n 's/^\.It Cm //p' "$top/man/tlsrpt.conf.5" | sort >"$tmp/page"
	[ -s "$tmp/table" ] && diff "$tmp/table" "$tmp/page"
}

statuses() {
	for status in 0 64 65 66 75 78; do
		grep -qx ".It $status" "$top/man/tlsrpt-ingest.1" || return 1
	done
}

# findings: the page's list is what the table prints
findings() {
	print_findings mdoc >"$tmp/table"
	sed -n '/^\.Sh FINDINGS/,/^\.El/p' "$top/man/tlsrpt-findings.7" |
		sed '1,2d; $d' >"$tmp/page"
	[ -s "$tmp/table" ] && diff "$tmp/table" "$tmp/page"
}

# limits: each fixed limit's number stands in the page
limits() {
	for number in '64 MiB' '16 MiB' '1 MiB, 10,000 fields' '1,000$' '4,096 bytes' \
		'64 KiB' \
		'100$' '10,000$' '100,000$' '512 bytes' '8,192 bytes' 'at most 500'; do
		sed -n '/^\.Sh LIMITS/,/^\.El/p' "$top/man/tlsrpt-ingest.1" |
			grep -q -- "$number" || { echo "$number"; return 1; }
	done
	grep -q 'LIMIT_HEADER_FIELDS = 10000,' "$top/src/base/limits.h" &&
		grep -q 'LIMIT_PARTS = 1000,' "$top/src/base/limits.h" &&
		grep -q 'LIMIT_FAILURES = 100000,' "$top/src/base/limits.h" &&
		grep -q 'LIMIT_POLICIES = 10000,' "$top/src/base/limits.h"
}

for program in tlsrpt-ingest tlsrpt-db tlsrpt-dns tlsrpt-report tlsrptd; do
	check "$program: every option is in its page" options "$program"
	check "$program: so is every letter" letters "$program"
done
check 'reasons' codes reasons REASONS tlsrpt-ingest.1
check 'deviations' codes deviations DEVIATIONS tlsrpt-schema.7
check 'their meanings' meanings
check 'result types' codes result-types 'RESULT TYPES' tlsrpt-schema.7
check 'findings' findings
check 'settings' settings
check 'exit statuses' statuses
check 'limits' limits
if command -v mandoc >/dev/null; then
	check 'mandoc finds nothing' \
		sh -c "mandoc -Tlint -Wwarning '$top'/man/*.[1-8] && :"
else
	skip 'mandoc finds nothing' 'mandoc is not installed'
fi
finish
