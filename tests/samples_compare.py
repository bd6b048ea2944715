#!/usr/bin/env python3
"""Compare what tlsrpt-ingest reads out of samples/ with what it should.

    samples_compare.py TOP

samples.expected.jsonl has one line a file.  What a line does not mention is
not compared; a number where the program prints a list is its length.
"""

import json
import os
import subprocess
import sys

PROGRAM = ["tlsrpt-ingest", "--dry-run", "--no-progress", "--format=json"]


class Tap:
    """Test Anything Protocol on stdout."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def test(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}",
              flush=True)
        for problem in problems:
            for line in problem.splitlines():
                print("# " + line)

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def decode(path, *options):
    """The program's one line about a file, and what else it said."""
    ran = subprocess.run([*PROGRAM, *options, path], timeout=120, check=False,
                         stdin=subprocess.DEVNULL, capture_output=True)
    said = ran.stderr.decode("utf-8", "backslashreplace")
    if ran.returncode not in (0, 65):
        raise ValueError(f"exit status {ran.returncode}\n{said}")
    lines = ran.stdout.decode("utf-8").splitlines()
    if len(lines) != 1:
        raise ValueError(f"{len(lines)} lines instead of one\n{said}")
    return json.loads(lines[0])


def differences(want, got, where=""):
    if isinstance(want, int) and isinstance(got, list):
        got = len(got)
    if isinstance(want, dict) and isinstance(got, dict):
        return [found for key, value in want.items()
                for found in differences(value, got.get(key, "nothing"),
                                         f"{where}.{key}" if where else key)]
    if isinstance(want, list) and isinstance(got, list):
        if where.endswith(".deviations"):
            want, got = sorted(want), sorted(got)
        elif len(want) == len(got):
            return [found for n, pair in enumerate(zip(want, got))
                    for found in differences(*pair, f"{where}[{n}]")]
    if want == got and isinstance(want, bool) == isinstance(got, bool):
        return []
    return [f"{where}: want {json.dumps(want)}", f"{where}: got  "
            + json.dumps(got)]


def compare(folder, want):
    want = dict(want)
    path = os.path.join(folder, want.pop("file"))
    try:
        got = decode(path, "--authserv-id=mx.example.com")
    except (ValueError, OSError, subprocess.SubprocessError) as error:
        return [str(error)]
    return differences(want, got)


def main():
    top = sys.argv[1]
    folder = os.path.join(top, "samples")
    tap = Tap()
    with open(os.path.join(top, "tests", "samples.expected.jsonl"),
              encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    for want in expected:
        tap.test(want["file"], compare(folder, want))
    present = set(os.listdir(folder)) - {"README"}
    named = {want["file"] for want in expected}
    tap.test("every sample has its line", sorted(present ^ named))
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
