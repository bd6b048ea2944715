#!/bin/sh
# picture.sh FILE: a picture of the overview, with a month of reports of twelve
# domains (make_month.py) in a real server, by Chromium.
# shellcheck source=tests/lib.sh
. "${srcdir:-$(dirname "$0")/..}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

for python in python3 /usr/bin/python3; do
	if "$python" -c 'import psycopg2, yaml' 2>/dev/null; then break; fi
done
pg_start && tlsrpt-db -q -d "$pg_uri" init --reader=reader || exit 1
"$python" "$top/tests/make_month.py" >"$tmp/month.mbox" || exit 1
tlsrpt-ingest -q --no-progress --authserv-id=mx.mail.example \
	--quarantine="$tmp/quarantine" -d "$pg_uri" "$tmp/month.mbox"
[ "$(psql -XAtc 'SELECT count(*) FROM tlsrpt.report')" -gt 2000 ] || exit 1
psql -Xq -c 'VACUUM ANALYZE'
"$python" "$top/tests/grafana_check.py" data \
	"host=$pg_dir user=reader dbname=tlsrpt" "$top/contrib/grafana" |
	"$top/contrib/grafana/draw-dashboard" >"$tmp/overview.html" || exit 1
if ! chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
	--no-first-run --disable-background-networking --disable-component-update \
	--disable-sync --user-data-dir="$tmp/chromium" --window-size=1480,1700 \
	--screenshot="$tmp/overview.png" "file://$tmp/overview.html" \
	>"$tmp/chromium.log" 2>&1 || [ ! -s "$tmp/overview.png" ]; then
	cat "$tmp/chromium.log" >&2
	exit 1
fi
cp "$tmp/overview.png" "$1"
