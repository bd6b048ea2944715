"""Every kind of finding against a domain that provokes it, and one that does
not.  TAP; run by dns.t in a folder of its own."""
import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# pylint: disable=wrong-import-position
import dns_lab  # noqa: E402
import dns_zones as zones  # noqa: E402

number = 0
failures = 0


def ok(good, name, *notes):
    global number, failures
    number += 1
    failures += not good
    print("%sok %d - %s" % ("" if good else "not ", number, name))
    if not good:
        for note in notes:
            for line in str(note).splitlines()[:30]:
                print("# " + line)
    sys.stdout.flush()


def serve_mail(lab):
    """A server for each host; what its TLSA records say."""
    tlsa = {}
    for host, what in zones.HOSTS.items():
        name = host + ".example"
        ca = lab.other_ca if what.get("ca") == "other" else lab.ca
        pem, certificate = ca.issue(
            host, what.get("names", [name]), what.get("start", -5),
            what.get("end", 90))
        port = lab.closed_port
        if what.get("postfix"):
            port = lab.start_postfix(name, pem)
            lab.real_postfix = port is not None
        if not what.get("closed") and (not what.get("postfix") or not port):
            port = dns_lab.MailServer(what.get("mode", "good"), pem,
                                      what.get("versions")).port
        lab.connects.append("%s:25:127.0.0.1:%d" % (name, port))
        tlsa[host] = [
            "3 1 1 " + dns_lab.key_digest(certificate) if data == "311" else
            "2 1 1 " + dns_lab.key_digest(ca.certificate) if data == "211"
            else data for data in what.get("tlsa", [])]
    return tlsa


def web_server(lab, name, pem, body):
    return ("  server { listen 127.0.0.1:%d ssl; server_name %s; "
            "ssl_certificate %s; ssl_certificate_key %s; %s }"
            % (lab.https_port, name, pem, pem, body))


def serve_web(lab):
    servers = []
    for domain, what in zones.DOMAINS.items():
        policy = zones.default_policy(domain, what)
        name = "mta-sts.%s.example" % domain
        if what.get("down"):
            lab.connects.append("%s:443:127.0.0.1:%d" % (name,
                                                         lab.closed_port))
        if policy is None:
            continue
        pem, _ = lab.ca.issue(name, what.get("webnames", [name]))
        path = os.path.join(lab.folder, domain + ".policy")
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(policy)
        os.chmod(path, 0o644)
        reply = what.get("reply") or "types { } default_type %s; alias %s;" % (
            what.get("type", "text/plain"), path)
        servers.append(web_server(
            lab, name, pem,
            "location = /.well-known/mta-sts.txt { %s }" % reply))
    for name, names in (("ok", ["ok.reports.example"]),
                        ("badcert", ["else.example"])):
        pem, _ = lab.ca.issue(name + ".reports", names)
        servers.append(web_server(
            lab, name + ".reports.example", pem,
            "location /v1 { return 405; } location / { return 404; }"))
    lab.connects.append("down.reports.example:443:127.0.0.1:%d" %
                        lab.closed_port)
    lab.start_nginx(servers)


def serve_dns(lab, tlsa):
    bogus_ds, _ = lab.sign("bogus.example", zones.other_zone("bogus", tlsa))
    wrong = re.sub(r"[0-9a-f]{64}", "00" * 32, bogus_ds)
    _, anchor = lab.sign("example", zones.records(tlsa) + wrong)
    # A TLSA record without data has no form of its own, but in ldns.
    path = os.path.join(lab.folder, "example.signed")
    with open(path, encoding="ascii") as file:
        text = re.sub(r"\tTLSA\t3 1 1 *$", "\tTYPE52\t\\\\# 3 030101",
                      file.read(), flags=re.M)
    lab.write("example.signed", text)
    lab.write("insecure.example.signed", zones.other_zone("insecure", tlsa))
    names = ["example", "bogus.example", "insecure.example"]
    lab.start_nsd([(name, name + ".signed") for name in names])
    lab.start_unbound(names, anchor, ["_25._tcp.mx.servfail.example",
                                      "dead.example", "silent.example"])
    lab.anchor = anchor


