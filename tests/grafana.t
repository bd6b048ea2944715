#!/bin/sh
# The dashboards and alert rules of contrib/grafana: every query runs on a real
# server as Grafana would run it (tests/grafana_check.py).
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

for python in python3 /usr/bin/python3 none; do
	if "$python" -c 'import psycopg2, yaml' 2>/dev/null; then break; fi
done
[ "$python" != none ] || skip_all 'python3-psycopg2 or python3-yaml is missing'

# finds_nothing MODE ARGUMENT...: grafana_check.py has nothing to say
finds_nothing() {
	mode=$1
	shift
	"$python" "$top/tests/grafana_check.py" "$mode" \
		"host=$pg_dir user=${as:-reader} dbname=${db:-tlsrpt}" \
		"$top/contrib/grafana" "$@" >"$tmp/findings" 2>&1 &&
		[ ! -s "$tmp/findings" ] && return 0
	head -n 30 "$tmp/findings"
	return 1
}

# A reporter that wrote about one session a day, and then no more.
make_silent() {
	"$python" - "$tmp/silent" <<-'PY'
		import datetime, json, os, sys
		os.makedirs(sys.argv[1])
		today = datetime.datetime.now(datetime.timezone.utc).date()
		for n in range(8, 20):
		    day = today - datetime.timedelta(days=n)
		    with open("%s/%s.json" % (sys.argv[1], day), "w") as out:
		        json.dump({"organization-name": "Silent Post",
		            "contact-info": "tls@silent.example",
		            "report-id": "%s_silent" % day, "date-range": {
		            "start-datetime": "%sT00:00:00Z" % day,
		            "end-datetime": "%sT23:59:59Z" % day},
		            "policies": [{"policy": {"policy-type": "sts",
		            "policy-string": ["version: STSv1", "mode: testing",
		            "max_age: %d" % (86400 * (1 + n % 2)), "mx: a"],
		            "policy-domain": "example.net", "mx-host": ["a"]},
		            "summary": {"total-successful-session-count": 1,
		            "total-failure-session-count": 0}}]}, out)
	PY
}

generated() {
	mkdir "$tmp/made" && "$python" "$top/contrib/grafana/make-dashboards" \
		"$tmp/made" && diff -r "$tmp/made" "$top/contrib/grafana/dashboards"
}

# draw: the page that make picture takes a picture of
draw() {
	"$python" "$top/tests/grafana_check.py" data \
		"host=$pg_dir user=reader dbname=tlsrpt" \
		"$top/contrib/grafana" >"$tmp/data.json" &&
		"$top/contrib/grafana/draw-dashboard" <"$tmp/data.json" \
			>"$tmp/drawn.html"
}

all_drawn() {
	draw && finds_nothing drawn "$tmp/drawn.html"
}

none_drawn() {
	draw && says 'nothing of Sessions by day' "$python" \
		"$top/tests/grafana_check.py" drawn none "$top/contrib/grafana" \
		"$tmp/drawn.html"
}

pg_dir=
check 'dashboards, rules and data source are well-formed' finds_nothing model
check 'the dashboards are what make-dashboards makes' generated

pg_start >"$tmp/pg.log" 2>&1 || {
	skip 'queries' 'no PostgreSQL server is installed'
	finish
	exit
}
tlsrpt-db -q -d "$pg_uri" init --reader=reader
check 'an empty database: every query answers' finds_nothing run
check 'and is drawn, without data' none_drawn
make_silent
tlsrpt-ingest -q --no-progress --quarantine="$tmp/q" -d "$pg_uri" \
	"$top/samples" "$tmp/silent"
check 'the samples: every query answers' finds_nothing run
# A month of twenty domains beside them, so that nothing is empty.
psql -Xq -v policies=20000 -v domains=20 -v months=1 \
	-f "$top/tests/bench/grow.sql" >"$tmp/grow.log" 2>&1
check 'the samples and a month of twenty domains: no panel is empty' \
	finds_nothing full example.net
