"""A look of the gate with very many that wait, for their moments and for locks, beside one with few."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from machine import Bench, middle
from table import Row

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun

FEW, MANY = 100, 10_000
TASKS = 10
LOCKS = [("db",), ("disk",), ("db", "disk"), ()]
HOUR = 3_600_000_000
FREE = "free"
"""A task whose run may start, and is the youngest."""
OFFER = Offer("bench", 1000)


def run(bench: Bench) -> Iterator[Row]:
    yield from asyncio.run(_measured(bench.new("gate"), 40 if bench.quick else 200))


async def _measured(folder: Path, rounds: int) -> list[Row]:
    at = time.time_ns() // 1000
    stores = {count: await _filled(folder / f"{count}.db", count, at) for count in (FEW, MANY)}
    rows = [
        _row("a look of the gate that finds nothing", await _looks(stores, at, rounds, found=False)),
    ]
    for store in stores.values():
        await store.press(_new(FREE, at))
    rows.append(_row("a look of the gate that finds the youngest", await _looks(stores, at, rounds, found=True)))
    for store in stores.values():
        await store.close()
    return rows


def _row(figure: str, took: Mapping[int, float]) -> Row:
    few, many = took[FEW], took[MANY]
    beside = f"{few * 1000:.2f} ms with {FEW}"
    return Row(f"{figure}, {MANY:,} wait", f"{many * 1000:.2f} ms", beside, many / few, "×", 2, 1.2)


async def _filled(file: Path, count: int, at: int) -> SqliteStore:
    """Each lock is held; of those that wait, a third has a moment that will come, a third one that came."""
    store = SqliteStore(file)
    await store.open()
    for lock in ("db", "disk"):
        await store.press(_new(f"has-{lock}", at, (lock,)))
        await store.claim(OFFER, at=at, token="")
    await store.allow({f"task-{number}": count for number in range(TASKS)})
    waiting = [_waiting(number, at) for number in range(count)]
    for begin in range(0, count, 500):
        await asyncio.gather(*(store.press(new) for new in waiting[begin : begin + 500]))
    return store


def _waiting(number: int, at: int) -> NewRun:
    """One whose moment will come may need no lock; the others wait for one at least that is held."""
    moment = (None, at - HOUR, at + HOUR)[number // 3 % 3]
    locks = LOCKS[number % 4] if moment == at + HOUR else LOCKS[number % 3]
    return _new(f"task-{number % TASKS}", at, locks, moment)


def _new(task: str, at: int, locks: tuple[str, ...] = (), not_before: int | None = None) -> NewRun:
    return NewRun(task, task, "bench", {}, at, locks=frozenset(locks), not_before=not_before, limit=MANY)


async def _looks(stores: Mapping[int, SqliteStore], at: int, rounds: int, *, found: bool) -> Mapping[int, float]:
    """Seconds, in turn, the middle one."""
    took: dict[int, list[float]] = {count: [] for count in stores}
    for turn in range(rounds):
        for count, store in sorted(
            stores.items(), reverse=bool(turn % 2)
        ):  # neither is always the one that comes second
            begin = time.perf_counter()
            run = await store.first(OFFER, at=at)
            took[count].append(time.perf_counter() - begin)
            assert (run is not None and run.task == FREE) is found, run
    return {count: middle(times) for count, times in took.items()}
