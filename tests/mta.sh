#!/bin/sh
# The recipes of contrib/mta, word for word but for paths, with the real
# programs of Debian: Postfix with opendkim and with rspamd, Exim, OpenSMTPD,
# Dovecot, mbsync, getmail, mutt, neomutt and aerc.  They are installed into a
# copy of this system that is gone when the test ends, and talk in a network of
# their own.  TAP.
#
#	sh tests/mta.sh		the programs are those in $PATH
#
# Needs root, apt, and a kernel with overlay mounts.
# shellcheck disable=SC2015,SC2016,SC2317
set -u
# shellcheck source=tests/machine.sh
. "$(dirname "$0")/machine.sh"

# Servers and their clients have a loopback interface that nobody shares.
mkfifo $root/tmp/net
unshare -n sh -c 'ip link set lo up && ip addr add 192.0.2.53/32 dev lo && echo up >'$root/tmp/net'; exec sleep 1000' &
net=$!
read -r _ <$root/tmp/net

inside() {
	clean_env nsenter -n -t "$net" chroot $root "$@"
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
inside useradd --create-home --shell /bin/sh reader 2>/dev/null
mkdir -p $root/etc/tlsrpt
printf '[database]\nuri=sqlite:/var/lib/tlsrpt/reports.db\n[ingest]\nauthserv-id=mx.example.com\n' \
	>$root/etc/tlsrpt/tlsrpt.conf
# The programs may have been built for another place of the configuration.
for program in tlsrpt-ingest tlsrpt-report; do
	rm -f $root/usr/bin/$program
	printf '#!/bin/sh\nTLSRPT_CONFIG=/etc/tlsrpt/tlsrpt.conf exec /srv/bin/%s "$@"\n' \
		$program >$root/usr/bin/$program
	chmod 755 $root/usr/bin/$program
done

# --- Postfix with opendkim and with rspamd -------------------------------------
# A sender signs, DNS has its key, and the row says whether that is so.

install_inside postfix opendkim opendkim-tools rspamd python3-dkim unbound swaks
mkdir $root/tmp/key
inside opendkim-genkey -D /tmp/key -d google.com -s test
{
	printf 'server:\n interface: 192.0.2.53\n access-control: 0.0.0.0/0 allow\n do-daemonize: yes\n chroot: ""\n use-syslog: no\n'
	printf ' logfile: /tmp/unbound.log\n directory: /tmp\n pidfile: /tmp/unbound.pid\n'
	printf ' module-config: iterator\n local-zone: "." static\n'
	printf " local-data: '%s'\n" "$(tr -d '\n' <$root/tmp/key/test.txt |
		sed -e 's/;[^"]*$//' -e 's/_domainkey/_domainkey.google.com./' -e 's/[()]//g')"
	printf 'remote-control:\n control-enable: no\n'
} >$root/tmp/unbound.conf
cp $root/etc/resolv.conf $root/tmp/resolv.conf
echo 'nameserver 192.0.2.53' >$root/etc/resolv.conf
{
	cat "$here/contrib/mta/opendkim.conf"
	# Its resolver never asks a server on a loopback address.
	echo 'Nameservers 192.0.2.53'
} >$root/etc/opendkim.conf
cp $root/etc/postfix/main.cf.proto $root/etc/postfix/main.cf 2>/dev/null || :
cp $root/usr/share/postfix/master.cf.dist $root/etc/postfix/master.cf
printf 'tlsrpt unix - n n - - pipe\n flags=Rq user=tlsrpt argv=/usr/bin/tlsrpt-ingest\n' \
	>>$root/etc/postfix/master.cf
{
	printf 'compatibility_level = 3.6\nmydestination = example.test\nmyhostname = mail.example.test\n'
	printf 'inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n'
	printf 'local_recipient_maps =\nalias_maps =\nmaillog_file = /var/log/postfix.log\n'
	printf 'transport_maps = inline:{ tlsrpt@example.test=tlsrpt: }\n'
	cat "$here/contrib/mta/opendkim-postfix.cf"
} >$root/etc/postfix/main.cf
inside newaliases 2>/dev/null
check 'a DNS server with the key' inside unbound -c /tmp/unbound.conf
check 'opendkim takes the recipe' inside opendkim -n
inside opendkim
inside postfix -q start 2>/dev/null || inside postfix start 2>/dev/null
check 'Postfix runs' wait_for inside postfix status
smtp() {
	inside swaks --server 127.0.0.1 --from noreply@google.com \
		--to tlsrpt@example.test --data - --suppress-data <"$1"
}
sed -e '1,/^\tspf=/{/^Authentication-Results/,/^[A-Z]/d;}' "$report" |
	grep -viE '^(authentication-results|dkim-signature):' >$root/tmp/unsigned.eml
