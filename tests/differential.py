#!/usr/bin/env python3
"""What a second reader makes of random messages, and what the database has.

    differential.py make SEED COUNT FOLDER         write messages
    differential.py check FOLDER DATABASE-URI      compare all of them

The messages have the quirks of senders at random.  They stand in the Maildirs
"first" and "again", to be read one after the other: the second has some of the
first anew, some with other content, some signed by others.  The reader here
knows email, gzip and json of Python's library and the manual, and none of the
programs' code.  Every column of every table that a message fills is compared.
"""

import base64
import datetime
import email
import email.policy
import gzip
import hashlib
import ipaddress
import json
import os
import quopri
import random
import re
import sqlite3
import subprocess
import sys
import time
import unicodedata
import uuid
import zlib

KINDS = ["application/tlsrpt+gzip", "application/tlsrpt+json",
         "application/gzip", "application/json", "application/octet-stream",
         "application/x-gzip", "application/tlsrpt", "APPLICATION/TLSRPT+GZIP"]
HOSTS = ["mx1.example.com", "MX2.Example.Com.", "", "mx: a.example"]
ADDRESSES = ["192.0.2.7", "2001:DB8::0:1", "", "x.x.x.x", "192.0.2.7 ",
             "::ffff:192.0.2.1", None]
REGISTERED = ["starttls-not-supported", "certificate-host-mismatch",
              "certificate-expired", "certificate-not-trusted",
              "validation-failure", "tlsa-invalid", "dnssec-invalid",
              "dane-required", "sts-policy-fetch-error", "sts-policy-invalid",
              "sts-webpki-invalid"]
TYPES = ["certificate-expired", "starttls-not-supported", "Other", "",
         "sts-policy-fetch-error", None]


# ---- Making -------------------------------------------------------------

def maybe(rng, chance):
    return rng.random() < chance


def count(rng):
    return rng.choice([0, 1, 7, 4294967295, 2 ** 53, 2 ** 53 + 1, 2 ** 63 - 1,
                       "12", 3, 5, 9, 30])


def bad_count(rng):
    return rng.choice([-1, 1.5, "many", 2 ** 63, [], "1.0", None, "",
                       10 ** 300, True])


def rename(rng, made, aliases):
    """A key in other case, or by the name of a draft."""
    key = rng.choice(list(made) or [None])
    if key:
        made[aliases.get(key, key.upper())] = made.pop(key)


def failure(rng):
    made = {"result-type": rng.choice(TYPES),
            "sending-mta-ip": rng.choice(ADDRESSES),
            "receiving-mx-hostname": rng.choice(HOSTS),
            "receiving-mx-helo": rng.choice(["helo", "a\r\nb", "\u001b[2J"]),
            "receiving-ip": rng.choice(ADDRESSES),
            "failed-session-count": count(rng),
            "additional-information": rng.choice(
                ["x", "\u202e", {}, 5, "@LONE@", "@NUL@", "@BAD@", "l" * 8192,
                 "\u20ac" * 3000, "https://a/b?c=\"d\""]),
            "failure-reason-code": rng.choice(["", "\u00e9\U0001f600"])}
    for key in list(made):
        if maybe(rng, 0.15):
            del made[key]
    if maybe(rng, 0.05):
        made["failed-session-count"] = bad_count(rng)
    if maybe(rng, 0.1):
        rename(rng, made, {"receiving-mx-hostname": "receiving-mx-host-name",
                           "additional-information": "additional-info-uri",
                           "failure-reason-code": "failure-error-code"})
    return rng.choice([[], "x", None, 1]) if maybe(rng, 0.03) else made


def policy(rng):
    inner = {"policy-type": rng.choice(["sts", "tlsa", "no-policy-found",
                                        "invalid", None, "t" * 600]),
             "policy-domain": rng.choice(["example.com", "Example.NET.",
                                          " b.example ", "", None]),
             "policy-string": rng.choice([
                 ["version: STSv1", "mode: enforce", "max_age: 86400"],
                 "mode: testing", "", [], ["3 1 1 ab", None, 5], None,
                 ["mode:none\nmax_age : 5"]]),
             "mx-host": rng.choice([HOSTS, "one.example", "", None, 7])}
    for key in list(inner):
        if maybe(rng, 0.1):
            del inner[key]
    summary = {"total-successful-session-count": count(rng),
               "total-failure-session-count": count(rng)}
    for key in list(summary):
        if maybe(rng, 0.1):
            del summary[key]
        elif maybe(rng, 0.03):
            summary[key] = bad_count(rng)
    if maybe(rng, 0.1):
        rename(rng, inner, {"mx-host": "mx-host-pattern"})
    made = {"policy": inner, "summary": summary, "unknown": [{}]}
    if maybe(rng, 0.6):
        made["failure-details"] = [failure(rng)
                                   for _ in range(rng.randrange(4))]
    elif maybe(rng, 0.1):
        made["failure-details"] = rng.choice([None, {}, "none"])
    if maybe(rng, 0.1):
        del made["summary"]
    elif maybe(rng, 0.05):
        made["summary"] = rng.choice([None, {}, 5])
    if maybe(rng, 0.03):
        made["policy"] = None
    return rng.choice([[], 0, None]) if maybe(rng, 0.03) else made


