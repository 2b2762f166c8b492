"""What every dispatcher must guarantee, see `runtime.ports.Dispatch`. It may deliver too often; the gate decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from pushbutton.adapters.in_process import InProcessDispatch, LocalNotifier
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.ports import Claim, Dispatch


@pytest.fixture(params=[InProcessDispatch])
def dispatch(request: pytest.FixtureRequest) -> Dispatch:
    made: Dispatch = request.param()
    return made


class Gate:
    """Remembers what it was offered; lets through what `verdict` says."""

    def __init__(self, verdict: Callable[[int], Claim] = lambda _: Claim.YES) -> None:
        self.offered: list[int] = []
        self.verdict = verdict
        self._heard = asyncio.Event()

    async def __call__(self, run: int) -> Claim:
        self.offered.append(run)
        self._heard.set()
        return self.verdict(run)

    async def offers(self, count: int) -> list[int]:
        """Wait until it was offered so many."""
        async with asyncio.timeout(60):
            while len(self.offered) < count:
                self._heard.clear()
                await self._heard.wait()
        return self.offered


@pytest.fixture
async def deliver(dispatch) -> AsyncIterator[Callable[[Gate], None]]:
    tasks: list[asyncio.Task[None]] = []
    yield lambda gate: tasks.append(asyncio.create_task(dispatch.run_worker(gate)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_was_submitted_before_the_worker_came_is_delivered(dispatch, deliver):
    await dispatch.submit(1, "a")
    gate = Gate()
    deliver(gate)
    assert await gate.offers(1) == [1]


async def test_what_is_submitted_later_is_delivered(dispatch, deliver):
    gate = Gate()
    deliver(gate)
    await asyncio.sleep(0)
    await dispatch.submit(1, "a")
    assert await gate.offers(1) == [1]


async def test_the_oldest_of_a_task_is_offered_first(dispatch, deliver):
    for run in (1, 2, 3):
        await dispatch.submit(run, "a")
    gate = Gate()
    deliver(gate)
    assert await gate.offers(3) == [1, 2, 3]


async def test_a_busy_task_holds_up_no_other(dispatch, deliver):
    await dispatch.submit(1, "busy")
    await dispatch.submit(2, "busy")
    await dispatch.submit(3, "free")
    gate = Gate(lambda run: Claim.YES if run == 3 else Claim.TASK_BUSY)
    deliver(gate)
    await gate.offers(2)
    assert gate.offered == [1, 3]


async def test_a_refused_run_is_offered_again_after_a_wake(dispatch, deliver):
    await dispatch.submit(1, "a")
    verdicts = iter([Claim.TASK_BUSY, Claim.FULL, Claim.YES])
    gate = Gate(lambda _: next(verdicts))
    deliver(gate)
    for count in (1, 2, 3):
        await gate.offers(count)
        await asyncio.sleep(0)
        dispatch.wake()
    assert gate.offered == [1, 1, 1]
    assert dispatch.stats()["waiting"] == 0


async def test_a_cancelled_run_is_not_offered(dispatch, deliver):
    await dispatch.submit(1, "a")
    await dispatch.submit(2, "a")
    await dispatch.cancel(1)
    gate = Gate()
    deliver(gate)
    assert await gate.offers(1) == [2]


async def test_cancelling_what_it_does_not_have_is_harmless(dispatch):
    await dispatch.cancel(99)
    assert dispatch.stats() == {"waiting": 0}


async def test_a_run_that_does_not_exist_holds_up_nothing(dispatch, deliver):
    await dispatch.submit(1, "a")
    await dispatch.submit(2, "a")

    def verdict(run: int) -> Claim:
        if run == 1:
            raise NoSuchRun(1)
        return Claim.YES

    gate = Gate(verdict)
    deliver(gate)
    assert await gate.offers(2) == [1, 2]


async def test_a_worker_can_be_ended_at_any_moment(dispatch):
    await dispatch.submit(1, "a")
    for _ in range(50):
        task = asyncio.create_task(dispatch.run_worker(Gate(lambda _: Claim.TASK_BUSY)))
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
