#!/usr/bin/env python3
"""Run what Grafana would run: grafana_check.py MODE URI FOLDER [ARGUMENT...]

Every query of the dashboards and alert rules in FOLDER (contrib/grafana), with
variables and macros put in as Grafana's PostgreSQL data source does it, on a
real server.  Each finding is a line on stdout; none means that all is well.

  model		the JSON files alone; URI is not used
  run		all queries, All and several values: columns and types
  full		as run, and no panel is without data
  hostile	values that would like to be SQL
  tenant URI DOMAIN...	a tenant of these sees what the role of that URI sees of
		them, and no panel is without data that should have some
  plans DOMAIN [strict]	no query reads a large table from end to end; strict:
		nor a month of the sums
  logged LOG NAME [strict]	the same of a log of auto_explain; URI is not used
  time DAYS [DOMAIN]	milliseconds of each query, best of three
  data		the rows of the overview as JSON, for a picture
  drawn PAGE	that picture's page has each panel of it, with data
"""
import datetime
import decimal
import html.parser
import json
import pathlib
import re
import sys
import time

import psycopg2
import yaml

CORE = {"stat", "timeseries", "table", "bargauge", "state-timeline"}
NUMBERS = {20, 21, 23, 700, 701, 1700}
TIMES = {1114, 1184}
TEXTS = {25, 1043}
NOW = datetime.datetime.now(datetime.timezone.utc)
HOSTILE = ["x'); DROP TABLE tlsrpt.report; --", "\\'; SELECT 1; --", "$$",
           "${domain}", "$__timeFilter(x)", "%", "a'b\"c", "\\", "ü\u202e"]


def sqlstring(values):
    """Grafana's format sqlstring: quotes doubled, joined by commas."""
    return ",".join("'" + str(v).replace("'", "''") + "'" for v in values)


def interpolate(sql, variables, chosen):
    """Put variables in; a value of None is All."""
    def one(match):
        name = match.group(1) or match.group(2)
        form = match.group(3)
        if name not in variables:
            return match.group(0)
        values = chosen.get(name)
        if values is None:
            return variables[name]["allValue"]  # as it stands
        if form == "sqlstring":
            return sqlstring(values)
        return ",".join(values)
    return re.sub(r"\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)",
                  lambda m: one(_Groups(m)), sql)


class _Groups:
    """${name:form} and $name, seen alike."""
    def __init__(self, match):
        self.match = match

    def group(self, n):
        first, form, bare = self.match.groups()
        return {0: self.match.group(0), 1: first, 2: bare, 3: form}[n]


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def expand(sql, since, until):
    """The macros, as pkg/tsdb/grafana-postgresql-datasource/macros.go has them."""
    def one(match):
        name = match.group(1)
        args = [arg.strip(" ") for arg in match.group(2).split(",")]
        if name == "__timeFilter":
            return "%s BETWEEN '%s' AND '%s'" % (args[0], stamp(since),
                                                 stamp(until))
        if name == "__timeFrom":
            return "'%s'" % stamp(since)
        if name == "__timeTo":
            return "'%s'" % stamp(until)
        if name in ("__timeGroup", "__timeGroupAlias"):
            unit = {"h": 3600, "d": 86400}[args[1].strip("'")[-1]]
            seconds = int(args[1].strip("'")[:-1]) * unit
            text = "floor(extract(epoch from %s)/%d)*%d" % (args[0], seconds,
                                                            seconds)
            return text + (' AS "time"' if name.endswith("Alias") else "")
        raise ValueError("unknown macro " + name)
    return re.sub(r"\$([_a-zA-Z0-9]+)\(([^\)]*)\)", one, sql)


