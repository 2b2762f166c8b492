"""An approval as a page shows it: who can give it, what will run, and the plan that it goes by."""

from __future__ import annotations

from dataclasses import dataclass

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.approval import Hold
from pushbutton.domain.policy import verbs
from pushbutton.domain.run import Run
from pushbutton.domain.task import Task
from pushbutton.errors import NoAnswer, NoSuchRun
from pushbutton.runtime import dry_run, history, input_files, visibility
from pushbutton.runtime.core import Core
from pushbutton.runtime.dry_run import Plan
from pushbutton.runtime.task_digest import frozen

from . import command_line
from .output_lines import LineReaders
from .output_tail import Tail, tail

NAMED = 5
"""Of those who can give it, so many are named."""


@dataclass(frozen=True, slots=True)
class Waits:
    """For a held run, drawn for everybody with the same rights."""

    hold: Hold
    who: tuple[str, ...]  # users who can give it
    others: int  # who can as well
    changed: bool  # the task is not what it was when it was pressed
    starts: str  # what is started, as a command line or a function; "": that is not for this reader
    plan: Plan | None
    said: Tail  # the end of the plan's output; nothing where this reader may not see it


async def waits(core: Core, readers: LineReaders, actor: Actor, run: Run, task: Task | None) -> Waits | None:
    """None: it waits for nobody."""
    hold = run.hold
    if hold is None or run.state != "held":
        return None
    resources = visibility.resources(core.catalog, run)
    may = verbs(actor, *resources)
    out = {hold.user, *(given.user for given in hold.given)}
    who = [user.name for user in core.directory.who_may(Verb.APPROVE, *resources) if user.name not in out]
    shown = await dry_run.of(core, hold.plan) if hold.plan else None
    return Waits(
        hold=hold,
        who=tuple(who[:NAMED]),
        others=len(who[NAMED:]),
        changed=task is None or bool(task.broken) or await _changed(task, hold),
        starts=_starts(core, task, run) if task and Verb.APPROVE in may else "",
        plan=shown,
        said=await _said(core, readers, hold.plan) if shown and Verb.OUTPUT in may else Tail(),
    )


async def _changed(task: Task, hold: Hold) -> bool:
    """A task that cannot be looked at now is not called changed; the approver is told."""
    try:
        return await frozen(task) != hold.digest
    except NoAnswer:
        return False


def _starts(core: Core, task: Task, run: Run) -> str:
    """Nothing where the task has changed: the page says so."""
    files = {name: upload.name for name, upload in input_files.named(task, run.inputs).items()}
    return command_line.starts(task, {**run.inputs, **files}, python=core.python)


async def _said(core: Core, readers: LineReaders, number: int) -> Tail:
    try:
        run = await core.store.run(number)
    except NoSuchRun:
        return Tail()
    await history.brought(core, run)
    return await tail(core, readers, run, all_visible=True)