inside sh -c 'dkimsign test google.com /tmp/key/test.private </tmp/unsigned.eml' |
	tr -d '\r' >$root/tmp/signed.eml
sed 's/^Subject: /Subject: Re: /' $root/tmp/signed.eml >$root/tmp/broken.eml
{
	printf 'Authentication-Results: mx.example.com; dkim=pass header.d=google.com\n'
	cat $root/tmp/unsigned.eml
} >$root/tmp/claimed.eml
verdict() {
	fresh
	check "$milter: $2" smtp "$root/tmp/$1.eml"
	check "$milter: the row says $3" wait_for gives "$3" \
		"SELECT auth || ' ' || coalesce(auth_domain, 'of nobody') FROM report"
}
verdicts() {
	milter=$1
	verdict signed 'signed by the reporter' 'pass google.com'
	verdict unsigned 'not signed' 'none of nobody'
	verdict broken 'changed on the way' 'fail google.com'
	verdict claimed 'a verdict that the sender wrote itself' 'none of nobody'
}
verdicts opendkim
inside postfix stop 2>/dev/null

# rspamd does not look at the signatures of neighbours, so the sender's address
# is another one; and to it, all mail is spam.
for file in headers.conf:milter_headers.conf proxy.inc:worker-proxy.inc \
	settings.conf:settings.conf; do
	sed 's/@example.com/@example.test/' "$here/contrib/mta/rspamd-${file%:*}" \
		>"$root/etc/rspamd/local.d/${file#*:}"
done
echo 'reject = 7;' >$root/etc/rspamd/local.d/actions.conf
sed -i -e '/milter/d' -e 's/^myhostname = .*/myhostname = mx.example.com/' \
	-e 's/^inet_interfaces = .*/inet_interfaces = 192.0.2.53/' \
	$root/etc/postfix/main.cf
cat "$here/contrib/mta/rspamd-postfix.cf" >>$root/etc/postfix/main.cf
smtp() {
	inside swaks --server 192.0.2.53 --from noreply@google.com \
		--to "${2-tlsrpt}@example.test" --data - --suppress-data <"$1"
}
# turned_away STATUS FILE [USER]: the sender is told so
turned_away() {
	status=$1
	shift
	if smtp "$@" >$root/tmp/swaks.out 2>&1; then
		return 1
	fi
	grep "^<\*\* $status" $root/tmp/swaks.out || { cat $root/tmp/swaks.out; return 1; }
}
milter_listens() {
	inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/11332'
}
check 'rspamd takes the recipe' inside rspamadm configtest
check 'rspamd: Postfix runs' inside postfix start
check 'rspamd is away: try again' turned_away 451 $root/tmp/signed.eml
inside install -d -o _rspamd -g _rspamd /run/rspamd
check 'rspamd starts' inside rspamd -u _rspamd -g _rspamd
check 'rspamd listens' wait_for milter_listens
check 'rspamd: spam to another address is rejected' \
	turned_away 554 $root/tmp/unsigned.eml postmaster
