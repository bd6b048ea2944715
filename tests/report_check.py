#!/usr/bin/env python3
"""Look at what tlsrpt-report printed, on standard input:  report_check.py WHAT

    width N      no line is longer than N characters, and none holds a control
    json         every line is one JSON object, and all have the same members
    csv          every row has as many cells as the first
    metrics      Prometheus' text format, and no series twice
    mail         a message: text and HTML, in ASCII, lines of 998 at most
    page         HTML that lets nothing in, and closes what it opens
    fields FILE  every value of the report in FILE (JSON) stands in the text
"""
import base64
import csv
import email
import email.policy
import hashlib
import html.parser
import io
import json
import re
import sys


def width(text, most):
    for line in text.split("\n"):
        assert len(line) <= int(most), line
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e" for c in line), line


def rows_of(text):
    rows = [json.loads(line) for line in text.splitlines()]
    assert rows
    return rows


def check_json(text):
    rows = rows_of(text)
    assert all(list(row) == list(rows[0]) for row in rows)


def check_csv(text):
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows), rows
    for row in rows:
        assert not any(cell[:1] in ("=", "+", "@") for cell in row), row


def metrics(text):
    label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
    line_form = re.compile(r'([a-z_]+)(\{%s(?:,%s)*\})? (-?[0-9.e+]+)$' % (label, label))
    seen, typed = set(), set()
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) [a-z_]+ \S", line), line
            if line.startswith("# TYPE"):
                typed.add(line.split()[2])
            continue
        match = line_form.match(line)
        assert match and match.group(1) in typed, line
        series = (match.group(1), match.group(2))
        assert series not in seen, line
        seen.add(series)
    assert seen


def mail(text):
    assert all(len(line) <= 998 and line.isascii() for line in text.splitlines())
    message = email.message_from_string(text, policy=email.policy.default)
    assert not message.defects, message.defects
    assert message.get_content_type() == "multipart/alternative"
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert message[name] and not message[name].defects, name
    plain, page_part = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert page_part.get_content_type() == "text/html"
    width(plain.get_content().replace("\r\n", "\n"), 72)
    page(page_part.get_content())


class Page(html.parser.HTMLParser):
    void = {"meta"}

    def __init__(self):
        super().__init__()
        self.open, self.titles = [], 0

    def handle_starttag(self, tag, attrs):
        assert tag in ("html head meta title style body header h1 h2 h3 main p ul li b section "
                       "figure figcaption svg rect div span table caption thead tbody tr th td "
                       "details summary article footer").split(), tag
        for name, value in attrs:
            assert name not in ("style", "src", "href") and not name.startswith("on"), name
            assert name != "id" or re.fullmatch("s[0-9]+", value), value
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def page(text):
    parser = Page()
    parser.feed(text)
    assert not parser.open, parser.open
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; style-src 'sha256-%s'" % digest), policy
    assert "unsafe" not in policy and text.count("<style") == 1
    assert "http:" not in text.replace("https://mta-sts", "")


def values(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("auth", "deviations"):
                yield from values(value)
    elif isinstance(node, list):
        for value in node:
            yield from values(value)
    elif node is not None:
        yield str(node)


def squeezed(text):
    return re.sub(r"\s", "", text)


def fields(text, path):
    """Numbers have marks, and lines are wrapped: neither counts."""
    with open(path, encoding="utf-8") as lines:
        reports = [json.loads(line) for line in lines]
    shown = squeezed(text).replace(",", "")
    for report in reports:
        for deviation in report["deviations"]:
            assert deviation + ":" in shown, deviation
        for value in values(report):
            if any(not c.isprintable() and c not in "\t\n\r " for c in value):
                continue  # escaped; width looks for what is not
            if value.startswith("[") and '"' in value:
                continue  # unpacked
            want = squeezed(value.replace("\r", "\\x0d").replace("\n", "\\x0a")
                            .replace("\t", "\\x09")).replace(",", "")
            assert want in shown, value


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    text = sys.stdin.buffer.read().decode("utf-8")
    names = {"json": check_json, "csv": check_csv}
    names.get(what, globals().get(what))(text, *rest)


main()
