"""The results of a run, and those of the run before it that its figures are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pushbutton.domain.actor import Actor
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.result import Figure, Results, results
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import NoSuchTask, StillReading

from . import visibility
from .core import Core
from .ports import RunQuery, Topics

_PAGE = 1000
_BACK = 10
"""Runs that are looked at for one to compare with."""


@dataclass(frozen=True, slots=True)
class Before:
    """The last run before one, as far as figures go."""

    run: Run
    figures: Mapping[str, Figure]  # by their title


async def of(core: Core, run: Run) -> Results:
    events = [*await _events(core, run, Kind.RESULT), *await _events(core, run, Kind.ARTIFACT)]
    return results(sorted(events, key=lambda event: event.id))


async def before(core: Core, actor: Actor, run: Run) -> Before | None:
    """The last run of the task before this one that succeeded, if the actor may see it and it has figures. A dry run
    is compared with a dry run.
    """
    states = frozenset({RunState.SUCCEEDED})
    query = RunQuery(task=run.task, states=states, before=run.id, limit=_BACK)
    try:
        task = core.catalog.task(run.task)
    except (NoSuchTask, StillReading):
        task = None
    for other in await core.store.runs(visibility.query(core.catalog, actor, query)):
        if task and task.is_dry(other.inputs) != task.is_dry(run.inputs):
            continue
        found = results(await _events(core, other, Kind.RESULT))
        return Before(other, found.figures) if found.figures else None
    return None


async def _events(core: Core, run: Run, kind: Kind) -> list[Event]:
    found: list[Event] = []
    topics = Topics(runs=frozenset({run.id}))
    while page := await core.store.events(topics, after=found[-1].id if found else 0, limit=_PAGE, kind=kind):
        found += page
        if len(page) < _PAGE:
            break
    return found