class Grafana:
    def __init__(self, folder):
        self.dashboards = [json.loads(path.read_text()) for path in
                           sorted((folder / "dashboards").glob("*.json"))]
        self.rules = []
        for path in sorted((folder / "provisioning/alerting").glob("*.yaml")):
            for group in yaml.safe_load(path.read_text())["groups"]:
                self.rules += group["rules"]

    def queries(self):
        """(name, kind, form, SQL, variables) of everything that asks."""
        for board in self.dashboards:
            known = {v["name"]: v for v in board["templating"]["list"]}
            for variable in known.values():
                if variable["type"] == "query":
                    yield (board["uid"] + "/$" + variable["name"], "variable",
                           "table", variable["query"], known)
            for panel in board["panels"]:
                for target in panel["targets"]:
                    yield (board["uid"] + "/" + panel["title"], panel["type"],
                           target["format"], target["rawSql"], known)
        for rule in self.rules:
            for data in rule["data"]:
                if data["datasourceUid"] != "__expr__":
                    yield ("alert/" + rule["uid"], "alert",
                           data["model"]["format"], data["model"]["rawSql"],
                           {})


def chosen_for(known, choice):
    """None is All; a variable without All takes its first value."""
    values = {}
    for name, variable in known.items():
        if variable["type"] == "custom":
            values[name] = choice.get(name, [variable["current"]["value"]])
        elif variable.get("includeAll"):
            values[name] = choice.get(name)
        else:
            values[name] = (choice.get(name) or choice["one"])[:1]
    return values


def ask(cursor, name, sql, known, choice, days):
    text = interpolate(sql, known, chosen_for(known, choice))
    text = expand(text, NOW - datetime.timedelta(days=days), NOW)
    if re.search(r"\$(__|\{)", text) and "hostile" not in choice:
        raise ValueError(name + ": something is not put in: " + text)
    cursor.execute(text)
    return cursor.description, cursor.fetchall()


def check_columns(name, kind, form, columns, rows):
    names = [c.name for c in columns]
    types = [c.type_code for c in columns]
    if len(set(names)) != len(names):
        yield "columns of one name: %s" % names
    if form == "time_series":
        if names[0] != "time" or types[0] not in NUMBERS | TIMES:
            yield "the first column is not a time"
        rest = list(zip(names[1:], types[1:]))
        metrics = [n for n, t in rest if t in TEXTS]
        if metrics not in ([], ["metric"]):
            yield "a text that is not the metric: %s" % metrics
        if not any(t in NUMBERS for _, t in rest):
            yield "no number"
        if any(t not in NUMBERS | TEXTS for _, t in rest):
            yield "a value that is no number: %s" % rest
        keys = [(r[0], r[1] if metrics else None) for r in rows]
        if len(set(keys)) != len(keys):
            yield "two values for one point"
        if [k[0] for k in keys] != sorted(k[0] for k in keys):
            yield "not in order of time"
    elif kind == "stat":
        if len(columns) != 1 or types[0] not in NUMBERS or len(rows) != 1:
            yield "not one number but %s, %d rows" % (names, len(rows))
    elif kind == "bargauge":
        if [t in NUMBERS for t in types] != [False, True]:
            yield "not a name and a number: %s" % names
    elif kind == "variable":
        if len(columns) != 1 or types[0] not in TEXTS:
            yield "not one text"
    elif any(t not in NUMBERS | TIMES | TEXTS for t in types):
        yield "a type that a table cannot show: %s" % list(zip(names, types))
    if kind == "alert" and form != "time_series":
        yield "an alert rule that is no time series"


def run(grafana, cursor, choice, days=3660, full=False):
    for name, kind, form, sql, known in grafana.queries():
        try:
            columns, rows = ask(cursor, name, sql, known, choice, days)
        except (psycopg2.Error, ValueError, KeyError) as error:
            print("%s: %s" % (name, error))
            continue
        for finding in check_columns(name, kind, form, columns, rows):
            print("%s: %s" % (name, finding))
        empty = not rows or all(v is None for row in rows for v in row)
        if full and empty and kind != "alert":
            print("%s: no data" % name)