class Program:
    """tlsrpt-dns with the options of the lab."""

    def __init__(self, lab):
        self.options = ["--resolver=127.0.0.1@%d" % lab.resolver_port,
                        "--trust-anchor=" + lab.anchor,
                        "--ca-file=" + lab.ca.file, "--timeout=5",
                        "--helo=test.example"]
        self.connects = ["--connect=" + rule for rule in lab.connects]
        self.any = ["--connect=:443:127.0.0.1:%d" % lab.https_port,
                    "--connect=:25:127.0.0.1:%d" % lab.closed_port]
        self.runs = {}

    def words(self, words, redirect="all"):
        return (["tlsrpt-dns"] + list(words) + self.options +
                (self.connects if redirect else []) +
                (self.any if redirect == "all" else []))

    def plain(self, *words, redirect="all"):
        return subprocess.run(self.words(words, redirect), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=120, check=False)

    def json(self, *words, redirect="all"):
        done = self.plain(*words, "--format=json", redirect=redirect)
        if done.returncode not in range(4) or not done.stdout:
            raise SystemExit("%s: %d %s" % (words, done.returncode,
                                            done.stderr))
        found = json.loads(done.stdout)
        found["exit"] = done.returncode
        found["codes"] = [finding["code"] for finding in found["findings"]]
        found["words"] = words
        return found


def what_to_run():
    """Commands over domains; the audit of each tells most of it."""
    runs = [("audit", name + ".example") for name in zones.DOMAINS]
    runs += [("audit", "bogus.example"), ("audit", "insecure.example"),
             ("audit", "mimplicit.example"), ("check", "tlsrpt",
                                              "dead.example"),
             ("audit", "nothing.example"), ("audit", "silent.example")]
    for check in ("tlsrpt", "mta-sts", "dane"):
        runs += [("check", check, name + ".example")
                 for name in ("good", "tmissing", "sunmatched", "ee",
                              "dmismatch", "mexpired", "smissing", "dservfail",
                              "danchor", "drollover")]
    runs += [("check", "authorization", name + ".example")
             for name in ("good", "authyes", "authodd")]
    runs += [("audit", "good.example", "--selector=nosuch")]
    return runs


def text_runs(folder):
    """Records and policies as text, and what is made."""
    record = zones.RECORD
    texts = [record, "", "x", record + "\x01", '"%s"' % record, " " + record,
             "v=TSLRPTv1; rua=mailto:a@b.example",
             "v=TLSRPTv1 ; rua=mailto:a@b.example", "v=TLSRPTv1",
             record + ";;x=y", record + "; word", "v=TLSRPTv1; ru=mailto:a@b.c",
             "v=TLSRPTv1; rua =mailto:a@b.example", record + " ; x=y",
             record + record, record + "; x=" + "y" * 300,
             record + "; x=" + "y" * 5000, record + "; rua=mailto:a@b.example",
             record + "," + zones.REPORTS, record + ", mailto:a@b.example",
             "v=TLSRPTv1; x=y; rua=mailto:a@b.example", record + ",",
             "v=TLSRPTv1; rua=a@b.example", "v=TLSRPTv1; rua=ftp://b.example",
             "v=TLSRPTv1; rua=mailto//a@b.example",
             "v=TLSRPTv1; rua=https://b.example/{}", record + "!10m",
             "v=TLSRPTv1; rua=mailto:a%b@b.example", "v=TLSRPTv1; rua=mailto:a",
             record + "?x=y", "v=TLSRPTv1; rua=https:///",
             "v=TLSRPTv1; rua=https://a@b.example/",
             "v=TLSRPTv1; rua=mailto:a@b\u00fc.example"]
    runs = [("lint", "tlsrpt", text) for text in texts]
    runs += [("lint", "mta-sts", text) for text in (
        "v=STSv1; id=1", "v=STSv1; x=y", "v=STSv1; id=1; id=2",
        "v=STSv1; id=a-b")]
    good = zones.POLICY.format(mx="mx.example")
    head = "version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\n"
    policies = [good, "", "<html>", "\ufeff" + good, good + "x: \x01\r\n",
                good + "\r\n", good + " x: y\r\n", good + "x : y\r\n",
                good + "word\r\n", good.replace("\r", ""),
                good + "MX: b.example\r\n", good + "x: y\r\n",
                good + "mode: testing\r\n", "x: y\r\n",
                head + "max_age: 7d\r\n", head + "max_age: 60\r\n",
                good + "mx: *.*.example\r\n", good + "mx: mx.example\r\n",
                good.replace("enforce", "none"),
                good.replace("enforce", "testing"), good + "x" * 70000]
    for i, policy in enumerate(policies):
        path = os.path.join(folder, "policy%d.txt" % i)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(policy)
        runs.append(("lint", "mta-sts", path))
    make = ("make", "tlsrpt", "good.example")
    sts = ("make", "mta-sts", "smissing.example")
    runs += [make + ("--rua=mailto:a@good.example",),
             make + ("--rua=mailto:a@x.good.example", "--ttl=10"),
             make + ("--rua=" + zones.REPORTS,), sts,
             sts + ("--mx=other.example", "--mode=enforce"),
             sts + ("--offline", "--mx=mx.example")]
    return runs


