#!/bin/sh
# What the fuzzers found worth keeping, and the samples, once more.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

for name in authres config decode gunzip lmtp report source uri; do
	program=$(PATH=$PATH:./tests command -v "replay_$name") || continue
	check "$name" "$program" "$top/tests/corpus-$name" "$top/samples"
done
[ "$n" -gt 0 ] || skip_all 'they are not built'
finish
