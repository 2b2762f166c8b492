"""A press for later: when it starts, and what can be done with it until then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters import in_process
from pushbutton.app import Pushbutton
from pushbutton.domain.actor import Actor
from pushbutton.domain.event import Kind
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import BadInput, CannotMove, InvalidInputs, KeyReused, NoSuchRun, Refused
from pushbutton.runtime import approve, cancel, later, press, worker
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.ports.people import AuditQuery, Change
from pushbutton.testing import opened

TASKS = """
from pushbutton import task

@task
def report(name: str = ""):
    print("made", name)

@task(approvals=1)
def deploy():
    print("deployed")
"""
SECOND = 1_000_000
HOUR = 3600 * SECOND


@dataclass
class World:
    app: Pushbutton
    core: Core
    clock: Clock

    def who(self, name: str = "ada") -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])

    async def press(self, task: str = "report", after: int | None = HOUR, who: str = "ada", **more: Any) -> Run:
        moment = None if after is None else self.clock() + after
        return (await press.press(self.core, self.who(who), task, {}, not_before=moment, **more)).run

    async def over(self, number: int) -> Run:
        async with asyncio.timeout(60):
            async for event in self.core.hub.events(Topics(runs=frozenset({number})), 0):
                if event.kind is Kind.STATE and RunState(str(event.data["state"])).over:
                    break
        return await self.core.store.run(number)

    async def state(self, number: int) -> RunState:
        return (await self.core.store.run(number)).state


@dataclass
class Clock:
    """The wall clock as the worker and those who press see it; it can be set."""

    ahead: int = 0

    def __call__(self) -> int:
        return now() + self.ahead


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Its gate is asked by nobody but whoever has a reason to."""
    clock = Clock()
    for module in (worker, later, press):
        monkeypatch.setattr(module, "now", clock)
    monkeypatch.setattr(in_process, "POLL", 3600.0)
    (tmp_path / "tasks.py").write_text(TASKS)
    async with opened(tmp_path / "tasks.py") as app:
        core = await app.open()
        people = [User("ada", "Ada"), User("bob", "Bob"), User("eve", "Eve")]
        rights = [Grant("user:ada", "admin"), Grant("user:bob", "admin"), Grant("user:eve", "press")]
        await core.directory.change(lambda _: Change(put=[*people, *rights]))
        yield World(app, core, clock)
        for run in await core.store.runs(RunQuery(states=frozenset({RunState.HELD, RunState.WAITING}))):
            await cancel.cancel(core, core.directory.actor(core.directory.all.users["ada"]), run.id)


async def test_a_run_starts_at_its_moment_and_not_before(world):
    run = await world.press(after=SECOND)
    assert run.state is RunState.WAITING
    ended = await world.over(run.id)
    assert ended.started_at is not None
    assert ended.not_before is not None
    assert ended.started_at >= ended.not_before


async def test_others_are_not_kept_waiting_by_it(world):
    later_run = await world.press()
    assert (await world.over((await world.press(after=None)).id)).state is RunState.SUCCEEDED
    assert await world.state(later_run.id) is RunState.WAITING


