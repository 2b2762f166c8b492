"""A run that waits for its moment: move it to another one, or start it now."""

from __future__ import annotations

from collections.abc import Sequence

from pushbutton.domain import moment
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.cause import CauseKind
from pushbutton.domain.event import iso
from pushbutton.domain.policy import require
from pushbutton.domain.run import Micros, Run, RunState
from pushbutton.errors import BadInput, CannotMove, Fenced
from pushbutton.sentence import say

from . import history, journal, visibility
from .clock import now
from .core import Core
from .ports import Append, RunQuery

MOST = 500
"""Runs that a list of those that wait for their moment has."""
MOVE = "move"
"""The code of the note that tells of it."""


async def move(core: Core, actor: Actor, number: int, to: Micros | None) -> Run:
    """It starts at `to` now; None: as soon as there is a slot. The run as it is then.

    Only somebody who may both press the task and stop the run can: it is as if they stopped it and pressed it again.
    Raises `NoSuchRun`, `Refused`, `BadInput`, `CannotMove` when it waits for no moment, or was approved for the one
    that it has.
    """
    while True:
        run = await visibility.run(core.store, core.catalog, actor, number)
        for verb in (Verb.PRESS, Verb.STOP):
            require(actor, verb, *visibility.resources(core.catalog, run))
        if wrong := refusal(run):
            raise CannotMove(wrong)
        at = now()
        if to is not None and (wrong := moment.refusal(to, at)):
            raise BadInput(wrong)
        when = to if to is not None and to > at else at
        if run.not_before == when or (run.not_before or 0) < when == at:
            return run  # as it is
        told = journal.note(_told(when, at), code=MOVE, actor=actor.name, not_before=iso(when))
        done = act(actor, Deed.RUN_MOVE, f"run {number}", at, task=run.task, title=run.title, not_before=iso(when))
        try:
            entry = Append(number, [told], epoch=run.epoch, row={"not_before": when}, act=done, seen=run.hold)
            await journal.write(core, entry)
        except Fenced:
            continue  # it was approved, started or stopped in this moment
        core.dispatch.wake()
        return await core.store.run(number)


async def listed(core: Core, actor: Actor) -> Sequence[Run]:
    """The runs that wait for a moment of their own, of what the actor may see, the next one first. What is tried again
    is not among them: nobody chose its moment.
    """
    query = RunQuery(states=frozenset({RunState.HELD, RunState.WAITING}), later=now(), limit=MOST)
    found = await history.runs(core, actor, query)
    return sorted(
        (run for run in found if run.cause.kind is not CauseKind.RETRY), key=lambda run: (run.not_before or 0, run.id)
    )


def _told(when: Micros, at: Micros) -> str:
    if when <= at:
        return say("It is to start now.")
    return say("It is to start at {moment}.", moment=iso(when)[:16].replace("T", " ") + " UTC")


def refusal(run: Run) -> str:
    """Why nobody can move it; "": it can be moved."""
    if run.state not in (RunState.HELD, RunState.WAITING) or run.not_before is None:
        return say("Run {number} does not wait for a moment.", number=run.id)
    if run.hold and run.hold.given and run.cause.kind is not CauseKind.RETRY:  # of a series all tries are approved
        return say("It was approved for the moment that it has: stop it, and press again for another one.")
    return ""
