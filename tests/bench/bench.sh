#!/bin/sh
# Measure the programs found in PATH: make bench calls this.  What may be set,
# and what is printed, is said in bench.py.
# shellcheck source=tests/lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"

cleanup() { pg_drop; }

pg_fsync=on
pg_start || exit 1
# What tlsrpt-performance(7) says to set; durable all the same.
psql -Xq -c "ALTER SYSTEM SET shared_buffers = '${SHARED_BUFFERS:-1GB}'" \
	-c "ALTER SYSTEM SET max_wal_size = '4GB'" || exit 1
pg_as "$pg_bin/pg_ctl" -w -s -m fast -D "$pg_dir/data" stop
pg_again || exit 1
BENCH_DIR=$tmp BENCH_URI=$pg_uri python3 "$top/tests/bench/bench.py"