async def test_of_several_moments_each_is_kept(world):
    runs = [await world.press(after=after) for after in (2 * SECOND, SECOND // 2, SECOND)]
    ended = [await world.over(run.id) for run in runs]
    assert all(run.started_at >= run.not_before for run in ended)
    assert [run.id for run in sorted(ended, key=lambda run: run.started_at)] == [runs[1].id, runs[2].id, runs[0].id]


async def test_the_next_moment_is_looked_up_for_many_presses_together(world, monkeypatch):
    looks, look = [], world.core.store.next_moment

    async def counted(*, after):
        looks.append(after)
        return await look(after=after)

    monkeypatch.setattr(worker, "CLOCK", 3600.0)
    monkeypatch.setattr(world.core.store, "next_moment", counted)
    for _ in range(20):
        await world.over((await world.press(after=None)).id)
    assert looks == [], "one was looked up at the start"


async def test_a_clock_that_is_put_forward_takes_the_moment_with_it(world):
    run = await world.press(after=2 * HOUR)
    world.clock.ahead = 2 * HOUR
    assert (await world.over(run.id)).state is RunState.SUCCEEDED


async def test_a_clock_that_is_put_back_takes_the_moment_with_it(world):
    run = await world.press(after=SECOND // 2)
    world.clock.ahead = -2 * HOUR
    other = await world.press(after=SECOND)
    assert (await world.over(other.id)).state is RunState.SUCCEEDED, "by the clock that counts now"
    assert await world.state(run.id) is RunState.WAITING


async def test_it_is_started_now(world):
    run = await world.press()
    moved = await later.move(world.core, world.who(), run.id, None)
    assert moved.not_before < run.not_before
    assert (await world.over(run.id)).state is RunState.SUCCEEDED


async def test_it_is_moved_and_the_run_and_the_trail_tell_of_it(world):
    run = await world.press()
    moved = await later.move(world.core, world.who(), run.id, run.not_before + HOUR)
    assert moved.not_before == run.not_before + HOUR
    events = await world.core.store.events(Topics(runs=frozenset({run.id})), after=0)
    assert [(event.kind, event.data["code"], event.data["actor"]) for event in events[1:]] == [
        (Kind.NOTE, "move", "ada")
    ]
    [record] = await world.core.store.audit.records(AuditQuery(limit=1))
    assert (record.act.verb, record.act.about) == ("run.move", f"run {run.id}")
    assert await later.move(world.core, world.who(), run.id, moved.not_before) == moved
    assert len(await world.core.store.events(Topics(runs=frozenset({run.id})), after=0)) == 2, "nothing to tell again"


async def test_it_is_stopped_before_it_starts(world):
    run = await world.press()
    assert (await cancel.cancel(world.core, world.who(), run.id)).state is RunState.CANCELLED
    assert await world.core.store.next_moment(after=0) is None


async def test_the_same_key_with_another_moment_is_another_press(world):
    at = world.clock() + HOUR
    first = await press.press(world.core, world.who(), "report", {}, key="k", not_before=at)
    again = await press.press(world.core, world.who(), "report", {}, key="k", not_before=at)
    assert (again.made, again.run.id) == (False, first.run.id)
    for other in (at + 1, None):
        with pytest.raises(KeyReused):
            await press.press(world.core, world.who(), "report", {}, key="k", not_before=other)


@pytest.mark.parametrize("away", [-2 * HOUR, 367 * 24 * HOUR])
async def test_a_moment_that_does_not_count_starts_and_moves_nothing(world, away):
    with pytest.raises(InvalidInputs) as wrong:
        await world.press(after=away)
    assert list(wrong.value.fields) == [""]
    assert await world.core.store.runs(RunQuery()) == []
    run = await world.press()
    with pytest.raises(BadInput, match="This moment"):
        await later.move(world.core, world.who(), run.id, world.clock() + away)
    assert await world.core.store.run(run.id) == run


async def test_one_that_runs_or_is_over_or_waits_for_no_moment_is_not_moved(world):
    run = await world.press(after=None)
    await world.over(run.id)
    with pytest.raises(CannotMove, match=f"Run {run.id} does not wait for a moment"):
        await later.move(world.core, world.who(), run.id, None)


async def test_who_may_press_but_not_stop_moves_nothing_and_who_sees_nothing_finds_nothing(world):
    run = await world.press(who="eve")
    with pytest.raises(Refused):
        await later.move(world.core, world.who("eve"), run.id, None)
    await world.core.directory.change(lambda _: Change(drop=[Grant("user:eve", "press")]))
    with pytest.raises(NoSuchRun):
        await later.move(world.core, world.who("eve"), run.id, None)


async def test_approvals_are_asked_for_at_once_and_the_run_still_starts_at_its_moment(world):
    run = await world.press("deploy", after=3 * SECOND)
    assert run.state is RunState.HELD
    approved = await approve.approve(world.core, world.who("bob"), run.id)
    assert (approved.state, approved.not_before) == (RunState.WAITING, run.not_before)
    ended = await world.over(run.id)
    assert ended.started_at >= ended.not_before


async def test_one_that_is_approved_after_its_moment_starts_then(world):
    run = await world.press("deploy", after=0)
    assert await world.state(run.id) is RunState.HELD
    await approve.approve(world.core, world.who("bob"), run.id)
    assert (await world.over(run.id)).state is RunState.SUCCEEDED


async def test_what_was_approved_for_a_moment_is_not_moved_to_another_one(world):
    run = await world.press("deploy")
    moved = await later.move(world.core, world.who(), run.id, run.not_before + HOUR)
    assert moved.not_before == run.not_before + HOUR, "nobody has approved it yet"
    await approve.approve(world.core, world.who("bob"), run.id)
    with pytest.raises(CannotMove, match="approved for the moment that it has"):
        await later.move(world.core, world.who(), run.id, None)
