#!/bin/sh
# What people read is in their language; what programs read is not.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v msgfmt >/dev/null || skip_all 'msgfmt is not installed'
for program in tlsrpt-report tlsrpt-ingest tlsrpt-dns; do
	command -v "$program" >/dev/null || skip_all "no $program in PATH"
done

TEXTDOMAINDIR=$tmp/po
export TEXTDOMAINDIR
mkdir -p "$tmp/po/de/LC_MESSAGES"

in_german() {
	LC_ALL=C.UTF-8 LANGUAGE=de "$@"
}

in_english() {
	LC_ALL=C.UTF-8 LANGUAGE=en "$@"
}

# same_in_both COMMAND...: the language makes no difference, nor to the status
same_in_both() {
	status_english=0
	status_german=0
	in_english "$@" >"$tmp/english" || status_english=$?
	in_german "$@" >"$tmp/german" || status_german=$?
	[ "$status_english" -eq "$status_german" ] &&
		[ -s "$tmp/english" ] && diff "$tmp/english" "$tmp/german"
}

# translated COMMAND...: it makes one
translated() {
	in_english "$@" >"$tmp/english"
	in_german "$@" >"$tmp/german"
	[ -s "$tmp/german" ] && ! cmp -s "$tmp/english" "$tmp/german"
}

# same_complaint COMMAND...: nor to what it says of an error, where the C
# library speaks the language as well
same_complaint() {
	in_english "$@" 2>"$tmp/english" && return 1
	in_german "$@" 2>"$tmp/german" && return 1
	[ -s "$tmp/english" ] && diff "$tmp/english" "$tmp/german"
}

# one_of_each [DOMAIN]: readiness by a rule that is content with one, in a line
one_of_each() {
	tlsrpt-report readiness "${1:-example.com}" --min-sessions=1 \
		--min-reporters=1 | tr -s '\n ' '  '
	echo
}

report=$top/samples/google-failures.eml
check 'the catalogue compiles' msgfmt --check \
	-o "$tmp/po/de/LC_MESSAGES/tlsrpt-tools.mo" "$top/po/de.po"
# complete CATALOGUE: every marked text of the source, and none in doubt
complete() {
	sh "$top/po/update" "$tmp/texts.pot" || return 1
	msgmerge --quiet --no-fuzzy-matching -o "$tmp/merged.po" "$1" \
		"$tmp/texts.pot" || return 1
	LC_ALL=C msgfmt --statistics -o /dev/null "$tmp/merged.po" 2>"$tmp/count"
	grep -qE 'untranslated|fuzzy' "$tmp/count" || return 0
	cat "$tmp/count"
	msgattrib --untranslated --no-wrap "$tmp/merged.po"
	msgattrib --only-fuzzy --no-wrap "$tmp/merged.po"
	echo '"make update-po" puts them into the catalogue'
	return 1
}

# explained_in_both: every word that explain knows, as it lists them itself
explained_in_both() {
	in_english tlsrpt-report explain --format=json |
		sed -n 's/.*"\(code\|name\|word\)": *"\([a-z0-9-]*\)".*/\2/p' \
			>"$tmp/words"
	[ "$(wc -l <"$tmp/words")" -ge 20 ] || return 1
	while read -r word; do
		translated tlsrpt-report explain "$word" || {
			echo "the same in both languages: $word"
			return 1
		}
	done <"$tmp/words"
}

# fits COMMAND...: in German it takes no more columns than a terminal has
fits() {
	in_german "$@" >"$tmp/german"
	[ -s "$tmp/german" ] || return 1
	[ "$(LC_ALL=C.UTF-8 wc -L <"$tmp/german")" -le 80 ] || {
		echo "too wide: $*"
		LC_ALL=C.UTF-8 grep -E '.{81}' "$tmp/german"
		return 1
	}
}

# explanations_fit: of every word, from explained_in_both()
explanations_fit() {
	fits tlsrpt-report explain || return 1
	while read -r word; do
		fits tlsrpt-report explain "$word" || return 1
	done <"$tmp/words"
}

