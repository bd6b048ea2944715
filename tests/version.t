#!/bin/sh
# --version names the release, and with -v every library that is linked.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

version=$(sed -n 's/^AC_INIT(\[tlsrpt-tools\], \[\([0-9.]*\)\].*/\1/p' \
	"$top/configure.ac")

# linked PROGRAM: libraries that it asks for, but for the C library's and what
# they bring along
linked() {
	objdump -p "$(command -v "$1")" | sed -n 's/^ *NEEDED *//p' |
		grep -Ev '^(libc|libm|libgcc_s|libgobject-2\.0|libcrypto|libpthread|libdl|ld-linux.*)\.so'
}

bill() {
	"$1" --version -v >"$tmp/bill" || return 1
	linked "$1" >"$tmp/linked"
	[ -s "$tmp/linked" ] || return 1
	while read -r file; do
		grep -qE "^  [a-z0-9.-]+ [0-9][^ ]*  /.*/${file%.so*}.so" "$tmp/bill" || {
			echo "not named: $file"
			cat "$tmp/bill"
			return 1
		}
	done <"$tmp/linked"
}

for program in tlsrpt-ingest tlsrptd tlsrpt-db tlsrpt-report tlsrpt-dns; do
	command -v "$program" >/dev/null || continue
	check "$program: --version" same "$program (tlsrpt-tools) $version" \
		"$("$program" --version)"
	if command -v objdump >/dev/null; then
		check "$program: --version -v names every library" bill "$program"
	fi
done
check 'NEWS is of this version' grep -q "^$version" "$top/NEWS"
finish
