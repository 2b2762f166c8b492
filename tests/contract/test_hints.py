"""Hints among the processes that share a database: what is written by one is looked at by the others at once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.postgres import Hints, PostgresStore
from pushbutton.adapters.postgres import hints as module
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.run import NewRun
from pushbutton.domain.schedule import Pause
from pushbutton.runtime.ports import Append

KEY = b"the key of the tests"
NEW = NewRun("deploy", "Deploy", "ada", {}, 1000)
TOPICS = ("events", "runs", "schedules", "nodes", "orders:1", "told:1")


class Ear:
    """Counts what it hears of each topic."""

    def __init__(self, hints: LocalNotifier) -> None:
        self.heard = dict.fromkeys(TOPICS, 0)
        self._new = asyncio.Event()
        for topic in TOPICS:
            hints.listen(topic, functools.partial(self._hear, topic))

    def _hear(self, topic: str) -> None:
        self.heard[topic] += 1
        self._new.set()

    async def hears(self, *topics: str) -> None:
        """Wait until each of them was heard since this was asked last."""
        async with asyncio.timeout(60):
            while not all(self.heard[topic] for topic in topics):
                self._new.clear()
                await self._new.wait()
        self.heard = dict.fromkeys(TOPICS, 0)


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[tuple[PostgresStore, Ear]]:
    store = PostgresStore(address, KEY)
    await store.open()
    notifier = LocalNotifier()
    hints = Hints(store.connections, notifier.hint, notifier.everything)
    ear = Ear(notifier)
    hints.open()
    await ear.hears(*TOPICS)  # it listens: everything is looked at once
    try:
        yield store, ear
    finally:
        hints.close()
        await store.close()


@pytest.fixture
async def two(tables: str) -> AsyncIterator[Any]:
    async with opened(tables) as (here, _), opened(tables) as (_, there):
        yield here, there


async def test_what_one_writes_the_other_hears_of_by_its_topic(two):
    store, ear = two
    await store.press(NEW)
    await ear.hears("events", "runs")
    run = await store.claim(Offer("one", 1), at=2000, token="")
    await ear.hears("events", "runs")
    await store.order(run.id, [Order(OrderKind.REPORT, {}, 5)], epoch=run.epoch)
    await ear.hears("orders:1")
    await store.append(Append(run.id, [Draft(Kind.STATUS, {"text": "x"}, 7)], heard=1))
    await ear.hears("events", "told:1")
    assert ear.heard["runs"] == 0, "its state is what it was"
    await store.pause("every day", Pause(0, "why", "ada"), Act("ada", "schedule.pause", "schedule x", 1))
    await ear.hears("schedules")
    await store.nodes.join(Node("one", NodeKind.WORKER), clock=0)
    await ear.hears("nodes")


async def test_a_sign_of_life_and_what_is_refused_make_no_noise(two):
    store, ear = two
    await store.nodes.join(Node("one", NodeKind.WORKER), clock=0)
    await ear.hears("nodes")
    await store.nodes.beat("one", clock=0)
    with pytest.raises(ValueError, match="not columns"):
        await store.append(Append(1, [Draft(Kind.STATUS, {"text": "x"}, 7)], row={"nothing": 1}))
    await store.press(NEW)
    await ear.hears("events")
    assert ear.heard["nodes"] == 0


async def test_a_listener_that_is_cut_off_comes_back_and_has_everything_looked_at(postgres, monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.05)
    address = postgres.database()
    async with opened(address) as (store, ear):
        name = address.partition("@/")[2].partition("?")[0]
        postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        await ear.hears(*TOPICS)
        await store.press(NEW)
        await ear.hears("events", "runs")


async def test_stores_in_one_database_do_not_hear_each_other(postgres):
    async with opened(postgres.empty()) as (_, there), opened(postgres.empty()) as (store, here):
        await store.press(NEW)
        await here.hears("events")
        assert set(there.heard.values()) == {0}