verdicts rspamd
[ "$failed" -eq 0 ] || tail -n 20 $root/var/log/postfix.log | sed 's/^/# /'
inside sh -c 'kill "$(cat /run/rspamd/rspamd.pid)"'
inside postfix stop 2>/dev/null
cat $root/tmp/resolv.conf >$root/etc/resolv.conf # for apt

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
queued() {
	[ "$(exim -bpc)" = "$1" ]
}
fresh
check 'Exim takes the recipe' exim -bV
check 'Exim: a report' exim_sends
check 'Exim: is a row' rows 1
fresh
away
check 'Exim: the database is away' exim_sends
check 'Exim: the mail waits' queued 1
back
check 'Exim: the queue runs' exim -qff
check 'Exim: it is a row' rows 1
check 'Exim: nothing is left' queued 0
[ "$failed" -eq 0 ] || tail -n 20 $root/var/log/exim4/mainlog | sed 's/^/# /'

# --- Dovecot, mbsync and getmail -------------------------------------------------

install_inside dovecot-core dovecot-imapd dovecot-sieve isync getmail6
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
		log_path = /var/log/dovecot.log
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
: >$root/var/log/dovecot.log
chmod 666 $root/var/log/dovecot.log
lda() {
	as "$1" /usr/lib/dovecot/dovecot-lda <"$2"
}
has_mails() {
	[ "$(find "$2"/new "$2"/cur -type f | wc -l)" = "$1" ]
}
fresh
check 'Dovecot takes the recipe' inside doveconf -n
check 'Dovecot: the script compiles' inside sievec -c /etc/dovecot/dovecot.conf /etc/dovecot/tlsrpt.sieve
check 'Dovecot: a report by Sieve' lda tlsrpt "$report"
check 'Dovecot: is a row' rows 1
check 'Dovecot: other mail' lda tlsrpt "$here/samples/plain-mail.eml"
check 'Dovecot: stays in the mailbox' has_mails 1 $root/var/lib/tlsrpt/home/Maildir
fresh
away
mkdir $root/tmp/far && inside chown tlsrpt /tmp/far
sed -i 's|^mail_location = .*|mail_location = maildir:/tmp/far|' $root/etc/dovecot/dovecot.conf
inside usermod -d /tmp/far tlsrpt
check 'Dovecot: the database is away' lda tlsrpt "$report"
check 'Dovecot: the report stays in the mailbox' has_mails 1 $root/tmp/far
inside usermod -d /var/lib/tlsrpt/home tlsrpt
back

rm -f $root/etc/dovecot/tlsrpt.sieve*
sed -i -e '/sieve_before/d' -e 's|^mail_location = .*|mail_location = maildir:~/Maildir|' \
	$root/etc/dovecot/dovecot.conf
check 'Dovecot: a report into the mailbox' lda reader "$report"
inside dovecot
sed -e 's/imap.example.com/127.0.0.1\nPort 10143\nAuthMechs PLAIN/' -e 's/tlsrpt@example.com/reader/' \
	-e 's/^PassCmd.*/Pass secret/' -e 's/TLSType IMAPS/TLSType None/' \
	"$here/contrib/mta/mbsyncrc" >$root/etc/mbsyncrc
inside mbsync --version 2>&1 | grep -q 'isync 1\.[0-4]' &&
	sed -i 's/^TLSType/SSLType/' $root/etc/mbsyncrc
fresh
fetch() {
	as tlsrpt mbsync -c /etc/mbsyncrc tlsrpt
}
check 'mbsync fetches by IMAP from Dovecot' wait_for fetch
check 'the batch stores what it fetched' as tlsrpt \
	tlsrpt-ingest --after=seen --no-progress /var/lib/tlsrpt/maildir
check 'mbsync: is a row' rows 1

sed -e 's/SSLRetriever/Retriever\nport = 10143/' -e 's/imap.example.com/127.0.0.1/' \
	-e 's/tlsrpt@example.com/reader/' -e 's/^password_command.*/password = secret/' \
	"$here/contrib/mta/getmailrc" >$root/etc/getmailrc
