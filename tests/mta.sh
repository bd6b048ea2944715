#!/bin/sh
# The recipes of contrib/mta, word for word but for paths, with the real
# servers of Debian: Exim, OpenSMTPD, Dovecot and mbsync.  They are installed
# into a copy of this system that is gone when the test ends.  TAP.
#
#	sh tests/mta.sh		the programs are those in $PATH
#
# Needs root, apt, and a kernel with overlay mounts.
# shellcheck disable=SC2015,SC2016
set -u
if [ "${1-}" != inside ]; then
	here=$(cd "$(dirname "$0")/.." && pwd)
	[ "$(id -u)" -eq 0 ] || { echo '1..0 # SKIP it needs root'; exit 0; }
	command -v apt-get >/dev/null || { echo '1..0 # SKIP no apt'; exit 0; }
	command -v tlsrpt-ingest >/dev/null ||
		{ echo '1..0 # SKIP no tlsrpt-ingest in PATH'; exit 0; }
	exec unshare -mpf --propagation private sh "$here/tests/mta.sh" inside \
		"$here" "$(dirname "$(command -v tlsrpt-ingest)")"
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
mkdir -p $root/srv/tree $root/srv/bin
mount --bind "$here" $root/srv/tree
mount --bind "$bin" $root/srv/bin
printf '#!/bin/sh\nexit 101\n' >$root/usr/sbin/policy-rc.d
chmod 755 $root/usr/sbin/policy-rc.d

inside() {
	chroot $root env -u TLSRPT_CONFIG -u TLSRPT_DATABASE DEBIAN_FRONTEND=noninteractive "$@"
}

