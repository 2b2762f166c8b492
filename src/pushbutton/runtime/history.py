"""Looking back: runs and what they said. What an actor may not see does not exist for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.policy import decide, require
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import StoreError

from . import visibility
from .core import Core
from .ports import RunQuery, Topics

PAGE = 1000
"""Events that are read at once, at most."""
SOON = 0.5  # seconds
_BACK = 10  # runs that are looked at for one to compare with


async def runs(core: Core, actor: Actor, query: RunQuery) -> Sequence[Run]:
    """Newest first."""
    return await core.store.runs(visibility.query(core.catalog, actor, query))


async def run(core: Core, actor: Actor, number: int) -> Run:
    """Raises `NoSuchRun`."""
    return await visibility.run(core.store, core.catalog, actor, number)


async def newest(core: Core, actor: Actor, number: int) -> Run:
    """The newest try at the press that made this run: itself, where there is no other. Raises `NoSuchRun`."""
    found = await run(core, actor, number)
    tries = await runs(core, actor, RunQuery(series=found.series, limit=1)) if found.series else ()
    return tries[0] if tries else found


async def written(core: Core, actor: Actor, number: int) -> Run:
    """A run whose output and files the actor may read; the output is here. Raises `NoSuchRun`, `Refused`."""
    found = await visibility.run(core.store, core.catalog, actor, number)
    require(actor, Verb.OUTPUT, *visibility.resources(core.catalog, found))
    await core.output.bring(found)
    return found


async def brought(core: Core, found: Run) -> None:
    """As much of its output is here as comes soon: for a page, which does not wait for all of it."""
    with contextlib.suppress(TimeoutError, StoreError):
        async with asyncio.timeout(SOON):
            await core.output.bring(found)


async def given(core: Core, actor: Actor, number: int) -> Run:
    """A run whose input files the actor may read: with the right to its output, or to approve it. Raises `NoSuchRun`,
    `Refused`.
    """
    found = await visibility.run(core.store, core.catalog, actor, number)
    resources = visibility.resources(core.catalog, found)
    if not decide(actor, Verb.APPROVE, *resources):
        require(actor, Verb.OUTPUT, *resources)
    return found


async def last_good(core: Core, actor: Actor, run: Run) -> Run | None:
    """The newest run of the task before this one that succeeded, if the actor may see it: of a dry run a dry run."""
    query = RunQuery(task=run.task, states=frozenset({RunState.SUCCEEDED}), before=run.id, limit=_BACK)
    task = core.catalog.tasks().get(run.task)
    found = await runs(core, actor, query)
    return next((one for one in found if not task or task.is_dry(one.inputs) == task.is_dry(run.inputs)), None)


async def events(core: Core, actor: Actor, number: int, *, after: int = 0, limit: int = PAGE) -> Sequence[Event]:
    """A run's events behind `after`, oldest first, at most `limit`. Raises `NoSuchRun`."""
    await run(core, actor, number)
    return await core.store.events(Topics(runs=frozenset({number})), after=after, limit=min(limit, PAGE))


async def handed_over(core: Core, number: int, name: str) -> bool:
    """Whether a run has handed over a file of this name."""
    after, topics = 0, Topics(runs=frozenset({number}))
    while page := await core.store.events(topics, after=after, limit=PAGE, kind=Kind.ARTIFACT):
        if any(event.data.get("name") == name for event in page):
            return True
        after = page[-1].id
    return False
