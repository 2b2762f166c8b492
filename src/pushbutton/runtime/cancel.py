"""Stop a run: one that waits never starts; one that runs is ordered to end, made to, and checked to be gone."""

from __future__ import annotations

import contextlib

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.policy import require
from pushbutton.domain.run import Run, RunState
from pushbutton.errors import Fenced, NoSuchRun, NotFound, NotRunning, StillReading
from pushbutton.sentence import say

from . import journal, visibility
from .clock import now
from .core import Core
from .ports import Append


async def cancel(core: Core, actor: Actor, number: int) -> Run:
    """The run as it is when the order is given; its end is an event. Giving the order twice is one order. Of a series
    the newest try is stopped, whichever is named: no other follows.

    Raises `NoSuchRun`, `Refused`, `NotRunning` when it is over.
    """
    run = await visibility.run(core.store, core.catalog, actor, number)
    require(actor, Verb.STOP, *visibility.resources(core.catalog, run))
    if run.next:
        return await cancel(core, actor, run.next)
    if run.state.over:
        raise NotRunning(number, run.state)
    done = act(actor, Deed.RUN_STOP, f"run {number}", now(), task=run.task, title=run.title)
    if not run.state.active:
        try:
            await journal.move(
                core,
                run,
                RunState.CANCELLED,
                actor=actor.name,
                reason=say("It was stopped before it started."),
                row={"stop_by": actor.name},
                act=done,
            )
        except Fenced:
            return await cancel(core, actor, number)  # its turn came in this moment
        await _dry_runs(core, actor, run)
        return await core.store.run(number)
    if not run.stop_by:
        try:
            asked = journal.note(say("Asked to stop."), code="stop", actor=actor.name)
            order = Order(OrderKind.STOP, {"grace": grace(core, run), "by": actor.name}, asked.at)
            row = {"stop_by": actor.name}
            await journal.write(core, Append(number, [asked], epoch=run.epoch, row=row, act=done, order=order))
        except Fenced:
            run = await core.store.run(number)  # it ended in this moment, or went back to wait
            return run if run.state.over and not run.next else await cancel(core, actor, number)
        core.notifier.hint(f"orders:{number}")
    run = await core.store.run(number)
    await _dry_runs(core, actor, run)
    return run


async def _dry_runs(core: Core, actor: Actor, run: Run) -> None:
    """End the dry run that shows what the run would do."""
    for number in (run.hold.plan, run.hold.again) if run.hold else ():
        if number:
            with contextlib.suppress(NotRunning, NoSuchRun):
                await cancel(core, actor, number)


def grace(core: Core, run: Run) -> float:
    """Seconds that the job gets to end by itself."""
    try:
        return core.catalog.of(run.task, run.bundle).limits.grace
    except (NotFound, StillReading):
        return 10.0