def hostile(grafana, cursor):
    """Nothing is found, nothing breaks, nothing is gone."""
    for value in HOSTILE:
        names = ("domain", "reporter", "policy_type", "result_type")
        choice = {name: [value, "other"] for name in names}
        choice.update(one=[value], hostile=True)
        for name, kind, form, sql, known in grafana.queries():
            if kind in ("variable", "alert") or "${domain" not in sql:
                continue
            try:
                _, rows = ask(cursor, name, sql, known, choice, 3660)
            except psycopg2.errors.SyntaxError as error:
                # Grafana expands a macro in a value too, which breaks the
                # query; what the value brings stays inside the quotes.
                if "$__" not in value:
                    print("%s: %r: %s" % (name, value, error))
                continue
            except psycopg2.Error as error:
                print("%s: %r: %s" % (name, value, error))
                continue
            if kind != "stat" and rows:
                print("%s: %r finds %s" % (name, value, rows[:1]))
    cursor.execute("SELECT count(*) FROM tlsrpt.daily_total")
    if cursor.fetchone()[0] == 0:
        print("the rows are gone")


BIG = re.compile(r"^(report|policy|failure|policy_day|failure_day)"
                 r"_(\d{4}_\d{2}|default)$|^(intake)$")

def scans(node):
    yield node
    for child in node.get("Plans", []):
        yield from scans(child)


# What came in is nobody's domain's, and tenants see none of it; nor when what
# is summed up for all came in.
NOT_TENANTS = {"tlsrpt-overview/Set aside"}


def tenant(grafana, cursor, other, domains, days=3660):
    """All that a tenant sees is what others see of its domains."""
    mine, theirs = {"one": domains}, {"one": domains, "domain": domains}
    other.execute("SELECT policy_domain FROM tlsrpt.known_domain"
                  " WHERE policy_domain <> ALL (%s)", (domains,))
    foreign = [row[0] for row in other.fetchall()]
    differ = 0
    for name, kind, form, sql, known in grafana.queries():
        _, rows = ask(cursor, name, sql, known, mine, days)
        hidden = name in NOT_TENANTS or name.startswith("tlsrpt-pipeline/")
        empty = not rows or all(not v for row in rows for v in row)
        if hidden and not empty:
            print("%s: a tenant sees %s" % (name, rows[:1]))
        if kind == "alert":
            texts = " ".join(str(v) for row in rows for v in row)
            for one in foreign:
                if re.search(r"\b%s\b" % re.escape(one), texts):
                    print("%s: a tenant sees %s" % (name, one))
        if hidden or kind == "alert":
            continue
        if empty:
            print("%s: no data for a tenant" % name)
        _, all_rows = ask(other, name, sql, known, mine, days)
        if kind == "variable":
            if name.endswith("$domain"):
                all_rows = [row for row in all_rows if row[0] in domains]
            if not set(rows) <= set(all_rows):
                print("%s: a tenant sees more: %s" % (
                    name, set(rows) - set(all_rows)))
            continue
        for one in foreign if "${domain" in sql else ():
            _, found = ask(cursor, name, sql, known,
                           {"one": [one], "domain": [one]}, days)
            if any(v for row in found for v in row):
                print("%s: a tenant sees %s of %s" % (name, found[0], one))
        differ += sorted(map(str, rows)) != sorted(map(str, all_rows))
        _, rest = ask(other, name, sql, known, theirs, days)
        if round_all(rows) != round_all(rest):
            print("%s: a tenant sees %s, not %s" % (
                name, sorted(set(map(str, rows)) - set(map(str, rest)))[:2],
                sorted(set(map(str, rest)) - set(map(str, rows)))[:2]))
    if differ < 15:
        print("what others see differs in %d panels only" % differ)


def round_all(rows):
    """Without an order, and without the time that went by."""
    return sorted(str([round(float(v), 2) if isinstance(v, (float, decimal.Decimal))
                       else v for v in row]) for row in rows)


def plans(grafana, cursor, choice, rows=5000, nothing_whole=False):
    """
    Where all domains are asked about, a month of the sums may be read whole;
    reports and policies never, nor the sums of months outside the range.
    """
    for several in (False, True):
        picked = dict(choice)
        if several:
            picked["domain"] = choice["one"] * 2
        for name, kind, form, sql, known in grafana.queries():
            text = expand(interpolate(sql, known, chosen_for(known, picked)),
                          NOW - datetime.timedelta(days=30), NOW)
            cursor.execute("EXPLAIN (FORMAT json, ANALYZE) " + text)
            plan = cursor.fetchone()[0][0]["Plan"]
            look_at_plan(name, plan, nothing_whole or (
                several and "${domain" in sql), rows,
                         31 if "$__timeFilter(day)" in sql else None)


