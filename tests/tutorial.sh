#!/bin/sh
# The tutorial of tlsrpt(7) on a fresh machine, by somebody who may use sudo:
#
#	sh tests/tutorial.sh TARBALL
#
# A bare Debian gets what README says that building needs, the programs out of
# the tarball, and PostgreSQL; then tests/tutorial.t types the commands.
# Grafana itself is not in Debian: there is its user and its folders, and the
# queries are asked as that user.
set -eu
# shellcheck source=tests/bare.sh
. "$(dirname "$0")/bare.sh"
tarball=$(realpath "$1")
log=$(mktemp)
bare_make "$log" || {
	cat "$log"
	exit 1
}
rm -f "$log"

began=$(date +%s)
install_inside build-essential sudo postgresql sqlite3 xz-utils \
	python3-psycopg2 python3-yaml pkg-config libgmime-3.0-dev libcjson-dev \
	libpq-dev zlib1g-dev libsqlite3-dev libpsl-dev libglib2.0-dev \
	libseccomp-dev libidn2-dev libunbound-dev libcurl4-openssl-dev \
	libssl-dev libmicrohttpd-dev libgnutls28-dev
inside useradd -m -s /bin/sh somebody
inside useradd -r -s /usr/sbin/nologin grafana
echo 'somebody ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/somebody"
for folder in datasources dashboards alerting; do
	mkdir -p "$root/etc/grafana/provisioning/$folder"
done
inside service postgresql start >/dev/null
echo "# a fresh machine with PostgreSQL: $(($(date +%s) - began)) s"

began=$(date +%s)
tar -xJf "$tarball" -C "$root/home/somebody" --no-same-owner
inside chown -R somebody: /home/somebody
source=/home/somebody/$(basename "$tarball" .tar.xz)
inside runuser -u somebody -- sh -euc "cd $source && ./configure -q && make -s -j2" >/dev/null
inside make -s -C "$source" install >/dev/null
echo "# built and installed: $(($(date +%s) - began)) s"

began=$(date +%s)
status=0
inside runuser -u somebody -- env USER=somebody TUTORIAL=real \
	PATH=/usr/local/bin:/usr/bin:/bin srcdir="$source" \
	sh -c "cd && sh $source/tests/tutorial.t" || status=$?
echo "# the tutorial: $(($(date +%s) - began)) s"
inside service postgresql stop >/dev/null 2>&1 || :
exit "$status"
