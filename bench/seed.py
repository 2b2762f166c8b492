"""A store with a long past: `python bench/seed.py FILE RUNS [EVENTS]`, straight into the file, about 10 s a million.

What a year of a busy team looks like: twenty tasks, eight people, one run in twelve failed, ten events each.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from pushbutton.adapters.sqlite import SqliteStore

TASKS = [
    "deploy", "backup", "restore", "report", "invoices", "cleanup", "reindex", "import-orders", "export-orders",
    "sync-users", "rotate-logs", "warm-cache", "check-links", "resize-images", "send-newsletter", "purge-sessions",
    "rebuild-search", "migrate", "smoke-test", "restart-worker",
]  # fmt: skip
PEOPLE = ["anna", "ben", "carla", "dev", "ebru", "finn", "schedule:nightly", "webhook:ci"]
YEAR = 360 * 86_400_000_000
START = time.time_ns() // 1000 - YEAR
WORDS = [
    "copying the rest of the files",
    "checked rows",
    "waiting for the database",
    "sent a letter",
    "done with part",
]


def runs(count: int, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    step = YEAR // count
    for number in range(1, count + 1):
        at = START + number * step
        task = TASKS[min(int(chance.expovariate(0.25)), len(TASKS) - 1)]
        failed = chance.random() < 1 / 12
        inputs = json.dumps(
            {"env": chance.choice(["staging", "production"]), "ticket": f"OPS-{chance.randrange(99999)}"}
        )
        yield (
            number, task, task.replace("-", " ").capitalize(), "failed" if failed else "succeeded", 1,
            chance.choice(PEOPLE), inputs, at, at + 50_000, at + chance.randrange(1, 600) * 1_000_000,
            1 if failed else 0, "The job reported a failure (code 1)." if failed else "", chance.choice(WORDS),
            "bench", 900,
        )  # fmt: skip


def events(count: int, many: int, tasks: dict[int, str], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    each, step = max(3, many // count), YEAR // count
    for number in range(1, count + 1):
        at, task = START + number * step, tasks[number]
        yield number, task, at, "state", '{"state":"waiting","actor":"anna"}'
        yield number, task, at + 50_000, "state", '{"state":"running","epoch":1}'
        for part in range(each - 3):
            yield (
                number,
                task,
                at + part * 1_000_000,
                "status",
                json.dumps({"text": chance.choice(WORDS), "level": "info"}),
            )
        yield number, task, at + each * 1_000_000, "state", '{"state":"succeeded","exit_code":0}'


def fill(file: Path, count: int, many: int) -> None:
    """A new store with `count` runs, all over, and about `many` events. `file` must not exist."""

    async def made() -> None:
        store = SqliteStore(file)
        await store.open()
        await store.close()

    asyncio.run(made())
    db = apsw.Connection(str(file))
    db.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
    indexes = list(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    triggers = list(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for kind, parts in (("INDEX", indexes), ("TRIGGER", triggers)):
        for name, _ in parts:
            db.execute(f"DROP {kind} {name}")
    chance = random.Random(4)
    with db:
        db.executemany(
            "INSERT INTO runs (id, task, title, state, epoch, actor, inputs, pressed_at, started_at, ended_at,"
            f" exit_code, reason, status, worker, collected) VALUES ({','.join('?' * 15)})",
            runs(count, chance),
        )
        tasks: dict[int, str] = dict(db.execute("SELECT id, task FROM runs"))
        db.executemany(
            "INSERT INTO events (run, task, at, kind, data) VALUES (?, ?, ?, ?, ?)", events(count, many, tasks, chance)
        )
        db.execute(
            "UPDATE meta SET value = (SELECT seq FROM sqlite_sequence WHERE sqlite_sequence.name = meta.name)"
            " WHERE name IN ('runs', 'events')"
        )
        for _, sql in (*indexes, *triggers):
            db.execute(sql)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    with file.open("rb+") as written:  # now, and not while something is measured with it
        os.fsync(written.fileno())


if __name__ == "__main__":
    target, wanted = Path(sys.argv[1]), int(sys.argv[2])
    fill(target, wanted, int(sys.argv[3]) if len(sys.argv) > 3 else wanted * 10)
