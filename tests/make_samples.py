#!/usr/bin/env python3
"""Make the report mails and documents of samples/.

    make_samples.py FOLDER            write them, and their README
    make_samples.py --check FOLDER    say what differs from them; exit 1 then

Each sample imitates the form of one sender, or one quirk seen in the field,
or one that nobody has seen yet.  All names, addresses, counts and dates are
invented.  Two runs write the same bytes, as long as zlib packs: another
implementation of deflate makes other bytes of the same reports.
"""

import argparse
import base64
import copy
import datetime
import json
import os
import quopri
import struct
import sys
import zlib

SAMPLES = []  # (file name, what is odd, how it is read, content)


def add(name, odd, reading, content):
    SAMPLES.append((name, odd, reading, content))


# ---- Documents ----------------------------------------------------------

COM_MX = ["mx1.example.com", "mx2.example.com"]
COM_STS = ["version: STSv1", "mode: enforce", "mx: mx1.example.com",
           "mx: mx2.example.com", "max_age: 604800"]
NET_MX = ["mx.example.net"]
NET_STS = ["version: STSv1", "mode: testing", "mx: mx.example.net",
           "max_age: 86400"]
ORG_MX = ["mx.example.org"]
ORG_TLSA = ["3 1 1 6f1c0e2b7a4d9358c1e07f62ab95d3408be7264c9f50a1d8"
            "3c7b2e94f6810d5a"]


def report(organization, contact, report_id, start, end, *policies):
    return {
        "organization-name": organization,
        "date-range": {"start-datetime": start, "end-datetime": end},
        "contact-info": contact,
        "report-id": report_id,
        "policies": list(policies),
    }


def on(day):
    """A day's first and last second, as most senders write them."""
    return day + "T00:00:00Z", day + "T23:59:59Z"


def policy(kind, domain, successful, failed, details=None, strings=None,
           mx=None):
    inner = {"policy-type": kind}
    if strings is not None:
        inner["policy-string"] = strings
    inner["policy-domain"] = domain
    if mx is not None:
        inner["mx-host"] = mx
    outer = {
        "policy": inner,
        "summary": {"total-successful-session-count": successful,
                    "total-failure-session-count": failed},
    }
    if details is not None:
        outer["failure-details"] = details
    return outer


def com(successful, failed=0, details=None):
    return policy("sts", "example.com", successful, failed, details, COM_STS,
                  COM_MX)


def net(successful, failed=0, details=None):
    return policy("sts", "example.net", successful, failed, details, NET_STS,
                  NET_MX)


def org(successful, failed=0, details=None):
    return policy("tlsa", "example.org", successful, failed, details, ORG_TLSA,
                  ORG_MX)


def detail(result, count, **members):
    made = {"result-type": result}
    for key, value in members.items():
        made[key.replace("_", "-")] = value
    made["failed-session-count"] = count
    return made


def dump(document, **options):
    options.setdefault("separators", (",", ":"))
    return json.dumps(document, ensure_ascii=False, **options).encode()


def edit(content, *changes):
    """Replace each (old, new) of a document, of which it must hold one."""
    for old, new in changes:
        old = old.encode() if isinstance(old, str) else old
        new = new.encode() if isinstance(new, str) else new
        if content.count(old) != 1:
            raise ValueError(f"{old!r} occurs {content.count(old)} times")
        content = content.replace(old, new)
    return content


# ---- Packing ------------------------------------------------------------

