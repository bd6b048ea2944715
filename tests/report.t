#!/bin/sh
# tlsrpt-report, on both databases: what it says, prints, and answers.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }
PATH=$PATH:$PWD/tests
unset LANG LC_ALL LC_MESSAGES LANGUAGE NO_COLOR
LC_ALL=C.UTF-8
export LC_ALL

# make_db SCENARIO: an SQLite file of it
make_db() {
	python3 "$top/tests/make_reports.py" "$1" "$tmp/$1" &&
		tlsrpt-ingest -q -d "sqlite:$tmp/$1.db" --quarantine="$tmp/q" "$tmp/$1" &&
		sqlite3 "$tmp/$1.db" "UPDATE intake SET received_at = '2026-09-30T06:00:00Z'"
}

# looks WHAT [MORE] -- COMMAND...: its output is as report_check.py wants it
looks() {
	what=$1
	more=
	if [ "$2" != -- ]; then
		more=$2
		shift
	fi
	shift 2
	"$@" </dev/null >"$tmp/looks.out" 2>"$tmp/looks.err"
	cat "$tmp/looks.err"
	[ ! -s "$tmp/looks.err" ] || return 1
	# shellcheck disable=SC2086
	python3 "$top/tests/report_check.py" "$what" $more <"$tmp/looks.out"
}

report() {
	db=$1
	shift
	tlsrpt-report -d "sqlite:$tmp/$db.db" --until=2026-09-30 "$@"
}

hides() {
	if says "$@"; then return 1; fi
}

# member NAME VALUE COMMAND...: of the first JSON object
member() {
	member=$1
	wanted=$2
	shift 2
	same "$wanted" "$("$@" | head -n 1 | python3 -c \
		"import json,sys; print(json.loads(sys.stdin.readline())['$member'])")"
}

# both ARGUMENT...: the same from both databases
both() {
	tlsrpt-report -d "sqlite:$tmp/all.db" "$@" >"$tmp/both.1" 2>&1
	first=$?
	tlsrpt-report -d "$pg_reader_uri" "$@" >"$tmp/both.2" 2>&1
	same "$first" "$?" && [ -s "$tmp/both.2" ] || return 1
	# SQLite adds up in floating point: beyond 2^53 digits are lost.
	for file in 1 2; do
		sed -E 's/9007199254[0-9]{6}/2^53/g' "$tmp/both.$file" >"$tmp/same.$file"
	done
	diff "$tmp/same.1" "$tmp/same.2" | cut -c 1-2000
	cmp -s "$tmp/same.1" "$tmp/same.2"
}

# every_word: explain says what, why, how to see and how to mend
every_word() {
	for word in $(print_vocabulary deviations | cut -f 1) \
		$(print_vocabulary result-types | cut -f 1) sts tlsa no-policy-found; do
		tlsrpt-report explain "$word" >"$tmp/word" || return 1
		for title in "^$word: a " 'Usual causes' '  1\. ' 'See for yourself' \
			'  \$ ' 'How to mend it'; do
			grep -q -- "$title" "$tmp/word" || {
				echo "$word: no $title"
				return 1
			}
		done
		python3 "$top/tests/report_check.py" width 80 <"$tmp/word" || return 1
	done
}

