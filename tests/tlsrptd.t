#!/bin/sh
# The daemon, with both databases: LMTP and HTTP as good, bad, slow and silent
# clients speak them, the spool, watched Maildirs, and how it ends.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"
# shellcheck source=tests/daemon.sh
. "${srcdir:-.}/tests/daemon.sh"

command -v tlsrptd >/dev/null || skip_all 'tlsrptd was not built'
for program in curl python3 swaks sqlite3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done

cleanup() {
	daemon_drop
	pg_drop
}

client() {
	python3 "$top/tests/daemon_clients.py" "$@"
}

samples=$top/samples
gzip -nc "$samples/rfc8460-example.json" >"$tmp/report.gz"
gzip -nc "$tmp/report.gz" >"$tmp/twice.gz"

# --- the databases ----------------------------------------------------------

use() {
	backend=$1
	case $backend in
	SQLite) uri=sqlite:$tmp/state.d/reports.db ;;
	PostgreSQL) uri=$pg_writer_uri ;;
	esac
}

fresh() {
	rm -rf "$tmp/state.d"
	if [ "$backend" = PostgreSQL ]; then
		psql -Xq -c 'SET client_min_messages = warning' \
			-c 'DROP SCHEMA IF EXISTS tlsrpt CASCADE' &&
			tlsrpt-db init --database="$pg_uri" --writer=writer
	fi
}

# A file that is open stays so: SQLite's is taken away while nobody has it.
away() {
	case $backend in
	SQLite) daemon_stop && mv "$tmp/state.d/reports.db" "$tmp/state.d/reports.db.away" &&
		mkdir "$tmp/state.d/reports.db" &&
		daemon_start -v ;;
	PostgreSQL) pg_stop ;;
	esac
	wait_for 30 metric database_up 0
}

back() {
	case $backend in
	SQLite) rmdir "$tmp/state.d/reports.db" &&
		mv "$tmp/state.d/reports.db.away" "$tmp/state.d/reports.db" ;;
	PostgreSQL) pg_again ;;
	esac
	wait_for 30 metric database_up 1
}

# --- LMTP -------------------------------------------------------------------

swak() {
	swaks --protocol LMTP --socket "$lmtp" --from a@reporter.example \
		--to tlsrpt@example.test --data "$1" --suppress-data >"$tmp/swaks" 2>&1
	grep -q '^<-  250 2.0.0' "$tmp/swaks" || { cat "$tmp/swaks"; return 1; }
}

by_lmtp() {
	check "$backend: swaks delivers a report" \
		swak "$samples/google-plain.eml"
	check "$backend: ... it is there, as mail" is 1 \
		"SELECT count(*) FROM report WHERE channel = 'mail'"
	for case in capabilities pipelined half_closed half_message \
		byte_by_byte long_line garbage http wrong_order recipients; do
		check "$backend: LMTP, $case" client lmtp "$lmtp" "$case"
	done
	check "$backend: the one of three recipients is one message" is 1 \
		"SELECT count(*) FROM intake WHERE outcome = 'stored'
		AND message_id = '<6a98b87f.00000000.6a976700.0b1ftls@google.com>'"
	check "$backend: what was no report is in quarantine" \
		has_text "$tmp/state.d/quarantine/new" '^\.dot$'
	check "$backend: ... its dots unstuffed, and its lines as they were" \
		has_text "$tmp/state.d/quarantine/new" '^.no end$'
}

has_text() {
	grep -rqE "$2" "$1"
}

# --- HTTP -------------------------------------------------------------------

by_http() {
	check "$backend: a report by POST" gets 200 "$tmp/report.gz"
	check "$backend: ... is there, as https, vouched for by nobody" is \
		'https|none' "SELECT channel || '|' || auth FROM report
		WHERE report_id = 'd1c6f2b8-3e0a-4f57-9b64-8a20e7c51f93'"
	check "$backend: the same as JSON is known" \
		labelled application/tlsrpt+json "$samples/rfc8460-example.json"
	check "$backend: gzip called JSON" \
		labelled application/tlsrpt+json "$tmp/report.gz"
	check "$backend: JSON called gzip" \
		says_in_body duplicate "$samples/rfc8460-example.json"
	check "$backend: called something else" \
		labelled text/html "$tmp/report.gz"
	check "$backend: Content-Encoding over JSON" labelled \
		application/tlsrpt+json "$tmp/report.gz" -H 'Content-Encoding: gzip'
	check "$backend: Content-Encoding over gzip" says_in_body duplicate \
		"$tmp/twice.gz" -H 'Content-Encoding: gzip'
	check "$backend: ... is no deviation" metric \
		'deviations_total{code="gzip-twice"}' 0
	check "$backend: chunked" says_in_body duplicate "$tmp/report.gz" \
		-H 'Transfer-Encoding: chunked'
	check "$backend: Expect: 100-continue" says_in_body duplicate \
		"$tmp/report.gz" -H 'Expect: 100-continue'
	for case in split half_closed garbage long_header; do
		check "$backend: HTTP, $case" client http "$port" "$case"
	done
	statuses
}

