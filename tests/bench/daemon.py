"""Measure tlsrptd against what bounds it; make bench-daemon runs this.

Settings, from the environment:

    MESSAGES=20000  by LMTP; each report is another one
    SLOW=1000       by the pipe transport, which starts a program for each
    SESSIONS=20     to Postfix
    SECONDS=10      of HTTP
    DOCUMENTS=60000 reports there are for HTTP; then they are sent again
    REPEAT=1        runs of each pair, in turn; min/median/max are printed
    ONLY=mail,...   only these: mail, source, direct, http, spool, idle

A ratio above 1 is to the disadvantage of tlsrptd, unless it says otherwise;
the goal stands beside it.
"""

import atexit
import base64
import os
import re
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import time
import urllib.request

WORK = os.environ["BENCH_DIR"]
URI = os.environ["BENCH_URI"]
OWNER = os.environ["BENCH_OWNER"]
PG_CTL = os.environ["BENCH_PG_CTL"].split()
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
NUMBERS = {name: int(os.environ.get(name) or value) for name, value in {
    "MESSAGES": 20000, "SLOW": 1000, "SESSIONS": 20, "SECONDS": 10,
    "DOCUMENTS": 60000, "REPEAT": 1}.items()}
MAILLOG = f"{WORK}/maillog"
SUBMIT = f"{WORK}/queue/public/submit"


def wanted(name):
    only = os.environ.get("ONLY")
    return not only or name in only.split(",")


def spread(values, digits):
    return "/".join(f"{f(values):.{digits}f}"
                    for f in (min, statistics.median, max))