check 'the picture of the overview has every panel, with data' all_drawn
check 'hostile values find nothing and break nothing' finds_nothing hostile
psql -Xqc 'CREATE ROLE tenant LOGIN'
tlsrpt-db -q -d "$pg_uri" tenant add tenant --domain=example.net \
	--domain=d7.example
as=tenant
check 'a tenant sees in each panel what is of its domains, and no more' \
	finds_nothing tenant "host=$pg_dir user=reader dbname=tlsrpt" \
	example.net d7.example
as=
tlsrpt-db -q -d "$pg_uri" tenant remove tenant
check 'the sums are those of the reports' \
	says '"problems": \[\{"code": "implausible-dates", "count": 2\}\]' \
	tlsrpt-db -d "$pg_uri" --format=json status

createdb plans && tlsrpt-db -q -d "dbname=plans" init --reader=reader
db=plans as=owner
psql -Xq -d plans -v policies=120000 -v domains=100 -v months=4 \
	-f "$top/tests/bench/grow.sql" >"$tmp/grow.log" 2>&1
check 'no query reads a large table from end to end' \
	finds_nothing plans d7.example
tlsrpt-db -q -d dbname=plans tenant add tenant --domain=d7.example \
	--domain=d8.example
as=reader
check 'nor where there are tenants' finds_nothing plans d7.example
as=tenant
check 'nor a tenant, not even a month of the sums' \
	finds_nothing plans d7.example strict
tlsrpt-db -q -d dbname=plans tenant remove tenant

# What tlsrpt-report asks, as the server saw it.
psql -Xq -d plans -c "ALTER ROLE reader SET session_preload_libraries = 'auto_explain'" \
	-c 'ALTER ROLE reader SET auto_explain.log_min_duration = 0' \
	-c "ALTER ROLE reader SET auto_explain.log_format = 'json'" \
	-c "ALTER ROLE reader SET auto_explain.log_level = 'warning'" \
	-c 'ALTER ROLE reader SET auto_explain.log_analyze = on' \
	-c 'ALTER ROLE reader SET auto_explain.log_timing = off'
key=$(psql -XAt -d plans -c 'SELECT report_key FROM tlsrpt.report LIMIT 1')

# reads_little STRICT COMMAND...: no statement of it reads a large table whole
reads_little() {
	strict=$1
	shift
	before=$(wc -c <"$pg_dir/log")
	tlsrpt-report -d "host=$pg_dir user=reader dbname=plans" "$@" \
		>"$tmp/said" 2>&1
	[ $? -le 2 ] || {
		head -n 3 "$tmp/said"
		return 1
	}
	tail -c "+$((before + 1))" "$pg_dir/log" >"$tmp/plans.log"
	# shellcheck disable=SC2086 # none or one word
	finds_nothing logged "$tmp/plans.log" "$*" $strict
}
for command in summary failures reporters check metrics html \
	'digest --to=a@example.com --always' 'summary --verified-only'; do
	# shellcheck disable=SC2086
	check "$command: nor does tlsrpt-report" reads_little '' $command
done
for command in 'summary --domain=d7.example' 'failures --domain=d7.example' \
	'readiness d7.example' "show $key"; do
	# shellcheck disable=SC2086
	check "$command: nor any sums" reads_little strict $command
done

psql -Xq -d plans -c 'DROP INDEX tlsrpt.policy_day_by_domain' \
	-c 'DROP INDEX tlsrpt.policy_by_domain'
sees_whole() {
	! reads_little strict readiness d7.example >"$tmp/whole" &&
		grep -q 'reads all of policy' "$tmp/whole"
}
check 'where an index is gone, tlsrpt-report is seen to read all' sees_whole
check 'and where an index is gone, that is seen' \
	says 'reads all of policy' "$python" "$top/tests/grafana_check.py" plans \
	"host=$pg_dir user=owner dbname=plans" "$top/contrib/grafana" d7.example
finish
