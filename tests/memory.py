#!/usr/bin/env python3
"""The worst messages, each under a limit on memory and on time.

    memory.py [SHAPE ...]

The address space is limited to what a message of one line takes, and eight
times --max-report more.  A message that does not fit would end with status
75; one that takes long is killed.  The shapes are those of bench/growth.py.
"""

import os
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "bench"))
import growth  # noqa: E402
from samples_compare import Tap  # noqa: E402

MIB = 1 << 20
REPORT = 16 * MIB
SECONDS = 10
PROGRAM = ["tlsrpt-ingest", "--dry-run", "--on-invalid=reject",
           "--format=json", "--authserv-id=mx.example.com"]
# Those that came closest to a limit, of each kind; the rest by hand.
USUAL = ["b_base64", "b_bombs", "b_candidates", "b_line_breaks", "b_quoted",
         "g_stored", "h_fields", "h_type_params", "j_arrays", "j_details",
         "j_escapes", "j_invalid", "j_keys", "j_long_numbers", "j_policies",
         "j_strings_policy", "j_zeros", "p_disposition", "p_header_long",
         "p_header_params", "p_many", "p_message_groups"]


def packed(name):
    """A document that costs a stranger little to send."""
    return lambda n: growth.mail(growth.part(
        growth.gzip.compress(growth.SHAPES[name](n), 1)))


def run(path, memory):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with open(path, "rb") as file:
        return subprocess.run(PROGRAM, stdin=file, capture_output=True,
                              preexec_fn=limit, check=False).returncode


def least(path):
    """The least address space that a message can be read in."""
    low, high = 8 * MIB, 2048 * MIB
    while high - low > MIB // 4:
        middle = (low + high) // 2
        if run(path, middle) == 0:
            high = middle
        else:
            low = middle
    return high


def main():
    tap = Tap()
    names = sys.argv[1:] or USUAL
    with tempfile.NamedTemporaryFile() as file:
        with open(file.name, "wb") as out:
            out.write(growth.mail(growth.GOOD))
        base = least(file.name)
        print(f"# a message of one line: {base / MIB:.1f} MiB")
        shapes = [(name, growth.SHAPES[name], growth.size_of(name, 64 * MIB))
                  for name in names]
        shapes += [(f"{name}, packed", packed(name), 16 * MIB - 4096)
                   for name in names if name.startswith("j_")]
        for name, make, size in shapes:
            with open(file.name, "wb") as out:
                out.write(make(size))
            status = run(file.name, base + 8 * REPORT)
            tap.test(name, [] if status in (0, 65)
                     else [f"exit status {status}"])
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