# gets_labelled TYPE STATUS FILE [CURL OPTION...]
gets_labelled() {
	type="Content-Type: $1"
	shift
	gets "$@"
	labelled_as=$?
	type='Content-Type: application/tlsrpt+gzip'
	return "$labelled_as"
}

# labelled TYPE FILE [CURL OPTION...]: it is known
labelled() {
	called=$1
	shift
	gets_labelled "$called" 200 "$@" && grep -qx duplicate "$tmp/body"
}

# says_in_body WORD FILE [CURL OPTION...]
says_in_body() {
	word=$1
	shift
	gets 200 "$@" || return 1
	grep -qx "$word" "$tmp/body" && return 0
	cat "$tmp/body"
	return 1
}

statuses() {
	head -c 200 "$tmp/report.gz" >"$tmp/cut.gz"
	head -c 3000000 /dev/zero >"$tmp/long"
	printf '{"a":1}' >"$tmp/other.json"
	check "$backend: 400 for what is cut short" gets 400 "$tmp/cut.gz"
	check "$backend: ... which is in quarantine" same 1 \
		"$(find "$tmp/state.d/quarantine/new" -type f -size -2 \
			-exec cmp -s "$tmp/cut.gz" {} \; -print | wc -l)"
	check "$backend: 400 for other JSON" gets 400 "$tmp/other.json"
	check "$backend: 400 for no report" gets 400 "$samples/plain-mail.eml"
	check "$backend: 415 for another thing" \
		gets_labelled text/plain 415 "$samples/plain-mail.eml"
	check "$backend: 415 for an encoding that is not known" \
		gets 415 "$tmp/report.gz" -H 'Content-Encoding: br'
	check "$backend: 413 for what is too long" gets 413 "$tmp/long"
	check "$backend: 413 for that in chunks" gets 413 "$tmp/long" \
		-H 'Transfer-Encoding: chunked' -H 'Expect:'
	check "$backend: 411 without a length" gets 411 "$tmp/report.gz" \
		-H 'Content-Length:'
	check "$backend: 405 for GET" same 405 "$(get_status /v1/report)"
	check "$backend: 405 for PUT" gets 405 "$tmp/report.gz" -X PUT
	check "$backend: 404 for another path" same 404 "$(get_status /)"
	check "$backend: 403 for another's domain" gets 403 \
		"$samples/google-three-policies.json"
}

# --- the database goes away -------------------------------------------------

numbered_report() {
	sed "s/d1c6f2b8-3e0a-4f57-9b64-8a20e7c51f93/$1/" \
		"$samples/rfc8460-example.json" >"$tmp/$1.json"
}

while_away() {
	for i in 1 2 3; do numbered_report "number-$i"; done
	check "$backend, away: it goes away" away
	check "$backend, away: LMTP says 451" client lmtp "$lmtp" away
	check "$backend, away: HTTP takes one into the spool" \
		says_in_body spooled "$tmp/number-1.json"
	check "$backend, away: and another" says_in_body spooled "$tmp/number-2.json"
	check "$backend, away: what cannot be read is told so" \
		gets 400 "$tmp/cut.gz"
	check "$backend, away: a report would still be accepted" \
		same 200 "$(get_status /healthz)"
	check "$backend, away: they are in the spool" metric spool_documents 3
	chmod 500 "$state/spool/new"
	check "$backend, away: 503 where the spool cannot be written" \
		gets 503 "$tmp/number-3.json"
	check "$backend, away: ... no report would be accepted" \
		same 503 "$(get_status /healthz)"
	chmod 700 "$state/spool/new"
	check "$backend, away: it is killed" kill -9 "$pid"
	wait "$pid" 2>/dev/null
	echo junk >"$state/spool/tmp/left-by-a-crash"
	check "$backend, away: it starts with the database away" daemon_start
	check "$backend, away: ... and forgets what was not answered" \
		same 0 "$(number_of "$state/spool/tmp")"
	check "$backend, away: a third" says_in_body spooled "$tmp/number-3.json"
	check "$backend, back: it comes back" back
	check "$backend, back: the spool is empty" \
		wait_for 30 metric spool_documents 0
	check "$backend, back: all are there" is 3 \
		"SELECT count(*) FROM report WHERE report_id LIKE 'number-%'"
	check "$backend, back: oldest first" is '1 2 3' "$(oldest_first)"
	check "$backend, back: LMTP goes on" swak "$samples/google-plain.eml"
}

