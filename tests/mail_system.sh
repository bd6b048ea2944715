# shellcheck shell=sh disable=SC2034,SC2154 # others use what is set here
# A Postfix for one test that has nothing to do with the system's: what it is
# sent, and what became of it.  lib.sh comes first.
#
#	mail_make		folders, and main.cf and master.cf of tests/
#	mail_start		start it, and wait until it takes mail
#	mail_drop		end it: for cleanup()
#	mail_send FILE ADDRESS	by SMTP
#	mark, said		what was logged since
#	sent N, deferred N WHY	so many are gone, or wait; none bounced
#
# $etc is its configuration, $maillog its log.

PATH=$PATH:/usr/sbin:/sbin
patience=60
etc=$tmp/etc/postfix
maillog=$tmp/maillog

mail_make() {
	mkdir -p "$etc" "$tmp/queue" "$tmp/data"
	chown "$(postconf -dh mail_owner)" "$tmp/data"
	for file in main.cf master.cf; do
		sed "s,@tmp@,$tmp,g" "$top/tests/postfix_$file" >"$etc/$file"
	done
}

mail_start() {
	postfix -c "$etc" start || return 1
	wait_for "$patience" test -S "$tmp/queue/public/submit"
}

mail_drop() {
	if [ -f "$tmp/queue/pid/master.pid" ]; then
		postfix -c "$etc" stop >/dev/null 2>&1
	fi
}

# readable FILE: does it hold a report; its keys are added to $tmp/keys
readable() {
	tlsrpt-ingest --dry-run --format=json "$1" </dev/null 2>/dev/null |
		grep -Eo '"key": *"[^"]+"' | sed 's/.*"\([^"]*\)"$/\1/' \
		>"$tmp/keys.one"
	[ -s "$tmp/keys.one" ] && cat "$tmp/keys.one" >>"$tmp/keys.all"
}

# Those that hold a report go into $tmp/mail, and their keys into $tmp/keys.
choose_samples() {
	mkdir -p "$tmp/mail"
	for file in "$top"/samples/*.eml; do
		readable "$file" || continue
		# SMTP ends each line as it does, and so does the sender.
		tr -d '\r' <"$file" >"$tmp/mail/${file##*/}"
	done
	messages=$(find "$tmp/mail" -type f | wc -l)
	LC_ALL=C sort -u "$tmp/keys.all" >"$tmp/keys"
	[ "$messages" -ge 3 ]
}

# mail_send FILE ADDRESS [OPTION...]: the options are smtp-source's
mail_send() {
	file=$1
	to=$2
	shift 2
	smtp-source -c -F "$file" -f sender@reporter.example -t "$to" "$@" \
		"unix:$tmp/queue/public/submit"
}

send_samples() {
	for file in "$tmp"/mail/*.eml; do
		mail_send "$file" "$1" || return 1
	done
}

mark() {
	marked=$(wc -l <"$maillog")
}

said() {
	tail -n "+$((marked + 1))" "$maillog"
}

counted() {
	[ "$(said | grep -c "$2")" -ge "$1" ]
}

no_bounce() {
	if said | grep -E 'status=(bounced|expired)|non-delivery'; then
		return 1
	fi
}

# sent N: so many messages left the queue, delivered, and none bounced
sent() {
	wait_for "$patience" counted "$1" 'qmgr.*: removed' &&
		no_bounce && counted "$1" 'status=sent' &&
		postqueue -c "$etc" -p | grep 'queue is empty' && return 0
	said
	return 1
}

# deferred N WHY: so many messages wait, for a reason that says no more than
# this
deferred() {
	# Postfix leaves a host alone that failed some times in a row.
	put_off='delivery temporarily suspended: '
	why="\(($put_off)?($2)\)\$"
	wait_for "$patience" counted "$1" 'dsn=4\..* status=deferred' &&
		no_bounce &&
		! said | grep 'status=' | grep -Ev "$why" &&
		[ "$(find "$tmp/queue/deferred" -type f | wc -l)" -eq "$1" ] &&
		[ "$(postqueue -c "$etc" -p |
			grep -Ec "^ *$why")" -eq "$1" ] &&
		return 0
	said | grep status= | grep -Ev "$why"
	postqueue -c "$etc" -p
	return 1
}

# goes FILE ADDRESS: one message is sent and delivered
goes() {
	mark
	mail_send "$1" "$2" && sent 1
}

all_go() {
	mark
	send_samples "$1" && sent "$messages"
}

has_all_once() {
	query 'SELECT report_key FROM report' | LC_ALL=C sort >"$tmp/keys.got"
	diff "$tmp/keys" "$tmp/keys.got" &&
		same "$messages" "$(query 'SELECT count(*) FROM intake')"
}
