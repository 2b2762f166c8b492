"""Files that come to rest in folders that tasks watch: each presses its task once.

What was pressed for a file is kept in the transaction of the press: neither a kill nor a second process presses twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pushbutton.domain.actor import ALL, Actor
from pushbutton.domain.on_file import KEPT, FileSeen, Known, Lying, OnFile, Verdict, gone
from pushbutton.domain.task import Reason, Task
from pushbutton.errors import (
    BadInput,
    InvalidInputs,
    KeyReused,
    PushbuttonError,
    StillReading,
    StoreError,
    TaskPaused,
    TooOften,
)
from pushbutton.sentence import say

from . import schedules, visibility
from .clock import now
from .core import Core
from .ports import Pressed
from .ports.files_seen import Folders
from .press import press

CAME = "A file came."
"""The reason of a press where a task requires one."""
UNPROMPTED: Final = 10.0
"""Seconds between two looks of which nothing was notified: what other machines write is not."""
AGAIN: Final = 5.0
"""Seconds after which what waits for its task is tried again."""
SOONEST: Final = 0.1

log = logging.getLogger(__name__)


class Lookout:
    """Looks at all folders. Since when each file lies there as it does is kept in memory: after a start each has to
    rest anew.
    """

    def __init__(self, core: Core, folders: Folders) -> None:
        self._core, self._folders = core, folders
        self._known: dict[str, Known] = {}  # by task
        self._since: dict[str, dict[Lying, float]] = {}  # by task: those that rest, since when on the monotonic clock

    async def look(self) -> float | None:
        """Press for all files that have rested long enough. Seconds until the next look; None: no task watches one.

        Raises `StoreError`; what was not dealt with is when this is called again.
        """
        if await schedules.all_paused(self._core):
            return UNPROMPTED  # nothing presses by itself: they go on lying there
        tasks = {slug: task for slug, task in self._core.catalog.tasks().items() if task.on_file and not task.broken}
        rules = {slug: task.on_file for slug, task in tasks.items() if task.on_file}
        there = await self._folders.look(rules) if rules else {}
        self._folders.over(sorted({rules[slug].folder for slug in there}))
        self._since = {slug: since for slug, since in self._since.items() if slug in rules}
        waits = [await self._deal(tasks[slug], rules[slug], files) for slug, files in there.items()]
        return min(waits, default=UNPROMPTED) if rules else None

    async def _deal(self, task: Task, rule: OnFile, files: Sequence[Lying]) -> float:
        """Seconds until this folder is looked at again."""
        known = await self._begun(task, rule, files)
        before, at = self._since.get(task.slug, {}), time.monotonic()
        open_ones = [one for one in files if (seen := known.of(one)) is None or seen.verdict is Verdict.WAITS]
        self._since[task.slug] = since = {one: before.get(one, at) for one in open_ones}
        wait = UNPROMPTED
        for one, began in since.items():
            if (left := began + rule.rest - at) > 0:
                wait = min(wait, max(left, SOONEST))
                continue
            seen = await _press(self._core, task, rule, one, known.of(one))
            known.add(seen)
            wait = AGAIN if seen.verdict is Verdict.WAITS else wait
        await self._forget(known, files)
        return wait

    async def _begun(self, task: Task, rule: OnFile, files: Sequence[Lying]) -> Known:
        """The files that were dealt with. At the first look at this folder, all files in it count as such."""
        store = self._core.store.files_seen
        if task.slug not in self._known:
            self._known[task.slug] = Known(await store.of(task.slug))
        known = self._known[task.slug]
        if not any(one.verdict is Verdict.BEGUN and one.file.path == rule.text for one in known):
            at = now()
            earlier = [one for one in known if one.verdict is Verdict.BEGUN]
            found = [FileSeen(task.slug, at, Verdict.THERE, _text(one)) for one in files if known.of(one) is None]
            found.append(FileSeen(task.slug, at, Verdict.BEGUN, Lying(0, rule.text, 0, 0)))
            for one in await store.keep(found):
                known.add(one)
            known.drop(earlier)
            await store.forget(earlier)
        return known

    async def _forget(self, known: Known, files: Sequence[Lying]) -> None:
        if old := gone(known, files, now()):
            known.drop(old)
            await self._core.store.files_seen.forget(old)


async def seen(core: Core, actor: Actor, slug: str) -> Sequence[FileSeen]:
    """The last files that came to a task, newest first. Raises `NoSuchTask`."""
    slug = visibility.task(core.catalog, actor, slug).slug
    kept = await core.store.files_seen.of(slug)
    return [one for one in kept if one.verdict is not Verdict.BEGUN][:KEPT]


async def again(core: Core, actor: Actor, slug: str, number: int) -> Pressed:
    """Press for a file once more, in the name of whoever asks; done twice, it is one press. Raises `NoSuchTask`,
    `BadInput`, and what a press raises.
    """
    task = visibility.pressable(core.catalog, actor, slug)
    found = next((one for one in await seen(core, actor, slug) if one.number == number), None)
    if found is None or task.on_file is None:
        raise BadInput(say("This file is not kept any more, or the task watches no folder now."))
    if found.verdict is Verdict.WAITS:
        raise BadInput(say("This file waits for its task: it is pressed as soon as the task can be."))
    key = f"{_key(found.file)} after {found.run}"
    return await press(core, actor, task.slug, _inputs(task.on_file, found.file), key=key, why=CAME, file=found)


async def _press(core: Core, task: Task, rule: OnFile, file: Lying, before: FileSeen | None) -> FileSeen:
    actor = Actor(f"file:{task.slug}", ALL, credential=f"file:{task.slug}")
    seen = FileSeen(task.slug, now(), Verdict.PRESSED, _text(file))
    if seen.file != file:
        return await _kept(core, seen, Verdict.UNFIT, say("Its name is no text in UTF-8."), before)
    try:
        pressed = await press(
            core, actor, task.slug, _inputs(rule, file), key=_key(file), file=seen,
            why=CAME if task.reason is Reason.REQUIRED else "",
        )  # fmt: skip
    except (TaskPaused, TooOften) as error:
        return await _kept(core, seen, Verdict.WAITS, str(error), before)
    except KeyReused:
        return await _kept(core, seen, Verdict.REFUSED, say("It was pressed for already, with other inputs."), before)
    except (StoreError, StillReading):
        raise
    except InvalidInputs as error:
        return await _kept(core, seen, Verdict.UNFIT, error.by_field, before)
    except PushbuttonError as error:
        return await _kept(core, seen, Verdict.REFUSED, str(error), before)
    return FileSeen(task.slug, seen.at, Verdict.PRESSED, file, pressed.run.id)


async def _kept(core: Core, seen: FileSeen, verdict: Verdict, why: str, before: FileSeen | None) -> FileSeen:
    if before and before.verdict is verdict and before.why == why:
        return before
    if verdict is not Verdict.WAITS:
        log.warning("%s came, and %s was not pressed: %s", seen.file.path, seen.task, why)
    found = FileSeen(seen.task, seen.at, verdict, seen.file, why=why)
    return (await core.store.files_seen.keep([found]))[0]


def _inputs(rule: OnFile, file: Lying) -> Mapping[str, object]:
    return {**rule.inputs, rule.input: file.path} if rule.input else rule.inputs


def _text(file: Lying) -> Lying:
    """With a path that can be written down, whatever its bytes are."""
    return replace(file, path=file.path.encode("utf-8", "backslashreplace").decode())


def _key(file: Lying) -> str:
    return f"file {file.inode:x} {file.changed:x} {file.size:x}"
