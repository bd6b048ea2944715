#!/bin/sh
# tlsrpt-ingest as its users meet it: exit statuses, what is printed, what is
# in the tables afterwards, on both databases.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

samples=$top/samples

# rows QUERY: its result in the database under test, columns split by "|"
rows() {
	case $uri in
	sqlite:*) sqlite3 "${uri#sqlite:}" "$1" ;;
	*) psql -XqAt -d "$pg_uri" -c 'SET search_path = tlsrpt' -c "$1" ;;
	esac
}

agent() { tlsrpt-ingest -d "$uri" --quarantine="$tmp/q" "$@"; }

# stdin STATUS FILE [ARGUMENT...]: deliver it, say nothing, exit with that
stdin() {
	want=$1
	file=$2
	shift 2
	agent "$@" <"$file" >"$tmp/stdin.out" 2>&1
	got=$?
	[ "$got" -eq "$want" ] && [ ! -s "$tmp/stdin.out" ] && return 0
	echo "status $got, want $want; it said:"
	cat "$tmp/stdin.out"
	return 1
}

left_behind() {
	# shellcheck disable=SC2002 # what counts is the pipe
	cat "$samples/google-plain.eml" | tlsrpt-ingest --databas nothing
	same 75 $?
}

counts() {
	rows 'SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM policy),
		(SELECT count(*) FROM failure), (SELECT count(*) FROM superseded)'
}

# One pass over everything, for one database; $1 names it.
on() {
	rm -rf "$tmp/q"
	check "$1: a report on standard input is stored, in silence" \
		stdin 0 "$samples/google-plain.eml"
	check "$1: its row is there" same 1 "$(rows 'SELECT count(*) FROM report')"
	check "$1: again, it is a duplicate" stdin 0 "$samples/google-plain.eml"
	check "$1: both arrivals are written down" same 'stored duplicate' \
		"$(rows 'SELECT outcome FROM intake ORDER BY intake_id' | tr '\n' ' ' | sed 's/ $//')"
	check "$1: and one report is there" same 1 "$(rows 'SELECT count(*) FROM report')"
	check "$1: other mail is taken too" stdin 0 "$samples/plain-mail.eml"
	check "$1: and kept" same 1 "$(find "$tmp/q/new" -type f | wc -l)"
	check "$1: as it was" cmp "$samples/plain-mail.eml" "$tmp"/q/new/*
	check "$1: again, it is kept once" stdin 0 "$samples/plain-mail.eml"
	check "$1: in one file" same 1 "$(find "$tmp/q" -type f | wc -l)"
	check "$1: or refused, if that is wanted" \
		stdin 65 "$samples/plain-mail.eml" --on-invalid=reject
	check "$1: a wrong option keeps the message" \
		stdin 75 "$samples/google-plain.eml" --no-such-option
	check "$1: also one that leaves its value behind" left_behind
	check "$1: so does a wrong value" \
		stdin 75 "$samples/google-plain.eml" --format=xml
	check "$1: and a quarantine that cannot be written" \
		stdin 75 "$samples/plain-mail.eml" --quarantine=/proc/nowhere
	check "$1: a policy domain that is not ours is turned away" \
		stdin 0 "$samples/google-plain.eml" --domain=elsewhere.example
	check "$1: and the reason written down" same foreign-domain \
		"$(rows 'SELECT reason FROM intake ORDER BY intake_id DESC LIMIT 1')"
	check "$1: nobody signed it" \
		stdin 0 "$samples/google-plain.eml" --auth=require --authserv-id=x
	check "$1: so it is turned away where that is required" same unauthenticated \
		"$(rows 'SELECT reason FROM intake ORDER BY intake_id DESC LIMIT 1')"

	check "$1: all samples are read" says '^[0-9]+ messages: .* rejected in' \
		agent "$samples"
	before=$(counts)
	check "$1: and again" says ' 0 stored, ' agent -j 1 "$samples"
	check "$1: and again" says ' 0 stored, ' agent -j 4 "$samples"
	check "$1: which changes nothing" same "$before" "$(counts)"
	check "$1: hostile mail ends as it has to" hostile
	check "$1: no policy or failure without its report" \
		says 'orphans|"problems"' tlsrpt-db -d "${owner_uri:-$uri}" status --format=json
	check "$1: a batch of two with a bad path goes on" \
		exits 66 agent -q "$tmp/nowhere" "$samples/google-plain.eml"
}

# All hostile files, each delivered: status 0, a row, and a copy if rejected.
hostile() {
	for file in "$tmp"/hostile/*; do
		want=${file##*/}
		want=${want%%+*}
		agent <"$file" || { echo "$file: status $?"; return 1; }
		got=$(rows "SELECT coalesce(reason, 'decoded') FROM intake
			ORDER BY intake_id DESC LIMIT 1")
		same "$want" "$got" || { echo "$file"; return 1; }
		[ "$want" = decoded ] && continue
		find "$tmp/q/new" -type f -size "$(stat -c %s "$file")c" \
			-exec cmp -s {} "$file" \; -print | grep -q . ||
			{ echo "$file: no copy is kept"; return 1; }
	done
}

