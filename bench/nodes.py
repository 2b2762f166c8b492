"""Several nodes on one PostgreSQL: how soon a worker has a press, what a long line costs, what a second web node adds.

All of it is on this machine, whose cores the nodes, the database and the load share: compare within a row.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import httpx
from history import in_turn
from machine import Bench, Missing, Server, cores, free_port, load, middle, script, spread, started, until
from shipping import postgres
from table import Row

from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun
from pushbutton.runtime.ports import Append

if TYPE_CHECKING:
    from pushbutton.adapters.postgres import PostgresStore

IDLE = 8
FEW, MANY = 100, 100_000
TASKS = 1000
NODES = 1000
WATCHERS = 1000
WARM = 60  # looks before it counts: each connection plans a statement anew the first ten times
SOME = 20  # descriptors that a node has more or less, whoever watches
START = 120.0  # seconds that a node may take until it has read all tasks
QUICK = "#!/bin/sh\n# /// pushbutton\n# at_once = 1000\n# ///\n:\n"
NEEDS = frozenset({"gpu"})
"""What all waiting runs need, and no node has."""
LINES = f"it goes from line to line, of which there are {TASKS:,} and {FEW}; how long they are it does not see"
PAGES = {
    "tasks": "/",
    "one task": "/tasks/task-7",
    "history": "/history",
    "what waits": "/history?state=waiting",
    "one run": "/runs/50",
    "API: runs": "/api/runs",
}


def run(bench: Bench) -> Iterator[Row]:
    with postgres() as database:
        yield from _idle_workers(bench, database)
        yield from _long_line(bench, database)
        yield _two_web_nodes(bench, database)


@dataclass(frozen=True, slots=True)
class Fleet:
    """One database, with the key and the folder of tasks that its nodes share."""

    folder: Path
    address: str
    key: str

    @classmethod
    def new(cls, folder: Path, database: Any) -> Fleet:
        (folder / "tasks").mkdir(parents=True)
        key = secrets.token_hex(32)
        (folder / "server.key").write_text(key)
        return cls(folder, database.database(), key)

    def store(self) -> PostgresStore:
        from pushbutton.adapters.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(self.address, bytes.fromhex(self.key))

    def _words(self, name: str) -> list[str | Path]:
        shared: list[str | Path] = ["--store", self.address, "--key-file", self.folder / "server.key"]
        return [*shared, "--name", name, "--data", self.folder / name]

    @contextlib.contextmanager
    def web(self, name: str) -> Iterator[Server]:
        """A node that starts no runs."""
        port = free_port()
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "pushbutton",
            "serve",
            self.folder / "tasks",
            "--port",
            str(port),
        ]
        words += ["--at-once", "0", *self._words(name)]
        with started(words, port, pin=False, log=self.folder / f"{name}.log") as server:
            yield server

    @contextlib.contextmanager
    def worker(self, name: str) -> Iterator[None]:
        """It may not have joined yet."""
        words = [sys.executable, "-m", "pushbutton", "worker", *self._words(name)]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


# -- idle workers


def _idle_workers(bench: Bench, database: Any) -> Iterator[Row]:
    fleet = Fleet.new(bench.new("idle"), database)
    script(fleet.folder, "quick.sh", QUICK)
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(fleet.web("web"))
        for number in range(IDLE):
            stack.enter_context(fleet.worker(f"worker-{number}"))
        client = stack.enter_context(httpx.Client(base_url=web.url, timeout=60))
        until(lambda: _ready(client) == IDLE, f"{IDLE} workers are there", START)
        taken = [_to_running(client) for _ in range(10 + (50 if bench.quick else 100))][10:]
    p50, p99 = middle(taken), quantiles(taken, n=100)[98]
    note = f"{len(taken)} presses, one behind the other, over HTTP to a node that starts none itself"
    for name, value, must in (("p50", p50, 60), ("p99", p99, 300)):
        yield Row(f"press → running, {IDLE} idle workers, {name}", "", "", value, " ms", must, note=note)
        note = ""


def _ready(client: httpx.Client) -> int:
    found = client.get("/api/workers").json()
    return sum(node["kind"] == NodeKind.WORKER and node["state"] == "ready" for node in found)


def _to_running(client: httpx.Client) -> float:
    """Milliseconds from before the press to the moment that the run has as its start."""
    begin = time.time()
    answer = client.post("/api/tasks/quick/runs", json={}, headers={"Prefer": "wait=30"})
    answer.raise_for_status()
    moment = answer.json()["started_at"]
    if not moment:
        raise Missing("a press was not started by any of the idle workers")
    return (datetime.fromisoformat(moment).timestamp() - begin) * 1000


# -- a long line


def _long_line(bench: Bench, database: Any) -> Iterator[Row]:
    rounds = 15 if bench.quick else 30
    with contextlib.ExitStack() as stack:
        fleets, webs = dict[int, Fleet](), dict[int, Server]()
        for count in (FEW, MANY):
            fleet = fleets[count] = Fleet.new(bench.new(f"line-{count}"), database)
            for number in range(TASKS):
                script(fleet.folder, f"task-{number}.sh", QUICK)
            asyncio.run(_filled(fleet, count, NODES if count == MANY else 1))
            webs[count] = stack.enter_context(fleet.web("web"))
        for web in webs.values():
            until(lambda web=web: _has_all(web), f"{TASKS} tasks are read", START)  # type: ignore[misc]
        beside = f"{MANY:,} runs of {TASKS:,} tasks wait, {NODES:,} nodes are known"
        for what, tags in (("finds nothing", frozenset[str]()), ("finds the oldest", NEEDS)):
            taken = asyncio.run(_looks(fleets, tags, rounds))
            yield _grown(f"a worker's look that {what}, {beside}", taken, note=LINES if not tags else "")
        yield _grown(f"press, {beside}", in_turn(webs, _press, rounds))
        for name, path in PAGES.items():
            yield _grown(f"page “{name}”, {beside}", in_turn(webs, _page(path), rounds))


def _grown(figure: str, taken: Mapping[int, float], note: str = "") -> Row:
    few, many = taken[FEW], taken[MANY]
    beside = f"{few:.2f} ms with {FEW} runs, one node"
    return Row(figure, f"{many:.2f} ms", beside, many / few, "×", 2, 1.2, note=note)


def _has_all(web: Server) -> bool:
    return len(httpx.get(f"{web.url}/api/tasks", timeout=60).json()) == TASKS


def _press(client: httpx.Client, web: Server, _: int) -> None:
    client.post(f"{web.url}/api/tasks/task-7/runs", json={}).raise_for_status()


def _page(path: str) -> Callable[[httpx.Client, Server, int], None]:
    def ask(client: httpx.Client, web: Server, _: int) -> None:
        client.get(web.url + path).raise_for_status()

    return ask


async def _filled(fleet: Fleet, count: int, nodes: int) -> None:
    """So many runs that wait, each with its first event, of all tasks in turn; copies of one that was pressed."""
    at = time.time_ns() // 1000
    store = fleet.store()
    await store.open()
    await store.press(NewRun("task-0", "Task 0", "bench", {}, at, tags=NEEDS, limit=MANY))
    await store.allow({f"task-{number}": TASKS for number in range(TASKS)})
    for begin in range(0, nodes, 50):
        some = [Node(f"node-{number}", NodeKind.WORKER, f"folder-{number}", room=4) for number in range(begin, nodes)]
        await asyncio.gather(*(store.nodes.join(node, clock=at) for node in some[:50]))
    await store.close()
    with contextlib.closing(store.connections.connect()) as link:
        for table, changed in (
            ("runs", {"id": "n", "task": "'task-' || n % {tasks}", "title": "'Task ' || n % {tasks}"}),
            ("events", {"id": "n", "run": "n", "task": "'task-' || n % {tasks}"}),
        ):
            columns = [str(name) for (name,) in link.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND table_name = ? AND is_generated = 'NEVER'", (table,)
            )]  # fmt: skip
            taken = ", ".join(changed.get(name, f'"{name}"').format(tasks=TASKS) for name in columns)
            quoted = ", ".join(f'"{name}"' for name in columns)
            link.execute(
                f"INSERT INTO {table} ({quoted})"
                f" SELECT {taken} FROM {table} CROSS JOIN generate_series(2, {count}) AS n WHERE id = 1"
            )
            link.execute(f"UPDATE meta SET value = {count} WHERE name = '{table}'")
        link.execute("ANALYZE")


async def _looks(fleets: Mapping[int, Fleet], tags: frozenset[str], rounds: int) -> Mapping[int, float]:
    """Milliseconds, in turn, the middle one."""
    at, taken = time.time_ns() // 1000, dict[int, list[float]]()
    stores = {count: fleet.store() for count, fleet in fleets.items()}
    for store in stores.values():
        await store.open()
    for _ in range(WARM + rounds):
        for count, store in stores.items():
            begin = time.perf_counter()
            found = await store.first(Offer("bench", TASKS, tags), at=at)
            taken.setdefault(count, []).append((time.perf_counter() - begin) * 1000)
            if (found is not None) is not bool(tags):
                raise Missing(f"a look with {sorted(tags)} found {found}")
    for store in stores.values():
        await store.close()
    return {count: middle(times[WARM:]) for count, times in taken.items()}


# -- two web nodes


def _two_web_nodes(bench: Bench, database: Any) -> Row:
    fleet = Fleet.new(bench.new("two"), database)
    events = 100 if bench.quick else 250
    ratios, each, lost = list[float](), list[float](), 0.0
    with fleet.web("one") as one, fleet.web("two") as two:
        for web, core in ((one, min), (two, max)):
            os.sched_setaffinity(web.pid, {core(cores()[0] | cores()[1])})
        for _ in range(3):
            alone = _followed(bench, fleet, [one], events)
            both = _followed(bench, fleet, [one, two], events)
            ratios.append(sum(map(_capacity, both)) / sum(map(_capacity, alone)))
            each.append(1e6 / _capacity(alone[0]))
            lost += sum(found["gaps"] + found["failed"] for found in (*alone, *both))
    return Row(
        f"fan-out to {WATCHERS:,} of two web nodes ÷ of one",
        "half of the watchers at each",
        f"{middle(each):.2g} µs a delivery at one",
        middle(ratios),
        "×",
        must=1.5,
        aim=1.8,
        more=True,
        note=f"deliveries for a second of the processor, added up ({spread(ratios)}): what two give that have a core "
        f"each. Here database and load share their {os.cpu_count()} cores, so no clock could tell; lost or doubled: "
        f"{lost:.0f}",
    )


def _capacity(found: Mapping[str, float]) -> float:
    """Deliveries for a second of the processor."""
    return found["events"] / found["cpu_s"]


def _followed(bench: Bench, fleet: Fleet, webs: Sequence[Server], events: int) -> list[dict[str, float]]:
    """What the watchers of each node counted, while another process's run reports so often."""
    many = WATCHERS // len(webs)
    before = [(web, _open(web)) for web in webs]
    with ThreadPoolExecutor(len(webs)) as threads:
        found = [threads.submit(load, bench, web, "/api/events", many, e=events, d=90, w=0) for web in webs]
        until(lambda: all(_open(web) > had + many - SOME for web, had in before), "all watch", 60)
        time.sleep(1)  # what opening them takes is over
        publisher = threading.Thread(target=lambda: asyncio.run(_publish(fleet, events)))
        publisher.start()
        counted = [one.result() for one in found]
        publisher.join()
    until(lambda: all(_open(web) < had + SOME for web, had in before), "they left", 60)
    return counted


def _open(web: Server) -> int:
    return len(list(Path(f"/proc/{web.pid}/fd").iterdir()))


async def _publish(fleet: Fleet, events: int) -> None:
    store = fleet.store()
    await store.open()
    run = (await store.press(NewRun("deploy", "Deploy", "bench", {}, time.time_ns() // 1000))).run
    for number in range(events - 1):  # the press itself was the first one
        await asyncio.sleep(0.02)  # a write each: they are sent by the 20 ms
        await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": f"step {number}"}, time.time_ns() // 1000)]))
    await store.close()
