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

# What "make update-schema" would make of the comments in sql/.
reference() {
	awk -f "$top/build-aux/schema.awk" "$top"/sql/postgresql/*.sql >"$tmp/table"
	sed -n '/^\.Sh REFERENCE/,/^\.Sh SEE/p' "$top/man/tlsrpt-schema.7" |
		sed -e '1,3d' -e '/^\.Sh SEE/d' >"$tmp/page"
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

# row LIMIT NUMBER [C]: the table says so, and limits.h has it
row() {
	sed -n '/^\.Sh LIMITS/,/^\.El/p' "$top/man/tlsrpt-ingest.1" |
		grep -q "^\.It $1 Ta $2 Ta [^ ]" || { echo "$1: $2"; return 1; }
	[ -z "${3:-}" ] || grep -q "^	LIMIT_$3[,;]* " "$top/src/base/limits.h" ||
		{ echo "limits.h: $3"; return 1; }
}

limits() {
	row 'bytes of a message' '64 MiB \*' &&
		row 'bytes of a report, inflated' '16 MiB \*' &&
		row 'nesting of MIME and of JSON' '64 \*' &&
		row 'header of a message' '1 MiB' 'HEADER_BYTES = 1 << 20' &&
		row 'headers of its parts' '1 MiB' &&
		row 'fields in it' '10,000' 'HEADER_FIELDS = 10000' &&
		row 'fields in those' '10,000' &&
		row 'colons in one of those' '1,000' 'COLONS = 1000' &&
		row 'MIME parts, messages in it' '1,000' 'PARTS = 1000' &&
		row 'reports in a message' '100' 'REPORTS = 100' &&
		row 'policies in a report' '10,000' 'POLICIES = 10000' &&
		row 'failure details in a report' '100,000' 'FAILURES = 100000' &&
		row 'strings of a policy, its hosts' '1,000' 'STRINGS = 1000' &&
		row 'From, Subject, TLS-Report-\*' '4,096 bytes' 'FIELD = 4096' &&
		row 'who signed it: see below' '64 KiB' 'SIGNING = 64 << 10' &&
		row 'a name: domain, report-id, ...' '512 bytes' 'NAME = 512' &&
		row 'any other text' '8,192 bytes' 'TEXT = 8192' &&
		row 'time to decode a message' '60 s' 'DECODE_SECONDS = 60'
}

for program in tlsrpt-ingest tlsrpt-db tlsrpt-dns tlsrpt-report tlsrptd; do
	check "$program: every option is in its page" options "$program"
	check "$program: so is every letter" letters "$program"
done
check 'tlsrpt-schema(7): the reference is that of sql/' reference
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
