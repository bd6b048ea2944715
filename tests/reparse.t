#!/bin/sh
# tlsrpt-db reparse: rows that an older program read worse come back as ingest
# would write them, whatever happens meanwhile.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/pg.sh
. "$top/tests/pg.sh"
cleanup() { pg_drop; }

# documents FOLDER N: of as many reports; mails FOLDER N: the first of them
# once more, by mail that is authenticated, each fifth with other numbers
documents() {
	python3 - "$@" <<-'EOS'
		import json, os, sys
		folder, n = sys.argv[1], int(sys.argv[2])
		os.makedirs(folder)
		def report(i, more=0):
		    day = "2026-%02d-%02d" % (i % 4 + 1, i % 28 + 1)
		    return json.dumps({"organization-name": "Reporter %d" % (i % 7),
		        "date-range": {"start-datetime": day + "T00:00:00Z",
		            "end-datetime": day + "T23:59:59Z"},
		        "contact-info": "tls@reporter.example", "report-id": "r%d" % i,
		        "policies": [{"policy": {"policy-type": t,
		            "policy-string": ["version: STSv1", "mode: enforce"],
		            "policy-domain": "d%d.example" % (i % 5),
		            "mx-host": ["*.example"]},
		            "summary": {"total-successful-session-count": i + more,
		                "total-failure-session-count": 3},
		            "failure-details": [{"result-type": r,
		                "sending-mta-ip": "2001:db8::%x" % i,
		                "receiving-mx-hostname": "mx.example",
		                "failed-session-count": 1 + i % 2} for r in
		                ("certificate-expired", "validation-failure")
		                * (3000 if i == 7 else 1)]}
		            for t in (("sts", "tlsa") if i % 3 else ("sts",))]})
		head = ("From: tls@reporter.example\nTo: t@d.example\nSubject: r\n"
		    "Authentication-Results: mx.example.com; dkim=pass"
		    " header.d=reporter.example\nTLS-Report-Domain: d%d.example\n"
		    "TLS-Report-Submitter: reporter.example\n"
		    "Content-Type: application/tlsrpt+json\n\n")
		for i in range(n):
		    if folder.endswith("mails"):
		        text = head % (i % 5) + report(i, i % 5 == 0)
		    else:
		        text = report(i)
		    open("%s/%d" % (folder, i), "w").write(text)
	EOS
}

ingest() {
	tlsrpt-ingest -q -d "$uri" --quarantine="$tmp/quarantine" \
		--authserv-id=mx.example.com "$@" </dev/null
}

# ask SQL...: the answer of the database under test; @ stands for its schema
ask() {
	case $uri in
	sqlite:*)
		printf '%s;\n' "$@" | sed 's/@//g' |
			sqlite3 -bail -cmd '.timeout 60000' "${uri#sqlite:}"
		;;
	*)
		printf '%s;\n' "$@" | sed 's/@/tlsrpt./g' |
			psql -XqAt -v ON_ERROR_STOP=1
		;;
	esac
}

# dump FILE: every row, in order, and what the sums come to
dump() {
	case $uri in
	sqlite:*) list='json_group_array(value) FROM json_each(deviations)' ;;
	*) list='array_to_string(deviations, $$,$$)' ;;
	esac
	ask "SELECT report_key, start_time, end_time, organization, report_id,
		contact, submitter, channel, auth, auth_domain, (SELECT $list),
		length(document) FROM @report ORDER BY report_key" \
		'SELECT * FROM @policy ORDER BY report_key, policy_no' \
		'SELECT * FROM @failure
			ORDER BY report_key, policy_no, failure_no' \
		'SELECT report_key, auth, length(document) FROM @superseded
			ORDER BY 1, 2, 3' \
		'SELECT * FROM @daily ORDER BY 1, 2, 3, 4' \
		'SELECT * FROM @daily_failure ORDER BY 1, 2, 3, 4, 5' >"$1"
	[ -s "$1" ]
}

# as_before [FILE]: each row is what it was, and the sums are theirs
as_before() {
	dump "$tmp/after" && diff "${1:-$tmp/good}" "$tmp/after" && in_order
}

in_order() {
	tlsrpt-db --format=json -d "$uri" status >"$tmp/status"
	sed 's/.*"problems"//; s/"code": "implausible-dates"//' "$tmp/status" |
		grep '"code"' || return 0
	return 1
}

