# shellcheck shell=sh disable=SC2034,SC2154 # others use what is set here
# What the shell tests share: TAP output, a private folder, waiting.
#
#	check 'what is promised' command [argument ...]
#	exits STATUS command ...	its exit status is STATUS
#	says PATTERN command ...	its output, both streams, matches (grep -E)
#	skip 'what is not tested' 'why'
#	skip_all 'why'
#	finish				the plan; call it last
#
# $tmp is a folder that is gone when the test ends; cleanup(), where a test
# defines it, runs first.  Programs are found in $PATH: make check puts the
# build folder there, and tests/run the installed programs.

top=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/tlsrpt-test.XXXXXX") || exit 99
chmod 755 "$tmp"
n=0
failed=0
unset TLSRPT_CONFIG TLSRPT_DATABASE
HOME=$tmp/home
XDG_STATE_HOME=$tmp/state
export HOME XDG_STATE_HOME
mkdir -p "$HOME"

# Where root runs the tests, it may deliver; see tests/sandbox.t for why not.
if [ "$(id -u)" -eq 0 ]; then
	printf '[ingest]\nallow-root=yes\n' >"$tmp/root.conf"
	TLSRPT_CONFIG=$tmp/root.conf
	export TLSRPT_CONFIG
fi

lib_end() {
	if command -v cleanup >/dev/null 2>&1; then cleanup; fi
	rm -rf "$tmp"
}
trap lib_end EXIT
trap 'exit 1' HUP INT TERM

# check NAME COMMAND [ARGUMENT...]: one test; what it printed is shown on failure
check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/check.out" 2>&1; then
		echo "ok $n - $name"
	else
		failed=$((failed + 1))
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/check.out" | head -n 40
	fi
}

exits() {
	want=$1
	shift
	"$@" </dev/null >"$tmp/exits.out" 2>&1
	got=$?
	[ "$got" -eq "$want" ] && return 0
	echo "exit status: got $got, want $want"
	cat "$tmp/exits.out"
	return 1
}

says() {
	pattern=$1
	shift
	"$@" </dev/null >"$tmp/says.out" 2>&1
	grep -Eq -- "$pattern" "$tmp/says.out" && return 0
	echo "no line matches: $pattern"
	cat "$tmp/says.out"
	return 1
}

# same WANT GOT: two texts are equal
same() {
	[ "$1" = "$2" ] && return 0
	printf 'want: %s\ngot:  %s\n' "$1" "$2"
	return 1
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	tries=$(($1 * 20))
	shift
	while [ "$tries" -gt 0 ]; do
		if "$@" >/dev/null 2>&1; then return 0; fi
		tries=$((tries - 1))
		sleep 0.05
	done
	echo "waited in vain for: $*"
	return 1
}

finish() {
	echo "1..$n"
	[ "$failed" -eq 0 ]
}
