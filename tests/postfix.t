#!/bin/sh
# Reports through a real Postfix: the recipes of contrib/postfix, word for word
# but for paths and user names, in an instance that has nothing to do with the
# system's.  No report may be lost, none counted twice, and nothing bounced.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"
# shellcheck source=tests/mail_system.sh
. "${srcdir:-.}/tests/mail_system.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'the master of Postfix needs root'
for program in postfix postconf smtp-source sqlite3 setpriv useradd; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
for program in tlsrpt-ingest tlsrpt-db; do
	command -v "$program" >/dev/null || skip_all "no $program in PATH"
done

user=tlsrpt$$
home=$tmp/home/$user
state=$tmp/state/agent
address=tlsrpt@example.test
reason='temporary failure'

cleanup() {
	mail_drop
	pg_drop
	if [ -n "${user_is_ours:-}" ]; then userdel "$user" 2>/dev/null; fi
}

# --- the instance -----------------------------------------------------------

# recipe FILE: as shipped, but for paths and names
recipe() {
	sed -e "s,/etc/,$tmp/etc/,g" -e "s,/usr/bin/,$tmp/bin/,g" \
		-e "s,/run/postgresql,${pg_dir:-/nonexistent},g" \
		-e "s,flags=\(.*\) user=tlsrpt,flags=\1 user=$user,g" \
		-e 's,&user=tlsrpt,\&user=writer,g' "$top/contrib/postfix/$1"
}

# broken NAME OLD NEW: the recipe's service under another name, changed
broken() {
	recipe master.cf | sed -e "s,^tlsrpt ,$1 ," -e "s,$2,$3,"
	postconf -c "$etc" -e "$1_destination_recipient_limit=1"
	echo "$1@example.test $1:" >>"$etc/transport"
}

make_user() {
	useradd --system --no-create-home --home-dir "$home" \
		--shell /usr/sbin/nologin "$user" || return 1
	user_is_ours=yes
	mkdir -p "$home" "$state"
	chown "$user" "$home" "$state"
	mkdir -p "$tmp/bin"
	install -m 755 "$(command -v tlsrpt-ingest)" "$tmp/bin/tlsrpt-ingest"
}

make_instance() {
	mail_make
	mkdir -p "$tmp/etc/tlsrpt"
	for file in main.cf master.cf; do recipe "$file" >>"$etc/$file"; done
	recipe transport >"$etc/transport"
	recipe tlsrpt.aliases >"$etc/tlsrpt.aliases"
	: >"$tmp/etc/aliases"
	{
		broken wrong-option '--config.*' '--no-such-option'
		broken wrong-file '--config=.*' '--config=/nonexistent/file'
	} >>"$etc/master.cf"
	postmap -c "$etc" "$etc/transport"
	postalias -c "$etc" "$tmp/etc/aliases" "$etc/tlsrpt.aliases"
	chown "$user" "$etc"/tlsrpt.aliases.*
}

# --- mail in, and what became of it -----------------------------------------

# stays FILE ADDRESS: one message is sent and kept for later; then forgotten
stays() {
	mark
	mail_send "$1" "$2" && deferred 1 "$reason"
	kept=$?
	postsuper -c "$etc" -d ALL
	return "$kept"
}

# --- the databases ----------------------------------------------------------

as_user() {
	setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
}

use() {
	backend=$1
	case $backend in
	SQLite) uri=sqlite:$state/reports.db ;;
	PostgreSQL) uri=$pg_writer_uri ;;
	esac
	printf '[database]\nuri=%s\n[ingest]\nquarantine=%s\n' "$uri" \
		"$state/quarantine" >"$tmp/etc/tlsrpt/tlsrpt.conf"
}

# fresh: an empty database
fresh() {
	rm -rf "$state/reports.db"* "$state/quarantine"
	if [ "$backend" = PostgreSQL ]; then
		psql -Xq -c 'SET client_min_messages = warning' \
			-c 'DROP SCHEMA IF EXISTS tlsrpt CASCADE' &&
			tlsrpt-db init --database="$pg_uri" --writer=writer
	fi
}

query() {
	case $backend in
	SQLite) as_user sqlite3 "${2:-$state/reports.db}" "$1" ;;
	PostgreSQL) PGOPTIONS='-c search_path=tlsrpt' psql -XqAt -c "$1" ;;
	esac
}

away() {
	case $backend in
	SQLite) chown root "$state" && chmod 700 "$state" ;;
	PostgreSQL) pg_stop ;;
	esac
}

back() {
	case $backend in
	SQLite) chown "$user" "$state" ;;
	PostgreSQL) pg_again ;;
	esac
}

