"""Output that is read on another node: how soon it is there, and how much goes through."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import (
    HERE,
    Bench,
    Missing,
    Server,
    free_port,
    load,
    middle,
    press,
    processor,
    script,
    spread,
    started,
)
from output import CLOCK, PRINT
from shipping_role import WARM
from table import Row

sys.path.insert(0, str(HERE.parent))

RATE = 100  # lines a second of each run
RUNS = 200  # on two workers
SECONDS = 20
SIZE = 64 << 20
BLOCKS = "dd oflag=dsync bs=256k"
WITHOUT_JOBS = (
    "their spools are written by one process as supervisors do, for 200 jobs would be more load than what is measured"
)


def run(bench: Bench) -> Iterator[Row]:
    with postgres() as database:
        yield from _one(bench, database)
        yield from _many(bench, database)
        yield _through(bench, database)


def postgres() -> contextlib.AbstractContextManager[Any]:
    """A real one, which waits for the disk as it does for everybody. Raises `Missing`."""
    try:
        import psycopg  # noqa: F401, PLC0415
        from tests.postgres import Postgres, programs  # noqa: PLC0415

        programs()
    except ImportError as error:
        raise Missing(f"a real PostgreSQL is needed ({error}): pip install -r requirements-fleet.lock") from None
    return Postgres(durable=True)


def _one(bench: Bench, database: Any) -> Iterator[Row]:
    folder, address = bench.new("shipping"), database.database()
    count = RATE * (5 if bench.quick else 20)
    script(folder, "clock.py", CLOCK.format(rate=RATE, count=count, say=PRINT))
    with _node(folder, address, "one"), _node(folder, address, "two", "--at-once", "0") as two:
        number = press(two, "clock")
        found = load(bench, two, f"/api/runs/{number}/output/stream", 1, d=60, E=True, w=0, i=True)
    for name, must, aim in (("p50", 30, 15), ("p99", 90, 40)):
        note = f"at a watcher of the other node; {found['events']:.0f} frames, missing or doubled: {found['gaps']:.0f}"
        yield _row(f"line of a job → at the other node, {RATE}/s, {name}", found[f"{name}_ms"], must, aim, note)


@contextlib.contextmanager
def _node(folder: Path, address: str, name: str, *more: str) -> Iterator[Server]:
    port, key = free_port(), folder / "one" / "server.key"
    words: list[str | Path] = [sys.executable, "-m", "pushbutton", "serve", folder / "tasks", "--port", str(port)]
    words += ["--data", folder / name, "--name", name, "--store", address, *more]
    words += [] if name == "one" else ["--key-file", key]
    with started(words, port, pin=False, log=folder / f"{name}.log") as server:
        yield server


def _many(bench: Bench, database: Any) -> Iterator[Row]:
    seconds = 8 if bench.quick else SECONDS
    folder, address = bench.new("shipping-many"), _tables(database)
    halves = [range(1, RUNS // 2 + 1), range(RUNS // 2 + 1, RUNS + 1)]
    with contextlib.ExitStack() as stack:
        mirror = stack.enter_context(_role(folder, "mirror", address, RUNS, RATE, seconds))
        workers = [stack.enter_context(_role(folder, "worker", address, half[0], half[-1])) for half in halves]
        for process in (mirror, *workers):
            said(process)  # it is ready
        before = _processor(database, workers, mirror)
        writer = stack.enter_context(_role(folder, "writer", str(RUNS), RATE, seconds))
        found = json.loads(said(mirror))
        said(writer)
        after = _processor(database, workers, mirror)
    shares = ", ".join(f"{who} {(after[who] - before[who]) / (seconds + WARM):.0%}" for who in before)
    note = (
        f"{found['lines']:,} lines, missing: {found['missing']}; at most {found['first']:.0f} ms in the first seconds, "
        f"in which the mirror makes all of its files; of a core: {shares}; {WITHOUT_JOBS}"
    )
    for name, must, aim in (("p50", 60, 25), ("p99", 200, 60)):
        what = f"line of {RUNS} jobs on two workers → mirrored at another node, {RATE}/s each, {name}"
        yield _row(what, found[name], must, aim, note if name == "p50" else "")


def _processor(database: Any, workers: list[subprocess.Popen[str]], mirror: subprocess.Popen[str]) -> dict[str, float]:
    """Seconds of each part."""
    return {
        "database": processor(database.pid, children=True),
        "workers": processor(*(worker.pid for worker in workers)),
        "mirror": processor(mirror.pid),
    }


def _row(what: str, taken: float, must: float, aim: float, note: str) -> Row:
    return Row(what, "", "", taken, " ms", must, aim, note=note)


def _tables(database: Any) -> str:
    """The address of a new database, with our tables."""
    import asyncio  # noqa: PLC0415

    from tests.contract.machines import made  # noqa: PLC0415

    return asyncio.run(made(database.database()))


@contextlib.contextmanager
def _role(folder: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(HERE / "shipping_role.py"), str(folder), *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise Missing("a process of the benchmark ended early")
    return line


def _through(bench: Bench, database: Any) -> Row:
    folder, address = bench.new("shipping-through"), _tables(database)
    ours, theirs, ratios = [], [], []
    source = folder / "source"
    with source.open("wb") as file:
        for number in range(SIZE >> 20):
            file.write(b"%09d of a line that is as long as most lines are\n" % number * (1 << 20) + b"\n")
            file.truncate((number + 1) << 20)
            file.seek((number + 1) << 20)
    for number in range(1, (4 if bench.quick else 6)):
        with _role(folder, "ship", address, number, source) as process:
            ours.append(float(said(process)))
        begin = time.perf_counter()
        words = ["dd", f"if={source}", f"of={folder / 'copy'}", "bs=256k", "oflag=dsync", "status=none"]
        subprocess.run(words, check=True)
        theirs.append(time.perf_counter() - begin)
        ratios.append(theirs[-1] / ours[-1])
    return Row(
        f"{SIZE >> 20} MB of output, until another node can have them",
        f"{SIZE / 1e6 / middle(ours):.0f} MB/s",
        f"{SIZE / 1e6 / middle(theirs):.0f} MB/s, {BLOCKS}",
        middle(ratios),
        must=0.4,
        aim=0.75,
        more=True,
        note=spread(ratios),
    )
