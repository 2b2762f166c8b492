"""A run that was approved starts as it was approved: the same task, and a dry run that says the same once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from pushbutton.domain.run import NewRun, Run, RunState
from pushbutton.domain.task import Task
from pushbutton.domain.token import hashed, new_token
from pushbutton.errors import CannotApprove

from . import brought, journal, plan
from .core import Core, now
from .frozen import with_files
from .ports import Topics
from .watch import is_last

ANY = 1_000_000
"""More runs at once than there are: a dry run that is made once more stands in the slot of its run."""

Begin = Callable[[Run, str], Awaitable[None]]
"""Start a claimed run, which has this token."""


async def again(core: Core, task: Task, run: Run, begin: Begin) -> None:
    """Make the dry run once more, to its end. Raises `CannotApprove`, or what else is in the way, in words."""
    assert run.hold  # noqa: S101  asked before
    await as_approved(core, task, run)
    inputs = {**run.inputs, task.dry_run: True}
    new = NewRun(run.task, task.title, f"run:{run.id}", inputs, now(), group=run.group)
    dry = (await core.store.press(new)).run
    await core.supervisors.put_secrets(dry.id, core.supervisors.take_secrets(run.id))
    await brought.keep(core, task, dry, other=run.id)
    said = journal.note(f"Its plan is made once more before it starts (run {dry.id}).", code="plan")
    await journal.held(core, run, replace(run.hold, again=dry.id), [said])
    # From here on, whoever stops the run stops the dry run too.
    if stop_by := (await core.store.run(run.id)).stop_by:
        await journal.never(core, dry, RunState.CANCELLED, "It was stopped before it started.", actor=stop_by)
        return
    token = new_token()
    claimed = await core.store.claim(
        dry.id, worker=core.worker, at=now(), task_limit=ANY, total_limit=ANY, token=hashed(token)
    )
    core.notifier.hint("events")
    if claimed.run:
        await begin(claimed.run, token)
    async for event in core.hub.events(Topics(runs=frozenset({dry.id})), 0):
        if event.run == dry.id and is_last(event):
            break
    plan.unchanged(await plan.of(core, dry.id), run)


async def as_approved(core: Core, task: Task, run: Run) -> Mapping[str, str]:
    """What starts is what was approved, to the byte. Raises `CannotApprove`; a run that needed nobody may start.

    The hashes of the files that were approved, by path: its supervisor looks once more.
    """
    if not run.hold:
        return {}
    digest, files = await with_files(task)
    if digest != run.hold.digest:
        raise CannotApprove("The task was changed after it was approved; nothing was started. Press again.")
    brought.same_secrets(core, run)
    return files
