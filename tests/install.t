#!/bin/sh
# "make install" puts everything where it belongs, and nothing else anywhere;
# "make uninstall" takes all of it away.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

[ -f config.status ] || skip_all 'this is no build folder'
to=$tmp/to

# The whole tree, as a packager has it, but built for another place.
run_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s DESTDIR="$to" prefix=/usr \
		sysconfdir=/etc "$@"
}

setting() {
	./config.status --file=- <<-EOS
		@$1@
	EOS
}

files() {
	(cd "$to" && find . ! -type d | sed 's|^\.||' | LC_ALL=C sort)
}

# there FILE...: in the folder, with something in it
there() {
	for file; do
		[ -s "$to$file" ] || {
			echo "not there: $file"
			return 1
		}
	done
}

programs='tlsrpt-db tlsrpt-dns tlsrpt-ingest tlsrpt-report'
if [ -x tlsrptd ]; then programs="$programs tlsrptd"; fi

programs_there() {
	for program in $programs; do
		case $program in
		tlsrptd) there /usr/sbin/tlsrptd && [ -x "$to/usr/sbin/tlsrptd" ] ;;
		*) there "/usr/bin/$program" && [ -x "$to/usr/bin/$program" ] ;;
		esac || return 1
	done
}

completions_there() {
	for program in $programs; do
		there "/usr/share/bash-completion/completions/$program" \
			"/usr/share/zsh/site-functions/_$program" \
			"/usr/share/fish/vendor_completions.d/$program.fish" || return 1
	done
}

manuals_there() {
	for page in "$top"/man/*.[1-8]; do
		page=${page##*/}
		there "/usr/share/man/man${page##*.}/$page" || return 1
	done
}

sql_there() {
	for file in "$top"/sql/*/*.sql; do
		there "/usr/share/tlsrpt-tools/sql/${file#"$top"/sql/}" || return 1
	done
}

examples_there() {
	(cd "$top/contrib" && find citus grafana mta nginx postfix tlsrpt.conf \
		-type f) >"$tmp/examples"
	[ -s "$tmp/examples" ] || return 1
	while read -r file; do
		cmp "$top/contrib/$file" \
			"$to/usr/share/doc/tlsrpt-tools/examples/$file" || return 1
	done <"$tmp/examples"
}

units=/usr/lib/systemd/system
units_there() {
	for unit in "$top"/contrib/systemd/*.service \
		"$top"/contrib/systemd/*.timer "$top"/contrib/systemd/*.socket; do
		case ${unit##*/} in
		tlsrptd*) [ -x tlsrptd ] || continue ;;
		esac
		there "$units/${unit##*/}" || return 1
	done
	there /usr/lib/sysusers.d/tlsrpt-tools.conf \
		/usr/lib/tmpfiles.d/tlsrpt-tools.conf
}

# systemd reads them without a word, but of programs that are elsewhere.
units_are_right() {
	systemd-analyze verify --man=no "$to$units"/* >"$tmp/verify" 2>&1
	grep -v 'is not executable' "$tmp/verify" >"$tmp/wrong"
	[ ! -s "$tmp/wrong" ] || { cat "$tmp/wrong"; return 1; }
	for timer in "$to$units"/*.timer; do
		systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$timer")" || return 1
	done
}

# nobody_else: all of it is below /usr, and of us
nobody_else() {
	files | grep -vE '/(_?tlsrpt[^/]*|tlsrpt-tools)(/|$)|/doc/tlsrpt-tools/' >"$tmp/else"
	[ ! -s "$tmp/else" ] && ! files | grep -v '^/usr/' && return 0
	cat "$tmp/else"
	return 1
}

all_gone() {
	run_make uninstall >/dev/null && files >"$tmp/left" && [ ! -s "$tmp/left" ] &&
		return 0
	cat "$tmp/left"
	return 1
}

check 'make install' run_make install
check 'programs' programs_there
check 'completions of three shells' completions_there
check 'manual pages' manuals_there
check 'migrations for psql -f' sql_there
check 'recipes and dashboards' examples_there
if [ "$(setting systemdsystemunitdir)" = no ]; then
	skip 'units, user and folder' 'configured without them'
	skip 'units are right' 'configured without them'
elif ! command -v systemd-analyze >/dev/null; then
	check 'units, user and folder' units_there
	skip 'units are right' 'systemd-analyze is not installed'
else
	check 'units, user and folder' units_there
	check 'units are right' units_are_right
fi
check 'nothing but that' nobody_else
check 'make uninstall leaves no file' all_gone
finish