# rebuild: the sums, as the older program would have written them
rebuild() {
	case $uri in
	sqlite:*) ;;
	*)
		ask "SELECT @rebuild_rollups('0001-01-01', '9999-12-31')" >"$tmp/x"
		return
		;;
	esac
	open='day >= (SELECT closed_before FROM retention)'
	keys='day, organization, auth, policy_type, sts_mode'
	ask "BEGIN; DELETE FROM policy_day WHERE $open" \
		"DELETE FROM failure_day WHERE $open" \
		"DELETE FROM total_day WHERE $open" \
		"DELETE FROM total_failure_day WHERE $open" \
		"INSERT INTO policy_day SELECT day, policy_domain, organization, auth,
		policy_type, sts_mode, policies, reports, successful, failed,
		twice_successful, twice_failed FROM policy_rollup
		WHERE policies > 0 AND $open" \
		"INSERT INTO failure_day SELECT day, policy_domain, organization,
		auth, policy_type, sts_mode, result_type, receiving_mx_hostname,
		details, failed, failure_reason_code FROM failure_rollup
		WHERE $open" \
		"INSERT INTO total_day (day, slot, organization, auth, policy_type,
		sts_mode, policies, reports, successful, failed, twice_successful,
		twice_failed, lag_seconds, last_received_at)
		SELECT day, 0, organization, auth, policy_type, sts_mode,
		sum(policies), sum(first), CAST(total(successful) AS INTEGER),
		CAST(total(failed) AS INTEGER),
		CAST(total(twice_successful) AS INTEGER),
		CAST(total(twice_failed) AS INTEGER), sum(lag_seconds * first),
		max(received_at) FROM policy_rollup WHERE $open GROUP BY $keys" \
		"INSERT INTO total_failure_day (day, slot, organization, auth,
		policy_type, sts_mode, result_type, details, failed)
		SELECT day, 0, organization, auth, policy_type, sts_mode,
		result_type, sum(details), CAST(total(failed) AS INTEGER)
		FROM failure_rollup WHERE $open GROUP BY $keys, result_type" COMMIT
}

# damage: rows as a worse decoder would have read them, and sums of these
damage() {
	case $uri in
	sqlite:*) list="replace(replace(deviations, '\"failure-sum\"', ''),
		'[]', '[\"key-case\"]')" ;;
	*) list="array_append(array_remove(deviations, 'failure-sum'),
		'key-case')" ;;
	esac
	ask "UPDATE @failure SET result_type = 'tlsa-invalid', failed = failed + 3
		WHERE result_type = 'certificate-expired'" \
		'DELETE FROM @failure WHERE failure_no = 2' \
		"UPDATE @policy SET successful = 5, sts_mode = NULL,
		policy_type = 'sts' WHERE policy_no = 1" \
		'DELETE FROM @policy WHERE policy_no = 2' \
		'DELETE FROM @failure WHERE policy_no = 2' \
		"UPDATE @report SET contact = NULL
		WHERE organization = 'Reporter 3'" \
		"UPDATE @report SET deviations = $list
		WHERE organization = 'Reporter 4'" && rebuild && in_order
}

reparse() {
	tlsrpt-db -d "$uri" reparse --format=json "$@" >"$tmp/said" \
		2>"$tmp/errors"
}

# number NAME: of the object that was said
number() {
	sed -n "s/.*\"$1\": \([^,}]*\).*/\1/p" "$tmp/said"
}

# position: where the run that is under way has come to
position() {
	ask 'SELECT report_key FROM @reparse'
}

# changes WANT: a run says that so many reports changed, and nothing is amiss
changes() {
	reparse
	[ ! -s "$tmp/errors" ] || { cat "$tmp/errors"; return 1; }
	same "$1" "$(number changed)" && same '' "$(position)"
}

# dry: it says what would change, and changes nothing
dry() {
	dump "$tmp/bad"
	cmp -s "$tmp/good" "$tmp/bad" && return 1
	reparse -n && cat "$tmp/said" && dump "$tmp/after" &&
		cmp "$tmp/bad" "$tmp/after" &&
		same true "$(number dry_run)" && same '' "$(position)" &&
		would=$(number changed) && [ "$would" -gt 100 ] &&
		[ "$(number deviations)" -gt 0 ] &&
		[ "$(number reporter)" -gt 0 ] &&
		[ "$(number policies)" -gt 0 ] && [ "$(number failures)" -gt 0 ] &&
		same 0 "$(number identity)"
}