def when(rng, day, end):
    text = f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}"
    clock = "23:59:59" if end else "00:00:00"
    return rng.choice([f"{text}T{clock}Z", f"{text}T{clock}",
                       f"{text}T{clock}+02:00", f"{text}T{clock}.25Z", text,
                       f"{text} {clock}", f"{text}t{clock}z",
                       f"{text}T{clock}+0200", f"2015{text[4:]}T{clock}Z",
                       f"2099{text[4:]}T{clock}Z"] + [f"{text}T{clock}Z"] * 9)


def document(rng, number, again):
    """JSON as bytes, and the domain that it comes from."""
    domain = f"s{rng.randrange(5)}.example"
    day = rng.randrange(300)
    made = {"organization-name": rng.choice([domain, "Org \u00fc", None, " ",
                                             "o" * 513]),
            "date-range": {"start-datetime": when(rng, day, False),
                           "end-datetime": when(rng, day, True)},
            "contact-info": rng.choice([f"a@{domain}", f"mailto:a@{domain}",
                                        "nobody", None, f"A@{domain.upper()}"]),
            "report-id": rng.choice([f"id-{number}", f"{number}+\u20ac"]),
            "policies": [policy(rng) for _ in range(rng.randrange(4))]}
    if maybe(rng, 0.1):
        del made[rng.choice(list(made))]
    if maybe(rng, 0.05):
        rename(rng, made, {})
    if maybe(rng, 0.02):
        made["deep"] = json.loads("[" * 70 + "]" * 70)
    items = list(made.items())
    rng.shuffle(items)
    if maybe(rng, 0.05):
        items.append(rng.choice(items))
    if again:
        items.append(("again", again))
    indent = rng.choice([None, 1])
    text = "{" + ", ".join(json.dumps(key) + ": " + json.dumps(
        value, ensure_ascii=maybe(rng, 0.5), indent=indent)
        for key, value in items) + "}"
    data = text.replace("@LONE@", "\\ud83d").replace("@NUL@", "\\u0000") \
        .encode().replace(b"@BAD@", b"\xff\xc3(")
    if maybe(rng, 0.04):
        data = b"\xef\xbb\xbf" + data
    return data + rng.choice([b""] * 20 + [b"\n", b" x", b"}"]), domain


def pack(rng, data):
    level = rng.randrange(1, 10)
    half = rng.randrange(len(data))
    form = rng.random()
    if form < 0.3:
        return data
    if form < 0.34:
        return gzip.compress(data[:half], level, mtime=0) \
            + gzip.compress(data[half:], level, mtime=0)
    packed = gzip.compress(data, level, mtime=0)
    if form < 0.38:
        return gzip.compress(packed, level, mtime=0)
    if form < 0.42:
        return packed + b"trailing"
    return packed[:-9] if form < 0.44 else packed


def encode(rng, data):
    kind = rng.choice(["base64", "BASE64", "long", "qp", "8bit"])
    if kind == "qp" and data[:1] == b"{":
        return "quoted-printable", quopri.encodestring(data)
    if kind == "8bit" and data[:1] == b"{":
        return "8bit", data
    if kind == "long":
        return "base64", base64.b64encode(data)
    return "base64" if kind in ("8bit", "qp") else kind, base64.encodebytes(data)


def part(rng, number, again):
    """The fields and the body of a part with a report, and its domain."""
    data, domain = document(rng, number, again)
    encoding, body = encode(rng, pack(rng, data))
    fields = [f"Content-Type: {rng.choice(KINDS)}",
              f"Content-Transfer-Encoding: {encoding}"]
    if maybe(rng, 0.1):
        fields[0] = "Content-Type: text/x; name=\"a!b!1!2" \
            + rng.choice([".json", ".JSON.gz", ".txt"]) + "\""
    elif maybe(rng, 0.3):
        fields.insert(rng.randrange(3), rng.choice([
            "Content-Disposition: attachment; filename=\"../a!b.json.gz\"",
            "Content-Disposition: attachment;\n filename*0*=us-ascii''a%21b;"
            "\n filename*1=.json"]))
    return fields, body, domain


