"""A task that moves to another group, or whose name is used there again: its runs stay with those who see both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pushbutton.domain.actor import LOCAL
from pushbutton.domain.approval import Hold
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import UNFINISHED, NewRun, Run, RunState
from pushbutton.errors import NoSuchRun, Refused
from pushbutton.runtime import approve, cancel, history, press
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery
from pushbutton.web.views.output_lines import LineReaders
from pushbutton.web.views.views import Views
from tests.unit.runtime.worlds import TASKS, a_core, at, put, somebody

MOVED = TASKS.replace("Deployments", "Public").replace('"test", "live"', '"live", "other"').replace('"test"', '"live"')


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    """Vic may press and approve in the group that the task moves to, Bob in both."""
    given = [
        Grant(f"user:{who}", gives, f"group:{group}")
        for who, group in [("vic", "Public"), ("bob", "Public"), ("bob", "Deployments")]
        for gives in ("presser", "approver")
    ]
    async with a_core(tmp_path, User("vic"), User("bob"), *given) as core:
        yield core
        for run in await core.store.runs(RunQuery(states=UNFINISHED)):
            await cancel.cancel(core, LOCAL, run.id)


async def move(core: Core, folder: Path) -> None:
    (folder / "tasks.py").write_text(MOVED)
    await until(core, lambda: "deploy" in core.catalog.tasks() and core.catalog.task("deploy").group == "Public")


async def until(core: Core, true: Callable[[], bool]) -> None:
    """Of the catalogue."""
    changed = asyncio.Event()
    unlisten = core.notifier.listen("catalog", changed.set)
    async with asyncio.timeout(60):
        while not true():
            await changed.wait()
            changed.clear()
    unlisten()


async def pressed(core: Core, *, hold: Hold | None = None, key: str = "") -> Run:
    new = NewRun("deploy", "Deploy", "bob", {"where": "live"}, at(), hold=hold, key=key, group="Deployments")
    return (await core.store.press(new)).run


@pytest.mark.parametrize("gone", [False, True], ids=["moved", "used again"])
async def test_its_old_runs_are_seen_by_those_who_see_both_groups(core, tmp_path, gone):
    run = await pressed(core)
    if gone:
        (tmp_path / "tasks.py").unlink()
        await until(core, lambda: "deploy" not in core.catalog.tasks())
    await move(core, tmp_path)
    vic, bob = somebody(core, "vic"), somebody(core, "bob")
    assert await history.runs(core, vic, RunQuery(text="live")) == []
    assert [found.id for found in await history.runs(core, bob, RunQuery())] == [run.id]
    for reading in (history.run, history.written, cancel.cancel):
        with pytest.raises(NoSuchRun):
            await reading(core, vic, run.id)
    assert (await history.written(core, bob, run.id)).id == run.id


async def test_what_it_takes_and_when_it_ran_last_is_told_by_the_runs_that_one_sees(core, tmp_path):
    run = await pressed(core)
    await move(core, tmp_path)
    views = Views(core, LineReaders(core.lines))
    seen = {who: (await views.task(somebody(core, who), "deploy", at())).past.runs for who in ("vic", "bob")}
    assert (seen["vic"], [one.id for one in seen["bob"]]) == ((), [run.id])
    assert (await views.running(somebody(core, "vic")), await core.store.counts()) == (0, {RunState.WAITING: 1})


async def test_a_run_that_is_held_waits_for_those_who_see_both_groups(core, tmp_path):
    run = await pressed(core, hold=Hold(1, 24, at() * 2, "eve", "x"))
    await move(core, tmp_path)
    waiting = {who: [one.id for one in await approve.waiting(core, somebody(core, who))] for who in ("vic", "bob")}
    assert waiting == {"vic": [], "bob": [run.id]}
    with pytest.raises(NoSuchRun):
        await approve.reject(core, somebody(core, "vic"), run.id, why="no")


async def test_a_press_is_not_answered_with_a_run_that_is_not_to_be_seen(core, tmp_path):
    await put(core, Grant("user:vic", "presser", "group:Deployments"))
    await press.press(core, somebody(core, "vic"), "deploy", {"where": "live"}, key="mine")
    await put(core, drop=(Grant("user:vic", "presser", "group:Deployments"),))
    await move(core, tmp_path)
    with pytest.raises(Refused, match="stood in another group"):
        await press.press(core, somebody(core, "vic"), "deploy", {"where": "live"}, key="mine")
