# shellcheck shell=sh disable=SC2034,SC2154 # others use what is set here
# A bare Debian of this machine's release and archive, gone when the test ends:
#
#	bare_make LOG		make it; its / is $root
#	inside COMMAND ...	run that in it, as root
#	install_inside PACKAGE ...
#
# Needs root and debootstrap.

bare_drop() {
	umount -l "$root/proc" "$root/dev" 2>/dev/null || :
	rm -rf --one-file-system "$root"
}

inside() {
	chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

install_inside() {
	inside apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

bare_make() {
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mirror=$(sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)*\([^ ]*\).*/\2/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
	root=$(mktemp -d "${TMPDIR:-/tmp}/tlsrpt-bare.XXXXXX")
	chmod 755 "$root" # it is the / of all users in there
	trap bare_drop EXIT
	trap 'exit 1' HUP INT TERM
	echo "# a bare $release"
	debootstrap --variant=minbase "$release" "$root" "$mirror" >"$1" 2>&1
	rm -f "$root/etc/apt/sources.list" # debootstrap's; this machine's come
	cp -R /etc/apt/. "$root/etc/apt/"
	cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || :
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount --make-rslave "$root/dev"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	inside apt-get update -qq
}
