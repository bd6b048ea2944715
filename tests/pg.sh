# shellcheck shell=sh disable=SC2034,SC2154 # others use what is set here
# A private PostgreSQL for one test: its own data, a Unix socket, no TCP.
#
#	pg_start	make and start it; sets PGHOST, PGUSER, PGDATABASE and
#			$pg_uri, the owner's URI; a role "writer" and a role
#			"reader" that may log in exist ($pg_writer_uri,
#			$pg_reader_uri)
#	pg_stop		stop it at once, as a crash would; data stay
#	pg_again	start it again
#	pg_drop		stop it for good; call it from cleanup()
#
# The server may not run as root: there, it runs as the user postgres.
# lib.sh comes first.

pg_as() {
	if [ "$(id -u)" -eq 0 ]; then
		# shellcheck disable=SC2016
		setpriv --reuid=postgres --regid=postgres --init-groups \
			env HOME="$pg_dir" PATH="$PATH" "$@"
	else
		"$@"
	fi
}

pg_find() {
	for dir in "${PG_BINDIR:-}" /usr/lib/postgresql/*/bin; do
		if [ -x "$dir/initdb" ]; then pg_bin=$dir; fi
		if [ -n "${PG_BINDIR:-}" ] && [ -n "${pg_bin:-}" ]; then return; fi
	done
	[ -n "${pg_bin:-}" ]
}

pg_start() {
	pg_find || return 1
	pg_dir=$tmp/pg
	mkdir -p "$pg_dir"
	if [ "$(id -u)" -eq 0 ]; then chown postgres "$pg_dir"; fi
	pg_as "$pg_bin/initdb" -N -D "$pg_dir/data" -A trust -U owner -E UTF8 \
		--locale=C.UTF-8 >"$pg_dir/initdb.log" 2>&1 || {
		cat "$pg_dir/initdb.log" >&2
		return 1
	}
	cat >>"$pg_dir/data/postgresql.conf" <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$pg_dir'
		unix_socket_permissions = 0777
		fsync = ${pg_fsync:-off}
		timezone = 'Europe/Berlin'
		log_min_messages = warning
		log_min_error_statement = warning
	EOF
	PGHOST=$pg_dir
	PGUSER=owner
	PGDATABASE=postgres
	export PGHOST PGUSER PGDATABASE
	pg_again || return 1
	psql -Xq -c 'CREATE ROLE writer LOGIN' -c 'CREATE ROLE reader LOGIN' \
		-c 'CREATE DATABASE tlsrpt' || return 1
	PGDATABASE=tlsrpt
	pg_uri="postgresql:///tlsrpt?host=$pg_dir&user=owner"
	pg_writer_uri="postgresql:///tlsrpt?host=$pg_dir&user=writer"
	pg_reader_uri="postgresql:///tlsrpt?host=$pg_dir&user=reader"
}

pg_again() {
	pg_as "$pg_bin/pg_ctl" -w -s -D "$pg_dir/data" -l "$pg_dir/log" start
}

pg_stop() {
	pg_as "$pg_bin/pg_ctl" -w -s -m immediate -D "$pg_dir/data" stop
}

pg_drop() {
	if [ -n "${pg_dir:-}" ] && [ -f "$pg_dir/data/postmaster.pid" ]; then
		pg_stop
	fi
}