fresh
getmail() {
	as tlsrpt getmail --getmaildir=/var/lib/tlsrpt/home --rcfile=/etc/getmailrc 2>&1
}
# Its exit status is 0 in any case.
getmail_says() {
	getmail >$root/tmp/getmail.out
	grep -q "$1" $root/tmp/getmail.out || { cat $root/tmp/getmail.out; return 1; }
}
printf '#!/bin/sh\nexit 75\n' >$root/usr/bin/away
chmod 755 $root/usr/bin/away
sed -i 's|/usr/bin/tlsrpt-ingest|/usr/bin/away|' $root/etc/getmailrc
check 'getmail: the agent says try again' getmail_says 75
check 'getmail: the report is on the server' has_mails 1 $root/home/reader/Maildir
sed -i 's|/usr/bin/away|/usr/bin/tlsrpt-ingest|' $root/etc/getmailrc
check 'getmail: fetches it' getmail_says '1 messages'
check 'getmail: is a row' rows 1
check 'getmail: it is gone from the server' has_mails 0 $root/home/reader/Maildir
inside doveadm stop

# --- mutt, neomutt and aerc -------------------------------------------------------

install_inside mutt neomutt aerc tmux
mkdir -p $root/home/reader/Mail $root/home/reader/box/new $root/home/reader/box/cur \
	$root/home/reader/box/tmp
cp "$here/samples/google-failures.eml" $root/home/reader/box/new/1.mail
inside chown -R reader /home/reader
screen=$root/tmp/screen
shown() {
	grep -q 'What to do' "$screen"
}
# Any key goes on, and x leaves; a client may throw away what comes early.
keys() {
	wait_for shown >/dev/null
	for key in ' ' x x x x; do
		printf '%s' "$key"
		sleep 0.5
	done
}
# explains COMMAND: what it shows on a terminal
explains() {
	: >"$screen"
	keys | as reader script -qefc "stty rows 60 cols 120; $1" /dev/null >"$screen" 2>&1
	shown || { cat -v "$screen" | tail -n 20; return 1; }
}
cp "$here/contrib/mta/muttrc" $root/home/reader/.muttrc
cp "$here/contrib/mta/muttrc" $root/home/reader/.neomuttrc
for client in mutt neomutt; do
	check "$client: the key explains the report" explains \
		"timeout --foreground 40 $client -R -f /home/reader/box -e 'push E'"
done

# aerc has a terminal of its own inside: the key works in the list of mails, and
# in one that is open.
aerc=$root/home/reader/.config/aerc
mkdir -p "$aerc" $root/home/reader/maildirs
mv $root/home/reader/box $root/home/reader/maildirs/INBOX
printf '[box]\nsource=maildir:///home/reader/maildirs\nfrom=<reader@example.test>\n' \
	>"$aerc/accounts.conf"
chmod 600 "$aerc/accounts.conf"
cat $root/usr/share/aerc/binds.conf "$here/contrib/mta/aerc.conf" >"$aerc/binds.conf"
inside chown -R reader /home/reader
terminal() {
	as reader tmux -L mta "$@"
}
# on_screen TEXT: aerc shows it by now.  What a command wrote while aerc was
# busy is not drawn before something happens, be it another size.
width=120
on_screen() {
	terminal capture-pane -p | tee "$screen" | grep -q "$1" && return 0
	width=$((239 - width))
	terminal resize-window -x $width
	cat "$screen"
	return 1
}
terminal new-session -d -x 120 -y 60 aerc
check 'aerc: shows the mailbox' wait_for on_screen 'Report Domain: example.com'
terminal send-keys E
check 'aerc: the key explains the report' wait_for on_screen 'What to do'
terminal send-keys x
check 'aerc: any key ends that' wait_for on_screen 'noreply-smtp-tls-'
terminal send-keys Enter
check 'aerc: opens the mail' wait_for on_screen 'From: '
terminal send-keys E
check 'aerc: the key explains the report in there' wait_for on_screen 'What to do'
terminal kill-server

# --- OpenSMTPD, which takes Exim's place ----------------------------------------

install_inside opensmtpd
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
rows 1 >/dev/null || inside smtpctl show queue | sed 's/^/# /'
fresh
away
check 'OpenSMTPD: the database is away' submit
waits() {
	inside smtpctl show queue | grep -q 'TempFail\|pending\|Command failed'
}
check 'OpenSMTPD: the mail waits' wait_for waits
back
check 'OpenSMTPD: the queue runs' inside smtpctl schedule all
check 'OpenSMTPD: it is a row' wait_for rows 1
inside smtpctl stop >/dev/null 2>&1

finish
