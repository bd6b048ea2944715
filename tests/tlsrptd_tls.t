#!/bin/sh
# The daemon by https: with TLS of its own, whose certificate is renewed while
# it runs, and behind nginx with contrib/nginx.
# shellcheck source=tests/lib.sh
. "${srcdir:-.}/tests/lib.sh"
# shellcheck source=tests/daemon.sh
. "${srcdir:-.}/tests/daemon.sh"

command -v tlsrptd >/dev/null || skip_all 'tlsrptd was not built'
for program in curl openssl python3 sqlite3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done

cleanup() {
	daemon_drop
	if [ -n "${nginx:-}" ]; then kill "$nginx" && wait "$nginx"; fi
}

samples=$top/samples
uri=sqlite:$tmp/state.d/reports.db
gzip -nc "$samples/rfc8460-example.json" >"$tmp/report.gz"
pem=$tmp/pem
mkdir -p "$pem"

# certificate NAME KEY-OPTION...: $pem/NAME.pem and NAME.key
certificate() {
	called=$1
	shift
	openssl req -x509 -nodes -days 2 -subj "/CN=$called" \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
		-keyout "$pem/$called.key" -out "$pem/$called.pem" "$@"
}

# put NAME [KEY]: as a renewal does, by rename
put() {
	cp "$pem/$1.pem" "$pem/new" && mv "$pem/new" "$pem/chain.pem" &&
		cp "$pem/${2:-$1}.key" "$pem/new" &&
		if [ -n "$daemon_user" ]; then chown "$daemon_user" "$pem/new"; fi &&
		chmod 600 "$pem/new" && mv "$pem/new" "$pem/key.pem"
}

# trusted NAME STATUS [CURL OPTION...]: with this certificate, and no other
trusted() {
	by=$1
	status_wanted=$2
	shift 2
	gets "$status_wanted" "$tmp/report.gz" --cacert "$pem/$by.pem" "$@"
}

not_trusted() {
	post "$tmp/report.gz" --cacert "$pem/$1.pem" >/dev/null
	same 60 $?
}

hang_up() {
	hups=$(grep -c '^tlsrptd: .*SIGHUP:' "$log")
	kill -HUP "$pid" && wait_for 10 was_read "$hups"
	tail -n 1 "$log"
}

was_read() {
	[ "$(grep -c 'SIGHUP:' "$log")" -gt "$1" ]
}

said() {
	grep -Eq "$1" "$log" || { cat "$log"; return 1; }
}

# A connection that was there before goes on with the certificate it has.
kept_open() {
	python3 - "$port" "$pem/first.pem" "$pid" "$log" \
		"$tmp/report.gz" <<-'EOF'
		import http.client, os, signal, ssl, sys, time
		port, ca, pid, log, report = sys.argv[1:]
		body = open(report, "rb").read()
		context = ssl.create_default_context(cafile=ca)
		one = http.client.HTTPSConnection("localhost", int(port),
		    context=context, timeout=20)
		for i in range(2):
		    one.request("POST", "/v1/report", body,
		        {"Content-Type": "application/tlsrpt+gzip"})
		    answer = one.getresponse()
		    answer.read()
		    assert answer.status == 200, answer.status
		    if i == 0:
		        first = one.sock
		        os.kill(int(pid), signal.SIGHUP)
		        until = time.monotonic() + 10
		        while "read anew" not in open(log).read():
		            assert time.monotonic() < until, "no SIGHUP"
		            time.sleep(0.02)
		assert one.sock is first, "a new connection"
	EOF
}

own_tls() {
	check 'a certificate' certificate first -newkey rsa:2048
	certificate second -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		>/dev/null 2>&1
	put first
	check 'it is configured' daemon_configure \
		"tls-certificate=$pem/chain.pem" "tls-key=$pem/key.pem"
	url=https://localhost:$port
	check 'it starts' daemon_start
	check 'a report by https' trusted first 200
	check '... is stored' is 'https|none' \
		"SELECT channel || '|' || auth FROM report"
	check 'TLS 1.3' trusted first 200 --tlsv1.3
	check 'TLS 1.2' trusted first 200 --tls-max 1.2
	check 'chunked, by TLS' trusted first 200 \
		-H 'Transfer-Encoding: chunked' -H 'Expect: 100-continue'
	check 'nothing older' by_none -tls1_1
	check 'http on the port of https gets no answer' no_plain
	put second
	check 'before SIGHUP, the first is in use' trusted first 200
	check 'what is open stays open over a SIGHUP' kept_open
	check 'SIGHUP: the second is in use' trusted second 200
	check '... and the first is not' not_trusted first
	put first second
	check 'SIGHUP with a key of another' hang_up
	check '... is said' said 'stays as it was: .*not the certificate'
	check '... and the second stays' trusted second 200
	echo junk >"$pem/chain.pem"
	check 'SIGHUP with junk' hang_up
	check '... and the second stays in use' trusted second 200
	rm "$pem/chain.pem"
	check 'SIGHUP with nothing' hang_up
	check '... and the second is still in use' trusted second 200
	check 'it goes on' still_there
	check 'it stops' daemon_stop
	check 'without a certificate it does not start' exits 78 \
		tlsrptd --config="$conf"
}

