"""The needs of a waiting run besides its turn: locks, and who has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.offer import ONE
from pushbutton.domain.policy import decide
from pushbutton.domain.run import ACTIVE, Micros, Run, RunState
from pushbutton.domain.task import Task
from pushbutton.runtime import visibility
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery

_ACTIVE = 1000
_WAITING = 200


@dataclass(frozen=True, slots=True)
class Need:
    """A lock of a run that waits for its turn."""

    name: str
    places: int  # how many runs hold it at once
    held: int  # how many do
    holders: tuple[Run, ...] = ()  # those that the reader may see, oldest first
    before: Run | None = None  # an older run that waits for it and has its turn first, if the reader may see it

    @property
    def free(self) -> bool:
        return self.held < self.places


async def needs(core: Core, actor: Actor, run: Run, now: Micros, task: Task | None) -> tuple[Need, ...]:
    """By the names of the locks. Who holds a link to one run is told of no other."""
    if not run.locks or run.state is not RunState.WAITING or run.aside:
        return ()

    def seen(runs: Sequence[Run]) -> tuple[Run, ...]:
        if actor.own:
            return ()
        return tuple(one for one in runs if decide(actor, Verb.SEE, *visibility.resources(core.catalog, one)))

    active = (await core.store.runs(RunQuery(states=ACTIVE, limit=_ACTIVE)))[::-1]
    waiting = RunQuery(states=frozenset({RunState.WAITING}), before=run.id, limit=_WAITING)
    older = [one for one in await core.store.runs(waiting) if not one.aside and not one.for_later(now)]
    places = task.locks if task else {}
    found = []
    for name in sorted(run.locks):
        holders = [one for one in active if name in one.locks]
        before = seen([one for one in older if name in one.locks])
        found.append(Need(name, places.get(name, ONE), len(holders), seen(holders), before[0] if before else None))
    return tuple(found)
