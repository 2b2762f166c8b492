"""Messages that an open page shows to its reader, as they asked for them: read from the events behind its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pushbutton.domain.actor import Actor
from pushbutton.domain.messages import Occasion, Way, quiet_until
from pushbutton.domain.policy import require_directly

from . import wishes
from .clock import now
from .core import Core
from .ports import EVERYTHING
from .ports.messages import Told
from .telling import happened

MOST: Final = 1000
"""Events that are looked at; of what is older no page tells any more."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a page tells. `event` is its name: several pages tell it once."""

    event: int
    title: str
    run: int  # 0: it is about a task
    task: str


async def since(core: Core, actor: Actor, after: int, language: str) -> tuple[Sequence[Note], int]:
    """The messages for the browser that the actor asked for, of events behind this one, oldest first; and the last
    event that was looked at. Raises `Refused`.
    """
    require_directly(actor)
    newest = await core.store.last_event()
    mine = wishes.of(core, actor)
    if not mine.browser or not 0 <= after < newest:
        return (), newest
    quiet = quiet_until(mine, now()) > 0
    notes = []
    for event in await core.store.events(EVERYTHING, after=max(after, newest - MOST), upto=newest):
        told = await happened(core, event)
        occasion = told.wanted(core, mine, Way.BROWSER) if told else None
        if told is None or occasion is None or (quiet and not (mine.urgent and occasion is Occasion.ASKS)):
            continue
        message = replace(told.bare, occasion=occasion, person=actor.user)
        letter = core.letters.writer().letter(Told(message, told.run, told.task), language, mine.zone)
        notes.append(Note(event.id, letter.subject, message.run, message.task))
    return notes, newest