# Eight deliveries at once, into a database that is not there yet.
at_once() {
	for i in 1 2 3 4 5 6 7 8; do
		tlsrpt-ingest -d "sqlite:$tmp/at-once/$1.db" \
			<"$samples/google-plain.eml" || echo "$?" >"$tmp/at-once.$i" &
	done
	wait
	same '8|1' "$(sqlite3 "$tmp/at-once/$1.db" 'SELECT (SELECT count(*) FROM
		intake), (SELECT count(*) FROM report)')"
}

auth_record() {
	{
		printf 'Authentication-Results: mx.example.com; dkim=pass header.d=google.com\n'
		cat "$samples/google-plain.eml"
	} >"$tmp/signed.eml"
	tlsrpt-ingest -n --format=json --authserv-id=mx.example.com <"$tmp/signed.eml" \
		>"$tmp/signed.out" && grep -q '"auth": "pass", "auth_domain": "google.com"' \
		"$tmp/signed.out" &&
		tlsrpt-ingest -n --format=json <"$tmp/signed.eml" | grep -q '"auth": "none"'
}

closed_stdin() {
	tlsrpt-ingest -d "sqlite:$tmp/closed.db" <&-
	same 75 $?
}

# A sender that never ends: a pipe which this shell keeps open.
in_time() {
	mkfifo "$tmp/endless" && exec 9<>"$tmp/endless" || return 1
	tlsrpt-ingest --deadline=1 -d "sqlite:$tmp/endless.db" <&9
	got=$?
	exec 9>&-
	same 75 "$got"
}

# The forged copy came first, unsigned; the real one takes its place.
superseded() {
	uri=sqlite:$tmp/superseded.db
	{
		printf 'Authentication-Results: mx.example.com; dkim=pass header.d=google.com\n'
		cat "$samples/google-failures.eml"
	} >"$tmp/real.eml"
	agent <"$samples/google-forged-copy.eml" &&
		agent --authserv-id=mx.example.com <"$tmp/real.eml" || return 1
	same '1|1|pass|none' "$(rows "SELECT (SELECT count(*) FROM report),
		(SELECT count(*) FROM superseded), (SELECT auth FROM report),
		(SELECT auth FROM superseded)")" || return 1
	agent <"$samples/google-forged-copy.eml" &&
		same '1|1|superseded' "$(rows "SELECT (SELECT count(*) FROM report),
		(SELECT count(*) FROM superseded), (SELECT outcome FROM intake
		ORDER BY intake_id DESC LIMIT 1)")"
}

# --- what needs no database --------------------------------------------------

check 'help is on standard output' says '^usage: tlsrpt-ingest' tlsrpt-ingest --help
check 'version' says '^tlsrpt-ingest \(tlsrpt-tools\) [0-9]' tlsrpt-ingest --version
check 'a wrong option with a PATH is a usage error' exits 64 tlsrpt-ingest --nix x
check 'a wrong configuration in batch is one too' \
	exits 75 tlsrpt-ingest -c "$tmp/nowhere.conf" x
printf '[ingest]\nfront=1\n' >"$tmp/wrong.conf"
check 'an unknown key is told' says '"front" in \[ingest\] is not a setting' \
	tlsrpt-ingest -c "$tmp/wrong.conf" x
check 'with status 78' exits 78 tlsrpt-ingest -c "$tmp/wrong.conf" x
check 'and keeps mail' exits 75 tlsrpt-ingest -c "$tmp/wrong.conf"
check 'a password on the command line is refused' says 'pgpass' \
	tlsrpt-ingest -d postgresql://me:secret@host/db x
check 'however libpq lets it be written' says 'pgpass' \
	tlsrpt-ingest -d 'postgresql://host/db?pass%77ord=secret' x
printf '[database]\nuri=postgresql://me:secret@host/db\n' >"$tmp/open.conf"
chmod 644 "$tmp/open.conf"
check 'so is a file with one that others can read' says 'readable by others' \
	tlsrpt-ingest -c "$tmp/open.conf" x
check 'no password is ever shown' \
	sh -c "! tlsrpt-ingest -c '$tmp/open.conf' x 2>&1 | grep secret"