# every_sample: whatever can be read is shown, with all of its values
every_sample() {
	for file in "$top"/samples/*; do
		tlsrpt-ingest -n --format=json "$file" 2>/dev/null |
			python3 -c 'import json,sys
for line in sys.stdin:
    for report in json.loads(line)["reports"]:
        print(json.dumps(report))' >"$tmp/fields"
		if [ ! -s "$tmp/fields" ]; then
			[ "$file" != "$top/samples/README" ] || continue
			exits 65 tlsrpt-report show "$file" || return 1
			continue
		fi
		# An mbox has several messages; show takes one.
		tlsrpt-report show "$file" >"$tmp/shown" 2>"$tmp/err" || {
			echo "$file: $(cat "$tmp/err")"
			return 1
		}
		# shellcheck disable=SC2015 # both are to be right
		python3 "$top/tests/report_check.py" width 80 <"$tmp/shown" &&
			python3 "$top/tests/report_check.py" fields "$tmp/fields" \
				<"$tmp/shown" || {
			echo "$file"
			return 1
		}
	done
}

examples() {
	python3 "$top/tests/man_examples.py" "$top/man/tlsrpt-report.1" \
		>"$tmp/page.1" && diff "$top/man/tlsrpt-report.1" "$tmp/page.1"
}

# on_terminal COLUMNS COMMAND: what it prints there
on_terminal() {
	columns=$1
	shift
	TERM=xterm script -qec "stty cols $columns; $*" /dev/null </dev/null
}

check 'help' says '^usage: tlsrpt-report' tlsrpt-report --help
check 'no such command' exits 64 tlsrpt-report dance
check 'an operand too many' exits 64 tlsrpt-report summary x
check 'show wants an operand' exits 64 tlsrpt-report show
check 'no such format' exits 64 tlsrpt-report --format=xml
check 'a format that does not go with html' exits 64 tlsrpt-report html --format=csv
check 'no such date' exits 64 tlsrpt-report --since=yesterday
check 'a span that ends before it starts' exits 64 \
	tlsrpt-report --since=2026-02-01 --until=2026-01-01
check 'an option twice' exits 64 tlsrpt-report --domain=a --domain=b
check 'thresholds the wrong way round' exits 64 tlsrpt-report failures --age=9,1
check 'no database' exits 75 tlsrpt-report -d "sqlite:$tmp/none.db"
check 'says what to do' says 'tlsrpt-ingest first' tlsrpt-report -d "sqlite:$tmp/none.db"
check 'makes none' [ ! -e "$tmp/none.db" ]

check 'explain: every word, in 80 columns' every_word
check 'explain: without a word, all' says 'starttls-not-supported: ' tlsrpt-report explain
check 'explain: case does not count' says 'enforce' tlsrpt-report explain STS
check 'explain: a reason of OpenSSL' says 'certificate-expired' \
	tlsrpt-report explain 'error:0A000086:X509_V_ERR_CERT_HAS_EXPIRED'
check 'explain: a reason of Microsoft' says 'mx lines' \
	tlsrpt-report explain MX_HOSTS_MISMATCH
check 'explain: the longest that fits' says 'no policy at the address' \
	tlsrpt-report explain 'bad https response code: 404'
check 'explain: an unknown word' exits 64 tlsrpt-report explain quux
check 'explain: JSON' looks json -- tlsrpt-report explain --format=json
check 'explain: CSV' looks csv -- tlsrpt-report explain --format=csv

check 'show: every sample, with all that stands in it' every_sample
check 'show: sentences' says '^Google Inc. saw 1,201 sessions to example.com on 2 September 2026. 14 failed$' \
	tlsrpt-report show "$top/samples/google-failures.eml"
check 'show: enforce keeps mail away' says 'did not deliver over these sessions' \
	tlsrpt-report show "$top/samples/google-failures.eml"
check 'show: the same sessions twice' says 'count the same sessions' \
	tlsrpt-report show "$top/samples/microsoft-html-first-part.eml"
check 'show: from standard input' sh -c \
	"tlsrpt-report show - <'$top/samples/google-plain.eml' | grep -q 'None failed'"
check 'show: unconfined, the same' sh -c "tlsrpt-report --no-sandbox show '$top/samples/google-failures.eml' >'$tmp/free'
	tlsrpt-report show '$top/samples/google-failures.eml' | diff - '$tmp/free'"
check 'show: not a report' exits 65 tlsrpt-report show "$top/samples/plain-mail.eml"
check 'show: no such file' exits 66 tlsrpt-report show "$tmp/none"
check 'show: JSON' looks json -- tlsrpt-report show --format=json "$top/samples/two-reports.eml"
check 'show: CSV' looks csv -- tlsrpt-report show --format=csv "$top/samples/google-failures.eml"
check 'show: a verdict is believed where it is asked for' says '^signature +valid, of' \
	tlsrpt-report show --authserv-id=mx.example.com "$top/samples/google-plain.eml"

for scenario in ready failing silent twice hostile; do
	check "reports: $scenario" make_db "$scenario"
done
tlsrpt-ingest -q -d "sqlite:$tmp/all.db" --quarantine="$tmp/q" \
	--authserv-id=mx.example.com "$top/samples" "$tmp/failing" "$tmp/twice"
key=$(sqlite3 "$tmp/all.db" "SELECT report_key FROM report
	WHERE report_id = '2026-09-02T00:00:00Z_example.com' AND auth <> 'fail'")
TLSRPT_DATABASE=sqlite:$tmp/examples.db tlsrpt-ingest -q --quarantine="$tmp/q" \
	--authserv-id=mx.example.com "$top/samples"
TLSRPT_DATABASE=sqlite:$tmp/examples.db
export TLSRPT_DATABASE
check 'the examples of the man page are true' examples
unset TLSRPT_DATABASE

check 'summary: all is well' says '^OK All is well' report ready
check 'summary: sessions that are counted twice are counted once' \
	member sessions 12 report twice --format=json
check 'summary: and so are their failures' member failed 1 report twice --format=json
check 'summary: the worst in the first line' says 'certificate of mx.example.org had expired' report failing
check 'summary: it is new' says '^new: ' report failing
check 'summary: since when' says 'Since 29 September 2026' report failing
check 'summary: testing does not keep mail away' says 'no mail is known to be lost' report failing
check 'summary: not new where it was there before' hides '^new: ' report failing --since=1d
check 'summary: silence' says 'Google Inc. has been silent for 9 days' report silent
check 'summary: one domain' member sessions 0 report ready --domain=other.example --format=json
check 'summary: one reporter' member sessions 1400 report ready --organization=Mail.ru --format=json
check 'summary: verified only' member sessions 0 report ready --verified-only --format=json
check 'summary: counts beyond all bounds' looks json -- report hostile --format=json
check 'failures: CSV' looks csv -- report hostile failures --format=csv
check 'failures: JSON' looks json -- report hostile failures --format=json
check 'reporters: days' says '^Google Inc. +1,400 +0 +28 of 30 ' report ready reporters
check 'reporters: a loop' says '^Ping .*loop' report ready reporters
check 'reporters: its silence does not count' hides 'Ping has been' report silent reporters
check 'reporters: CSV' looks csv -- report ready reporters --format=csv
for scenario in ready failing silent twice hostile; do
	for command in summary failures reporters 'readiness example.org'; do
		# shellcheck disable=SC2086
		check "$command, $scenario: 80 columns, no controls" \
			looks width 80 -- report "$scenario" $command
	done
	check "html, $scenario: lets nothing in" looks page -- report "$scenario" html
	check "digest, $scenario: a message" looks mail -- report "$scenario" digest --to=a@example.com --always
	check "metrics, $scenario: Prometheus' format" looks metrics -- report "$scenario" metrics
done

check 'readiness: ready' exits 0 report ready readiness example.org
check 'readiness: and says so' says '^Ready: example.org may go' report ready readiness example.org
check 'readiness: half of the senders saw the policy' \
	member share_current 0.49505 report ready readiness example.org --format=json
check 'readiness: not yet' exits 1 report failing readiness example.org
check 'readiness: what blocks it' member blockers "['failures']" \
	report failing readiness example.org --format=json
check 'readiness: some failures may be allowed' exits 0 \
	report failing readiness example.org --max-failure-rate=1
check 'readiness: not enough data' exits 2 report twice readiness example.org
check 'readiness: an unknown domain' exits 2 report ready readiness other.example
check 'readiness: a longer rule' exits 2 report ready readiness example.org --min-days=29 --since=28d
check 'readiness: how long to wait' member policy_until 2026-10-08 \
	report ready readiness example.org --format=json
check 'readiness: TLSA records, unpacked' says 'TLSA record 3 1 1 bb22: last seen on 29' \
	report twice readiness example.org
check 'readiness: CSV' looks csv -- report ready readiness example.org --format=csv

live() {
	printf '{"domain": "example.org", "check": "mta-sts", "status": "ok", "records": [%s], "findings": []}\n' "$1"
}
same_policy='{"type": "policy", "value": "version: STSv1\nmode: testing\nmx: mx.example.org\nmax_age: 604800\n"}'
live "$same_policy" >"$tmp/live.same"
live '{"type": "policy", "value": "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 604800"}' >"$tmp/live.mode"
live '{"type": "policy", "value": "version: STSv1\nmode: testing\nmx: mail.example.org\nmax_age: 604800"}' >"$tmp/live.mx"
live "$same_policy"', {"type": "TLSA", "value": "3 1 1 AA11", "ttl": 300}, {"type": "TLSA", "value": "3 1 1 cc33"}' >"$tmp/live.tlsa"
live '' >"$tmp/live.none"
sed 's/"mta-sts", "status": "ok"/"dane", "status": "ok"/' "$tmp/live.tlsa" >"$tmp/live.dane"
sed 's/"status": "ok"/"status": "unknown"/' "$tmp/live.none" >"$tmp/live.unknown"
cat "$tmp/live.same" "$tmp/live.dane" >"$tmp/live.two"
check 'drift: none' exits 0 report ready drift example.org --live="$tmp/live.same"
check 'drift: another mode' exits 1 report ready drift example.org --live="$tmp/live.mode"
check 'drift: it is named' member code mode-differs \
	report ready drift example.org --live="$tmp/live.mode" --format=json
check 'drift: how long a copy may live' member until 2026-10-08 \
	report ready drift example.org --live="$tmp/live.mode" --format=json
check 'drift: an unknown MX' says 'unknown-mx .*mx.example.org' \
	report failing drift example.org --live="$tmp/live.mx"
check 'drift: a new TLSA record' says 'tlsa-not-seen .*3 1 1 cc33' \
	report twice drift example.org --live="$tmp/live.two"
check 'drift: an old one, out of a string' says 'tlsa-withdrawn .*3 1 1 bb22' \
	report twice drift example.org --live="$tmp/live.two"
check 'drift: one that both have is none' hides 'aa11' \
	report twice drift example.org --live="$tmp/live.two"
check 'drift: a policy that is gone' says 'policy-withdrawn' \
	report ready drift example.org --live="$tmp/live.none"
check 'drift: of DANE alone says nothing of MTA-STS' hides 'MTA-STS' \
	report ready drift example.org --live="$tmp/live.dane"
check 'drift: what nobody knows is no drift' exits 75 \
	report ready drift example.org --live="$tmp/live.unknown"
check 'drift: wants to know what is published' exits 64 report ready drift example.org
check 'drift: rubbish' exits 65 report ready drift example.org --live="$top/README"
check 'drift: another domain' exits 65 report ready drift other.example --live="$tmp/live.same"

check 'check: in order' exits 0 report ready check --silence=99,99
check 'check: a warning' exits 1 report failing check --failure-rate=0.1,5
check 'check: critical' exits 2 report failing check --failure-rate=0.1,0.2
check 'check: silence' exits 2 report silent check --since=28d
check 'check: names who' says '^TLSRPT CRITICAL - Google Inc. silent for 9 days' \
	report silent check --since=28d
check 'check: no database' exits 3 tlsrpt-report -d "sqlite:$tmp/none.db" check
check 'check: says so on one line' says '^TLSRPT UNKNOWN - ' tlsrpt-report -d "sqlite:$tmp/none.db" check
check 'check: performance data' says ' \| failure_rate=0%;1;5;0 sessions=707 failed=0' \
	report ready check
cp "$tmp/ready.db" "$tmp/turned.db"
sqlite3 "$tmp/turned.db" "INSERT INTO intake (received_at, channel, outcome, reason)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
	SELECT '2026-09-30T12:00:00Z', 'mail', 'rejected', 'not-a-report' FROM n"
check 'check: quarantine grows' says '12 messages turned away' report turned check
check 'check: age' says 'last report came in 18 h ago' report ready check
check 'check: too old' exits 1 report ready check --age=17,19
check 'check: much too old' exits 2 report ready check --age=10,18

check 'digest: nothing to say' same '' "$(report ready digest --to=a@example.com)"
check 'digest: something to say' says '^Subject: TLS reports on all domains: ' \
	report failing digest --to=a@example.com
check 'digest: no address' exits 64 report ready digest
check 'digest: no header can be smuggled in' exits 64 report ready digest \
	--to="a@example.com
Bcc: b@example.com"
check 'digest: a configured address' sh -c "printf '[report]\nto=a@example.com\n' >'$tmp/conf' &&
	tlsrpt-report -c '$tmp/conf' -d 'sqlite:$tmp/failing.db' --until=2026-09-30 digest |
	grep -qx 'To: a@example.com'"

# digest_unit DATABASE: run what the unit starts; what sendmail got is in sent
digest_unit() {
	rm -f "$tmp/sent"
	mkdir -p "$tmp/fake"
	printf '#!/bin/sh\necho "$@" >"%s/sent"; cat >>"%s/sent"\n' "$tmp" \
		"$tmp" >"$tmp/fake/sendmail"
	chmod 755 "$tmp/fake/sendmail"
	printf '[database]\nuri=sqlite:%s\n[report]\nto=a@example.com\n' \
		"$tmp/$1.db" >"$tmp/digest.conf"
	# As systemd reads it: $$ is $, a line may go on; what ExecStart may not
	# do, and that the user stays the same, is for tests/units.sh.
	python3 - "$top/contrib/systemd/tlsrpt-digest.service" \
		"$tmp/fake/sendmail" >"$tmp/digest.sh" <<-'PY'
		import re, sys
		text = open(sys.argv[1]).read().replace("\\\n", " ")
		for step in "ExecStart", "ExecStartPost":
		    line = re.search(r"^%s=\+?/bin/sh -c '(.*)'$" % step, text, re.M)
		    line = line.group(1).replace("$$", "$")
		    line = re.sub(r"setpriv .*/usr/sbin/sendmail", sys.argv[2], line)
		    print("(", line.replace("tlsrpt-report digest",
		        "tlsrpt-report digest --until=2026-09-30"), ") || exit")
	PY
	RUNTIME_DIRECTORY=$tmp TLSRPT_CONFIG=$tmp/digest.conf sh "$tmp/digest.sh"
}
digest_is_sent() {
	digest_unit failing && grep -qx -- '-t -oi' "$tmp/sent" &&
		grep -qx 'To: a@example.com' "$tmp/sent" &&
		sed 1d "$tmp/sent" | python3 "$top/tests/report_check.py" mail
}
nothing_is_sent() {
	digest_unit ready && [ ! -e "$tmp/sent" ]
}
fails_without_database() {
	rm -f "$tmp/nix.db"
	if digest_unit nix 2>/dev/null; then return 1; fi
	[ ! -e "$tmp/sent" ]
}
check 'digest: the unit hands it to sendmail' digest_is_sent
check 'digest: the unit sends nothing where all is well' nothing_is_sent
check 'digest: the unit fails where there is no database' fails_without_database
check 'html: into a file' sh -c "tlsrpt-report -d 'sqlite:$tmp/ready.db' html -o '$tmp/page.html' &&
	tail -n 1 '$tmp/page.html' | grep -qx '</html>'"
