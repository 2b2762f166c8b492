"""The chart of a task's last runs: how long each took, how it ended, and between which times most lie. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.run import WRONG, Run, RunState
from pushbutton.domain.usual import ENOUGH, lasted, quantile

__all__ = ["RUNS", "Bar", "RunsChart", "runs_chart"]

RUNS: Final = 50
"""Runs in the chart, at most."""
WIDTH: Final = 6
"""Of the place of one run, in the units of the drawing, whose height is 100."""
PLACES: Final = 30
"""Places of runs in the drawing, at least: where there are fewer runs, the first places are empty."""
_ROOM: Final = 1.15  # what is above the longest run
_CUT: Final = 3.0  # a run that took so many times the upper end of the band is cut off there
_LEAST: Final = 3.0


@dataclass(frozen=True, slots=True)
class Bar:
    run: Run
    seconds: float
    x: float
    height: float
    end: str  # "": it succeeded; "bad", "off"
    cut: bool = False  # it took longer than the drawing shows


@dataclass(frozen=True, slots=True)
class RunsChart:
    """Heights and places count in hundredths from the bottom."""

    bars: tuple[Bar, ...] = ()  # oldest first
    low: float | None = None  # seconds: eight of ten that succeeded lie between the two; None: too few to say
    high: float | None = None
    band: tuple[float, float] = (0.0, 0.0)  # where these are
    width: float = 0.0

    @property
    def failed(self) -> int:
        return sum(bar.end == "bad" for bar in self.bars)

    @property
    def good(self) -> int:
        return sum(not bar.end for bar in self.bars)

    @property
    def off(self) -> int:
        return len(self.bars) - self.failed - self.good


def runs_chart(runs: Sequence[Run]) -> RunsChart:
    """`runs` newest first; those that are over and had started count."""
    found = [(run, seconds) for run in runs if run.state.over and (seconds := lasted(run)) is not None][:RUNS][::-1]
    if not found:
        return RunsChart()
    good = sorted(seconds for run, seconds in found if run.state is RunState.SUCCEEDED)
    low, high = (quantile(good, 0.1), quantile(good, 0.9)) if len(good) >= ENOUGH else (None, None)
    longest = max(seconds for _, seconds in found)
    top = max(min(longest, _CUT * high) if high else longest, 0.001) * _ROOM
    empty = max(0, PLACES - len(found))
    bars = tuple(
        Bar(
            run,
            seconds,
            (empty + place) * WIDTH,
            max(_LEAST, 100 * min(seconds, top) / top),
            "bad" if run.state in WRONG else "" if run.state is RunState.SUCCEEDED else "off",
            seconds > top,
        )
        for place, (run, seconds) in enumerate(found)
    )
    band = (100 * low / top, 100 * high / top) if low is not None and high is not None else (0.0, 0.0)
    return RunsChart(bars, low, high, band, (empty + len(bars)) * WIDTH)
