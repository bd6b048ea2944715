#!/bin/sh
# What a stranger writes moves no cursor, forges no line, and takes nobody's
# place.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not there'
mkdir "$tmp/hostile"
python3 -B "$top/tests/make_hostile.py" "$tmp/hostile"
evil=$tmp/hostile/decoded+escapes-everywhere
uri=sqlite:$tmp/forgery.db

# clean COMMAND...: it prints something, and no control or hidden character
clean() {
	"$@" </dev/null >"$tmp/out" 2>&1
	[ -s "$tmp/out" ] || { echo 'nothing is printed'; return 1; }
	python3 -c '
import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8", errors="strict").read()
bad = {c for c in text if c not in "\n\t" and
       unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")}
if bad:
    print(repr(bad))
sys.exit(1 if bad else 0)' "$tmp/out"
}

# A line that a stranger wrote starts no line of a log.
one_line() {
	tlsrpt-ingest -v -n --log=stderr <"$evil" >"$tmp/out" 2>&1
	! grep -v '^tlsrpt-ingest: ' "$tmp/out"
}

# mail FILE SIGNER: the same report, of google.example, signed by somebody
mail() {
	printf 'From: a@%s\nAuthentication-Results: mx.example.com; dkim=pass header.d=%s\nContent-Type: application/tlsrpt+json\n\n{"organization-name": "G", "report-id": "1", "contact-info": "x@google.example", "date-range": {"start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z"}, "policies": [{"policy": {"policy-type": "sts", "policy-domain": "example.com"}, "summary": {"total-successful-session-count": %s, "total-failure-session-count": 0}}]}\n' \
		"$2" "$2" "$3" >"$1"
}

# counted_and_kept DATABASE: what counts, and how much is in superseded
counted_and_kept() {
	sqlite3 -separator ' ' "$1" 'SELECT successful, auth_domain,
		(SELECT count(*) FROM superseded)
		FROM report NATURAL JOIN policy'
}

take() {
	database=$1
	shift
	for file; do
		tlsrpt-ingest --authserv-id=mx.example.com \
			-d "sqlite:$database" <"$tmp/$file" || return 1
	done
}

# A copy that nobody signed for gives way to the real report.
copy_first() {
	mail "$tmp/signed" google.example 5
	mail "$tmp/copied" google.example 666
	sed '/^Authentication-Results: /d' "$tmp/copied" >"$tmp/unsigned"
	take "$tmp/two.db" unsigned signed || return 1
	same '5 google.example 1' "$(counted_and_kept "$tmp/two.db")"
}

# Who signs for himself and is first is told by his name; nothing is lost.
signed_copy_first() {
	mail "$tmp/forged" evil.example 666
	mail "$tmp/real" google.example 5
	take "$tmp/three.db" forged real || return 1
	same '666 evil.example 1' "$(counted_and_kept "$tmp/three.db")"
}

# A part that was added behind a signature with l= is not signed.
partly_signed() {
	mail "$tmp/whole" google.example 5
	{
		echo 'DKIM-Signature: v=1; d=google.example; l=10; b=x'
		cat "$tmp/whole"
	} >"$tmp/partly"
	same fail "$(tlsrpt-ingest -n --format=json \
		--authserv-id=mx.example.com "$tmp/partly" 2>/dev/null |
		python3 -c 'import json, sys
print(json.load(sys.stdin)["reports"][0]["auth"])')"
}

# A name server of ours answers every question with escapes.
dns_start() {
	python3 -B "$top/tests/evil_dns.py" "$tmp/port" &
	dns_pid=$!
	: >"$tmp/anchor"
	wait_for 10 test -s "$tmp/port"
}

cleanup() {
	[ -z "${dns_pid:-}" ] || kill "$dns_pid"
}

# dns COMMAND...: what it prints of those answers
dns() {
	clean tlsrpt-dns "$@" --timeout=2 --trust-anchor="$tmp/anchor" \
		--resolver="127.0.0.1@$(cat "$tmp/port")"
}

# All that no terminal should see, in a text of the operator's own.
evil_text() {
	printf '\033[2J\033]0;x\007\302\2331m\342\200\256gnp.\342\200\213\177\233\377'
}

check 'ingest: its log has no escapes in it' \
	clean tlsrpt-ingest -v -n --log=stderr "$evil"
check 'ingest: a line of the log is one line' one_line
check 'the hostile report is stored' tlsrpt-ingest -q --no-progress -d "$uri" "$evil"
check 'db status' clean tlsrpt-db status -d "$uri"
if command -v tlsrpt-report >/dev/null; then
	for what in summary failures reporters; do
		check "report $what" clean tlsrpt-report $what -d "$uri" \
			--since=2025-12-01 --until=2026-02-01
	done
	check 'report show' clean tlsrpt-report show "$evil"
fi
check 'ingest: nor has its JSON' clean tlsrpt-ingest -n --format=json "$evil"
if command -v tlsrpt-report >/dev/null; then
	check 'report show, JSON' clean tlsrpt-report show --format=json "$evil"
fi
if command -v tlsrpt-dns >/dev/null && dns_start; then
	for form in text json; do
		for what in tlsrpt mta-sts dane; do
			check "dns check $what, $form" \
				dns check "$what" example.com --format=$form
		done
		check "dns audit, $form" dns audit example.com --format=$form
		printf 'version: STSv1\r\nmode: %s\r\nmx: %s\r\n' \
			"$(evil_text)" "$(evil_text)" >"$tmp/policy"
		check "dns lint of a policy, $form" \
			clean tlsrpt-dns lint mta-sts "$tmp/policy" --format=$form
		check "dns lint of a record, $form" clean tlsrpt-dns lint tlsrpt \
			"v=TLSRPTv1; rua=mailto:$(evil_text)" --format=$form
		check "dns lint of an id, $form" clean tlsrpt-dns lint mta-sts \
			"v=STSv1; id=$(evil_text)" --format=$form
	done
fi
check 'a forged copy without a signature hides nothing' copy_first
check 'a forged copy with a signature of its own is told by it' signed_copy_first
check 'what is signed in part is not signed' partly_signed
finish
