"""What every dispatcher must guarantee, see `runtime.ports.Dispatch`. It may ask too often; the gate decides."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from pushbutton.adapters import in_process
from pushbutton.adapters.in_process import InProcessDispatch, LocalNotifier
from pushbutton.errors import StoreBusy
from pushbutton.runtime.ports import Dispatch


@pytest.fixture(params=[InProcessDispatch])
def dispatch(request: pytest.FixtureRequest) -> Dispatch:
    made: Dispatch = request.param()
    return made


class Gate:
    """Has so many runs to give, and remembers how often it was asked."""

    def __init__(self, runs: int = 0) -> None:
        self.runs = runs
        self.given = self.asked = 0
        self._heard = asyncio.Event()

    async def __call__(self) -> bool:
        self.asked += 1
        found = self.runs > 0
        self.runs -= found
        self.given += found
        self._heard.set()
        return found

    async def answers(self, given: int, asked: int) -> None:
        """Wait until it gave so many runs, and was asked so often."""
        async with asyncio.timeout(60):
            while self.given < given or self.asked < asked:
                self._heard.clear()
                await self._heard.wait()


@pytest.fixture
async def ask(dispatch) -> AsyncIterator[Callable[[Gate], None]]:
    tasks: list[asyncio.Task[None]] = []
    yield lambda gate: tasks.append(asyncio.create_task(dispatch.run_worker(gate)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_waited_before_the_worker_came_is_asked_for(dispatch, ask):
    gate = Gate(1)
    ask(gate)
    await gate.answers(1, 2)


async def test_the_gate_is_asked_again_after_a_wake(dispatch, ask, monkeypatch):
    monkeypatch.setattr(in_process, "POLL", 1e6)
    gate = Gate()
    ask(gate)
    for count in (1, 2, 3):
        await gate.answers(0, count)
        await asyncio.sleep(0)
        dispatch.wake()


async def test_the_gate_is_asked_until_it_has_nothing_more(dispatch, ask):
    gate = Gate(5)
    ask(gate)
    await gate.answers(5, 6)
    assert gate.asked == 6, "and then it waits"


async def test_a_wake_before_the_worker_came_is_harmless(dispatch, ask):
    dispatch.wake()
    gate = Gate(1)
    ask(gate)
    await gate.answers(1, 2)


async def test_a_wake_that_comes_while_the_gate_is_asked_is_not_lost(dispatch, monkeypatch):
    monkeypatch.setattr(in_process, "POLL", 1e6)
    asked = asyncio.Queue[int]()
    numbers = itertools.count()

    async def ask() -> bool:
        number = next(numbers)
        if number == 0:
            dispatch.wake()
            await asyncio.sleep(0)
        asked.put_nowait(number)
        return False

    task = asyncio.create_task(dispatch.run_worker(ask))
    async with asyncio.timeout(60):
        assert [await asked.get(), await asked.get()] == [0, 1]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_gate_is_asked_now_and_then_without_a_word(dispatch, ask, monkeypatch):
    monkeypatch.setattr(in_process, "POLL", 0.01)
    gate = Gate()
    ask(gate)
    await gate.answers(0, 5)


async def test_a_gate_that_fails_ends_the_worker_with_its_fault(dispatch):
    async def ask() -> bool:
        raise StoreBusy

    with pytest.raises(StoreBusy):
        await dispatch.run_worker(ask)


async def test_a_worker_can_be_ended_at_any_moment(dispatch):
    for _ in range(50):
        task = asyncio.create_task(dispatch.run_worker(Gate()))
        await asyncio.sleep(0)
        dispatch.wake()
        await asyncio.sleep(0)
        dispatch.wake()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# -- hints


@pytest.fixture(params=[LocalNotifier])
def notifier(request: pytest.FixtureRequest) -> LocalNotifier:
    made: LocalNotifier = request.param()
    return made


def test_a_hint_reaches_who_listens_to_its_topic_only(notifier):
    heard: list[str] = []
    notifier.listen("a", lambda: heard.append("a"))
    notifier.listen("b", lambda: heard.append("b"))
    notifier.hint("a")
    assert heard == ["a"]


def test_who_stopped_listening_hears_nothing(notifier):
    heard: list[str] = []
    end = notifier.listen("a", lambda: heard.append("a"))
    end()
    end()
    notifier.hint("a")
    assert heard == []


def test_a_listener_may_stop_while_it_hears(notifier):
    heard: list[str] = []

    def once() -> None:
        heard.append("x")
        end()

    end = notifier.listen("a", once)
    notifier.listen("a", lambda: heard.append("y"))
    notifier.hint("a")
    assert sorted(heard) == ["x", "y"]