check 'a closed standard input is no empty message' closed_stdin
check 'a delivery ends before its deadline' in_time
for round in 1 2 3; do
	check "eight deliveries make a database, round $round" at_once "$round"
done
check 'no such path' exits 66 tlsrpt-ingest -n "$tmp/nowhere"
check 'the trusted verdict is read, another is not' auth_record
check 'a forged copy that comes first does not stay' superseded

# --- Maildir and mbox --------------------------------------------------------

uri=sqlite:$tmp/maildir.db
mkdir -p "$tmp/md/cur" "$tmp/md/new" "$tmp/md/tmp"
cp "$samples/google-plain.eml" "$tmp/md/new/1.a.host"
cp "$samples/microsoft-html-first-part.eml" "$tmp/md/cur/2.a.host:2,S"
cp "$samples/plain-mail.eml" "$tmp/md/new/3.a.host"
cp "$samples/plain-mail.eml" "$tmp/md/tmp/4.a.host"
check 'a Maildir is read, but for tmp' \
	says '^3 messages: 2 stored, 0 duplicate, 0 superseded, 1 rejected' agent "$tmp/md"
check 'and left as it is' same '2 1 1' "$(for d in new cur tmp; do
	find "$tmp/md/$d" -type f | wc -l; done | tr '\n' ' ' | sed 's/ $//')"
check 'seen: it moves' says '^3 messages: 0 stored, 2' agent --after=seen "$tmp/md"
check 'to cur' test -f "$tmp/md/cur/1.a.host:2,S"
check 'delete: it goes' says '^3 messages' agent --after=delete "$tmp/md"
check 'all of it' same 0 "$(find "$tmp/md/cur" "$tmp/md/new" -type f | wc -l)"
cp "$samples/google-plain.eml" "$tmp/md/new/5.a.host"
check 'with the database away nothing is deleted' \
	exits 75 tlsrpt-ingest -q -d "postgresql:///x?host=$tmp&user=x" \
	--after=delete "$tmp/md"
check 'it is still there' test -f "$tmp/md/new/5.a.host"
for file in google-plain google-failures plain-mail; do
	echo 'From MAILER-DAEMON Thu Jan  1 00:00:00 2026'
	cat "$samples/$file.eml"
	echo
done >"$tmp/mbox"
uri=sqlite:$tmp/mbox.db
check 'an mbox is read' \
	says '^3 messages: 2 stored, 0 duplicate, 0 superseded, 1 rejected' agent "$tmp/mbox"
check 'also from standard input' sh -c "tlsrpt-ingest -n - <'$tmp/mbox' 2>&1 |
	grep '^3 messages: 2 decoded'"
check 'its sources are told apart' same 3 \
	"$(rows 'SELECT count(DISTINCT source) FROM intake')"

# --- both databases ----------------------------------------------------------

mkdir "$tmp/hostile"
python3 "$top/tests/make_hostile.py" "$tmp/hostile"
uri=sqlite:$tmp/state/reports.db
on SQLite
if pg_start >"$tmp/pg.log" 2>&1; then
	check 'PostgreSQL is prepared' tlsrpt-db -d "$pg_uri" init --writer=writer
	uri=$pg_writer_uri
	owner_uri=$pg_uri
	on PostgreSQL
	check 'SQLite and PostgreSQL hold the same' same \
		"$(uri=sqlite:$tmp/state/reports.db counts)" "$(counts)"
	pg_stop
	check 'PostgreSQL, away: the message is kept' \
		stdin 75 "$samples/google-plain.eml"
	check 'PostgreSQL, away: and the reason said' says 'could not connect' \
		agent --log=stderr
	check 'PostgreSQL, away: a batch says so too' \
		exits 75 agent -q "$samples/google-plain.eml"
else
	skip 'PostgreSQL' 'no server is installed'
fi
# A library that aborts is of the moment: the mail system keeps the message.
catches_abort() {
	mask=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$1/status")
	[ $((0x$mask & 0x20)) -ne 0 ]
}

aborts() {
	mkfifo "$tmp/slow"
	tlsrpt-ingest -d "sqlite:$tmp/abort.db" <"$tmp/slow" &
	ingest=$!
	exec 9>"$tmp/slow"
	wait_for 10 catches_abort "$ingest" && kill -ABRT "$ingest"
	status=0
	wait "$ingest" || status=$?
	exec 9>&-
	same 75 "$status"
}

if [ -r /proc/self/status ]; then
	check 'an abort is to be tried again' aborts
else
	skip 'an abort is to be tried again' 'there is no /proc'
fi
finish
