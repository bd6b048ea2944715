#!/usr/bin/env python3
"""Compare what tlsrpt-ingest reads out of a collection of other people's
reports with what was worked out for each of them by other means.

    corpus_compare.py CORPUS PRINT-VOCABULARY

CORPUS/expected.jsonl has one line a file; PRINT-VOCABULARY is the program
that lists the deviations and their weights.
"""

import json
import os
import subprocess
import sys

from samples_compare import Tap, decode

# The class of a report is that of its heaviest deviation.
CLASSES = (("partial", "partial"), ("doubtful", "choice"),
           ("tolerated", "tolerant"))


def read_weights(program):
    ran = subprocess.run([program, "deviations"], check=True,
                         stdin=subprocess.DEVNULL, capture_output=True)
    rows = [line.split("\t") for line in ran.stdout.decode().splitlines()]
    return {row[0]: row[1] for row in rows}


def classify(report, weights):
    present = {weights[code] for code in report["deviations"]}
    for weight, name in CLASSES:
        if weight in present:
            return name
    return "valid"


def summarize(result, weights):
    """What the collection says of a file, out of what the program says."""
    reports = result["reports"]
    if not reports:
        return {"class": "reject"}
    report = reports[0]
    policies = report["policies"]
    return {
        "class": classify(report, weights),
        "reports": len(reports),
        "organization": report["organization"],
        "report_id": report["report_id"],
        "policies": len(policies),
        "successful": sum(policy["successful"] for policy in policies),
        "failed": sum(policy["failed"] for policy in policies),
        "failures": sum(len(policy["failures"]) for policy in policies),
    }


def same(want, got):
    """Long texts are cut in the collection; what is missing is "" there."""
    if isinstance(want, str) and want.endswith("..."):
        return isinstance(got, str) and got.startswith(want[:-3])
    return want == got or (not want and got is None)


def compare(corpus, row, weights):
    try:
        result = decode(os.path.join(corpus, row["path"]))
        got = summarize(result, weights)
    except (ValueError, KeyError, OSError,
            subprocess.SubprocessError) as error:
        return [f"{type(error).__name__}: {error}"]
    want = {"class": row["class"], "reports": 1, **row}
    if row["class"] == "reject":
        want = {"class": "reject"}
    problems = [f"{key}: want {json.dumps(want[key])},"
                f" got {json.dumps(got.get(key))}"
                for key in sorted(set(want) & set(got) | {"class"})
                if not same(want[key], got.get(key))]
    if problems:
        problems.append(f"odd: {row['odd']}")
        problems.append(f"notes: {row['notes']}")
        problems += [" ".join(report["deviations"])
                     for report in result["reports"]]
    return problems


def main():
    corpus, vocabulary = sys.argv[1:]
    weights = read_weights(vocabulary)
    tap = Tap()
    with open(os.path.join(corpus, "expected.jsonl"),
              encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        tap.test(row["path"].replace("#", "_"), compare(corpus, row, weights))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