def run_all(program, runs):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda words: program.json(*words), runs))


def check_codes(results, table):
    """Each code in one result, and missing from another of its command."""
    seen = {}
    for result in results:
        seen.setdefault(result["words"][0], []).append(set(result["codes"]))
    for code in table:
        with_it = [verb for verb, all_codes in seen.items()
                   if any(code in codes for codes in all_codes)]
        without = [verb for verb in with_it
                   if any(code not in codes for codes in seen[verb])]
        ok(bool(with_it) and with_it == without,
           "%s is found where it is, and not where it is not" % code,
           "found by: %s, left out by: %s" % (with_it, without))


def check_forms(results, table):
    wrong = []
    status = {"ok": 0, "warning": 1, "error": 2, "unknown": 3}
    for result in results:
        if status[result["status"]] != result["exit"]:
            wrong.append((result["words"], "status", result["exit"]))
        for finding in result["findings"]:
            severity, reference = table[finding["code"]]
            if finding["severity"] != severity:
                wrong.append((result["words"], finding))
            if not re.match(r"RFC \d+ §\d", finding["reference"]):
                wrong.append((result["words"], finding, reference))
    ok(not wrong, "statuses, severities and references are the table's",
       *wrong)


def only(results, words, expected):
    """Exactly these findings, in any order."""
    for result in results:
        if result["words"] == words:
            ok(sorted(result["codes"]) == sorted(expected),
               "%s: %s" % (" ".join(words), ", ".join(expected) or "nothing"),
               json.dumps(result["findings"], indent=1))
            return result
    ok(False, "%s was run" % (words,))
    return None


# What domains provoke, to the last code.
EXACT = [
    (("check", "tlsrpt", "good.example"), ["authorization-missing"]),
    (("check", "mta-sts", "good.example"), []),
    (("check", "dane", "good.example"), []),
    # DANE-EE: neither name nor date of the certificate counts.
    (("check", "dane", "ee.example"), []),
    (("check", "dane", "drollover.example"), ["dane-rollover"]),
    (("check", "dane", "dmismatch.example"), ["dane-mismatch"]),
    (("check", "dane", "danchor.example"), ["dane-anchor"]),
    # SERVFAIL is not NODATA.
    (("check", "dane", "dservfail.example"), ["dane-lookup"]),
    (("check", "mta-sts", "mexpired.example"), ["mx-certificate-expired"]),
    (("check", "mta-sts", "sunmatched.example"),
     ["policy-mx-unmatched", "policy-mx-unused"]),
    (("check", "mta-sts", "smissing.example"), ["sts-missing"]),
    (("check", "authorization", "authyes.example"),
     ["authorization-present"]),
]

GRADES = {"good": "A", "wild": "A", "ta": "A", "tmissing": "B",
          "mnostarttls": "F", "fenforce": "F", "dmismatch": "F",
          "fnopolicy": "C", "pall": "D"}


