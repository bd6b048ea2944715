#!/bin/sh
# tlsrpt-dns against real servers: every kind of finding, provoked and not.
# In a network of its own where that can be had, so that nothing leaves
# loopback; ports are free ones in any case.
if [ -z "${TLSRPT_OWN_NETWORK:-}" ] &&
	unshare --net sh -c 'ip link set lo up' 2>/dev/null; then
	TLSRPT_OWN_NETWORK=yes
	export TLSRPT_OWN_NETWORK
	# shellcheck disable=SC2016 # the inner shell expands it
	exec unshare --net sh -c 'ip link set lo up && exec "$0"' "$0"
fi
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

PATH=$PATH:$PWD/tests:/usr/sbin:/sbin
for tool in tlsrpt-dns tlsrpt-ingest tlsrpt-report print_findings nsd unbound ldns-signzone nginx python3; do
	command -v "$tool" >/dev/null || skip_all "no $tool"
done
python3 -c 'import cryptography' 2>/dev/null || skip_all 'no python3-cryptography'

PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore \
	python3 "$top/tests/dns_findings.py" "$tmp"
