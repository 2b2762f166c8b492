"""How a server does at this moment: what is waiting, running, broken, full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pushbutton import threads
from pushbutton.domain.messages import Line
from pushbutton.domain.node import NodeState
from pushbutton.domain.run import ACTIVE
from pushbutton.domain.schedule import EVERYTHING
from pushbutton.errors import NoAnswer

from . import telling, workers
from .clock import now
from .core import Core
from .ports import Backlog, Disk, RunQuery, Taken

MANY = 1_000_000
COUNTED = 1.0
"""Seconds for which files are counted."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """How many there are of each; one that is broken and paused is broken."""

    ready: int = 0
    broken: int = 0
    paused: int = 0


@dataclass(frozen=True, slots=True)
class Vitals:
    backlog: Sequence[Backlog]  # what is not over, by task and state
    supervisors: int  # alive on this machine
    workers: Mapping[NodeState, int]
    tasks: Tasks
    lines: Mapping[str, Line]  # how the channels that there are stand

    @property
    def queue(self) -> int:
        """Runs that wait for a place, and for nothing else."""
        return sum(one.due for one in self.backlog)

    @property
    def since(self) -> int | None:
        """Since when the oldest of these waits, in microseconds; None: there is none."""
        return min((one.since for one in self.backlog if one.since is not None), default=None)


async def taken(core: Core) -> Vitals:
    """Raises `StoreError`."""
    at = now()
    mine = await core.store.runs(RunQuery(states=ACTIVE, worker=core.worker, limit=MANY))
    lines = await core.store.messages.lines()
    return Vitals(
        backlog=await core.store.backlog(at=at),
        supervisors=sum(core.supervisors.held(run.id) for run in mine),
        workers=Counter(node.state for node in await workers.nodes(core)),
        tasks=await _tasks(core, at),
        lines={name: line for name, line in lines.items() if telling.channel(core, name)},
    )


async def disk(core: Core) -> Disk | None:
    """That of this machine's data folder; None where it does not answer."""
    try:
        return await threads.measuring("data", core.files.disk)
    except (NoAnswer, OSError):
        return None


async def taken_up(core: Core) -> Taken | None:
    """By runs, on this machine's disk, as far as can be counted soon; None where it does not answer."""
    try:
        return await threads.measuring("runs", core.files.taken, COUNTED)
    except (NoAnswer, OSError):
        return None


async def _tasks(core: Core, at: int) -> Tasks:
    all_tasks = core.catalog.tasks()
    broken = {slug for slug, task in all_tasks.items() if task.broken}
    pauses = await core.store.pauses()
    paused = {slug for slug in all_tasks.keys() - broken if slug in pauses and pauses[slug].holds(at)}
    if EVERYTHING in pauses and pauses[EVERYTHING].holds(at):
        paused = set(all_tasks) - broken
    return Tasks(len(all_tasks) - len(broken) - len(paused), len(broken), len(paused))