def look_at_plan(name, plan, strict, rows, days):
    """days: no sums of months before may be read; strict: nor any whole."""
    first = (NOW - datetime.timedelta(days=days or 0)).strftime("%Y_%m")
    for node in scans(plan):
        table = BIG.match(node.get("Relation Name", ""))
        if not table or not node["Actual Loops"]:
            continue
        seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        whole = node["Node Type"].endswith("Seq Scan")
        sums = (table.group(1) or "").endswith("_day")
        if whole and seen > rows and (strict or not sums):
            print("%s: reads all of %s (%d rows)" % (
                name, node["Relation Name"], seen))
        if sums and days and node["Actual Rows"] > 50 and (
                table.group(2) < first):
            print("%s: reads %s, which is out of range" % (
                name, node["Relation Name"]))


def logged(path, name, strict, rows=5000):
    """The same of the plans that auto_explain wrote into a server's log."""
    text = pathlib.Path(path).read_text(errors="replace")
    found = re.findall(r"  plan:\n((?:\t.*\n)+)", text)
    for one in found:
        look_at_plan(name, json.loads(one)["Plan"], strict, rows, 62)
    if not found:
        print(name + ": no plan was logged")


def measure(grafana, cursor, choice, days):
    for name, kind, form, sql, known in grafana.queries():
        if kind == "alert":
            continue
        best = None
        for _ in range(3):
            start = time.monotonic()
            ask(cursor, name, sql, known, choice, days)
            took = (time.monotonic() - start) * 1000
            best = took if best is None else min(best, took)
        print("%8.1f  %s" % (best, name))


def data(grafana, cursor, uid, days):
    """What contrib/grafana/draw-dashboard draws."""
    board = [b for b in grafana.dashboards if b["uid"] == uid][0]
    known = {v["name"]: v for v in board["templating"]["list"]}
    panels = []
    for panel in board["panels"]:
        columns, rows = ask(cursor, panel["title"], panel["targets"][0]["rawSql"],
                            known, {"one": []}, days)
        panels.append(dict(panel, columns=[c.name for c in columns], rows=rows))
    until = NOW.timestamp()
    return {"title": board["title"], "panels": panels, "until": until,
            "since": until - days * 86400,
            "variables": [(v["label"], "".join(
                v.get("current", {}).get("text", "tlsrpt")))
                          for v in known.values()]}


class Page(html.parser.HTMLParser):
    """Title -> the text and the number of marks of each section."""
    def __init__(self):
        super().__init__()
        self.panels, self.title, self.open = {}, None, []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "rect", "path", "circle"):
            self.open.append(tag)
        elif self.open[-1] == "svg" and self.title and tag != "meta":
            self.panels[self.title][1] += 1
        if tag in ("script", "img", "iframe", "a"):
            print("the page holds what was not drawn: " + tag)
        if tag == "h2":
            self.title = ""
        elif tag == "td":
            self.panels[self.title][1] += 1

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            print("the page closes what is not open: " + tag)
        if tag == "h2":
            self.panels[self.title] = ["", 0]

    def handle_data(self, data):
        if self.open[-1:] == ["h2"]:
            self.title += data
        elif self.title:
            self.panels[self.title][0] += data


def drawn(grafana, path):
    page = Page()
    page.feed(pathlib.Path(path).read_text())
    if page.open:
        print("the page leaves open: %s" % page.open)
    board = [b for b in grafana.dashboards if b["uid"] == "tlsrpt-overview"][0]
    for panel in board["panels"]:
        text, marks = page.panels.get(panel["title"], ("", 0))
        if panel["type"] == "stat":
            good = re.match(r"-?\d", text)
        else:
            good = marks > 3 and "No data" not in text
        if not good:
            print("the page shows nothing of " + panel["title"])


