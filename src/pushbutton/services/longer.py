"""Says of a run that it takes longer than usual: once, where somebody wants to be told."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pushbutton.domain.event import Kind
from pushbutton.domain.messages import LONGER, Occasion, Wish, presser
from pushbutton.domain.run import ACTIVE, Run, RunState
from pushbutton.domain.usual import lasted, too_long
from pushbutton.errors import Fenced, NoSuchRun, PushbuttonError
from pushbutton.runtime import journal
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Append, RunQuery, Topics
from pushbutton.sentence import say

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks at what is under way
PAST = 20
"""Runs to go by: those that a page goes by as well."""


async def run(core: Core) -> None:
    """Until cancelled."""
    said: set[int] = set()
    while True:
        try:
            going = await core.store.runs(RunQuery(states=ACTIVE, limit=1000)) if _asked_for(core) else ()
            said &= {one.id for one in going}
            for one in going:
                if one.id not in said and _wanted(core, one) and await _is_long(core, one):
                    await _say(core, one)
                    said.add(one.id)
        except PushbuttonError as error:
            log.warning("what takes longer than usual is looked at later: %s", error)
        except Exception:
            log.exception("what takes longer than usual is looked at later")
        await asyncio.sleep(LOOK)


def _asked_for(core: Core) -> bool:
    """Whether anybody wants to know it of anything."""
    if any(Wish.LONGER in wishes.tell for wishes in core.directory.all.wishes.values()):
        return True
    return any(rule.on is Occasion.LONGER for task in core.catalog.tasks().values() for rule in task.tell)


def _wanted(core: Core, run: Run) -> bool:
    task = core.catalog.tasks().get(run.task)
    if task is None or any(rule.on is Occasion.LONGER for rule in task.tell):
        return task is not None
    wishes = core.directory.all.wishes.get(presser(run.actor))
    return wishes is not None and Wish.LONGER in wishes.tell


async def _is_long(core: Core, run: Run) -> bool:
    asked = RunQuery(task=run.task, states=frozenset({RunState.SUCCEEDED}), before=run.id, limit=PAST)
    task = core.catalog.tasks()[run.task]
    alike = [one for one in await core.store.runs(asked) if task.is_dry(one.inputs) is task.is_dry(run.inputs)]
    limit, taken = too_long(alike), lasted(run, now())
    return limit is not None and taken is not None and taken > limit


async def _say(core: Core, run: Run) -> None:
    notes = await core.store.events(Topics(runs=frozenset({run.id})), after=0, kind=Kind.NOTE)
    if any(note.data.get("code") == LONGER for note in notes):
        return
    note = journal.note(say("It takes longer than usual."), code=LONGER)
    with contextlib.suppress(Fenced, NoSuchRun):  # it ended meanwhile
        await journal.write(core, Append(run.id, [note], epoch=run.epoch))