def header(rng, number, domain, signature):
    signer = rng.choice([domain, "mail." + domain, "other.example"])
    result = rng.choice(["pass", "pass", "fail", "none"])
    lines = [rng.choice([f"From: Reports <tls@{domain}>", f"From: tls@{domain}",
                         f"From: \"a, b\" <tls@{domain}> (c)"]),
             "To: x@example.org, x@example.org",
             rng.choice(["Subject: a b", "Subject: =?utf-8?Q?=C3=BC?= x",
                         "Subject: one\n two", "Subject: Report Domain: d\n"
                         "\tSubmitter: s\n\tReport-ID: <1>"])]
    if maybe(rng, 0.9):
        lines.append(f"Message-ID: <{number}@{domain}>")
    if maybe(rng, 0.3):
        lines += ["Date: Fri, May 09 2017", "MIME-Version: 1.0",
                  "Status: RO", "Content-Length: 7", "X-A: " + "x" * 900]
    named = "mx.example.com" if signature or maybe(rng, 0.5) \
        else "evil.example"
    if signature or maybe(rng, 0.8):
        lines.insert(0, f"Authentication-Results: {named};"
                     f"\n\tdkim={signature or result} header.d="
                     f"{domain if signature else signer}")
    if maybe(rng, 0.6):
        lines.append(f"TLS-Report-Submitter: {rng.choice([domain, 'b.example'])}")
    if maybe(rng, 0.5):
        lines.append("TLS-Report-Domain: " + rng.choice(
            ["example.com", "EXAMPLE.com.", "=?utf-8?Q?b.example?=",
             "x.example"]))
    return lines


def no_report(number):
    """What else comes to such a mailbox."""
    return [b"From: cron@a.example\nSubject: Cron\n"
            b"Message-ID: <%d@a.example>\n\n{\"no\": 1}\n" % number,
            b"From: d@a.example\nSubject: Report domain: a\n"
            b"Message-ID: <%d@a.example>\nContent-Type: application/gzip\n"
            b"Content-Transfer-Encoding: base64\n\n%s" % (
                number, base64.encodebytes(gzip.compress(b"<feedback/>",
                                                         mtime=0))),
            b"From: d@a.example\nSubject: s\nMessage-ID: <%d@a.example>\n"
            b"Content-Type: application/json\n\n{\"policies\": [], "
            b"\"report-items\": {}, \"organization-name\": \"o\"}\n"
            % number][number % 3]


def message(rng, number, again=0, signature=None):
    """The same for the same rng, but for what is given besides."""
    if maybe(rng, 0.03):
        return no_report(number)
    fields, body, domain = part(rng, number, again)
    lines = header(rng, number, domain, signature)
    plain = ["base64" in "\n".join(fields).lower()]
    if maybe(rng, 0.2):
        whole = "\n".join(lines + fields).encode() + b"\n\n" + body
    else:
        lines.append("Content-Type: multipart/" + rng.choice(
            ["report; report-type=tlsrpt", "mixed", "related"])
            + ";\n boundary=\"b=_1\"")
        parts = [(["Content-Type: text/plain"], b"hello")]
        if maybe(rng, 0.1):
            outer = ["TLS-Report-Domain: b.example"] * maybe(rng, 0.5)
            body = "\n".join(outer + fields).encode() + b"\n\n" + body
            fields = ["Content-Type: message/rfc822"]
        parts.append((fields, body))
        if maybe(rng, 0.08):
            more = part(rng, f"{number}b", again)
            plain.append("base64" in "\n".join(more[0]).lower())
            parts.append(more[:2])
        elif maybe(rng, 0.05):
            parts.append((["Content-Type: application/tlsrpt+json"], b"{"))
        whole = "\n".join(lines).encode() + b"\n\n" + b"\n".join(
            b"--b=_1\n" + "\n".join(f).encode() + b"\n\n" + b.rstrip(b"\n")
            for f, b in parts) + rng.choice(
                [b"\n--b=_1--\n", b"\n--b=_1--", b"\n--b=_1\n"]
                + [b"\n"] * all(plain))
    if maybe(rng, 0.4) and all(plain):
        whole = whole.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return whole


