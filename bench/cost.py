"""What files of tests cost: seconds of the processor, of everything that they start, and seconds that they take.

./dev cost tests/acceptance/test_cli.py …     one file after the other, each in a process of its own

Two to three seconds of each are its process and, where it needs one, its browser: a whole run has those once.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER


def main(files: list[str]) -> int:
    """Linux only: whoever lost its parent becomes a child of this process, which is told what it has used."""
    if ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0):
        sys.exit("What a file's orphans cost cannot be known on this system.")
    failed = 0
    for file in files or sorted(map(str, Path("tests/acceptance").glob("test_*.py"))):
        began, before = time.monotonic(), _used()
        words = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", file]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        _reap()
        print(f"{_used() - before:7.1f} s worked {time.monotonic() - began:7.1f} s taken  {file}", flush=True)
        if ended.returncode:
            failed += 1
            print(ended.stdout[-3_000:], ended.stderr[-1_000:], flush=True)
    return failed


def _used() -> float:
    now = os.times()
    return now.children_user + now.children_system


def _reap() -> None:
    """Wait for all who are left; they have been told to end."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
