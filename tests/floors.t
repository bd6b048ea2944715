#!/bin/sh
# Data flow one way: a file includes what lies below it, and its own folder.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

# includes FOLDER: what its files include, one name a line
includes() {
	cat "$top/src/$1"/*.[ch] | sed -n 's/^#include "\([^"]*\)".*/\1/p' | sort -u
}

# only FOLDER PATTERN: every include of it matches
only() {
	includes "$1" | grep -Ev "^($2)" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || { cat "$tmp/wrong"; return 1; }
	includes "$1" | grep -q .
}

# once PATTERN FILE...: just these files include a third-party header
once() {
	found=$(cd "$top/src" && grep -rlE "^#include <$1" . | sort | tr '\n' ' ')
	shift
	same "$(printf './%s ' "$@")" "$found"
}

alone() {
	for header in "$top"/src/*/*.h; do
		echo "#include \"$header\"" >"$tmp/alone.c"
		echo 'int alone;' >>"$tmp/alone.c"
		${CC:-cc} -std=c11 -D_GNU_SOURCE -I"$top/src" -Wall -Wextra -Werror \
			-fsyntax-only "$tmp/alone.c" || return 1
	done
}

no_library_in_headers() {
	! grep -nE '#include <(glib|gmime|cjson|zlib|libpsl|libpq|sqlite3|pthread|idn2|unbound|curl|openssl)|(gchar|GString|GMime|cJSON|PGconn|sqlite3|SSL|CURL) ' \
		"$top"/src/*/*.h | grep -v '/pipeline_inner.h:.*<pthread.h>$' | grep .
}

# A string that has no business in the project, in pieces so as not to match.
nobodys_path() {
	! grep -rnE "/wo""rk/|/ro""ot/" "$top/src" "$top/sql" "$top/man" \
		"$top/contrib" "$top/README"
}

check 'base knows base only' only base 'base/'
check 'report knows base' only report 'base/|report/'
check 'mail knows base and the shapes of a report' \
	only mail 'base/|mail/|report/(report|vocabulary)\.h'
check 'store knows base and report' only store 'base/|report/|store/'
check 'intake knows all below, and of the store its door' \
	only intake 'base/|report/|mail/|intake/|store/store\.h'
check 'the daemon knows all below, and of the store its door' only daemon \
	'base/|report/|mail/|intake/|store/store\.h|daemon/'
check 'dns knows base only' only dns 'base/|dns/'
check 'explain knows all below, of intake and store their doors' \
	only explain 'base/|report/|explain/|intake/decoder\.h|store/query\.h'
check 'GMime is known to message.c' once 'gmime/' mail/message.c
check 'cJSON is known to report_read.c and json_read.c' once 'cjson/' \
	explain/json_read.c report/report_read.c
check 'zlib is known to gunzip.c' once 'zlib' mail/gunzip.c
check 'libpsl is known to authres.c' once 'libpsl' mail/authres.c
check 'libseccomp is known to sandbox.c' once 'seccomp' base/sandbox.c
check 'libpq is known to those who write and those who read' once 'libpq' \
	store/pg_answer.c store/pg_connect.c store/postgres.c store/query_postgres.c
check 'SQLite likewise' once 'sqlite3' store/query_sqlite.c store/sqlite.c
check 'libintl is known to translate.c' once 'libintl' base/translate.c
check 'libidn2 is known to names.c' once 'idn2' dns/names.c
check 'libunbound is known to resolver.c' once 'unbound' dns/resolver.c
check 'libcurl is known to fetch.c' once 'curl/' dns/fetch.c
check 'OpenSSL is known to tls.c' once 'openssl/' dns/tls.c
check 'libmicrohttpd is known to http.c' once 'microhttpd' daemon/http.c
check 'GnuTLS is known to tls.c' once 'gnutls/' daemon/tls.c
check 'no header brings a library along' no_library_in_headers
check 'every header stands alone' alone
check 'no path of a machine' nobodys_path
finish
