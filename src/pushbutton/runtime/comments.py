"""Comments on a run, and whoever takes on a failure: kept as events of the run, in the audit trail, and seen live."""

from __future__ import annotations

from typing import Final

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.policy import Resource, decide
from pushbutton.domain.run import WRONG
from pushbutton.errors import BadInput, NotFailed, Refused
from pushbutton.sentence import say

from . import history, journal, visibility
from .clock import now
from .core import Core
from .ports import Append, Topics

LONGEST: Final = 2000
"""Characters of a comment."""
MOST: Final = 200
"""Comments on one run."""
_OF: Final = (Verb.PRESS, Verb.STOP, Verb.APPROVE)
_REFUSED: Final = say("You may look at this run, but not comment on it.")


def may_comment(actor: Actor, *resources: Resource) -> bool:
    """Whoever may do anything with the task, and no holder of a link."""
    return not actor.own and any(decide(actor, verb, *resources) for verb in _OF)


async def comment(core: Core, actor: Actor, number: int, text: str, *, on_it: bool = False) -> Event:
    """With `on_it` the actor takes on a failure: a text is not needed then. Raises `NoSuchRun`, `Refused`, `BadInput`,
    and `NotFailed` where there is no failure to take on.
    """
    run = await history.run(core, actor, number)
    if not may_comment(actor, *visibility.resources(core.catalog, run)):
        raise Refused(_REFUSED)
    text = text.replace("\r\n", "\n").strip()
    if on_it and run.state not in WRONG:
        raise NotFailed(number)
    if not text and not on_it:
        raise BadInput(say("Write what you have to say."))
    if len(text) > LONGEST:
        raise BadInput(say("A comment has at most {n:,} characters.", n=LONGEST))
    topics = Topics(runs=frozenset({number}))
    if len(await core.store.events(topics, after=0, limit=MOST, kind=Kind.COMMENT)) >= MOST:
        raise Refused(say("There are {n} comments on this run already.", n=MOST))
    at = now()
    draft = Draft(Kind.COMMENT, {"text": text, "actor": actor.name, "on_it": on_it}, at)
    deed = Deed.RUN_ACKNOWLEDGE if on_it else Deed.RUN_COMMENT
    done = act(actor, deed, f"run {number}", at, task=run.task, title=run.title, said=text)
    [event] = await journal.write(core, Append(number, [draft], act=done))
    return event
