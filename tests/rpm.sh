#!/bin/sh
# Build the packages of contrib/rpm from the release tarball, and see what is in
# them.  Where the macros of systemd are not there, as in Debian, they are set
# to what they stand for; what the build needs is taken as given.  TAP.
#
#	sh tests/rpm.sh TARBALL FOLDER
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

command -v rpmbuild >/dev/null || skip_all 'no rpmbuild'
mkdir -p "$2" || exit 99
folder=$(realpath "$2")
name=$(tar tf "$1" | head -n 1 | cut -d / -f 1)
mkdir -p "$folder/SOURCES" && cp "$1" "$folder/SOURCES/$name.tar.xz" || exit 99

# known MACRO DEFINITION: one that is there stays
known() {
	[ "$(rpm --eval "%{?$1:yes}")" = yes ] || printf '%%%s %s\n' "$1" "$2"
}
{
	known _unitdir '%{_prefix}/lib/systemd/system'
	known _sysusersdir '%{_prefix}/lib/sysusers.d'
	known _tmpfilesdir '%{_prefix}/lib/tmpfiles.d'
	for macro in systemd_post systemd_preun systemd_postun_with_restart; do
		known $macro '%{nil}'
	done
	known sysusers_create_compat '%{nil}'
} >"$folder/macros"

build() {
	rpmbuild -bb --nodeps --define "_topdir $folder" \
		--load "$folder/macros" "$top/contrib/rpm/tlsrpt-tools.spec" \
		>"$folder/build.log" 2>&1 || {
		tail -n 20 "$folder/build.log"
		return 1
	}
}

# package NAME: its file
package() {
	find "$folder/RPMS" -name "$1-[0-9]*.rpm"
}

# holds NAME FILE...
holds() {
	[ -n "$(package "$1")" ] && rpm -qlp "$(package "$1")" >"$folder/list" ||
		return 1
	shift
	for file; do
		grep -qx "$file" "$folder/list" || {
			echo "not in it: $file"
			return 1
		}
	done
}

daemon_is_apart() {
	holds tlsrpt-tools && ! grep 'tlsrptd' "$folder/list"
}

settings_are_kept() {
	rpm -qcp "$(package tlsrpt-tools)" | grep -qx /etc/tlsrpt/tlsrpt.conf
}

needs_tools() {
	rpm -qp --requires "$(package tlsrptd)" | grep '^tlsrpt-tools(.*) = '
}

check 'rpmbuild builds both packages' build
check 'the tools' holds tlsrpt-tools /usr/bin/tlsrpt-db /usr/bin/tlsrpt-dns \
	/usr/bin/tlsrpt-ingest /usr/bin/tlsrpt-report
check 'units, user and folder' holds tlsrpt-tools \
	/usr/lib/systemd/system/tlsrpt-digest.service \
	/usr/lib/systemd/system/tlsrpt-ingest.timer \
	/usr/lib/systemd/system/tlsrpt-prune.timer \
	/usr/lib/sysusers.d/tlsrpt-tools.conf /usr/lib/tmpfiles.d/tlsrpt-tools.conf
check 'manual, completions, migrations' holds tlsrpt-tools \
	'/usr/share/man/man7/tlsrpt.7\(.gz\)*' '/usr/share/man/man5/tlsrpt.conf.5\(.gz\)*' \
	/usr/share/bash-completion/completions/tlsrpt-db \
	/usr/share/zsh/site-functions/_tlsrpt-db \
	/usr/share/fish/vendor_completions.d/tlsrpt-db.fish \
	/usr/share/tlsrpt-tools/sql/postgresql/0001-reports.sql
check 'German, recipes' holds tlsrpt-tools \
	/usr/share/locale/de/LC_MESSAGES/tlsrpt-tools.mo \
	/usr/share/doc/tlsrpt-tools/examples/postfix/master.cf
check 'nothing of the daemon is in there' daemon_is_apart
check 'the settings of a site are kept' settings_are_kept
check 'the daemon' holds tlsrptd /usr/sbin/tlsrptd \
	/usr/lib/systemd/system/tlsrptd.service \
	/usr/lib/systemd/system/tlsrptd-lmtp.socket \
	'/usr/share/man/man8/tlsrptd.8\(.gz\)*'
check 'the daemon needs the tools' needs_tools
finish
