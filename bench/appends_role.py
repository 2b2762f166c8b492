"""One node of `appends.py`, with its writers: appends_role.py FOLDER ROLE ADDRESS NODE FIRST LAST SECONDS

`turns`: through our store, as a collector appends. `pen`: each writer has a connection, and each append is a
transaction of its own that promises the same. `lockless`: the same without the lock, its number from a sequence: events
are then in no order, and whoever reads after the last that it saw misses some. `file`: our store in a file.

It makes the runs FIRST to LAST if they are not there, says "ready", and begins with a line of its input; then it says
how many appends were acknowledged in a second.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from machine import HERE

sys.path.insert(0, str(HERE.parent))

from pushbutton.adapters.postgres import PostgresStore
from pushbutton.adapters.postgres.locks import PEN
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun
from pushbutton.runtime.ports import Append, Store

TEXT = "copying the orders of yesterday, and there are many of them"
SEQUENCE = "CREATE SEQUENCE IF NOT EXISTS lockless START 1000000000"
UPDATE = """UPDATE runs SET status = %s, collected = %s WHERE id = %s AND state IN ('running', 'asking') AND epoch = 1
RETURNING task, "group", ordered"""
NUMBER = "UPDATE meta SET value = value + 1 WHERE name = 'events' RETURNING value"
FROM_SEQUENCE = "SELECT nextval('lockless')"
INSERT = "INSERT INTO events (id, run, task, at, kind, data) VALUES (%s, %s, %s, %s, 'status', %s)"


def main() -> None:
    folder, role, address, node, first, last, seconds = sys.argv[1:]
    numbers = range(int(first), int(last) + 1)
    if role in ("turns", "file"):
        asyncio.run(_ours(Path(folder), "" if role == "file" else address, node, numbers, float(seconds)))
    else:
        _plain(address, numbers, float(seconds), locks=role == "pen")


def _begin() -> float:
    print("ready", flush=True)
    sys.stdin.readline()
    return time.perf_counter()


def _done(count: int, begin: float) -> None:
    print(json.dumps(count / (time.perf_counter() - begin)), flush=True)


async def _ours(folder: Path, address: str, node: str, runs: Sequence[int], seconds: float) -> None:
    store = _store(folder, address, node)
    await store.open()
    for number in range(await _known(store) + 1, runs[-1] + 1):
        await store.press(NewRun(f"task-{number}", "Copy", "ada", {}, 1))
        await store.claim(Offer(node, 1000), at=2, token="")
    begin = await asyncio.to_thread(_begin)
    counts = await asyncio.gather(*(_append(store, run, begin + seconds) for run in runs))
    _done(sum(counts), begin)
    await store.close()


def _store(folder: Path, address: str, node: str) -> Store:
    return PostgresStore(address, node=node) if address else SqliteStore(folder / "history.db")


async def _known(store: Store) -> int:
    return sum((await store.counts()).values())


async def _append(store: Store, run: int, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        count += 1
        draft = Draft(Kind.STATUS, {"text": f"{TEXT} {count}"}, time.time_ns() // 1000)
        await store.append(Append(run, [draft], epoch=1, row={"status": f"{TEXT} {count}", "collected": count}))
    return count


def _plain(address: str, runs: Sequence[int], seconds: float, *, locks: bool) -> None:
    begin = f"BEGIN; SELECT pg_advisory_xact_lock({PEN})" if locks else "BEGIN"
    number = NUMBER if locks else FROM_SEQUENCE
    links = [psycopg.connect(address, autocommit=True) for _ in runs]
    if not locks:
        links[0].execute(SEQUENCE)
    counts: list[int] = []

    def append(link: psycopg.Connection, run: int, go: Callable[[], float]) -> None:
        until, count = go() + seconds, 0
        while time.perf_counter() < until:
            count += 1
            text = f"{TEXT} {count}"
            link.execute(begin)
            task = link.execute(UPDATE, (text, count, run)).fetchone()[0]
            event = link.execute(number).fetchone()[0]
            link.execute(INSERT, (event, run, task, time.time_ns() // 1000, json.dumps({"text": text})))
            link.execute("COMMIT")
        counts.append(count)

    barrier, started = threading.Event(), [0.0]

    def go() -> float:
        barrier.wait()
        return started[0]

    writers = [threading.Thread(target=append, args=(link, run, go)) for link, run in zip(links, runs, strict=True)]
    for writer in writers:
        writer.start()
    started[0] = _begin()
    barrier.set()
    for writer in writers:
        writer.join()
    _done(sum(counts), started[0])


if __name__ == "__main__":
    main()
