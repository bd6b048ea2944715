#!/bin/sh
# Measure tlsrptd behind a Postfix of its own, and by HTTP: make bench-daemon
# calls this.  What may be set, and what is printed, is said in daemon.py.
# Needs root, for Postfix; programs are found in $PATH.
# shellcheck source=tests/lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
# shellcheck source=tests/mail_system.sh
. "$top/tests/mail_system.sh"

for program in postfix smtp-source smtp-sink wrk openssl; do
	command -v "$program" >/dev/null ||
		{ echo "no $program: it is needed to measure" >&2; exit 1; }
done

cleanup() {
	mail_drop
	pg_drop
}

pg_fsync=on
pg_start || exit 1
# What tlsrpt-performance(7) says to set; durable all the same.
psql -Xq -c "ALTER SYSTEM SET shared_buffers = '${SHARED_BUFFERS:-1GB}'" \
	-c "ALTER SYSTEM SET max_wal_size = '4GB'" || exit 1
pg_as "$pg_bin/pg_ctl" -w -s -m fast -D "$pg_dir/data" stop
pg_again || exit 1
tlsrpt-db init --database="$pg_uri" --writer=writer >/dev/null || exit 1

mkdir "$tmp/bin" "$tmp/state"
chown nobody "$tmp/state"
install -m 755 "$(command -v tlsrpt-ingest)" "$tmp/bin/tlsrpt-ingest"
mail_make
cat >>"$etc/main.cf" <<-EOS
	transport_maps = texthash:$etc/transport
	local_recipient_maps = \$transport_maps
	tlsrpt_destination_recipient_limit = 1
	lmtp_connection_cache_destinations = static:all
EOS
cat >"$etc/transport" <<-EOS
	daemon@example.test lmtp:unix:$tmp/lmtp
	sink@example.test lmtp:unix:$tmp/sink
	pipe@example.test tlsrpt:
EOS
cat >>"$etc/master.cf" <<-EOS
	tlsrpt unix - n n - - pipe
	  flags=DORX user=nobody argv=$tmp/bin/tlsrpt-ingest --config=$tmp/tlsrpt.conf
EOS
mail_start || exit 1

ctl="$pg_bin/pg_ctl -w -s -D $pg_dir/data -l $pg_dir/log"
if [ "$(id -u)" -eq 0 ]; then
	ctl="setpriv --reuid=postgres --regid=postgres --init-groups $ctl"
fi
BENCH_DIR=$tmp BENCH_URI=$pg_writer_uri BENCH_OWNER=$pg_uri BENCH_PG_CTL=$ctl \
	python3 -B "$top/tests/bench/daemon.py"
