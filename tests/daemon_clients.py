#!/usr/bin/env python3
"""Clients of tlsrptd that a mail system or curl would never be.

    daemon_clients.py lmtp SOCKET CASE     talk LMTP in some odd way
    daemon_clients.py http PORT CASE       talk HTTP in some odd way
    daemon_clients.py activate SOCKET PORT FOLDER COMMAND...
                                           start a program as systemd does
    daemon_clients.py journal SOCKET FOLDER COMMAND...
                                           be the journal, in a place of its own

Each prints what came back, and ends with 1 where that is not what it should.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def sample(name):
    with open(os.path.join(TOP, "samples", name), "rb") as file:
        return file.read()


def message(name="google-plain.eml"):
    lines = sample(name).replace(b"\r\n", b"\n").split(b"\n")
    return b"\r\n".join(b"." + l if l.startswith(b".") else l for l in lines)


class Client:
    def __init__(self, address):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(address)

    def send(self, data):
        self.socket.sendall(data)

    def until(self, pattern):
        got = b""
        while not re.search(pattern, got, re.M | re.S):
            piece = self.socket.recv(65536)
            if not piece:
                raise SystemExit("closed after %r, before %r" % (got, pattern))
            got += piece
        return got

    def rest(self):
        got = b""
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return got
            if not piece:
                return got
            got += piece


def expect(wanted, got):
    print(got.decode("latin-1"))
    if not re.search(wanted, got, re.M | re.S):
        raise SystemExit("does not match: %r" % wanted)


ENVELOPE = b"LHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"


def lmtp_pipelined(path):
    """All in one piece, two messages, three recipients of the second."""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\n" + message() + b"\r\n.\r\n"
                + b"MAIL FROM:<>\r\n" + 3 * b"RCPT TO:<c@d.example>\r\n"
                + b"DATA\r\n" + message("google-failures.eml")
                + b"\r\n.\r\nQUIT\r\n")
    got = client.rest()
    expect(rb"354.*^250 2.0.0 \w+\r\n.*354.*(^250 2.0.0 \w+\r\n){3}221", got)


def lmtp_capabilities(path):
    client = Client(path)
    client.send(b"LHLO x\r\nQUIT\r\n")
    got = client.rest()
    for word in (rb"PIPELINING", rb"SIZE \d+", rb"8BITMIME", rb"SMTPUTF8",
                 rb"ENHANCEDSTATUSCODES"):
        expect(rb"^250[- ]" + word, got)


def lmtp_half_closed(path):
    """Says all, closes its sending side, and still gets its answer."""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\n" + message() + b"\r\n.\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    expect(rb"^354.*^250 2.0.0 ", client.rest())


def lmtp_half_message(path):
    """Closes within the message: there is no answer, and nothing is kept."""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\n" + message()[:500])
    client.socket.shutdown(socket.SHUT_WR)
    got = client.rest()
    expect(rb"^354[^\n]*\n\Z", got)


def lmtp_byte_by_byte(path):
    client = Client(path)
    for byte in ENVELOPE + b"DATA\r\n":
        client.send(bytes([byte]))
    client.until(rb"^354")
    for byte in b"Subject: x\r\n\r\n..dot\r\n.\rno end\r\n.\r\nQUIT\r\n":
        client.send(bytes([byte]))
    expect(rb"^250 2.0.0 kept in quarantine", client.rest())


def lmtp_long_line(path):
    """RFC 5321 allows 1000 bytes; some senders do not know."""
    client = Client(path)
    text = message("base64-one-line.eml")
    client.send(ENVELOPE + b"DATA\r\n" + text + b"\r\n"
                + b"x" * 3000000 + b"\r\n.\r\nQUIT\r\n")
    expect(rb"^250 2.0.0 ", client.rest())


def lmtp_garbage(path):
    client = Client(path)
    client.until(rb"^220")
    try:
        client.send(os.urandom(20000) + 30 * b"\r\nblah")
    except OSError:
        pass
    expect(rb"^421 4.7.0", client.rest())


def lmtp_http(path):
    """A browser that was led astray."""
    client = Client(path)
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n" + ENVELOPE)
    got = client.rest()
    expect(rb"^421 4.7.0", got)


def lmtp_silent(path):
    """Says nothing; idle-timeout=1 in this test."""
    client = Client(path)
    began = time.monotonic()
    expect(rb"^421 4.4.2", client.rest())
    if time.monotonic() - began > 20:
        raise SystemExit("it took too long")


def lmtp_slow(path):
    """A byte of the message now and then; body-timeout=2 in this test."""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\n")
    client.until(rb"^354")
    began = time.monotonic()
    client.socket.settimeout(0.3)
    while time.monotonic() - began < 20:
        try:
            client.send(b"x")
            if client.socket.recv(100):
                print("closed, as it should be")
                return
        except socket.timeout:
            continue
        except OSError:
            print("closed, as it should be")
            return
    raise SystemExit("a slow client is never closed")


def lmtp_wrong_order(path):
    client = Client(path)
    client.send(b"MAIL FROM:<a@b>\r\nEHLO x\r\nLHLO x\r\nRCPT TO:<a@b>\r\n"
                b"DATA\r\nMAIL FROM:<a@b> SIZE=99999999999\r\n"
                b"MAIL FROM:<a@b> BODY=8BITMIME SMTPUTF8\r\nMAIL FROM:<a@b>\r\n"
                b"DATA\r\nRCPT TO:<\xc3\xa4@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n"
                b"MAIL FROM:<a@b> FOO=1\r\nVRFY x\r\nNOOP\r\nQUIT\r\n")
    expect(rb"^503.*^500.*^250 ENH.*^503 5.5.1 MAIL.*^503 5.5.1 MAIL.*"
           rb"^552 5.3.4.*^250 2.1.0.*^503.*^503 5.5.1 no rec.*^250 2.1.5.*"
           rb"^250 2.0.0.*^503.*^555.*^252.*^250.*^221", client.rest())


def lmtp_recipients(path):
    """A thousand are taken; one more is for the next time."""
    client = Client(path)
    client.send(ENVELOPE + 999 * b"RCPT TO:<c@d.example>\r\n")
    client.until(rb"(^250 2.1.5[^\n]*\n){1000}")
    client.send(b"RCPT TO:<c@d.example>\r\nDATA\r\n" + message()
                + b"\r\n.\r\nQUIT\r\n")
    expect(rb"\A452 4.5.3[^\n]*\n354[^\n]*\n(250 2.0.0[^\n]*\n){1000}221",
           client.rest())


def lmtp_too_long(path):
    """max-message=1M in this test: the rest is read, and the next one taken."""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\n" + b"x" * 78 * 30000 + b"\r\n.\r\n"
                + b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n" + message()
                + b"\r\n.\r\nQUIT\r\n")
    expect(rb"^552 5.3.4.*^250 2.0.0 ", client.rest())


def lmtp_reject(path):
    """on-invalid=reject"""
    client = Client(path)
    client.send(ENVELOPE + b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
    expect(rb"^554 5.6.0", client.rest())


def lmtp_away(path):
    """The database is away: at MAIL, or after the message."""
    client = Client(path)
    client.send(ENVELOPE)
    got = client.until(rb"ENHANCED[^\n]*\n(\d[^\n]*\n){2}")
    if b"451 4.3.0" not in got:
        client.send(b"DATA\r\n" + message() + b"\r\n.\r\n")
        got = client.until(rb"^451")
    expect(rb"^451 4.3.0", got)


def request(body, headers=b"", length=True):
    head = b"POST /v1/report HTTP/1.1\r\nHost: x\r\n" + headers
    if length:
        head += b"Content-Length: %d\r\n" % len(body)
    return head + b"\r\n" + body


def http_split(port):
    """Header and body in single bytes."""
    client = Client(("127.0.0.1", port))
    data = request(sample("rfc8460-example.json"),
                   b"Connection: close\r\nContent-Type: application/tlsrpt+json\r\n")
    for i in range(0, 300):
        client.send(data[i:i + 1])
    client.send(data[300:])
    expect(rb"^HTTP/1.1 200 ", client.rest())


def http_half_closed(port):
    client = Client(("127.0.0.1", port))
    client.send(request(sample("rfc8460-example.json")))
    client.socket.shutdown(socket.SHUT_WR)
    expect(rb"^HTTP/1.1 200 ", client.rest())


def http_alive(port):
    """One connection for what a monitor asks, and for a report."""
    client = Client(("127.0.0.1", port))
    for path in (b"/healthz", b"/metrics", b"/", b"/healthz"):
        client.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        got = client.until(rb"^Content-Length: \d+.*\r\n\r\n")
        head, body = got.split(b"\r\n\r\n", 1)
        size = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(body) < size:
            body += client.socket.recv(65536)
        print(head)
    client.send(b"GET /v1/report HTTP/1.1\r\nHost: x\r\n\r\n")
    expect(rb"^HTTP/1.1 405 .*write POST\n", client.until(rb"write POST\n"))
    client.send(request(sample("rfc8460-example.json"), b"Connection: close\r\n"))
    expect(rb"^HTTP/1.1 200 ", client.rest())


def http_cut(port):
    """The body ends early: nothing is stored."""
    client = Client(("127.0.0.1", port))
    client.send(request(sample("rfc8460-example.json"))[:-100])
    client.socket.shutdown(socket.SHUT_WR)
    got = client.rest()
    if b" 200 " in got:
        raise SystemExit("half a document was taken")


def http_slow_header(port):
    client = Client(("127.0.0.1", port))
    client.send(b"POST /v1/report HTTP/1.1\r\nX-Slow: ")
    began = time.monotonic()
    client.socket.settimeout(0.3)
    while time.monotonic() - began < 20:
        try:
            client.send(b"x")
            if not client.socket.recv(4096):
                print("closed, as it should be")
                return
        except socket.timeout:
            continue
        except OSError:
            print("closed, as it should be")
            return
    raise SystemExit("a slow client is never closed")


def http_garbage(port):
    client = Client(("127.0.0.1", port))
    try:
        client.send(os.urandom(5000) + b"\r\n\r\n")
    except OSError:
        pass
    client.rest()
    http_split(port)


def http_long_header(port):
    client = Client(("127.0.0.1", port))
    client.send(b"POST /v1/report HTTP/1.1\r\nX: " + b"x" * 60000 + b"\r\n\r\n")
    expect(rb"^HTTP/1.1 4(31|14|13) ", client.rest())


def activate(path, port, folder, command):
    """Sockets by number, readiness, watchdog and reload as systemd has them."""
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(folder + "/notify")
    notify.settimeout(30)
    os.chmod(folder + "/notify", 0o666)
    lmtp = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    lmtp.bind(path)
    lmtp.listen(10)
    http = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    http.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    http.bind(("127.0.0.1", port))
    http.listen(10)

    low = os.dup2(http.fileno(), 13), os.dup2(lmtp.fileno(), 14)

    def prepare():
        os.dup2(low[0], 3)
        os.dup2(low[1], 4)
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execvp(command[0], command)

    os.environ.update(LISTEN_FDS="2", LISTEN_FDNAMES="http:lmtp",
                      NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC="400000")
    pid = os.fork()
    if pid == 0:
        prepare()
    lmtp.close()
    http.close()
    os.close(13)
    os.close(14)

    def wait_for(state):
        while True:
            got = notify.recv(4096).decode()
            print(got)
            if re.search(state, got, re.M):
                return

    try:
        wait_for(r"^READY=1$")
        client = Client(path)
        client.send(ENVELOPE + b"DATA\r\n" + message() + b"\r\n.\r\nQUIT\r\n")
        expect(rb"^250 2.0.0 ", client.rest())
        http_split(port)
        for _ in range(3):
            wait_for(r"^WATCHDOG=1$")
        os.kill(pid, signal.SIGHUP)
        wait_for(r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        wait_for(r"^READY=1$")
        os.kill(pid, signal.SIGTERM)
        wait_for(r"^STOPPING=1$")
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit("it ended with %d" % status)
    if not os.path.exists(path):
        raise SystemExit("systemd's socket was taken away")


def fields_of(record):
    """A record of the journal's native protocol."""
    fields = {}
    while record:
        name, record = record.split(b"\n", 1)
        if b"=" in name:
            name, value = name.split(b"=", 1)
        else:
            size = int.from_bytes(record[:8], "little")
            value, record = record[8:8 + size], record[9 + size:]
        fields[name.decode()] = value.decode()
    return fields