# first TABLE COLUMN: of the report with the id r1, of which there is one
of_r1() {
	ask "SELECT $1 FROM @report WHERE report_id = 'r1'"
}

# unreadable: a document that is no report any more is left, and told
unreadable() {
	key=$(of_r1 report_key)
	case $uri in
	sqlite:*) bytes="CAST(document AS TEXT)" as='CAST(%s AS BLOB)' ;;
	*) bytes="convert_from(document, 'UTF8')" as="convert_to(%s, 'UTF8')" ;;
	esac
	# shellcheck disable=SC2059
	wrong=$(printf "$as" "replace($bytes, '2026-', 'July ')")
	# shellcheck disable=SC2059
	right=$(printf "$as" "replace($bytes, 'July ', '2026-')")
	# shellcheck disable=SC2059
	empty=$(printf "$as" "''")
	ask "UPDATE @report SET document = $wrong WHERE report_id = 'r1'" &&
		dump "$tmp/bad" && reparse && same 1 "$(number unreadable)" &&
		same 0 "$(number changed)" &&
		grep -q "tlsrpt-db: $key: left as it is: start-datetime is no date" \
			"$tmp/errors" && same 1 "$(wc -l <"$tmp/errors")" &&
		as_before "$tmp/bad" || return 1
	ask "UPDATE @report SET document = $right WHERE report_id = 'r1'" &&
		as_before || return 1
	# One whose document somebody took away to save room.
	ask "CREATE TABLE kept AS SELECT document FROM @report
		WHERE report_id = 'r1'" \
		"UPDATE @report SET document = $empty WHERE report_id = 'r1'" &&
		reparse && same 1 "$(number no_document)" &&
		same 00 "$(number changed)$(number unreadable)" &&
		ask "UPDATE @report SET document = (SELECT document FROM kept)
		WHERE report_id = 'r1'" 'DROP TABLE kept' && as_before
}

# moved: another key comes out than an older program made
moved() {
	key=$(of_r1 report_key)
	for table in report policy failure; do
		ask "UPDATE @$table SET report_key =
			'ffffffff-ffff-8fff-8fff-ffffffffffff'
			WHERE report_key = '$key'"
	done
	changes 1 && same 1 "$(number identity)" && as_before
}

# merged: and that key is taken already, by the same content
merged() {
	key=$(of_r1 report_key)
	for table in report policy failure; do
		ask "CREATE TABLE other AS SELECT * FROM @$table
			WHERE report_key = '$key'" \
			"UPDATE other SET report_key =
			'00000000-0000-8000-8000-000000000001'" \
			"INSERT INTO @$table SELECT * FROM other" 'DROP TABLE other'
	done
	rebuild && in_order && changes 1 && as_before
}

# refused: a trigger refuses one report's rows; all others are written
refused() {
	case $uri in
	sqlite:*)
		ask "CREATE TRIGGER refuse BEFORE INSERT ON policy WHEN
			(SELECT report_id FROM report r WHERE r.report_key =
			new.report_key) = 'r1'
			BEGIN SELECT raise(ABORT, 'not this one'); END"
		;;
	*)
		ask "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
			\$\$ BEGIN IF (SELECT report_id FROM @report r WHERE
			r.report_key = new.report_key) = 'r1' THEN
			RAISE 'not this one' USING ERRCODE = '23514'; END IF;
			RETURN new; END \$\$" \
			'CREATE TRIGGER refuse BEFORE INSERT ON @policy
			FOR EACH ROW EXECUTE FUNCTION public.refuse()'
		;;
	esac
	damage && reparse || return 1
	case $uri in
	sqlite:*) ask 'DROP TRIGGER refuse' ;;
	*) ask 'DROP TRIGGER refuse ON @policy' ;;
	esac
	same 1 "$(number refused)" && same $((would - 1)) "$(number changed)" &&
		grep -q "left as it is: .*not this one" "$tmp/errors" &&
		in_order && changes 1 && as_before
}