def check_grades(results):
    grades = {result["words"][1]: result for result in results
              if result["words"][0] == "audit" and len(result["words"]) == 2}
    for name, grade in GRADES.items():
        result = grades[name + ".example"]
        ok(result["grade"] == grade and
           (grade == "A") == (not result["because"]),
           "audit %s.example: grade %s, and why" % (name, grade),
           result["grade"], result["because"], result["codes"])
    silent = grades["silent.example"]
    ok(silent["grade"] is None and silent["because"] == ["dns-failure"] and
       silent["status"] == "unknown" and
       silent["codes"].count("dkim-unknown") == 0,
       "audit silent.example: no grade, since DNS does not answer",
       silent["grade"], silent["because"], silent["codes"])
    order = {"error": 0, "warning": 1, "info": 2}
    unordered = [result["words"] for result in results
                 if result["words"][0] == "audit" and
                 [order[f["severity"]] for f in result["findings"]] !=
                 sorted(order[f["severity"]] for f in result["findings"])]
    ok(not unordered, "advice comes in order of importance", unordered)


def check_records(results):
    """What tlsrpt-report drift reads."""
    for result in results:
        if result["words"] == ("check", "mta-sts", "good.example"):
            break
    policy = [r for r in result["records"] if r["type"] == "POLICY"]
    ok(len(policy) == 1 and policy[0]["mode"] == "enforce" and
       policy[0]["max_age"] == 1209600 and policy[0]["id"] == "1" and
       policy[0]["mx"] == ["mx.good.example"],
       "check mta-sts: the policy is in the records", result["records"])
    tlsa = [r for r in result["records"] if r["type"] == "TLSA"]
    ok(len(tlsa) == 1 and tlsa[0]["usage"] == 3 and tlsa[0]["dnssec"] and
       tlsa[0]["mx_host"] == "mx.good.example" and
       re.fullmatch("[0-9a-f]{64}", tlsa[0]["data"]),
       "check mta-sts: so are the TLSA records", result["records"])
    smtp = [r for r in result["records"] if r["type"] == "SMTP"]
    ok(len(smtp) == 1 and 80 < smtp[0]["days_left"] <= 90 and
       smtp[0]["trusted"], "check mta-sts: so is the certificate", smtp)


def check_memory(program, folder):
    """--remember: the id against the policy."""
    path = os.path.join(folder, "memory")
    words = ("check", "mta-sts", "good.example", "--remember=" + path)
    first = program.json(*words)
    with open(path, encoding="ascii") as file:
        domain, number_, digest = file.read().split()
    ok(first["codes"] == [] and (domain, number_) == ("good.example", "1"),
       "--remember: the first time, it is written down", first["codes"])
    ok(program.json(*words)["codes"] == [],
       "--remember: nothing has changed, nothing is said")
    results = []
    for line, code in (("good.example 1 " + "0" * 64, "sts-id-stale"),
                       ("good.example 0 " + digest, "sts-id-only")):
        with open(path, "w", encoding="ascii") as file:
            file.write("other.example 7 x\n" + line + "\n")
        result = program.json(*words)
        results.append(result)
        ok(result["codes"] == [code], "--remember: " + code, result["codes"])
    with open(path, encoding="ascii") as file:
        ok("other.example 7 x" in file.read(),
           "--remember: other domains stay")
    missing = program.json("check", "mta-sts", "good.example",
                           "--remember=/nonexistent/x")
    ok(missing["codes"] == ["not-remembered"] and missing["exit"] == 3,
       "--remember: a file that cannot be written is told", missing)
    return results + [missing]


def check_private(program):
    """What DNS names is not connected to when it is not public."""
    results = []
    for name in zones.PRIVATE:
        result = program.json("check", "mta-sts", name + ".example",
                              redirect=None)
        results.append(result)
        ok(result["codes"].count("private-address") == 2,
           "%s: neither web nor mail server is connected to" % name,
           result["findings"])
    results.append(program.json("check", "mta-sts", "shost.example",
                                redirect="known"))
    result = program.json("check", "mta-sts", "private.example",
                          "--allow-private", redirect=None)
    ok("policy-unreachable" in result["codes"] and
       "private-address" not in result["codes"],
       "--allow-private: it is tried", result["findings"])
    return results


def check_text(program):
    """Escapes from DNS and servers stay text."""
    done = program.plain("check", "tlsrpt", "tother.example")
    ok("hello" in done.stdout and "\x1b" not in done.stdout,
       "escapes in a TXT record are shown as text", done.stdout)
    done = program.plain("audit", "mrefuse.example")
    ok("go away" in done.stdout and "\x1b" not in done.stdout,
       "escapes in a greeting are shown as text", done.stdout)
    done = program.plain("audit", "tother.example", "--format=html")
    ok(done.stdout.startswith("<!DOCTYPE html>") and
       "\x1b" not in done.stdout and "<script" not in done.stdout,
       "the page holds no escapes and no script")