def journal(path, folder, command):
    """What it says goes to the journal, with fields; to stderr, nothing."""
    place = "/run/systemd/journal"
    os.makedirs(place)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(place + "/socket")
    os.chmod(place + "/socket", 0o666)
    listener.settimeout(30)
    with open(folder + "/stderr", "w+b") as stderr:
        st = os.fstat(stderr.fileno())
        child = subprocess.Popen(command, stderr=stderr, env=dict(
            os.environ, JOURNAL_STREAM="%d:%d" % (st.st_dev, st.st_ino)))
        try:
            wait_for_record(listener, MESSAGE="ready")
            client = Client(path)
            client.send(ENVELOPE + b"DATA\r\n" + message()
                        + b"\r\n.\r\nQUIT\r\n")
            expect(rb"^250 2.0.0 ", client.rest())
            wait_for_record(
                listener, TLSRPT_OUTCOME="stored", TLSRPT_CHANNEL="mail",
                TLSRPT_ORGANIZATION="Google Inc.", TLSRPT_AUTH="none",
                TLSRPT_DOMAIN="example.com", PRIORITY="6",
                SYSLOG_IDENTIFIER="tlsrptd")
            child.terminate()
            wait_for_record(listener, MESSAGE="shutting down")
        finally:
            child.terminate()
            child.wait()
        stderr.seek(0)
        expect(rb"\A\Z", stderr.read())


def wait_for_record(listener, **wanted):
    while True:
        got = fields_of(listener.recv(65536))
        print(got)
        if wanted.items() <= got.items():
            return
        if "TLSRPT_OUTCOME" in wanted and "TLSRPT_OUTCOME" in got:
            raise SystemExit("want %s" % wanted)


def main():
    kind, where, what = sys.argv[1:4]
    if kind == "activate":
        activate(where, int(what), sys.argv[4], sys.argv[5:])
    elif kind == "journal":
        journal(where, what, sys.argv[4:])
    elif kind == "lmtp":
        globals()["lmtp_" + what](where)
    else:
        globals()["http_" + what](int(where))


main()