has() {
	same "$1" "$(query "SELECT count(*) FROM intake
		WHERE outcome = '$2'" "${3:-}")"
}

quarantined() {
	find "$1/quarantine/new" -type f >"$tmp/found"
	same 1 "$(wc -l <"$tmp/found")" && xargs grep "$2" <"$tmp/found"
}

# --- what is promised -------------------------------------------------------

through_the_pipe() {
	check "$backend: the database is made" fresh
	check "$backend: every sample is delivered" all_go "$address"
	check "$backend: each report is there once" has_all_once
	before=$(query 'SELECT count(*) FROM report')
	check "$backend: the same message again is delivered" \
		again_and_again "$tmp/mail/$first"
	check "$backend: ... it adds no report" \
		same "$before" "$(query 'SELECT count(*) FROM report')"
	check "$backend: mail that is no report is delivered" \
		goes "$tmp/junk.eml" "$address"
	check "$backend: ... it is written down as rejected" has 1 rejected
	check "$backend: ... and kept" quarantined "$state" 'no report at all'
}

again_and_again() {
	goes "$1" "$address" && goes "$1" "$address"
}

while_away() {
	check "$backend, away: the database is made" fresh
	check "$backend, away: it goes away" away
	mark
	check "$backend, away: mail is taken" send_samples "$address"
	check "$backend, away: it waits, and says why" deferred "$messages" "$reason"
	check "$backend, away: the database comes back" back
	mark
	check "$backend, away: the queue is flushed" postqueue -c "$etc" -f
	check "$backend, away: ... and empties" sent "$messages"
	check "$backend, away: each report is there once" has_all_once
}

by_forward() {
	recipe forward >"$home/.forward"
	chown "$user" "$home/.forward"
	database=$home/.local/state/tlsrpt/reports.db
	backend=SQLite
	check '.forward: a report is delivered' \
		goes "$top/tests/postfix_from_line.eml" "$user@example.test"
	check '.forward: ... it is stored, as one message' \
		has 1 stored "$database"
	check '.forward: the database is the user'\''s' \
		same "$user" "$(stat -c %U "$database")"
	check '.forward: mail that is no report is delivered' \
		goes "$tmp/junk.eml" "$user@example.test"
	check '.forward: ... and kept beside the database, as one message' \
		quarantined "$home/.local/state/tlsrpt" 'no report at all'
}

by_forward_to_postgresql() {
	printf '[tlsrpt]\nhost=%s\nuser=writer\ndbname=tlsrpt\n' "$pg_dir" \
		>"$home/.pg_service.conf"
	recipe forward.postgresql >"$home/.forward"
	chown "$user" "$home/.forward" "$home/.pg_service.conf"
	use PostgreSQL
	check '.forward to PostgreSQL: the database is made' fresh
	check '.forward to PostgreSQL: a report is delivered' \
		goes "$top/tests/postfix_from_line.eml" "$user@example.test"
	check '.forward to PostgreSQL: ... it is stored' has 1 stored
}

by_alias() {
	check "$backend, alias: the database is made" fresh
	check "$backend, alias: a report is delivered" \
		goes "$tmp/mail/$first" "$1@example.test"
	check "$backend, alias: ... it is stored" has 1 stored
}

mistakes() {
	check 'a wrong option keeps the message' \
		stays "$tmp/junk.eml" wrong-option@example.test
	check 'a configuration that is not there keeps the message' \
		stays "$tmp/junk.eml" wrong-file@example.test
}

# --- the run ----------------------------------------------------------------

make_user >"$tmp/useradd.log" 2>&1 || skip_all 'no user can be added'
pg_start || pg_missing=yes
make_instance || exit 99
printf 'Subject: %s\n\nThis is %s.\n\nFrom here on still the same message.\n' \
	'Have you seen this?' 'no report at all' >"$tmp/junk.eml"

check 'there are samples to send' choose_samples
first=$(find "$tmp/mail" -type f -exec basename {} \; | sort | head -n 1)
check 'Postfix starts' mail_start

use SQLite
through_the_pipe
while_away
by_alias tls-reports
by_forward
mistakes

if [ -n "${pg_missing:-}" ]; then
	skip 'all of this with PostgreSQL' 'it is not installed'
else
	use PostgreSQL
	through_the_pipe
	while_away
	by_alias tls-reports-pg
	by_forward_to_postgresql
fi
check 'Postfix had nothing to complain of' \
	exits 1 grep -E 'postfix.*(fatal|panic|error):' "$maillog"
finish