install_inside() {
	inside apt-get install -y -qq --no-install-recommends "$@" </dev/null >$root/tmp/apt.log 2>&1 ||
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
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

rows() {
	[ "$(sqlite3 $root/var/lib/tlsrpt/reports.db 'SELECT count(*) FROM report' 2>/dev/null)" = "$1" ]
}

# fresh: no reports, and a database that can be written
fresh() {
	rm -rf $root/var/lib/tlsrpt
	inside install -d -o tlsrpt -g tlsrpt /var/lib/tlsrpt /var/lib/tlsrpt/home
}

# away: a database that is not there to the agent
away() {
	chmod 0 $root/var/lib/tlsrpt
	inside chown root /var/lib/tlsrpt
}

back() {
	inside chown tlsrpt /var/lib/tlsrpt
	chmod 755 $root/var/lib/tlsrpt
}

report=$here/samples/google-plain.eml
inside useradd --system --home-dir /var/lib/tlsrpt/home tlsrpt 2>/dev/null
mkdir -p $root/etc/tlsrpt
printf '[database]\nuri=sqlite:/var/lib/tlsrpt/reports.db\n' >$root/etc/tlsrpt/tlsrpt.conf
# The programs may have been built for another place of the configuration.
rm -f $root/usr/bin/tlsrpt-ingest
cat >$root/usr/bin/tlsrpt-ingest <<-'EOS'
	#!/bin/sh
	TLSRPT_CONFIG=/etc/tlsrpt/tlsrpt.conf exec /srv/bin/tlsrpt-ingest "$@"
EOS
chmod 755 $root/usr/bin/tlsrpt-ingest

# --- Exim --------------------------------------------------------------------

install_inside exim4-daemon-light
{
	printf 'primary_hostname = mail.example.test\ndomainlist local_domains = example.test\nqualify_domain = example.test\nkeep_environment =\nacl_smtp_rcpt = accept\nlog_file_path = /var/log/exim4/%%slog\n'
	sed 's/^#.*//' "$here/contrib/mta/exim.conf"
	printf '\nbegin retry\n* * F,1h,1m\n'
} >$root/etc/exim4/exim4.conf
exim() {
	inside exim4 "$@"
}
exim_sends() {
	exim -odf -f google@example.org tlsrpt@example.test <"$report"
}
fresh
check 'Exim takes the recipe' exim -bV
check 'Exim: a report' exim_sends
check 'Exim: is a row' rows 1
rows 1 || sed 's/^/# /' $root/var/log/exim4/mainlog
fresh
away
check 'Exim: the database is away' exim_sends
check 'Exim: the mail waits' sh -c '[ "$1" = 1 ]' sh "$(exim -bpc)"
back
check 'Exim: the queue runs' exim -qff
check 'Exim: it is a row' rows 1
check 'Exim: nothing is left' sh -c '[ "$1" = 0 ]' sh "$(exim -bpc)"

# --- Dovecot and mbsync, as long as Exim is there -----------------------------

install_inside dovecot-core dovecot-imapd dovecot-sieve isync
inside useradd --create-home --shell /bin/sh reader 2>/dev/null
mkdir -p $root/usr/lib/dovecot/sieve-pipe
ln -sf /usr/bin/tlsrpt-ingest $root/usr/lib/dovecot/sieve-pipe/
cp "$here/contrib/mta/tlsrpt.sieve" $root/etc/dovecot/
{
	cat <<-'EOS'
		protocols = imap
		listen = 127.0.0.1
		mail_location = maildir:~/Maildir
		first_valid_uid = 1
		ssl = no
		disable_plaintext_auth = no
		log_path = /dev/stderr
		passdb {
		  driver = static
		  args = password=secret
		}
		userdb {
		  driver = passwd
		}
		service imap-login {
		  inet_listener imap {
		    port = 10143
		  }
		  inet_listener imaps {
		    port = 0
		  }
		}
	EOS
	cat "$here/contrib/mta/dovecot.conf"
} >$root/etc/dovecot/dovecot.conf
lda() {
	inside runuser -u "$1" -- env HOME="$2" USER="$1" \
		/usr/lib/dovecot/dovecot-lda <"$3"
}
fresh
check 'Dovecot takes the recipe' inside doveconf -n
check 'Dovecot: the script compiles' inside sievec -c /etc/dovecot/dovecot.conf /etc/dovecot/tlsrpt.sieve
check 'Dovecot: a report by Sieve' lda tlsrpt /var/lib/tlsrpt/home "$report"
check 'Dovecot: is a row' rows 1
check 'Dovecot: other mail' lda tlsrpt /var/lib/tlsrpt/home "$here/samples/plain-mail.eml"
check 'Dovecot: stays in the mailbox' sh -c '[ "$(ls "$1"/new | wc -l)" = 1 ]' sh \
	$root/var/lib/tlsrpt/home/Maildir

rm -f $root/etc/dovecot/tlsrpt.sieve*
sed -i '/sieve_before/d' $root/etc/dovecot/dovecot.conf
check 'Dovecot: a report into the mailbox' lda reader /home/reader "$report"
inside dovecot
sed -e 's/imap.example.com/127.0.0.1\nPort 10143\nAuthMechs PLAIN/' -e 's/tlsrpt@example.com/reader/' \
	-e 's/^PassCmd.*/Pass secret/' -e 's/TLSType IMAPS/TLSType None/' \
	"$here/contrib/mta/mbsyncrc" >$root/etc/mbsyncrc
inside mbsync --version 2>&1 | grep -q 'isync 1\.[0-4]' &&
	sed -i 's/^TLSType/SSLType/' $root/etc/mbsyncrc
fresh
fetch() {
	inside runuser -u tlsrpt -- env HOME=/var/lib/tlsrpt/home mbsync -c /etc/mbsyncrc tlsrpt
}
check 'mbsync fetches by IMAP from Dovecot' wait_for fetch
check 'the batch stores what it fetched' inside runuser -u tlsrpt -- \
	tlsrpt-ingest --after=seen --no-progress /var/lib/tlsrpt/maildir
check 'IMAP: is a row' rows 1
rows 1 || { sed 's/^/# /' $root/tmp/check.out; find $root/var/lib/tlsrpt | sed 's/^/# /'; }
inside doveadm stop

# --- OpenSMTPD, which takes Exim's place ----------------------------------------

install_inside opensmtpd swaks
{
	printf 'listen on 127.0.0.1 port 10025\n'
	sed 's/@example.com/@example.test/' "$here/contrib/mta/smtpd.conf"
} >$root/etc/smtpd.conf
fresh
check 'OpenSMTPD takes the recipe' inside smtpd -n
inside smtpd
submit() {
	inside swaks --server 127.0.0.1:10025 --from google@example.org \
		--to tlsrpt@example.test --data - <"$report"
}
check 'OpenSMTPD: a report' wait_for submit
check 'OpenSMTPD: is a row' wait_for rows 1
rows 1 || inside smtpctl show queue | sed 's/^/# /'
fresh
away
check 'OpenSMTPD: the database is away' submit
waits() {
	inside smtpctl show queue | grep -q 'TempFail\|pending\|Command failed'
}
check 'OpenSMTPD: the mail waits' wait_for waits
back
# shellcheck disable=SC2016
check 'OpenSMTPD: the queue runs' inside sh -c 'smtpctl schedule all'
check 'OpenSMTPD: it is a row' wait_for rows 1
inside smtpctl stop >/dev/null 2>&1

echo "1..$n"
echo "# $failed failed"
[ "$failed" -eq 0 ]
