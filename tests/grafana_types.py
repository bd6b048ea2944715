#!/usr/bin/env python3
"""Check dashboards by Grafana's types: grafana_types.py FOLDER TSC SCHEMA...

FOLDER holds the dashboards' JSON; TSC is TypeScript's compiler; each SCHEMA is
an unpacked package @grafana/schema.  Writes a TypeScript file beside each, with
every dashboard, variable, and panel as a value of the type that Grafana gives
it, options and fields of a panel by its kind, and has them all compiled.  What
the compiler says is printed, with the name of what it is about; the exit
status is 1 then.
"""
import json
import pathlib
import re
import subprocess
import sys

HEAD = """\
import type { Dashboard, Panel, VariableModel } from '@grafana/schema';
%s
// JSON has no enumerations: what they stand for is as good.  What a dashboard
// leaves out, Grafana puts in.
type Plain<T> = T extends string ? `${T}`
    : T extends number ? (`${T}` extends `${infer N extends number}` ? N : T)
    : T extends (infer U)[] ? Plain<U>[]
    : T extends object ? { [K in keyof T]: Plain<T[K]> }
    : T;
type Most<T> = Partial<Plain<T>>;
type Board = Omit<Plain<Dashboard>, 'panels' | 'templating' | 'timepicker'
    | 'annotations'> & {
    panels: unknown[]; templating: { list: unknown[] }; timepicker: {};
    annotations: { list: [] } };
type Config = NonNullable<Plain<Panel>['fieldConfig']>;
type Fields = Omit<Config['defaults'], 'custom'>;
type Shown<O, F> = Omit<Plain<Panel>, 'options' | 'fieldConfig'> & {
    options: Most<O>; fieldConfig: {
        defaults: Fields & { custom?: Most<F> };
        overrides: Config['overrides'] } };
"""


# What Grafana's manual has, and its types do not.
MORE = {"state-timeline": "{ spanNulls: boolean | number }"}


def name_of(kind):
    return kind.replace("-", "")


def declarations(schema, kind):
    """The file with a kind's types, which moved from release to release."""
    found = sorted(schema.rglob("composable/%s/panelcfg/x/*.d.ts" %
                                name_of(kind)))
    if not found:
        raise SystemExit("%s: no types of %s" % (schema, kind))
    return found[0]


def index(schema):
    for name in ("dist/types/index.d.ts", "dist/cjs/index.d.cts",
                 "dist/index.d.ts"):
        if (schema / name).exists():
            return schema / name
    raise SystemExit("%s: no types" % schema)


def write(schema, boards):
    kinds = sorted({p["type"] for b in boards for p in b["panels"]})
    head, has_fields = [], {}
    for kind in kinds:
        path = declarations(schema, kind)
        has_fields[kind] = "interface FieldConfig" in path.read_text()
        head.append("import type * as %s from './%s';" % (
            name_of(kind), re.sub(r"\.d\.ts$", "", str(
                path.relative_to(schema)))))
    lines = (HEAD % "\n".join(head)).split("\n")
    where = {}

    def value(type_name, what, name):
        lines.append("const v%d: %s =" % (len(where), type_name))
        where[len(lines)] = name
        lines.extend(json.dumps(what, indent=1).split("\n"))
        lines[-1] += ";"

    for board in boards:
        value("Board", dict(board, panels=[], templating={"list": []}),
              board["uid"])
        for variable in board["templating"]["list"]:
            value("Plain<VariableModel>", variable,
                  "%s/$%s" % (board["uid"], variable["name"]))
        for panel in board["panels"]:
            kind = name_of(panel["type"])
            fields = MORE.get(panel["type"], "{}")
            if has_fields[panel["type"]]:
                fields += " & %s.FieldConfig" % kind
            value("Shown<%s.Options, %s>" % (kind, fields), panel,
                  "%s/%s" % (board["uid"], panel["title"]))
            for one in panel["fieldConfig"]["overrides"]:
                value("Fields", {p["id"]: p["value"]
                                 for p in one["properties"]},
                      "%s/%s, %s" % (board["uid"], panel["title"],
                                     one["matcher"]["options"]))
    (schema / "check.ts").write_text("\n".join(lines) + "\nexport {};\n")
    (schema / "tsconfig.json").write_text(json.dumps({
        "compilerOptions": {
            "strict": True, "noEmit": True, "skipLibCheck": True,
            "target": "es2022", "module": "esnext",
            "moduleResolution": "bundler", "types": [], "lib": ["es2022"],
            "paths": {"@grafana/schema": [
                "./" + str(index(schema).relative_to(schema))]}},
        "files": ["check.ts"]}))
    return where


def main():
    folder, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    boards = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    bad = not boards
    for schema in map(pathlib.Path, sys.argv[3:]):
        where = write(schema, boards)
        done = subprocess.run([compiler, "--pretty", "false", "-p", "."],
                              cwd=schema, capture_output=True, text=True,
                              check=False)
        version = json.loads((schema / "package.json").read_text())["version"]
        for line in done.stdout.splitlines():
            match = re.match(r"check\.ts\((\d+),\d+\): (.*)", line)
            about = ""
            if match:
                number = int(match.group(1))
                about = where[max(w for w in where if w <= number)] + ": "
                line = match.group(2)
            print("Grafana %s: %s%s" % (version, about, line))
        bad |= done.returncode != 0
        if done.returncode != 0 and not done.stdout:
            print(done.stderr)
    return bad


sys.exit(main())
