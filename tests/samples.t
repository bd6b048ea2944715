#!/bin/sh
# Every sample is read as samples.expected.jsonl says.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

command -v python3 >/dev/null || skip_all 'python3 is not there'
python3 -B "$top/tests/samples_compare.py" "$top"
