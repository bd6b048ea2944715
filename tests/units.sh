#!/bin/sh
# The units of contrib/systemd, word for word, in a machine of their own that
# systemd has started: timers, services, the socket in Postfix's chroot, and
# what each may not do.  TAP.
#
#	sh tests/units.sh	the programs are those in $PATH
#
# Needs root, apt, systemd-nspawn, and a kernel with overlay mounts.
# shellcheck disable=SC2016,SC2317
set -u
command -v systemd-nspawn >/dev/null ||
	{ echo '1..0 # SKIP systemd-nspawn is not installed'; exit 0; }
# shellcheck source=tests/machine.sh
. "$(dirname "$0")/machine.sh"

state=/var/lib/tlsrpt
units=$root/usr/lib/systemd/system

# --- the machine ---------------------------------------------------------------

rm -rf $root/etc/systemd/system/*.wants $root/etc/systemd/system/*.service \
	$root/etc/machine-id $root$state $root/etc/tlsrpt
sed -i '/^tlsrpt:/d' $root/etc/passwd $root/etc/group $root/etc/shadow
clean_env chroot $root systemd-id128 new >$root/etc/machine-id
install_inside systemd-sysv dbus postfix sqlite3 curl
PATH=$PATH:/usr/sbin:/sbin
install -m 755 "$bin"/tlsrpt-* $root/usr/bin/
install -m 755 "$(command -v tlsrptd)" $root/usr/sbin/
install -m 644 "$here"/contrib/systemd/*.service "$here"/contrib/systemd/*.timer \
	"$here"/contrib/systemd/*.socket "$units"
install -m 644 "$here/contrib/systemd/sysusers.conf" $root/usr/lib/sysusers.d/tlsrpt-tools.conf
install -m 644 "$here/contrib/systemd/tmpfiles.conf" $root/usr/lib/tmpfiles.d/tlsrpt-tools.conf
mkdir -p $root/etc/tlsrpt $root/etc/systemd/system.conf.d
printf '[report]\nto=root@example.test\n[daemon]\nlmtp=unix:/run/tlsrpt/lmtp\nhttp=127.0.0.1:8460\n' \
	>$root/etc/tlsrpt/tlsrpt.conf
# The programs may have been built for another place of the configuration.
printf '[Manager]\nDefaultEnvironment=TLSRPT_CONFIG=/etc/tlsrpt/tlsrpt.conf\n' \
	>$root/etc/systemd/system.conf.d/test.conf
cp $root/usr/share/postfix/master.cf.dist $root/etc/postfix/master.cf
printf 'compatibility_level = 3.6\nmydestination = example.test\nmyhostname = mail.example.test\ninet_interfaces = loopback-only\nalias_maps =\nlocal_recipient_maps =\nmaillog_file = /var/log/postfix.log\n' \
	>$root/etc/postfix/main.cf
rm -f $root/var/mail/root

# nspawn makes these itself, and keeps its locks in /run.
umount -l $root/dev $root/proc $root/tmp
mount -t tmpfs tmpfs /run
systemd-nspawn --quiet --register=no --keep-unit --private-network \
	--console=pipe \
	--system-call-filter='landlock_create_ruleset landlock_add_rule landlock_restrict_self' \
	-D $root --boot </dev/null >$root.console 2>&1 &
leader=
inside() {
	[ -n "$leader" ] || leader=$(pgrep -xo systemd) || return 1
	clean_env nsenter -t "$leader" -a "$@"
}
up() {
	inside systemctl is-active multi-user.target
}
# Where not even its process is there, no container can be had.
wait_for up || [ -n "$leader" ] || {
	sed 's/^/# /' $root.console
	echo '1..0 # SKIP systemd starts in no container here'
	exit 0
}
check 'systemd runs' wait_for up
[ "$failed" -eq 0 ] || sed 's/^/# /' $root.console

# --- helpers --------------------------------------------------------------------

# runs UNIT: it is started, and where it is a oneshot, it ended well
runs() {
	inside timeout 60 systemctl start "$1" && return 0
	inside journalctl --no-pager -o cat -n 20 -u "$1"
	return 1
}

# edit UNIT LINE...: what "systemctl edit" would do, until forget UNIT
edit() {
	edited=/etc/systemd/system/$1.d
	shift
	inside mkdir -p "$edited"
	printf '%s\n' "$@" | inside tee "$edited/test.conf" >/dev/null
	inside systemctl daemon-reload
}

forget() {
	inside rm -rf "/etc/systemd/system/$1.d"
	inside systemctl daemon-reload
}

# deliver FILE NAME: into the Maildir of the unit
deliver() {
	inside install -o tlsrpt -g tlsrpt -m 600 "/srv/tree/$1" $state/maildir/new/"$2"
}

in_folder() {
	[ "$(inside find "$2" -type f -name "${3-*}" | wc -l)" = "$1" ]
}

# --- user, folder, timers ---------------------------------------------------------

owner() {
	[ "$(inside stat -c '%U %a' $state)" = 'tlsrpt 700' ]
}
scheduled() {
	inside systemctl show -p NextElapseUSecRealtime "$1" | tee /dev/stderr |
		grep -q '=[A-Z]'
}
check 'the user has the folder' owner
for timer in ingest prune digest; do
	check "tlsrpt-$timer.timer is switched on" \
		inside systemctl enable -q --now tlsrpt-$timer.timer
	check "tlsrpt-$timer.timer has a time" scheduled tlsrpt-$timer.timer
done

# --- what each may do, and what it may not ------------------------------------------

cat >$root/usr/local/bin/probe <<'EOS'
#!/bin/sh
# Run in the place of what the unit starts.
may_not() {
	if "$@" 2>/dev/null; then
		echo "it may: $*"
		exit 1
	fi
}
may_not touch /etc/probe
may_not touch /usr/probe
may_not touch /var/lib/probe
may_not ls /root/.
may_not ls /home/.
may_not unshare -U true
may_not test -u /proc/self/exe
grep -q '^NoNewPrivs:.*1' /proc/self/status || { echo 'it may gain rights'; exit 1; }
grep -q '^CapEff:.*0000000000000000' /proc/self/status || { echo 'it has rights'; exit 1; }
[ "$(id -un)" = tlsrpt ] && touch /var/lib/tlsrpt/probe
EOS
chmod 755 $root/usr/local/bin/probe
# score UNIT LIMIT: what systemd makes of its options, in tenths
score() {
	systemd-analyze security --offline=yes --threshold="$2" \
		"$here/contrib/systemd/$1.service"
}
for unit in tlsrpt-ingest tlsrpt-prune tlsrpt-digest tlsrptd; do
	edit $unit.service '[Service]' Type=oneshot Restart=no ExecStart= ExecStartPost= \
		ExecStart=/usr/local/bin/probe
	check "$unit: is shut in" runs $unit.service
	forget $unit.service
	check "$unit: its exposure is below 2.0" score $unit 20
done

# --- a Maildir, and what becomes old ---------------------------------------------------

inside install -d -o tlsrpt -g tlsrpt $state/maildir $state/maildir/new \
	$state/maildir/cur $state/maildir/tmp
deliver samples/google-plain.eml 1.mail
deliver samples/plain-mail.eml 2.mail
edit tlsrpt-ingest.timer '[Timer]' OnCalendar= RandomizedDelaySec=0 OnActiveSec=0
check 'the timer fires' inside systemctl restart tlsrpt-ingest.timer
check 'ingest: the report is a row' wait_for rows 1
check 'ingest: the mails are marked' wait_for in_folder 2 $state/maildir/cur '*:2,S'
check 'ingest: other mail is in the quarantine' in_folder 1 $state/quarantine/new
forget tlsrpt-ingest.timer
check 'prune: runs' runs tlsrpt-prune.service
check 'prune: what is young stays' rows 1
edit tlsrpt-prune.service '[Service]' Environment=KEEP=1d
check 'prune: runs, with less to keep' runs tlsrpt-prune.service
check 'prune: what is old is gone' rows 0
forget tlsrpt-prune.service

# --- the digest, by a real sendmail -----------------------------------------------------

check 'Postfix runs' runs postfix.service
mailed() {
	inside test -f /var/mail/root && inside grep "$1" /var/mail/root
}
# nothing_waits: Postfix has no mail any more
nothing_waits() {
	inside postqueue -p | grep 'queue is empty'
}
{
	printf 'From: a@reporter.example\nSubject: yesterday\n'
	printf 'Content-Type: application/tlsrpt+json\n\n'
	sed "s/2026-09-03T/$(date -u -d yesterday +%F)T/g" "$here/samples/google-three-policies.json"
} >$root/srv/yesterday.eml
inside install -o tlsrpt -g tlsrpt -m 600 /srv/yesterday.eml $state/maildir/new/3.mail
# A mail that stays in the Maildir is stored anew when its report is gone.
edit tlsrpt-ingest.service '[Service]' Environment=AFTER=delete
check "ingest: yesterday's report comes in" runs tlsrpt-ingest.service
check 'ingest: the Maildir is empty then' in_folder 0 $state/maildir
forget tlsrpt-ingest.service
check 'ingest: there are both' rows 2
check 'digest: runs' runs tlsrpt-digest.service
check 'digest: is in the mailbox' wait_for mailed '^Subject: TLS reports on all domains'
check 'digest: ... from the user of the unit' mailed '^From tlsrpt@'
check 'digest: nothing of it is left behind' inside test ! -e /run/tlsrpt-digest
[ "$failed" -eq 0 ] || inside tail -n 20 /var/log/postfix.log | sed 's/^/# /'

# --- tlsrptd -------------------------------------------------------------------------

is() {
	[ "$(inside systemctl show -p "$2" --value "$3")" = "$1" ] && return 0
	inside systemctl status --no-pager "$3"
	return 1
}
post() {
	gzip -c "$here/samples/$2" >$root/srv/post.gz
	[ "$(inside curl -s -o /dev/null -w '%{http_code}' --data-binary @/srv/post.gz \
		-H 'Content-Type: application/tlsrpt+gzip' \
		http://127.0.0.1:8460/v1/report)" = "$1" ]
}
mail() {
	inside sh -c 'sendmail -f a@reporter.example tlsrpt@example.test <"$1"' sh \
		"/srv/tree/samples/$1"
}
lmtp_to() {
	inside postconf -e "transport_maps=inline:{ tlsrpt@example.test=lmtp:unix:$1 }"
	inside postfix reload
}
check 'tlsrptd: starts' runs tlsrptd.service
check 'tlsrptd: says that it is ready' is active ActiveState tlsrptd.service
check 'tlsrptd: takes a report by HTTP' post 200 rfc8460-example.json
check 'tlsrptd: ... which is a row' rows 3
check 'tlsrptd: reload' inside systemctl reload tlsrptd.service
check 'tlsrptd: answers still' post 200 rfc8460-example.json
check 'tlsrptd: ... and has one row of it' rows 3
check 'tlsrptd: the user of the reports has the file' \
	test "$(inside stat -c %U $state/reports.db)" = tlsrpt
check 'tlsrptd: stops' inside systemctl stop tlsrptd.service 2>/dev/null
check 'tlsrptd: ... well' is success Result tlsrptd.service
check 'tlsrptd: never restarted' is 0 NRestarts tlsrptd.service

# Sockets that systemd makes, one of them where Postfix's lmtp sees it in its
# chroot: contrib/postfix/README.
inside sed -i '/^lmtp=/d; /^http=/d' /etc/tlsrpt/tlsrpt.conf
edit tlsrptd-lmtp.socket '[Socket]' ListenStream= \
	ListenStream=/var/spool/postfix/tlsrpt/lmtp
check 'sockets: are switched on' \
	inside systemctl enable -q --now tlsrptd-lmtp.socket tlsrptd-http.socket
check 'sockets: nobody runs yet' is inactive ActiveState tlsrptd.service
chrooted() {
	inside postconf -M lmtp/unix | grep -E '^lmtp +unix +- +- +y '
}
check "Postfix's lmtp runs in a chroot" chrooted
lmtp_to tlsrpt/lmtp
check 'chroot: a mail' mail google-failures.eml
check 'chroot: is a row' wait_for rows 4
check 'chroot: ... and gone from the queue' wait_for nothing_waits
check 'chroot: the mail has started tlsrptd' is active ActiveState tlsrptd.service
check 'sockets: HTTP' post 200 rfc8460-example.json
inside systemctl stop tlsrptd.service 2>/dev/null
check 'sockets: a mail starts it again' mail container-none-json.eml
check 'sockets: is a row' wait_for rows 5
# The place outside of the chroot is not there inside.
lmtp_to /var/spool/postfix/tlsrpt/lmtp
check 'chroot: a mail to the name outside' mail google-again.eml
waits() {
	inside postqueue -p | grep 'No such file'
}
check 'chroot: waits' wait_for waits
confined() {
	inside journalctl --no-pager -o cat -u 'tlsrpt*' >$root/srv/journal &&
		grep -q 'stored: ' $root/srv/journal &&
		! grep 'less confined' $root/srv/journal
}
check 'mail is decoded as confined as the kernel can' confined
none_failed() {
	inside systemctl --failed --quiet --plain >$root/srv/failed &&
		test ! -s $root/srv/failed && return 0
	cat $root/srv/failed
	return 1
}
check 'nothing failed' none_failed
[ "$failed" -eq 0 ] || {
	inside journalctl --no-pager -o short -n 30 -u 'tlsrpt*' | sed 's/^/# /'
	inside tail -n 20 /var/log/postfix.log | sed 's/^/# /'
}
finish
