"""Events that are written by many at once: through the store that nodes share, beside a plain commit for each."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import HERE, Bench, middle, spread
from shipping import postgres, said
from table import Row

WRITERS = 32  # over two nodes
SECONDS = 4.0


def run(bench: Bench) -> Iterator[Row]:
    folder = bench.new("appends")
    with postgres() as database:
        address = database.database()
        rounds = [_round(folder, address, 2.0 if bench.quick else SECONDS) for _ in range(bench.rounds)]
    rows = [
        ("each with the same promises", "pen", 1.5, 4.0, WHAT),
        ("each without the lock", "lockless", None, None, LOCKLESS),
    ]
    for how, role, must, aim, note in rows:
        ratios = [one["turns"] / one[role] for one in rounds]
        yield Row(
            f"acknowledged appends/s, {WRITERS} writers, 2 nodes ÷ one plain commit {how}",
            f"{middle([one['turns'] for one in rounds]):,.0f}/s",
            f"{middle([one[role] for one in rounds]):,.0f}/s",
            middle(ratios),
            "×",
            must,
            aim,
            more=True,
            note=f"{note}; {spread(ratios)}",
        )
    yield Row(
        f"acknowledged appends/s, {WRITERS} writers, a store in a file",
        f"{middle([one['file'] for one in rounds]):,.0f}/s",
    )


WHAT = (
    "beside it: the same writers in two processes, each with a connection of its own, each append a transaction of its "
    "own on the same database and disk, in the same order for everybody: lock, the run's row, the next number, the "
    "event, commit"
)
LOCKLESS = (
    "informs only: numbers come from a sequence, so many commits share one wait for the disk, and events are in no "
    "order: whoever reads on after the last that it saw misses some"
)


def _round(folder: Path, address: str, seconds: float) -> dict[str, float]:
    found = {}
    for role in ("turns", "pen", "lockless"):
        half = WRITERS // 2
        parts = [("one", 1, half), ("two", half + 1, WRITERS)]
        found[role] = _together(folder, [(role, address, *part, seconds) for part in parts])
    found["file"] = _together(folder, [("file", "-", "one", 1, WRITERS, seconds)])
    return found


def _together(folder: Path, nodes: list[tuple[Any, ...]]) -> float:
    """Appends a second of all of them."""
    with contextlib.ExitStack() as stack:
        processes = []
        for words in nodes:
            processes.append(stack.enter_context(_role(folder, *words)))
            said(processes[-1])  # it is ready
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(float(json.loads(said(process))) for process in processes)


@contextlib.contextmanager
def _role(folder: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(HERE / "appends_role.py"), str(folder), *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.wait(60)
        finally:
            process.kill()
