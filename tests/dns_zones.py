"""The domains that the tests of tlsrpt-dns look at, one for each mistake.

Each is like "good" but for what stands here.  records() makes the zone.
"""
import ssl

REPORTS = "mailto:t@reports.example"
RECORD = "v=TLSRPTv1; rua=" + REPORTS
POLICY = ("version: STSv1\r\nmode: enforce\r\nmx: {mx}\r\n"
          "max_age: 1209600\r\n")
SPF = "v=spf1 -all"
DMARC = "v=DMARC1; p=reject; rua=mailto:d@reports.example"
KEY = "v=DKIM1; k=rsa; p=" + "A" * 392
V = ssl.TLSVersion

# What a mail server does: mode, certificate (names or None for its own, days
# from and to, authority), versions of TLS, TLSA ("311" its own key, or data).
HOSTS = {
    "mx.good": {"tlsa": ["311"], "record": RECORD, "postfix": True},
    "mx.plain": {},
    "mx.four": {"ipv6": False},
    "mx.wild": {"names": ["*.wild.example"]},
    "a.wild": {"names": ["*.wild.example"]},
    "mx.ee": {"tlsa": ["311"], "names": ["else.example"], "end": -1},
    "mx.expired": {"end": -1},
    "mx.soon": {"end": 5},
    "mx.notyet": {"start": 5},
    "mx.untrusted": {"ca": "other"},
    "mx.name": {"names": ["else.example"]},
    "mx.cn": {"names": []},
    "mx.nostarttls": {"mode": "plain"},
    "mx.later": {"mode": "later"},
    "mx.garbage": {"mode": "garbage"},
    "mx.refuse": {"mode": "refuse"},
    "mx.endless": {"mode": "endless"},
    "mx.closed": {"closed": True},
    "mx.old": {"versions": (V.TLSv1, V.TLSv1_3)},
    "mx.ancient": {"versions": (V.TLSv1, V.TLSv1_1)},
    "mx.twelve": {"versions": (V.TLSv1_2, V.TLSv1_2)},
    "mx.danestarttls": {"mode": "plain", "tlsa": ["3 1 1 " + "ab" * 32]},
    "mx.mismatch": {"tlsa": ["3 1 1 " + "ab" * 32]},
    "mx.rollover": {"tlsa": ["311", "3 1 1 " + "ab" * 32]},
    "mx.ta": {"tlsa": ["211"]},
    "mx.tabad": {"tlsa": ["211"], "names": ["else.example"]},
    "mx.odd": {"tlsa": ["311", "3 0 1 " + "ab" * 32, "0 1 1 " + "ab" * 32,
                        "4 1 1 " + "ab" * 32, "3 2 1 " + "ab" * 32,
                        "3 1 3 " + "ab" * 32, "3 1 1 " + "ab" * 31,
                        "3 1 0 " + "ab" * 40, "syntax"]},
    "mx.unusable": {"tlsa": ["1 1 1 " + "ab" * 32]},
    "mx.servfail": {},
    "mx.insecure": {"tlsa": ["311"], "zone": "insecure"},
    "mx.bogus": {"tlsa": ["311"], "zone": "bogus"},
    "mimplicit": {"alone": True},
}

