"""An approval covers all tries at a press while they are what was approved; else the next one asks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushbutton.app import Pushbutton
from pushbutton.domain.actor import Actor
from pushbutton.domain.event import Kind
from pushbutton.domain.person import User
from pushbutton.domain.policy import EVERYONE, Grant
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime import approve, cancel, dry_run, later, press
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.ports.people import Change
from pushbutton.testing import opened
from tests.acceptance.worlds import until

TASKS = """
from pathlib import Path
from pushbutton import SecretStr, task

HERE = Path(__file__).parent

@task(approvals=1, retry={"times": 3, "wait": WAIT})
def deploy(word: SecretStr = SecretStr("")):
    with (HERE / "ran").open("a") as file:
        file.write("as it was " + word.get_secret_value() + "\\n")
    raise SystemExit(4)

@task(approvals=1, retry={"times": 3, "wait": WAIT})
def drop(dry_run: bool = False):
    print((HERE / "plan").read_text())
    if not dry_run:
        (HERE / "dropped").write_text((HERE / "plan").read_text())
        raise SystemExit(4)
"""


@dataclass
class World:
    app: Pushbutton
    core: Core
    folder: Path

    def who(self, name: str) -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])

    async def approved(self, task: str, **inputs: str) -> Run:
        """Pressed by Ada and approved by Bob."""
        run = (await press.press(self.core, self.who("ada"), task, inputs)).run
        await self.approve(run)
        return run

    async def approve(self, run: Run) -> None:
        assert run.hold
        seen = await self.plan(run.hold.plan) if run.hold.plan else ""
        await approve.approve(self.core, self.who("bob"), run.id, seen=seen)

    async def plan(self, number: int) -> str:
        """The hash of a plan, once it is made."""
        await self.over(number)
        return (await dry_run.of(self.core, number)).sha256

    async def over(self, number: int) -> Run:
        async with asyncio.timeout(120):
            async for event in self.core.hub.events(Topics(runs=frozenset({number})), 0):
                if event.kind is Kind.STATE and RunState(str(event.data["state"])).over:
                    break
        return await self.core.store.run(number)

    async def begun(self, number: int) -> None:
        """The try that waits for its moment begins now."""
        await later.move(self.core, self.who("ada"), number, None)

    async def held(self, number: int) -> Run:
        async with asyncio.timeout(120):
            async for event in self.core.hub.events(Topics(runs=frozenset({number})), 0):
                if event.kind is Kind.STATE and event.data["state"] == RunState.HELD:
                    break
        return await self.core.store.run(number)

    def wrote(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []

    async def changed(self) -> None:
        """The tasks say something else, and that is known."""
        file = self.folder / "tasks.py"
        digest = self.core.catalog.task("deploy").digest
        file.write_text(file.read_text().replace("as it was", "as it is now"))
        await until(lambda: self.core.catalog.task("deploy").digest != digest, what="the change is read")


@pytest.fixture
async def world(request, tmp_path) -> AsyncIterator[World]:
    (tmp_path / "tasks.py").write_text(TASKS.replace("WAIT", repr(getattr(request, "param", "1 h"))))
    (tmp_path / "plan").write_text("would drop 3 tables")
    async with opened(tmp_path, store=None) as app:
        core = await app.open()
        grants = [Grant(EVERYONE, "presser"), Grant(EVERYONE, "approver")]
        await core.directory.change(lambda _: Change(put=[User("ada"), User("bob"), *grants]))
        yield World(app, core, tmp_path)


@pytest.mark.parametrize("world", [0], indirect=True)
async def test_one_approval_is_enough_for_all_tries(world):
    first = await world.over((await world.approved("deploy", word="hush")).id)
    second = await world.over(first.next)
    third = await world.over(second.next)
    assert third.next == 0
    assert world.wrote("ran") == ["as it was hush"] * 3
    assert third.hold
    assert [given.actor for given in third.hold.given] == ["bob"]


async def test_a_try_of_a_task_that_has_changed_asks_again_and_starts_when_it_is_approved(world):
    first = await world.over((await world.approved("deploy", word="hush")).id)
    await world.changed()
    await world.begun(first.next)
    second = await world.held(first.next)
    assert (second.hold.given, second.hold.needs, second.started_at) == ((), 1, None)
    assert world.wrote("ran") == ["as it was hush"]
    await world.approve(second)
    await world.over(second.id)
    assert world.wrote("ran") == ["as it was hush", "as it is now hush"]


async def test_a_try_whose_plan_has_changed_asks_again_with_the_new_plan(world):
    first = await world.over((await world.approved("drop")).id)
    assert world.wrote("dropped") == ["would drop 3 tables"]
    (world.folder / "plan").write_text("would drop 5 tables")
    await world.begun(first.next)
    second = await world.held(first.next)
    assert first.hold
    assert second.hold.plan not in (0, first.hold.plan)
    assert await world.plan(second.hold.plan) != await world.plan(first.hold.plan)
    await world.approve(second)
    await world.over(second.id)
    assert world.wrote("dropped") == ["would drop 5 tables"]


async def test_a_try_whose_plan_is_the_same_starts_without_asking(world):
    first = await world.over((await world.approved("drop")).id)
    await world.begun(first.next)
    second = await world.over(first.next)
    assert second.state is RunState.FAILED
    assert second.next


async def test_nothing_follows_a_refused_approval(world):
    first = await world.over((await world.approved("deploy")).id)
    await world.changed()
    await world.begun(first.next)
    await world.held(first.next)
    await approve.reject(world.core, world.who("bob"), first.next, why="not like this")
    second = await world.over(first.next)
    assert (second.state, second.next) == (RunState.CANCELLED, 0)


async def test_a_try_that_asks_again_can_be_stopped(world):
    first = await world.over((await world.approved("deploy")).id)
    await world.changed()
    await world.begun(first.next)
    await world.held(first.next)
    await cancel.cancel(world.core, world.who("ada"), first.id)
    second = await world.over(first.next)
    assert (second.state, second.next) == (RunState.CANCELLED, 0)


async def test_what_was_never_approved_as_it_is_is_not_tried_again(world):
    run = (await press.press(world.core, world.who("ada"), "drop", {})).run
    assert run.hold
    await world.plan(run.hold.plan)
    (world.folder / "plan").write_text("would drop 5 tables")
    await approve.approve(world.core, world.who("bob"), run.id, seen=await world.plan(run.hold.plan))
    ended = await world.over(run.id)
    assert (ended.state, ended.next, world.wrote("dropped")) == (RunState.FAILED, 0, [])
