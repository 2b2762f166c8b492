"""The store on PostgreSQL when the database, the network or the process goes away in the middle: nothing that was
acknowledged is lost, nothing is written twice, and numbers have no gaps.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pushbutton.domain.audit import Act
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun
from pushbutton.errors import StorageFull, StoreAway
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import RunQuery, Store, Topics
from tests.postgres import Postgres
from tests.relay import Relay

KEY = b"the key of the tests"
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))


@pytest.fixture
def dice() -> random.Random:
    print("seed", SEED)  # noqa: T201  shown where a test fails
    return random.Random(SEED)


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server that may be ended."""
    with Postgres() as server:
        yield server


@contextlib.asynccontextmanager
async def opened(address: str, *, node: str = "") -> AsyncIterator[Store]:
    from pushbutton.adapters.postgres import PostgresStore

    store = PostgresStore(address, KEY, node=node)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def new(name: str) -> NewRun:
    return NewRun("deploy", name, "ada", {}, 1000)


class Told:
    """What the writers were told."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.refused: list[str] = []  # may be there all the same, once
        self.grown = asyncio.Event()

    async def more(self, count: int) -> None:
        """Until so many more writes were acknowledged."""
        enough = len(self.written) + count
        while len(self.written) < enough:
            self.grown.clear()
            await self.grown.wait()


async def write(store: Store, told: Told, prefix: str, count: int) -> None:
    for number in range(count):
        name = f"{prefix}.{number}"
        try:
            await store.press(new(name))
            await store.audit.record(Act("ada", "user.add", f"user {name}", 1))
        except StoreAway:
            told.refused.append(name)
        else:
            told.written.append(name)
            told.grown.set()


async def assert_whole(store: Store, told: Told) -> None:
    """Each press that was acknowledged is there once, none that was refused is twice, and no number is missing."""
    runs = await store.runs(RunQuery(limit=100_000))
    there = Counter(run.title for run in runs)
    assert [name for name in told.written if there[name] != 1] == []
    assert max(there.values()) == 1
    assert {run.title for run in runs} <= {*told.written, *told.refused}
    assert sorted(run.id for run in runs) == list(range(1, len(runs) + 1))
    events = await store.events(Topics(everything=True), after=0, limit=100_000)
    assert [event.id for event in events] == list(range(1, await store.last_event() + 1))
    assert (await check(store.audit)).fault is None
    recorded = Counter(record.act.about for record in await store.audit.chain(None, 100_000))
    assert [name for name in told.written if recorded[f"user {name}"] != 1] == []


async def test_a_commit_whose_answer_is_lost_is_looked_for_before_anybody_is_told(postgres, dice):
    address = postgres.database()
    with Relay(postgres.port, dice) as relay:
        async with opened(postgres.over_tcp(address, port=relay.port)) as store:
            told = Told()
            relay.lose_answers(25)
            await asyncio.gather(*(write(store, told, f"w{n}", 20) for n in range(8)))
            while relay.lost < 25:  # how many turns there were is the machine's business
                await write(store, told, f"more{relay.lost}", 1)
            await assert_whole(store, told)
    assert told.refused == [], "a database that was away for a moment is waited for"


async def test_a_database_that_is_ended_at_once_three_times_under_many_writers_keeps_all_that_it_acknowledged(
    own, dice
):
    async with opened(own.over_tcp(own.database())) as store:
        told = Told()
        writers = [asyncio.create_task(write(store, told, f"w{n}", 60)) for n in range(16)]
        for number in (signal.SIGQUIT, signal.SIGKILL, signal.SIGQUIT):
            await told.more(dice.randrange(20, 120))
            await asyncio.to_thread(own.stop, number)
            await asyncio.to_thread(own.start)
        await asyncio.gather(*writers)
        await assert_whole(store, told)


async def test_a_synchronous_standby_that_takes_over_has_all_that_was_acknowledged(own, dice):
    first = own.over_tcp(own.database())
    with own.standby() as other:
        both = first.replace(f"127.0.0.1:{own.port}", f"127.0.0.1:{own.port},127.0.0.1:{other.port}")
        async with opened(f"{both}?target_session_attrs=read-write", node="one") as store:
            assert store._db.name == f"postgresql://buttons@127.0.0.1:{own.port},127.0.0.1:{other.port}/t1"  # type: ignore[attr-defined]
            told = Told()
            writers = [asyncio.create_task(write(store, told, f"w{n}", 60)) for n in range(8)]
            await told.more(dice.randrange(40, 200))
            await asyncio.to_thread(own.stop, signal.SIGKILL)
            await asyncio.to_thread(other.promote)
            before = len(told.written)
            await asyncio.gather(*writers)
            await write(store, told, "after", 1)
            await assert_whole(store, told)
            assert len(told.written) > before


async def press_much(store: Store, told: Told) -> None:
    """Until it is refused. Nothing is recorded of these."""
    for number in range(1000):
        await store.press(replace(new(f"more.{number}"), why=os.urandom(30_000).hex()))
        told.refused.append(f"more.{number}")


@pytest.fixture
def small(own) -> Iterator[Path]:
    """A disk of 40 MB of its own, which the server has."""
    folder = own.folder / "small"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "t", folder], check=False).returncode:
        pytest.skip("it takes root to have a small disk")
    try:
        (folder / "room").mkdir()
        shutil.chown(folder / "room", own.folder.owner(), own.folder.group())
        own.sql(f"CREATE TABLESPACE small LOCATION '{folder / 'room'}'")
        yield folder
    finally:
        own.stop()
        subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_of_the_database_is_said_and_what_is_written_then_is_whole(own, small):
    own.sql("CREATE DATABASE full_one OWNER buttons TABLESPACE small")
    async with opened(own.address("full_one")) as store:
        told = Told()
        await write(store, told, "before", 3)
        with (small / "filler").open("wb") as filler, contextlib.suppress(OSError):
            while True:
                filler.write(os.urandom(1 << 16))
                filler.flush()
        with pytest.raises(StorageFull, match="The disk is full, so nothing was recorded"):
            await press_much(store, told)
        assert len(await store.runs(RunQuery(limit=2000))) == 3 + len(told.refused), "it can be read all the while"
        (small / "filler").unlink()
        await write(store, told, "after", 3)
        await assert_whole(store, told)


async def test_a_database_that_stays_away_is_said_and_what_comes_behind_it_is_written(own, monkeypatch, caplog):
    from pushbutton.adapters.postgres import connections

    monkeypatch.setattr(connections, "PATIENCE", 0.5)
    address = own.over_tcp(own.database())
    async with opened(address) as store:
        own.stop()
        with pytest.raises(
            StoreAway, match=r"postgresql://buttons@127\.0\.0\.1:\d+/t1 does not answer \(.+\); nothing"
        ):
            await store.press(new("a"))
        with pytest.raises(StoreAway):
            await store.counts()
        own.start()
        assert (await store.press(new("b"))).run.id == 1
        assert [run.title for run in await store.runs(RunQuery())] == ["b"]
    said = [record.getMessage() for record in caplog.records]
    assert any("was lost" in text for text in said)
    assert any("answers again" in text for text in said)


async def test_a_connection_that_falls_silent_with_the_pen_in_its_hand_is_given_up_and_others_go_on(
    postgres, dice, monkeypatch
):
    """Both ends take it for alive: what stands between acknowledges everything and passes nothing on."""
    from pushbutton.adapters.postgres import session

    monkeypatch.setattr(session, "SILENT_WRITING", 1.0)
    address = postgres.database()
    with Relay(postgres.port, dice) as relay:
        through = postgres.over_tcp(address, port=relay.port)
        async with opened(through, node="one") as store, opened(address) as other:
            told = Told()
            relay.lose_answers(3, "silence")
            await asyncio.gather(*(write(store, told, f"w{n}", 5) for n in range(4)), write(other, told, "other", 5))
            assert relay.lost == 3
            await assert_whole(store, told)
            assert told.refused == []


WRITES = """
import asyncio, sys
from pushbutton.adapters.postgres import PostgresStore
from pushbutton.domain.run import NewRun
async def main():
    store = PostgresStore(sys.argv[1], b"the key of the tests")
    await store.open()
    async def one(w):
        for n in range(100_000):
            name = f"{sys.argv[2]}.{w}.{n}"
            await store.press(NewRun("deploy", name, "ada", {}, 1000))
            print(name, flush=True)
    await asyncio.gather(*(one(w) for w in range(8)))
