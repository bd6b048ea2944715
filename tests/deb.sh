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
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)*\([^ ]*\).*/\2/p' \
	/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
root=$(mktemp -d "${TMPDIR:-/tmp}/tlsrpt-deb.XXXXXX")
chmod 755 "$root" # it is the / of all users in there

cleanup() {
	umount -l "$root/proc" "$root/dev" 2>/dev/null || :
	rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

install_inside() {
	inside apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

echo "# a bare $release"
debootstrap --variant=minbase "$release" "$root" "$mirror" >"$folder/debootstrap.log" 2>&1
cp -R /etc/apt/. "$root/etc/apt/"
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || :
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
inside apt-get update -qq

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
install_inside $packages postfix postgresql procps
inside tlsrpt-ingest --version
[ "$(inside stat -c '%U %a' /var/lib/tlsrpt)" = 'tlsrpt 700' ]
echo 'ok 2 - installed'

cp -R "$here/samples" "$root/build/samples"
inside sh /build/debian/tests/mail
echo 'ok 3 - one report mailed, one row'
inside postfix stop 2>/dev/null || :
inside service postgresql stop >/dev/null 2>&1 || :

inside apt-get purge -y -qq tlsrpt-tools >/dev/null
left=$(inside find / -xdev \( -path /build -o -path /proc -o -path /var/lib/postgresql \
	-o -path /var/log -o -path /var/cache \) -prune -o -name '*tlsrpt*' -print |
	grep -vE '^/(var/lib/tlsrpt|etc/tlsrpt)|^/etc/(passwd|group)' || :)
[ -z "$left" ] || {
	echo "left behind: $left"
	exit 1
}
inside test -d /var/lib/tlsrpt
echo 'ok 4 - purged, and the reports are still there'
