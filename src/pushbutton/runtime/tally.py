"""Counts of one process since its start, for metrics; none of them is kept."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pushbutton.domain.run import Run, RunState
from pushbutton.domain.usual import lasted

BOUNDS: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds: how long runs take is counted up to each of these."""


class Receiver(StrEnum):
    """The kinds of receivers that are told of runs."""

    WEBHOOK = "webhook"
    CHANNEL = "channel"
    COLLECTOR = "collector"  # of traces


@dataclass(slots=True)
class Durations:
    """`counts`: of the runs up to each of `BOUNDS` and above the one before; the last: those above all of them."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0  # all together

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class Tally:
    ended: Counter[tuple[str, RunState]] = field(default_factory=Counter)  # runs, by task and how they ended
    took: dict[str, Durations] = field(default_factory=dict)  # by task: of those that started
    failures: Counter[Receiver] = field(default_factory=Counter)  # tries to tell somebody that were not taken

    def over(self, run: Run) -> None:
        """The run has ended."""
        self.ended[run.task, run.state] += 1
        if (seconds := lasted(run)) is not None:
            self.took.setdefault(run.task, Durations()).add(seconds)
