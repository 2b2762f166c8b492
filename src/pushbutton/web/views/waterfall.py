"""A run's steps on one axis of time, with the time that each usually takes. Pure; lengths are per cent of the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.run import Micros

from .run_story import Step

MOST: Final = 200
"""Steps that are drawn."""
OPEN: Final = 12
"""Steps up to which all of it is shown at once."""
_SECOND: Final = 1_000_000
_TICKS: Final = 6  # on the axis, at most
_APART: Final = (
    0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
"""Seconds between two ticks, as a clock is read."""
_LEAST: Final = 0.4  # per cent: what took no time is seen as well
_NAMED: Final = 92.0  # per cent: the name of a tick behind this would stick out


@dataclass(frozen=True, slots=True)
class Bar:
    at: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    seconds: float

    @property
    def anchor(self) -> str:
        """Where its name hangs, as in SVG."""
        return "start" if not self.at else "end" if self.at > _NAMED else "middle"


@dataclass(frozen=True, slots=True)
class Row:
    step: Step
    bar: Bar | None  # None: it was never reached
    usual: Bar | None  # from the moment on at which it began, or is to begin; None: not known


@dataclass(frozen=True, slots=True)
class Waterfall:
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    now: float | None = None  # while it goes on
    more: int = 0  # steps that are not drawn

    @property
    def open(self) -> bool:
        return len(self.rows) <= OPEN


def waterfall(steps: Sequence[Step], begun: Micros | None, until: Micros, *, over: bool) -> Waterfall | None:
    """`begun`: when the run started; `until`: its end, or now. None where there is nothing to compare."""
    if begun is None or len(steps) < 2 or not any(step.started for step in steps):
        return None
    shown, at, spans = steps[:MOST], 0.0, []
    for step in shown:
        start = at if step.started is None else max(0.0, (step.started - begun) / _SECOND)
        end = start if step.started is None else max(start, ((step.ended or until) - begun) / _SECOND)
        spans.append((step, start, end))
        if not step.depth:
            expected = start + (step.usual or 0.0)
            at = end if step.ended else max(end, expected)
    past = max(0.0, (until - begun) / _SECOND)
    whole = max(past, *(max(end, start + (step.usual or 0.0)) for step, start, end in spans), 0.001)

    def bar(start: float, seconds: float) -> Bar:
        at = min(100 * start / whole, 100 - _LEAST)
        return Bar(round(at, 3), round(min(max(_LEAST, 100 * seconds / whole), 100 - at), 3))

    rows = tuple(
        Row(
            step,
            bar(start, end - start) if step.started is not None else None,
            bar(start, step.usual) if step.usual else None,
        )
        for step, start, end in spans
    )
    apart = next((seconds for seconds in _APART if whole / seconds <= _TICKS), whole)
    ticks = tuple(Tick(round(100 * n * apart / whole, 3), n * apart) for n in range(int(whole / apart) + 1))
    return Waterfall(rows, ticks, None if over else round(100 * past / whole, 3), len(steps) - len(shown))