def write(folder, number, data):
    path = os.path.join(folder, "new", f"{number}.x")
    with open(path, "wb") as file:
        file.write(data)
    os.utime(path, (1790000000 + number, 1790000000 + number))


def make(seed, number, folder):
    folders = [os.path.join(folder, name) for name in ("first", "again")]
    for one in folders:
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(one, name), exist_ok=True)
    chosen = random.Random(seed)
    for n in range(number):
        write(folders[0], n, message(random.Random(f"{seed}/{n}"), n))
        if not maybe(chosen, 0.15):
            continue
        write(folders[1], n, message(
            random.Random(f"{seed}/{n}"), n, chosen.choice([0, 1, 2]),
            chosen.choice([None, None, "pass", "fail"])))


# ---- Reading ------------------------------------------------------------

def text_of(value):
    return value if isinstance(value, str) else None


def domain_name(value):
    if not isinstance(value, str):
        return None
    value = value.strip(" \t\r\n").lower()
    return value[:-1] if len(value) > 1 and value.endswith(".") else value


def address(value):
    try:
        found = ipaddress.ip_address(value) if value else None
    except (ValueError, AttributeError):
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(found) if found else None


MISSING = object()


class Pairs(list):
    """The members of an object, each as often as it stands there."""

    def find(self, noted, name, alias=None):
        best, found = 0, MISSING
        for key, value in self:
            fits = 3 if key == name else 2 if key == alias else \
                key.lower() == name
            if fits and fits == best:
                noted.add("duplicate-key")
            if fits and fits >= best:
                best, found = int(fits), value
        noted |= {1: {"key-case"}, 2: {"key-misspelt"}}.get(best, set())
        return found


def text_in(noted, value):
    """A text that may be there."""
    if value is MISSING:
        return None
    if not isinstance(value, str):
        noted.add("member-null" if value is None else "member-not-text")
        return None
    return value


def wanted(noted, value, missing):
    text = text_in(noted, value) if value not in (None, MISSING) else None
    if text is None:
        noted.add(missing)
    return text


def number(noted, value):
    """A count, None where there is none, False where it is no count."""
    if value is MISSING:
        return None
    text = isinstance(value, str)
    if text:
        if not re.fullmatch("[0-9]+", value):
            return False
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) \
            or value != int(value) or not 0 <= value < 2 ** 63:
        return False
    noted |= {"count-as-text"} if text else set()
    noted |= {"count-beyond-double"} if value > 2 ** 53 else set()
    return int(value)


def strings(noted, value, not_array):
    if value is MISSING:
        return []
    if not isinstance(value, list) or isinstance(value, Pairs):
        noted.add(not_array)
        return [value] if isinstance(value, str) and value else []
    kept = [x for x in value if isinstance(x, str)]
    noted |= {"entry-not-text"} if len(kept) < len(value) else set()
    return kept