# hold: another writer has what reparse needs, until release
hold() {
	mkfifo "$tmp/fifo"
	case $uri in
	sqlite:*)
		sqlite3 "${uri#sqlite:}" <"$tmp/fifo" >"$tmp/held" 2>&1 &
		;;
	*) psql -XqAt <"$tmp/fifo" >"$tmp/held" 2>&1 & ;;
	esac
	holder=$!
	exec 9>"$tmp/fifo"
	case $uri in
	sqlite:*) echo 'BEGIN IMMEDIATE; SELECT 1;' >&9 ;;
	*) echo "BEGIN; SELECT 1 FROM tlsrpt.report WHERE report_key = '$1'
		FOR UPDATE;" >&9 ;;
	esac
	wait_for 20 [ -s "$tmp/held" ]
}

release() {
	exec 9>&-
	wait "$holder"
	rm -f "$tmp/fifo" "$tmp/held"
}

# waits: reparse has come to where another holds what it needs
waits() {
	case $uri in
	sqlite:*)
		# shellcheck disable=SC2010
		ls -l "/proc/$running/fd" | grep -q 'db-wal'
		;;
	*)
		[ "$(ask "SELECT count(*) FROM pg_stat_activity
			WHERE wait_event_type = 'Lock'
			AND application_name = 'tlsrpt-db'")" = 1 ]
		;;
	esac
}

# stopped SIGNAL STATUS: it comes while reparse is in a transaction
stopped() {
	damage || return 1
	# In the middle: PostgreSQL has some transactions behind it then.
	hold "$(ask 'SELECT report_key FROM @report ORDER BY 1
		LIMIT 1 OFFSET 1400')" || return 1
	tlsrpt-db -d "$uri" reparse --format=json >"$tmp/said" 2>"$tmp/errors" 9>&- &
	running=$!
	wait_for 20 waits
	kill -s "$1" "$running"
	if [ "$1" = KILL ]; then
		wait "$running"
		status=$?
		release
	else
		release
		wait "$running"
		status=$?
		grep -q 'run it again' "$tmp/errors" || return 1
		same false "$(number finished)" || return 1
		# SQLite's other writer lets nobody begin.
		case $uri in
		sqlite:*) ;;
		*) [ "$(number changed)" -gt 0 ] && [ -n "$(position)" ] ||
			return 1 ;;
		esac
	fi
	same "$2" "$status" && in_order && reparse || return 1
	case $1-$uri in
	TERM-post*) same true "$(number resumed)" || return 1 ;;
	esac
	same '' "$(position)" && as_before
}

# killed: again and again, a little further each time
killed() {
	damage || return 1
	kills=0
	for _ in 1 2 3 4 5 6 7 8; do
		here=$(position)
		tlsrpt-db -q -d "$uri" reparse 2>"$tmp/errors" &
		running=$!
		# One that has ended has no program any more.
		while [ "$(position)" = "$here" ] && [ -e "/proc/$running/exe" ]; do
			:
		done
		if kill -s KILL "$running" 2>"$tmp/x"; then kills=$((kills + 1)); fi
		wait "$running"
		in_order || return 1
	done
	echo "$kills kills"
	[ "$kills" -gt 1 ] && reparse && as_before
}

# another_program: what another version began is begun anew
another_program() {
	damage && ask "UPDATE @reparse SET program = '0.0',
		report_key = 'f0000000-0000-8000-8000-000000000000',
		start_time = '2026-01-01T00:00:00Z'" && reparse &&
		same false "$(number resumed)" &&
		same "$would" "$(number changed)" && as_before
}

# beside: new reports, known ones and better ones come in meanwhile
beside() {
	damage || return 1
	tlsrpt-db -q -d "$uri" reparse >"$tmp/said" 2>"$tmp/errors" &
	running=$!
	ingest "$tmp/mails" "$tmp/fresh" "$tmp/documents" || return 1
	wait "$running" || { cat "$tmp/errors"; return 1; }
	# What was raised or replaced behind its back is right, too.
	as_before "$tmp/best" && changes 0
}

# two: runs at once do no harm
two() {
	damage || return 1
	tlsrpt-db -q -d "$uri" reparse 2>"$tmp/errors" &
	running=$!
	tlsrpt-db -q -d "$uri" reparse && wait "$running" || return 1
	as_before && same '' "$(position)"
}