check 'html: into a folder that is not there' exits 75 report ready html -o "$tmp/nix/page.html"
check 'a full disk is told' sh -c "tlsrpt-report -d 'sqlite:$tmp/ready.db' >/dev/full 2>'$tmp/full'
	[ \$? -eq 75 ] && grep -q 'could not be written' '$tmp/full'"
check 'metrics: failures by mode' says '^tlsrpt_failures\{.*mode="testing",mail="delivered"\} 6$' \
	report failing metrics

if command -v script >/dev/null; then
	on_terminal 60 tlsrpt-report -d "sqlite:$tmp/failing.db" --until=2026-09-30 >"$tmp/tty"
	check 'a terminal: colour' grep -q "$(printf '\033')\[33m" "$tmp/tty"
	check 'a terminal: a sparkline' grep -q '▇\|█' "$tmp/tty"
	check 'a terminal: its width' sh -c "sed 's/$(printf '\033')\\[[0-9;]*m//g' '$tmp/tty' |
		tr -d '\r' | python3 '$top/tests/report_check.py' width 60"
	NO_COLOR=1 on_terminal 60 tlsrpt-report -d "sqlite:$tmp/failing.db" \
		--until=2026-09-30 >"$tmp/tty"
	check 'NO_COLOR' sh -c "! grep -q '$(printf '\033')' '$tmp/tty'"
