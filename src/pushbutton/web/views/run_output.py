"""Facts about a run from its output alone: where its steps are, its last line, the line that names its failure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pushbutton.domain.actor import Verb
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.visible import visible
from pushbutton.runtime.core import Core
from pushbutton.runtime.log.reader import LineReader
from pushbutton.terminal.styles import Line

from .error_line import error_line
from .output_lines import LineReaders
from .run_story import Step, Story

if TYPE_CHECKING:
    from .views import RunView

BIGGEST: Final = 16 << 20
"""Bytes of output; a page does not wait for more to be read."""
PATIENCE: Final = 0.5
"""Seconds that it waits."""
_LAST = 5  # lines among which one is that says something
_LONGEST = 200  # characters of a line that stands elsewhere on the page
_LOOKED_AT = 400  # lines before the end of a failure


@dataclass(frozen=True, slots=True)
class Lines:
    """Numbers of lines, both included."""

    first: int
    last: int | None = None  # not known, or it goes on

    @property
    def link(self) -> str:
        return f"#L{self.first}" if self.last in (None, self.first) else f"#L{self.first}-L{self.last}"


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """The line that names a failure."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    steps: Mapping[str, Lines] = field(default_factory=dict)  # by name: those that wrote something
    last: str = ""  # the last line, where the run says nothing else of itself
    error: ErrorLine | None = None
    there: str = ""  # a link to where it failed
    end: tuple[str, ...] = ()  # the last lines of a run that failed


async def with_output(core: Core, readers: LineReaders, view: RunView) -> RunView:
    """The same view with what its output tells, for those who may read it. Nothing where that is too much to read.

    `view` is one of `Views.run`, which has the output brought.
    """
    if Verb.OUTPUT not in view.may:
        return view
    size = core.output.size(view.run.id)
    if not 0 < size <= BIGGEST:
        return view
    reader, failed = readers.of(view.run.id), view.run.state is RunState.FAILED
    try:
        async with asyncio.timeout(PATIENCE):
            last = await _last(reader) if view.quiet else ""
            steps = await _steps(reader, view.run, view.story, size)
            end = (await reader.lines(-_LOOKED_AT, _LOOKED_AT, final=True)).lines if failed else ()
    except (TimeoutError, OSError):
        return view
    error = _error(end, view.story, steps)
    there = _there(view, steps, error)
    return replace(view, written=Written(steps, last, error, there, tuple(line.text for line in end)))


def _there(view: RunView, steps: Mapping[str, Lines], error: ErrorLine | None) -> str:
    if error:
        return f"#L{error.number}"
    failed = view.story.failed_step
    lines = steps.get(failed[1].name) if failed else None
    return f"#L{lines.last}" if lines and lines.last else ""


async def _steps(reader: LineReader, run: Run, told: Story, size: int) -> Mapping[str, Lines]:
    """A step that wrote nothing has none, and so has one of which nobody knows where it began."""
    found = {step.name: reach for step in told.steps if (reach := _reach(step, size))}
    if not found:
        return {}
    places = {first for first, _ in found.values()} | {last for _, last in found.values() if last is not None}
    numbers = await reader.numbers(places, final=run.state.over)
    return {
        name: Lines(numbers[first], None if last is None else numbers[last]) for name, (first, last) in found.items()
    }


def _reach(step: Step, size: int) -> tuple[int, int | None] | None:
    """The first and the last byte that it wrote; the last one None where that is not known or it goes on."""
    end = size if step.cut else step.end
    if step.begin is None or step.begin >= (size if end is None else end):
        return None
    return step.begin, None if end is None else end - 1


def _error(end: Sequence[Line], told: Story, steps: Mapping[str, Lines]) -> ErrorLine | None:
    """From where the failing step began, if that is known, to the end: what it died of may be written behind it."""
    failed = told.failed_step
    lines = steps.get(failed[1].name) if failed else None
    number = error_line((line.number, line.text) for line in end if not lines or line.number >= lines.first)
    found = next((line.text for line in end if line.number == number), "")
    return ErrorLine(number, visible(found.strip()[:_LONGEST])) if number else None


async def _last(reader: LineReader) -> str:
    """The last line that says something; "" where there is none yet."""
    page = await reader.lines(-_LAST, _LAST, final=False)
    return next((visible(line.text.strip()[:_LONGEST]) for line in page.lines[::-1] if line.text.strip()), "")