# cipher_by VERSION: the line on what was agreed, for a client that would
cipher_by() {
	openssl s_client "$1" -cipher DEFAULT@SECLEVEL=0 \
		-connect "127.0.0.1:$port" </dev/null 2>&1 | grep 'Cipher is'
}

by_none() {
	cipher_by -tls1_2 | grep -v NONE && cipher_by "$1" | grep NONE
}

no_plain() {
	got=$(curl -s -m 10 -o /dev/null -w '%{http_code}' \
		"http://localhost:$port/healthz")
	same 000 "$got"
}

still_there() {
	kill -0 "$pid"
}

# --- behind nginx -----------------------------------------------------------

nginx_start() {
	nginx_port=$(free_port)
	mkdir -p "$tmp/nginx"
	sed "s|unix:/run/tlsrpt/http:|unix:$tmp/state.d/http:|
		s|client_max_body_size 16m|client_max_body_size 1m|" \
		"$top/contrib/nginx/tlsrpt.conf" >"$tmp/nginx/tlsrpt.conf"
	cat >"$tmp/nginx/nginx.conf" <<-EOF
		daemon off;
		pid $tmp/nginx/pid;
		error_log $tmp/nginx/error.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $tmp/nginx/body;
			proxy_temp_path $tmp/nginx/proxy;
			fastcgi_temp_path $tmp/nginx/fastcgi;
			uwsgi_temp_path $tmp/nginx/uwsgi;
			scgi_temp_path $tmp/nginx/scgi;
			server {
				listen 127.0.0.1:$nginx_port ssl;
				ssl_certificate $pem/first.pem;
				ssl_certificate_key $pem/first.key;
				include $tmp/nginx/tlsrpt.conf;
			}
		}
	EOF
	nginx -p "$tmp/nginx" -c "$tmp/nginx/nginx.conf" \
		-e "$tmp/nginx/error.log" 2>"$tmp/nginx/stderr" &
	nginx=$!
	url=https://localhost:$nginx_port
	wait_for 10 curl -sk "$url/" -o /dev/null || cat "$tmp/nginx/stderr"
}

by_nginx() {
	rm -rf "$tmp/state.d"
	check 'nginx: the daemon is configured' daemon_configure max-body=1M
	sed "s|^http=.*|http=unix:$tmp/state.d/http|" "$conf" >"$conf.new" &&
		cat "$conf.new" >"$conf"
	check 'nginx: the daemon starts' daemon_start
	check 'nginx: it starts' nginx_start
	check 'nginx: a report' trusted first 200
	check 'nginx: ... is stored' is 'https|none' \
		"SELECT channel || '|' || auth FROM report"
	check 'nginx: chunked' trusted first 200 -H 'Transfer-Encoding: chunked'
	check 'nginx: by HTTP/1.0' trusted first 200 --http1.0
	head -c 3000000 /dev/zero >"$tmp/long"
	check 'nginx: too long is 413' gets 413 "$tmp/long" \
		--cacert "$pem/first.pem"
	printf '{"a":1}' >"$tmp/other.json"
	check 'nginx: no report is 400' gets 400 "$tmp/other.json" \
		--cacert "$pem/first.pem"
	for page in healthz metrics; do
		check "nginx: /$page stays inside" same 404 "$(curl -s -m 10 \
			--cacert "$pem/first.pem" -o /dev/null \
			-w '%{http_code}' "$url/$page")"
	done
	check 'nginx: the daemon stops' daemon_stop
	check 'nginx: without it, a sender is told so' trusted first 502
}

own_tls
if command -v nginx >/dev/null; then
	by_nginx
else
	skip 'behind nginx' 'no nginx'
fi
finish
