"""A long past: what a page costs, and a start, with a thousand runs and with a million."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx
import seed
from machine import Bench, Missing, Server, pushbutton, script
from table import Row

SIZES = (1_000, 100_000, 1_000_000)
PAGES = {
    "history": "/history",
    "history, an old page": "/history?before={middle}",
    "history, one task and state": "/history?state=succeeded&task=backup",
    "history, failed runs of a rare task": "/history?state=failed&task=migrate",
    "history, by person": "/history?who=finn",
    "tasks": "/",
    "one task": "/tasks/deploy",
    "one run": "/runs/{middle}",
    "API: runs": "/api/runs",
    "search that finds soon": "/history?q=OPS-1",
    "search that finds nothing": "/history?q=nowhere-to-be-found",
}


def run(bench: Bench) -> Iterator[Row]:
    found: dict[int, dict[str, float]] = {}
    starts: dict[int, float] = {}
    for size in SIZES:
        folder = bench.new("history")
        for task in seed.TASKS:
            script(folder, f"{task}.sh", "#!/bin/sh\n:\n")
        (folder / "data").mkdir()
        begin = time.monotonic()
        seed.fill(folder / "data" / "history.db", size, size * (5 if bench.quick else 10))
        seeded = time.monotonic() - begin
        begin = time.perf_counter()
        with pushbutton(folder, "--keep-days", "0", pin=False) as server:
            starts[size] = time.perf_counter() - begin
            found[size] = {"press → its end": _press(bench, server)}
            found[size] |= {name: _page(bench, server, path.format(middle=size // 2)) for name, path in PAGES.items()}
        if size == (SIZES[1] if bench.quick else SIZES[2]):
            yield _retention(bench, folder, size)
        bytes_ = (folder / "data" / "history.db").stat().st_size
        yield Row(f"store with {size:,} runs", f"{bytes_ / 1e6:,.0f} MB", f"seeded in {seeded:.0f} s")
    for name in ("press → its end", *PAGES):
        small, middling, large = (found[size][name] for size in SIZES)
        informs = name.startswith("search") or "rare" in name  # with 1,000 runs it finds nothing to show
        yield Row(
            f"{'page ' if name in PAGES else ''}“{name}”, 1,000,000 runs",
            f"{large:.1f} ms",
            f"{small:.1f} ms with 1,000; {middling:.1f} with 100,000",
            large / small,
            "×",
            None if informs else 2,
            None if informs else 1.2,
            note="informs only: the fewer runs match, the more it has to pass" if informs else "",
        )
    for size in SIZES:
        yield Row(
            f"start with {size:,} runs, until it answers",
            "",
            "",
            starts[size],
            " s",
            2,
            curve=("start, seconds", size, starts[size]),
        )
    for size in SIZES:
        yield Row(f"history page, {size:,} runs", f"{found[size]['history']:.1f} ms",
                  curve=("history page, ms", size, found[size]["history"]))  # fmt: skip
    for size in SIZES:
        taken = found[size]["press → its end"]
        yield Row(f"press → its end, {size:,} runs", f"{taken:.1f} ms", curve=("press → its end, ms", size, taken))


def _retention(bench: Bench, folder: Path, size: int) -> Row:
    """The history's page while half of everything is too old, and goes."""
    with pushbutton(folder, "--keep-days", "0", pin=False) as server:
        calm = _page(bench, server, "/history")
    with pushbutton(folder, "--keep-days", "180", pin=False) as server:
        begin, before = time.monotonic(), _count(folder)
        busy = _page(bench, server, "/history")
        time.sleep(3)
        removed, seconds = before - _count(folder), time.monotonic() - begin
    return Row(
        f"history page while retention deletes, {size:,} runs",
        f"{busy:.1f} ms",
        f"{calm:.1f} ms without",
        busy / calm,
        "×",
        2,
        1.2,
        note=f"{removed / seconds:.0f} runs a second go, fifty in one transaction",
    )


def _count(folder: Path) -> int:
    with contextlib.closing(apsw.Connection(str(folder / "data" / "history.db"))) as db:
        return int(db.execute("SELECT count(*) FROM runs").get)


def _press(bench: Bench, server: Server) -> float:
    """Milliseconds until a job that does nothing is over: the press, the gate, the start, the end."""
    taken = []
    with httpx.Client(timeout=60, headers={"Prefer": "wait=30"}) as client:
        for _ in range(10 if bench.quick else 20):
            begin = time.perf_counter()
            client.post(f"{server.url}/api/tasks/deploy/runs", json={}).raise_for_status()
            taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def _page(bench: Bench, server: Server, path: str) -> float:
    """Milliseconds, median."""
    taken = []
    with httpx.Client(timeout=120) as client:
        for _ in range(10 if bench.quick else 25):
            begin = time.perf_counter()
            answer = client.get(server.url + path)
            taken.append((time.perf_counter() - begin) * 1000)
            if answer.status_code not in {200, 404} or (answer.status_code == 404 and "runs/" not in path):
                raise Missing(f"{path} answered {answer.status_code}")
            if sum(taken) > 8_000:
                break
    return statistics.median(taken)
