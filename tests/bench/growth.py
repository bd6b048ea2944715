#!/usr/bin/env python3
"""Show how the cost of the worst inputs grows with their size.

    growth.py [--most=BYTES] [--check] [SHAPE ...]

Each shape is made in four sizes, each twice the one before; a table shows
for each the time and the memory that tlsrpt-ingest takes beyond what it
takes for nothing at all, and the exponent of the growth: 1 is linear, 2 is
quadratic.  With --check the exit status is 1 where the time of the largest
is more than ten seconds, or grows faster than the size.
"""

import base64
import gzip
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib

MIB = 1 << 20
PROGRAM = ["tlsrpt-ingest", "--dry-run", "--no-progress", "--format=json",
           "--authserv-id=mx.example.com", "--on-invalid=reject"]

HEAD = (b'{"organization-name":"o","report-id":"1","contact-info":"a@b.example",'
        b'"date-range":{"start-datetime":"2026-01-01T00:00:00Z",'
        b'"end-datetime":"2026-01-01T23:59:59Z"},')
POLICY = (b'{"policy":{"policy-type":"sts","policy-domain":"example.com"},'
          b'"summary":{"total-successful-session-count":1,'
          b'"total-failure-session-count":0}}')
SMALL = HEAD + b'"policies":[' + POLICY + b']}'
FROM = b"From: a@example.com\n"


