"""What is different between a run that failed and the last one that worked. Comparing is pure; reading is `since`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain import task_text
from pushbutton.domain.run import Run
from pushbutton.domain.visible import visible
from pushbutton.runtime import history
from pushbutton.runtime.core import Core
from pushbutton.runtime.log.reader import PAGE_LINES, LineReader
from pushbutton.runtime.ports.people import AuditQuery

from .output_lines import LineReaders
from .run_output import BIGGEST, PATIENCE
from .run_story import Step

_READ: Final = 20_000  # lines that are compared
_LONGEST: Final = 200  # characters of a line that are shown
_MOST: Final = 4  # steps that are named
_RECORDS: Final = 20  # of a task, among which its declaration is looked for: it is paused and goes on as well
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
class Changed:
    run: Run  # the last one that worked
    task: bool | None  # whether its task was another one; None: not known
    diff: str = ""  # of the two declarations, as `task_text.diff` makes it; "": the same, or not for this reader
    steps: tuple[Took, ...] = ()
    output: Difference | None = None  # None: the same, or not compared
    compared: bool = False  # both outputs were read


def other_task(run: Run, good: Run) -> bool | None:
    return run.digest != good.digest if run.digest and good.digest else None


async def declared(core: Core, run: Run, good: Run) -> str:
    """What is different in the declarations that were recorded until either was over."""
    texts = []
    for one in (good, run):
        query = AuditQuery(about=f"task {run.task}", verb="task", until=one.ended_at or 0, limit=_RECORDS)
        held = [record.act.data.get("text") for record in await core.store.audit.records(query)]
        texts.append(next((text for text in held if isinstance(text, str)), ""))
    before, after = texts
    return task_text.diff(before, after) if before and after and before != after else ""


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
        if _VARIES.sub("0", here) != _VARIES.sub("0", there):
            return Difference(first + place, *(visible(text.strip()[:_LONGEST]) for text in (there, here)))
    return None


async def outputs(core: Core, readers: LineReaders, run: Run, good: Run) -> tuple[Difference | None, bool]:
    """The first difference of their outputs, and whether both were read: not where they are large, or slow to read."""
    for one in (run, good):
        await history.brought(core, one)
        if core.output.size(one.id) > BIGGEST:
            return None, False
    try:
        async with asyncio.timeout(PATIENCE):
            return await _compared(readers.of(run.id), readers.of(good.id)), True
    except (TimeoutError, OSError):
        return None, False


async def _compared(here: LineReader, there: LineReader) -> Difference | None:
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
            return found
        first += shared
    return None