oldest_first() {
	list=group_concat
	case $uri in sqlite:*) ;; *) list=string_agg ;; esac
	echo "SELECT $list(replace(report_id, 'number-', ''), ' ') FROM
		(SELECT report_id FROM intake JOIN report USING (report_key)
		WHERE report_id LIKE 'number-%' ORDER BY intake_id) AS o"
}

# A lock that no commit gets past: the database is there, and does not answer.
while_slow() {
	numbered_report slow
	psql -Xq -c 'BEGIN; LOCK TABLE tlsrpt.intake;' \
		-c 'SELECT pg_sleep(4)' -c 'COMMIT' &
	locker=$!
	wait_for 10 locked
	began=$(date +%s)
	check 'PostgreSQL, slow: a sender is answered before it gives up' \
		says_in_body spooled "$tmp/slow.json"
	check 'PostgreSQL, slow: ... at spool-after' \
		test "$(($(date +%s) - began))" -lt 4
	wait "$locker"
	check 'PostgreSQL, slow: the commit comes to its end' \
		wait_for 30 is 1 "SELECT count(*) FROM report WHERE report_id = 'slow'"
	check 'PostgreSQL, slow: ... and the copy is gone' \
		wait_for 30 metric spool_documents 0
}

# A server that does not even end its statements: it is given up after a while.
while_frozen() {
	numbered_report frozen
	processes=$(psql -XqAt -c "SELECT pid FROM pg_stat_activity
		WHERE application_name = 'tlsrptd'")
	check 'PostgreSQL, frozen: it has connections' test -n "$processes"
	# shellcheck disable=SC2086
	check 'PostgreSQL, frozen: it freezes' kill -STOP $processes
	check 'PostgreSQL, frozen: a sender is answered' \
		says_in_body spooled "$tmp/frozen.json"
	check 'PostgreSQL, frozen: another connection is made' \
		wait_for 60 is 1 "SELECT count(*) FROM report WHERE report_id = 'frozen'"
	# shellcheck disable=SC2086
	check 'PostgreSQL, frozen: it thaws' kill -CONT $processes
	check 'PostgreSQL, frozen: the copy is gone' \
		wait_for 30 metric spool_documents 0
	check 'PostgreSQL, frozen: it is there once' is 1 \
		"SELECT count(*) FROM policy JOIN report USING (report_key)
		WHERE report_id = 'frozen'"
}

locked() {
	[ "$(psql -XqAt -c "SELECT count(*) FROM pg_locks
		WHERE relation = 'tlsrpt.intake'::regclass
		AND mode = 'AccessExclusiveLock' AND granted")" -gt 0 ]
}

# --- Maildirs ---------------------------------------------------------------

deliver() {
	cp "$1" "$maildir/tmp/$2" && mv "$maildir/tmp/$2" "$maildir/new/$2"
}

deliver_by_link() {
	cp "$1" "$maildir/tmp/$2" && ln "$maildir/tmp/$2" "$maildir/new/$2" &&
		rm "$maildir/tmp/$2"
}

make_maildir() {
	maildir=$tmp/Maildir
	rm -rf "$maildir"
	mkdir -p "$maildir/new" "$maildir/cur" "$maildir/tmp"
	if [ -n "$daemon_user" ]; then chown -R "$daemon_user" "$maildir"; fi
}

intakes_are() {
	wait_for 30 is "$1" "SELECT count(*) FROM intake WHERE source LIKE '%/Maildir/%'"
}

watching() {
	check "$backend, watch: what was there is read" intakes_are 1
	deliver "$samples/google-failures.eml" a2
	check "$backend, watch: what is delivered is read" intakes_are 2
	deliver_by_link "$samples/microsoft-without-zone.eml" a3
	check "$backend, watch: by link, too" intakes_are 3
	mv "$maildir/new/a3" "$maildir/cur/a3:2,S"
	cp "$samples/halon-json-base64.eml" "$maildir/new/a4"
	check "$backend, watch: and written in its place" \
		wait_for 30 is 1 "SELECT count(*) FROM intake
		WHERE source LIKE '%/new/a4' AND outcome = 'stored'"
	check "$backend, watch: it stops" daemon_stop
	before=$(query "SELECT count(*) FROM intake WHERE source LIKE '%/Maildir/%'")
	deliver "$samples/socketlabs-misspelt-host.json" a5
	mv "$maildir/new/a5" "$maildir/cur/a5:2,"
	deliver "$samples/mailru-never-closed.eml" a6
	check "$backend, watch: it starts" daemon_start
	check "$backend, watch: what came meanwhile is read, and nothing again" \
		intakes_are "$((before + 2))"
	check "$backend, watch: the database goes away" away
	deliver "$samples/postfix-tlsrpt-reporter.eml" a7
	check "$backend, watch: the database comes back" back
	check "$backend, watch: what came meanwhile is read" \
		intakes_are "$((before + 3))"
	check "$backend, watch: nothing was moved" test -f "$maildir/new/a7"
	rm -rf "$maildir"
	make_maildir
	deliver "$samples/type-octet-stream.eml" a8
	check "$backend, watch: it is made anew" intakes_are "$((before + 4))"
}

# with WATCH-AFTER: read one that was delivered
watched_with() {
	make_maildir
	check "watch-after=$1: it is configured" \
		daemon_configure "watch=$maildir" "watch-after=$1"
	check "watch-after=$1: it starts" daemon_start
	deliver "$samples/google-plain.eml" "${1%%:*}"
	check "watch-after=$1: it becomes of the message" wait_for 30 "$2"
	check "watch-after=$1: ... which is stored" is 1 "SELECT count(*) > 0
		FROM intake WHERE source LIKE '%/new/${1%%:*}'"
	check "watch-after=$1: it stops" daemon_stop
}

is_seen() {
	test ! -e "$maildir/new/seen" && test -f "$maildir/cur/seen:2,S"
}

is_deleted() {
	test ! -e "$maildir/new/delete"
}

is_moved() {
	test ! -e "$maildir/new/move" && test "$(number_of "$tmp/Maildir/.done")" = 1
}

watching_after() {
	watched_with seen is_seen
	watched_with delete is_deleted
	watched_with "move:$tmp/Maildir/.done" is_moved
}

# --- the other settings -----------------------------------------------------

with_secrets() {
	check 'secret path: it is configured' daemon_configure \
		'secret-path=example.com:/in/s3cret, example.org:/in/other' \
		'accept-path=/hooks' ingest.max-message=1M ingest.on-invalid=reject \
		idle-timeout=1 body-timeout=2 header-timeout=2
	check 'secret path: it starts' daemon_start
	check 'secret path: the open one is closed to the domain' \
		gets 403 "$tmp/report.gz"
	path=/in/other
	check "secret path: so is another's" gets 403 "$tmp/report.gz"
	path=/in/s3cret
	check 'secret path: its own is open' gets 200 "$tmp/report.gz"
	path=/in
	check 'secret path: what is above it is nothing' gets 404 "$tmp/report.gz"
	path=/hooks/any/thing
	check 'accept-path: another domain comes by it' \
		gets 200 "$samples/socketlabs-misspelt-host.json"
	path=
	check 'LMTP: too long' client lmtp "$lmtp" too_long
	check 'LMTP: rejected' client lmtp "$lmtp" reject
	check 'LMTP: silent' client lmtp "$lmtp" silent
	check 'LMTP: slow' client lmtp "$lmtp" slow
	check 'HTTP: slow' client http "$port" slow_header
	check 'HTTP: cut short' client http "$port" cut
	check 'it stops' daemon_stop
	check 'its socket is gone' test ! -e "$lmtp"
	chmod 644 "$conf"
	check 'a secret that others can read is refused' \
		says 'holds a secret path and is readable by others' \
		tlsrptd --config="$conf"
}

# Anybody can POST; mail comes from the mail system alone.
strangers() {
	for i in 1 2; do
		{ cat "$tmp/cut.gz"; head -c 5000 /dev/urandom; } >"$tmp/junk-$i"
	done
	check 'junk: it is configured' daemon_configure max-quarantine=12K max-body=1M
	rm -rf "$state/quarantine"
	check 'junk: it starts' daemon_start
	check 'junk: it is told that it cannot be read' gets 400 "$tmp/junk-1"
	check 'junk: ... and kept' same 1 "$(number_of "$state/quarantine/new")"
	check 'junk: so is another' gets 400 "$tmp/junk-2"
	check 'junk: ... for which there is no room' \
		same 1 "$(number_of "$state/quarantine/new")"
	check 'junk: ... which is said' grep -q 'max-quarantine is reached' "$log"
	check 'junk: what comes by mail is kept all the same' \
		client lmtp "$lmtp" byte_by_byte
	check 'junk: ... is there' same 2 "$(number_of "$state/quarantine/new")"
	head -c 40000000 /dev/zero >"$tmp/long"
	check 'far too long: 413' gets 413 "$tmp/long" -H 'Expect:'
	check 'GET: a connection is used again' client http "$port" alive
	check 'it stops after that' daemon_stop
}

mistakes() {
	printf '[daemon]\n' >"$tmp/bad.conf"
	check 'nothing to do' says 'nothing to do: set lmtp=' \
		tlsrptd -c "$tmp/bad.conf"
	while read -r line; do
		printf '[daemon]\n%s\n' "$line" >"$tmp/bad.conf"
		check "refused: $line" exits 78 tlsrptd --check -c "$tmp/bad.conf"
	done <<-EOF
		workers=0
		max-body=many
		watch-after=burn
		socket-mode=rw
		secret-path=/nowhere
		accept-path=here
		tls-key=/etc/hostname
		metrics-from=friends
		such-a-thing=1
	EOF
	printf '[daemon]\nlmtp=nowhere\nuser=%s\n' "$(id -un)" >"$tmp/bad.conf"
	check 'refused: no address' exits 78 tlsrptd -c "$tmp/bad.conf"
	printf '[daemon]\nlmtp=unix:%s\nuser=no-such-user-here\n' "$tmp/x" \
		>"$tmp/bad.conf"
	if [ "$(id -u)" -eq 0 ]; then
		check 'refused: no such user' says 'there is no user' \
			tlsrptd -c "$tmp/bad.conf"
	else
		skip 'refused: no such user' 'only root becomes another'
	fi
	check 'an operand is refused' exits 64 tlsrptd some-file
}

as_systemd_does() {
	daemon_configure
	sed '/^lmtp=/d; /^http=/d' "$conf" >"$conf.new" && cat "$conf.new" >"$conf"
	mkdir -p "$tmp/systemd"
	chmod 777 "$tmp/systemd"
	check 'systemd: sockets, readiness, watchdog, reload and stop' \
		client activate "$lmtp" "$port" "$tmp/systemd" tlsrptd --config="$conf"
}

journal() {
	if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
		skip 'journal: what it says, with fields' 'only root has a /run of its own'
		return
	fi
	daemon_configure
	rm -f "$tmp/state.d/reports.db"*
	# shellcheck disable=SC2016
	check 'journal: what it says, with fields' unshare -m sh -c \
		'mount -t tmpfs tmpfs /run && exec python3 "$@"' sh \
		"$top/tests/daemon_clients.py" journal "$lmtp" "$tmp" \
		tlsrptd --config="$conf"
}

score() {
	systemd-analyze security --offline=yes --threshold=20 \
		"$top/contrib/systemd/tlsrptd.service" >"$tmp/score" 2>&1 ||
		{ tail -n 5 "$tmp/score"; return 1; }
	grep 'Overall exposure level' "$tmp/score"
}

# --- the run ----------------------------------------------------------------

one_backend() {
	use "$1"
	check "$backend: the database is made" fresh
	check "$backend: it is configured" daemon_configure \
		'spool-after=1500' 'max-body=1M' \
		'ingest.domain=example.com example.org example.test'
	check "$backend: the configuration is good" exits 0 \
		tlsrptd --check --config="$conf"
	check "$backend: it starts" daemon_start
	check "$backend: a report would be accepted" same 200 "$(get_status /healthz)"
	by_lmtp
	by_http
	check "$backend: metrics tell of it" metric \
		'intakes_total{channel="https",outcome="duplicate"}' '[1-9][0-9]*'
	while_away
	if [ "$backend" = PostgreSQL ]; then
		while_slow
		while_frozen
	fi
	check "$backend: it stops" daemon_stop
	make_maildir
	deliver "$samples/google-plain.eml" a1
	check "$backend, watch: it is configured" daemon_configure "watch=$maildir"
	check "$backend, watch: it starts" daemon_start
	watching
	check "$backend, watch: it stops again" daemon_stop
}

one_backend SQLite
watching_after
with_secrets
strangers
journal
mistakes
as_systemd_does
if command -v systemd-analyze >/dev/null; then
	check 'the unit is hardened to a score below 2.0' score
else
	skip 'the unit is hardened to a score below 2.0' 'no systemd-analyze'
fi
if pg_start; then
	one_backend PostgreSQL
else
	skip 'all of this with PostgreSQL' 'it is not installed'
fi
finish
