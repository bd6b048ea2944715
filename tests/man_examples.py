#!/usr/bin/env python3
"""Run the examples of a man page, and print the page with what they printed.

    man_examples.py PAGE >NEW

An example is a comment '.\\" example: COMMAND' before a literal block.  The
command runs in a shell, with the programs of $PATH and the database of
$TLSRPT_DATABASE, in the folder samples/.
"""
import os
import subprocess
import sys


def literal(text):
    """Text as it stands in a literal block of mdoc."""
    for line in text.splitlines():
        line = line.replace("\\", "\\e").replace("-", "\\-")
        line = line.replace("\u2026", "...")
        yield ("\\&" if line[:1] in (".", "'") else "") + line


def main():
    page = sys.argv[1]
    samples = os.path.join(os.path.dirname(os.path.abspath(page)), "..", "samples")
    out, command, inside = [], None, False
    with open(page, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith('.\\" example: '):
                command = line[len('.\\" example: '):]
            if inside and line == ".Ed":
                inside, command = False, None
            if not inside:
                out.append(line)
            if command and line.startswith(".Bd "):
                done = subprocess.run(command, shell=True, cwd=samples, text=True,
                                      capture_output=True, check=False)
                if done.stderr:
                    sys.exit("%s: %s" % (command, done.stderr))
                out.append("$ " + command.replace("\\", "\\e").replace("-", "\\-"))
                out.extend(literal(done.stdout))
                inside = True
    sys.stdout.write("\n".join(out) + "\n")


main()