def fill(size, piece):
    """Pieces up to a size; a piece may be a function of its number."""
    if callable(piece):
        made = []
        length = n = 0
        while length < size:
            made.append(piece(n))
            length += len(made[-1])
            n += 1
        return b"".join(made)
    return piece * (size // len(piece))


def encoded(data):
    return base64.encodebytes(data)


def part(data, kind=b"application/tlsrpt+gzip"):
    return (b"--b\nContent-Type: " + kind + b"\nContent-Transfer-Encoding: "
            b"base64\n\n" + encoded(data))


def mail(body, header=b""):
    return (FROM + header + b"Content-Type: multipart/report; "
            b"report-type=tlsrpt; boundary=b\n\n" + body + b"--b--\n")


GOOD = part(gzip.compress(SMALL, mtime=0))


# ---- Shapes -------------------------------------------------------------
# Each takes a size and gives about so many bytes.  Those of a header are a
# sixteenth of it, since a header ends at one MiB.

def h_fields(n):
    return mail(GOOD, fill(n, b"X-A: y\n"))


def h_long_field(n):
    return mail(GOOD, b"X: " + b"y" * n + b"\n")


def h_folded(n):
    return mail(GOOD, b"Subject: x\n" + fill(n, b" y\n"))


def h_from_list(n):
    return b"From: " + fill(n, b"a@b.example, ") + b"c@d\n" + mail(GOOD)


def h_from_comments(n):
    return b"From: " + b"(" * n + b"\n" + mail(GOOD)


def h_from_groups(n):
    return b"From: " + fill(n, b"g:") + b"\n" + mail(GOOD)


def h_from_many(n):
    return fill(n, b"From: x\n") + mail(GOOD)


def h_from_quotes(n):
    return b"From: " + fill(n, b'"a\\"') + b"\n" + mail(GOOD)


def h_from_words(n):
    return b"From: " + fill(n, b"=?utf-8?Q?a?= ") + b"<a@b>\n" + mail(GOOD)


def h_from_domain(n):
    return (b"From: a@" + b"b" * (n // 2) + b"\nAuthentication-Results: "
            b"mx.example.com" + fill(n // 2, b"; dkim=pass header.d=c.example")
            + b"\n" + mail(GOOD))


def h_subject_words(n):
    return mail(GOOD, b"Subject: " + fill(n, b"=?utf-8?B?YQ==?= ") + b"\n")


def h_subject_charsets(n):
    return mail(GOOD, b"Subject: " + fill(
        n, lambda i: b"=?iso-8859-%d?Q?=E4?= " % (1 + i % 16)) + b"\n")


def h_report_domain(n):
    return mail(GOOD, b"TLS-Report-Domain: " + b"a." * (n // 2) + b"\n")


def h_results(n):
    return mail(GOOD, b"Authentication-Results: mx.example.com" + fill(
        n, b"; dkim=fail header.d=example.com") + b"\n")


def h_results_fields(n):
    return mail(GOOD, fill(
        n, b"Authentication-Results: mx.example.com; spf=pass\n"))


def h_results_reports(n):
    """A hundred reports, for each of which the verdict is read."""
    parts = b"".join(
        part(SMALL.replace(b'-id":"1"', b'-id":"%d"' % i),
             b"application/tlsrpt+json") for i in range(100))
    return mail(parts, b"Authentication-Results: mx.example.com" + fill(
        n, b"; dkim=pass header.d=other.example") + b"\n")


def h_results_comments(n):
    return mail(GOOD, b"Authentication-Results: mx.example.com; dkim=fail "
                + fill(n, b"((x)") + b")" * (n // 4) + b"\n")


def h_type_params(n):
    return (FROM + b"Content-Type: application/tlsrpt+gzip" + fill(
        n, lambda i: b"; p%d=x" % i) + b"\n\nx")


def h_type_2231(n):
    return (FROM + b"Content-Type: application/tlsrpt+gzip" + fill(
        n, lambda i: b"; name*%d*=utf-8''x" % i) + b"\n\nx")


def h_boundary(n):
    return (FROM + b"Content-Type: multipart/mixed; boundary=" + b"b" * n
            + b"\n\n--" + b"b" * n + b"\n\nx")


def p_header_lines(n):
    return mail(b"--b\n" + fill(n, b"X: y\n") + b"\nx\n" + GOOD)


def p_header_long(n):
    return mail(b"--b\nContent-Type: text/plain; a=" + b"x" * n + b"\n\nx\n"
                + GOOD)


def p_header_params(n):
    return mail(b"--b\nContent-Type: text/plain" + fill(
        n, lambda i: b"; p%d=x" % i) + b"\n\nx\n" + GOOD)


def p_header_folded(n):
    return mail(b"--b\nContent-Type: text/plain\n" + fill(n, b" x\n")
                + b"\nx\n" + GOOD)


def p_disposition(n):
    return mail(b"--b\nContent-Disposition: attachment" + fill(
        n, lambda i: b"; filename*%d*=%%41" % i) + b"\n\nx\n" + GOOD)


def p_many(n):
    return mail(fill(n, b"--b\n\nx\n") + GOOD)


def p_nested(n):
    return FROM + fill(
        n, lambda i: b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
        % (i, i))


def p_nested_lines(n):
    """Open boundaries, and lines that could end any one of them."""
    return FROM + fill(
        min(n // 2, 60000), lambda i: b"Content-Type: multipart/mixed; "
        b"boundary=bbbbbbbbbb%d\n\n--bbbbbbbbbb%d\n" % (i, i)) + b"\n" + fill(
        n // 2, b"--bbbbbbbbbbb\n")


def p_messages(n):
    return FROM + fill(n, b"Content-Type: message/rfc822\n\n")


def p_message_groups(n):
    return (FROM + b"Content-Type: message/rfc822\n\nFrom: " + fill(n, b"g:")
            + b"\n\nx\n")


def p_message_fields(n):
    return (FROM + b"Content-Type: message/rfc822\n\n" + fill(n, b"To: a@b\n")
            + b"\nx\n")


def p_digest(n):
    return (FROM + b"Content-Type: multipart/digest; boundary=b\n\n" + fill(
        n, b"--b\n\nSubject: x\n\ny\n"))


def p_boundaries_alike(n):
    return mail(fill(n, b"--a\n") + GOOD)


def b_text(n):
    return mail(b"--b\n\n" + fill(n, b"x" * 70 + b"\n") + GOOD)


def b_line_breaks(n):
    return mail(b"--b\n\n" + b"\n" * n + GOOD)


def b_one_line(n):
    return mail(b"--b\n\n" + b"x" * n + b"\n" + GOOD)


def b_dashes(n):
    return mail(b"--b\n\n" + fill(n, b"-\n") + GOOD)


def b_from_lines(n):
    return mail(b"--b\n\n" + fill(n, b"From x\n") + GOOD)


def b_base64(n):
    return mail(part(os.urandom(n * 3 // 4)))


def b_base64_rubbish(n):
    return mail(b"--b\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-"
                b"Encoding: base64\n\n" + fill(n, b"!\n"))


def b_quoted(n):
    return mail(b"--b\nContent-Type: application/tlsrpt+json\nContent-Transfer-"
                b"Encoding: quoted-printable\n\n" + fill(n, b"=7B=\n"))


def b_uu(n):
    return mail(b"--b\nContent-Type: application/tlsrpt+json\nContent-Transfer-"
                b"Encoding: x-uuencode\n\nbegin 644 x\n"
                + fill(n, b"M" + b"5" * 60 + b"\n"))


def b_bombs(n):
    """As many bombs as a message of that size can hold."""
    bomb = part(gzip.compress(b" " * (15 * MIB), 9))
    return mail(bomb * min(max(n // len(bomb), 1), 900))


def b_candidates(n):
    count = 900
    piece = b'{"policies":"' + b"x" * (n // count) + b'"}\n'
    return mail((b"--b\nContent-Type: application/json\n\n" + piece) * count)


def g_members(n):
    return fill(n, gzip.compress(b"", mtime=0))


def g_stored(n):
    z = zlib.compressobj(0, zlib.DEFLATED, 31)
    return z.compress(HEAD + b'"x":"' + b"y" * n) + z.flush()


def g_padding(n):
    return gzip.compress(SMALL) + b"\0" * n


def in_json(text):
    return HEAD + b'"x":[' + text.rstrip(b",") + b'],"policies":[' + POLICY + b']}'


def j_zeros(n):
    return in_json(fill(n, b"0,"))


def j_arrays(n):
    return in_json(fill(n, b"[],"))


def j_strings(n):
    return in_json(fill(n, b'"",'))


def j_escapes(n):
    return in_json(b'"' + fill(n, b"\\u0000") + b'"')


def j_surrogates(n):
    return in_json(b'"' + fill(n, b"\\ud800") + b'"')


def j_invalid(n):
    return in_json(b'"' + b"\xff" * n + b'"')


def j_long_numbers(n):
    return in_json(fill(n, b"1111111111111111,"))


def j_long_number(n):
    return in_json(b"1" * n)


def j_space(n):
    return HEAD + b" " * n + b'"policies":[' + POLICY + b"]}"


def j_lines(n):
    return HEAD + b"\n" * n + b"!"


def j_keys(n):
    return HEAD + fill(n, lambda i: b'"k%d":0,' % i) + b'"policies":[' + POLICY \
        + b"]}"


def j_keys_same(n):
    return HEAD + fill(n, b'"report-id":"1",') + b'"policies":[' + POLICY + b"]}"


def j_policies(n):
    return HEAD + b'"policies":[' + fill(
        n, lambda i: POLICY.replace(b"example.com", b"d%d.example" % i) + b","
    ).rstrip(b",") + b"]}"


def j_policies_long(n):
    """The most policies, each with a long domain."""
    name = b"x" * max(n // 9000 - 130, 1)
    return HEAD + b'"policies":[' + b",".join(
        POLICY.replace(b"example.com", name + b"%d" % i)
        for i in range(9000)) + b"]}"


def j_details(n):
    return HEAD + b'"policies":[' + POLICY[:-1] + b',"failure-details":[' + fill(
        n, b'{"result-type":"x","failed-session-count":1},').rstrip(b",") \
        + b"]}]}"


def j_details_long(n):
    text = b"x" * max(n // 4000 - 60, 1)
    return HEAD + b'"policies":[' + POLICY[:-1] + b',"failure-details":[' \
        + b",".join([b'{"additional-information":"' + text + b'"}'] * 4000) \
        + b"]}]}"


def j_strings_policy(n):
    text = b"x" * max(n // 1000 - 3, 1)
    return HEAD + b'"policies":[' + POLICY.replace(
        b'"policy-domain"', b'"policy-string":[' + b",".join(
            [b'"' + text + b'"'] * 1000) + b'],"policy-domain"') + b"]}"


def j_sts_lines(n):
    return HEAD + b'"policies":[' + POLICY.replace(
        b'"policy-domain"', b'"policy-string":["' + fill(n, b"mode:x\\n")
        + b'"],"policy-domain"') + b"]}"


def j_controls(n):
    return HEAD + b'"policies":[' + POLICY.replace(
        b'"policy-domain"', b'"policy-string":["' + fill(n, b"\\u001b")
        + b'"],"policy-domain"') + b"]}"


def m_tiny(n):
    return fill(n // 16, b"From a Thu Jan  1 00:00:00 2026\n\n")


def m_counted(n):
    """Content-Length that leads far ahead, and nowhere."""
    return fill(n // 16, b"From a Thu Jan  1 00:00:00 2026\nContent-Length: "
                b"1000000\nX: y\n\nz\n\n")


def m_quoted(n):
    return b"From a Thu Jan  1 00:00:00 2026\n\n" + fill(n, b">>>>>>From x\n")


def m_one_line(n):
    return b"From a Thu Jan  1 00:00:00 2026\nX: " + b"y" * n


SHAPES = {name: make for name, make in list(globals().items())
          if name[:2] in ("h_", "p_", "b_", "g_", "j_", "m_")}


# ---- Measuring ----------------------------------------------------------

class Cost:
    def __init__(self, seconds, kib, status):
        self.seconds = seconds
        self.mib = kib / 1024
        self.status = status


def make(name, size, path):
    """In a process of its own: the memory of this one is what a child of it
    starts with, and counts as its peak."""
    pid = os.fork()
    if pid == 0:
        with open(path, "wb") as file:
            file.write(SHAPES[name](size) if name else b"")
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise MemoryError(name)
    return os.path.getsize(path)


def run(path, options=()):
    """What decoding takes: processor time, peak memory, exit status."""
    process = subprocess.Popen([*PROGRAM, *options, path],
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss,
                process.returncode)


def size_of(name, most):
    if name.startswith("h_"):
        return most // 64 - 4096
    if name.startswith("j_"):
        return most // 4 - 4096
    return most - 4096 - most // 64


def measure(name, most, base, path):
    costs = []
    for step in (8, 4, 2, 1):
        size = make(name, size_of(name, most) // step, path)
        cost = run(path)
        cost.size = size
        cost.seconds = max(cost.seconds - base.seconds, 0)
        cost.mib = max(cost.mib - base.mib, 0)
        costs.append(cost)
    return costs


def exponent(costs):
    """Of the growth from the smallest to the largest."""
    first, last = costs[0], costs[-1]
    if first.size >= last.size:
        return 0.0
    return math.log(max(last.seconds, 0.02) / max(first.seconds, 0.02)) \
        / math.log(last.size / first.size)


def table(names, most, path):
    bad = 0
    make(None, 0, path)
    base = run(path)
    print("%-20s %9s %8s %8s %8s %8s %8s %6s %s" % (
        "shape", "bytes", "s, 1/8", "1/4", "1/2", "1", "MiB", "growth",
        "exit"))
    for name in names:
        costs = measure(name, most, base, path)
        growth = exponent(costs)
        last = costs[-1]
        wrong = last.seconds > 10 or growth > 1.4 or \
            any(cost.status not in (0, 65) for cost in costs)
        bad += wrong
        print("%-20s %9d %8.3f %8.3f %8.3f %8.3f %8.1f %6.2f %d%s" % (
            name, last.size, *(cost.seconds for cost in costs), last.mib,
            growth, last.status, "  WRONG" if wrong else ""), flush=True)
    return bad


def main():
    most = 64 * MIB
    check = False
    names = []
    for word in sys.argv[1:]:
        if word.startswith("--most="):
            most = int(word.split("=")[1])
        elif word == "--check":
            check = True
        else:
            names.append(word)
    with tempfile.NamedTemporaryFile() as file:
        bad = table(names or sorted(SHAPES), most, file.name)
    return 1 if check and bad else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