# Domains of the signed zone.  None takes away what "good" has.
DOMAINS = {
    "good": {},
    "wild": {"mx": ["mx.wild", "a.wild"], "policy": POLICY.format(
        mx="*.wild.example")},
    "ee": {"mx": ["mx.ee"], "policy": None, "sts": []},
    "ta": {"mx": ["mx.ta"]},
    # TLSRPT
    "tmissing": {"tlsrpt": []},
    "tmultiple": {"tlsrpt": [RECORD, RECORD + ";"]},
    "tcname": {"tlsrpt": "_smtp._tls.good.example."},
    "tother": {"tlsrpt": [RECORD, "hello \\027[31m"]},
    "tmisspelt": {"tlsrpt": ["v=TSLRPTv1; rua=" + REPORTS]},
    "twrong": {"tlsrpt": [], "more": [("_tls._smtp", "TXT", RECORD)]},
    "ttwice": {"more": [("_smtp._tls.ttwice.example", "TXT", RECORD)]},
    "tapex": {"spf": [SPF, RECORD]},
    "tdomain": {"tlsrpt": ["v=TLSRPTv1; rua=mailto:a@mnull.example"]},
    "tdown": {"tlsrpt": ["v=TLSRPTv1; rua=https://down.reports.example/"]},
    "tcert": {"tlsrpt": ["v=TLSRPTv1; rua=https://badcert.reports.example/"]},
    "tstatus": {"tlsrpt": [
        "v=TLSRPTv1; rua=https://ok.reports.example/nothing"]},
    "thttps": {"tlsrpt": ["v=TLSRPTv1; rua=https://ok.reports.example/v1"]},
    "town": {"tlsrpt": ["v=TLSRPTv1; rua=mailto:a@town.example"]},
    "authyes": {}, "authodd": {},
    "tmx": {"mx": ["mx.rollover"]},
    "tblank": {"tlsrpt": ["v=TLSRPTv1 ; rua=" + REPORTS]},
    # MTA-STS
    "smissing": {"sts": [], "policy": None},
    "srecord": {"sts": []},
    "smultiple": {"sts": ["v=STSv1; id=1", "v=STSv1; id=2"]},
    "scname": {"sts": "_mta-sts.good.example."},
    "sother": {"sts": ["v=STSv1; id=1", "hello"]},
    "shost": {"policy": None, "web": False},
    "sdown": {"policy": None, "down": True},
    "scert": {"webnames": ["else.example"]},
    "sredirect": {"reply": "return 301 https://good.example/;"},
    "sstatus": {"reply": "return 404;"},
    "stype": {"type": "text/html"},
    "slarge": {"policy": POLICY.format(mx="mx.good.example") +
               "x: " + "x" * 66000 + "\r\n"},
    "sunmatched": {"policy": POLICY.format(mx="other.example")},
    "sunused": {"policy": POLICY.format(mx="mx.good.example") +
                "mx: *.other.example\r\n"},
    "snone": {"policy": "version: STSv1\r\nmode: none\r\n"
                        "max_age: 86400\r\n"},
    "stesting": {"policy": "version: STSv1\r\nmode: testing\r\n"
                           "mx: mx.good.example\r\nmax_age: 86400\r\n"},
    # MX hosts
    "mnone": {"mx": []},
    "mnull": {"mx": ["."]},
    "mnullmixed": {"mx": [".", "mx.good"]},
    "mliteral": {"mx": ["192.0.2.1."]},
    "mcname": {"mx": ["cname"]},
    "mnoaddress": {"mx": ["nowhere"]},
    "mfour": {"mx": ["mx.four"]},
    "many": {"mx": ["mx.many%d" % i for i in range(25)]},
    "mclosed": {"mx": ["mx.closed"]},
    "mrefuse": {"mx": ["mx.refuse"]},
    "mendless": {"mx": ["mx.endless"]},
    "mnostarttls": {"mx": ["mx.nostarttls"]},
    "mlater": {"mx": ["mx.later"]},
    "mgarbage": {"mx": ["mx.garbage"]},
    "mold": {"mx": ["mx.old"]},
    "mancient": {"mx": ["mx.ancient"]},
    "mtwelve": {"mx": ["mx.twelve"]},
    "mexpired": {"mx": ["mx.expired"]},
    "msoon": {"mx": ["mx.soon"]},
    "mnotyet": {"mx": ["mx.notyet"]},
    "muntrusted": {"mx": ["mx.untrusted"]},
    "mname": {"mx": ["mx.name"]},
    "mcn": {"mx": ["mx.cn"]},
    # DANE
    "dmissing": {"mx": ["mx.plain"]},
    "dsome": {"mx": ["mx.good", "mx.plain"]},
    "dservfail": {"mx": ["mx.servfail"]},
    "dbogus": {"mx": ["mx.bogus"]},
    "dinsecure": {"mx": ["mx.insecure"]},
    "dodd": {"mx": ["mx.odd"]},
    "dunusable": {"mx": ["mx.unusable"]},
    "dnostarttls": {"mx": ["mx.danestarttls"]},
    "dmismatch": {"mx": ["mx.mismatch"]},
    "danchor": {"mx": ["mx.tabad"]},
    "drollover": {"mx": ["mx.rollover"]},
    # SPF, DMARC, DKIM
    "pmissing": {"spf": []},
    "pmultiple": {"spf": [SPF, "v=spf1 mx -all"]},
    "psyntax": {"spf": ["v=spf1 ipv4:192.0.2.1 -all"]},
    "plookups": {"spf": ["v=spf1 " + "a:x.example " * 11 + "-all"]},
    "ploop": {"spf": ["v=spf1 include:ploop.example -all"]},
    "pinclude": {"spf": ["v=spf1 include:nothing.example -all"]},
    "pall": {"spf": ["v=spf1 +all"]},
    "pnoall": {"spf": ["v=spf1 mx"]},
    "cmissing": {"dmarc": []},
    "cmultiple": {"dmarc": [DMARC, "v=DMARC1; p=none"]},
    "csyntax": {"dmarc": ["v=DMARC1; p=nothing"]},
    "cnone": {"dmarc": ["v=DMARC1; p=none"]},
    "kunknown": {"dkim": None},
    "ksyntax": {"dkim": "v=DKIM1; k=rsa"},
    "krevoked": {"dkim": "v=DKIM1; p="},
    "kshort": {"dkim": "v=DKIM1; k=rsa; p=" + "A" * 216},
    # how it fits together
    "fnopolicy": {"mx": ["mx.plain"], "sts": [], "policy": None},
    "fnoreports": {"tlsrpt": []},
    "fenforce": {"mx": ["mx.expired"],
                 "policy": POLICY.format(mx="mx.expired.example")},
}

