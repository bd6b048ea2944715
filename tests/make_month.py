#!/usr/bin/env python3
"""A month of mail with reports, as a site with twelve domains gets it.

	make_month.py >mbox

The month ends yesterday; the same day gives the same mail.  Two messages in it
hold no report.  doc/overview.png shows this one.
"""
import base64
import datetime
import gzip
import json
import random
import sys

# Domain, sessions a day, mode now, and the day (ago) since when it is so.
DOMAINS = [
    ("example.com", 900, "enforce", 60), ("example.net", 420, "enforce", 60),
    ("example.org", 260, "enforce", 14), ("shop.example", 640, "testing", 60),
    ("mail.example", 150, "testing", 60), ("news.example", 310, "enforce", 60),
    ("school.example", 90, "testing", 9), ("club.example", 40, None, 60),
    ("museum.example", 30, "enforce", 60), ("town.example", 120, "testing", 60),
    ("clinic.example", 75, "enforce", 60), ("post.example", 500, "enforce", 60)]
# Reporter, its domain, share of the sessions, DKIM, days without a report.
REPORTERS = [
    ("Google Inc.", "google.example", 0.46, "pass", ()),
    ("Microsoft Corporation", "microsoft.example", 0.24, "pass", (6,)),
    ("Yahoo Inc.", "yahoo.example", 0.09, "pass", ()),
    ("Mail.ru", "mailru.example", 0.07, "pass", (11, 12)),
    ("GMX", "gmx.example", 0.06, "pass", ()),
    ("posteo.de", "posteo.example", 0.03, "pass", ()),
    ("Comcast", "comcast.example", 0.03, "pass", ()),
    ("University of Example", "university.example", 0.02, "none",
     range(1, 5))]
SENDS_TLSA = {"Microsoft Corporation", "GMX", "posteo.de", "Comcast"}
HAS_TLSA = {"example.com", "clinic.example", "post.example"}


def failures(domain, reporter, ago, sessions):
    """(result type, receiving MX, share of the sessions, reason)."""
    if domain == "shop.example" and 5 <= ago <= 8:
        yield ("certificate-expired", "mx2.shop.example", 0.4,
               "X509_V_ERR_CERT_HAS_EXPIRED")
    if domain == "example.net" and ago in (17, 18, 19):
        yield "sts-policy-fetch-error", None, 0.08, "tls: handshake failure"
    if domain == "town.example" and ago > 2:
        yield ("certificate-host-mismatch", "old-mx.town.example", 0.09,
               None)
    if domain == "clinic.example" and 11 <= ago <= 13 and (
            reporter in SENDS_TLSA):
        yield "tlsa-invalid", "mx.clinic.example", 0.5, "certificate rolled over"
    if reporter == "University of Example" and ago % 3 == 0 and (
            sessions > 5):
        yield "validation-failure", "mx1." + domain, 0.2, None
    if domain == "mail.example" and ago in (1, 22, 23):
        yield "starttls-not-supported", "backup.mail.example", 0.3, None


def policies(domain, busy, mode, since, reporter, share, ago, day, chance):
    part = share * (0.35 if day.weekday() >= 5 else 1)
    sessions = round(busy * part * chance.uniform(0.8, 1.2))
    if sessions == 0:
        return
    if ago > since:
        mode = {"enforce": "testing", "testing": "none"}[mode]
    kinds = ["sts" if mode else "no-policy-found"]
    if reporter in SENDS_TLSA and domain in HAS_TLSA:
        kinds.append("tlsa")
    for kind in kinds:
        details = []
        for result, mx, rate, reason in failures(domain, reporter, ago, sessions):
            if (result == "tlsa-invalid") != (kind == "tlsa"):
                continue
            detail = {"result-type": result,
                      "failed-session-count": max(round(sessions * rate), 1)}
            if mx:
                detail["receiving-mx-hostname"] = mx
            if reason:
                detail["failure-reason-code"] = reason
            details.append(detail)
        failed = sum(d["failed-session-count"] for d in details)
        strings = {"sts": ["version: STSv1", "mode: %s" % mode, "mx: *." + domain,
                           "max_age: 604800"],
                   "tlsa": ["3 1 1 " + "ab" * 32]}.get(kind, [])
        yield {"policy": {"policy-type": kind, "policy-domain": domain,
                          "policy-string": strings,
                          "mx-host": ["*." + domain]},
               "summary": {"total-successful-session-count":
                           max(sessions - failed, 0),
                           "total-failure-session-count": failed},
               "failure-details": details}


def message(sender, verdict, body, when):
    return ("From tls@%s %s\nFrom: tls-reports@%s\nTo: reports@mail.example\n"
            "Authentication-Results: mx.mail.example; dkim=%s header.d=%s\n"
            "Subject: Report Domain: reports\nMIME-Version: 1.0\n"
            "Content-Type: application/tlsrpt+gzip\n"
            "Content-Transfer-Encoding: base64\n\n%s\n" % (
                sender, when.strftime("%a %b %d %H:%M:%S %Y"), sender, verdict,
                sender, base64.encodebytes(body).decode()))


def main():
    chance = random.Random(8460)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    today = now.date()
    for ago in range(30, 0, -1):
        day = today - datetime.timedelta(days=ago)
        when = min(datetime.datetime.combine(day, datetime.time(4))
                   + datetime.timedelta(days=1),
                   now - datetime.timedelta(minutes=40))
        for name, sender, share, verdict, without in REPORTERS:
            for domain, busy, mode, since in DOMAINS:
                said = list(policies(domain, busy, mode, since, name, share,
                                     ago, day, chance))
                if ago in without or not said:
                    continue
                document = {
                    "organization-name": name,
                    "contact-info": "tls-reports@" + sender,
                    "report-id": "%s_%s" % (day, domain),
                    "date-range": {"start-datetime": "%sT00:00:00Z" % day,
                                   "end-datetime": "%sT23:59:59Z" % day},
                    "policies": said}
                sys.stdout.write(message(sender, verdict, gzip.compress(
                    json.dumps(document).encode(), mtime=0), when))
    for text in (b"Dear customer, ", b"{\"organization-name\": "):
        sys.stdout.write(message("spam.example", "none", gzip.compress(text),
                                 when))


main()