def instant(noted, value):
    if not isinstance(value, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(
            re.sub("[+]0200$", "+02:00",
                   value.upper().replace("Z", "+00:00")))
    except ValueError:
        return None
    if len(value) == 10:
        noted.add("datetime-without-time")
    elif found.tzinfo is None:
        noted.add("datetime-without-zone")
    if re.search("[ tz]|[+]0200", value):
        noted.add("datetime-form")
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.timezone.utc)
    return found.astimezone(datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def sts(kind, lines):
    """mode and max_age, each as it is met first."""
    mode = age = None
    for line in "\n".join(lines).splitlines() if kind == "sts" else []:
        key, _, value = line.partition(":")
        if key.strip() == "mode" and mode is None:
            mode = value.strip()
        if key.strip() == "max_age" and age is None:
            age = int(value)
    return mode, age


def read_failure(noted, detail):
    if not isinstance(detail, Pairs):
        noted.add("failure-left-out")
        return None
    get = {name: detail.find(noted, name, alias) for name, alias in (
        ("result-type", None), ("sending-mta-ip", None),
        ("receiving-mx-hostname", "receiving-mx-host-name"),
        ("receiving-mx-helo", None), ("receiving-ip", None),
        ("failed-session-count", None),
        ("additional-information", "additional-info-uri"),
        ("failure-reason-code", "failure-error-code"))}
    failed = number(noted, get["failed-session-count"])
    if failed is False:
        noted.add("failure-left-out")
        return None
    if failed is None:
        noted.add("count-missing")
    kind = wanted(noted, get["result-type"], "result-type-missing")
    if kind is not None and kind not in REGISTERED:
        noted.add("result-type-unregistered")
    addresses = []
    for name in ("sending-mta-ip", "receiving-ip"):
        text = text_in(noted, get[name])
        addresses.append(address(text))
        if text is not None and addresses[-1] is None:
            noted.add("address-unreadable")
    host, helo, more, code = (text_in(noted, get[name]) for name in (
        "receiving-mx-hostname", "receiving-mx-helo",
        "additional-information", "failure-reason-code"))
    return [kind, addresses[0], domain_name(host), helo, addresses[1],
            failed or 0, more, code]


def read_counts(noted, summary):
    """Two counts; None where they are of no use."""
    if summary in (None, MISSING):
        summary = Pairs()
    if not isinstance(summary, Pairs):
        return None
    counts = [number(noted, found) for found in [
        summary.find(noted, f"total-{x}-session-count")
        for x in ("successful", "failure")]]
    if any(x is False for x in counts):
        return None
    if counts == [None, None]:
        noted.add("summary-missing")
    elif None in counts:
        noted.add("count-missing")
    return [x or 0 for x in counts]


def read_policy(noted, item):
    if not isinstance(item, Pairs):
        return None
    inner, summary, details = (item.find(noted, name) for name in (
        "policy", "summary", "failure-details"))
    counts = read_counts(noted, summary) if isinstance(inner, Pairs) else None
    if counts is None:
        return None
    kind, text, domain, hosts = (inner.find(noted, *name) for name in (
        ("policy-type",), ("policy-string",), ("policy-domain",),
        ("mx-host", "mx-host-pattern")))
    kind = wanted(noted, kind, "policy-type-missing")
    if kind not in (None, "tlsa", "sts", "no-policy-found"):
        noted.add("policy-type-unregistered")
    domain = domain_name(wanted(noted, domain, "policy-domain-missing")) or None
    if domain is None:
        noted.add("policy-domain-missing")
    lines = strings(noted, text, "policy-string-not-array")
    hosts = strings(noted, hosts, "mx-host-not-array")
    kept = []
    if details not in (None, MISSING) and (not isinstance(details, list) or
                                           isinstance(details, Pairs)):
        noted.add("failure-details-left-out")
    elif details not in (None, MISSING):
        kept = [f for f in (read_failure(noted, d) for d in details) if f]
    if kept and sum(f[5] for f in kept) != counts[1]:
        noted.add("failure-sum")
    return [[kind, domain, lines, hosts, *sts(kind, lines), *counts], kept]


def outline(mail, place=()):
    """Each part that may hold a report, and what its places say of it."""
    kind = mail.get_content_type()
    if kind == "message/rfc822":
        inner = mail.get_payload(0)
        names = tuple(domain_name(inner.get(f"TLS-Report-{x}"))
                      for x in ("Domain", "Submitter"))
        yield from outline(inner, ("forwarded", *names))
        return
    if mail.is_multipart():
        if mail.get_param("report-type") == "tlsrpt":
            place = ("report",)
        for inner in mail.get_payload():
            yield from outline(inner, place)
        return
    name = (mail.get_filename() or "").lower()
    label = "gzip" if "gzip" in kind else "json" if "json" in kind else None
    if kind not in [one.lower() for one in KINDS]:
        if not name.endswith((".json", ".json.gz")):
            return
        label = "gzip" if name.endswith("gz") else "json"
    yield mail.get_payload(decode=True), kind, label, place


class Refused(Exception):
    """A part holds no report; the text says why, a reason code."""


def unpacked(noted, data, label):
    times = 0
    while data[:2] == b"\x1f\x8b" and times < 2:
        plain, members = b"", 0
        while data[:2] == b"\x1f\x8b":
            packed = zlib.decompressobj(31)
            try:
                plain += packed.decompress(data)
            except zlib.error as error:
                raise Refused from error
            if not packed.eof:
                raise Refused
            data, members = packed.unused_data, members + 1
        noted |= {"gzip-members"} if members > 1 else set()
        noted |= {"gzip-trailing-data"} if data else set()
        data, times = plain, times + 1
    if times > 1:
        noted.add("gzip-twice")
    if label == ("json" if times else "gzip"):
        noted.add("mislabelled")
    return data


def plain_text(noted, value):
    """Texts as a database can keep them."""
    if isinstance(value, str):
        noted |= {"nul-character"} if "\0" in value else set()
        lone = re.compile("[\ud800-\udfff]")
        noted |= {"lone-surrogate"} if lone.search(value) else set()
        return lone.sub("\ufffd", value.replace("\0", "\ufffd"))
    if isinstance(value, (list, tuple)):
        return type(value)(plain_text(noted, x) for x in value)
    return value


def depth(value):
    return 1 + max(map(depth, value), default=0) \
        if isinstance(value, (list, tuple)) else 0


def parsed(noted, data):
    if data.startswith(b"\xef\xbb\xbf"):
        noted.add("byte-order-mark")
        data = data[3:]
    try:
        text = data.decode()
    except UnicodeDecodeError:
        noted.add("invalid-utf8")
        text = data.decode(errors="replace")
    if re.search(rb"(\[\s*){64}", data):
        raise Refused("too-large")
    try:
        value, end = json.JSONDecoder(object_pairs_hook=Pairs).raw_decode(text)
    except ValueError as error:
        raise Refused from error
    noted |= {"trailing-data"} if text[end:].strip() else set()
    return plain_text(noted, value)


def read_report(noted, data):
    """What stands in report, and its policies, of one document."""
    root = parsed(noted, data)
    name, dates, contact, identity, items = (root.find(noted, x) for x in (
        "organization-name", "date-range", "contact-info", "report-id",
        "policies"))
    if not isinstance(identity, str) or not identity.strip():
        raise Refused
    name = wanted(noted, name, "organization-missing")
    if name is not None and not name.strip():
        noted.add("organization-blank")
    contact = wanted(noted, contact, "contact-missing")
    if contact is not None and (contact.lower().startswith("mailto:") or
                                not contact.rpartition("@")[0]):
        noted.add("contact-not-address")
    if not isinstance(dates, Pairs):
        raise Refused
    start, end = (dates.find(noted, f"{x}-datetime") for x in ("start", "end"))
    start, end = instant(noted, start), instant(noted, end)
    if not start or not end or not isinstance(items, list) or \
            isinstance(items, Pairs):
        raise Refused
    noted |= {"dates-reversed"} if start > end else set()
    latest = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                           time.gmtime(time.time() + 2 * 86400))
    if min(start, end) < "2016" or max(start, end) > latest:
        noted.add("dates-implausible")
    policies = [read_policy(noted, item) for item in items]
    noted |= {"policy-left-out"} if None in policies else set()
    policies = [p for p in policies if p]
    if items and not policies:
        raise Refused
    noted |= {"policies-empty"} if not items else set()
    return {"organization-name": name, "report-id": identity,
            "start": start, "end": end, "contact": contact}, policies


