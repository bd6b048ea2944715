#!/usr/bin/env python3
"""Break things while messages are stored, and count what is lost or doubled.

    torture.py [--short] [--only NAME] INJECT.SO FOLDER

Prints TAP, a line a scenario, and at the end
"faults tried N, lost 0, doubled 0".  tests/torture.t starts PostgreSQL for it
and says where by TORTURE_PG (owner's URI), TORTURE_PG_WRITER and
TORTURE_PG_CTL (pg_ctl with its arguments).

After each fault the mail system's part is played: a message that was not
answered with 0 is delivered again.  In the end each message has to be in the
database once, in every column and in the sums by day, or in quarantine.
"""
import argparse
import base64
import concurrent.futures
import contextlib
import gzip
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time

KINDS = ['malloc', 'read', 'write', 'fsync', 'rename', 'open', 'fork',
         'thread', 'pq', 'sqlite']
SIZE = 8 * len(KINDS)
HANGS = 120  # seconds, after which a program does not come back


def report(i):
    """A mail with a report that has 7 successful and 3 failed sessions."""
    document = json.dumps({
        'organization-name': 'Torture %d' % i,
        'contact-info': 'a@reporter.example', 'report-id': 'r-%d' % i,
        'date-range': {'start-datetime': '2026-01-01T00:00:00Z',
                       'end-datetime': '2026-01-01T23:59:59Z'},
        'policies': [{
            'policy': {'policy-type': 'sts', 'policy-domain': 'example.com',
                       'policy-string': ['version: STSv1', 'mode: enforce'],
                       'mx-host': ['mx.example.com']},
            'summary': {'total-successful-session-count': 7,
                        'total-failure-session-count': 3},
            'failure-details': [
                {'result-type': 'certificate-expired',
                 'sending-mta-ip': '192.0.2.1', 'failed-session-count': 1,
                 'receiving-mx-hostname': 'mx.example.com'},
                {'result-type': 'validation-failure',
                 'additional-information': 'x' * 200,
                 'failed-session-count': 2}]}]}).encode()
    data = base64.encodebytes(gzip.compress(document, mtime=0)).decode()
    return ('From: a@reporter.example\nSubject: Report Domain: example.com\n'
            'Message-ID: <%d@reporter.example>\nMIME-Version: 1.0\n'
            'Content-Type: application/tlsrpt+gzip\n'
            'Content-Transfer-Encoding: base64\n\n%s' % (i, data)).encode()


def junk(i):
    return b'Subject: junk %d\n\nThis is no report, %d.\n' % (i, i)


class Sqlite:
    name = 'SQLite'
    kinds = [kind for kind in KINDS if kind not in ('pq', 'thread')]

    def __init__(self, folder):
        self.path = os.path.join(folder, 'reports.db')
        self.uri = 'sqlite:' + self.path

    def fresh(self):
        for end in ('', '-wal', '-shm', '-journal'):
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path + end)

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as db:
            return [tuple(map(str, row)) for row in db.execute(query)]