asyncio.run(main())
"""


def killed_after(count: int, address: str, prefix: str) -> list[str]:
    """What a process was told that it has written."""
    words = [sys.executable, "-c", WRITES, address, prefix]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        lines += process.stdout.readlines()
    return [line.strip() for line in lines if line.endswith("\n")]


async def test_a_process_that_is_killed_loses_nothing_that_it_was_told_and_holds_nobody_up(postgres, dice):
    address, told = postgres.database(), Told()
    for turn in range(4):
        told.written += killed_after(dice.randrange(5, 60), address, f"p{turn}")
    async with opened(address) as store:
        runs = await store.runs(RunQuery(limit=100_000))
        there = Counter(run.title for run in runs)
        assert [name for name in told.written if there[name] != 1] == []
        assert sorted(run.id for run in runs) == list(range(1, len(runs) + 1))
        assert (await store.press(new("after"))).run.id == len(runs) + 1


async def test_two_processes_that_write_at_once_have_one_order_of_events(postgres):
    address = postgres.database()
    async with opened(address) as one, opened(address) as two:
        told = Told()
        seen: list[int] = []

        async def follow() -> None:
            """An event behind the cursor would be missed for ever."""
            while len(seen) < 160:
                page = await two.events(Topics(everything=True), after=seen[-1] if seen else 0)
                seen.extend(event.id for event in page)

        writers = (write(store, told, f"{name}{n}", 20) for name, store in (("a", one), ("b", two)) for n in range(4))
        await asyncio.gather(follow(), *writers)
        assert seen == list(range(1, 161))
        await assert_whole(one, told)


# -- the pen


async def test_a_node_gives_its_sign_of_life_while_another_has_the_pen(postgres):
    from pushbutton.adapters.postgres.locks import PEN

    address = postgres.empty()
    async with opened(address, node="one") as store:
        await store.nodes.join(Node("one", NodeKind.WORKER), clock=1)
        before = (await store.nodes.all())[0].seen
        with psycopg_connection(address) as other:
            other.execute(f"SELECT pg_advisory_xact_lock({PEN})")
            assert await store.nodes.beat("one", clock=1)
        assert (await store.nodes.all())[0].seen > before


async def test_a_gate_that_gives_nothing_writes_nothing(postgres):
    address = postgres.empty()
    async with opened(address) as store:
        await store.press(new("first"))
        before = postgres.sql("SELECT turn, at FROM turns", address)
        assert await store.claim(Offer("w", 0), at=2000, token="t") is None
        assert postgres.sql("SELECT turn, at FROM turns", address) == before
        assert await store.claim(Offer("w", 1), at=2000, token="t")
        assert postgres.sql("SELECT turn, at FROM turns", address) != before


def psycopg_connection(address: str) -> Any:
    import psycopg

    return psycopg.connect(address)
