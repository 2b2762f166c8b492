"""Whom a page tells first: a letter goes out later, and only where they have not looked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pushbutton.domain.actor import Actor
from pushbutton.domain.event import Event
from pushbutton.domain.messages import PATIENCE, Message, Wishes
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import Run, RunState
from pushbutton.runtime import press, telling, wishes
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.testing import opened

from .worlds import put

TASKS = """
from pushbutton import task

@task
def bad():
    raise SystemExit(3)

@task(approvals=1)
def careful():
    pass
"""


@dataclass
class World:
    core: Core

    def who(self, name: str) -> Actor:
        return self.core.directory.actor(self.core.directory.all.users[name])

    async def comes(self, name: str, task: str, state: RunState) -> tuple[Run, Event]:
        """A run that this person presses, when it has this state, and the event that says so."""
        run = (await press.press(self.core, self.who(name), task, {})).run
        async for event in self.core.hub.events(Topics(runs=frozenset({run.id})), 0):
            if event.data.get("state") == state:
                return await self.core.store.run(run.id), event
        raise AssertionError

    async def message(self, event: Event, name: str) -> Message:
        (found,) = [one for one in await telling.of(self.core, event) if one.person == name]
        return found


def person(name: str, *tell: str, patient: bool = True, runs: tuple[int, ...] = ()) -> Wishes:
    return Wishes(name, tell, address=f"{name}@home.example", patient=patient, runs=runs)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "tasks.py").write_text(TASKS)
    async with opened(tmp_path / "tasks.py", smtp="smtp://127.0.0.1:9", smtp_from="push@example.org") as app:
        core = await app.open()
        await put(core, User("ada", "Ada"), User("bob", "Bob"), Grant("user:ada", "admin"), Grant("user:bob", "admin"))
        await put(core, person("ada", "fail", "needs"), person("bob", "fail", patient=False))
        yield World(core)


async def test_a_letter_waits_five_minutes_and_goes_out_where_nobody_looked(world):
    _, event = await world.comes("ada", "bad", RunState.FAILED)
    message = await world.message(event, "ada")
    assert PATIENCE <= message.after - event.at < 2 * PATIENCE
    assert await telling.told(world.core, message) is not None


async def test_who_looked_at_the_run_since_gets_none(world):
    run, event = await world.comes("ada", "bad", RunState.FAILED)
    message = await world.message(event, "ada")
    await wishes.looked(world.core, world.who("ada"), run)
    assert await telling.told(world.core, message) is None


async def test_a_look_at_another_run_or_by_somebody_else_counts_for_nothing(world):
    other, _ = await world.comes("ada", "bad", RunState.FAILED)
    run, event = await world.comes("ada", "bad", RunState.FAILED)
    message = await world.message(event, "ada")
    await wishes.looked(world.core, world.who("ada"), other)
    await wishes.looked(world.core, world.who("bob"), run)
    await wishes.looked(world.core, world.who("ada"))
    assert await telling.told(world.core, message) is not None


async def test_an_approval_that_was_seen_in_the_inbox_is_told_by_no_letter(world):
    _, event = await world.comes("bob", "careful", RunState.HELD)
    message = await world.message(event, "ada")
    assert await telling.told(world.core, message) is not None
    await wishes.looked(world.core, world.who("ada"))
    assert await telling.told(world.core, message) is None


async def test_others_are_told_at_once_and_a_run_that_somebody_asked_about_is_not_kept_back(world):
    _, event = await world.comes("bob", "bad", RunState.FAILED)
    assert (await world.message(event, "bob")).after == 0
    run, event = await world.comes("ada", "bad", RunState.FAILED)
    await put(world.core, person("ada", "fail", runs=(run.id,)))
    assert (await world.message(event, "ada")).after == 0
