#!/bin/sh
# What the packages say of this release is so: versions, and the libraries that
# configure asks for.  "make deb-check" builds and uses them.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

spec=$top/contrib/rpm/tlsrpt-tools.spec
version=$(sed -n 's/^AC_INIT(\[tlsrpt-tools\], \[\([0-9.]*\)\].*/\1/p' \
	"$top/configure.ac")

# pkg-config's modules, without those that only tests need
sed -n 's/.*\(TLSRPT_LIBRARY\|PKG_CHECK_MODULES\)(\[[A-Z0-9]*\], \[\([a-z][^] ]*\).*/\2/p' \
	"$top/configure.ac" | grep -v cmocka | sort -u >"$tmp/modules"
echo libunbound >>"$tmp/modules" # it has no module in older releases

spec_parses() {
	rpmspec -P "$spec" >"$tmp/spec"
}

spec_names_modules() {
	while read -r module; do
		case $module in
		libunbound) module='unbound-devel' ;;
		*) module="pkgconfig($module)" ;;
		esac
		grep -q "^BuildRequires:.*$module" "$1" || {
			echo "not named: $module"
			return 1
		}
	done <"$tmp/modules"
}

# Each -dev package of tests/packages, but for what only tests need
control_names_packages() {
	sed -n '/^Build-Depends:/,/^Standards/p' "$top/debian/control" >"$tmp/depends"
	grep -e '-dev$' "$top/tests/packages" | grep -vE 'cmocka|clang' |
		while read -r package; do
			grep -qE "[ ,]$package(,|\$)" "$tmp/depends" || {
				echo "not named: $package"
				return 1
			}
		done
}

services_known() {
	for unit in "$top"/contrib/systemd/tlsrpt-*.timer; do
		grep -q "systemd_post .*$(basename "$unit")" "$spec" || {
			echo "not named: $unit"
			return 1
		}
	done
}

check 'configure asks for libraries' [ "$(wc -l <"$tmp/modules")" -ge 10 ]
if command -v rpmspec >/dev/null; then
	check 'rpm parses the spec file' spec_parses
else
	skip 'rpm parses the spec file' 'rpmspec is not installed'
fi
check 'it is of this version' grep -qx "Version: *$version" "$spec"
check 'it names the libraries' spec_names_modules "$spec"
check 'it names the timers' services_known
if [ -d "$top/debian" ]; then
	check "Debian's is of this version" \
		grep -q "^tlsrpt-tools ($version-[0-9]*)" "$top/debian/changelog"
	check 'it names the libraries' control_names_packages
else
	skip "Debian's is of this version" 'a tarball has no debian/'
	skip 'it names the libraries' 'a tarball has no debian/'
fi
finish
