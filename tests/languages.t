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

# same_in_both COMMAND...: the language makes no difference
same_in_both() {
	in_english "$@" >"$tmp/english"
	in_german "$@" >"$tmp/german"
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
check 'a policy in German' says 'Richtlinie, auszuliefern unter' in_german \
	tlsrpt-dns make mta-sts example.com --mx=mx.example.com
check 'a finding in German' says 'falsch geschrieben' in_german \
	tlsrpt-dns lint tlsrpt 'v=TSLRPTv1; rua=mailto:a@example.com'
tlsrpt-ingest -q "$top/samples" </dev/null
check 'a summary in German' translated tlsrpt-report summary --since=2024-01-01
check 'a page in German' translated tlsrpt-report html --since=2024-01-01 -o -
check 'JSON is the same' same_in_both tlsrpt-report show --format=json "$report"
check 'and of a summary' same_in_both \
	tlsrpt-report summary --since=2024-01-01 --format=json
check 'and of findings' same_in_both \
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