def pack(content, mtime=0, xfl=0, system=255, sync=False):
    """Gzip (RFC 1952), with the header fields that tell senders apart."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(content)
    if sync:
        body += deflate.flush(zlib.Z_SYNC_FLUSH)
    body += deflate.flush()
    head = struct.pack("<BBBBIBB", 0x1f, 0x8b, 8, 0, mtime, xfl, system)
    return head + body + struct.pack("<II", zlib.crc32(content), len(content))


def b64(content, width=76):
    text = base64.b64encode(content).decode()
    return "\n".join(text[i:i + width] for i in range(0, len(text), width))


def epoch(time):
    parsed = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ")
    return int(parsed.replace(tzinfo=datetime.timezone.utc).timestamp())


def span(document):
    dates = document["date-range"]
    return epoch(dates["start-datetime"]), epoch(dates["end-datetime"])


# ---- Messages -----------------------------------------------------------

CRLF = "\r\n"
LF = "\n"


def mail(fields, body, eol=CRLF):
    text = "\n".join(fields) + "\n\n" + body
    return text.replace("\n", eol).encode()


def part(fields, content):
    return "\n".join(fields) + "\n\n" + content


def multipart(boundary, parts, closing="--\n", preamble=""):
    delimiter = "--" + boundary
    body = "".join(f"{delimiter}\n{each}\n" for each in parts)
    return preamble + body + delimiter + closing


def verdict(domain, result="pass", by="mx.example.com"):
    return (f"Authentication-Results: {by};\n"
            f"\tdkim={result} header.d={domain} header.s=s2026"
            " header.b=Qm9ndXMh")


def text_part(text):
    return part(['Content-Type: text/plain; charset="us-ascii"'], text)


def gzip_part(content, name):
    return part([
        "Content-Type: application/tlsrpt+gzip",
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
    ], b64(pack(content)))


def google_document(domain, day, *policies):
    return report("Google Inc.", "smtp-tls-reporting@google.com",
                  f"{day}T00:00:00Z_{domain}", *on(day), *policies)


def google(document, domain, before=(), to=None, preamble_part=None,
           eol=CRLF, content=None):
    """As Google sends it: a blank before each fold of a parameter."""
    start, end = span(document)
    name = f"google.com!{domain}!{start}!{end}!001.json.gz"
    dotted = document["date-range"]["start-datetime"].replace(
        "-", ".").replace(":", ".")
    boundary = f"000000000000{start:x}06{end:x}"
    first = preamble_part or part(
        ['Content-Type: text/plain; charset="UTF-8"; format=flowed;'
         " delsp=yes"],
        "This is an aggregate TLS report from google.com\n")
    attached = part([
        f'Content-Type: application/tlsrpt+gzip; \n\tname="{name}"',
        f'Content-Disposition: attachment; \n\tfilename="{name}"',
        "Content-Transfer-Encoding: base64",
    ], b64(pack(content or dump(document), system=0)))
    sent = datetime.datetime.fromtimestamp(end + 36000, datetime.timezone.utc)
    return mail([
        *before,
        "MIME-Version: 1.0",
        sent.strftime("Date: %a, %d %b %Y %H:%M:%S +0000"),
        f"TLS-Report-Domain: {domain}",
        "TLS-Report-Submitter: google.com",
        f"Message-ID: <{end:x}.00000000.{start:x}.0b1ftls@google.com>",
        f"Subject: Report Domain: {domain} Submitter: google.com"
        f" Report-ID: <{dotted}+{domain}@google.com>",
        "From: noreply-smtp-tls-reporting@google.com",
        f"To: {to or 'tls-reports@' + domain}",
        f'Content-Type: multipart/report; boundary="{boundary}";'
        " report-type=tlsrpt",
    ], multipart(boundary, [first, attached]), eol)


def microsoft(document, domain, filetime, first, sent):
    """As Microsoft sends it: no name=, a boundary in underscores."""
    start, end = (epoch(time.rstrip("Z") + "Z")
                  for time in document["date-range"].values())
    name = f"microsoft.com!{domain}!{start}!{end}!{filetime}.json.gz"
    boundary = f"_{filetime[:8]}-5d1c-4f0e-9a77-{filetime[-12:]}_"
    attached = part([
        "Content-Type: application/tlsrpt+gzip",
        f"Content-Description:\n {name}",
        f'Content-Disposition: attachment;\n\tfilename="{name}"',
        "Content-Transfer-Encoding: base64",
    ], b64(pack(dump(document), xfl=4, system=0)) + "\n")
    return mail([
        verdict("microsoft.com"),
        "From: <tlsrpt-noreply@microsoft.com>",
        f'To: "tls-reports@{domain}" <tls-reports@{domain}>',
        "Date: " + sent,
        f"Subject: Report Domain: {domain} Submitter: microsoft.com"
        f" Report-ID:\n {document['report-id']}",
        f"TLS-Report-Domain: {domain}",
        "TLS-Report-Submitter: microsoft.com",
        "MIME-Version: 1.0",
        f"Message-ID: <{document['report-id']}@{domain}>",
        "Content-Type: multipart/report;\n"
        f'\tboundary="{boundary}"; report-type=tlsrpt',
    ], multipart(boundary, [first, attached]))


def postfix(document, submitter, domain, number=0, domain_field=None,
            filename=None, before=(), eol=LF):
    """As tlsrpt-reporter sends it: no Date, and MIME-Version twice."""
    start, end = span(document)
    name = (filename or 'filename="'
            f'{submitter}!{domain}!{start}!{end}!{number}.json.gz"')
    boundary = f"==============={start * 1000003 + number}=="
    attached = part([
        "Content-Type: application/tlsrpt+gzip",
        "Content-Transfer-Encoding: base64",
        "MIME-Version: 1.0",
        "Content-Disposition: attachment;\n " + name,
    ], b64(pack(dump(document), mtime=end + 5400, xfl=2)) + "\n")
    return mail([
        *before,
        f'Content-Type: multipart/report; report-type="tlsrpt";\n'
        f' boundary="{boundary}"',
        "MIME-Version: 1.0",
        f"Subject: Report Domain: {domain} Submitter: {submitter}\n"
        f" Report-ID: <{document['report-id']}>",
        f"From: tlsrpt@{submitter}",
        "To: tls-reports@example.org",
        f"Message-ID: <{start}.{number}.{end}@{submitter}>",
        f"TLS-Report-Domain: {domain_field or domain}",
        f"TLS-Report-Submitter: {submitter}",
        "TLS-Required: No",
    ], multipart(boundary, [
        text_part(f"This is an aggregate TLS report from {submitter}\n"),
        attached,
    ]), eol)


def simple(document, submitter, domain, attached, container=None, fields=(),
           boundary="a-line-between-parts", eol=CRLF, closing="--\n"):
    """A conforming message, so that only the one thing added is odd."""
    return mail([
        f"From: TLS reports <tlsrpt@{submitter}>",
        f"To: tls-reports@{domain}",
        "Date: Mon, 05 Oct 2026 04:11:09 +0000",
        f"Subject: Report Domain: {domain} Submitter: {submitter}\n"
        f" Report-ID: <{document['report-id']}>",
        "Message-ID: <mail.of." + document["report-id"].split("@")[0]
        + f"@{submitter}>",
        f"TLS-Report-Domain: {domain}",
        f"TLS-Report-Submitter: {submitter}",
        "MIME-Version: 1.0",
        *fields,
        "Content-Type: " + (container or
                            "multipart/report; report-type=tlsrpt")
        + f';\n boundary="{boundary}"',
    ], multipart(boundary, [
        text_part(f"A TLS report of {submitter} about {domain}.\n"),
        attached,
    ], closing), eol)


def fjord(number, day, *policies):
    """One of many reports of a sender that follows the RFC."""
    return report("Fjord Post", "tlsrpt@fjord.example", f"fjord-{number:04}",
                  *on(day), *policies)


def lakeside(number, day, *policies):
    return report("Lakeside University", "postmaster@lakeside.example",
                  f"lakeside.{number}@lakeside.example", *on(day), *policies)


# ---- The forms of known senders -----------------------------------------

def known_senders():
    plain = google_document("example.com", "2026-09-01", com(1204))
    add("google-plain.eml", "nothing: the form of Google's mails",
        "read, nothing to note",
        google(plain, "example.com", [
            "Return-Path: <3x9c@smtp-tls-reporting.bounces.google.com>",
            verdict("google.com")]))
    add("google-again.eml", "google-plain.eml, mailed to a second address",
        "read, and a duplicate of it",
        google(plain, "example.com", [verdict("google.com")],
               to="postmaster@example.com", eol=LF))

    failures = google_document("example.com", "2026-09-02", com(1187, 14, [
        detail("certificate-expired", 9, sending_mta_ip="2001:db8:60::41",
               receiving_ip="192.0.2.26",
               receiving_mx_hostname="mx2.example.com"),
        detail("starttls-not-supported", 5, sending_mta_ip="198.51.100.41",
               receiving_ip="192.0.2.25",
               receiving_mx_hostname="mx1.example.com"),
    ]))
    add("google-failures.eml", "nothing: Google with failure details",
        "read, nothing to note",
        google(failures, "example.com", [verdict("google.com")]))
    forged = copy.deepcopy(failures)
    forged["policies"] = [com(1201)]
    add("google-forged-copy.eml",
        "google-failures.eml with the failures gone; its DKIM check failed",
        "read, auth is fail; same identity, so the better one counts",
        google(forged, "example.com", [verdict("google.com", "fail")]))

    add("google-three-policies.json",
        "three policies of one domain, which changed on that day",
        "read, nothing to note",
        dump(google_document(
            "example.net", "2026-09-03",
            policy("no-policy-found", "example.net", 212, 0),
            policy("sts", "example.net", 96, 0, None,
                   ["version: STSv1", "mode: none", "max_age: 86400"]),
            net(188, 3, [detail("certificate-host-mismatch", 3,
                                sending_mta_ip="2001:db8:60::17",
                                receiving_ip="198.51.100.25",
                                receiving_mx_hostname="mx.example.net")]))))
    no_zero = google_document("example.net", "2024-02-11", net(77))
    del no_zero["policies"][0]["summary"]["total-failure-session-count"]
    add("google-zero-count-omitted.json",
        "a count that is 0 is left out (Google's first weeks)",
        "read, the count is 0", dump(no_zero))

    folder = google_document("example.net", "2026-09-04", net(340, 2, [
        detail("validation-failure", 2, sending_mta_ip="198.51.100.77",
               receiving_ip="198.51.100.25",
               receiving_mx_hostname="MX.Example.NET.")]))
    boundary = "00000000000060c1d005f3a2"
    add("google-mbox-folder.eml",
        "out of an mbox: LF, From line, Status, wrong Content-Length, fields"
        " after Content-Type, a field of 800 bytes, SRS Return-Path",
        "read, nothing to note",
        mail([
            "From srs0=k3fq=es=bounces.google.com@forward.example "
            "Sat Sep  5 10:02:11 2026",
            "Return-Path: <SRS0=k3Fq=ES=smtp-tls-reporting.bounces.google.com"
            "=3a@forward.example>",
            "X-Spam-Trace: " + "; ".join(
                f"rule{n}=0.{n % 10}" for n in range(67)),
            verdict("google.com"),
            'Content-Type: multipart/report; boundary="' + boundary
            + '"; report-type=tlsrpt',
            "Date: Sat, 05 Sep 2026 10:02:03 +0000",
            "TLS-Report-Domain: example.net",
            "TLS-Report-Submitter: google.com",
            "Subject: Report Domain: example.net Submitter: google.com"
            " Report-ID: <2026.09.04T00.00.00Z+example.net@google.com>",
            "From: noreply-smtp-tls-reporting@google.com",
            "To: tls-reports@example.net",
            "MIME-Version: 1.0",
            "Status: RO",
            "Content-Length: 12",
            "Lines: 3",
        ], multipart(boundary, [
            part(['Content-Type: text/plain; charset="UTF-8"'],
                 "This is an aggregate TLS report from google.com\n"),
            gzip_part(dump(folder), "google.com!example.net!001.json.gz"),
        ]) + "\n", LF))

    banner = google_document("example.com", "2026-09-05", com(1011))
    add("google-gateway-banner.eml",
        "a gateway rewrote the first part, in quoted-printable",
        "read, nothing to note",
        google(banner, "example.com", [
            "Authentication-Results-Original: mx.google.com; dkim=pass"
            " header.d=google.com"], preamble_part=part([
                'Content-Type: text/plain; charset="utf-8"',
                "Content-Transfer-Encoding: quoted-printable",
            ], "=E2=9A=A0 External mail =E2=80=93 think before you click.\n"
               "\nThis is an aggregate TLS report from google.com\n")))

    def microsoft_document(domain, filetime, day, *policies, zone="Z"):
        start, end = on(day)
        return report("Microsoft Corporation", "tlsrpt-noreply@microsoft.com",
                      f"{filetime}+{domain}", start[:-1] + zone,
                      end[:-1] + zone, *policies)

    html = part(["Content-Type: text/html; charset=us-ascii",
                 "Content-Transfer-Encoding: quoted-printable"],
                "<html><body><p>This is an aggregate TLS report from"
                " Microsoft=\n Corporation</p></body></html>\n")
    two = json.dumps([ORG_TLSA[0], "2 1 1 " + "ab90c41d" * 8])
    add("microsoft-html-first-part.eml",
        "first part is HTML; the same sessions in an sts and a tlsa policy;"
        " all TLSA records in one string",
        "read, nothing to note; the string stays as it is",
        microsoft(microsoft_document(
            "example.com", "134326118203174455", "2026-09-06", com(61),
            policy("tlsa", "example.com", 61, 0, [], [two])),
            "example.com", "134326118203174455", html,
            "Mon, 07 Sep 2026 13:10:20 +0000"))
    quoted = part(["Content-Type: text/plain; charset=us-ascii",
                   "Content-Transfer-Encoding: quoted-printable"],
                  "This is an aggregate TLS report from Microsoft"
                  " Corporation=\n.\n")
    add("microsoft-without-zone.eml",
        "dates without a time zone, as in early 2024",
        "read as UTC",
        microsoft(microsoft_document(
            "example.net", "133546213507719026", "2024-03-08",
            net(18, 1, [detail("certificate-not-trusted", 1,
                               sending_mta_ip="203.0.113.107",
                               receiving_mx_hostname="mx.example.net",
                               receiving_ip="198.51.100.25")]), zone=""),
            "example.net", "133546213507719026", quoted,
            "Sat, 09 Mar 2024 08:49:51 +0000"))
    late = microsoft_document(
        "example.com", "134334880017264092", "2026-09-07",
        policy("sts", "example.com", 0, 27, [
            detail("sts-policy-fetch-error", 20),
            detail("sts-webpki-invalid", 7)]))
    late["report-id"] = "134334880017264092+"
    add("microsoft-fetch-error.eml",
        "details without any address or host; a report-id that ends in +;"
        " mailed 24 days late",
        "read, nothing to note",
        microsoft(late, "example.com", "134334880017264092", html,
                  "Thu, 01 Oct 2026 16:33:40 +0000"))

    start, end = "2026-09-08T00:00:00Z", "2026-09-09T00:00:00Z"
    mailru = report("Mail.ru", "tls_support@corp.mail.ru",
                    "7c1be0a4-55d2-4b1e-9c3f-02f6a4e19d70@mail.ru",
                    start, end, policy("sts", "example.com", 0, 1, [
                        detail("sts-policy-fetch-error", 1,
                               failure_reason_code="bad https response code:"
                               " 503"),
                        detail("sts-policy-fetch-error", 1,
                               failure_reason_code="dial tcp 192.0.2.80:443:"
                               " i/o timeout")]))
    name = f"mail.ru!example.com!{epoch(start)}!{epoch(end)}!001.json.gz"
    add("mailru-never-closed.eml",
        "the last delimiter lacks its --; subject folded as if it were"
        " header fields; details add up to 2 of 1",
        "read; submitter and contact differ, sum noted",
        mail([
            verdict("corp.mail.ru"),
            "From: noreply-smtp-tls-reporting@corp.mail.ru",
            "To: tls-reports@example.com",
            "Subject: Report Domain: example.com\n"
            " Submitter: mail.ru\n"
            " Report-ID:\n"
            " <7c1be0a4-55d2-4b1e-9c3f-02f6a4e19d70@mail.ru>",
            "Date: Wed, 09 Sep 2026 04:41:00 +0300",
            "TLS-Report-Domain: example.com",
            "TLS-Report-Submitter: mail.ru",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type="tlsrpt";\n'
            ' boundary="4f2ad5c0b7e14ff3a6"',
        ], multipart("4f2ad5c0b7e14ff3a6", [
            part(['Content-Type: text/plain; charset="utf-8"'],
                 "This is an aggregate TLS report from mail.ru\n"),
            part([
                f'Content-Type: application/tlsrpt+gzip;\n name="{name}"',
                "Content-Transfer-Encoding: base64",
                "Content-Disposition: attachment;\n"
                f' filename="{name}"',
            ], b64(pack(dump(mailru, sort_keys=True, indent=3,
                             separators=(",", ": ")), sync=True)) + "\n"),
        ], closing="\n")))

    stalwart = report("mail.harbour.example", None,
                      "1788825712_10266834519027745183",
                      "2026-09-08T06:21:52Z", "2026-09-09T00:00:00Z",
                      policy("no-policy-found", "lists.example.org", 4, 0, [],
                             [], []))
    name = "mail.harbour.example!lists.example.org!1788848512!1788912000"
    add("stalwart-encoded-subject.eml",
        "contact-info null; subject in encoded words; one address twice in"
        " To; no name=; start is the first event",
        "read, contact is missing",
        mail([
            'From: "mail.harbour.example" <noreply@harbour.example>',
            "To: <tls@example.org>, <tls@reports.example>, <tls@example.org>",
            "Subject: =?us-ascii?Q?Report_Domain:_lists.example.org_"
            "Submitter:_mail.h?=\n"
            "\t=?us-ascii?Q?arbour.example_Report-ID:_<1788825712_102668345"
            "19027745183>?=",
            "Auto-Submitted: auto-generated",
            "TLS-Report-Domain: lists.example.org",
            "TLS-Report-Submitter: mail.harbour.example",
            "Message-ID: <1862b9f03c1e77aa.a92d.b7f0@mail.harbour.example>",
            "Date: Wed, 9 Sep 2026 00:14:02 +0000",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type="tlsrpt";\n'
            '\tboundary="1862b9f03c1e77aa_a92d_b7f0"',
        ], multipart("1862b9f03c1e77aa_a92d_b7f0", [
            part(['Content-Type: text/plain; charset="utf-8"',
                  "Content-Transfer-Encoding: 7bit"],
                 "TLS report from mail.harbour.example for"
                 " lists.example.org\n"),
            part(["Content-Type: application/tlsrpt+gzip",
                  "Content-Transfer-Encoding: base64",
                  f'Content-Disposition: attachment; filename="{name}'
                  '.json.gz"'], b64(pack(dump(stalwart))) + "\n"),
        ])))

    def postfix_document(domain, day, *policies, number=0):
        start, end = on(day)
        return report("Quayside Networks", "tlsrpt@quayside.example",
                      f"{start}_idx{number}_{domain}@quayside.example",
                      start, end, *policies)

    add("postfix-tlsrpt-reporter.eml",
        "no Date, MIME-Version in a part too, TLS-Required",
        "read, nothing to note",
        postfix(postfix_document("example.org", "2026-09-09", org(85, 6, [
            detail("tlsa-invalid", 6, sending_mta_ip="203.0.113.40",
                   receiving_mx_hostname="mx.example.org",
                   receiving_mx_helo="mx.example.org",
                   receiving_ip="203.0.113.25")])),
            "quayside.example", "example.org",
            before=[verdict("quayside.example")]))
    long = "department-of-comparative-literature.faculty-of-arts.example.org"
    document = postfix_document(
        long, "2026-09-10", policy("no-policy-found", long, 12, 0),
        number=1)
    start, end = span(document)
    add("postfix-long-names.eml",
        "long names: file name in RFC 2231 pieces, TLS-Report-Domain in"
        " encoded words",
        "read, nothing to note",
        postfix(document, "quayside.example", long, 1,
                "=?utf-8?q?department-of-comparative-literature=2Efaculty-of-"
                "arts?=\n =?utf-8?q?=2Eexample=2Eorg?=",
                "filename*0*=us-ascii''quayside.example%21department-of-com"
                "parative-lit;\n filename*1*=erature.faculty-of-arts.example"
                f".org%21{start}%21{end}%211.json.gz"))
    document = postfix_document("example.org", "2025-06-12",
                                policy("no-policy-found", "", 33, 0))
    del document["policies"][0]["policy"]["policy-domain"]
    add("postfix-no-policy-domain.json",
        "policy-domain is absent where no policy was found (before"
        " September 2025)",
        "read, the domain is not known", dump(document))
    document = postfix_document("example.org", "2025-06-13",
                                policy("no-policy-found", "", 29, 1, [
                                    detail("starttls-not-supported", 1,
                                           receiving_mx_hostname="mx.example"
                                           ".org")]))
    add("postfix-domain-from-header.eml",
        "policy-domain is empty, TLS-Report-Domain is not",
        "read, the domain is that of the header",
        postfix(document, "quayside.example", "example.org", 2))
    document = postfix_document("example.org", "2026-09-11", org(90, 2, [
        detail("starttls-not-supported", 2, sending_mta_ip="203.0.113.40",
               receiving_mx_hostname="mx.example.org",
               receiving_mx_helo="mx.example.org greets you\r\nPIPELINING\r\n"
               "SIZE 52428800\r\n8BITMIME", receiving_ip="203.0.113.25")]))
    add("postfix-ehlo-lines-in-helo.eml",
        "receiving-mx-helo holds the whole EHLO reply, with CR LF",
        "read, kept as sent", postfix(document, "quayside.example",
                                      "example.org", 3))

    start, end = "2026-09-12T00:00:00Z", "2026-09-13T00:00:00Z"
    mox = report("Saltmarsh Mail", "postmaster@saltmarsh.example",
                 "20260912.example.org@saltmarsh.example", start, end,
                 policy("no-policy-found", "example.org", 11, 0),
                 policy("tlsa", "mx.example.org", 11, 0, None, ORG_TLSA,
                        ORG_MX))
    name = (f"saltmarsh.example!example.org!{epoch(start)}!{epoch(end)}"
            ".json.gz")
    add("mox-policy-of-mx.eml",
        "the tlsa policy's domain is the MX host's",
        "read, nothing to note",
        mail([
            verdict("saltmarsh.example"),
            "From: <postmaster@saltmarsh.example>",
            "To: <tls-reports@example.org>",
            "Subject: Report Domain: example.org Submitter: saltmarsh.example"
            "\n Report-ID: <20260912.example.org@saltmarsh.example>",
            "TLS-Report-Domain: example.org",
            "TLS-Report-Submitter: saltmarsh.example",
            "TLS-Required: No",
            "Message-Id: <kR8sYw2nTq@saltmarsh.example>",
            "Date: 13 Sep 2026 01:30:12 +0000",
            "User-Agent: mox/v0.0.15",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=tlsrpt;\n"
            " boundary=7d1f0c52a9e84b36",
        ], multipart("7d1f0c52a9e84b36", [
            text_part("\n"),
            part([f'Content-Type: application/tlsrpt+gzip; name="{name}"',
                  f'Content-Disposition: attachment; filename="{name}"',
                  "Content-Transfer-Encoding: base64"],
                 b64(pack(dump(mox)), 78)),
        ])))

    halon = report("Gull Island Mail", "tlsrpt@gull.example",
                   "c0b85d3e-71f4-4c2b-8f5e-6a1d90b7e244",
                   "2026-09-13T00:00:00Z", "2026-09-14T00:00:00Z",
                   policy("sts", "example.com", 42, 4, [
                       detail("certificate-host-mismatch", 4,
                              receiving_mx_hostname="mx2.example.com",
                              receiving_ip="192.0.2.26")], COM_STS),
                   policy("no-policy-found", "example.com", 3, 0, None, ""))
    name = "gull.example!example.com!1789257600!1789344000.json"
    add("halon-json-base64.eml",
        "tlsrpt+json in base64; unquoted file name; Tls-Report-Domain; "
        'policy-string is ""',
        "read, the policy has no strings",
        mail([
            "X-Mailer: Halon",
            "Tls-Report-Domain: example.com",
            "Tls-Report-Submitter: gull.example",
            "From: tlsrpt@gull.example",
            "To: tls-reports@example.com",
            "Subject: Report Domain: example.com Submitter: gull.example\n"
            " Report-ID: <c0b85d3e-71f4-4c2b-8f5e-6a1d90b7e244@example.com>",
            "Message-ID: <5a8d2c07-9a3b-44de-b6e1-0f2c7d81a935@gull.example>",
            "Date: Mon, 14 Sep 2026 00:42:58 +0000",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=tlsrpt;\n"
            ' boundary="--_NmP-61c0f2a97d35be84-Part_1"',
        ], multipart("--_NmP-61c0f2a97d35be84-Part_1", [
            part(["Content-Type: text/plain; charset=utf-8",
                  "Content-Transfer-Encoding: 7bit"],
                 "This is an aggregate TLS report from gull.example"),
            part([f"Content-Type: application/tlsrpt+json;\n name={name}",
                  "Content-Transfer-Encoding: base64",
                  f"Content-Disposition: attachment;\n filename={name}"],
                 b64(dump(halon, indent=2, separators=(",", ": ")))),
        ])))

    split = report("socketlabs.com", "tlsrpt-feedback@socketlabs.com",
                   "9E04C7715BD24AA0B6F2D1837C5EA49B",
                   "2026-09-14T00:00:00Z", "2026-09-15T00:00:00Z",
                   net(23), net(0, 2, [
                       detail("certificate-host-mismatch", 2,
                              sending_mta_ip="198.51.100.133",
                              receiving_mx_host_name="mx.example.net",
                              receiving_ip="198.51.100.25")]))
    add("socketlabs-misspelt-host.json",
        "receiving-mx-host-name; one policy twice, split by result",
        "read as receiving-mx-hostname", dump(split))

    example = report("Example Logistics", "tls@logistics.example",
                     "d1c6f2b8-3e0a-4f57-9b64-8a20e7c51f93",
                     *on("2026-09-15"),
                     policy("sts", "example.com", 5210, 309, [
                         detail("certificate-expired", 101,
                                sending_mta_ip="2001:db8:abcd:0012::1",
                                receiving_mx_hostname="mx1.example.com"),
                         detail("starttls-not-supported", 205,
                                sending_mta_ip="2001:DB8:ABCD:0013:0:0:0:1",
                                receiving_mx_hostname="mx2.example.com",
                                receiving_ip="192.0.2.26",
                                additional_information="https://reports."
                                "logistics.example/info?id=d1c6f2b8"),
                         detail("validation-failure", 3,
                                sending_mta_ip="198.51.100.62",
                                receiving_ip="192.0.2.27",
                                receiving_mx_hostname="mx-backup.example.com",
                                failure_reason_code="X509_V_ERR_PROXY_PATH_"
                                "LENGTH_EXCEEDED")],
                            COM_STS, "*.example.com"))
    add("rfc8460-example.json",
        "mx-host is a string, as in the example of RFC 8460; IPv6 addresses"
        " with leading zeros and in upper case",
        "read as a list of one; addresses in canonical form",
        dump(example, indent=2, separators=(",", ": ")))
    example = report("Example Freight", "tls@freight.example",
                     "bf22029.4e81.735ff@freight.example", *on("2026-09-16"),
                     com(918))
    add("rfc8460-example.eml",
        "the form of RFC 8460's example: a Date that is none, folds of four"
        " blanks, a preamble",
        "read, nothing to note",
        mail([
            "From: tlsrpt@freight.example",
            "Date: Thu, Sep 17 2026 16:54:30 -0800",
            "To: mts-sts-tlsrpt@example.com",
            "Subject: Report Domain: example.com\n"
            "    Submitter: freight.example\n"
            "    Report-ID: <bf22029.4e81.735ff@freight.example>",
            "TLS-Report-Domain: example.com",
            "TLS-Report-Submitter: freight.example",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type="tlsrpt";\n'
            '    boundary="----=_NextPart_000_01F3_01DD3C5A.7B20E400"',
            "Content-Language: en-us",
        ], multipart("----=_NextPart_000_01F3_01DD3C5A.7B20E400", [
            part(['Content-Type: text/plain; charset="us-ascii"',
                  "Content-Transfer-Encoding: 7bit"],
                 "This is an aggregate TLS report from freight.example\n"),
            part(["Content-Type: application/tlsrpt+gzip",
                  "Content-Transfer-Encoding: base64",
                  "Content-Disposition: attachment;\n"
                  '    filename="freight.example!example.com!1789516800'
                  '!1789603199.json.gz"'],
                 b64(pack(dump(example))) + "\n"),
        ], preamble="This is a multipart message in MIME format.\n\n")))


# ---- Odd messages -------------------------------------------------------

def odd_messages():
    def attached(document, kind="application/tlsrpt+gzip", content=None,
                 name="report.json.gz"):
        return part([
            f'Content-Type: {kind}; name="{name}"',
            "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{name}"',
        ], b64(content or pack(dump(document))))

    def of_fjord(number, day, domain="example.com", policies=None):
        return fjord(number, day, *(policies or [com(300 + number)]))

    document = of_fjord(1, "2026-09-17")
    add("container-mixed.eml", "multipart/mixed instead of multipart/report",
        "read, container noted",
        simple(document, "fjord.example", "example.com", attached(document),
               "multipart/mixed"))
    document = of_fjord(2, "2026-09-18")
    add("container-without-report-type.eml",
        "multipart/report that does not say report-type=tlsrpt",
        "read, container noted",
        simple(document, "fjord.example", "example.com", attached(document),
               "multipart/report"))
    document = of_fjord(3, "2026-09-19")
    head = [
        "From: tlsrpt@fjord.example",
        "To: tls-reports@example.com",
        "Subject: TLS report",
        "TLS-Report-Domain: example.com",
        "TLS-Report-Submitter: fjord.example",
    ]
    add("container-none-gzip.eml",
        "no multipart: the message itself is tlsrpt+gzip",
        "read, container noted",
        mail([*head, "MIME-Version: 1.0",
              "Content-Type: application/tlsrpt+gzip",
              "Content-Transfer-Encoding: base64"],
             b64(pack(dump(document))) + "\n"))
    document = of_fjord(4, "2026-09-20")
    add("container-none-json.eml",
        "no multipart, no MIME-Version, no transfer encoding: tlsrpt+json",
        "read, container noted",
        mail([*head, "Content-Type: application/tlsrpt+json"],
             dump(document, indent=1, separators=(",", ": ")).decode() + "\n",
             LF))
    document = of_fjord(5, "2026-09-21")
    add("type-octet-stream.eml", "the part is application/octet-stream",
        "read, media type noted",
        simple(document, "fjord.example", "example.com",
               attached(document, "application/octet-stream")))
    document = of_fjord(6, "2026-09-22")
    boundary = "Zr8"
    add("type-gzip-in-mixed.eml",
        "application/gzip in multipart/mixed, and no TLS-Report field",
        "read, container and media type noted",
        mail(["From: dmarc-and-tls@fjord.example",
              "To: postmaster@example.com",
              "Subject: your daily reports",
              "MIME-Version: 1.0",
              f"Content-Type: multipart/mixed; boundary={boundary}"],
             multipart(boundary, [
                 text_part("See the attached file.\n"),
                 attached(document, "application/gzip")]), LF))
    document = of_fjord(7, "2026-09-23")
    quoted = quopri.encodestring(dump(document)).decode()
    add("type-tlsrpt-quoted-printable.eml",
        "the part is application/tlsrpt, JSON in quoted-printable",
        "read, media type noted",
        simple(document, "fjord.example", "example.com",
               part(["Content-Type: application/tlsrpt",
                     "Content-Transfer-Encoding: quoted-printable"], quoted)))
    document = of_fjord(8, "2026-09-24")
    add("json-called-gzip.eml", "the part is tlsrpt+gzip and holds plain JSON",
        "read, wrong label noted",
        simple(document, "fjord.example", "example.com",
               attached(document, content=dump(document))))
    document = of_fjord(9, "2026-09-25")
    add("gzip-called-json.eml", "the part is tlsrpt+json and holds gzip",
        "read, wrong label noted",
        simple(document, "fjord.example", "example.com",
               attached(document, "application/tlsrpt+json",
                        name="report.json")))
    document = of_fjord(10, "2026-09-26")
    add("base64-one-line.eml",
        "base64 in one long line; boundary unquoted; no disposition, no"
        " name, no MIME-Version; types in upper case",
        "read, nothing to note",
        mail([*head, "Content-Type: MULTIPART/REPORT; Report-Type=TLSRPT;"
              " boundary=fjord10"],
             multipart("fjord10", [
                 part(["content-type: APPLICATION/TLSRPT+GZIP",
                       "content-transfer-encoding: BASE64"],
                      b64(pack(dump(document)), 100000))])))
    document = of_fjord(11, "2026-09-27")
    add("names-that-mislead.eml",
        "another domain in Subject and TLS-Report-Domain, another submitter,"
        " a file name that climbs to /etc; a verdict by a stranger",
        "read; what the report itself says is taken, auth is none",
        mail([verdict("fjord.example", by="mx.attacker.example"),
              "From: tlsrpt@fjord.example",
              "To: tls-reports@example.com",
              "Subject: Report Domain: victim.example Submitter:"
              " relay.example Report-ID: <1>",
              "TLS-Report-Domain: victim.example",
              "TLS-Report-Submitter: relay.example",
              "MIME-Version: 1.0",
              "Content-Type: multipart/report; report-type=tlsrpt;"
              ' boundary="=_1"'],
             multipart("=_1", [
                 text_part("A TLS report.\n"),
                 attached(document, name="../../../../etc/passwd"
                          "=?utf-8?q?=00?=.json.gz")])))

    document = lakeside(1, "2026-09-17", net(150, 8, [
        detail("certificate-not-trusted", 8, sending_mta_ip="203.0.113.61",
               receiving_mx_hostname="mx.example.net",
               receiving_ip="198.51.100.25")]))
    inner = simple(document, "lakeside.example", "example.net",
                   attached(document), eol=LF).decode()
    forward = [
        "From: Pat <pat@example.net>",
        "To: tls-reports@example.net",
        "Subject: Fwd: this came to my own address",
        "Date: Mon, 05 Oct 2026 09:00:41 +0200",
        "MIME-Version: 1.0",
    ]
    add("forwarded-as-attachment.eml",
        "a report mail that a person forwards as an attachment",
        "read, noted as forwarded",
        mail([*forward, 'Content-Type: multipart/mixed; boundary="fwd-1"'],
             multipart("fwd-1", [
                 text_part("Hello, I think that this is for you.\n"),
                 part(['Content-Type: message/rfc822; name="report.eml"',
                       "Content-Disposition: attachment;"
                       ' filename="report.eml"'], inner)])))
    document = report("Example Net", "postmaster@example.net",
                      "own.20261001@example.net", *on("2026-10-01"),
                      policy("sts", "customer.example", 7, 0))
    inner = simple(document, "example.net", "customer.example",
                   attached(document), eol=LF).decode()
    add("bounce-of-own-report.eml",
        "a delivery status report that returns a report of our own",
        "rejected, not a report",
        mail([
            "From: MAILER-DAEMON@mx.customer.example",
            "To: tlsrpt@example.net",
            "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status;\n"
            ' boundary="4WXyZ0/mx.customer.example"',
        ], multipart("4WXyZ0/mx.customer.example", [
            text_part("<tls-reports@customer.example>: mailbox is full\n"),
            part(["Content-Type: message/delivery-status"],
                 "Reporting-MTA: dns; mx.customer.example\n\n"
                 "Final-Recipient: rfc822; tls-reports@customer.example\n"
                 "Action: failed\nStatus: 5.2.2\n"),
            part(["Content-Type: message/rfc822"], inner)])))

    first = lakeside(2, "2026-09-18", net(160))
    second = lakeside(3, "2026-09-18", org(70, 1, [
        detail("dane-required", 1, sending_mta_ip="2001:db8:1a4e::9",
               receiving_mx_hostname="mx.example.org")]))
    plain = [
        "From: postmaster@lakeside.example",
        "To: tls-reports@example.net",
        "Subject: TLS reports of Lakeside University",
        "Date: Sat, 19 Sep 2026 06:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=tlsrpt;"
        ' boundary="lake"',
    ]
    add("two-reports.eml", "two different reports in one message",
        "both are read", mail(plain, multipart("lake", [
            text_part("Two reports.\n"),
            gzip_part(dump(first), "net.json.gz"),
            gzip_part(dump(second), "org.json.gz")])))
    document = lakeside(4, "2026-09-19", net(171))
    add("same-report-twice.eml", "one report as gzip and once more as JSON",
        "read once", mail(plain, multipart("lake", [
            gzip_part(dump(document), "net.json.gz"),
            attached(document, "application/tlsrpt+json", dump(document),
                     "net.json")])))
    document = lakeside(5, "2026-09-20", net(166))
    broken = bytearray(pack(dump(lakeside(6, "2026-09-20", org(81)))))
    broken[-6] ^= 0x40
    add("second-part-damaged.eml",
        "two report parts, of which one fails its checksum",
        "the other is read, and that one was left out is noted",
        mail(plain, multipart("lake", [
            gzip_part(dump(document), "net.json.gz"),
            attached(None, content=bytes(broken))])))
    document = lakeside(7, "2026-09-21", net(158))
    start, end = span(document)
    report_mail = multipart("lake", [
        text_part("A TLS report.\n"),
        gzip_part(dump(document), f"lakeside!example.net!{start}!{end}")])
    add("list-footer.eml",
        "a mailing list put multipart/mixed around it, and a footer below",
        "read, nothing to note",
        mail([*plain[:-1],
              "List-Id: TLS reports <tls.lists.example.net>",
              'Content-Type: multipart/mixed; boundary="footer"'],
             multipart("footer", [
                 part(["Content-Type: multipart/report;"
                       " report-type=tlsrpt; boundary=lake"], report_mail),
                 text_part("-- \ntls mailing list\n")])))
    document = lakeside(8, "2026-09-22", net(149, 3, [
        detail("validation-failure", 3, sending_mta_ip="203.0.113.61",
               receiving_mx_hostname="mx.example.net",
               additional_information="\x1b]0;owned\x07\x1b[2J"
               "\u202egnp.exe", failure_reason_code="\x1b[31mred\x1b[0m\t")]))
    add("terminal-escapes.eml",
        "escape sequences and a change of writing direction, in texts and"
        " in Subject",
        "read, kept as sent; shown escaped",
        mail([*plain[:2], "Subject: =?utf-8?q?=1B=5B2J=1B=5B31mTLS=07?=",
              *plain[3:]],
             multipart("lake", [gzip_part(dump(document), "r.json.gz")])))

    document = of_fjord(12, "2026-09-28")
    whole = simple(document, "fjord.example", "example.com",
                   attached(document))
    cut = whole.index(b"H4sI") + 213
    add("truncated-base64.eml",
        "the message ends within the base64 of the report",
        "rejected, unreadable", whole[:cut])
    document = of_fjord(13, "2026-09-29")
    noise = attached(document).split("H4sI")
    noise[1] = noise[1][:90] + "!!!! **** <<<< ----" + noise[1][150:]
    add("invalid-base64.eml",
        "characters that are no base64 where the report should be",
        "rejected, unreadable",
        simple(document, "fjord.example", "example.com", "H4sI".join(noise)))
    add("announced-but-absent.eml",
        "says report-type=tlsrpt, but only a text part is there",
        "rejected, not a report",
        mail(plain, multipart("lake", [text_part("The report is attached."
                                                 "\n")])))
    add("header-only.eml", "the header of a report mail, and no body",
        "rejected, not a report",
        ("\r\n".join(plain) + "\r\n").encode())
    add("empty.eml", "no byte at all", "rejected, not a report", b"")
    add("plain-mail.eml", "a plain mail that talks of TLS reports",
        "rejected, not a report",
        mail(["From: Pat <pat@example.net>", "To: tls-reports@example.net",
              "Subject: Report Domain: example.net Submitter: me"],
             'Hi,\n\ndo you get {"policies": []} from anyone?\n\nPat\n', LF))
    xml = (b'<?xml version="1.0"?>\n<feedback><report_metadata><org_name>'
           b"Fjord Post</org_name><report_id>77120</report_id>"
           b"</report_metadata></feedback>\n")
    add("dmarc-report.eml", "a DMARC aggregate report, in gzip",
        "rejected, not a report",
        mail(["From: dmarc@fjord.example", "To: dmarc@example.com",
              "Subject: Report Domain: example.com Submitter: fjord.example"
              " Report-ID: <77120>",
              "MIME-Version: 1.0",
              "Content-Type: application/gzip;"
              ' name="fjord.example!example.com!1789516800!1789603199'
              '.xml.gz"',
              "Content-Transfer-Encoding: base64"], b64(pack(xml)) + "\n"))
    arf = ("Feedback-Type: abuse\nUser-Agent: Fjord/1.0\nVersion: 1\n")
    add("abuse-complaint.eml",
        "multipart/report with report-type=feedback-report",
        "rejected, not a report",
        mail(["From: abuse@fjord.example", "To: abuse@example.com",
              "Subject: abuse report", "MIME-Version: 1.0",
              "Content-Type: multipart/report;"
              " report-type=feedback-report; boundary=arf"],
             multipart("arf", [
                 text_part("This is an abuse report.\n"),
                 part(["Content-Type: message/feedback-report"], arf),
                 part(["Content-Type: message/rfc822"],
                      "From: seller@example.com\nSubject: bargains\n\n"
                      "Buy now.\n")])))
    add("other-json-attachment.eml",
        "a JSON attachment that has nothing to do with it",
        "rejected, not a report",
        mail(["From: ci@build.example", "To: tls-reports@example.com",
              "Subject: build 512", "MIME-Version: 1.0",
              "Content-Type: multipart/mixed; boundary=ci"],
             multipart("ci", [
                 text_part("Passed.\n"),
                 part(["Content-Type: application/json",
                       'Content-Disposition: attachment; filename="b.json"'],
                      '{"build": 512, "passed": true}')])))


# ---- Odd packing --------------------------------------------------------

def odd_packing():
    content = dump(lakeside(20, "2026-09-23", net(162)))
    half = len(content) // 2
    add("gzip-two-members.json.gz", "two gzip members, one after another",
        "read as one text", pack(content[:half]) + pack(content[half:]))
    content = dump(lakeside(21, "2026-09-24", net(155)))
    add("gzip-bytes-behind.json.gz", "bytes behind the gzip data",
        "read, they are ignored",
        pack(content) + b"-- \nsent from a very smart gateway\n")
    content = dump(lakeside(22, "2026-09-25", net(147)))
    add("gzip-in-gzip.json.gz", "gzip in gzip", "unpacked twice and read",
        pack(pack(content)))
    damaged = bytearray(pack(dump(lakeside(23, "2026-09-26", net(1)))))
    damaged[-8] ^= 0x01
    add("gzip-bad-checksum.json.gz", "the checksum is wrong",
        "rejected, unreadable", bytes(damaged))


# ---- Odd text -----------------------------------------------------------

def odd_text():
    add("byte-order-mark.json", "a byte order mark in front",
        "read", b"\xef\xbb\xbf" + dump(fjord(30, "2026-08-01", com(410))))
    add("bytes-behind-json.json", "something behind the document",
        "read, it is ignored",
        dump(fjord(31, "2026-08-02", com(409))) + b'\n{"page": 2}\n')
    document = dump(fjord(32, "2026-08-03", com(388)))
    add("invalid-utf8.json", "a name in Latin-1",
        "read, U+FFFD where it is no UTF-8",
        edit(document, ("Fjord Post", b"Fj\xf8rd Post")))
    add("nul-character.json", "\\u0000 in a name",
        "read, U+FFFD in its place",
        edit(dump(fjord(33, "2026-08-04", com(391))),
             ("fjord-0033", "fjord-0033\\u0000b")))
    document = dump(fjord(34, "2026-08-05", com(402, 1, [
        detail("validation-failure", 1, failure_reason_code="snow")])))
    add("lone-surrogate.json", "half of a surrogate pair",
        "read, U+FFFD in its place",
        edit(document, ('"snow"', '"snow \\ud83d man"')))
    add("duplicate-keys.json", "report-id and a count twice in one object",
        "read, the last ones count",
        edit(dump(fjord(35, "2026-08-06", com(397, 2, [
            detail("starttls-not-supported", 2, sending_mta_ip="203.0.113.9",
                   receiving_mx_hostname="mx1.example.com")]))),
             ('"report-id":', '"report-id":"not-this","report-id":'),
             ('"total-failure-session-count":2',
              '"total-failure-session-count":70,'
              '"total-failure-session-count":2')))
    add("key-case.json", "keys in other case; one that is there in both",
        "read, the exact one counts",
        edit(dump(fjord(36, "2026-08-07", com(385))),
             ("organization-name", "Organization-Name"),
             ('"report-id"', '"Report-ID"'),
             ("policy-domain", "policyDomain\":\"ignored.example\","
              "\"Policy-Domain"),
             ('"contact-info"', '"Contact-Info":"other@fjord.example",'
              '"contact-info"')))
    draft = fjord(37, "2026-08-08", com(381, 6, [
        detail("certificate-expired", 6, sending_mta_ip="203.0.113.9",
               receiving_mx_hostname="mx2.example.com",
               additional_information="https://fjord.example/tls/37",
               failure_reason_code="ASN1_CERT_EXPIRED")]))
    add("draft-key-names.json",
        "mx-host-pattern, additional-info-uri and failure-error-code",
        "read under their present names",
        edit(dump(draft), ("mx-host\"", "mx-host-pattern\""),
             ("additional-information", "additional-info-uri"),
             ("failure-reason-code", "failure-error-code")))
    unknown = {
        "policies": [{
            "x-note": [1, {"deep": None}],
            "failure-details": [],
            "summary": {"total-failure-session-count": 12,
                        "total-successful-session-count": 372,
                        "total-ignored-session-count": 5},
            "policy": {"mx-host": COM_MX, "policy-domain": "Example.COM.",
                       "policy-string": COM_STS, "policy-type": "sts",
                       "policy-age": 3},
        }],
        "report-id": "fjord-0038",
        "padding": "x" * 64,
        "contact-info": "tlsrpt@fjord.example",
        "date-range": {"end-datetime": "2026-08-09T23:59:59Z",
                       "timezone": "UTC",
                       "start-datetime": "2026-08-09T00:00:00Z"},
        "organization-name": "Fjord Post",
    }
    add("unknown-keys.json",
        "keys that nobody knows, members in another order, failures without"
        " details, a domain in upper case with a dot",
        "read, nothing to note; the domain in lower case, without the dot",
        dump(unknown, indent="\t", separators=(" , ", " : ")))
    add("long-texts.json",
        "a report-id of 600 bytes, a host name of 300",
        "read, the report-id cut to 512",
        dump(report("Fjord Post", "tlsrpt@fjord.example",
                    "fjord-0039-" + "0123456789" * 58 + "012345678",
                    *on("2026-08-10"), com(377, 1, [
                        detail("starttls-not-supported", 1,
                               receiving_mx_hostname="a." * 144
                               + "example.com")]))))
    add("cut-off.json", "the document ends in its middle",
        "rejected, unreadable",
        dump(fjord(40, "2026-08-11", com(370)), indent=1)[:301])


# ---- Odd values ---------------------------------------------------------

def odd_values():
    document = report(None, "tls@nobody.example", "nobody-1",
                      *on("2026-08-12"), com(9))
    add("organization-null.json", "organization-name is null",
        "read, not known", dump(document))
    document = report("   ", "tls@blank.example", "blank-1",
                      *on("2026-08-12"), com(8))
    add("organization-blank.json", "organization-name is three blanks",
        "read as sent", dump(document))
    add("contact-mailto.json", "contact-info is a mailto: URI",
        "read as sent",
        dump(report("Pebble Beach Mail", "mailto:tls@pebble.example",
                    "pebble-1", *on("2026-08-13"), com(31))))
    add("date-only.json", "dates without a time", "read as midnight",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-2",
                    "2026-08-14", "2026-08-15", com(36))))
    add("date-forms.json",
        "a blank for T, a zone without colon, lower case, 24:00:00",
        "read",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-3",
                    "2026-08-15 00:00:00+0200", "2026-08-15t24:00:00z",
                    com(33))))
    add("date-offset-and-fraction.json",
        "offsets and fractions, which RFC 3339 allows",
        "read, nothing to note",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-4",
                    "2026-08-16T00:00:00.000+02:00",
                    "2026-08-16T18:29:59.999-05:30", com(35))))
    add("dates-reversed.json", "the report ends before it starts",
        "read as sent",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-5",
                    "2026-08-18T00:00:00Z", "2026-08-17T00:00:00Z",
                    com(30))))
    add("date-year-0001.json", "the year 0001, a time that was never set",
        "read as sent, noted",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-6",
                    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
                    policy("no-policy-found", "clock.example.org", 2, 0))))
    add("date-year-9999.json", "the last day of the year 9999",
        "read as sent, noted",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-7",
                    *on("9999-12-31"),
                    policy("no-policy-found", "clock.example.org", 3, 0))))
    add("date-out-of-range.json", "a date that is in the year 10000 in UTC",
        "rejected, unreadable",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-8",
                    "9999-12-31T23:30:00-01:00", "9999-12-31T23:59:59-01:00",
                    com(3))))
    add("date-words.json", "the start is \"yesterday\"", "rejected, unreadable",
        dump(report("Pebble Beach Mail", "tls@pebble.example", "pebble-9",
                    "yesterday", "2026-08-18T23:59:59Z", com(3))))
    document = report("Pebble Beach Mail", "tls@pebble.example", "",
                      *on("2026-08-19"), com(29))
    add("report-id-empty.json", 'report-id is ""', "rejected, unreadable",
        dump(document))

    document = fjord(50, "2026-08-20", org("118", "2", [
        detail("dnssec-invalid", "2", sending_mta_ip="203.0.113.9",
               receiving_mx_hostname="mx.example.org")]))
    add("counts-as-text.json", "counts are strings of digits",
        "read as numbers", dump(document))
    add("count-beyond-double.json", "a count of 2^53 + 1",
        "read to the last digit",
        dump(fjord(51, "2026-08-21", policy("tlsa", "large.example.org",
                                                9007199254740993, 0))))
    numbers = dump(fjord(52, "2026-08-22", org(120), org(-1), org(1.5),
                         org(7777), org("many"), org(True),
                         org(10 ** 30)))
    add("counts-unusable.json",
        "policies with counts -1, 1.5, 1e999, \"many\", true and 10^30 beside"
        " a good one",
        "the good one is read, that others were left out is noted",
        edit(numbers, (":7777", ":1e999")))
    add("counts-unusable-everywhere.json",
        "one policy, and its count is -5",
        "rejected, unreadable", dump(fjord(53, "2026-08-23", org(-5))))
    good = detail("dane-required", 3, sending_mta_ip="203.0.113.9",
                  receiving_mx_hostname="mx.example.org")
    add("failure-count-unusable.json",
        "failure details that are no object or count -2",
        "left out, the good one is read",
        dump(fjord(54, "2026-08-24", org(111, 3, [
            good, detail("dnssec-invalid", -2), "dnssec-invalid", None]))))
    add("failure-details-text.json", "failure-details is a string",
        "read without details",
        dump(fjord(55, "2026-08-25", org(114, 3, "see our web site"))))
    add("failure-members-null.json",
        "members of a failure detail are null, its result-type too; a count"
        " is absent",
        "read, they are not known and the count is 0",
        edit(dump(fjord(56, "2026-08-26", org(117, 0, [
            detail(None, 4711, sending_mta_ip=None,
                   receiving_mx_hostname="mx.example.org",
                   receiving_mx_helo=None, additional_information=None,
                   failure_reason_code=None)]))),
             (',"failed-session-count":4711', "")))
    add("failure-members-not-text.json",
        "additional-information is an object, the reason code a number",
        "read without them",
        dump(fjord(57, "2026-08-27", org(109, 2, [
            detail("validation-failure", 2, sending_mta_ip="203.0.113.9",
                   receiving_mx_hostname="mx.example.org",
                   additional_information={"url": "https://fjord.example"},
                   failure_reason_code=49)]))))
    add("addresses-unreadable.json",
        "addresses that are empty, hidden or a host name",
        "read without them",
        dump(fjord(58, "2026-08-28", org(104, 3, [
            detail("validation-failure", 1, sending_mta_ip="",
                   receiving_ip="2001:db8:25:0:0:0:0:25"),
            detail("validation-failure", 1, sending_mta_ip="x.x.x.x"),
            detail("validation-failure", 1, sending_mta_ip="203.0.113.9",
                   receiving_ip="mx.example.org")]))))
    add("result-types-unregistered.json",
        "result types that RFC 8460 does not know",
        "read as sent",
        dump(fjord(59, "2026-08-29", org(101, 5, [
            detail("cert-expired", 3, receiving_mx_hostname="mx.example.org"),
            detail("Other", 2, receiving_mx_hostname="mx.example.org")]))))
    add("failure-sum.json", "details add up to 9 of 4",
        "read as sent, noted",
        dump(fjord(60, "2026-08-30", org(98, 4, [
            detail("tlsa-invalid", 6, receiving_mx_hostname="mx.example.org"),
            detail("dnssec-invalid", 3, receiving_mx_hostname="mx.example"
                   ".org")]))))

    odd = fjord(61, "2026-08-31", org(1), org(2), org(3))
    odd["policies"][0]["summary"] = {}
    odd["policies"][1]["summary"] = None
    del odd["policies"][2]["summary"]
    add("summary-missing.json", "summaries that are empty, null and absent",
        "read, the counts are 0", dump(odd))
    add("policies-empty.json", "the list of policies is empty",
        "read, a report without rows",
        dump(fjord(62, "2026-07-01")))
    bare = copy.deepcopy(org(5))
    del bare["policy"]
    text = copy.deepcopy(org(5))
    text["summary"] = "all well"
    add("policies-of-other-kinds.json",
        "policies that are null, a string, without a policy object or with"
        " a summary in words, beside a good one",
        "the good one is read, that others were left out is noted",
        dump(fjord(63, "2026-07-02", None, "sts", bare, text, org(96))))
    types = fjord(64, "2026-07-03", org(40), policy("Other", "example.org",
                                                     20, 0),
                  policy("constructor", "example.org", 10, 0))
    del types["policies"][0]["policy"]["policy-type"]
    add("policy-types-odd.json", "policy types absent and unregistered",
        "read as sent", dump(types))
    lists = fjord(
        65, "2026-07-04",
        policy("sts", "example.org", 12, 0, None, "version: STSv1", None),
        policy("sts", "example.org", 13, 0, None, None, ""),
        policy("sts", "example.org", 14, 0, None,
               ["version: STSv1", 7, None], ["mx.example.org", {}]))
    lists["policies"][0]["policy"]["mx-host"] = None
    lists["policies"][1]["policy"]["policy-string"] = None
    add("lists-of-other-kinds.json",
        "policy-string and mx-host as string, as null, as \"\", and with"
        " entries that are no text",
        "read: a string is a list of one, the others are empty, such entries"
        " ignored", dump(lists))

    layout = {
        "organization-name": "Fjord Post",
        "date-range": {"start-datetime": "2026-07-05T00:00:00Z",
                       "end-datetime": "2026-07-05T23:59:59Z"},
        "contact-info": "tlsrpt@fjord.example",
        "report-id": "fjord-0066",
        "policy": {"policy-type": "sts", "policy-domain": "example.org",
                   "policy-string": {"version": "STSv1"}},
        "report-items": [{"result-type": "ExpiredCertificate",
                          "message-count": 100}],
    }
    add("draft-layout.json", "the layout of a draft of 2016",
        "rejected, unreadable", dump(layout))
    datagram = {
        "dpv": 1, "d": "example.org", "pr": "v=TLSRPTv1;rua=mailto:"
        "tls-reports@example.org",
        "policies": [{"policy-type": 1, "policy-string": [ORG_TLSA[0]],
                      "mx-host": ORG_MX, "f": 0, "t": 1}],
    }
    add("tlsrpt-library-datagram.json",
        "what a mail server tells its own report generator",
        "rejected, unreadable", dump(datagram))
    flat = fjord(67, "2026-07-06")
    flat["policies"] = [{"policy-type": "tlsa",
                         "policy-domain": "example.org",
                         "total-successful-session-count": 3,
                         "total-failure-session-count": 0}]
    add("policies-flattened.json", "policies without their inner objects",
        "rejected, unreadable", dump(flat))


# ---- The folder ---------------------------------------------------------

README = """\
Report mails and documents, one message or one bare document a file.  They
were written for this project: every name, count and date is invented; what
some of them imitate is the form in which a sender really sends.

