"""Every Python of this machine that may be a supervisor's, and a process of it that loads no more than one does, and a
terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import pushbutton

SOURCE = str(Path(pushbutton.__file__).parent.parent)
OLDEST = (3, 11)

_ANSWER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pushbutton.supervisor import control, hung, orphans, redact, reports, slim_json, spool
from pushbutton.terminal.terminal import Terminal

def read(text):
    try:
        return ["is", slim_json.loads(text)]
    except (ValueError, RecursionError):
        return ["is no JSON"]

def report(data):
    taken = reports.Reports(redact.Redactor([], "pbr_the-token-of-the-run"))
    return taken.feed(3, bytes.fromhex(data)) + taken.finish(3)

def orders(pieces):
    taken = control.Control()
    return [order for piece in pieces for order in taken.feed(bytes.fromhex(piece))] + [taken.heard]

def records(data):
    fd = os.memfd_create("events")
    os.write(fd, bytes.fromhex(data))
    found, position = spool.read_records(fd, 0)
    os.close(fd)
    return [found, position]

def folder(path):
    protocol, worked = spool.protocol(path), hung.worked(path)
    hung.overtime(path)
    return [protocol, worked, sorted(orphans.listed(path)), orphans.through(path)]

def lines(pieces):
    machine = Terminal()
    for piece in pieces:
        machine.feed(bytes.fromhex(piece))
    return [line.text for line in machine.reach()]

DO = dict(read=read, report=report, orders=orders, records=records, folder=folder, lines=lines)
for line in sys.stdin:
    what, given = slim_json.loads(line)
    sys.stdout.write(slim_json.dumps(DO[what](given)) + "\\n")
    sys.stdout.flush()
"""


def pythons() -> list[str]:
    """By their real paths, this one first."""
    names = ["python3", *(f"python3.{minor}" for minor in range(OLDEST[1], 20))]
    places = [*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/bin", "/usr/local/bin"]
    there = {found for name in names for place in places if (found := shutil.which(name, path=place))}
    there |= {
        str(found) for found in Path(sys.base_prefix).parent.glob("*/bin/python3")
    }  # of who installs them in a row
    own = os.path.realpath(sys.executable)
    return [own, *sorted({path for other in there if (path := _asked(other))} - {own})]


def _asked(python: str) -> str:
    """Where it really is, for a name may lead to another; empty if it is too old."""
    show = f"import os, sys; sys.version_info >= {OLDEST} and print(os.path.realpath(sys.executable))"
    return subprocess.run([python, "-I", "-S", "-c", show], check=False, capture_output=True, text=True).stdout.strip()


class Bare:
    """Such a process, which answers for as long as the block lasts."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-I", "-S", "-c", _ANSWER, SOURCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, text: str) -> list[Any]:
        """What `slim_json.loads` makes of it: ["is", value], or ["is no JSON"]."""
        return self._ask("read", text)

    def report(self, data: bytes) -> list[Any]:
        """The lines that `Reports` makes of it."""
        return self._ask("report", data.hex())

    def orders(self, pieces: Iterable[bytes]) -> list[Any]:
        """The orders that `Control` takes from them, and behind these the number that it has heard."""
        return self._ask("orders", [piece.hex() for piece in pieces])

    def records(self, data: bytes) -> list[Any]:
        """What `read_records` finds in a spool's `events`: [records, position]."""
        return self._ask("records", data.hex())

    def folder(self, path: Path) -> list[Any]:
        """What is read of a spool's other files: protocol, work, (pid, start) of its list, the words of its `room`."""
        return self._ask("folder", str(path))

    def lines(self, pieces: Iterable[bytes]) -> list[Any]:
        """The texts of the lines that a terminal shows of them."""
        return self._ask("lines", [piece.hex() for piece in pieces])

    def _ask(self, what: str, given: str | list[str]) -> list[Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([what, given]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"it ended of {given!r}"
        return list(json.loads(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
