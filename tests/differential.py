#!/usr/bin/env python3
"""What a second reader makes of random messages, and what the database has.

    differential.py make SEED COUNT MAILDIR        write messages
    differential.py check MAILDIR DATABASE-URI     compare all of them

The messages have the quirks of senders at random.  The reader here knows
email, gzip and json of Python's library and the manual, and none of the
programs' code.  Every column is compared but deviations and received_at.
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
import uuid

KINDS = ["application/tlsrpt+gzip", "application/tlsrpt+json",
         "application/gzip", "application/json", "application/octet-stream",
         "application/x-gzip", "application/tlsrpt", "APPLICATION/TLSRPT+GZIP"]
HOSTS = ["mx1.example.com", "MX2.Example.Com.", "", "mx: a.example"]
ADDRESSES = ["192.0.2.7", "2001:DB8::0:1", "", "x.x.x.x", "192.0.2.7 ",
             "::ffff:192.0.2.1", None]
TYPES = ["certificate-expired", "starttls-not-supported", "Other", "",
         "sts-policy-fetch-error", None]


# ---- Making -------------------------------------------------------------

def maybe(rng, chance):
    return rng.random() < chance


def count(rng):
    return rng.choice([0, 1, 7, 4294967295, 2 ** 53, 2 ** 53 + 1, 2 ** 63 - 1,
                       "12", 3, 5, 9, 30])


def bad_count(rng):
    return rng.choice([-1, 1.5, "many", 2 ** 63, [], "1.0"])


def failure(rng):
    made = {"result-type": rng.choice(TYPES),
            "sending-mta-ip": rng.choice(ADDRESSES),
            "receiving-mx-hostname": rng.choice(HOSTS),
            "receiving-mx-helo": rng.choice(["helo", "a\r\nb", "\u001b[2J"]),
            "receiving-ip": rng.choice(ADDRESSES),
            "failed-session-count": count(rng),
            "additional-information": rng.choice(["x", "\u202e", {}, 5]),
            "failure-reason-code": rng.choice(["", "\u00e9\U0001f600"])}
    for key in list(made):
        if maybe(rng, 0.15):
            del made[key]
    if maybe(rng, 0.05):
        made["failed-session-count"] = bad_count(rng)
    return rng.choice([[], "x", None, 1]) if maybe(rng, 0.03) else made


def policy(rng):
    inner = {"policy-type": rng.choice(["sts", "tlsa", "no-policy-found",
                                        "invalid", None]),
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
    made = {"policy": inner, "summary": summary, "unknown": [{}]}
    if maybe(rng, 0.6):
        made["failure-details"] = [failure(rng)
                                   for _ in range(rng.randrange(4))]
    if maybe(rng, 0.1):
        del made["summary"]
    if maybe(rng, 0.03):
        made["policy"] = None
    return rng.choice([[], 0, None]) if maybe(rng, 0.03) else made


def when(rng, day, end):
    text = f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}"
    clock = "23:59:59" if end else "00:00:00"
    return rng.choice([f"{text}T{clock}Z", f"{text}T{clock}",
                       f"{text}T{clock}+02:00", f"{text}T{clock}.25Z", text,
                       f"{text} {clock}"])


def document(rng, number):
    domain = f"s{rng.randrange(5)}.example"
    day = rng.randrange(300)
    made = {"organization-name": rng.choice([domain, "Org \u00fc", None, " "]),
            "date-range": {"start-datetime": when(rng, day, False),
                           "end-datetime": when(rng, day, True)},
            "contact-info": rng.choice([f"a@{domain}", f"mailto:a@{domain}",
                                        "nobody", None, f"A@{domain.upper()}"]),
            "report-id": rng.choice([f"id-{number}", f"{number}+\u20ac"]),
            "policies": [policy(rng) for _ in range(rng.randrange(4))]}
    if maybe(rng, 0.1):
        del made[rng.choice(list(made))]
    items = list(made.items())
    rng.shuffle(items)
    return json.dumps(dict(items), ensure_ascii=maybe(rng, 0.5),
                      indent=rng.choice([None, 1])), domain


def encode(rng, data):
    kind = rng.choice(["base64", "BASE64", "long", "qp", "8bit"])
    if kind == "qp" and data[:1] == b"{":
        return "quoted-printable", quopri.encodestring(data)
    if kind == "8bit" and data[:1] == b"{":
        return "8bit", data
    if kind == "long":
        return "base64", base64.b64encode(data)
    return "base64" if kind in ("8bit", "qp") else kind, base64.encodebytes(data)


def message(rng, number):
    text, domain = document(rng, number)
    data = text.encode()
    if maybe(rng, 0.7):
        data = gzip.compress(data, rng.randrange(1, 10), mtime=0)
    signer = rng.choice([domain, "mail." + domain, "other.example"])
    result = rng.choice(["pass", "pass", "fail", "none"])
    lines = [f"From: Reports <tls@{domain}>", "To: x@example.org",
             f"Message-ID: <{number}@{domain}>",
             rng.choice(["Subject: a b", "Subject: =?utf-8?Q?=C3=BC?= x",
                         "Subject: one\n two"])]
    if maybe(rng, 0.8):
        lines.insert(0, f"Authentication-Results: {rng.choice(['mx.example.com', 'evil.example'])};"
                     f"\n\tdkim={result} header.d={signer}")
    if maybe(rng, 0.6):
        lines.append(f"TLS-Report-Submitter: {domain}")
    encoding, body = encode(rng, data)
    part = [f"Content-Type: {rng.choice(KINDS)}",
            f"Content-Transfer-Encoding: {encoding}"]
    if maybe(rng, 0.2):
        lines += part
        whole = "\n".join(lines).encode() + b"\n\n" + body
    else:
        container = rng.choice(["report; report-type=tlsrpt", "mixed",
                                "related"])
        lines.append(f"Content-Type: multipart/{container};\n boundary=\"b=_1\"")
        whole = "\n".join(lines).encode() + b"\n\n--b=_1\n" \
            b"Content-Type: text/plain\n\nhello\n--b=_1\n" \
            + "\n".join(part).encode() + b"\n\n" + body.rstrip(b"\n") \
            + rng.choice([b"\n--b=_1--\n", b"\n--b=_1--", b"\n--b=_1\n"]
                         + [b"\n"] * (encoding.lower() == "base64"))
    if maybe(rng, 0.4) and encoding.lower() == "base64":
        whole = whole.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return whole


def make(seed, number, maildir):
    rng = random.Random(seed)
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(maildir, part), exist_ok=True)
    for n in range(number):
        with open(os.path.join(maildir, "new", f"{n}.x"), "wb") as file:
            file.write(message(rng, n))


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


def number(value):
    """A count, None where there is none, False where it is no count."""
    if value is None:
        return None
    if isinstance(value, str):
        value = int(value) if re.fullmatch("[0-9]+", value) else -1
    if isinstance(value, bool) or not isinstance(value, (int, float)) \
            or value != int(value):
        return False
    return int(value) if 0 <= value < 2 ** 63 else False


def strings(value):
    if isinstance(value, str):
        return [value] if value else []
    return [x for x in value if isinstance(x, str)] \
        if isinstance(value, list) else []


def instant(value):
    if not isinstance(value, str):
        return None
    value = value.replace("Z", "+00:00")
    try:
        found = datetime.datetime.fromisoformat(value)
    except ValueError:
        return None
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


def read_policy(item):
    if not isinstance(item, dict) or not isinstance(item.get("policy"), dict):
        return None
    inner, summary = item["policy"], item.get("summary") or {}
    counts = [number(summary.get(f"total-{x}-session-count"))
              for x in ("successful", "failure")]
    if False in [c is not False for c in counts]:
        return None
    kind = text_of(inner.get("policy-type"))
    lines = strings(inner.get("policy-string"))
    details = []
    for detail in item.get("failure-details") or []:
        if not isinstance(detail, dict):
            continue
        failed = number(detail.get("failed-session-count"))
        if failed is False:
            continue
        details.append([
            text_of(detail.get("result-type")),
            address(detail.get("sending-mta-ip")),
            domain_name(detail.get("receiving-mx-hostname")),
            text_of(detail.get("receiving-mx-helo")),
            address(detail.get("receiving-ip")), failed or 0,
            text_of(detail.get("additional-information")),
            text_of(detail.get("failure-reason-code"))])
    return [[kind, domain_name(inner.get("policy-domain")) or None, lines,
             strings(inner.get("mx-host")), *sts(kind, lines),
             counts[0] or 0, counts[1] or 0], details]


def candidate(mail):
    for part in mail.walk():
        if part.get_content_type() in [kind.lower() for kind in KINDS]:
            data = part.get_payload(decode=True)
            return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return None


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


def read(raw):
    """The rows that a message gives; None where it is rejected."""
    mail = email.message_from_bytes(raw)
    text = candidate(mail)
    document = json.loads(text)
    dates = document.get("date-range") or {}
    report = {"organization-name": text_of(document.get("organization-name")),
              "report-id": document.get("report-id"),
              "start": instant(dates.get("start-datetime")),
              "end": instant(dates.get("end-datetime"))}
    items = document.get("policies")
    if not report["report-id"] or not report["start"] or not report["end"] \
            or not isinstance(items, list):
        return None
    policies = [p for p in map(read_policy, items) if p]
    if items and not policies:
        return None
    contact = text_of(document.get("contact-info"))
    contact_domain = contact.rpartition("@")[2].lower() \
        if contact and "@" in contact else None
    submitter = domain_name(mail.get("TLS-Report-Submitter"))
    sender = mail["From"].split("<")[1].rstrip(">")
    auth, domain = verdict(mail, [sender.split("@")[1], submitter,
                                  contact_domain])
    key = key_of(report, policies)
    start = report["start"]
    rows = {"report": [[key, start, report["end"],
                        report["organization-name"], report["report-id"],
                        contact, submitter, "mail", auth, domain,
                        hashlib.sha256(text).hexdigest(), text.decode()]],
            "policy": [], "failure": []}
    for n, (columns, details) in enumerate(policies, 1):
        rows["policy"].append([key, start, n, *columns])
        for m, detail in enumerate(details, 1):
            rows["failure"].append([key, start, n, m, *detail])
    return rows


def intake_row(raw, rows):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    return [mail["Message-ID"].strip(), mail["From"].addresses[0].addr_spec,
            str(mail["Subject"]), "stored" if rows else "rejected",
            rows["report"][0][0] if rows else None]


# ---- What the database has ----------------------------------------------

COLUMNS = {
    "report": "report_key, start_time, end_time, organization, report_id, "
              "contact, submitter, channel, auth, auth_domain, "
              "content_digest, document",
    "policy": "report_key, start_time, policy_no, policy_type, policy_domain, "
              "policy_strings, mx_hosts, sts_mode, sts_max_age, successful, "
              "failed",
    "failure": "report_key, start_time, policy_no, failure_no, result_type, "
               "sending_mta_ip, receiving_mx_hostname, receiving_mx_helo, "
               "receiving_ip, failed, additional_information, "
               "failure_reason_code",
    "intake": "message_id, sender, subject, outcome, report_key"}


def plain(column, value):
    if value is None:
        return None
    if column in ("policy_strings", "mx_hosts") and isinstance(value, str):
        return json.loads(value)
    if column == "content_digest":
        return value.hex()
    if column == "document":
        return (gzip.decompress(value) if value[:2] == b"\x1f\x8b"
                else value).decode()
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
    shown["end_time"] = shown["start_time"]
    columns = ", ".join(shown.get(n, "%s").replace("%s", n) for n in names)
    out = subprocess.run(
        ["psql", "-XAtq", "-d", uri, "-c", f"SELECT json_build_array({columns}"
         f")::text FROM tlsrpt.{table}"], check=True, capture_output=True)
    rows = []
    for line in out.stdout.decode().splitlines():
        rows.append([
            plain(n, bytes.fromhex(v)) if n in ("content_digest", "document")
            and v is not None else v for n, v in zip(names, json.loads(line))])
    return rows


def check(maildir, uri):
    want = {table: [] for table in COLUMNS}
    folder = os.path.join(maildir, "new")
    messages = 0
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            raw = file.read()
        rows = read(raw)
        messages += 1
        for table, made in (rows or {}).items():
            want[table] += made
        want["intake"].append(intake_row(raw, rows))
    wrong = 0
    for table, rows in want.items():
        got = from_sqlite(uri[7:], table) if uri.startswith("sqlite:") \
            else from_postgres(uri, table)
        missing = sorted(map(repr, rows))
        extra = sorted(map(repr, got))
        both = set(missing) & set(extra)
        for mark, some in (("-", missing), ("+", extra)):
            for row in [r for r in some if r not in both][:6]:
                print(f"{table} {mark} {row[:600]}")
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