def verdict(mail, signers):
    field = mail.get("Authentication-Results", "")
    found = re.fullmatch(r"mx\.example\.com;\s+dkim=(\w+) header\.d=(\S+)",
                         field)
    if not found or found[1] == "none":
        return "none", None
    good = any(name and ".".join(name.split(".")[-2:]) ==
               ".".join(found[2].split(".")[-2:]) for name in signers)
    return ("pass" if found[1] == "pass" and good else "fail"), found[2]


def key_of(report, policies):
    fields = [report["organization-name"] or "", report["report-id"],
              report["start"], report["end"]]
    fields += sorted({p[0][1] for p in policies if p[0][1]},
                     key=lambda name: name.encode())
    raw = bytearray(hashlib.sha256(b"".join(
        x.encode() + b"\0" for x in fields)).digest()[:16])
    raw[6], raw[8] = raw[6] & 15 | 0x80, raw[8] & 63 | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def derive(noted, named, policies):
    """What TLS-Report-Domain has to say."""
    if not named:
        return
    for columns, _ in policies:
        if columns[1] is None:
            columns[1] = named
            noted.add("policy-domain-derived")
    if policies and all(columns[1] != named for columns, _ in policies):
        noted.add("report-domain-mismatch")


def fit(noted, value, most):
    if isinstance(value, list):
        return [fit(noted, one, most) for one in value]
    if isinstance(value, str):
        raw = value.encode()
        if len(raw) > most:
            noted.add("text-cut")
            value = raw[:most].decode(errors="ignore")
        if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")
               for c in value):
            noted.add("control-character")
    return value