def check_many(program, folder):
    path = os.path.join(folder, "domains")
    names = ["good", "tmissing", "mnostarttls", "wild", "ta"] * 4
    with open(path, "w", encoding="ascii") as file:
        file.write("# domains\n\n" +
                   "".join(name + ".example\n" for name in names))
    done = program.plain("audit", "--file=" + path, "--format=json",
                         "--progress")
    domains = [json.loads(line)["domain"] for line in
               done.stdout.splitlines()]
    ok(domains == [name + ".example" for name in names] and
       done.returncode == 2, "audit --file: a line each, in order", domains)
    ok("20/20" in done.stderr, "audit --file: a progress line",
       repr(done.stderr))
    done = program.plain("audit", "good.example", "bad name")
    ok(done.returncode == 64, "audit: what is no domain is refused")


def check_speed(program):
    begin = time.monotonic()
    program.plain("audit", "good.example")
    took = time.monotonic() - begin
    ok(took < 10, "an audit takes less than 10 s (%.2f s)" % took)
    begin = time.monotonic()
    result = program.json("audit", "mendless.example", "--timeout=2")
    ok(time.monotonic() - begin < 20 and "mx-server-refused" not in
       result["codes"], "a greeting without an end comes to an end")


def check_make(program):
    """A mailbox in another domain may lie behind the same MX hosts."""
    done = program.json("make", "tlsrpt", "good.example",
                        "--rua=mailto:a@tmissing.example")
    ok("make-same-mx" in done["codes"],
       "make tlsrpt: the same MX hosts behind another domain", done)
    done = program.json("make", "tlsrpt", "good.example",
                        "--rua=mailto:a@reports.example")
    ok("make-same-mx" not in done["codes"],
       "make tlsrpt: other MX hosts behind another domain", done)
    done = program.plain("make", "mta-sts", "dsome.example",
                         "--format=policy")
    ok(done.stdout == "version: STSv1\nmode: testing\nmx: mx.good.example\n"
       "mx: mx.plain.example\nmax_age: 604800\n",
       "make mta-sts: the live MX hosts are in it", done.stdout)


def check_time(program):
    """Servers that say nothing are given up."""
    port = dns_lab.MailServer("silent").port
    begin = time.monotonic()
    done = program.plain(
        "check", "mta-sts", "good.example", "--timeout=1", "--format=json",
        "--connect=:25:127.0.0.1:%d" % port,
        "--connect=:443:127.0.0.1:%d" % port, redirect=None)
    took = time.monotonic() - begin
    found = json.loads(done.stdout)
    codes = [finding["code"] for finding in found["findings"]]
    ok(took < 8 and codes == ["policy-unreachable"] and done.returncode == 2,
       "a web server that says nothing is given up (%.1f s)" % took, found)
    begin = time.monotonic()
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        done = subprocess.run(
            ["tlsrpt-dns", "audit", "good.example", "--timeout=1",
             "--resolver=127.0.0.1@%d" % deaf.getsockname()[1]],
            stdout=subprocess.PIPE, text=True, check=False)
    took = time.monotonic() - begin
    ok(took < 20 and done.returncode == 3,
       "a resolver that says nothing is given up (%.1f s)" % took,
       done.stdout)


def report_of(day, policies):
    """One day of good.example as one sender saw it."""
    return json.dumps({
        "organization-name": "Sender", "contact-info": "tls@sender.example",
        "report-id": "%s_good" % day, "date-range": {
            "start-datetime": "%sT00:00:00Z" % day,
            "end-datetime": "%sT23:59:59Z" % day},
        "policies": [{"policy": {
            "policy-type": kind, "policy-string": strings,
            "policy-domain": "good.example"}, "summary": {
                "total-successful-session-count": 9,
                "total-failure-session-count": len(hosts)},
            "failure-details": [{
                "result-type": "certificate-expired",
                "receiving-mx-hostname": host, "failed-session-count": 1}
                for host in hosts]} for kind, strings, hosts in policies]})


