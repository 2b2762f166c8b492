"""Runs that came with a copy of the data folder: each was under way when the copy was made, and may have run elsewhere
since. None starts before an administrator says so; stopping one drops it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.policy import decide, require
from pushbutton.domain.run import UNFINISHED, Run, RunState
from pushbutton.errors import NoSuchRun, NotAside
from pushbutton.sentence import say

from . import journal, visibility
from .clock import now
from .core import Core
from .ports import Append, RunQuery

MANY = 1_000_000
WAITS = frozenset({RunState.WAITING, RunState.HELD})


async def waiting(core: Core, actor: Actor, *, before: int = 0, most: int = MANY) -> Sequence[Run]:
    """Those that wait to be released or dropped, newest first: at most so many, with numbers below `before`. Only an
    administrator sees any.
    """
    if not decide(actor, Verb.ADMIN):
        return []
    query = RunQuery(states=UNFINISHED, aside=True, before=before, limit=most)
    return await core.store.runs(visibility.query(core.catalog, actor, query))


async def release(core: Core, actor: Actor, number: int) -> Run:
    """Let it wait for its turn or its approval, like any other. Raises `NoSuchRun`, `Refused`, `NotAside`."""
    run = await visibility.run(core.store, core.catalog, actor, number)
    require(actor, Verb.ADMIN)
    if not run.aside or run.state not in WAITS:
        raise NotAside(number)
    return await asyncio.shield(asyncio.create_task(_release(core, actor, run)))


async def _release(core: Core, actor: Actor, run: Run) -> Run:
    if run.hold and run.hold.plan:
        await _plan(core, actor, run.hold.plan)  # first: the approvers need it
    at = now()
    note = Draft(
        Kind.NOTE, {"text": say("It was released: it came with a copy of the data folder."), "code": "aside"}, at
    )
    done = act(actor, Deed.RUN_RELEASE, f"run {run.id}", at, task=run.task, title=run.title)
    await journal.write(core, Append(run.id, [note], epoch=run.epoch, row={"aside": False}, act=done))
    core.dispatch.wake()
    return await core.store.run(run.id)


async def _plan(core: Core, actor: Actor, number: int) -> None:
    try:
        plan = await core.store.run(number)
    except NoSuchRun:
        return
    if plan.aside and plan.state in WAITS:
        await _release(core, actor, plan)