class Postgres:
    name = 'PostgreSQL'
    kinds = [kind for kind in KINDS if kind not in ('sqlite', 'thread')]

    def __init__(self):
        self.owner = os.environ['TORTURE_PG']
        self.uri = os.environ['TORTURE_PG_WRITER']
        self.ctl = os.environ['TORTURE_PG_CTL'].split()

    def sql(self, *statements, check=True):
        arguments = [word for one in statements for word in ('-c', one)]
        return subprocess.run(
            ['psql', '-XqAtF', '\t', '-d', self.owner] + arguments,
            check=check, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout.decode()

    def fresh(self):
        self.sql('SET client_min_messages = error',
                 'DROP SCHEMA IF EXISTS tlsrpt CASCADE')
        subprocess.run(['tlsrpt-db', '-d', self.owner, 'init',
                        '--writer=writer'], check=True,
                       stdout=subprocess.DEVNULL)

    def rows(self, query):
        out = self.sql('SET search_path = tlsrpt', query)
        return [tuple(line.split('\t')) for line in out.splitlines()]

    def control(self, *arguments):
        subprocess.run(self.ctl + list(arguments), check=True,
                       stdout=subprocess.DEVNULL)


class Torture:
    def __init__(self, arguments):
        self.short = arguments.short
        self.only = arguments.only
        self.inject = os.path.abspath(arguments.inject)
        self.tmp = arguments.folder
        self.faults = self.lost = self.doubled = 0
        self.calls = 0  # of the faults, those that are one call that failed
        self.tests = self.failed = 0
        self.next = 0
        self.random = random.Random(8460)
        self.lock = threading.Lock()
        self.start()

    def start(self):
        """A scenario begins: nobody has sent anything."""
        self.problems = []
        self.reports = set()
        self.junk = set()
        self.kept = {}
        self.quarantine = os.path.join(self.tmp, 'quarantine')
        shutil.rmtree(self.quarantine, ignore_errors=True)

    def much(self, short, full):
        return short if self.short else full

    def new_report(self):
        with self.lock:
            self.next += 1
            self.reports.add(self.next)
            return report(self.next)

    def new_junk(self):
        with self.lock:
            self.next += 1
            self.junk.add(junk(self.next))
            return junk(self.next)

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def fault(self, calls=0):
        with self.lock:
            self.faults += 1
            self.calls += calls

    def environment(self, kind=None, n=0, **more):
        """Of a program whose n-th call of a kind is to fail."""
        env = dict(os.environ)
        counts = os.path.join(self.tmp, 'counts.%d' % threading.get_ident())
        with open(counts, 'wb') as file:
            file.write(bytes(SIZE))
        env.update(LD_PRELOAD=self.inject, INJECT_COUNTS=counts)
        if kind:
            env['INJECT'] = '%s:%s' % (kind, n)
        env.update({key: str(value) for key, value in more.items()})
        return env

    def counted(self, env):
        with open(env['INJECT_COUNTS'], 'rb') as file:
            return dict(zip(KINDS, struct.unpack('%dq' % len(KINDS),
                                                 file.read(SIZE))))

    def failed_call(self, env, kind, i):
        """It counts if the program came as far as that call."""
        if self.counted(env)[kind] >= i:
            self.fault(calls=1)

    def command(self, db, *arguments):
        return ['tlsrpt-ingest', '-d', db.uri, '--quarantine=' +
                self.quarantine] + list(arguments)

    def ended(self, command, **more):
        """The status of a program; one that hangs is killed and told."""
        try:
            return subprocess.run(command, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, check=False,
                                  timeout=HANGS, **more).returncode
        except subprocess.TimeoutExpired:
            self.problem('a program hangs')
            return -signal.SIGKILL

    def agent(self, db, data, *arguments, env=None, **more):
        return self.ended(self.command(db, *arguments), input=data, env=env,
                          **more)

    def batch(self, db, *arguments, env=None, **more):
        return self.ended(self.command(db, '-q', '--no-progress', *arguments),
                          stdin=subprocess.DEVNULL, env=env, **more)

    def deliver_again(self, db, data):
        status = self.agent(db, data)
        if status != 0:
            self.problem('with nothing wrong, a delivery ended with %d'
                         % status)

    def judge(self, what, status, allowed=(0, 75)):
        if status not in allowed:
            self.problem('%s: status %d' % (what, status))

    # --- what came of it

    def verify(self, db):
        self.look_at_quarantine()
        kept = set(self.kept.values())
        got = {}
        for row in db.rows(
                "SELECT organization, report_id, contact,"
                " (SELECT count(*) FROM policy p WHERE {0}),"
                " (SELECT count(*) FROM failure p WHERE {0}),"
                " (SELECT sum(successful) FROM policy p WHERE {0}),"
                " (SELECT sum(failed) FROM failure p WHERE {0})"
                " FROM report r".format(
                    "p.report_key = r.report_key"
                    " AND p.start_time = r.start_time")):
            got.setdefault(row[1], []).append(row)
        for i in self.reports:
            rows = got.pop('r-%d' % i, [])
            want = ('Torture %d' % i, 'r-%d' % i, 'a@reporter.example', '1',
                    '2', '7', '3')
            if not rows and report(i) not in kept:
                self.lost += 1
                self.problem('report %d is lost' % i)
            elif len(rows) > 1:
                self.doubled += 1
                self.problem('report %d is there %d times' % (i, len(rows)))
            elif rows and rows[0] != want:
                self.problem('report %d: %s' % (i, rows[0]))
        if got:
            self.problem('nobody sent these: %s' % list(got)[:5])
        for data in self.junk - kept:
            self.lost += 1
            self.problem('lost: %r' % data)
        n = int(db.rows('SELECT count(*) FROM report')[0][0])
        sums = db.rows('SELECT coalesce(sum(successful), 0),'
                       ' coalesce(sum(failed), 0) FROM daily')[0]
        if sums != (str(7 * n), str(3 * n)):
            self.problem('of %d reports the sums are %s' % (n, sums))
            self.doubled += int(float(sums[0])) > 7 * n

    def is_quarantined(self, data):
        return data in self.kept.values()

    def look_at_quarantine(self):
        """What is there; a file that was read does not change any more."""
        folder = os.path.join(self.quarantine, 'new')
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for name in set(names) - set(self.kept):
            with open(os.path.join(folder, name), 'rb') as file:
                self.kept[name] = file.read()
        for name in set(self.kept) - set(names):
            del self.kept[name]

    def scenario(self, name, run, *arguments):
        if self.only and self.only not in name:
            return
        before = self.faults
        began = time.monotonic()
        self.start()
        try:
            run(*arguments)
        except Exception as error:  # a scenario that breaks off has failed
            self.problem('%s: %s' % (type(error).__name__, error))
        self.tests += 1
        self.failed += bool(self.problems)
        print('%sok %d - %s: %d faults, %.0f s' % (
            'not ' if self.problems else '', self.tests, name,
            self.faults - before, time.monotonic() - began))
        for text in self.problems[:10]:
            print('# ' + text)
        sys.stdout.flush()

    # --- the scenarios

    def choose(self, n, most):
        """All of 1..n, or as many of them as fit, spread evenly."""
        if n <= most:
            return list(range(1, n + 1))
        return sorted({1 + i * n // most for i in range(most)} | {n})

    def calls_of_agent(self, db, kind):
        """Every call of a kind that a delivery reaches fails once."""
        db.fresh()
        self.agent(db, self.new_report())
        env = self.environment()
        self.agent(db, self.new_report(), env=env)
        n = self.counted(env)[kind]
        most = self.much(24 if kind == 'malloc' else 5, 10 ** 9)
        errors = [5, 28, 24, 12] if kind != 'malloc' else [12]

        def one(i):
            # Every tenth is no report, so that quarantine is met too.
            data = self.new_junk() if i % 10 == 3 else self.new_report()
            env = self.environment(kind, i,
                                   INJECT_ERRNO=errors[i % len(errors)])
            status = self.agent(db, data, env=env)
            self.failed_call(env, kind, i)
            self.judge('%s %d' % (kind, i), status)
            if status != 0:
                self.deliver_again(db, data)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, self.choose(n, most)))
        self.verify(db)
        # What is wrong with the moment is not the message's fault.
        for i in self.reports:
            if report(i) in self.kept.values():
                self.problem('report %d is set aside' % i)

    def calls_of_quarantine(self, db, kind):
        """The same, of a message that goes to quarantine."""
        db.fresh()
        self.agent(db, self.new_report())
        env = self.environment()
        self.agent(db, self.new_junk(), env=env)
        n = self.counted(env)[kind]
        for i in self.choose(n, self.much(3, 10 ** 9)):
            for more in ('', '+') if kind != 'malloc' else ('',):
                data = self.new_junk()
                env = self.environment(kind, '%d%s' % (i, more),
                                       INJECT_ERRNO=28)
                status = self.agent(db, data, env=env)
                self.failed_call(env, kind, i)
                self.judge('%s %d%s' % (kind, i, more), status)
                if status != 0:
                    self.deliver_again(db, data)
        self.verify(db)

    def calls_of_first(self, db, kind):
        """A delivery that makes the database."""
        db.fresh()
        env = self.environment()
        self.agent(db, self.new_report(), env=env)
        n = self.counted(env)[kind]
        for i in self.choose(n, self.much(4, 10 ** 9)):
            self.start()
            db.fresh()
            data = self.new_report()
            env = self.environment(kind, i)
            status = self.agent(db, data, env=env)
            self.failed_call(env, kind, i)
            self.judge('%s %d' % (kind, i), status)
            if status != 0:
                self.deliver_again(db, data)
            before = self.lost
            self.verify(db)
            if self.lost > before:
                self.problem('... after %s %d, status %d' % (kind, i, status))

    def maildir(self, reports, others, name='md'):
        folder = os.path.join(self.tmp, name)
        shutil.rmtree(folder, ignore_errors=True)
        for part in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(folder, part))
        for i in range(reports + others):
            data = self.new_report() if i < reports else self.new_junk()
            self.write(os.path.join(folder, 'new', '%d.M.host' % i), data)
        return folder

    @staticmethod
    def write(path, data):
        with open(path, 'wb') as file:
            file.write(data)

    @staticmethod
    def files(folder):
        return sum(len(os.listdir(os.path.join(folder, part)))
                   for part in ('cur', 'new') if
                   os.path.isdir(os.path.join(folder, part)))

    def settle(self, db, folder, done):
        """Nothing is wrong any more: a batch reads what is left."""
        self.judge('a batch with nothing wrong', self.batch(
            db, '--after=move:' + done, folder), (0,))
        if self.files(folder) != 0:
            self.problem('%d messages stay where they were'
                         % self.files(folder))
        self.verify(db)

    def calls_of_batch(self, db, kind):
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        move = '--after=move:' + done
        self.batch(db, move, self.maildir(1, 0))  # makes what is missing
        env = self.environment()
        folder = self.maildir(2, 1)
        self.batch(db, '-j2', move, folder, env=env)
        n = self.counted(env)[kind]
        for i in self.choose(n, self.much(3, 10 ** 9)):
            if i % 200 == 0:
                db.fresh()
            self.reports, self.junk = set(), set()
            db_left = self.maildir(2, 1)
            shutil.rmtree(done, ignore_errors=True)
            env = self.environment(kind, i)
            status = self.batch(db, '-j2', move, db_left, env=env)
            self.failed_call(env, kind, i)
            self.judge('%s %d' % (kind, i), status, (0, 66, 75))
            there = self.files(db_left) + self.files(done)
            if there < 3:
                self.problem('%s %d: %d of 3 files' % (kind, i, there))
            status = self.batch(db, move, db_left)
            self.judge('%s %d, again' % (kind, i), status, (0,))
            self.verify_some(db)

    def verify_some(self, db):
        """Only what was sent last; others are there too."""
        self.look_at_quarantine()
        ids = ','.join("'r-%d'" % i for i in self.reports)
        n = int(db.rows('SELECT count(*) FROM report WHERE report_id IN (%s)'
                        % ids)[0][0])
        if n < len(self.reports):
            missing = [i for i in self.reports
                       if not self.is_quarantined(report(i))]
            self.lost += max(0, len(missing) - n)
            if len(missing) > n:
                self.problem('%d of %d reports' % (n, len(self.reports)))
        for data in self.junk:
            if not self.is_quarantined(data):
                self.lost += 1
                self.problem('lost: %r' % data)
        self.sums(db)

    def sums(self, db):
        row = db.rows('SELECT (SELECT count(*) FROM report), '
                      'coalesce(sum(successful), 0) FROM daily')[0]
        if int(float(row[1])) != 7 * int(row[0]):
            self.doubled += 1
            self.problem('%s reports, and their sum is %s' % row)

    def kills_of_agent(self, db):
        db.fresh()
        self.agent(db, self.new_report())
        began = time.monotonic()
        self.agent(db, self.new_report())
        most = 1.2 * (time.monotonic() - began)

        def one(i):
            data = self.new_junk() if i % 10 == 3 else self.new_report()
            process = subprocess.Popen(
                self.command(db), stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            timer = threading.Timer(self.random.uniform(0, most),
                                    process.kill)
            timer.start()
            with contextlib.suppress(BrokenPipeError):
                process.communicate(data)
            timer.cancel()
            self.fault()
            self.judge('kill', process.returncode, (0, 75, -9))
            if process.returncode != 0:
                self.deliver_again(db, data)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(one, range(self.much(12, 500))))
        self.verify(db)

    def kills_of_batch(self, db):
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        shutil.rmtree(done, ignore_errors=True)
        move = '--after=move:' + done
        n = self.much(100, 300)
        folder = self.maildir(n, 5)
        began = time.monotonic()
        self.batch(db, move, folder)
        most = 1.1 * (time.monotonic() - began)
        kills = self.much(8, 500)
        while kills > 0:
            folder = self.maildir(n, 5)
            while kills > 0 and self.files(folder) > 0:
                process = subprocess.Popen(
                    self.command(db, '-q', move, folder),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(self.random.uniform(0, most))
                process.kill()
                self.judge('kill', process.wait(), (0, -9))
                self.fault()
                kills -= 1
            self.batch(db, move, folder)
        self.settle(db, folder, done)

    def while_running(self, db, meddle, rounds, allowed=(0, 75)):
        """A batch and deliveries go on while somebody meddles."""
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        folder = self.maildir(self.much(150, 1000), 5)
        ended = threading.Event()

        def deliver():
            while not ended.is_set():
                data = self.new_report()
                while True:
                    status = self.agent(db, data)
                    self.judge('a delivery', status, (0, 75))
                    if status == 0 or ended.is_set():
                        break
                if status != 0:
                    again.append(data)

        again = []
        threads = [threading.Thread(target=deliver) for _ in range(2)]
        for thread in threads:
            thread.start()
        for i in range(rounds):
            process = subprocess.Popen(
                self.command(db, '-q', '--after=move:' + done, folder),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0, 0.4))
            meddle(i)
            self.fault()
            self.judge('a batch', process.wait(), allowed)
            if self.files(folder) == 0:
                folder = self.maildir(self.much(150, 1000), 5)
        ended.set()
        for thread in threads:
            thread.join()
        for data in again:
            self.deliver_again(db, data)
        self.settle(db, folder, done)

    def server_stops(self, db):
        def stop(_):
            db.control('-m', 'immediate', 'stop')
            time.sleep(self.random.uniform(0, 0.3))
            db.control('start')
        self.while_running(db, stop, self.much(2, 20))

    def connections_end(self, db):
        def end(_):
            for _ in range(3):
                db.sql("SELECT pg_terminate_backend(pid) FROM"
                       " pg_stat_activity WHERE usename = 'writer'",
                       check=False)
                time.sleep(0.05)
        self.while_running(db, end, self.much(3, 60))

    def statement_is_late(self, db):
        db.fresh()
        self.agent(db, self.new_report())
        for table in self.much(('report',), ('report', 'policy', 'failure',
                                             'intake', 'superseded')):
            holder = subprocess.Popen(
                ['psql', '-Xq', '-d', db.owner, '-c', 'BEGIN', '-c',
                 'LOCK TABLE tlsrpt.%s' % table, '-c',
                 'SELECT pg_sleep(60)'], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            while db.rows("SELECT count(*) FROM pg_locks WHERE mode ="
                          " 'AccessExclusiveLock' AND granted AND relation ="
                          " 'tlsrpt.%s'::regclass" % table)[0][0] == '0':
                time.sleep(0.05)
            data = self.new_report()
            began = time.monotonic()
            status = self.agent(db, data, '--deadline=2')
            self.fault()
            if table != 'superseded':
                self.judge('with %s locked' % table, status, (75,))
            if time.monotonic() - began > 10:
                self.problem('the deadline was not kept')
            db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE query LIKE '%pg_sleep%' AND pid <>"
                   " pg_backend_pid()")
            holder.wait()
            if status != 0:
                self.deliver_again(db, data)
        self.verify(db)

    @contextlib.contextmanager
    def small_disk(self, size, folder):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%s' % size,
                        'none', folder], check=True)
        try:
            yield
        finally:
            subprocess.run(['umount', '-l', folder], check=True)

    @staticmethod
    def fill(path):
        with open(path, 'wb', buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

    def disk_is_full(self, db, folder):
        """The database, or quarantine, on a disk that fills up."""
        filler = os.path.join(folder, 'filler')
        with self.small_disk('4m', folder):
            if folder == self.quarantine:
                db.fresh()
            for left in self.much((0, 3), range(0, 60)):
                self.fill(filler)
                with open(filler, 'r+b') as file:
                    file.truncate(max(0, os.path.getsize(filler) -
                                      4096 * left))
                for data in (self.new_report(), self.new_junk()):
                    status = self.agent(db, data)
                    self.fault()
                    self.judge('a full disk', status)
                    if status != 0:
                        os.remove(filler)
                        self.deliver_again(db, data)
                        self.fill(filler)
                os.remove(filler)
            maildir = self.maildir(30, 10)
            done = os.path.join(self.tmp, 'done')
            self.fill(filler)
            status = self.batch(db, '--after=move:' + done, maildir)
            self.fault()
            self.judge('a full disk, in batch', status)
            os.remove(filler)
            self.settle(db, maildir, done)

    def server_is_full(self, db):
        """The server's tables, on a disk that fills up."""
        db.sql('SET client_min_messages = error',
               'DROP SCHEMA IF EXISTS tlsrpt CASCADE')
        folder = os.path.join(self.tmp, 'space')
        filler = os.path.join(folder, 'filler')
        with self.small_disk('24m', folder):
            shutil.chown(folder, 'postgres')
            os.chmod(folder, 0o700)
            db.sql("CREATE TABLESPACE small LOCATION '%s'" % folder)
            db.sql('ALTER DATABASE tlsrpt SET default_tablespace = small')
            try:
                db.fresh()
                for left in self.much((0, 1, 4), range(0, 40)):
                    self.fill(filler)
                    with open(filler, 'r+b') as file:
                        file.truncate(max(0, os.path.getsize(filler) -
                                          8192 * left))
                    self.until_refused(db, filler, self.much(40, 120))
                self.full_batch(db, filler)
            finally:
                db.sql('ALTER DATABASE tlsrpt RESET default_tablespace',
                       'DROP SCHEMA IF EXISTS tlsrpt CASCADE')
                db.sql('DROP TABLESPACE small')

    def until_refused(self, db, filler, most):
        """Pages have room for some; the one for which there is none stays."""
        for _ in range(most):
            data = self.new_report()
            status = self.agent(db, data)
            self.fault()
            self.judge('a full disk of the server', status)
            if status != 0:
                os.remove(filler)
                self.deliver_again(db, data)
                return
        self.problem('the disk of the server was never full')

    def full_batch(self, db, filler):
        done = os.path.join(self.tmp, 'done')
        maildir = self.maildir(200, 3)
        self.fill(filler)
        self.judge('a full disk of the server, in batch', self.batch(
            db, '--after=move:' + done, maildir), (75,))
        self.fault()
        os.remove(filler)
        self.settle(db, maildir, done)

    def processes_are_short(self, db):
        """RLIMIT_NPROC, which root does not have: as somebody else.

        Of a number that nobody else runs by, since it counts them all.
        """
        db.fresh()
        somebody = 61184 + os.getpid() % 4096
        os.makedirs(self.quarantine)
        os.chmod(self.tmp, 0o755)
        os.chown(self.quarantine, somebody, somebody)

        def become(most):
            def there():
                os.setgroups([])
                resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
                os.setgid(somebody)
                os.setuid(somebody)
            return there

        for most in self.much((0, 1, 1000), range(0, 40)):
            for data in (self.new_report(), self.new_junk()):
                status = self.agent(db, data, preexec_fn=become(most))
                self.fault()
                self.judge('with %d processes' % most, status,
                           (75,) if most == 0 else (0, 75))
                if status != 0:
                    os.chown(self.quarantine, 0, 0)
                    self.deliver_again(db, data)
                    os.chown(self.quarantine, somebody, somebody)
                    for part in ('new', 'cur', 'tmp'):
                        path = os.path.join(self.quarantine, part)
                        if os.path.isdir(path):
                            os.chown(path, somebody, somebody)
        self.verify(db)

    def read_only(self, db, folder):
        with self.small_disk('4m', folder):
            if folder == self.quarantine:
                db.fresh()
            self.agent(db, self.new_report())
            self.agent(db, self.new_junk())
            data = [self.new_report(), self.new_junk()]
            subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)
            statuses = [self.agent(db, one) for one in data]
            self.fault()
            self.judge('junk, read only', statuses[1], (75,))
            subprocess.run(['mount', '-o', 'remount,rw', folder], check=True)
            for one, status in zip(data, statuses):
                if status != 0:
                    self.deliver_again(db, one)
            self.verify(db)

    def maildir_is_read_only(self, db):
        db.fresh()
        folder = os.path.join(self.tmp, 'ro')
        with self.small_disk('4m', folder):
            maildir = self.maildir(20, 3, 'ro/md')
            subprocess.run(['mount', '-o', 'remount,ro', folder], check=True)
            for after in ('seen', 'delete', 'move:' + self.tmp + '/done'):
                self.judge('--after=' + after, self.batch(
                    db, '--after=' + after, maildir), (75,))
                self.fault()
            if self.files(maildir) != 23:
                self.problem('messages are gone')
            subprocess.run(['mount', '-o', 'remount,rw', folder], check=True)
            self.settle(db, maildir, os.path.join(self.tmp, 'done'))

    def memory_is_short(self, db):
        db.fresh()
        self.agent(db, self.new_report())
        least = 20
        while subprocess.run(
                ['tlsrpt-ingest', '--version'], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False,
                preexec_fn=self.limit(resource.RLIMIT_AS, least << 20)
                ).returncode not in (0, 75):
            least += 1
        for i in range(self.much(6, 200)):
            most = (least << 20) + i * (self.much(2 << 20, 1 << 17))
            data = self.new_report() if i % 4 else self.new_junk()
            status = self.agent(db, data, preexec_fn=self.limit(
                resource.RLIMIT_AS, most))
            self.fault()
            self.judge('with %d KiB' % (most >> 10), status)
            if status != 0:
                self.deliver_again(db, data)
        done = os.path.join(self.tmp, 'done')
        folder = self.maildir(30, 3)
        for i in range(self.much(4, 40)):
            most = (least << 20) + i * (4 << 20)
            self.judge('a batch with %d KiB' % (most >> 10), self.batch(
                db, '--after=move:' + done, folder,
                preexec_fn=self.limit(resource.RLIMIT_AS, most)))
            self.fault()
        self.settle(db, folder, done)

    @staticmethod
    def limit(what, most):
        return lambda: resource.setrlimit(what, (most, most))

    def files_are_short(self, db):
        """Neither more files than so many, nor a file longer than that."""
        db.fresh()
        self.agent(db, self.new_report())
        for what, values in ((resource.RLIMIT_NOFILE, range(3, 16)),
                             (resource.RLIMIT_FSIZE, range(0, 40000, 4000))):
            for value in values:
                data = self.new_report() if value % 2 else self.new_junk()
                status = self.agent(db, data,
                                    preexec_fn=self.limit(what, value))
                if status != 127:  # the libraries could be loaded
                    self.fault()
                    self.judge('limit %d of %d' % (what, value), status)
                if status != 0:
                    self.deliver_again(db, data)
        self.verify(db)

    def nobody_can_be_made(self, db):
        """No process, no thread."""
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        folder = self.maildir(40, 3)
        for kind in ('fork', 'thread'):
            for n in ('1', '2', '3', '4', '1+'):
                data = self.new_report()
                status = self.agent(db, data, env=self.environment(kind, n))
                self.fault()
                self.judge('%s %s' % (kind, n), status)
                if status != 0:
                    self.deliver_again(db, data)
                self.judge('%s %s in batch' % (kind, n), self.batch(
                    db, '-j4', folder, env=self.environment(kind, n)))
                self.fault()
        self.settle(db, folder, done)

    def all_at_once(self, db):
        """Two batches and twenty deliveries of the same archive."""
        db.fresh()
        folder = self.maildir(self.much(60, 400), 4)
        done = os.path.join(self.tmp, 'done')
        messages = []
        for name in os.listdir(os.path.join(folder, 'new')):
            with open(os.path.join(folder, 'new', name), 'rb') as file:
                messages.append(file.read())
        for _ in range(self.much(1, 10)):
            with concurrent.futures.ThreadPoolExecutor(22) as pool:
                jobs = [pool.submit(self.batch, db, folder)
                        for _ in range(2)]
                jobs += [pool.submit(self.agent, db, data) for data in
                         self.random.sample(messages, 20)]
                for job in jobs:
                    self.judge('all at once', job.result(), (0,))
                    self.fault()
        self.settle(db, folder, done)

    def maildir_moves(self, db):
        """Another program renames, deletes and adds while it is read."""
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        for _ in range(self.much(2, 30)):
            folder = self.maildir(self.much(100, 300), 3)
            ended = threading.Event()

            def meddle():
                i = 0
                while not ended.is_set():
                    i += 1
                    names = os.listdir(os.path.join(folder, 'new'))
                    if names:
                        name = self.random.choice(names)
                        with contextlib.suppress(FileNotFoundError):
                            os.rename(
                                os.path.join(folder, 'new', name),
                                os.path.join(folder, 'cur', name + ':2,'
                                             + self.random.choice(
                                                 ('S', 'RS', ''))))
                        self.fault()
                    data = self.new_report()
                    path = os.path.join(folder, 'tmp', 'late.%d' % i)
                    self.write(path, data)
                    os.rename(path, os.path.join(folder, 'new',
                                                 'late.%d.host' % i))
                    vanishing = os.path.join(folder, 'new', 'gone.%d' % i)
                    self.write(vanishing, b'Subject: x\n\nx\n')
                    with contextlib.suppress(FileNotFoundError):
                        os.remove(vanishing)
                    time.sleep(0.005)

            thread = threading.Thread(target=meddle)
            thread.start()
            for _ in range(3):
                self.judge('while it moves', self.batch(
                    db, '--after=' + self.random.choice(
                        ('seen', 'move:' + done)), folder), (0, 66))
            ended.set()
            thread.join()
            self.batch(db, '--after=move:' + done, folder)
        self.settle(db, folder, done)

    def clock_jumps(self, db):
        db.fresh()
        done = os.path.join(self.tmp, 'done')
        for jump in (1, 3600, 86400 * 400, 1 << 31):
            data = [self.new_report(), self.new_junk()]
            for one in data:
                status = self.agent(db, one, env=self.environment(
                    INJECT_CLOCK=jump))
                self.fault()
                self.judge('a clock that jumps by %d' % jump, status, (0,))
                if status != 0:
                    self.deliver_again(db, one)
            folder = self.maildir(20, 2)
            self.judge('a batch while the clock jumps', self.batch(
                db, '--after=move:' + done, folder,
                env=self.environment(INJECT_CLOCK=jump)), (0,))
            self.fault()
        self.settle(db, folder, done)

    # --- all of them

    def run(self, db):
        for kind in db.kinds:
            for what in (self.calls_of_agent, self.calls_of_quarantine,
                         self.calls_of_batch):
                if kind == 'fork' and what == self.calls_of_quarantine:
                    continue
                self.scenario('%s: %s fails, %s' % (
                    db.name, kind, what.__name__[9:]), what, db, kind)
        self.scenario(db.name + ': deliveries are killed',
                      self.kills_of_agent, db)
        self.scenario(db.name + ': batches are killed',
                      self.kills_of_batch, db)
        self.scenario(db.name + ': memory is short', self.memory_is_short, db)
        self.scenario(db.name + ': files are short', self.files_are_short, db)
        self.scenario(db.name + ': no process, no thread',
                      self.nobody_can_be_made, db)
        self.scenario(db.name + ': all at once', self.all_at_once, db)
        self.scenario(db.name + ': the Maildir moves', self.maildir_moves, db)
        self.scenario(db.name + ': the clock jumps', self.clock_jumps, db)
        if self.can_mount():
            self.scenario(db.name + ': quarantine on a full disk',
                          self.disk_is_full, db, self.quarantine)
            self.scenario(db.name + ': quarantine is read-only',
                          self.read_only, db, self.quarantine)
            self.scenario(db.name + ': the Maildir is read-only',
                          self.maildir_is_read_only, db)

    def can_mount(self):
        try:
            with self.small_disk('1m', os.path.join(self.tmp, 'try')):
                return True
        except (subprocess.CalledProcessError, FileNotFoundError):
            return False

    def all(self):
        folder = os.path.join(self.tmp, 'sqlite')
        os.makedirs(folder)
        db = Sqlite(self.tmp)
        self.run(db)
        for kind in ('malloc', 'write', 'fsync', 'open', 'rename', 'sqlite'):
            self.scenario('SQLite: %s fails while it is made' % kind,
                          self.calls_of_first, db, kind)
        if self.can_mount():
            self.scenario('SQLite: on a full disk', self.disk_is_full,
                          Sqlite(folder), folder)
            self.scenario('SQLite: read-only', self.read_only,
                          Sqlite(folder), folder)
        if 'TORTURE_PG' in os.environ:
            db = Postgres()
            self.run(db)
            self.scenario('PostgreSQL: the server stops', self.server_stops,
                          db)
            self.scenario('PostgreSQL: connections end', self.connections_end,
                          db)
            if os.geteuid() == 0:
                self.scenario('PostgreSQL: processes are short',
                              self.processes_are_short, db)
            if self.can_mount():
                self.scenario('PostgreSQL: the disk of the server is full',
                              self.server_is_full, db)
            self.scenario('PostgreSQL: a statement is late',
                          self.statement_is_late, db)
        print('# calls failed one by one %d' % self.calls)
        print('# faults tried %d, lost %d, doubled %d' % (
            self.faults, self.lost, self.doubled))
        print('1..%d' % self.tests)
        return 1 if self.failed or self.lost or self.doubled else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--only')
    parser.add_argument('inject')
    parser.add_argument('folder')
    return Torture(parser.parse_args()).all()


if __name__ == '__main__':
    sys.exit(main())
