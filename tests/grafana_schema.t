#!/bin/sh
# The dashboards, checked by the types that Grafana publishes, of its latest
# release of each major version from 10 on (tests/grafana_types.py).
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v npm >/dev/null || skip_all 'node and npm are not installed'

# fetch MAJOR: Grafana's types into $tmp/MAJOR/package
fetch() {
	mkdir "$tmp/$1" && cd "$tmp/$1" &&
		npm pack --silent "@grafana/schema@$1" >/dev/null && tar -xf ./*.tgz
}

types_fit() {
	python3 "$top/tests/grafana_types.py" "$1" \
		"$tmp/node_modules/.bin/tsc" "$tmp/$2/package"
}

# found_out WORD...: what is wrong in a dashboard is said, word by word
found_out() {
	mkdir "$tmp/bad"
	cp "$top"/contrib/grafana/dashboards/*.json "$tmp/bad"
	sed -i -e 's/colorMode/colourMode/' -e 's/"mode": "normal"/"mode": "wild"/' \
		-e 's/"unit": "d"/"unit": 1/' -e 's/"type": "query"/"type": "what"/' \
		"$tmp/bad/tlsrpt-overview.json"
	types_fit "$tmp/bad" 13 >"$tmp/said" && return 1
	for word; do
		grep -q "tlsrpt-overview.*$word" "$tmp/said" || {
			echo "nothing of $word"
			cat "$tmp/said"
			return 1
		}
	done
	! grep -v tlsrpt-overview "$tmp/said"
}

(cd "$tmp" && timeout 60 npm install --silent --no-audit --no-fund --no-save \
	typescript@5) >"$tmp/npm.log" 2>&1 ||
	skip_all 'npm cannot fetch typescript'
for major in 10 11 12 13; do
	fetch "$major" >"$tmp/npm.log" 2>&1 &
done
wait
for major in 10 11 12 13; do
	if [ -f "$tmp/$major/package/package.json" ]; then
		check "Grafana $major" types_fit "$top/contrib/grafana/dashboards" \
			"$major"
	else
		skip "Grafana $major" 'npm cannot fetch @grafana/schema'
	fi
done
if [ -f "$tmp/13/package/package.json" ]; then
	check 'an option, two values and a variable that are none are found out' \
		found_out colourMode wild 'Since the last report.*number' what
fi
finish
