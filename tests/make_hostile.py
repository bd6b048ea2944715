#!/usr/bin/env python3
"""Write hostile messages and documents into a folder, one file each.

The first word of a file's name, up to the first "+", says what has to become
of it: "decoded", or the reason for which it is rejected.
"""
import base64
import gzip
import json
import os
import sys
import zlib

folder = sys.argv[1]


def save(name, data):
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


def report(**changes):
    made = {
        "organization-name": "Reporter",
        "date-range": {"start-datetime": "2026-01-01T00:00:00Z",
                       "end-datetime": "2026-01-01T23:59:59Z"},
        "contact-info": "tls@reporter.example",
        "report-id": "1",
        "policies": [{"policy": {"policy-type": "sts",
                                 "policy-string": ["version: STSv1"],
                                 "policy-domain": "example.com"},
                      "summary": {"total-successful-session-count": 1,
                                  "total-failure-session-count": 0}}],
    }
    made.update(changes)
    return made


def text(**changes):
    return json.dumps(report(**changes))


def with_count(literal):
    return text().replace('session-count": 1,', 'session-count": %s,' % literal).encode()


def mail(body, header="", kind="application/tlsrpt+gzip"):
    return ("From: a@reporter.example\r\nSubject: x\r\n%sContent-Type: %s\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" % (header, kind)
            ).encode() + base64.encodebytes(body)


good = gzip.compress(text().encode(), mtime=0)

