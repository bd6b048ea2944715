#!/bin/sh
# The database is away and the disk of the spool fills up: what tlsrptd took is
# there once in the end, and what it could not keep it did not take.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/daemon.sh
. "${srcdir:-.}/tests/daemon.sh"

command -v tlsrptd >/dev/null || skip_all 'tlsrptd was not built'
for program in curl sqlite3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
state=$tmp/state.d
mkdir -p "$state/spool"
mount -t tmpfs -o size=64k none "$state/spool" 2>/dev/null ||
	skip_all 'nothing can be mounted here'

cleanup() {
	daemon_drop
	umount -l "$state/spool"
}

uri=sqlite:$state/reports.db
many=30
daemon_configure
[ -z "$daemon_user" ] || chown "$daemon_user" "$state/spool"

# post N: its HTTP status
post() {
	printf '{"organization-name": "o", "report-id": "%d", "contact-info": "a@b.example", "date-range": {"start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z"}, "policies": []}' \
		"$1" >"$tmp/document"
	curl -s -o "$tmp/body" -w '%{http_code}' --data-binary "@$tmp/document" \
		-H 'Content-Type: application/tlsrpt+json' \
		"http://127.0.0.1:$port/v1/report"
}

# Send all; those that were taken are noted, and the others told so.
send_all() {
	for i in $(seq $many); do
		code=$(post "$i")
		case $code in
		200) echo "$i" >>"$tmp/taken" ;;
		503) echo "$i" >>"$tmp/refused" ;;
		*) echo "$i: $code"; return 1 ;;
		esac
	done
}

some_of_both() {
	[ -s "$tmp/taken" ] && [ -s "$tmp/refused" ]
}

taken_once() {
	same "$(sort -n "$tmp/taken")" "$(sqlite3 "$state/reports.db" \
		'SELECT report_id FROM report ORDER BY CAST(report_id AS INTEGER)')"
}

again() {
	while read -r i; do
		same 200 "$(post "$i")" || return 1
		echo "$i" >>"$tmp/taken"
	done <"$tmp/refused"
}

mkdir "$state/reports.db"
check 'it starts while the database is away' daemon_start -v
check '... and knows that it is' wait_for 30 metric database_up 0
check 'each is taken or refused, as long as the disk is full' send_all
check 'some were taken, and some were not' some_of_both
rmdir "$state/reports.db"
check 'the database is back, and the spool gets empty' \
	wait_for 60 metric spool_documents 0
check 'what was taken is there, each once, and nothing else' taken_once
check 'what was refused is taken now' again
check 'the daemon stops' daemon_stop
check 'all are there, each once' taken_once
check 'none is missing' \
	same "$many" "$(sqlite3 "$state/reports.db" 'SELECT count(*) FROM report')"
finish