# reports_fit: of every sample that is a report
reports_fit() {
	found=0
	for file in "$top"/samples/*.eml "$top"/samples/*.json; do
		in_german tlsrpt-report show "$file" >/dev/null 2>&1 || continue
		found=$((found + 1))
		fits tlsrpt-report show "$file" || return 1
	done
	[ "$found" -ge 20 ]
}

# audits: of a domain whose name server is not there, all at a time
audits() {
	for form in text html json; do
		for speaker in in_english in_german; do
			"$speaker" tlsrpt-dns audit example.com --format="$form" \
				--resolver=127.0.0.1@1 --timeout=1 \
				>"$tmp/$form.$speaker" 2>&1 &
		done
	done
	wait
}

# monitored: what a plugin says, without the age in it
monitored() {
	status_check=0
	tlsrpt-report check --since=2024-01-01 >"$tmp/line" || status_check=$?
	sed 's/ | .*//' "$tmp/line"
	return "$status_check"
}

if command -v xgettext >/dev/null; then
	check 'German is complete' complete "$top/po/de.po"
else
	skip 'German is complete' 'xgettext is not installed'
fi
check 'a report in English' says 'What to do' in_english tlsrpt-report show "$report"
check 'a report in German' says 'Was zu tun ist' in_german tlsrpt-report show "$report"
check 'a sentence with a number' says 'Sitzung' in_german tlsrpt-report show "$report"
check 'an explanation in German' says 'Das Zertifikat' \
	in_german tlsrpt-report explain certificate-expired
check 'every word is explained in both' explained_in_both
check 'and fits a terminal' explanations_fit
check 'so does every report' reports_fit
check 'a number and a date in German' says \
	'1.201 Sitzungen zu example.com am 2. September 2026' \
	in_german tlsrpt-report show "$report"
check 'a policy in German' says 'Richtlinie, auszuliefern unter' in_german \
	tlsrpt-dns make mta-sts example.com --mx=mx.example.com --offline
check 'a finding in German' says 'falsch geschrieben' in_german \
	tlsrpt-dns lint tlsrpt 'v=TSLRPTv1; rua=mailto:a@example.com'
audits
check 'an audit in English' says 'A lookup in DNS failed' \
	cat "$tmp/text.in_english"
check 'an audit in German' says 'Eine Abfrage im DNS ist gescheitert' \
	cat "$tmp/text.in_german"
check 'and fits a terminal' fits cat "$tmp/text.in_german"
check 'its page in English' says '<html lang="en">' cat "$tmp/html.in_english"
check 'its page in German' says '<html lang="de">' cat "$tmp/html.in_german"
check 'its JSON is the same' diff "$tmp/json.in_english" "$tmp/json.in_german"
tlsrpt-ingest -q "$top/samples" </dev/null
check 'a summary in German' translated tlsrpt-report summary --since=2024-01-01
check 'it fits a terminal' fits tlsrpt-report summary --since=2024-01-01
check 'so do the failures' fits tlsrpt-report failures --since=2024-01-01
check 'and the reporters' fits tlsrpt-report reporters --since=2024-01-01
check 'a page in German' translated tlsrpt-report html --since=2024-01-01 -o -
check 'one session is one session' says ', 1 reporter and 1 session\.' \
	in_english one_of_each
check 'and in German' says ', 1 Berichterstatter und 1 Sitzung\.' \
	in_german one_of_each
check 'two are two' says 'Heard: [02-9]+ sessions, from [02-9]+ reporters\.' \
	in_english one_of_each nowhere.example
check 'and in German' says 'Gehört: [02-9]+ Sitzungen, [02-9]+ Berichterst' \
	in_german one_of_each nowhere.example
check 'JSON is the same' same_in_both tlsrpt-report show --format=json "$report"
check 'and of a summary' same_in_both \
	tlsrpt-report summary --since=2024-01-01 --format=json
check 'CSV is the same' same_in_both \
	tlsrpt-report failures --since=2024-01-01 --format=csv
check 'the line for monitoring is the same' same_in_both monitored
check 'JSON of findings is the same' same_in_both \
	tlsrpt-dns lint tlsrpt --format=json 'v=TSLRPTv1; rua=mailto:a@example.com'
check 'a record is the same' same_in_both tlsrpt-dns make tlsrpt example.com \
	--rua=mailto:tlsrpt@example.com --format=zone
check 'metrics are the same' same_in_both tlsrpt-report metrics --since=2024-01-01
check 'the agent speaks one language' same_in_both \
	tlsrpt-ingest --dry-run --format=json "$top/samples/rfc8460-example.eml"
check 'without a language, English' says 'What to do' \
	env LC_ALL=C LANGUAGE=de tlsrpt-report show "$report"
check 'a diagnostic is the same' same_complaint \
	tlsrpt-report show "$tmp/not-there"
finish
