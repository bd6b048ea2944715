#!/bin/sh
# Completions for bash, zsh and fish, as the shells themselves see them.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

# programs: those of this build that are in $PATH
programs() {
	for program in tlsrpt-ingest tlsrptd tlsrpt-db tlsrpt-report tlsrpt-dns; do
		if command -v "$program" >/dev/null; then echo "$program"; fi
	done
}

# make SHELL PROGRAM: the completion, from what the program says
make_one() {
	"$2" --help | ${AWK:-awk} -v shell="$1" \
		-f "$top/build-aux/completions.awk" >"$tmp/$2.$1"
}

# complete_bash WORD...: what bash offers for the last of them
complete_bash() {
	bash -c '. "$1/$2.bash"; shift
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		"_${1//-/_}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$tmp" "$@"
}

complete_fish() {
	fish --no-config -c "source $tmp/$1.fish; complete -C '$2'" | cut -f 1
}

# A shell on a terminal of its own: a line, a tab, and what is on the screen.
complete_zsh() {
	cp "$tmp/$1.zsh" "$tmp/_$1"
	zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		say() { zpty -w shell "$1"; zpty -r shell reply "*$2*"; }
		say "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; echo ready\$((1))" ready1
		say "LISTMAX=1000; bindkey \"^I\" list-choices; setopt no_beep; echo set\$((1))" set1
		zpty -n -w shell "$2"$'"'\\t'"'
		zpty -r -t shell reply; n=0
		while (( n++ < 100 )) && [[ $seen != *"$3"* ]]; do
			zpty -r -t shell reply && seen+=$reply || sleep 0.05
		done
		zpty -d shell
		print -r -- "$seen"' zsh "$tmp" "$2" "$3"
}

# has WORD COMMAND...: one line of what it prints is the word
has() {
	word=$1
	shift
	"$@" >"$tmp/has.out"
	grep -qxF -- "$word" "$tmp/has.out" || { cat "$tmp/has.out"; return 1; }
}

# as_help PROGRAM: bash offers each option of --help, and no other
as_help() {
	"$1" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		sort >"$tmp/help"
	complete_bash "$1" -- | sed 's/=$//' | sort >"$tmp/offered"
	[ -s "$tmp/help" ] && diff "$tmp/help" "$tmp/offered"
}

for program in $(programs); do
	for shell in bash zsh fish; do
		check "$program: a completion for $shell" make_one $shell "$program"
	done
	if command -v bash >/dev/null; then
		check "$program: bash offers the options of --help" as_help "$program"
	fi
done

touch "$tmp/a.conf"
if command -v bash >/dev/null; then
	check 'bash: a choice' has quarantine complete_bash tlsrpt-ingest --on-invalid = qu
	check 'bash: a choice, before its first letter' \
		has json complete_bash tlsrpt-db --format =
	check 'bash: a file' has "$tmp/a.conf" complete_bash tlsrpt-db -c "$tmp/a"
	check 'bash: a command' has upgrade complete_bash tlsrpt-db up
	check 'bash: the first word of one' has lint complete_bash tlsrpt-dns li
	check 'bash: its second word' has mta-sts complete_bash tlsrpt-dns lint mt
fi
if command -v fish >/dev/null; then
	check 'fish: an option' has --format complete_fish tlsrpt-db 'tlsrpt-db --for'
	check 'fish: a choice' has --auth=require \
		complete_fish tlsrpt-ingest 'tlsrpt-ingest --auth=req'
	check 'fish: a command' has status complete_fish tlsrpt-db 'tlsrpt-db st'
	check 'fish: the first word of one' \
		has make complete_fish tlsrpt-dns 'tlsrpt-dns ma'
	check 'fish: its second word' \
		has authorization complete_fish tlsrpt-dns 'tlsrpt-dns make au'
else
	skip 'fish' 'fish is not installed'
fi
if command -v zsh >/dev/null; then
	check 'zsh: the options' says "what to do with DKIM's verdict" \
		complete_zsh tlsrpt-ingest 'tlsrpt-ingest --' verdict
	check 'zsh: the commands' says 'bring an older schema' \
		complete_zsh tlsrpt-db 'tlsrpt-db ' 'older schema'
	check 'zsh: the first words' says 'tlsrpt, mta-sts, authorization' \
		complete_zsh tlsrpt-dns 'tlsrpt-dns ' 'mta-sts, authorization'
	check 'zsh: the second words' says 'TLSA records of its MX hosts' \
		complete_zsh tlsrpt-dns 'tlsrpt-dns check ' 'TLSA records'
	check 'zsh: a choice' says 'require' \
		complete_zsh tlsrpt-ingest 'tlsrpt-ingest --auth=' require
else
	skip 'zsh' 'zsh is not installed'
fi
finish
