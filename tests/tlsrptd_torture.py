#!/usr/bin/env python3
"""Kill tlsrptd again and again under load, and count what it answered.

    tlsrptd_torture.py KILLS CONFIGURATION SOCKET PORT QUARANTINE

CONFIGURATION has LMTP on the Unix socket SOCKET, and HTTP on PORT.  From the
environment: TORTURE_ROWS, a command that prints the rows of the SQL that is
put behind it, columns parted by "|"; and, where they are set, TORTURE_SUBMIT, the socket of a Postfix
that delivers to SOCKET by LMTP, with TORTURE_POSTFIX, its configuration; and
TORTURE_PG_CTL, pg_ctl with its arguments: then the database goes away too.

What gets no answer by LMTP is sent again, as a mail system does; what gets
none by HTTP may be there or not.  In the end, all that was answered has to be
in the database once, or in quarantine.  Prints TAP.
"""
import base64
import gzip
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

WAIT = 60
SENDERS = {"lmtp": 4, "http": 4, "postfix": 2}


def document(name):
    return gzip.compress(json.dumps({
        "organization-name": "Torture", "report-id": name,
        "contact-info": "a@reporter.example",
        "date-range": {"start-datetime": "2026-01-01T00:00:00Z",
                       "end-datetime": "2026-01-01T23:59:59Z"},
        "policies": [{
            "policy": {"policy-type": "sts", "policy-domain": "example.com",
                       "policy-string": ["version: STSv1"]},
            "summary": {"total-successful-session-count": 7,
                        "total-failure-session-count": 3},
            "failure-details": [{"result-type": "certificate-expired",
                                 "failed-session-count": 3}]}]}).encode(), 1)


def mail(name):
    text = ("From: a@reporter.example\r\nTo: b@example.test\r\n"
            "Subject: Report Domain: example.com\r\n"
            "Message-ID: <%s@reporter.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: application/tlsrpt+gzip\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" % name)
    data = base64.encodebytes(document(name)).replace(b"\n", b"\r\n")
    return text.encode() + data


def junk(name):
    return ("Subject: junk\r\n\r\nThis is no report, %s.\r\n" % name).encode()


class Talk:
    """SMTP or LMTP, a reply a line."""

    def __init__(self, path, hello):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(WAIT)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")
        self.reply(b"2")
        self.say(hello, b"2")

    def reply(self, wanted):
        while True:
            line = self.file.readline()
            if not line.startswith(wanted):
                raise OSError(line)
            if line[3:4] != b"-":
                return line

    def say(self, line, wanted):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply(wanted)

    def message(self, data, recipient):
        self.say("MAIL FROM:<a@reporter.example>", b"2")
        self.say("RCPT TO:<%s>" % recipient, b"2")
        self.say("DATA", b"3")
        self.socket.sendall(data + b".\r\n")
        return self.reply(b"2")

    def close(self):
        self.file.close()
        self.socket.close()


