"""Loops that run in one process only, and followers that go on where they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.app import Pushbutton
from pushbutton.domain.event import Event
from pushbutton.errors import StoreBusy
from pushbutton.runtime.core import Core
from pushbutton.services import follow
from pushbutton.testing import opened
from tests.acceptance.worlds import LIMIT, until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(follow, "LEASE", 5.0)
    monkeypatch.setattr(follow, "RENEW", 0.02)
    monkeypatch.setattr(follow, "PAUSE", 0.01)


class Loop:
    """Says when it works; `holder` is the process that it runs in."""

    def __init__(self, store: MemoryStore, holder: str) -> None:
        self.working, self.begun, self.fail = asyncio.Event(), 0, False
        self._task = asyncio.create_task(follow.alone(store, "loop", holder, self._work))

    async def _work(self) -> None:
        self.begun += 1
        if self.fail:
            raise OSError("no")
        self.working.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.working.clear()

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def works(self) -> None:
        async with asyncio.timeout(60):
            await self.working.wait()


async def test_of_two_processes_one_works_and_the_other_takes_over_when_it_ends():
    store = Counting()
    one = Loop(store, "one")
    await one.works()
    two = Loop(store, "two")
    await store.asked("two", 3)
    assert not two.begun
    await one.end()
    await two.works()
    assert not one.working.is_set()
    await two.end()


async def test_a_process_that_comes_back_under_its_name_goes_on_at_once():
    store = MemoryStore()
    assert await store.lease("loop", "one", seconds=3600)  # killed with it
    one = Loop(store, "one")
    await one.works()
    await one.end()


async def test_who_has_lost_the_lease_stops_to_work():
    store = Counting()
    one = Loop(store, "one")
    await one.works()
    store.stolen = True
    await until(lambda: not one.working.is_set())
    await one.end()


async def test_a_store_that_is_busy_for_a_moment_ends_no_work():
    store = Counting()
    one = Loop(store, "one")
    await one.works()
    store.busy = True
    await store.asked("one", 3)
    assert (one.working.is_set(), one.begun) == (True, 1)
    await one.end()


async def test_work_that_fails_is_begun_again():
    store = MemoryStore()
    one = Loop(store, "one")
    one.fail = True
    await until(lambda: one.begun >= 3)
    one.fail = False
    await one.works()
    await one.end()


class Counting(MemoryStore):
    """Tells when it was asked for leases; may be busy, or have given one to another."""

    def __init__(self) -> None:
        super().__init__()
        self.busy = self.stolen = False
        self._asked: list[str] = []
        self._more = asyncio.Event()

    async def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        self._asked.append(holder)
        self._more.set()
        if self.busy:
            raise StoreBusy
        return not self.stolen and await super().lease(name, holder, seconds=seconds)

    async def asked(self, holder: str, times: int) -> None:
        """Wait until it was asked so many more times."""
        wanted = self._asked.count(holder) + times
        async with asyncio.timeout(60):
            while self._asked.count(holder) < wanted:
                self._more.clear()
                await self._more.wait()


# -- events


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Pushbutton]:
    async with opened(tmp_path) as made:
        yield made


class Follower:
    def __init__(self, app: Pushbutton, *, fails_at: str = "") -> None:
        self.app, self.fails_at = app, fails_at
        self.texts: list[str] = []

    async def deal(self, event: Event) -> bool:
        text = str(event.data.get("text", ""))
        if text == self.fails_at:
            raise OSError(text)
        self.texts.append(text)
        return not text.startswith("pass")

    async def follow(self, *, to: str = "") -> None:
        """Until it has dealt with this text and that is kept, or failed; with "", until the newest event is kept."""
        core = await self.app.open()
        following = asyncio.create_task(follow.events(core, "f", self.deal))
        await until(lambda: not to or to in self.texts or following.done())
        if not following.done():
            await kept(core)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def kept(core: Core) -> None:
    """Wait until the bookmark is the newest event."""
    async with asyncio.timeout(LIMIT):
        while True:
            if await core.store.bookmark("f") == await core.store.last_event():
                return
            await asyncio.sleep(0.005)


async def test_a_follower_begins_with_what_comes_and_goes_on_behind_what_it_dealt_with(app):
    core = await app.open()
    await app.say("before")
    await core.store.keep("f", await core.store.last_event())
    await app.say("one")
    first = Follower(app)
    await first.follow(to="one")
    await app.say("two")
    second = Follower(app)
    await second.follow(to="two")
    assert (first.texts, second.texts) == (["one"], ["two"])


async def test_what_was_not_dealt_with_comes_again_and_what_was_passed_over_may(app):
    core = await app.open()
    await core.store.keep("f", await core.store.last_event())
    for text in ("one", "pass 1", "bad", "end"):
        await app.say(text)
    first = Follower(app, fails_at="bad")
    await first.follow(to="never")
    second = Follower(app)
    await second.follow(to="end")
    assert (first.texts, second.texts) == (["one", "pass 1"], ["pass 1", "bad", "end"])


async def test_one_that_is_new_and_one_of_another_history_are_told_nothing_of_the_past(app):
    core = await app.open()
    await app.say("past")
    for bookmark in (None, 10**9):
        if bookmark:
            await core.store.keep("f", bookmark)
        one = Follower(app)
        await one.follow()
        assert one.texts == []