def show(what, values, unit="", digits=2, goal=None):
    line = f"  {what:<58} {spread(values, digits)}{unit}"
    print(f"{line}   goal {goal}" if goal else line, flush=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def connect_local(path):
    one = socket.socket(socket.AF_UNIX)
    one.connect(path)
    return one


def sql(statement):
    done = subprocess.run(["psql", "-XqAt", "-d", OWNER, "-c", statement],
                          check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def fresh():
    """Empty tables, and nothing left to do for the server."""
    sql("TRUNCATE tlsrpt.report, tlsrpt.policy, tlsrpt.failure,"
        " tlsrpt.superseded, tlsrpt.intake")
    sql("CHECKPOINT")


# --- the daemon --------------------------------------------------------------


class Daemon:
    def __init__(self, *lines):
        self.port = free_port()
        with open(f"{WORK}/tlsrpt.conf", "w") as file:
            file.write(f"[database]\nuri={URI}\n[daemon]\n"
                       f"lmtp=unix:{WORK}/lmtp\nhttp=127.0.0.1:{self.port}\n"
                       f"socket-mode=666\nspool={WORK}/state/spool\n"
                       "user=nobody\n" + "".join(f"{l}\n" for l in lines) +
                       f"[ingest]\nquarantine={WORK}/state/quarantine\n")
        os.chmod(f"{WORK}/tlsrpt.conf", 0o644)
        self.child = subprocess.Popen(
            ["tlsrptd", "-q", f"--config={WORK}/tlsrpt.conf"])
        atexit.register(self.child.kill)
        for _ in range(1000):
            try:
                connect_local(f"{WORK}/lmtp").close()
                return
            except OSError:
                time.sleep(0.01)
        sys.exit("tlsrptd does not start")

    def metrics(self):
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url) as answer:
            text = answer.read().decode()
        return {name: float(value) for name, value in re.findall(
            r"^tlsrptd_(\S+) (\S+)$", text, re.M)}

    def wait_for(self, name, value):
        while self.metrics()[name] != value:
            time.sleep(0.05)

    def memory(self):
        """KiB of all processes; what they share counts once."""
        total = 0
        for pid in self.processes(self.child.pid):
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                for line in lines:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total

    def processes(self, pid):
        found = [pid]
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    found += self.processes(int(child))
        return found

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait() != 0:
            sys.exit("tlsrptd did not end well")


def cpu_of(pid, ended=False):
    """Of a process; and, where asked, of its children that have ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0  # it has just ended
    ticks = sum(map(int, fields[11:15 if ended else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Grouping:
    """Commits while something ran."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.before = daemon.metrics()
        self.began = time.perf_counter()

        self.cpu = self.cpu_of_all()

    def cpu_of_all(self):
        """Seconds of processor, of tlsrptd and of its servers' processes."""
        servers = sql("SELECT pid FROM pg_stat_activity"
                      " WHERE application_name = 'tlsrptd'").split()
        return [sum(map(cpu_of, pids)) for pids in (
            self.daemon.processes(self.daemon.child.pid), servers)]

    def show(self):
        seconds = time.perf_counter() - self.began
        cpu = [after - before for after, before in zip(
            self.cpu_of_all(), self.cpu)]
        after = self.daemon.metrics()
        commits, messages = (
            after[name] - self.before[name]
            for name in ("commit_messages_count", "commit_messages_sum"))
        show("    commits a second", [commits / seconds], digits=0)
        show("    reports a commit", [messages / max(commits, 1)], digits=1)
        for name, used in zip(("tlsrptd", "PostgreSQL"), cpu):
            show(f"    processor time a report, {name}",
                 [used / messages * 1e6], " us", 0)
        return sum(cpu) / messages


# --- what is sent -------------------------------------------------------------


def make_archive():
    """A folder of mails, and a file of the documents of as many more."""
    most = max(NUMBERS["MESSAGES"], NUMBERS["DOCUMENTS"])
    subprocess.run(["make_archive", f"{WORK}/archive", str(most)], check=True,
                   stdout=subprocess.DEVNULL)
    marker = b"base64\r\n\r\n"
    with open(f"{WORK}/documents", "wb") as out:
        for entry in os.scandir(f"{WORK}/archive/cur"):
            with open(entry.path, "rb") as file:
                mail = file.read()
            start = mail.index(marker) + len(marker)
            data = base64.b64decode(mail[start:mail.index(b"\r\n--", start)])
            out.write(struct.pack(">I", len(data)) + data)


# --- through Postfix ----------------------------------------------------------


class Queue:
    """Messages that left Postfix's queue, as its log tells."""

    def __init__(self):
        self.file = open(MAILLOG, errors="replace")
        self.file.seek(0, os.SEEK_END)

    def wait_for(self, n):
        while n > 0:
            lines = self.file.readlines()
            n -= sum(": removed" in line for line in lines)
            wrong = [line for line in lines if re.search(
                "status=(deferred|bounced)", line)]
            if wrong:
                sys.exit(wrong[0])
            if n > 0:
                time.sleep(0.02)


def cpu_of_postfix():
    """Seconds of processor, those of its processes that have ended too."""
    with open(f"{WORK}/queue/pid/master.pid") as file:
        master = int(file.read())
    found = [master]
    with open(f"/proc/{master}/task/{master}/children") as children:
        found += map(int, children.read().split())
    return sum(cpu_of(pid, ended=True) for pid in found)


def postfix(what, recipient, n, source=False):
    """
    Messages a second from the first one sent to the last one gone, and the
    processor time that Postfix takes for one.
    """
    queue = Queue()
    cpu = cpu_of_postfix()
    began = time.perf_counter()
    if source:
        argv = ["smtp-source", "-c", "-s", str(NUMBERS["SESSIONS"]), "-m",
                str(n), "-F", f"{TOP}/samples/google-plain.eml", "-f",
                "a@reporter.example", "-t", recipient, f"unix:{SUBMIT}"]
    else:
        argv = ["smtp_load", "smtp", SUBMIT, str(NUMBERS["SESSIONS"]),
                recipient, f"{WORK}/archive/cur", str(n)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    queue.wait_for(n)
    rate = n / (time.perf_counter() - began)
    cpu = (cpu_of_postfix() - cpu) / n
    show(what, [rate], "/s", 0)
    show("    processor time a message, Postfix", [cpu * 1e6], " us", 0)
    return rate, cpu


class Sink:
    """LMTP to nowhere."""

    def __init__(self):
        self.child = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", "-L", "-c", f"unix:{WORK}/sink",
             "1000"], stdout=subprocess.DEVNULL)
        atexit.register(self.child.kill)
        while not os.path.exists(f"{WORK}/sink"):
            time.sleep(0.01)
        os.chmod(f"{WORK}/sink", 0o666)

    def stop(self):
        self.child.terminate()
        self.child.wait()
        os.remove(f"{WORK}/sink")


def mail_runs(source):
    n = NUMBERS["MESSAGES"]
    rates = {"daemon": [], "sink": [], "pipe": []}
    cpu = []
    sink = Sink()
    for _ in range(NUMBERS["REPEAT"]):
        rate, cpu_with_sink = postfix("to smtp-sink", "sink@example.test", n,
                                      source)
        rates["sink"].append(rate)
        fresh()
        daemon = Daemon()
        grouping = Grouping(daemon)
        rate, cpu_with_daemon = postfix("to tlsrptd, into PostgreSQL",
                                        "daemon@example.test", n, source)
        rates["daemon"].append(rate)
        cpu.append((cpu_with_daemon + grouping.show()) / cpu_with_sink)
        stored = sql("SELECT count(*) FROM tlsrpt.report")
        if stored != ("1" if source else str(n)):
            sys.exit(f"{stored} reports are there")
        fresh()
        rates["pipe"].append(postfix("by the pipe transport",
                                     "pipe@example.test", NUMBERS["SLOW"],
                                     source)[0])
        daemon.stop()
    sink.stop()
    show("times as fast as the pipe transport (more is better)",
         [a / b for a, b in zip(rates["daemon"], rates["pipe"])], goal=">= 5")
    show("tlsrptd / smtp-sink, in time",
         [a / b for a, b in zip(rates["sink"], rates["daemon"])],
         goal="<= 1.3")
    show("... in processor time of all, busy as the machine may be", cpu)


