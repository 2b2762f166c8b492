"""An approved run starts as it was approved: the same task, and a new dry run with the same output. A later try of a
series that is not what was approved any more asks for its approval again.
"""

from __future__ import annotations

import itertools
from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from pushbutton.domain import cause
from pushbutton.domain.approval import HOUR
from pushbutton.domain.event import iso
from pushbutton.domain.run import NewRun, Run, RunState, is_last
from pushbutton.domain.task import Task
from pushbutton.errors import NotAsApproved
from pushbutton.sentence import say

from . import dry_run, input_files, journal, secret_inputs
from .clock import now
from .core import Core
from .ports import Topics
from .task_digest import frozen, with_files

LOOK: Final = 0.5  # seconds between two tries to start the dry run

Begin = Callable[[Run], Awaitable[bool]]
"""Takes the dry run through the gate, in its parent's place, and starts it. False: it does not start now."""


async def again(core: Core, task: Task, run: Run, begin: Begin) -> None:
    """Make the dry run once more, to its end: the run's first child, which begins like every other run, in the place of
    its parent. Raises `CannotApprove`, or what else is in the way, in words.
    """
    assert run.hold  # noqa: S101  asked before
    await as_approved(core, task, run)
    dry = await _dry(core, task, run, run.hold.digest)
    said = journal.note(say("Its plan is made once more before it starts (run {number}).", number=dry.id), code="plan")
    await journal.held(core, run, replace(run.hold, again=dry.id), [said])
    # From here on, a stop of the run stops the dry run too.
    if stop_by := (await core.store.run(run.id)).stop_by:
        await journal.never(core, dry, RunState.CANCELLED, say("It was stopped before it started."), actor=stop_by)
        return
    while not await begin(dry):  # its task is away for a moment
        if (await core.store.run(dry.id)).state is not RunState.WAITING:
            break  # somebody stopped it, or it found a slot of its own
        await sleep(LOOK)
    async for event in core.hub.events(Topics(runs=frozenset({dry.id})), 0):
        if event.run == dry.id and is_last(event):
            break
    dry_run.unchanged(await dry_run.of(core, dry.id), run)


async def ask(core: Core, task: Task, run: Run, reason: str) -> None:
    """A later try of a series that passed the gate, whose job has not begun, is held again: for the task and the plan
    as they are now. `reason`: why, in words.
    """
    run = await core.store.run(run.id)
    assert run.hold  # noqa: S101  else nothing was approved
    digest = await frozen(task)
    plan = run.hold.again if digest == run.hold.digest else 0
    if not plan and task.dry_run:
        plan = (await _dry(core, task, run, digest)).id
    until = now() + int(run.hold.hours * HOUR)
    needs = max(run.hold.needs, task.approval.approvers if task.approval else 0)
    hold = replace(run.hold, needs=needs, until=until, digest=digest, plan=plan, again=0, given=())
    await journal.move(
        core, run, RunState.HELD, row={"started_at": None}, hold=hold, reason=reason, needs=needs, until=iso(until),
        plan=plan or None,
    )  # fmt: skip
    core.dispatch.wake()
    if stop_by := (await core.store.run(run.id)).stop_by:  # asked for while it was on its way
        await journal.never(core, run, RunState.CANCELLED, say("It was stopped before it started."), actor=stop_by)


async def _dry(core: Core, task: Task, run: Run, digest: str) -> Run:
    """A new dry run of it."""
    new = NewRun(
        run.task,
        task.title,
        f"run:{run.id}",
        {**run.inputs, task.dry_run: True},
        now(),
        group=run.group,
        cause=cause.of_run(run.id),
        digest=digest,
        sealed=await core.store.sealed(run.id),
        tags=run.tags,
        bundle=run.bundle,
    )
    dry = await _pressed(core, new, run)
    await input_files.keep(core, task, dry, other=run.id)
    return dry


async def _pressed(core: Core, new: NewRun, run: Run) -> Run:
    """A new dry run; or one that was pressed before the server was killed, and did not start. It would start
    later, when nothing waits for it any more.
    """
    for number in itertools.count(1):
        dry = (await core.store.press(replace(new, key=again_key(run, number)))).run
        if dry.state is RunState.WAITING and not dry.aside:
            return dry
    raise AssertionError  # the numbers do not end


def again_key(run: Run, number: int) -> str:
    """The idempotency key of the run's n-th dry run; no header can hold it."""
    return f"run:{run.id}\nagain {number}"


async def as_approved(core: Core, task: Task, run: Run) -> Mapping[str, str]:
    """Check that the start is what was approved, to the byte. Raises `NotAsApproved`, or `CannotApprove` for its secret
    inputs; a run without approvals may start.

    The hashes of the files that were approved, by path: its supervisor looks once more.
    """
    if not run.hold:
        return {}
    digest, files = await with_files(task)
    if digest != run.hold.digest:
        raise NotAsApproved(say("The task was changed after it was approved; nothing was started. Press again."))
    await secret_inputs.unchanged(core, run)
    return files
