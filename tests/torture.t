#!/bin/sh
# Faults of every kind, and no message lost or doubled: a short version of
# "make torture", which says TORTURE=long.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

inject=$PWD/tests/inject.so
[ -f "$inject" ] || skip_all 'tests/inject.so is not built'
! grep -q __asan_init "$(command -v tlsrpt-ingest)" ||
	skip_all 'AddressSanitizer has a malloc of its own'

if pg_start >"$tmp/pg.log" 2>&1; then
	TORTURE_PG=$pg_uri
	TORTURE_PG_WRITER=$pg_writer_uri
	TORTURE_PG_CTL="$pg_bin/pg_ctl -w -s -D $pg_dir/data -l $pg_dir/log"
	if [ "$(id -u)" -eq 0 ]; then
		TORTURE_PG_CTL="setpriv --reuid=postgres --regid=postgres \
			--init-groups $TORTURE_PG_CTL"
	fi
	export TORTURE_PG TORTURE_PG_WRITER TORTURE_PG_CTL
fi
mkdir "$tmp/torture"
short=--short
[ "${TORTURE:-short}" = short ] || short=
# shellcheck disable=SC2086
python3 "$top/tests/torture.py" $short ${TORTURE_ONLY:+--only "$TORTURE_ONLY"} \
	"$inject" "$tmp/torture"
