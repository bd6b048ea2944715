#!/bin/sh
# Shut in: what decodes a stranger's mail can open nothing, run nothing and
# reach nobody, and what it is taken over by costs no other message.  Nor does
# the agent run with rights that it has no use for.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

samples=$top/samples
escape=$PWD/tests/escape.so
db=$tmp/reports.db
plain=gzip-two-members.json.gz

[ -f "$escape" ] || skip_all 'tests/escape.so is not built'

# try WAY PROGRAM [ARGUMENT...]: while somebody tries to get out that way
try() {
	way=$1
	shift
	LD_PRELOAD=$escape ESCAPE=$way ESCAPE_FILE=$tmp/escaped \
		ASAN_OPTIONS=verify_asan_link_order=0:handle_segv=0 "$@" 2>"$tmp/tried"
}

# shellcheck disable=SC2120 # it is given some by try
agent() {
	tlsrpt-ingest -d "sqlite:$db" --log=stderr "$@" \
		<"$samples/google-plain.eml"
}

rows() { sqlite3 "$db" "$1"; }

anew() { rm -rf "$tmp/reports.db"* "$tmp/quarantine"; }

tried() {
	grep -q "^escape: $1: $2" "$tmp/tried" && return 0
	cat "$tmp/tried"
	return 1
}

# So that a test which finds nothing is known to have looked.
gets_out() {
	anew
	: >"$tmp/escaped"
	try "$1" agent --no-sandbox
	tried "$1" worked
}

# is_refused WAY WORDS: it is told no, and the message is stored
is_refused() {
	anew
	: >"$tmp/escaped"
	try "$1" agent || { cat "$tmp/tried"; return 1; }
	tried "$1" "$2" && test -f "$tmp/escaped" &&
		same stored "$(rows 'SELECT outcome FROM intake')"
}