PRIVATE = {"private": "127.0.0.1", "privatesix": "fe80::1"}


def default_policy(domain, what):
    mx = what.get("mx", ["mx.good"])
    host = mx[-1] if mx and not mx[-1].endswith(".") else "mx.good"
    return what.get("policy", POLICY.format(mx=host + ".example"))


def quoted(text):
    pieces = [text[i:i + 250] for i in range(0, len(text), 250)] or [""]
    return " ".join('"%s"' % piece for piece in pieces)


def txt(name, value):
    """TXT records, or a CNAME where the value is a name."""
    if isinstance(value, str):
        return ["%s CNAME %s" % (name, value)]
    return ["%s TXT %s" % (name, quoted(text)) for text in value]


def domain_lines(domain, what):
    lines = []
    for number, host in enumerate(what.get("mx", ["mx.good"])):
        absolute = host if host.endswith(".") else host + ".example."
        lines.append("%s MX %d %s" % (domain, 10 * number, absolute))
    lines += txt("_smtp._tls." + domain, what.get("tlsrpt", [RECORD]))
    lines += txt("_mta-sts." + domain, what.get("sts", ["v=STSv1; id=1"]))
    if what.get("web", True) and (what.get("policy", "") is not None or
                                  what.get("down")):
        lines.append("mta-sts.%s A 192.0.2.2" % domain)
    lines += txt(domain, what.get("spf", [SPF]))
    lines += txt("_dmarc." + domain, what.get("dmarc", [DMARC]))
    if what.get("dkim", KEY) is not None:
        lines += txt("mail._domainkey." + domain, [what.get("dkim", KEY)])
    for name, kind, value in what.get("more", []):
        lines.append("%s.%s %s %s" % (name, domain, kind, quoted(value)))
    return lines


def host_lines(host, what, tlsa):
    lines = ["%s A 192.0.2.1" % host]
    if what.get("ipv6", True):
        lines.append("%s AAAA 2001:db8::1" % host)
    for data in tlsa:
        if data == "syntax":
            data = "\\# 3 030101"
            lines.append("_25._tcp.%s TYPE52 %s" % (host, data))
        else:
            lines.append("_25._tcp.%s TLSA %s" % (host, data))
    if "record" in what:
        lines += txt("_smtp._tls." + host, [what["record"]])
    return lines


SOA = ("$ORIGIN {0}.\n$TTL 3600\n@ SOA ns.example. root.example. 1 3600 600 "
       "86400 300\n@ NS ns.example.\n")


def records(tlsa):
    """The text of the zone "example", without the DS record of "bogus"."""
    lines = ["ns A 127.0.0.1", "cname CNAME mx.good.example.",
             "reports MX 10 mx.plain.example.",
             "ok.reports A 192.0.2.3", "down.reports A 192.0.2.3",
             "badcert.reports A 192.0.2.3", "x A 192.0.2.4",
             "authyes.example._report._tls.reports TXT \"v=TLSRPTv1\"",
             "authodd.example._report._tls.reports TXT \"yes\"",
             "insecure NS ns.example.", "bogus NS ns.example."]
    for domain, what in DOMAINS.items():
        lines += domain_lines(domain, what)
    for host, what in HOSTS.items():
        if "zone" not in what:
            lines += host_lines(host, what, tlsa[host])
    for i in range(25):
        lines.append("mx.many%d A 192.0.2.1" % i)
    for name, address in PRIVATE.items():
        lines += domain_lines(name, {"web": False, "mx": ["mx." + name]})
        kind = "AAAA" if ":" in address else "A"
        lines.append("mta-sts.%s %s %s" % (name, kind, address))
        lines.append("mx.%s %s %s" % (name, kind, address))
    return SOA.format("example") + "\n".join(lines) + "\n"


def other_zone(zone, tlsa):
    """A zone below "example", with a mail domain and an MX host in it."""
    host = "mx.%s" % zone
    lines = ["@ MX 10 mx.good.example."]
    lines += txt("_smtp._tls", [RECORD]) + txt("@", [SPF])
    lines += [line.replace("." + zone + " ", " ", 1).replace(
        host + " ", "mx ", 1) for line in host_lines(host, {}, tlsa[host])]
    return SOA.format(zone + ".example") + "\n".join(lines) + "\n"
