"""A long past: what a page costs, and a start, with a thousand runs and with a million."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import apsw
import httpx
import seed
from machine import Bench, Missing, Server, pushbutton, script
from table import Row

SIZES = (1_000, 100_000, 1_000_000)
ENOUGH = 8_000  # milliseconds that one figure may take
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
    folders = {size: bench.new(f"history-{size}") for size in SIZES}
    for size, folder in folders.items():
        for task in seed.TASKS:
            script(folder, f"{task}.sh", "#!/bin/sh\n:\n")
        (folder / "data").mkdir()
        begin = time.monotonic()
        seed.fill(folder / "data" / "history.db", size, size * (5 if bench.quick else 10))
        seeded = time.monotonic() - begin
        bytes_ = (folder / "data" / "history.db").stat().st_size
        yield Row(f"store with {size:,} runs", f"{bytes_ / 1e6:,.0f} MB", f"seeded in {seeded:.0f} s")
    starts: dict[int, float] = {}
    with contextlib.ExitStack() as stack:
        servers: dict[int, Server] = {}
        for size, folder in folders.items():
            begin = time.perf_counter()
            servers[size] = stack.enter_context(pushbutton(folder, "--keep-days", "0", pin=False))
            starts[size] = time.perf_counter() - begin
        found = {"press → its end": in_turn(servers, _press, 10 if bench.quick else 20)}
        for name, path in PAGES.items():
            found[name] = _pages(bench, servers, path)
    for size in SIZES:
        yield _retention(bench, folders[size], size)
    for name in ("press → its end", *PAGES):
        small, middling, large = (found[name][size] for size in SIZES)
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
        yield Row(f"history page, {size:,} runs", f"{found['history'][size]:.1f} ms",
                  curve=("history page, ms", size, found["history"][size]))  # fmt: skip
    for size in SIZES:
        taken = found["press → its end"][size]
        yield Row(f"press → its end, {size:,} runs", f"{taken:.1f} ms", curve=("press → its end, ms", size, taken))


def _retention(bench: Bench, folder: Path, size: int) -> Row:
    """The history's page while half of everything is too old, and goes."""
    with pushbutton(folder, "--keep-days", "0", pin=False) as server:
        calm = _pages(bench, {size: server}, "/history")[size]
    with pushbutton(folder, "--keep-days", "180", pin=False) as server:
        begin, before = time.monotonic(), _count(folder)
        busy = _pages(bench, {size: server}, "/history")[size]
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
        curve=("history page while retention deletes ÷ without", size, busy / calm),
    )


def _count(folder: Path) -> int:
    with contextlib.closing(apsw.Connection(str(folder / "data" / "history.db"))) as db:
        return int(db.execute("SELECT count(*) FROM runs").get)


def in_turn(
    servers: Mapping[int, Server], ask: Callable[[httpx.Client, Server, int], None], times: int
) -> dict[int, float]:
    """Milliseconds of one answer, median, by size: the servers take turns, so that the machine is the same to all."""
    taken: dict[int, list[float]] = {size: [] for size in servers}
    with httpx.Client(timeout=120) as client:
        for _ in range(times):
            for size, server in servers.items():
                begin = time.perf_counter()
                ask(client, server, size)
                taken[size].append((time.perf_counter() - begin) * 1000)
            if sum(map(sum, taken.values())) > ENOUGH:
                break
    return {size: statistics.median(values) for size, values in taken.items()}


def _press(client: httpx.Client, server: Server, _: int) -> None:
    """A job that does nothing, until it is over: the press, the gate, the start, the end."""
    url = f"{server.url}/api/tasks/deploy/runs"
    client.post(url, json={}, headers={"Prefer": "wait=30"}).raise_for_status()


def _pages(bench: Bench, servers: Mapping[int, Server], path: str) -> dict[int, float]:
    def ask(client: httpx.Client, server: Server, size: int) -> None:
        answer = client.get(server.url + path.format(middle=size // 2))
        if answer.status_code != 200:
            raise Missing(f"{path} answered {answer.status_code}")

    return in_turn(servers, ask, 10 if bench.quick else 40)
