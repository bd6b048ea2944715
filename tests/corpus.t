#!/bin/sh
# Other people's reports are read as it was worked out by other means.  They
# belong to their projects and are not part of this one.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

corpus=$top/../shared/corpus
[ -f "$corpus/expected.jsonl" ] || skip_all 'the collection is not there'
command -v python3 >/dev/null || skip_all 'python3 is not there'
vocabulary=$(PATH=$PATH:./tests:$top/tests command -v print_vocabulary) ||
	skip_all 'print_vocabulary is not built'
python3 -B "$top/tests/corpus_compare.py" "$corpus" "$vocabulary"