def direct():
    """Without Postfix: what the daemon itself takes."""
    fresh()
    daemon = Daemon()
    grouping = Grouping(daemon)
    n = NUMBERS["MESSAGES"]
    sessions = NUMBERS["SESSIONS"]
    began = time.perf_counter()
    subprocess.run(["smtp_load", "lmtp", f"{WORK}/lmtp", str(sessions),
                    "x@y.example", f"{WORK}/archive/cur", str(n)], check=True)
    show(f"by LMTP over {sessions} connections, without Postfix",
         [n / (time.perf_counter() - began)], "/s", 0)
    grouping.show()
    daemon.stop()


# --- by HTTP ------------------------------------------------------------------


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(daemon):
    """Requests a second, and the latency of 99 of 100 in milliseconds."""
    out = subprocess.run(
        ["wrk", "-t", "1", "-c", "64", "-d", f"{NUMBERS['SECONDS']}s",
         "--latency", "--timeout", "30s", "-s", f"{HERE}/wrk.lua",
         f"http://127.0.0.1:{daemon.port}"], check=True, text=True,
        stdout=subprocess.PIPE,
        env=dict(os.environ, BENCH_DOCUMENTS=f"{WORK}/documents")).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    return (float(re.search(r"Requests/sec: +([\d.]+)", out).group(1)),
            milliseconds(re.search(r"99% +(\S+)", out).group(1)))


def control(*arguments):
    subprocess.run(PG_CTL + list(arguments), check=True,
                   stdout=subprocess.DEVNULL)


def http():
    fresh()
    daemon = Daemon()
    grouping = Grouping(daemon)
    rate, latency = wrk(daemon)
    show("POST over 64 connections, into PostgreSQL", [rate], "/s", 0,
         goal=">= 3000")
    show("  99 of 100 answered within", [latency], " ms", 0, goal="< 250")
    grouping.show()
    daemon.stop()


def spool():
    fresh()
    daemon = Daemon("max-spool=8G")
    control("-m", "fast", "stop")
    daemon.wait_for("database_up", 0)
    rate, latency = wrk(daemon)
    show("POST over 64 connections, into the spool", [rate], "/s", 0)
    show("  99 of 100 answered within", [latency], " ms", 0, goal="< 1000")
    kept = daemon.metrics()["spool_documents"]
    control("start")
    daemon.wait_for("database_up", 1)
    began = time.perf_counter()
    daemon.wait_for("spool_documents", 0)
    show("from the spool into PostgreSQL",
         [kept / (time.perf_counter() - began)], "/s", 0)
    daemon.stop()


# --- idle connections -----------------------------------------------------------


def idle():
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", f"{WORK}/key.pem", "-out",
         f"{WORK}/cert.pem"], check=True, stderr=subprocess.DEVNULL)
    os.chmod(f"{WORK}/key.pem", 0o644)
    tls = [f"tls-certificate={WORK}/cert.pem", f"tls-key={WORK}/key.pem"]
    for what in ("LMTP", "HTTP", "HTTPS"):
        daemon = Daemon("max-connections=2000",
                        *(tls if what == "HTTPS" else []))
        before = daemon.memory()
        made = connections(what, daemon)
        time.sleep(1)
        show(f"1,000 idle connections, {what}",
             [(daemon.memory() - before) / 1024], " MiB", 1, goal="< 32")
        for each in made:
            each.close()
        daemon.stop()


def connections(what, daemon):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    made = []
    for _ in range(1000):
        if what == "LMTP":
            one = connect_local(f"{WORK}/lmtp")
            one.recv(100)
            one.sendall(b"LHLO x\r\n")
        else:
            one = socket.create_connection(("127.0.0.1", daemon.port))
            if what == "HTTPS":
                one = context.wrap_socket(one)
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        one.recv(1000)
        made.append(one)
    return made


def main():
    print(f"{NUMBERS['MESSAGES']} messages, {NUMBERS['SESSIONS']} sessions; "
          "min/median/max")
    make_archive()
    if wanted("mail"):
        mail_runs(source=False)
    if wanted("source"):
        print(" the same message again and again, by smtp-source:")
        mail_runs(source=True)
    for name, run in (("direct", direct), ("http", http), ("spool", spool),
                      ("idle", idle)):
        if wanted(name):
            run()


main()
