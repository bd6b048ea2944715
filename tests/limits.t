#!/bin/sh
# A message at --max-message, and one that is a byte longer, in every form in
# which one can come; --max-report and --max-depth likewise.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

most=20000
document() {
	printf '{"organization-name": "o", "report-id": "%s", "contact-info": "a@b.example", "date-range": {"start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z"}, "policies": [], "x": %s}' \
		"$1" "${2:-1}"
}

# fill FILE BYTES: up to so many, with blanks
fill() {
	missing=$(($2 - $(wc -c <"$1")))
	printf '%*s' "$missing" '' >>"$1"
}

# mail FILE BYTES: a report in a message of so many bytes
mail() {
	{
		printf 'From: a@b.example\nContent-Type: application/tlsrpt+json\n\n'
		document 1
	} >"$1"
	fill "$1" "$2"
}

# mail_folder FOLDER FILE: a Maildir that holds it
mail_folder() {
	mkdir -p "$1/cur" "$1/new" "$1/tmp"
	cp "$2" "$1/new/1.x"
}

mail "$tmp/at" $most
mail "$tmp/past" $((most + 1))
mail_folder "$tmp/md-at" "$tmp/at"
mail_folder "$tmp/md-past" "$tmp/past"
for end in at past; do
	{
		echo 'From a Thu Jan  1 00:00:00 2026'
		# The line end that an mbox needs is part of the message.
		sed '$s/ $//' "$tmp/$end"
		printf '\n\nFrom a Thu Jan  1 00:00:00 2026\n'
		printf 'Content-Type: application/tlsrpt+json\n\n'
		document 2
		echo
	} >"$tmp/mbox-$end"
done

# ended WANT ARGUMENT...: the first message ends so
ended() {
	want=$1
	shift
	rm -rf "$tmp/q" "$tmp/x.db"
	status=0
	tlsrpt-ingest -d "sqlite:$tmp/x.db" --quarantine="$tmp/q" \
		--max-message=$most --no-progress --format=json "$@" \
		>"$tmp/out" 2>"$tmp/err" || status=$?
	got=$(head -n 1 "$tmp/out" | python3 -c 'import json, sys
line = json.loads(sys.stdin.readline() or "{}")
print(line.get("outcome"), line.get("reason"))')
	same "$want" "$status $got" || { cat "$tmp/err"; return 1; }
}

kept_whole() {
	cmp "$tmp/q/new/"* "$1"
}

at_stdin() { ended '0 stored None' <"$tmp/at"; }
past_stdin() {
	ended '0 rejected too-large' <"$tmp/past" && kept_whole "$tmp/past"
}
past_file() {
	ended '0 rejected too-large' "$tmp/past" && kept_whole "$tmp/past"
}
past_maildir() {
	ended '0 rejected too-large' --after=delete "$tmp/md-past" &&
		kept_whole "$tmp/past" && [ ! -e "$tmp/md-past/new/1.x" ]
}
past_refused() {
	ended '65 rejected too-large' --on-invalid=reject <"$tmp/past"
}

# What is too long for it in an mbox stays; the message behind it is read.
past_mbox() {
	tlsrpt-ingest -d "sqlite:$tmp/past.db" --quarantine="$tmp/q2" \
		--max-message=$most --no-progress "$tmp/mbox-past" \
		>"$tmp/out" 2>&1
	echo "status $?"
	cat "$tmp/out"
	grep -q 'longer than the limit' "$tmp/out" &&
		same 2 "$(sqlite3 "$tmp/past.db" 'SELECT report_id FROM report')"
}
at_mbox() {
	tlsrpt-ingest -q -d "sqlite:$tmp/at.db" --quarantine="$tmp/q2" \
		--max-message=$most --no-progress "$tmp/mbox-at" &&
		same 2 "$(sqlite3 "$tmp/at.db" 'SELECT count(*) FROM report')"
}

# A document that inflates to so many bytes, against --max-report of most.
inflated() {
	document 3 >"$tmp/doc"
	fill "$tmp/doc" "$1"
	gzip -nc "$tmp/doc" >"$tmp/doc.gz"
	ended "$2" --max-report=$most "$tmp/doc.gz"
}

# so many arrays within each other, and in the object around them
nested() {
	inner=1
	i=1
	while [ $i -lt "$1" ]; do
		inner="[$inner]"
		i=$((i + 1))
	done
	document 4 "$inner" >"$tmp/deep"
	ended "$2" --max-depth=10 "$tmp/deep"
}

command -v python3 >/dev/null || skip_all 'python3 is not there'
command -v sqlite3 >/dev/null || skip_all 'sqlite3 is not there'
check 'stdin: at the limit' at_stdin
check 'stdin: past it, kept whole' past_stdin
check 'stdin: past it, and refused' past_refused
check 'a file: at the limit' ended '0 stored None' "$tmp/at"
check 'a file: past it, kept whole' past_file
check 'a Maildir: at the limit' ended '0 stored None' "$tmp/md-at"
check 'a Maildir: past it, kept whole, then deleted' past_maildir
check 'an mbox: at the limit' at_mbox
check 'an mbox: past it, left where it is' past_mbox
check 'a report: at --max-report' inflated $most '0 stored None'
check 'a report: past it' inflated $((most + 1)) '0 rejected too-large'
check 'nesting: at --max-depth' nested 10 '0 stored None'
check 'nesting: past it' nested 11 '0 rejected too-large'
finish
