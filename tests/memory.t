#!/bin/sh
# One message takes eight times --max-report and ten seconds at most.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not there'
if readelf -W --dyn-syms "$(command -v tlsrpt-ingest)" 2>/dev/null |
	grep -q __asan_init; then
	skip_all 'AddressSanitizer takes all the address space there is'
fi
python3 -B "$top/tests/memory.py"