class Torture:
    def __init__(self, kills, configuration, path, port, quarantine):
        self.kills = kills
        self.configuration = configuration
        self.path = path
        self.port = port
        self.quarantine = quarantine
        self.submit = os.environ.get("TORTURE_SUBMIT")
        self.postfix = os.environ.get("TORTURE_POSTFIX")
        self.pg_ctl = os.environ.get("TORTURE_PG_CTL", "").split()
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.serial = 0
        self.answered = {way: set() for way in SENDERS}
        self.junk = set()
        self.unanswered = 0
        self.broken = 0
        self.random = random.Random(8460)
        self.tests = self.failed = 0

    # --- the daemon and its database

    def start(self):
        self.daemon = subprocess.Popen(
            ["tlsrptd", "-q", "--config=" + self.configuration])
        began = time.monotonic()
        while time.monotonic() - began < WAIT:
            try:
                Talk(self.path, "LHLO x").close()
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit("tlsrptd does not start")

    def kill(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def control(self, *arguments):
        subprocess.run(self.pg_ctl + list(arguments), check=True,
                       stdout=subprocess.DEVNULL)

    @staticmethod
    def rows(query):
        out = subprocess.run(os.environ["TORTURE_ROWS"].split() + [query],
                             check=True, stdout=subprocess.PIPE)
        return [tuple(line.split("|"))
                for line in out.stdout.decode().splitlines()]

    def flush(self):
        if self.submit:
            subprocess.run(["postqueue", "-c", self.postfix, "-f"],
                           check=False)

    # --- who sends

    def name(self, way):
        with self.lock:
            self.serial += 1
            return "%s-%d" % (way, self.serial)

    def note(self, way, name):
        with self.lock:
            if name.endswith("-junk"):
                self.junk.add(name)
            else:
                self.answered[way].add(name)

    def break_off(self):
        with self.lock:
            self.broken += 1
        time.sleep(0.02)

    def send_mail(self, way, path, hello, recipient):
        talk = None
        name = None
        while name or not self.ending.is_set():
            if name is None:
                name = self.name(way)
                if way == "lmtp" and self.serial % 10 == 0:
                    name += "-junk"
            data = junk(name) if name.endswith("-junk") else mail(name)
            try:
                if talk is None:
                    talk = Talk(path, hello)
                talk.message(data, recipient)
                self.note(way, name)
                name = None
            except OSError:
                if talk is not None:
                    talk.close()
                talk = None
                self.break_off()

    def send_http(self):
        client = None
        while not self.ending.is_set():
            name = self.name("http")
            try:
                if client is None:
                    client = http.client.HTTPConnection(
                        "127.0.0.1", self.port, timeout=WAIT)
                client.request("POST", "/v1/report", document(name), {
                    "Content-Type": "application/tlsrpt+gzip"})
                response = client.getresponse()
                response.read()
                if response.status == 200:
                    self.note("http", name)
                    continue
            except (OSError, http.client.HTTPException):
                pass
            with self.lock:
                self.unanswered += 1
            client.close()
            client = None
            self.break_off()

    def senders(self):
        made = [threading.Thread(target=self.send_mail, args=(
            "lmtp", self.path, "LHLO x", "b@example.test"))
                for _ in range(SENDERS["lmtp"])]
        made += [threading.Thread(target=self.send_http)
                 for _ in range(SENDERS["http"])]
        if self.submit:
            made += [threading.Thread(target=self.send_mail, args=(
                "postfix", self.submit, "EHLO x", "reports@example.test"))
                     for _ in range(SENDERS["postfix"])]
        return made

    # --- the run

    def kill_once(self, i):
        """Every fifth time the database goes first, so that spools fill."""
        away = bool(self.pg_ctl) and i % 5 == 4
        time.sleep(self.random.uniform(0.02, 0.5))
        if away:
            self.control("-m", "immediate", "stop")
            time.sleep(self.random.uniform(0.05, 0.3))
        self.kill()
        if away and i % 2:
            self.start()
            time.sleep(self.random.uniform(0.05, 0.3))
            self.kill()
        if away:
            self.control("start")
        self.start()
        self.flush()

    def end_under_load(self):
        """SIGTERM: what was taken is answered, in time."""
        time.sleep(self.random.uniform(0.1, 0.4))
        began = time.monotonic()
        self.daemon.terminate()
        status = self.daemon.wait()
        seconds = time.monotonic() - began
        print("# it took %.2f s" % seconds)
        self.check("by SIGTERM under load it ends with 0, in time",
                   status == 0 and seconds < 20, status, seconds)
        self.start()
        self.flush()

    def wait_for(self, what, done):
        began = time.monotonic()
        while time.monotonic() - began < WAIT:
            if done():
                return
            time.sleep(0.1)
        self.check(what, False)

    def gauge(self, name):
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        client.request("GET", "/metrics")
        text = client.getresponse().read().decode()
        client.close()
        return float(text.split("\ntlsrptd_%s " % name)[1].split("\n")[0])

    def queue_is_empty(self):
        self.flush()
        time.sleep(0.5)
        out = subprocess.run(["postqueue", "-c", self.postfix, "-p"],
                             check=False, stdout=subprocess.PIPE)
        return b"queue is empty" in out.stdout

    def settle(self):
        """Nothing is wrong any more: what waits comes in."""
        self.wait_for("the database is seen",
                      lambda: self.gauge("database_up") == 1)
        self.wait_for("the spool empties",
                      lambda: self.gauge("spool_documents") == 0)
        if self.submit:
            self.wait_for("Postfix's queue empties", self.queue_is_empty)
        self.daemon.terminate()
        status = self.daemon.wait()
        self.check("it ends with 0 when all is done", status == 0, status)

    def check(self, what, true, *told):
        self.tests += 1
        self.failed += not true
        print("%s %d - %s" % ("ok" if true else "not ok", self.tests, what))
        if not true:
            for text in told:
                print("# %s" % (text,))
        sys.stdout.flush()

    def verify(self):
        counts = {name: int(n) for name, n in self.rows(
            "SELECT report_id, count(*) FROM report GROUP BY report_id")}
        sent = set().union(*self.answered.values())
        lost = sent - set(counts)
        doubled = [name for name, n in counts.items() if n > 1]
        twice = self.rows(
            "SELECT report_id, count(*) FROM intake JOIN report"
            " USING (report_key) WHERE outcome = 'stored'"
            " GROUP BY report_id HAVING count(*) <> 1")
        sums = self.rows("SELECT sum(successful), sum(failed) FROM daily")
        kept = self.kept()
        lost |= {name for name in self.junk if junk(name) not in kept}
        again = self.rows(
            "SELECT count(*) FROM intake WHERE outcome = 'duplicate'")
        print("# kills %d; answered %s, %d in quarantine; %d times no answer,"
              " of which %d by HTTP; %s came twice" % (
                  self.kills, ", ".join("%d by %s" % (len(names), way)
                                        for way, names in
                                        self.answered.items()),
                  len(self.junk), self.broken, self.unanswered, again[0][0]))
        print("# lost %d, doubled %d" % (len(lost), len(doubled) + len(twice)))
        for way, names in self.answered.items():
            self.check("what was answered %s is there" % {
                "lmtp": "by LMTP", "http": "by HTTP",
                "postfix": "by Postfix"}[way], not names - set(counts),
                       sorted(names - set(counts))[:5])
        self.check("what was no report is in quarantine", not lost - sent,
                   sorted(lost - sent)[:5])
        self.check("nothing is there twice", not doubled and not twice,
                   doubled[:5], twice[:5])
        n = len(counts)
        self.check("the sums by day are those of all reports, once", sums == [
            (str(7 * n), str(3 * n))], n, sums)
        self.check("there was load from everyone", self.broken > 0 and all(
            names for way, names in self.answered.items()
            if way != "postfix" or self.submit), self.broken)

    def kept(self):
        folder = os.path.join(self.quarantine, "new")
        kept = set()
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), "rb") as file:
                kept.add(file.read().replace(b"\n", b"\r\n"))
        return kept

    def run(self):
        self.start()
        senders = self.senders()
        for sender in senders:
            sender.start()
        try:
            for i in range(self.kills):
                self.kill_once(i)
            for _ in range(max(3, self.kills // 10)):
                self.end_under_load()
        finally:
            self.ending.set()
        for sender in senders:
            sender.join()
        self.check("it was killed %d times" % self.kills, True)
        self.settle()
        self.verify()
        return self.failed == 0


def main():
    kills, configuration, path, port, quarantine = sys.argv[1:]
    torture = Torture(int(kills), configuration, path, int(port), quarantine)
    try:
        done = torture.run()
    finally:
        if torture.daemon.poll() is None:
            torture.kill()
    print("1..%d" % torture.tests)
    sys.exit(0 if done else 1)


main()
