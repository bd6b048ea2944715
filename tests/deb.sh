#!/bin/sh
# Debian's packages, built in a bare Debian, installed there, and purged:
#
#	sh tests/deb.sh TARBALL FOLDER
#
# Needs root, debootstrap, and the archive that this machine uses.  What is
# built is left in FOLDER.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
tarball=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
# shellcheck source=tests/bare.sh
. "$here/tests/bare.sh"
bare_make "$folder/debootstrap.log"

echo '# build'
mkdir -p "$root/build"
cp "$tarball" "$root/build/"
cp -R "$here/debian" "$root/build/debian"
install_inside build-essential lintian
# shellcheck disable=SC2046
install_inside $(sed -n '/^Build-Depends/,/^Standards/p' "$here/debian/control" |
	sed 's/Build-Depends://; /^Standards/d; s/debhelper-compat ([^)]*)/debhelper/; s/([^)]*)//g; s/,/ /g')
inside sh /build/debian/build "/build/$(basename "$tarball")" /build/out
echo 'ok 1 - built, and lintian finds nothing'

echo '# install, without what the build needed'
cp "$root"/build/out/*.deb "$folder/"
for package in "$root"/build/out/*.deb; do
	case $package in
	*dbgsym*) continue ;;
	esac
	packages="${packages-} /build/out/$(basename "$package")"
done
# shellcheck disable=SC2086
install_inside $packages postfix postgresql procps sqlite3
inside tlsrpt-ingest --version
[ "$(inside stat -c '%U %a' /var/lib/tlsrpt)" = 'tlsrpt 700' ]
inside test -f /etc/tlsrpt/tlsrpt.conf
echo 'ok 2 - installed'

# again_dpkg: what dpkg does when a newer version takes this one's place
again_dpkg() {
	# shellcheck disable=SC2086
	inside dpkg -i $packages 2>&1
}

as_tlsrpt() {
	inside runuser -u tlsrpt -- "$@"
}

cp -R "$here/samples" "$root/build/samples"
cp -R "$here/sql" "$root/build/sql"
chmod -R a+rX "$root/build/samples" "$root/build/sql"

# A database of the first version, and then a package of this one.
as_tlsrpt sqlite3 /var/lib/tlsrpt/reports.db '.read /build/sql/sqlite/0001-reports.sql'
as_tlsrpt tlsrpt-db status | grep -q 'schema is older'
again_dpkg >"$folder/upgrade.log"
as_tlsrpt tlsrpt-db status | grep -Eq '^problems +none'
as_tlsrpt tlsrpt-ingest -q /build/samples/google-plain.eml
as_tlsrpt tlsrpt-report summary --since=2010-01-01
echo 'ok 3 - an upgrade upgrades the file of this machine'

# As the archive would run it, where autopkgtest is installed; but that this is
# no container, and is thrown away all the same.
if command -v autopkgtest >/dev/null; then
	rm -rf "$folder/autopkgtest"
	# shellcheck disable=SC2046
	autopkgtest --no-built-binaries --output-dir="$folder/autopkgtest" \
		--ignore-restrictions=isolation-container \
		$(find "$folder" -name '*.deb' ! -name '*dbgsym*') \
		"$(find "$root/build/out" -maxdepth 1 -type d -name 'tlsrpt-tools-*')/" \
		-- chroot "$root" >"$folder/autopkgtest.log" 2>&1 || {
		tail -n 30 "$folder/autopkgtest.log"
		exit 1
	}
	grep -E '^mail +PASS' "$folder/autopkgtest/summary"
	inside service postgresql start >/dev/null 2>&1 || :
else
	inside sh /build/debian/tests/mail /build/samples
fi
echo 'ok 4 - one report mailed, one row'

inside runuser -u postgres -- createuser --superuser root
inside tlsrpt-db copy sqlite:/var/lib/tlsrpt/reports.db postgresql:///tlsrpt
inside runuser -u postgres -- dropuser root
echo 'ok 5 - from SQLite to PostgreSQL, as README.Debian has it'

# tlsrpt may write there, and owns nothing: it says what is to be done.
inside runuser -u postgres -- psql -qXd tlsrpt -c \
	'DELETE FROM tlsrpt.schema_version WHERE version > 1'
again_dpkg >"$folder/upgrade.log"
grep 'run "tlsrpt-db upgrade" as the owner' "$folder/upgrade.log"
echo 'ok 6 - an upgrade says what it cannot do itself'
inside postfix stop 2>/dev/null || :
inside service postgresql stop >/dev/null 2>&1 || :

# answer true|false: what debconf would ask at purge
answer() {
	echo "tlsrpt-tools tlsrpt-tools/remove-data boolean $1" |
		inside debconf-set-selections
}

purge() {
	inside apt-get purge -y -qq tlsrptd tlsrpt-tools >/dev/null
	left=$(inside find / -xdev \( -path /build -o -path /proc \
		-o -path /var/lib/postgresql -o -path /var/spool/postfix \
		-o -path /var/log -o -path /var/cache \) -prune \
		-o -name '*tlsrpt*' -print |
		grep -vE '^/var/lib/tlsrpt(/|$)|^/etc/(passwd|group)' || :)
	[ -z "$left" ] || {
		echo "left behind: $left"
		exit 1
	}
}

purge
inside test -s /var/lib/tlsrpt/reports.db
echo 'ok 7 - purged, and the reports are still there'

# shellcheck disable=SC2086
install_inside $packages
answer true
purge
inside test ! -e /var/lib/tlsrpt
echo 'ok 8 - purged, with the reports, after a yes'