class Reading:
    """What one message holds, before it is placed."""

    def __init__(self, raw, received):
        self.received = received
        self.mail = email.message_from_bytes(
            raw, policy=email.policy.default)
        self.old = email.message_from_bytes(raw)
        self.reports = []
        self.reason = None
        left_out = False
        for part_of in outline(self.old):
            try:
                self.take(*part_of)
            except Refused as refused:
                declared = "tlsrpt" in part_of[1]
                likely = declared or self.is_likely(part_of[0])
                left_out |= likely
                self.refuse(str(refused) or ("unreadable" if likely
                                             else "not-a-report"))
        if self.reports:
            self.reason = None
        elif not self.reason:
            self.reason = "not-a-report"
        self.finish(left_out)

    @staticmethod
    def is_likely(data):
        try:
            data = unpacked(set(), data, None)
        except Refused:
            return False
        return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and \
            b'"policies"' in data and any(b'"%s"' % x in data for x in (
                b"report-id", b"date-range", b"organization-name"))

    def refuse(self, reason):
        ranks = [None, "not-a-report", "unreadable", "too-large"]
        if ranks.index(reason) > ranks.index(self.reason):
            self.reason = reason

    def named(self, place, what):
        """A field of the message, or of the one that was forwarded."""
        if place[:1] == ("forwarded",):
            return place[1 if what == "Domain" else 2]
        value = self.mail.get(f"TLS-Report-{what}")
        return domain_name(str(value)) if value is not None else None

    def take(self, data, kind, label, place):
        noted = set()
        plain_data = unpacked(noted, data, label)
        if plain_data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            raise Refused
        report, policies = read_report(noted, plain_data)
        if place[:1] != ("report",):
            noted.add("container")
        if place[:1] == ("forwarded",):
            noted.add("forwarded")
        if kind not in ("application/tlsrpt+gzip", "application/tlsrpt+json"):
            noted.add("media-type")
        key = key_of(report, policies)
        derive(noted, self.named(place, "Domain"), policies)
        submitter = self.named(place, "Submitter")
        contact = report["contact"]
        contact = contact.rpartition("@")[2] if contact and "@" in contact \
            else None
        if submitter is not None and contact and \
                submitter != domain_name(contact):
            noted.add("submitter-mismatch")
        self.reports.append((noted, key, report, submitter, contact, policies,
                             hashlib.sha256(plain_data).hexdigest(), data))

    def finish(self, left_out):
        common = {"several-reports"} if len(self.reports) > 1 else set()
        common |= {"part-left-out"} if left_out else set()
        mismatch = "report-domain-mismatch"
        matched = any(mismatch not in one[0] for one in self.reports)
        self.rows = [self.row(one, common, mismatch if matched else None)
                     for one in self.reports]

    def row(self, one, common, forgiven):
        noted, key, report, submitter, contact, policies, digest, data = one
        noted |= common
        noted.discard(forgiven)
        sender = self.mail["From"].addresses[0].domain
        auth, signer = verdict(self.old, [
            sender, self.named((), "Submitter"), contact])
        start = report["start"]
        columns = [fit(noted, x, 512) for x in (
            report["organization-name"], report["report-id"],
            report["contact"], submitter)]
        rows = {"policy": [], "failure": []}
        for n, (policy_columns, details) in enumerate(policies, 1):
            kind, domain, lines, hosts, mode, *rest = policy_columns
            rows["policy"].append(
                [key, start, n, fit(noted, kind, 512), fit(noted, domain, 512),
                 fit(noted, lines, 8192), fit(noted, hosts, 8192),
                 fit(noted, mode, 512), *rest])
            for m, d in enumerate(details, 1):
                rows["failure"].append(
                    [key, start, n, m, fit(noted, d[0], 512), d[1],
                     fit(noted, d[2], 512), fit(noted, d[3], 8192), d[4],
                     d[5], fit(noted, d[6], 8192), fit(noted, d[7], 8192)])
        fit(noted, signer, 512)
        rows["report"] = [key, start, report["end"], self.received, *columns,
                          "mail", auth, signer, sorted(noted), digest,
                          data.hex()]
        return rows


RANKS = ["fail", "none", "pass"]