def drift(program, folder, name, policies):
    """What tlsrpt-dns finds, into tlsrpt-report drift: its status and codes."""
    database = "sqlite:%s/%s.db" % (folder, name)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    path = os.path.join(folder, name + ".json")
    with open(path, "w", encoding="ascii") as out:
        out.write(report_of(day, policies))
    subprocess.run(["tlsrpt-ingest", "-q", "-d", database, path], check=True)
    live = "".join(program.plain("check", check, "good.example",
                                 "--format=json").stdout
                   for check in ("mta-sts", "dane"))
    done = subprocess.run(
        ["tlsrpt-report", "-d", database, "drift", "good.example",
         "--live=-", "--format=json"], input=live,
        stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, sorted(json.loads(line).get("code")
                                   for line in done.stdout.splitlines())


def check_drift(program, folder):
    """Reports against the zone as it is, from program to program."""
    found = program.json("check", "mta-sts", "good.example")
    tlsa = [record["value"] for record in found["records"]
            if record["type"] == "TLSA"]
    seen = drift(program, folder, "same", [
        ("sts", ["version: STSv1", "mode: enforce", "mx: mx.good.example",
                 "max_age: 1209600"], ["mx.good.example"]),
        ("tlsa", tlsa, [])])
    ok(seen == (0, []),
       "drift: none, where senders saw what is published", seen)
    seen = drift(program, folder, "other", [
        ("sts", ["version: STSv1", "mode: testing", "mx: old.good.example",
                 "max_age: 604800"], ["old.good.example"]),
        ("tlsa", ["3 1 1 " + "ab" * 32], [])])
    ok(seen == (1, ["mode-differs", "policy-not-seen", "tlsa-not-seen",
                    "tlsa-withdrawn", "unknown-mx"]),
       "drift: mode, MX and TLSA records that senders saw otherwise", seen)


def check_snippet(lab, program):
    """The nginx part that make prints is taken by nginx."""
    done = program.plain("make", "mta-sts", "good.example", "--format=nginx",
                         "--offline", "--mx=mx.example")
    pem = os.path.join(lab.folder, "mta-sts.good.example.pem")
    text = re.sub("/etc/ssl/[^;]*", pem, done.stdout)
    text = text.replace("443", str(dns_lab.free_port())).replace(
        "listen [::]:", "# listen ")
    path = lab.write("snippet.conf", "pid %s/s.pid;\nevents { }\nhttp {\n"
                     "access_log off;\n%s}\n" % (lab.folder, text))
    tested = subprocess.run(
        [dns_lab.tool("nginx"), "-t", "-c", path, "-e",
         lab.folder + "/s.log"], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    ok(tested.returncode == 0, "nginx takes the part that make prints",
       tested.stdout, text)


def read_table():
    lines = subprocess.run(["print_findings"], stdout=subprocess.PIPE,
                           text=True, check=True).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    return {row[0]: (row[1], row[3]) for row in rows}


def test(lab):
    program = Program(lab)
    table = read_table()
    results = run_all(program, what_to_run() + text_runs(lab.folder))
    for words, expected in EXACT:
        only(results, words, expected)
    check_grades(results)
    check_records(results)
    results += check_memory(program, lab.folder)
    results += check_private(program)
    check_forms(results, table)
    check_codes(results, table)
    check_text(program)
    check_many(program, lab.folder)
    check_speed(program)
    check_make(program)
    check_time(program)
    check_drift(program, lab.folder)
    check_snippet(lab, program)
    if lab.real_postfix:
        ok(True, "mx.good.example was a real Postfix")
    else:
        print("ok %d - mx.good.example was a real Postfix # SKIP its master "
              "needs root" % (number + 1))


def main():
    folder = sys.argv[1]
    os.chmod(folder, 0o755)
    # So that what was started is ended, whoever ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    lab = dns_lab.Lab(folder)
    try:
        tlsa = serve_mail(lab)
        serve_web(lab)
        serve_dns(lab, tlsa)
        for port in (lab.dns_port, lab.resolver_port, lab.https_port):
            lab.wait(port)
        test(lab)
    finally:
        lab.stop()
    print("1..%d" % (number + (not lab.real_postfix)))
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
