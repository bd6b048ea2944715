"""Measure tlsrpt-ingest against what bounds it; make bench runs this.

Settings, from the environment:

    MESSAGES=20000  messages in the archive
    REPEAT=5        runs of each pair, in turn; min/median/max are printed
    ONE_SHOT=100    deliveries of one message
    GROWTH=1        also into tables that hold 1,000,000 reports (long)
    MEMORY=1        also the peak memory at 1,000,000 messages (long)
    PEERS=1         also parsedmarc, mail-auth and mox, which it installs in
                    a folder of its own, through pip, cargo and go
    ONLY=decode,... only these: decode, cold, postgresql, sqlite, one,
                    memory, largest, growth, peers
    SHARED_BUFFERS=1GB  of the private server

A ratio above 1 is to the disadvantage of tlsrpt-ingest, unless it says
otherwise; the goal stands beside it.
"""

import base64
import gzip
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time

WORK = os.environ["BENCH_DIR"]
URI = os.environ["BENCH_URI"]
HERE = os.path.dirname(os.path.abspath(__file__))
MESSAGES = int(os.environ.get("MESSAGES", "20000"))
REPEAT = int(os.environ.get("REPEAT", "5"))
ONE_SHOT = int(os.environ.get("ONE_SHOT", "100"))
CHUNK = 1000
ARCHIVE = f"{WORK}/archive"


def wanted(name, switch=None):
    """Is this part to be measured?"""
    only = os.environ.get("ONLY")
    if only:
        return name in only.split(",")
    return switch is None or os.environ.get(switch, "0") not in ("", "0")