# closed: the sums of days whose reports were pruned stay as they are
closed() {
	tlsrpt-db -q -d "$uri" prune --keep=1d --keep-sums=forever || return 1
	ingest "$tmp/documents" && dump "$tmp/good" && in_order &&
		ask "UPDATE @policy SET successful = 1" 'DELETE FROM @failure' &&
		rebuild && in_order && reparse &&
		[ "$(number changed)" -gt 1000 ] && as_before
}

# foreign: a policy that was not ours when it came in does not come back
foreign() {
	sed 's/"policy-domain": "d1/"policy-domain": "d2/2; s/"r1"/"f1"/' \
		"$tmp/documents/1" >"$tmp/foreign.json"
	ingest --domain=d1.example "$tmp/foreign.json" &&
		same 1 "$(ask "SELECT count(*) FROM @policy p JOIN @report r
			ON p.report_key = r.report_key WHERE report_id = 'f1'")" &&
		dump "$tmp/good" && changes 0 &&
		ask "UPDATE @policy SET successful = 0 WHERE report_key =
		(SELECT report_key FROM @report WHERE report_id = 'f1')" &&
		rebuild && changes 1 && as_before
}

quiet() {
	same '' "$(tlsrpt-db -q -d "$uri" reparse 2>&1)"
}

# both_kinds NAME: all of it, on the database at $uri
both_kinds() {
	ingest "$top/samples" "$tmp/documents"
	dump "$tmp/good"
	check "$1: nothing changes of what was read by this program" changes 0
	check "$1: really" as_before
	check "$1: quiet" quiet
	check "$1: damaged" damage
	check "$1: --dry-run says how much, and changes nothing" dry
	check "$1: the same changes" changes "$would"
	check "$1: each row is what it was" as_before
	check "$1: a second run changes nothing" changes 0
	check "$1: a document that is no report is left" unreadable
	check "$1: another key" moved
	check "$1: a key that is taken" merged
	check "$1: what the database refuses is left" refused
	check "$1: SIGTERM ends a transaction, and then the run" stopped TERM 75
	check "$1: SIGKILL in the middle of a transaction" stopped KILL 137
	check "$1: SIGKILL after each of them" killed
	check "$1: the run of another program" another_program
	check "$1: two runs at once" two
	check "$1: reports come in meanwhile" beside
	check "$1: policies of others" foreign
	check "$1: days that are closed" closed
}

check 'no operands' exits 64 tlsrpt-db -d "sqlite:$tmp/a.db" reparse all
check '--keep does not go with it' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" reparse --keep=1d
check '--dry-run does not go with status' exits 64 \
	tlsrpt-db -d "sqlite:$tmp/a.db" status --dry-run
check 'no database is made' exits 75 tlsrpt-db -d "sqlite:$tmp/none.db" reparse
check 'really' [ ! -e "$tmp/none.db" ]
printf '[ingest]\nmax-report=many\n' >"$tmp/bad.conf"
check 'a limit that is none' exits 78 \
	tlsrpt-db -c "$tmp/bad.conf" -d "sqlite:$tmp/a.db" reparse

mkdir "$tmp/quarantine"
documents "$tmp/documents" 2000
documents "$tmp/fresh" 2300
rm "$tmp/fresh"/? "$tmp/fresh"/?? "$tmp/fresh"/??? "$tmp/fresh"/1???
documents "$tmp/mails" 400

# What all that came in comes to, whoever is at work meanwhile.
best() {
	ingest "$top/samples" "$tmp/documents"
	ingest "$tmp/mails" "$tmp/fresh" "$tmp/documents"
	dump "$tmp/best"
}

uri=sqlite:$tmp/best.db
best
uri=sqlite:$tmp/a.db
both_kinds sqlite
if pg_start; then
	tlsrpt-db -q -d "$pg_uri" init
	psql -Xq -c 'CREATE DATABASE best'
	best_uri="postgresql:///best?host=$pg_dir&user=owner"
	tlsrpt-db -q -d "$best_uri" init
	uri=$best_uri
	PGDATABASE=best
	best
	PGDATABASE=tlsrpt
	uri=$pg_uri
	both_kinds postgresql
else
	skip 'PostgreSQL' 'PostgreSQL is not installed'
fi
finish
