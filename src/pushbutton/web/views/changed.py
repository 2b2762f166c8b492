"""The differences between a run that failed and the last one that worked. Comparing is pure; reading is `since`."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain import task_text
from pushbutton.domain.run import Micros, Run
from pushbutton.domain.visible import visible
from pushbutton.errors import PushbuttonError
from pushbutton.runtime import history
from pushbutton.runtime.core import Core
from pushbutton.runtime.log.reader import PAGE_LINES, LineReader
from pushbutton.runtime.ports.people import AuditQuery

from .output_lines import LineReaders
from .run_output import BIGGEST
from .run_story import Step

_READ: Final = 20_000  # lines that are compared
_GLANCE: Final = 0.02  # seconds that a page waits for it
LONGEST_LOOK: Final = 5.0
"""Seconds that it may take."""
_KEPT: Final = 500  # that are remembered
_LONGEST: Final = 200  # characters of a line that are shown
_MOST: Final = 4  # steps that are named
_RECORDS: Final = 20  # of a task, among which its declaration is looked for: it is paused and goes on as well
_LATE: Final = 60_000_000  # microseconds after which a change is recorded at the latest
_WORTH: Final = 1.0  # seconds by which a step has to differ, and
_SHARE: Final = 0.2  # of the longer time
_VARIES: Final = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", re.IGNORECASE)
"""Numbers, moments, digests: other ones in each run."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a step, in the one and in the other."""

    name: str
    then: float
    now: float


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line that is not the same, numbers apart; "": that output had ended."""

    number: int
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Two outputs. `first` None: they are the same, as far as they were read."""

    first: Difference | None = None
    upto: int | None = None  # so many lines of them were read; None: all of them


@dataclass(frozen=True, slots=True)
class Changed:
    run: Run  # the last one that worked
    task: bool | None  # whether its task was another one; None: not known
    diff: str = ""  # of the two declarations, as `task_text.diff` makes it; "": the same, or not for this reader
    steps: tuple[Took, ...] = ()
    output: Compared | None = None  # None: not for this reader, or `pending`
    pending: bool = False  # it is still being made


def other_task(run: Run, good: Run) -> bool | None:
    return run.digest != good.digest if run.digest and good.digest else None


async def declared(core: Core, run: Run, good: Run) -> str:
    """The differences between the declarations that were recorded when they were pressed."""
    before = await _at(core, good)
    after = await _at(core, run)
    if before == after and other_task(run, good):
        after = await _behind(core, run)
    return task_text.diff(before, after) if before and after and before != after else ""


async def _at(core: Core, run: Run) -> str:
    return next(iter(await _recorded(core, run.task, until=run.pressed_at)), "") or await _behind(core, run)


async def _behind(core: Core, run: Run) -> str:
    """A change is recorded a moment after it is read, and a press may come in between."""
    at = run.pressed_at
    return next(reversed(await _recorded(core, run.task, since=at, until=at + _LATE)), "")


async def _recorded(core: Core, task: str, *, since: Micros = 0, until: Micros) -> list[str]:
    """Declarations, newest first."""
    query = AuditQuery(about=f"task {task}", verb="task", since=since, until=until, limit=_RECORDS)
    held = [record.act.data.get("text") for record in await core.store.audit.records(query)]
    return [text for text in held if isinstance(text, str)]


def took(now: Sequence[Step], then: Sequence[Step]) -> tuple[Took, ...]:
    """Steps of both that took notably longer or shorter, those that differ most first."""
    known = {step.name: step.seconds for step in then}
    both = [Took(step.name, known[step.name] or 0.0, step.seconds) for step in now
            if step.seconds is not None and known.get(step.name) is not None]  # fmt: skip
    far = [one for one in both if abs(one.now - one.then) >= max(_WORTH, _SHARE * max(one.now, one.then))]
    return tuple(sorted(far, key=lambda one: -abs(one.now - one.then))[:_MOST])


def first_difference(first: int, now: Sequence[str], then: Sequence[str]) -> Difference | None:
    """`first` is the number of the first line of both."""
    for place in range(max(len(now), len(then))):
        here, there = (lines[place] if place < len(lines) else "" for lines in (now, then))
        if here != there and _VARIES.sub("0", here) != _VARIES.sub("0", there):
            return Difference(first + place, *(visible(text.strip()[:_LONGEST]) for text in (there, here)))
    return None


class Outputs:
    """Compares outputs of runs that are over, once for all who look. A page does not wait for it: it comes by patch."""

    def __init__(self, core: Core, readers: LineReaders) -> None:
        self._core, self._readers = core, readers
        self._tasks: OrderedDict[tuple[int, int], asyncio.Task[Compared]] = OrderedDict()

    async def compared(self, run: Run, good: Run, *, patience: float = _GLANCE) -> Compared | None:
        """None: not known within so many seconds; it goes on being made."""
        key = (run.id, good.id)
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._compare(run, good))
            while len(self._tasks) > _KEPT:
                self._tasks.popitem(last=False)[1].cancel()
        done, _ = await asyncio.wait([task], timeout=patience)
        return task.result() if done and not task.cancelled() else None

    async def _compare(self, run: Run, good: Run) -> Compared:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                for one in (run, good):
                    await history.brought(self._core, one)
                    if self._core.output.size(one.id) > BIGGEST:
                        return Compared(upto=0)
                return await _compared(self._readers.of(run.id), self._readers.of(good.id))
        except (TimeoutError, OSError, PushbuttonError):
            return Compared(upto=0)


async def _compared(here: LineReader, there: LineReader) -> Compared:
    first = 1
    while first < _READ:
        now, then = [await reader.lines(first, PAGE_LINES, final=True) for reader in (here, there)]
        shared = min(len(now.lines), len(then.lines))
        ended = now.first + len(now.lines) > now.total or then.first + len(then.lines) > then.total
        upto = None if ended else shared  # a page of very long lines ends early
        found = first_difference(
            first, [line.text for line in now.lines[:upto]], [line.text for line in then.lines[:upto]]
        )
        if found or ended:
            return Compared(found)
        first += shared
    return Compared(upto=first - 1)
