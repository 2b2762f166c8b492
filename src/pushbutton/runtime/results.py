"""The results of a run, and those of the run before it that its figures are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pushbutton.domain.actor import Actor
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.result import Figure, Results, results
from pushbutton.domain.run import Run

from . import history
from .core import Core
from .ports import Topics

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Before:
    """The last run before one, as far as figures go."""

    run: Run
    figures: Mapping[str, Figure]  # by their title


async def of(core: Core, run: Run) -> Results:
    events = [*await _events(core, run, Kind.RESULT), *await _events(core, run, Kind.ARTIFACT)]
    return results(sorted(events, key=lambda event: event.id))


async def before(core: Core, actor: Actor, run: Run) -> Before | None:
    """The last run before it that succeeded, if it has figures."""
    other = await history.last_good(core, actor, run)
    if other is None:
        return None
    found = results(await _events(core, other, Kind.RESULT))
    return Before(other, found.figures) if found.figures else None


async def _events(core: Core, run: Run, kind: Kind) -> list[Event]:
    found: list[Event] = []
    topics = Topics(runs=frozenset({run.id}))
    while page := await core.store.events(topics, after=found[-1].id if found else 0, limit=_PAGE, kind=kind):
        found += page
        if len(page) < _PAGE:
            break
    return found
