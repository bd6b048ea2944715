#!/bin/sh
# The page of tlsrpt-report html, in Chromium, with axe-core.  SCREENSHOTS
# names a folder that gets the pictures.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v chromium >/dev/null || skip_all 'chromium is not installed'
command -v npm >/dev/null || skip_all 'node and npm are not installed'
mkdir "$tmp/node"
(cd "$tmp/node" && npm install --silent --no-audit --no-fund --no-save \
	playwright-core@1 axe-core@4) >"$tmp/npm.log" 2>&1 ||
	skip_all 'npm cannot install axe-core and playwright-core'

page_of() {
	case $1 in
	samples) from=$top/samples ;;
	*) python3 "$top/tests/make_reports.py" "$1" "$tmp/$1" && from=$tmp/$1 ;;
	esac
	tlsrpt-ingest -q -d "sqlite:$tmp/$1.db" --quarantine="$tmp/q" "$from" &&
		tlsrpt-report -d "sqlite:$tmp/$1.db" --until=2026-09-30 html -o "$tmp/$1.html"
}

looks_well() {
	node "$top/tests/page_look.mjs" "$tmp/node" "$@"
}

for scenario in samples hostile failing; do
	check "$scenario: a page" page_of "$scenario"
done
tlsrpt-db -q -d "sqlite:$tmp/empty.db" init
check 'an empty database: a page' tlsrpt-report -d "sqlite:$tmp/empty.db" html \
	-o "$tmp/empty.html"
for scenario in samples hostile failing empty; do
	check "$scenario: in Chromium, by axe-core, wide and narrow, light and dark" \
		looks_well "$tmp/$scenario.html"
done
echo '<!DOCTYPE html><html><body><img src="file:///none.png"><p style="color:#eee">x' \
	>"$tmp/bad.html"
check 'a bad page is seen to be one' sh -c \
	"! node '$top/tests/page_look.mjs' '$tmp/node' '$tmp/bad.html'"
if [ -n "${SCREENSHOTS:-}" ]; then cp "$tmp"/node/*.png "$SCREENSHOTS"; fi
finish
