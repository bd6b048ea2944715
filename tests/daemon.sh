# shellcheck shell=sh disable=SC2034,SC2154 # others use what is set here
# A tlsrptd for one test, on sockets of its own.  lib.sh comes first.
#
#	daemon_configure LINE...	write $conf: $uri, the sockets, and these
#	daemon_start [OPTION...]	start it, and wait until it is ready
#	daemon_stop			SIGTERM; its exit status
#	daemon_drop			kill it, if it runs: for cleanup()
#
# $lmtp is the Unix socket, $port the HTTP port, $log what it says, $pid.

conf=$tmp/tlsrpt.conf
lmtp=$tmp/state.d/lmtp
log=$tmp/tlsrptd.log
daemon_user=nobody
[ "$(id -u)" -eq 0 ] || daemon_user=

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

daemon_configure() {
	port=$(free_port)
	state=$tmp/state.d
	type='Content-Type: application/tlsrpt+gzip'
	mkdir -p "$state"
	if [ -n "$daemon_user" ]; then chown "$daemon_user" "$state"; fi
	{
		printf '[database]\nuri=%s\n' "$uri"
		printf '[daemon]\nlmtp=unix:%s\nhttp=127.0.0.1:%s\n' "$lmtp" "$port"
		printf 'socket-mode=666\nspool=%s/spool\n' "$state"
		if [ -n "$daemon_user" ]; then echo "user=$daemon_user"; fi
		ingest=
		for line; do
			case $line in
			ingest.*) ingest="$ingest${line#ingest.}
" ;;
			*) echo "$line" ;;
			esac
		done
		printf '[ingest]\nquarantine=%s/quarantine\n%s' "$state" "$ingest"
	} >"$conf"
	# So that a secret may be in it, and the user can read it.
	chmod 640 "$conf"
	if [ -n "$daemon_user" ]; then
		chgrp "$(id -g "$daemon_user")" "$conf"
	fi
}

daemon_start() {
	: >>"$log"
	status=
	lines=$(wc -l <"$log")
	tlsrptd --config="$conf" "$@" 2>>"$log" &
	pid=$!
	wait_for 30 daemon_is_ready
}

daemon_is_ready() {
	tail -n "+$((lines + 1))" "$log" | grep -q '^tlsrptd: ready$' ||
		! kill -0 "$pid"
}

daemon_stop() {
	kill "$pid" && wait "$pid"
	status=$?
	pid=
	[ "$status" -eq 0 ] || { echo "ended with $status"; tail "$log"; return 1; }
}

daemon_drop() {
	if [ -n "${pid:-}" ]; then kill -9 "$pid" 2>/dev/null; fi
	pid=
}

# post FILE [CURL OPTION...]: the status, and the body in $tmp/body
post() {
	file=$1
	shift
	curl -s -m 30 -o "$tmp/body" -w '%{http_code}\n' \
		-H "$type" \
		--data-binary "@$file" "$@" "${url:-http://127.0.0.1:$port}${path:-/v1/report}"
}

# gets STATUS FILE [CURL OPTION...]
gets() {
	wanted=$1
	shift
	got=$(post "$@")
	[ "$got" = "$wanted" ] || { echo "got $got, want $wanted"; cat "$tmp/body"; return 1; }
}

get() {
	curl -s -m 30 "http://127.0.0.1:$port$1"
}

get_status() {
	curl -s -m 30 -o "$tmp/body" -w '%{http_code}' "http://127.0.0.1:$port$1"
}

# metric PATTERN VALUE: is it so now
metric() {
	get /metrics >"$tmp/metrics"
	grep -q "^tlsrptd_$1 $2\$" "$tmp/metrics" ||
		{ grep "^tlsrptd_${1%%\{*}" "$tmp/metrics"; return 1; }
}

# query SQL: on either database, as its owner
query() {
	case $uri in
	sqlite:*) sqlite3 "${uri#sqlite:}" "$1" ;;
	*) PGOPTIONS='-c search_path=tlsrpt' psql -XqAt -c "$1" ;;
	esac
}

# is VALUE SQL
is() {
	same "$1" "$(query "$2")"
}

# number_of FOLDER: its files
number_of() {
	find "$1" -type f 2>/dev/null | wc -l
}
