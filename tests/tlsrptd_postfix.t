#!/bin/sh
# Reports through a real Postfix into tlsrptd by LMTP, with the recipe of
# contrib/postfix: connections are used again, what cannot be stored waits in
# the queue, and each report is there once.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"
# shellcheck source=tests/daemon.sh
. "${srcdir:-.}/tests/daemon.sh"
# shellcheck source=tests/mail_system.sh
. "${srcdir:-.}/tests/mail_system.sh"

command -v tlsrptd >/dev/null || skip_all 'tlsrptd was not built'
[ "$(id -u)" -eq 0 ] || skip_all 'the master of Postfix needs root'
for program in postfix smtp-source sqlite3 curl python3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done

address=reports@example.test

cleanup() {
	mail_drop
	daemon_drop
	pg_drop
}

recipe() {
	sed -e "s,/etc/,$tmp/etc/,g" -e "s,/run/tlsrpt/lmtp,$lmtp,g" \
		"$top/contrib/postfix/$1"
}

make_instance() {
	mail_make
	recipe main.cf >>"$etc/main.cf"
	recipe transport >"$etc/transport"
	: >"$tmp/etc/aliases"
	: >"$etc/tlsrpt.aliases"
	postmap -c "$etc" "$etc/transport"
	postalias -c "$etc" "$tmp/etc/aliases" "$etc/tlsrpt.aliases"
}

use() {
	backend=$1
	case $backend in
	SQLite) uri=sqlite:$tmp/state.d/reports.db ;;
	PostgreSQL) uri=$pg_writer_uri ;;
	esac
	rm -rf "$tmp/state.d"
	daemon_configure "$2"
	if [ "$backend" = PostgreSQL ]; then
		psql -Xq -c 'SET client_min_messages = warning' \
			-c 'DROP SCHEMA IF EXISTS tlsrpt CASCADE' &&
			tlsrpt-db init --database="$pg_uri" --writer=writer
	fi
}

# --- what is promised -------------------------------------------------------

# Two deliveries at once want two connections; but not one each.
few_connections() {
	get /metrics >"$tmp/metrics"
	connections=$(sed -n 's/^tlsrptd_connections_total{way="lmtp"} //p' \
		"$tmp/metrics")
	said | grep -qE 'conn_use=[2-9]' &&
		test "$((connections * 2))" -lt "$messages" && return 0
	echo "$connections connections for $messages messages"
	return 1
}

through_lmtp() {
	check "$backend: it is configured" use "$backend" ''
	check "$backend: it starts" daemon_start
	check "$backend: every sample is delivered" all_go "$address"
	check "$backend: each report is there once" has_all_once
	check "$backend: ... all by a few connections" few_connections
	before=$(query 'SELECT count(*) FROM report')
	mark
	check "$backend: fifty more by ten sessions are taken" \
		mail_send "$tmp/mail/google-plain.eml" "$address" -m 50 -s 10
	check "$backend: ... and delivered" sent 50
	check "$backend: ... to no new report" \
		same "$before" "$(query 'SELECT count(*) FROM report')"
	check "$backend: mail that is no report is delivered" \
		goes "$tmp/junk.eml" "$address"
	check "$backend: ... and kept" \
		grep -rq 'no report at all' "$state/quarantine/new"
	check "$backend: it stops" daemon_stop
}

while_away() {
	reason='host .* said: 451 4.3.0 (not stored|the database is away), try .*'
	check 'away: it is configured' use PostgreSQL ''
	check 'away: it starts' daemon_start
	check 'away: PostgreSQL is stopped' pg_stop
	mark
	check 'away: mail is taken' send_samples "$address"
	check 'away: it waits, and says why' deferred "$messages" "$reason"
	check 'away: PostgreSQL is started' pg_again
	check 'away: the daemon sees it' wait_for 30 metric database_up 1
	mark
	check 'away: the queue is flushed' postqueue -c "$etc" -f
	check 'away: ... and empties' sent "$messages"
	check 'away: each report is there once' has_all_once
	check 'away: the daemon is down' daemon_stop
	mark
	check 'down: mail is taken' send_samples "$address"
	check 'down: it waits' deferred "$messages" \
		'connect to .*: (No such file or directory|Connection refused)'
	check 'down: the daemon is started' daemon_start
	mark
	check 'down: the queue is flushed' postqueue -c "$etc" -f
	check 'down: ... and empties' sent "$messages"
	check 'down: what was there already is counted no second time' \
		same "$(wc -l <"$tmp/keys")" "$(query 'SELECT count(*) FROM report')"
	check 'down: it stops' daemon_stop
}

full() {
	check 'full: max-memory=1M' use SQLite max-memory=1M
	check 'full: it starts' daemon_start
	mark
	check 'full: a large message is taken' \
		mail_send "$tmp/large.eml" "$address"
	check 'full: it is kept, and Postfix says why' deferred 1 \
		'host .* said: 452 4.3.1 too many large messages at once .*'
	check 'full: a small one is taken' mail_send "$tmp/junk.eml" "$address"
	check 'full: ... and gets through' \
		wait_for "$patience" counted 1 'status=sent'
	postsuper -c "$etc" -d ALL
	check 'full: it stops' daemon_stop
}

# smtp-source by itself, which speaks LMTP too
source_alone() {
	check 'smtp-source: it is configured' use SQLite ''
	check 'smtp-source: it starts' daemon_start
	check 'smtp-source: 200 messages of 2 recipients by 20 sessions' \
		smtp-source -L -s 20 -m 200 -r 2 -F "$tmp/mail/google-plain.eml" \
		-f a@reporter.example -t b@example.test "unix:$lmtp"
	check 'smtp-source: each was told apart' metric \
		'lmtp_replies_total{code="250"}' 400
	check 'smtp-source: ... and is one message' same '1 200' "$(query \
		"SELECT (SELECT count(*) FROM report) || ' ' ||
		(SELECT count(*) FROM intake)")"
	check 'smtp-source: with a connection each' \
		smtp-source -L -d -s 5 -m 50 -F "$tmp/mail/google-plain.eml" \
		-f a@reporter.example -t b@example.test "unix:$lmtp"
	check 'smtp-source: it stops' daemon_stop
}

# --- the run ----------------------------------------------------------------

choose_samples || exit 99
pg_start || pg_missing=yes
make_instance || exit 99
printf 'Subject: %s\n\nThis is %s.\n' 'Have you seen this?' \
	'no report at all' >"$tmp/junk.eml"
{
	printf 'Subject: large\n\n'
	head -c 1500000 /dev/zero | tr '\0' x | fold -w 70
} >"$tmp/large.eml"

check 'Postfix starts' mail_start
use SQLite ''
through_lmtp
full
source_alone
if [ -n "${pg_missing:-}" ]; then
	skip 'all of this with PostgreSQL' 'it is not installed'
else
	backend=PostgreSQL
	through_lmtp
	while_away
fi
check 'Postfix had nothing to complain of' \
	exits 1 grep -E 'postfix.*(fatal|panic|error):' "$maillog"
finish