else
	skip 'a terminal' 'script(1) is not installed'
fi

pg_start >"$tmp/pg.log" 2>&1 || {
	skip 'PostgreSQL' 'no server is installed'
	finish
	exit
}
tlsrpt-db -q -d "$pg_uri" init --reader=reader
tlsrpt-ingest -q -d "$pg_uri" --quarantine="$tmp/q" --authserv-id=mx.example.com \
	"$top/samples" "$tmp/failing" "$tmp/twice"
check 'both: summary' both --until=2026-09-30 --format=json
check 'both: a long span' both --since=300w --until=2026-09-30 --format=json
check 'both: verified only' both --until=2026-09-30 --verified-only --format=json
check 'both: one domain' both --until=2026-09-30 --domain=example.org --format=json
check 'both: as text' both --until=2026-09-30
check 'both: readiness' both --until=2026-09-30 readiness example.org
check 'both: drift' both --until=2026-09-30 drift example.org --live="$tmp/live.mx"
check 'both: show by key' both show "$key"
check 'both: show by key, JSON' both show "$key" --format=json
check 'both: a key of no report' both show 00000000-0000-8000-8000-000000000000
check 'both: metrics but for arrivals' sh -c "for d in 'sqlite:$tmp/all.db' '$pg_reader_uri'; do
	tlsrpt-report -d \"\$d\" --until=2026-09-30 metrics | grep -v tlsrpt_messages |
	md5sum; done | uniq | wc -l | grep -qx 1"
check 'show by key shows what the mail shows' sh -c "
	tlsrpt-report -d '$pg_reader_uri' show $key >'$tmp/by.key'
	tlsrpt-report show --authserv-id=mx.example.com '$top/samples/google-failures.eml' |
	diff - '$tmp/by.key'"
check 'PostgreSQL: away' exits 75 tlsrpt-report -d "host=$tmp dbname=x user=x"
check 'PostgreSQL: no schema' says 'run tlsrpt-db init' \
	tlsrpt-report -d "postgresql:///postgres?host=$pg_dir&user=owner"
finish
