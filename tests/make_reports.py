#!/usr/bin/env python3
"""Report documents of a scenario, a file each:  make_reports.py SCENARIO FOLDER

Days end on 2026-09-30.
"""
import datetime
import json
import os
import sys

LAST = datetime.date(2026, 9, 30)
STS = ["version: STSv1", "mode: testing", "mx: mx.example.org", "max_age: 604800"]
TLSA = ["3 1 1 aa11", "3 1 1 bb22"]


def policy(kind, good, bad=0, details=(), strings=None, domain="example.org"):
    entry = {"policy": {"policy-type": kind, "policy-domain": domain,
                        "policy-string": strings or []},
             "summary": {"total-successful-session-count": good,
                         "total-failure-session-count": bad}}
    if details:
        entry["failure-details"] = list(details)
    return entry


def detail(result, count, host="mx.example.org", **more):
    entry = {"result-type": result, "failed-session-count": count,
             "receiving-mx-hostname": host}
    entry.update({key.replace("_", "-"): value for key, value in more.items()})
    return entry


class Folder:
    def __init__(self, path):
        self.path = path
        self.count = 0
        os.makedirs(path, exist_ok=True)

    def add(self, name, ago, policies):
        day = LAST - datetime.timedelta(days=ago)
        self.count += 1
        report = {"organization-name": name, "contact-info": "tls@reporter.example",
                  "report-id": "%s-%d" % (name, self.count),
                  "date-range": {"start-datetime": "%sT00:00:00Z" % day,
                                 "end-datetime": "%sT23:59:59Z" % day},
                  "policies": policies}
        path = os.path.join(self.path, "%04d.json" % self.count)
        with open(path, "w", encoding="utf-8") as out:
            json.dump(report, out)


def ready(folder):
    """Three reporters, 28 clean days, half of the sessions under the policy."""
    for ago in range(28):
        folder.add("Google Inc.", ago, [policy("sts", 50, strings=STS)])
        folder.add("Mail.ru", ago, [policy("no-policy-found", 50)])
        folder.add("Ping", ago, [policy("no-policy-found", 1)])


def failing(folder):
    """As ready(), but the certificate expired two days ago."""
    ready(folder)
    for ago in range(2):
        folder.add("Yandex", ago, [policy("sts", 9, 3, [
            detail("certificate-expired", 3,
                   failure_reason_code="X509_V_ERR_CERT_HAS_EXPIRED")], STS)])


def silent(folder):
    """Google fell silent nine days ago; a loop did as well, and nobody cares."""
    for ago in range(28):
        if ago >= 9:
            folder.add("Google Inc.", ago, [policy("sts", 50, strings=STS)])
            folder.add("Ping", ago, [policy("no-policy-found", 1)])
        folder.add("Mail.ru", ago, [policy("no-policy-found", 50)])


def twice(folder):
    """The same 7 sessions under MTA-STS and DANE, one of them failed; 5 more."""
    folder.add("Microsoft Corporation", 1, [
        policy("sts", 7, strings=STS),
        policy("tlsa", 6, 1, [detail("tlsa-invalid", 1)], [json.dumps(TLSA)]),
        policy("no-policy-found", 5)])


def hostile(folder):
    """Texts that would be marks, commands or controls somewhere."""
    texts = ["<script>alert(1)</script>", "\u001b[31mred\u001b[0m", "=cmd|' /C calc'!A0",
             "a\"b\\c\nd", "\u202egnp.exe", "</style><img src=x onerror=alert(1)>",
             "100%s%n", "'; DROP TABLE report; --"]
    for number, text in enumerate(texts):
        folder.add(text, number, [policy("sts", 9, 4, [
            detail(text, 2, text, failure_reason_code=text, additional_information=text),
            detail("validation-failure", 2, "mx%d.example.org" % number)],
            STS, "d%d.example.org" % number)])
    folder.add("Big", 1, [policy("sts", 9007199254740992, 0, strings=STS)])
    folder.add("Big", 2, [policy("sts", "9223372036854775807", "9223372036854775807",
                                 [detail("validation-failure", "9223372036854775807")], STS)])
    folder.add("Big", 3, [policy("sts", "9223372036854775807", "9223372036854775807",
                                 [detail("validation-failure", "9223372036854775807")], STS)])


def month(folder):
    """A month as a site has it: doc/page.png shows this one."""
    for ago in range(30):
        weekday = (LAST - datetime.timedelta(days=ago)).weekday()
        part = 0.4 if weekday >= 5 else 1 - 0.07 * (ago * 7 % 5)
        expired = [detail("certificate-expired", int(60 * part), "mx2.example.org",
                          failure_reason_code="X509_V_ERR_CERT_HAS_EXPIRED")]
        bad = expired if ago in (3, 4, 5) else []
        folder.add("Google Inc.", ago, [policy(
            "sts", int(900 * part), sum(d["failed-session-count"] for d in bad), bad, STS)])
        if ago > 2:
            folder.add("Microsoft Corporation", ago, [
                policy("sts", int(400 * part), strings=STS),
                policy("tlsa", int(400 * part), strings=[json.dumps(TLSA)])])
        folder.add("Mail.ru", ago, [policy("no-policy-found", int(120 * part))])
        if ago % 3 == 0:
            folder.add("posteo.de", ago, [policy("tlsa", int(80 * part), 2 if ago == 12 else 0, [
                detail("tlsa-invalid", 2, "mx1.example.org")] if ago == 12 else (), TLSA)])
        folder.add("Yahoo Inc.", ago, [policy("sts", int(200 * part), 3 if ago % 9 == 0 else 0, [
            detail("starttls-not-supported", 3, "mx1.example.org")] if ago % 9 == 0 else (),
            STS, "example.net")])


def main():
    globals()[sys.argv[1]](Folder(sys.argv[2]))


main()
