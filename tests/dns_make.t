#!/bin/sh
# What tlsrpt-dns makes is what zone files, panels and programs take.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"

make_record() {
	tlsrpt-dns make tlsrpt --offline mail.example.com --zone=example.com \
		--rua=mailto:t@example.org --format="$1" 2>/dev/null
}

value='v=TLSRPTv1; rua=mailto:t@example.org'
owner=_smtp._tls.mail.example.com

nsupdate_form() {
	printf 'zone example.com.\nupdate delete %s. TXT\nupdate add %s. 3600 TXT "%s"\nsend\n' \
		"$owner" "$owner" "$value"
}

terraform_form() {
	cat <<-E
		resource "dns_txt_record_set" "r__smtp__tls_mail_example_com" {
		  zone = "example.com."
		  name = "_smtp._tls.mail"
		  txt  = ["$value"]
		  ttl  = 3600
		}
	E
}

octodns_form() {
	printf "'_smtp._tls.mail':\n  ttl: 3600\n  type: TXT\n  value: '%s'\n" \
		'v=TLSRPTv1\; rua=mailto:t@example.org'
}

route53_form() {
	make_record route53 | python3 -c '
import json, sys
change, = json.load(sys.stdin)["Changes"]
record = change["ResourceRecordSet"]
value, = record["ResourceRecords"]
assert change["Action"] == "UPSERT" and record["TTL"] == 3600
assert (record["Name"], record["Type"]) == (sys.argv[1] + ".", "TXT")
assert value["Value"] == "\"" + sys.argv[2] + "\""' "$owner" "$value"
}

# panel NAME VALUE: the lines below a panel's name
panel() {
	make_record panels | sed -n "/^$1\$/,/^\$/p" >"$tmp/panel"
	grep -qxF '  Name   _smtp._tls.mail' "$tmp/panel" &&
		grep -qxF "  Value  $2" "$tmp/panel"
}

panels() {
	panel 'AWS Route 53' "\"$value\"" && panel deSEC "\"$value\"" &&
		for service in Cloudflare Hetzner IONOS OVH Strato; do
			panel "$service" "$value" || return 1
		done && ! grep -q TTL "$tmp/panel"
}

# A record of more than 255 octets comes out of a zone file as it went in.
long_record() {
	long=$(printf 'https://example.org/%0250d' 1)
	tlsrpt-dns make tlsrpt --offline example.com --rua="$long" \
		--format=zone >"$tmp/zone" 2>/dev/null
	[ "$(grep -o '"[^"]*"' "$tmp/zone" | wc -l)" -eq 2 ] || return 1
	grep -o '"[^"]*"' "$tmp/zone" | awk 'length($0) > 257 { exit 1 }' || return 1
	same "v=TLSRPTv1; rua=$long" \
		"$(grep -o '"[^"]*"' "$tmp/zone" | tr -d '"\n')"
}

zone_loads() {
	{
		echo "\$ORIGIN example.com."
		echo '@ 3600 IN SOA ns root 1 3600 600 86400 300'
		echo '@ 3600 IN NS ns.example.org.'
		cat "$tmp/zone"
	} >"$tmp/whole"
	ldns-read-zone "$tmp/whole" | grep -q '^_smtp._tls.example.com.'
}

encoded() {
	says "^v=TLSRPTv1; rua=mailto:a%2Cb%21@xn--bcher-kva.example,https://example.org/a%3Bb%20c\$" \
		tlsrpt-dns make tlsrpt --offline example.com --format=record -q \
		--rua='mailto:a,b!@bücher.example' --rua='https://example.org/a;b c'
}

policy() {
	tlsrpt-dns make mta-sts --offline -q example.com --mx=mx.example.com \
		--mx='*.example.net' --mode=enforce --max-age=1209600 \
		--format=policy >"$tmp/policy" 2>/dev/null
	printf 'version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: *.example.net\r\nmax_age: 1209600\r\n' |
		cmp - "$tmp/policy" && exits 0 tlsrpt-dns lint mta-sts "$tmp/policy"
}

fresh_id() {
	made=$(tlsrpt-dns make mta-sts --offline -q example.com \
		--mx=mx.example.com --format=record 2>/dev/null)
	exits 0 tlsrpt-dns lint mta-sts "$made" &&
		echo "$made" | grep -Eqx 'v=STSv1; id=20[0-9]{6}T[0-9]{6}Z'
}

steps() {
	for mode in testing enforce none; do
		says "$2" tlsrpt-dns make mta-sts --offline example.com \
			--mx=mx.example.com --mode="$mode" || return 1
		shift
	done
}

authorization() {
	same "example.com._report._tls.example.org. 3600 IN TXT \"v=TLSRPTv1\"" \
		"$(tlsrpt-dns make authorization example.com example.org --format=zone)"
}

check 'the record alone' same "$value" "$(make_record record)"
check 'a line of a zone file' same "$owner. 3600 IN TXT \"$value\"" "$(make_record zone)"
check 'for nsupdate' same "$(nsupdate_form)" "$(make_record nsupdate)"
check 'for Terraform' same "$(terraform_form)" "$(make_record terraform)"
check 'for octoDNS' same "$(octodns_form)" "$(make_record octodns)"
check 'a change batch for Route 53' route53_form
check 'for panels' panels
check 'longer than 255 octets: several strings' long_record
if command -v ldns-read-zone >/dev/null; then
	check '... which a zone file takes' zone_loads
else
	skip '... which a zone file takes' 'no ldns-read-zone'
fi
check 'commas, marks and foreign letters are encoded' encoded
check 'what is made is in order' exits 0 tlsrpt-dns lint tlsrpt "$value"
check 'a wrong destination makes no record' exits 2 tlsrpt-dns make tlsrpt \
	--offline example.com --rua=http://example.org/
check '... and prints none' exits 1 grep -q 'v=TLSRPTv1' "$tmp/exits.out"
check 'a policy has CRLF, and is in order' policy
check 'the id of a policy is new' fresh_id
check 'the steps of each mode' steps '' '2 to 4 weeks' 'Raise max_age' 'Remove the record'
check 'an authorisation' authorization
for server in nginx caddy apache; do
	check "a part for $server" says 'mta-sts\.example\.com' tlsrpt-dns \
		make mta-sts --offline example.com --mx=mx.example.com --format=$server
done
check 'no destination is a usage error' exits 64 tlsrpt-dns make tlsrpt example.com
check 'an unknown form is a usage error' exits 64 tlsrpt-dns make tlsrpt \
	--offline example.com --rua=mailto:a@example.org --format=xml
check 'an unknown command is a usage error' exits 64 tlsrpt-dns make coffee
check 'what is no domain is a usage error' exits 64 tlsrpt-dns check dane 'a b'
check 'a wrong --connect is a usage error' exits 64 tlsrpt-dns check dane \
	example.com --connect=x
check 'a file that is not there is not known' exits 3 tlsrpt-dns lint mta-sts "$tmp/none"
check 'warnings alone end with 1' exits 1 tlsrpt-dns lint tlsrpt "$value,mailto:b@example.org"
check 'a record from standard input' sh -c \
	'echo "v=TSLRPTv1; rua=mailto:a@example.org" | tlsrpt-dns lint tlsrpt - |
	grep -q record-version-misspelt'
check 'what was wrong is shown as text' says 'x\\x1b' tlsrpt-dns lint tlsrpt \
	"v=TLSRPTv1; rua=$(printf 'x\033[31m')"
finish
