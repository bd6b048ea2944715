#!/bin/sh
# tlsrptd is killed under load from Postfix, LMTP and HTTP clients, and nothing
# that it answered is lost or doubled: a short version of "make
# torture-daemon", which says KILLS=200.  With PostgreSQL, which goes away now
# and then; or, with DATABASE=SQLite or where that is not installed, SQLite.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "${srcdir:-.}/tests/pg.sh"
# shellcheck source=tests/daemon.sh
. "${srcdir:-.}/tests/daemon.sh"
# shellcheck source=tests/mail_system.sh
. "${srcdir:-.}/tests/mail_system.sh"

command -v tlsrptd >/dev/null || skip_all 'tlsrptd was not built'
for program in python3 sqlite3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done

cleanup() {
	mail_drop
	pg_drop
}

make_instance() {
	mail_make
	cat >>"$etc/main.cf" <<-EOS
		transport_maps = inline:{reports@example.test=lmtp:unix:$lmtp}
		local_recipient_maps = \$transport_maps
	EOS
	mail_start
}

{
	if [ "${DATABASE:-}" != SQLite ] && pg_start; then
		uri=$pg_writer_uri
		tlsrpt-db init --database="$pg_uri" --writer=writer || exit 99
		PGOPTIONS='-c search_path=tlsrpt'
		export PGOPTIONS
		TORTURE_ROWS='psql -XqAt -c'
		TORTURE_PG_CTL="$pg_bin/pg_ctl -w -s -D $pg_dir/data -l $pg_dir/log"
		if [ "$(id -u)" -eq 0 ]; then
			TORTURE_PG_CTL="setpriv --reuid=postgres \
				--regid=postgres --init-groups $TORTURE_PG_CTL"
		fi
		export TORTURE_PG_CTL
	else
		uri=sqlite:$tmp/state.d/reports.db
		TORTURE_ROWS="sqlite3 ${uri#sqlite:}"
	fi
	export TORTURE_ROWS
	daemon_configure spool-after=1500
	if [ "$(id -u)" -eq 0 ] && command -v postfix && make_instance; then
		TORTURE_SUBMIT=$tmp/queue/public/submit
		TORTURE_POSTFIX=$etc
		export TORTURE_SUBMIT TORTURE_POSTFIX
	fi
} >&2
python3 "$top/tests/tlsrptd_torture.py" "${KILLS:-8}" "$conf" "$lmtp" "$port" \
	"$state/quarantine"
