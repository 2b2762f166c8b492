"""The facts that an administrator looks at: health, tasks, their secrets, and what other systems called in
vain. Nothing is changed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.hook import Hook, Verdict
from pushbutton.domain.needed_secrets import Needed, needed
from pushbutton.domain.policy import require
from pushbutton.domain.run import Micros
from pushbutton.domain.schedule import Pause
from pushbutton.domain.task import Task
from pushbutton.errors import SecretsLocked

from . import vitals
from .clock import now
from .core import Core
from .ports import Disk
from .vitals import Vitals

LATELY: Final[Micros] = 7 * 86_400 * 1_000_000
"""Calls of hooks that failed before that are no concern any more."""
CALLS: Final = 20
"""The newest calls of each hook that are looked at."""
LITTLE: Final = 0.1
"""The part of a disk below which it counts as nearly full."""
IN_VAIN: Final = frozenset({Verdict.UNFIT, Verdict.UNREADABLE, Verdict.UNSIGNED, Verdict.REFUSED})


@dataclass(frozen=True, slots=True)
class Secrets:
    named: Sequence[Needed]
    locked: str = ""  # why the stored ones cannot be read: a sentence; "": they can

    @property
    def lacking(self) -> Sequence[Needed]:
        """The secrets that a task needs and cannot get. While the stored ones are locked, this is not known."""
        return [one for one in self.named if one.tasks and (one.broken or (one.missing and not self.locked))]


@dataclass(frozen=True, slots=True)
class Calls:
    """Of a hook, those that were of no use lately."""

    hook: Hook
    count: int
    last: Micros


@dataclass(frozen=True, slots=True)
class Overview:
    vitals: Vitals
    disk: Disk | None  # None: it does not answer
    secrets: Secrets
    calls: Sequence[Calls]
    silent: Sequence[str]  # folders that do not answer

    @property
    def nearly_full(self) -> bool:
        return self.disk is not None and self.disk.free < LITTLE * self.disk.size


@dataclass(frozen=True, slots=True)
class Declared:
    """A task as its file says it, and how it is held up."""

    task: Task
    changed: Micros = 0  # when its declaration was last another one; 0: not known
    pause: Pause | None = None


async def overview(core: Core, actor: Actor) -> Overview:
    """Raises `Refused`, `StoreError`."""
    require(actor, Verb.ADMIN)
    return Overview(
        vitals=await vitals.taken(core),
        disk=await vitals.disk(core),
        secrets=await secrets(core, actor),
        calls=[one for hook in core.directory.all.hooks.values() if (one := await _in_vain(core, hook)).count],
        silent=core.catalog.silent(),
    )


async def tasks(core: Core, actor: Actor) -> Sequence[Declared]:
    """The tasks, those that cannot be pressed first. Raises `Refused`, `StoreError`."""
    require(actor, Verb.ADMIN)
    at = now()
    changed = {record.act.about: record.act.at for record in await core.store.audit.newest("task", "task")}
    held: Mapping[str, Pause] = {slug: one for slug, one in (await core.store.pauses()).items() if one.holds(at)}
    found = [
        Declared(task, changed.get(f"task {slug}", 0), held.get(slug)) for slug, task in core.catalog.tasks().items()
    ]
    return sorted(found, key=lambda one: (not one.task.broken, one.pause is None))


async def secrets(core: Core, actor: Actor) -> Secrets:
    """Raises `Refused`."""
    require(actor, Verb.ADMIN)
    try:
        kept, locked = await core.secrets.names(), ""
    except SecretsLocked as error:
        kept, locked = (), str(error)
    return Secrets(needed(core.catalog.tasks(), core.catalog.secrets(), kept, os.environ), locked)


async def _in_vain(core: Core, hook: Hook) -> Calls:
    newest = await core.store.deliveries.newest(hook.id, limit=CALLS)
    found = [one.at for one in newest if one.verdict in IN_VAIN and one.at > now() - LATELY]
    return Calls(hook, len(found), max(found, default=0))
