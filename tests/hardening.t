#!/bin/sh
# The programs are built so that a slip in them is hard to make use of.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v readelf >/dev/null || skip_all 'readelf is not there'
programs='tlsrpt-ingest tlsrpt-db tlsrptd tlsrpt-report tlsrpt-dns'
machine=$(uname -m)

path_of() {
	command -v "$1"
}

# elf PROGRAM OPTION PATTERN: what readelf says matches
elf() {
	readelf -W "$2" "$(path_of "$1")" >"$tmp/elf" 2>&1
	grep -Eq -- "$3" "$tmp/elf" || { head -n 60 "$tmp/elf"; return 1; }
}

elf_not() {
	! elf "$@" >/dev/null
}

# A lazily bound table of functions could be written to.
bound_at_once() {
	elf "$1" -d 'BIND_NOW|FLAGS_1.* NOW'
}

# No part of memory is to be written and run.
no_writable_code() {
	elf_not "$1" -l '^ *LOAD .* RWE '
}

# Each kind of check leaves a call behind: at least one is there.
fortified() {
	elf "$1" --dyn-syms '__[a-z]+_chk'
}

protected_stack() {
	elf "$1" --dyn-syms '__stack_chk_fail'
}

# Indirect jumps land on a mark; the C library's own parts are not ours.
marked_branches() {
	case $machine in
	x86_64) mark='endbr64' ;;
	aarch64) mark='(bti|paciasp)' ;;
	*) return 0 ;;
	esac
	objdump -d --no-show-raw-insn "$(path_of "$1")" >"$tmp/code"
	[ "$(grep -Ec "\s$mark" "$tmp/code")" -gt 20 ]
}

# The linker says so of a program only where all of its parts are marked, and
# some C libraries' are not.
library_is_marked() {
	[ "$machine" = x86_64 ] || return 1
	echo 'int main(void) { return 0; }' >"$tmp/mark.c"
	"${CC:-cc}" -fcf-protection=full "$tmp/mark.c" -o "$tmp/mark" &&
		readelf -n "$tmp/mark" | grep -q 'IBT, SHSTK'
}

# The kernel is told that branches are marked, and may insist on it.
says_marked() {
	elf "$1" -n 'IBT, SHSTK'
}

no_setuid() {
	[ ! -u "$(path_of "$1")" ] && [ ! -g "$(path_of "$1")" ]
}

no_search_path() {
	elf_not "$1" -d '(RPATH|RUNPATH)'
}

if elf tlsrpt-ingest --dyn-syms '__asan_init|__ubsan' >/dev/null; then
	skip_all 'the sanitizers take the place of the hardening'
fi
if grep -aq '\.gcda' "$(path_of tlsrpt-ingest)"; then
	skip_all 'a build that counts lines is not hardened'
fi

marked=no
if library_is_marked >"$tmp/mark.log" 2>&1; then marked=yes; fi

for program in $programs; do
	path_of "$program" >/dev/null || continue
	check "$program: lies anywhere in memory (PIE)" \
		elf "$program" -h 'Type: +DYN'
	check "$program: relocations are read-only" elf "$program" -l 'GNU_RELRO'
	check "$program: functions are bound at the start" bound_at_once "$program"
	check "$program: the stack is no code" elf "$program" -l 'GNU_STACK.* RW '
	check "$program: no memory is code and writable" no_writable_code "$program"
	check "$program: the stack is guarded" protected_stack "$program"
	check "$program: calls are checked (fortify)" fortified "$program"
	check "$program: branches are marked (CET, BTI)" marked_branches "$program"
	if [ $marked = yes ]; then
		check "$program: says that they are marked" says_marked "$program"
	else
		skip "$program: says that they are marked" \
			'the parts of the C library are not marked here'
	fi
	check "$program: takes libraries from the system only" no_search_path "$program"
	check "$program: takes nobody's rights" no_setuid "$program"
done
finish
