"""Looking back: runs and what they said."""

from __future__ import annotations

from collections.abc import Sequence

from pushbutton.domain.event import Event
from pushbutton.domain.policy import Verb, decide, require
from pushbutton.domain.run import Run

from .core import Core
from .ports import RunQuery, Topics

PAGE = 1000


async def runs(core: Core, actor: str, query: RunQuery) -> Sequence[Run]:
    """Newest first, only those that the actor may see."""
    return [run for run in await core.store.runs(query) if decide(actor, Verb.SEE, run.task).allowed]


async def run(core: Core, actor: str, number: int) -> Run:
    """Raises `NoSuchRun`, `Refused`."""
    found = await core.store.run(number)
    require(actor, Verb.SEE, found.task)
    return found


async def events(core: Core, actor: str, number: int, *, after: int = 0) -> Sequence[Event]:
    """All of a run's events behind `after`, oldest first."""
    await run(core, actor, number)
    found: list[Event] = []
    while page := await core.store.events(Topics(runs=frozenset({number})), after=after, limit=PAGE):
        found += [event for event in page if event.run == number]
        after = page[-1].id
        if len(page) < PAGE:
            break
    return found