tests/make_samples.py makes this folder; tests/samples.expected.jsonl says
what each file is read as, and tests/samples.t compares.  To see them all:

    tlsrpt-ingest -d sqlite:demo.db --authserv-id=mx.example.com samples
    tlsrpt-report -d sqlite:demo.db

"""


def readme():
    rows = [("file", "what is odd", "how it is read")]
    rows += sorted((name, odd, reading) for name, odd, reading, _ in SAMPLES)
    text = README
    for number, row in enumerate(rows):
        text += "| " + " | ".join(row) + " |\n"
        if number == 0:
            text += "|---|---|---|\n"
    return text.encode()


def files():
    known_senders()
    odd_messages()
    odd_packing()
    odd_text()
    odd_values()
    made = {name: content for name, _, _, content in SAMPLES}
    if len(made) != len(SAMPLES):
        raise ValueError("two samples of one name")
    made["README"] = readme()
    return made


def check(folder, made):
    """Names of the files that differ, lack or are too many."""
    present = set(os.listdir(folder))
    differing = sorted(present ^ set(made))
    for name in sorted(present & set(made)):
        with open(os.path.join(folder, name), "rb") as file:
            if file.read() != made[name]:
                differing.append(name)
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true",
                        help="compare only, and write nothing")
    parser.add_argument("folder")
    options = parser.parse_args()
    made = files()
    if options.check:
        differing = check(options.folder, made)
        for name in differing:
            print(f"make_samples.py: {name}: differs", file=sys.stderr)
        return 1 if differing else 0
    os.makedirs(options.folder, exist_ok=True)
    for name, content in made.items():
        with open(os.path.join(options.folder, name), "wb") as file:
            file.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