class Database:
    """What the tables should hold."""

    def __init__(self):
        self.rows = {}  # by key
        self.superseded = {}  # by key and digest
        self.intake = []

    def place(self, rows):
        """What becomes of a report: stored, duplicate or superseded."""
        new = rows["report"]
        held = self.rows.get(new[0])
        if held is None:
            self.rows[new[0]] = rows
            return "stored"
        old = held["report"]
        better = RANKS.index(new[9]) > RANKS.index(old[9])
        if old[12] == new[12]:
            if better:
                old[9:11] = new[9:11]
            return "duplicate"
        lost = old if better else new
        if better:
            self.rows[new[0]] = rows
            self.superseded.pop((new[0], new[12]), None)
        self.superseded[(lost[0], lost[12])] = [
            lost[0], lost[12], lost[1], lost[3], lost[9], lost[10], lost[13]]
        return "stored" if better else "superseded"

    def add(self, reading, source):
        outcomes = [self.place(rows) for rows in reading.rows]
        outcome = next((x for x in ("stored", "superseded", "duplicate")
                        if x in outcomes), "rejected")
        mail = reading.mail
        self.intake.append(
            [reading.received, "mail", source,
             mail["Message-ID"].strip() if mail["Message-ID"] else None,
             mail["From"].addresses[0].addr_spec, str(mail["Subject"]),
             outcome, reading.reason,
             reading.rows[0]["report"][0] if reading.rows else None])

    def tables(self):
        return {"report": [rows["report"] for rows in self.rows.values()],
                "policy": [x for rows in self.rows.values()
                           for x in rows["policy"]],
                "failure": [x for rows in self.rows.values()
                            for x in rows["failure"]],
                "superseded": list(self.superseded.values()),
                "intake": self.intake}


# ---- What the database has ----------------------------------------------

COLUMNS = {
    "report": "report_key, start_time, end_time, received_at, organization, "
              "report_id, contact, submitter, channel, auth, auth_domain, "
              "deviations, content_digest, document",
    "policy": "report_key, start_time, policy_no, policy_type, policy_domain, "
              "policy_strings, mx_hosts, sts_mode, sts_max_age, successful, "
              "failed",
    "failure": "report_key, start_time, policy_no, failure_no, result_type, "
               "sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, "
               "receiving_ip, failed, additional_information, "
               "failure_reason_code",
    "superseded": "report_key, content_digest, start_time, received_at, auth, "
                  "auth_domain, document",
    "intake": "received_at, channel, source, message_id, sender, subject, "
              "outcome, reason, report_key"}


def plain(column, value):
    if value is None:
        return None
    if column in ("policy_strings", "mx_hosts", "deviations") and \
            isinstance(value, str):
        value = json.loads(value)
    if column == "deviations":
        return sorted(value)
    if column in ("content_digest", "document"):
        return value.hex()
    return value


def from_sqlite(path, table):
    names = COLUMNS[table].split(", ")
    with sqlite3.connect(path) as database:
        return [[plain(name, value) for name, value in zip(names, row)]
                for row in database.execute(
                    f"SELECT {COLUMNS[table]} FROM {table}")]


def from_postgres(uri, table):
    names = COLUMNS[table].split(", ")
    shown = {"start_time": "to_char(%s AT TIME ZONE 'UTC', "
                           "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
             "content_digest": "encode(%s, 'hex')",
             "document": "encode(%s, 'hex')",
             "sending_mta_ip": "host(%s)", "receiving_ip": "host(%s)"}
    shown["end_time"] = shown["received_at"] = shown["start_time"]
    columns = ", ".join(shown.get(n, "%s").replace("%s", n) for n in names)
    out = subprocess.run(
        ["psql", "-XAtq", "-d", uri, "-c", f"SELECT json_build_array({columns}"
         f")::text FROM tlsrpt.{table}"], check=True, capture_output=True)
    rows = []
    for line in out.stdout.decode().splitlines():
        rows.append([plain(n, bytes.fromhex(v) if n in (
            "content_digest", "document") and v is not None else v)
                     for n, v in zip(names, json.loads(line))])
    return rows


def check(folder, uri):
    database = Database()
    messages = 0
    for half in ("first", "again"):
        new = os.path.join(folder, half, "new")
        for name in sorted(os.listdir(new), key=lambda x: int(x[:-2])):
            path = os.path.join(new, name)
            with open(path, "rb") as file:
                raw = file.read()
            received = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                     time.gmtime(os.path.getmtime(path)))
            database.add(Reading(raw, received), path)
            messages += 1
    want = database.tables()
    wrong = 0
    for table, rows in want.items():
        got = from_sqlite(uri[7:], table) if uri.startswith("sqlite:") \
            else from_postgres(uri, table)
        missing = sorted(map(repr, rows))
        extra = sorted(map(repr, got))
        both = set(missing) & set(extra)
        for mark, some in (("-", missing), ("+", extra)):
            for row in [r for r in some if r not in both][:6]:
                print(f"{table} {mark} {row[:1200]}")
        wrong += missing != extra
    print(f"{messages} messages, {sum(map(len, want.values()))} rows")
    return 1 if wrong else 0


def main():
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
        return 0
    return check(sys.argv[2], sys.argv[3])


if __name__ == "__main__":
    sys.exit(main())