save("not-a-report+empty", b"")
save("not-a-report+header-only", b"From: a@b.example\r\n")
save("too-large+header-of-2-mib", mail(good, "X: " + "a" * (2 << 20) + "\r\n"))
save("too-large+header-of-62-mib", mail(good, "X: aaaaaaaaa\r\n" * ((62 << 20) // 14)))
save("too-large+message-of-65-mib", mail(good) + b"A" * (65 << 20))
parts = "".join("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(10000))
save("too-large+10000-parts",
     ("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
      parts + "--b--\r\n").encode())
levels = "From: a@b.example\r\n"
for level in range(10000):
    levels += "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
save("too-large+10000-levels", levels.encode())
levels = "From: a@b.example\r\n"
for level in range(70):
    levels += "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
save("too-large+70-levels", levels.encode())
save("too-large+deep-messages",
     b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000)
# Address parsers call themselves for each group in a group.
save("decoded+from-of-groups", b"From: " + b"g:" * 100000 + b"\r\n" +
     mail(good).split(b"\r\n", 1)[1])
save("too-large+forwarded-from-of-groups",
     b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\nFrom: " +
     b"g:" * 100000 + b"\r\n\r\nx\r\n")
save("too-large+groups-in-a-digest",
     b"From: a@b.example\r\nContent-Type: multipart/digest; boundary=b\r\n"
     b"\r\n--b\r\n\r\nTo: " + b"g:" * 100000 + b"\r\n\r\nx\r\n")
save("too-large+part-header-of-2-mib",
     b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n"
     b"\r\n--b\r\nX: " + b"a" * (2 << 20) + b"\r\n\r\nx\r\n")
save("too-large+part-header-of-20000-fields",
     b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n"
     b"\r\n--b\r\n" + b"X: y\r\n" * 20000 + b"\r\nx\r\n")
save("decoded+signed-by-a-long-name", b"From: a@" + b"b" * 400000 +
     b"\r\nAuthentication-Results: a" +
     b"; dkim=pass header.d=c.example" * 15000 + b"\r\n" +
     mail(good).split(b"\r\n", 1)[1])
save("decoded+unclosed-multipart",
     b"From: a@b.example\r\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n"
     b"\r\n--b\r\nContent-Type: application/tlsrpt+gzip\r\n"
     b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(good))
save("unreadable+bad-base64", mail(b"").replace(b"\r\n\r\n", b"\r\n\r\n!!!!****"))
save("too-large+gzip-bomb", gzip.compress(b" " * (64 << 20), 9))
save("too-large+gzip-bomb-mail", mail(gzip.compress(b'{"a":"' + b"a" * (32 << 20), 9)))
save("decoded+two-members", gzip.compress(text()[:100].encode()) + gzip.compress(text()[100:].encode()))
save("decoded+bytes-behind-gzip", good + b"garbage")
save("decoded+bytes-behind-json", text().encode() + b"\nThis is a footer.\n")
save("too-large+json-5000-deep", b'{"policies":' + b"[" * 5000 + b"]" * 5000 + b"}")
save("too-large+million-details", json.dumps(report(policies=[{
    "policy": {"policy-type": "sts", "policy-domain": "example.com"},
    "summary": {"total-successful-session-count": 1},
    "failure-details": [{} for _ in range(1000000)]}])).encode())
save("too-large+million-policies", json.dumps(report(policies=[0] * 1000000)).encode())
save("too-large+million-strings", json.dumps(report(policies=[{
    "policy": {"policy-type": "sts", "policy-string": ["a"] * 1000000}}])).encode())
save("too-large+zeros", b'{"policies":[' + b"0," * (8 << 20) + b"0]}")
save("decoded+nul-characters", text(**{"organization-name": "a\0b"}).encode())
save("decoded+lone-surrogates", text(**{"organization-name": "a"}).replace(
    '"a"', r'"\ud800 \udc00 \ud83d\ude00"').encode())
save("decoded+invalid-utf8", text(**{"organization-name": "QQ"}).encode().replace(
    b"QQ", b"\xff\xfe\xc0\x80\xed\xa0\x80"))
save("decoded+bom", b"\xef\xbb\xbf" + text().encode())
save("decoded+duplicate-keys", text().replace(
    '"report-id": "1"', '"report-id": "0", "report-id": "1"').encode())
save("decoded+case-keys", text().replace('"report-id"', '"Report-ID"').encode())
for name, literal, outcome in [
        ("text", '"12"', "decoded"), ("minus", "-1", "unreadable"),
        ("fraction", "1.5", "unreadable"), ("infinite", "1e999", "unreadable"),
        ("beyond-double", str(2 ** 53 + 1), "decoded"), ("words", '"many"', "unreadable"),
        ("beyond-bigint", str(2 ** 63), "unreadable"), ("most", str(2 ** 63 - 1), "decoded"),
        ("long", "1" * 5000, "unreadable"), ("zeros", "1." + "0" * 5000, "unreadable"),
        ("null", "null", "unreadable"), ("object", "{}", "unreadable"),
        ("plus", "+1", "unreadable"), ("leading-zero", "01", "unreadable")]:
    save("%s+count-%s" % (outcome, name), with_count(literal))
for year, outcome in [("0001", "decoded"), ("9999", "decoded"), ("0000", "unreadable")]:
    save("%s+year-%s" % (outcome, year), text(**{
        "date-range": {"start-datetime": year + "-01-01T00:00:00Z",
                       "end-datetime": year + "-12-31T23:59:59Z"}}).encode())
save("decoded+long-texts", text(**{"organization-name": "o" * (1 << 20),
                                   "contact-info": "c" * (1 << 20)}).encode())
evil = "a\r\nb\x1b[2J\u202e\x00\t\\\"'; DROP TABLE report; --\x7f\u2028"
save("decoded+escapes-everywhere", json.dumps({
    "organization-name": evil, "contact-info": evil, "report-id": evil,
    "date-range": {"start-datetime": "2026-01-01T00:00:00Z",
                   "end-datetime": "2026-01-01T23:59:59Z"},
    "policies": [{"policy": {"policy-type": evil, "policy-string": [evil],
                             "policy-domain": evil, "mx-host": [evil]},
                  "summary": {"total-successful-session-count": 1,
                              "total-failure-session-count": 1},
                  "failure-details": [{
                      "result-type": evil, "sending-mta-ip": evil,
                      "receiving-mx-hostname": evil, "receiving-mx-helo": evil,
                      "receiving-ip": evil, "failed-session-count": 1,
                      "additional-information": evil,
                      "failure-reason-code": evil}]}]}).encode())
save("unreadable+not-gzip", mail(b"this is no gzip data"))
save("unreadable+cut-gzip", good[:-9])
save("unreadable+raw-line-break", text().replace("Reporter", "Re\nporter").encode())
save("unreadable+bad-crc", good[:-8] + zlib.crc32(b"x").to_bytes(4, "little") + good[-4:])