def model(grafana, folder):
    uids = {board["uid"] for board in grafana.dashboards}
    for board in grafana.dashboards:
        where = board["uid"]
        text = json.dumps(board)
        taken = set()
        if board["id"] is not None or not 39 <= board["schemaVersion"] <= 42:
            print(where + ": id or schemaVersion")
        if board["timezone"] != "utc" or board["time"]["from"] != "now-30d":
            print(where + ": time")
        ids = [panel["id"] for panel in board["panels"]]
        if len(set(ids)) != len(ids):
            print(where + ": ids")
        for panel in board["panels"]:
            title = where + "/" + panel["title"]
            if panel["type"] not in CORE:
                print(title + ": not a core panel: " + panel["type"])
            if len(panel["description"]) < 10:
                print(title + ": no description")
            if panel["datasource"]["uid"] != "${datasource}":
                print(title + ": data source")
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            if cells & taken or at["x"] + at["w"] > 24:
                print(title + ": overlaps another")
            taken |= cells
        for uid in re.findall(r'/d/([\w-]+)', text):
            if uid not in uids:
                print(where + ": links to " + uid)
        used = set(re.findall(r"\$\{(\w+)(?::sqlstring)?\}", text))
        known = {v["name"] for v in board["templating"]["list"]}
        if {u for u in used if not u.startswith("__")} - known:
            print(where + ": unknown variables: %s" % (used - known))
    sources = yaml.safe_load(
        (folder / "provisioning/datasources/tlsrpt.yaml").read_text())
    source = {s["uid"]: s for s in sources["datasources"]}["tlsrpt"]
    if not {"database", "sslmode", "postgresVersion"} <= set(source["jsonData"]):
        print("data source: jsonData")
    if len(grafana.rules) < 6 or len(grafana.dashboards) != 4:
        print("dashboards or rules are missing")
    for rule in grafana.rules:
        refs = {data["refId"]: data for data in rule["data"]}
        if rule["condition"] not in refs:
            print("alert/%s: condition" % rule["uid"])
        for data in rule["data"]:
            span = data["relativeTimeRange"]["from"]
            if data["datasourceUid"] == "__expr__":
                if data["model"]["expression"] not in refs:
                    print("alert/%s: expression" % rule["uid"])
            elif data["datasourceUid"] != "tlsrpt" or span < 172800:
                print("alert/%s: data source or range" % rule["uid"])
        if not rule["annotations"].get("summary") or not rule.get(
                "noDataState"):
            print("alert/%s: annotations or noDataState" % rule["uid"])


def main():
    mode, uri, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    grafana = Grafana(folder)
    if mode == "model":
        model(grafana, folder)
        return
    if mode == "logged":
        logged(sys.argv[4], sys.argv[5], sys.argv[6:] == ["strict"])
        return
    if mode == "drawn":
        drawn(grafana, sys.argv[4])
        return
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error")
    some = {"one": ["example.net"], "domain": ["example.net", "d7.example"],
            "reporter": ["Google Inc.", "Microsoft Corporation"],
            "policy_type": ["sts", "tlsa"], "verified": ["pass"],
            "result_type": ["certificate-expired", "validation-failure"]}
    if mode in ("run", "full"):
        one = sys.argv[4:5] or ["example.net"]
        run(grafana, cursor, {"one": one}, full=mode == "full")
        run(grafana, cursor, some)
    elif mode == "hostile":
        hostile(grafana, cursor)
    elif mode == "plans":
        plans(grafana, cursor, {"one": sys.argv[4:5]},
              nothing_whole=sys.argv[5:] == ["strict"])
    elif mode == "tenant":
        other = psycopg2.connect(sys.argv[4])
        other.autocommit = True
        tenant(grafana, cursor, other.cursor(), sys.argv[5:])
    elif mode == "time":
        measure(grafana, cursor, {"one": [sys.argv[5]]}, int(sys.argv[4]))
    elif mode == "data":
        json.dump(data(grafana, cursor, "tlsrpt-overview", 30), sys.stdout,
                  default=float)


main()