def processes(pid):
    """A process and all below it."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in children.read().split():
                found += processes(int(child))
    return found


def memory_of(pid):
    """MiB of a process and its children; what they share counts once."""
    total = 0
    for each in processes(pid):
        with open(f"/proc/{each}/smaps_rollup") as lines:
            for line in lines:
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def watched(pid):
    """The greatest memory of a process and its children, until it ends."""
    greatest = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        try:
            greatest = max(greatest, memory_of(pid))
        except (OSError, ValueError):
            pass  # one has just ended
        time.sleep(0.02)
    return greatest


class Run:
    """One run of a command: seconds of clock and of CPU, and peak memory."""

    def __init__(self, *argv, stdin=None, watch=False):
        start = time.perf_counter()
        with open(f"{WORK}/out", "wb") as out:
            child = subprocess.Popen(
                argv, stdin=stdin or subprocess.DEVNULL, stdout=out, stderr=out
            )
            if watch:
                self.together = watched(child.pid)
            _, status, usage = os.wait4(child.pid, 0)
        self.wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024
        if child.returncode != 0:
            with open(f"{WORK}/out", errors="replace") as out:
                sys.exit(f"{' '.join(argv)}: {child.returncode}\n{out.read()}")


def spread(values, digits=2):
    """min/median/max"""
    return "/".join(
        f"{f(values):.{digits}f}" for f in (min, statistics.median, max)
    )


def show(what, values, unit="", digits=2, goal=None):
    line = f"  {what:<58} {spread(values, digits)}{unit}"
    print(f"{line}   goal {goal}" if goal else line, flush=True)


def show_ratio(what, above, below, goal):
    show(what, [a / b for a, b in zip(above, below)], goal=goal)


def rate(runs, messages=None):
    return [(messages or MESSAGES) / run.wall for run in runs]


def sql(*statements, database="tlsrpt"):
    argv = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database]
    for statement in statements:
        argv += ["-c", statement]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def fresh_database():
    """An empty database of ours, with nothing left to do for the server."""
    sql(
        "SET client_min_messages = error",
        "DROP DATABASE IF EXISTS tlsrpt",
        "CREATE DATABASE tlsrpt",
        database="postgres",
    )
    Run("tlsrpt-db", "-d", URI, "init")
    sql("CHECKPOINT", database="postgres")


def make_archive(folder, messages, seed=1):
    Run("make_archive", folder, str(messages), str(seed))
    # As long after it was written as mail is: all of it is in memory and on
    # the disk, so that no run pays for the writing.
    os.sync()


def ingest(*argv, watch=False):
    return Run("tlsrpt-ingest", "-q", "--no-progress", *argv, watch=watch)


def machine():
    model = "?"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    print(
        f"{os.cpu_count()} processors ({model}), {pages >> 30} GiB, "
        f"Linux {platform.release()}"
    )
    settings = sql(
        "SELECT 'PostgreSQL ' || current_setting('server_version')",
        "SELECT name || ' = ' || current_setting(name) FROM pg_settings "
        "WHERE name IN ('fsync', 'synchronous_commit', 'shared_buffers', "
        "'max_wal_size') ORDER BY name",
        database="postgres",
    )
    print(settings.replace("\n", ", "))
    load = os.getloadavg()[0]
    print(f"load {load:.1f}" + (": NOT IDLE" if load > 0.5 else ""))
    sizes = sorted(
        entry.stat().st_size for entry in os.scandir(f"{ARCHIVE}/cur")
    )
    print(
        f"{len(sizes)} messages, {sum(sizes) / len(sizes) / 1024:.1f} KiB on "
        f"average, {sizes[0] / 1024:.1f} to {sizes[-1] / 1024:.0f}; "
        f"min/median/max of {REPEAT}\n"
    )


def decode():
    """GMime, then us with one thread, and with two."""
    print("decode only")
    gmime, one, two, plain = [], [], [], []
    for _ in range(REPEAT):
        gmime.append(Run("gmime_only", ARCHIVE))
        one.append(ingest("-n", "-j1", ARCHIVE))
        two.append(ingest("-n", "-j2", ARCHIVE))
        plain.append(ingest("-n", "-j1", "--no-sandbox", ARCHIVE))
    micro = 1e6 / MESSAGES
    show("GMime alone, CPU", [r.cpu * micro for r in gmime], " us", 1)
    show("--dry-run -j1, CPU", [r.cpu * micro for r in one], " us", 1)
    show("--dry-run -j2, messages a second", rate(two), "", 0)
    show_ratio(
        "--dry-run -j1 / GMime alone, CPU",
        [r.cpu for r in one],
        [r.cpu for r in gmime],
        "<= 1.3",
    )
    show_ratio(
        "the same, decoding in one process (--no-sandbox)",
        [r.cpu for r in plain],
        [r.cpu for r in gmime],
        "(none)",
    )
    show_ratio(
        "-j1 / -j2, wall (more is better)",
        [r.wall for r in one],
        [r.wall for r in two],
        ">= 1.8",
    )
    show("peak memory, -j2", [r.memory for r in two], " MiB", 1, "<= 64")


def evict():
    """Let the system forget what the files of the archive hold."""
    for entry in os.scandir(f"{ARCHIVE}/cur"):
        fd = os.open(entry.path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def cold():
    """An archive that is on the disk only, against reading it and no more."""
    print("\ncold archive")
    warm, bare, read = [], [], []
    for _ in range(REPEAT):
        warm.append(ingest("-n", ARCHIVE))
        evict()
        bare.append(
            Run("find", ARCHIVE, "-type", "f", "-exec", "cat", "{}", "+")
        )
        evict()
        read.append(ingest("-n", ARCHIVE))
    show("find and cat, messages a second", rate(bare), "", 0)
    show("--dry-run, messages a second", rate(read), "", 0)
    show_ratio(
        "--dry-run, cold / warm, wall",
        [r.wall for r in read],
        [r.wall for r in warm],
        "(none)",
    )
    show_ratio(
        "--dry-run / find and cat, wall",
        [r.wall for r in read],
        [r.wall for r in bare],
        "(none)",
    )


TABLES = {
    "report": "report_key, start_time, end_time, received_at, organization, "
    "report_id, contact, submitter, channel, auth, auth_domain, deviations, "
    "content_digest, document",
    "policy": "report_key, start_time, policy_no, policy_type, policy_domain, "
    "policy_strings, mx_hosts, sts_mode, sts_max_age, successful, failed",
    "failure": "report_key, start_time, policy_no, failure_no, result_type, "
    "sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, receiving_ip, "
    "failed, additional_information, failure_reason_code",
    "intake": "received_at, channel, source, message_id, sender, subject, "
    "outcome, reason, report_key",
}

KEYS = (
    "ALTER TABLE tlsrpt.policy ADD FOREIGN KEY (report_key, start_time) "
    "REFERENCES tlsrpt.report",
    "ALTER TABLE tlsrpt.failure ADD FOREIGN KEY "
    "(report_key, start_time, policy_no) REFERENCES tlsrpt.policy",
)


def copy_script(script, direction, source):
    """One transaction of CHUNK messages each."""
    chunks = -(-MESSAGES // CHUNK)
    with open(script, "w") as out:
        for chunk in range(chunks):
            out.write("BEGIN;\n")
            for table, columns in TABLES.items():
                path = f"{WORK}/rows/{table}.{chunk}"
                what = source(table, columns, chunk)
                out.write(
                    f"\\copy {what} {direction} '{path}' (FORMAT binary)\n"
                )
            out.write("COMMIT;\n")


def chosen(table, columns, chunk):
    """The rows of one chunk, in the order in which they came."""
    names = ", ".join(f"t.{name}" for name in columns.split(", "))
    join = (
        "t.intake_id = c.intake_id"
        if table == "intake"
        else "t.report_key = c.report_key"
    )
    return (
        f"(SELECT {names} FROM bench_order c JOIN tlsrpt.{table} t "
        f"ON {join} WHERE c.chunk = {chunk} ORDER BY c.intake_id)"
    )


def prepare_copy():
    """Write the rows that are there to files, as COPY takes them."""
    shutil.rmtree(f"{WORK}/rows", ignore_errors=True)
    os.mkdir(f"{WORK}/rows")
    sql(
        "CREATE TABLE bench_order AS SELECT min(intake_id) AS intake_id, "
        "report_key, (row_number() OVER (ORDER BY min(intake_id)) - 1) / "
        f"{CHUNK} AS chunk FROM tlsrpt.intake GROUP BY report_key",
        "CREATE INDEX ON bench_order (chunk)",
        "ANALYZE",
    )
    copy_script(f"{WORK}/unload.sql", "TO", chosen)
    copy_script(
        f"{WORK}/load.sql",
        "FROM",
        lambda table, columns, chunk: f"tlsrpt.{table} ({columns})",
    )
    Run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", f"{WORK}/unload.sql")


def months():
    return sql(
        "SELECT 'ARRAY[' || string_agg(DISTINCT "
        "quote_literal(date_trunc('month', start_time)::date), ',') || "
        "']::date[]' FROM tlsrpt.report"
    )


def copy_rows(which, foreign_keys):
    """COPY BINARY of the same rows, into the same tables."""
    fresh_database()
    sql(f"SELECT tlsrpt.ensure_months({which})")
    if foreign_keys:
        sql(*KEYS)
    sql("CHECKPOINT")
    return Run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", f"{WORK}/load.sql")


def postgresql():
    print("\nPostgreSQL")
    first, again, keyed, plain = [], [], [], []
    which = None
    for _ in range(REPEAT):
        fresh_database()
        first.append(ingest("-d", URI, ARCHIVE))
        again.append(ingest("-d", URI, ARCHIVE))
        if which is None:
            which = months()
            prepare_copy()
        keyed.append(copy_rows(which, True))
        plain.append(copy_rows(which, False))
    show("first time, messages a second", rate(first), "", 0)
    show("again, messages a second", rate(again), "", 0)
    show("COPY BINARY with foreign keys, reports a second", rate(keyed), "", 0)
    show("COPY BINARY without, reports a second", rate(plain), "", 0)
    walls = [r.wall for r in first]
    show_ratio(
        "first time / COPY BINARY with foreign keys",
        walls,
        [r.wall for r in keyed],
        "<= 1.0",
    )
    show_ratio(
        "first time / COPY BINARY without them",
        walls,
        [r.wall for r in plain],
        "(none)",
    )
    show_ratio("again / first time", [r.wall for r in again], walls, "<= 0.5")
    show("peak memory", [r.memory for r in first], " MiB", 1, "<= 64")
    return first


def sqlite(postgres):
    print("\nSQLite")
    first, again = [], []
    for _ in range(REPEAT):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(f"{WORK}/reports.db{end}"):
                os.unlink(f"{WORK}/reports.db{end}")
        os.sync()
        first.append(ingest("-d", f"sqlite:{WORK}/reports.db", ARCHIVE))
        again.append(ingest("-d", f"sqlite:{WORK}/reports.db", ARCHIVE))
    show("first time, messages a second", rate(first), "", 0)
    show("again, messages a second", rate(again), "", 0)
    if postgres:
        show_ratio(
            "SQLite / PostgreSQL, messages a second (more is better)",
            rate(first),
            rate(postgres),
            ">= 1.5",
        )
    show("peak memory", [r.memory for r in first], " MiB", 1, "<= 64")


INSERT = (
    "INSERT INTO tlsrpt.report (report_key, start_time, end_time, "
    "received_at, report_id, channel, auth, content_digest, document) "
    "VALUES (gen_random_uuid(), '2026-01-15', '2026-01-16', now(), 'one', "
    "'mail', 'none', sha256('one'), sha256('one'))"
)


def one():
    """A delivery against psql: from exec to exit, one durable transaction."""
    print(f"\none message by standard input, of {ONE_SHOT}")
    fresh_database()
    names = sorted(os.listdir(f"{ARCHIVE}/cur"))[: ONE_SHOT + 1]
    agent, psql, empty = [], [], []
    for i, name in enumerate(names):
        with open(f"{ARCHIVE}/cur/{name}", "rb") as message:
            run = Run("tlsrpt-ingest", "-d", URI, stdin=message)
        other = Run("psql", "-X", "-d", "tlsrpt", "-c", INSERT)
        start = Run("tlsrpt-ingest", "--version")
        if i > 0:  # the first one makes a partition
            agent.append(run.wall * 1e3)
            psql.append(other.wall * 1e3)
            empty.append(start.wall * 1e3)
    show("tlsrpt-ingest", agent, " ms")
    show("psql", psql, " ms")
    show("tlsrpt-ingest --version: to be loaded, and nothing else", empty, " ms")
    ratio = statistics.median(agent) / statistics.median(psql)
    print(f"  {'tlsrpt-ingest / psql, of medians':<58} {ratio:.2f}   goal <= 1.3")


def memory():
    print("\npeak memory, the same archive again and again")
    counts = [1000, MESSAGES]
    if os.environ.get("MEMORY", "0") not in ("", "0"):
        counts.append(1000000)
    thousand = f"{WORK}/thousand"
    make_archive(thousand, 1000)
    for uri in (URI, f"sqlite:{WORK}/memory.db"):
        fresh_database()
        for count in counts:
            paths = [thousand] if count == 1000 else [ARCHIVE] * (
                -(-count // MESSAGES)
            )
            run = ingest("-d", uri, *paths, watch=True)
            name = "SQLite" if uri.startswith("sqlite:") else "PostgreSQL"
            show(
                f"{name}, {count} messages ({count / run.wall:.0f}/s)",
                [run.memory],
                " MiB",
                1,
                "<= 64",
            )
            show("    with its decoders", [run.together], " MiB", 1)


# What --max-report and LIMIT_FAILURES of base/limits.h allow.
MAX_REPORT = 16 << 20
MOST_FAILURES = 100000


def largest_message():
    """A report of as many failure details as are allowed, and as many bytes."""
    room = MAX_REPORT // MOST_FAILURES - 130
    details = [
        {
            "result-type": "certificate-expired",
            "sending-mta-ip": f"203.0.113.{n % 256}",
            "failed-session-count": 1,
            "additional-information": f"{n:06d}".ljust(room, "x"),
        }
        for n in range(MOST_FAILURES)
    ]
    report = {
        "organization-name": "Example Mail",
        "date-range": {
            "start-datetime": "2026-01-15T00:00:00Z",
            "end-datetime": "2026-01-15T23:59:59Z",
        },
        "contact-info": "tls-reports@sender.example",
        "report-id": "largest",
        "policies": [
            {
                "policy": {
                    "policy-type": "sts",
                    "policy-domain": "d1.example",
                },
                "summary": {
                    "total-successful-session-count": 0,
                    "total-failure-session-count": MOST_FAILURES,
                },
                "failure-details": details,
            }
        ],
    }
    text = json.dumps(report, separators=(",", ":")).encode()
    assert len(text) <= MAX_REPORT, len(text)
    text += b" " * (MAX_REPORT - len(text))
    return (
        b"From: tls-reports@sender.example\nMIME-Version: 1.0\n"
        b"Content-Type: application/tlsrpt+gzip\n"
        b"Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(gzip.compress(text))
    )


def largest():
    """What the largest report allowed takes on top of an archive."""
    print("\npeak memory, all processes together, with one largest report")
    folder = f"{WORK}/largest"
    make_archive(folder, 1000)
    path = f"{folder}/cur/1.largest:2,S"
    for uri in (URI, f"sqlite:{WORK}/largest.db"):
        peaks = []
        for there in (False, True):
            if there:
                with open(path, "wb") as out:
                    out.write(largest_message())
            fresh_database()
            if uri != URI and os.path.exists(f"{WORK}/largest.db"):
                os.unlink(f"{WORK}/largest.db")
            run = ingest("-d", uri, folder, watch=True)
            peaks.append(run.together)
        os.unlink(path)
        name = "SQLite" if uri.startswith("sqlite:") else "PostgreSQL"
        show(f"{name}, 1000 messages", [peaks[0]], " MiB", 1, "<= 64")
        show(f"{name}, and the largest", [peaks[1]], " MiB", 1)
        print(
            f"  {'more, as a multiple of --max-report':<58} "
            f"{(peaks[1] - peaks[0]) * (1 << 20) / MAX_REPORT:.1f}"
            "   goal <= 8"
        )


# Reports of the archive once more under other keys, rollups and all.
FILL = (
    "INSERT INTO tlsrpt.report SELECT md5(report_key::text || {n})::uuid, "
    "start_time, end_time, received_at, organization, report_id, contact, "
    "submitter, channel, auth, auth_domain, deviations, content_digest, "
    "document FROM bench_report",
    "INSERT INTO tlsrpt.policy SELECT md5(report_key::text || {n})::uuid, "
    "start_time, policy_no, policy_type, policy_domain, policy_strings, "
    "mx_hosts, sts_mode, sts_max_age, successful, failed FROM bench_policy",
    "INSERT INTO tlsrpt.failure SELECT md5(report_key::text || {n})::uuid, "
    "start_time, policy_no, failure_no, result_type, sending_mta_ip, "
    "receiving_mx_hostname, receiving_mx_helo, receiving_ip, failed, "
    "additional_information, failure_reason_code FROM bench_failure",
    "INSERT INTO tlsrpt.intake (" + TABLES["intake"] + ") SELECT "
    + TABLES["intake"] + " FROM bench_intake",
)

# Rows that are only ever appended; their totals are changed in place.
APPENDED = ("policy_day", "failure_day")


def growth():
    print("\ngrowth: tables that hold 1,000,000 reports")
    fresh_database()
    base = f"{WORK}/base"
    make_archive(base, 20000, seed=99)
    ingest("-d", URI, base)
    shutil.rmtree(base)
    tables = list(TABLES) + [
        table
        for table in APPENDED
        if sql(f"SELECT to_regclass('tlsrpt.{table}')")
    ]
    for table in tables:
        sql(f"CREATE TABLE bench_{table} AS SELECT * FROM tlsrpt.{table}")
    for n in range(1, 50):
        sql("BEGIN", *(text.format(n=n) for text in FILL), "COMMIT")
        for table in tables[len(TABLES):]:
            sql(f"INSERT INTO tlsrpt.{table} SELECT * FROM bench_{table}")
    sql("VACUUM ANALYZE")
    sql("CHECKPOINT")
    print(f"  {sql('SELECT count(*) FROM tlsrpt.report')} reports, "
          f"{sql('SELECT count(*) FROM tlsrpt.failure')} failures, "
          + sql("SELECT pg_size_pretty(pg_database_size('tlsrpt'))"))
    times = []
    for messages, seed in ((20000, 2), (200000, 3)):
        folder = f"{WORK}/growth{messages}"
        make_archive(folder, messages, seed)
        sql("CHECKPOINT")
        run = ingest("-d", URI, folder)
        times.append(run.wall / messages * 1e6)
        show(f"{messages} messages more, each", [times[-1]], " us", 1)
        shutil.rmtree(folder)
    print(f"  {'at 200,000 / at 20,000':<58} {times[1] / times[0]:.2f}"
          "   goal <= 1.15")


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    make_archive(ARCHIVE, MESSAGES)
    machine()
    postgres = None
    if wanted("decode"):
        decode()
    if wanted("cold"):
        cold()
    if wanted("postgresql"):
        postgres = postgresql()
    if wanted("sqlite"):
        sqlite(postgres)
    if wanted("one"):
        one()
    if wanted("memory"):
        memory()
    if wanted("largest"):
        largest()
    if wanted("growth", "GROWTH"):
        growth()
    if wanted("peers", "PEERS"):
        sys.stdout.flush()
        subprocess.run(
            ["sh", f"{HERE}/peers.sh", ARCHIVE, f"{WORK}/peers", str(REPEAT)],
            check=False,
        )


if __name__ == "__main__":
    main()