set_aside() {
	same 'rejected|unreadable' "$(rows 'SELECT outcome, reason FROM intake')" &&
		cmp "$samples/google-plain.eml" "$tmp"/quarantine/new/*
}

# is_ended WAY DETAIL: its process ends over it, and the message is kept
is_ended() {
	anew
	: >"$tmp/escaped"
	try "$1" agent || { cat "$tmp/tried"; return 1; }
	! grep '^escape: .*: worked' "$tmp/tried" || return 1
	grep -q "$2" "$tmp/tried" || { cat "$tmp/tried"; return 1; }
	set_aside
}

# is_later WAY: nobody's fault but the moment's
is_later() {
	anew
	try "$1" agent
	same 75 $? || return 1
	test ! -e "$tmp/reports.db" && test ! -e "$tmp/quarantine"
}

# batch_goes_on WAY: one document, and none but that, is set aside; it is read
# once nothing is wrong any more
batch_goes_on() {
	anew
	tlsrpt-ingest -q -d "sqlite:$db" "$samples" 2>/dev/null
	want=$(rows 'SELECT count(*) FROM report')
	unreadable=$(rows "SELECT count(*) FROM intake WHERE reason = 'unreadable'")
	anew
	ESCAPE_SIZE=$(stat -c %s "$samples/$plain")
	export ESCAPE_SIZE
	try "$1" tlsrpt-ingest -q -j 2 -d "sqlite:$db" "$samples"
	unset ESCAPE_SIZE
	same "$((unreadable + 1))|unreadable" "$(rows "SELECT
		(SELECT count(*) FROM intake WHERE reason = 'unreadable'),
		(SELECT reason FROM intake WHERE source LIKE '%/$plain')")" || return 1
	same "$((want - 1))" "$(rows 'SELECT count(*) FROM report')" || return 1
	tlsrpt-ingest -q -d "sqlite:$db" "$tmp/quarantine" 2>/dev/null
	same "$want" "$(rows 'SELECT count(*) FROM report')"
}

lacking() {
	anew
	LACK=seccomp try none agent || return 1
	same 1 "$(grep -c 'sandbox: .*without seccomp (' "$tmp/tried")" &&
		same stored "$(rows 'SELECT outcome FROM intake')"
}

# is_refused, with one fence less
lacking_holds() {
	LACK=seccomp
	export LACK
	is_refused open 'Permission denied\|Too many open files'
	held=$?
	unset LACK
	return "$held"
}

# Words in charsets whose tables iconv loads when it is asked for them.
charsets() {
	{
		printf 'From: <a@example.com>\nSubject: '
		printf '=?iso-8859-1?Q?=FC?= =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?='
		printf ' =?koi8-r?B?5MHO?= =?gb2312?B?1tDOxA==?= =?windows-1252?Q?=80?=\n'
		printf 'Content-Type: text/plain\n\nno report\n'
	} >"$tmp/words.eml"
	anew
	tlsrpt-ingest -d "sqlite:$db" <"$tmp/words.eml" &&
		tlsrpt-ingest -d "sqlite:$db" --no-sandbox <"$tmp/words.eml" &&
		tlsrpt-ingest -q -d "sqlite:$db" "$tmp/words.eml" || return 1
	same 'ü日本Дан中文€|3' \
		"$(rows 'SELECT subject, count(*) FROM intake GROUP BY 1')"
}

alike() {
	tlsrpt-ingest -n -q -j 1 --format=json "$samples" >"$tmp/in" 2>/dev/null
	tlsrpt-ingest -n -q -j 1 --format=json --no-sandbox "$samples" \
		>"$tmp/out" 2>/dev/null
	test -s "$tmp/in" && cmp "$tmp/in" "$tmp/out"
}

# --- the decoder ------------------------------------------------------------

for way in open write unlink exec fork connect ptrace kill code; do
	case $way in
	ptrace) # whether this works without a sandbox is up to the machine
		;;
	*) check "unconfined, $way works" gets_out "$way" ;;
	esac
done
if ldd "$(command -v tlsrpt-ingest)" | grep -q libseccomp; then
	check 'a file cannot be opened' is_refused open 'Permission denied'
	check 'nor made' is_refused write 'Permission denied'
	check 'nor removed' is_refused unlink 'Function not implemented'
	check 'no signal is sent' is_refused kill 'Function not implemented'
	check 'no memory is code' is_refused code 'Function not implemented'
	for way in exec fork connect ptrace; do
		check "who tries $way is ended, and the message kept" \
			is_ended "$way" 'what the sandbox forbids'
	done
	check 'without seccomp the log says so, once' lacking
	check 'and Landlock or a limit still holds' lacking_holds
else
	skip 'what a filter of system calls forbids' 'built without libseccomp'
fi
check 'a crash costs its message no more than a place in quarantine' \
	is_ended crash 'signal 11'
check 'an end for want of memory keeps the message' is_later end
check 'so does an end by force' is_later be-killed
check 'a batch goes on after a crash' batch_goes_on crash
check 'and after an escape' batch_goes_on exec
check 'with --no-sandbox the log says so' says 'sandbox: off' \
	tlsrpt-ingest -n --no-sandbox "$samples/google-plain.eml"
check 'without it there is nothing to say' \
	sh -c "! tlsrpt-ingest -n '$samples/google-plain.eml' 2>&1 | grep sandbox"
check 'charsets are at hand inside' charsets
check 'inside and outside all samples decode alike' alike

# --- whose rights -----------------------------------------------------------

as_root() { env -u TLSRPT_CONFIG tlsrpt-ingest --log=stderr "$@"; }

modes() {
	anew
	# shellcheck disable=SC2119
	(umask 0; agent && tlsrpt-ingest -d "sqlite:$db" <"$samples/plain-mail.eml" &&
		tlsrpt-ingest -q -d "sqlite:$tmp/deep/er/r.db" "$samples") 2>/dev/null
	test -f "$tmp/deep/er/r.db" || return 1
	find "$tmp/reports.db"* "$tmp/quarantine" "$tmp/deep" -perm /077 >"$tmp/open"
	[ ! -s "$tmp/open" ] || { xargs ls -ld <"$tmp/open"; return 1; }
}

setuid() {
	install -m 755 "$(command -v tlsrpt-ingest)" "$tmp/setuid"
	chown "$1" "$tmp/setuid" && chmod "$2" "$tmp/setuid" || return 1
	says 'must not be setuid or setgid' "$tmp/setuid" -n "$samples" || return 1
	# LeakSanitizer cannot look into such a process, and ends it its own way.
	grep -q __asan_init "$tmp/setuid" ||
		{ exits 78 "$tmp/setuid" -n "$samples" && exits 75 "$tmp/setuid"; }
}

check 'what is written is its owner'\''s alone, whatever the umask' modes
check 'no program is setuid' same '' \
	"$(find "$(command -v tlsrpt-ingest)" "$(command -v tlsrpt-db)" -perm /6000)"
if [ "$(id -u)" -eq 0 ]; then
	check 'root does not deliver' exits 75 as_root -d "sqlite:$db"
	check 'and is told why' says 'does not deliver as root' as_root -d "sqlite:$db"
	check 'unless the command line says so' exits 0 as_root -d "sqlite:$db" --allow-root
	check 'or the configuration' exits 0 tlsrpt-ingest -d "sqlite:$db"
	check 'root may try a message' exits 0 as_root -n
	check 'and read an archive' exits 0 as_root -q -d "sqlite:$db" "$samples/google-plain.eml"
	if [ "$(findmnt -no OPTIONS -T "$tmp" | grep -c nosuid)" -eq 0 ]; then
		check 'setuid, it does nothing' setuid nobody 4755
		check 'setgid neither' setuid :nogroup 2755
	else
		skip 'setuid' 'the folder for temporary files forbids it'
	fi
else
	skip 'root' 'somebody else runs this'
fi
finish
