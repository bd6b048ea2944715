# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # others use what is set here
# A copy of this system, to install servers into and run them; it is gone when
# the test ends, with all its processes.  Sourced first of all, by a script
# that root runs by its name.
#
#	$root			where the copy is
#	$here, $bin		the source tree, and the programs; in the copy
#				they are /srv/tree and /srv/bin
#	clean_env COMMAND	nothing of the environment
#	install_inside PACKAGE	from where this machine has its packages
#	check, wait_for		as in lib.sh
#	as USER COMMAND, rows N	by inside(), which the script defines: the
#				database is the user tlsrpt's
#	finish			the plan; call it last
#
# Needs root, apt, and a kernel with overlay mounts.
if [ "${1-}" != inside ]; then
	here=$(cd "$(dirname "$0")/.." && pwd)
	[ "$(id -u)" -eq 0 ] || { echo '1..0 # SKIP it needs root'; exit 0; }
	command -v apt-get >/dev/null || { echo '1..0 # SKIP no apt'; exit 0; }
	command -v tlsrpt-ingest >/dev/null ||
		{ echo '1..0 # SKIP no tlsrpt-ingest in PATH'; exit 0; }
	exec unshare -mpf --mount-proc --kill-child --propagation private sh "$0" \
		inside "$here" "$(dirname "$(command -v tlsrpt-ingest)")"
fi
here=$2
bin=$3

root=/mnt
mount -t tmpfs tmpfs $root && mkdir $root/upper $root/work $root/root &&
	mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" \
		$root/root || { echo '1..0 # SKIP no overlay mounts here'; exit 0; }
root=$root/root
mount -t proc proc $root/proc
mount --rbind /dev $root/dev
mount -t tmpfs tmpfs $root/tmp && chmod 1777 $root/tmp
mkdir -p $root/srv/tree $root/srv/bin
mount --bind "$here" $root/srv/tree
mount --bind "$bin" $root/srv/bin
printf '#!/bin/sh\nexit 101\n' >$root/usr/sbin/policy-rc.d
chmod 755 $root/usr/sbin/policy-rc.d

clean_env() {
	env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 TERM=xterm DEBIAN_FRONTEND=noninteractive "$@"
}

# install_inside PACKAGE...: from where this machine has its packages
install_inside() {
	clean_env chroot $root apt-get install -y -qq --no-install-recommends "$@" \
		</dev/null >$root/tmp/apt.log 2>&1 ||
		tail -n 20 $root/tmp/apt.log
}

n=0
failed=0
check() {
	n=$((n + 1))
	name=$1
	shift
	if "$@" >$root/tmp/check.out 2>&1; then
		echo "ok $n - $name"
	else
		failed=$((failed + 1))
		echo "not ok $n - $name"
		sed 's/^/# /' $root/tmp/check.out | tail -n 20
	fi
}

# wait_for COMMAND...: until it succeeds, for half a minute
wait_for() {
	tries=300
	until "$@" >$root/tmp/wait.out 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { cat $root/tmp/wait.out; return 1; }
		sleep 0.1
	done
}

as() {
	user=$1
	shift
	inside runuser -u "$user" -- env HOME="$(inside sh -c "echo ~$user")" "$@"
}

# sql QUERY: asked as the owner, who alone may make the file anew
sql() {
	[ -f $root/var/lib/tlsrpt/reports.db ] &&
		as tlsrpt sqlite3 -batch /var/lib/tlsrpt/reports.db "$1" 2>&1
}

# gives WANT QUERY
gives() {
	[ "$(sql "$2")" = "$1" ] && return 0
	echo "want: $1"
	echo "got:  $(sql "$2")"
	return 1
}

rows() {
	gives "$1" 'SELECT count(*) FROM report'
}

finish() {
	echo "1..$n"
	echo "# $failed failed"
	[ "$failed" -eq 0 ]
}

[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print 2>/dev/null)" ] ||
	clean_env chroot $root apt-get update -qq
