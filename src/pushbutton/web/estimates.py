"""What past runs say about the next one: how long, by which steps, how far. Pure.

Below `ENOUGH` runs that succeeded nothing is estimated. Only runs that succeeded count: a failure is often quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pushbutton.domain.run import Run, RunState

ENOUGH: Final = 3
"""Fewer runs than this are no ground for an estimate."""

_SECOND = 1_000_000
_CAP = 95.0  # an estimated bar never claims to be done


@dataclass(frozen=True, slots=True)
class Bar:
    """One past run in the small chart: height 1 to 5 (3 is usual), and how it ended ("", "bad", "off")."""

    height: int
    end: str


@dataclass(frozen=True, slots=True)
class Past:
    """The last runs of a task, newest first, and the usual seconds of each step in the order in which steps come."""

    runs: tuple[Run, ...] = ()
    steps: Mapping[str, float] = field(default_factory=dict)

    @property
    def durations(self) -> list[float]:
        return sorted(seconds for run in self.runs if run.state is RunState.SUCCEEDED and (seconds := lasted(run)))

    @property
    def samples(self) -> int:
        return len(self.durations)

    @property
    def usual(self) -> float | None:
        """The median in seconds, or None where there is too little to go by."""
        return quantile(self.durations, 0.5) if self.samples >= ENOUGH else None

    @property
    def slow(self) -> float | None:
        """What nine of ten runs stay below."""
        return quantile(self.durations, 0.9) if self.samples >= ENOUGH else None

    @property
    def last(self) -> Run | None:
        """The newest run that is over."""
        return next((run for run in self.runs if run.state.over and run.state is not RunState.SKIPPED), None)

    @property
    def unfinished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if not run.state.over)

    @property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.state.over)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The last ten that are over, oldest first."""
        ten = [run for run in self.finished if run.state is not RunState.SKIPPED][:10][::-1]
        times = sorted(lasted(run) or 0.0 for run in ten)
        middle = quantile(times, 0.5) if times else 0.0
        return tuple(Bar(_height(lasted(run) or 0.0, middle), _end(run.state)) for run in ten)


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a running run stands. `percent` None: nothing is known. Times in seconds."""

    percent: float | None = None
    reported: bool = False  # the job itself said so; otherwise it is an estimate
    left: float | None = None
    late: bool = False  # it takes longer than nine of ten runs did
    samples: int = 0
    usual: float | None = None
    slow: float | None = None


def lasted(run: Run, now: int | None = None) -> float | None:
    """Seconds from start to end, or up to `now`; None for a run that never started."""
    end = run.ended_at or now
    return max(0.0, (end - run.started_at) / _SECOND) if run.started_at and end else None


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of a sorted, non-empty list, interpolated."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def outlook(
    past: Past, elapsed: float, *, done: Sequence[str] = (), current: str = "", within: float = 0.0,
    reported: float | None = None, reported_at: float = 0.0,
) -> Outlook:  # fmt: skip
    """`elapsed` seconds since the start; `done` steps, the `current` one and the seconds `within` it.

    `reported` is the highest percent that the job gave, `reported_at` when it first gave one (elapsed seconds): the
    bar that was shown until then is a floor, so that progress never goes backwards.
    """
    usual, slow = past.usual, past.slow
    if usual is None or slow is None:
        return Outlook(percent=reported, reported=reported is not None, samples=past.samples)
    remaining = _remaining(past.steps, done, current, within) if current in past.steps else usual - elapsed
    late = elapsed > max(slow, usual + 2)
    guess = min(_CAP, 100 * elapsed / max(usual, 0.001))
    percent = guess
    if reported is not None:
        percent = max(reported, min(_CAP, 100 * reported_at / max(usual, 0.001)))
    return Outlook(
        percent=percent,
        reported=reported is not None,
        left=None if late else max(0.0, remaining),
        late=late,
        samples=past.samples,
        usual=usual,
        slow=slow,
    )


def _remaining(steps: Mapping[str, float], done: Sequence[str], current: str, within: float) -> float:
    after = sum(seconds for name, seconds in steps.items() if name not in done and name != current)
    return max(0.0, steps[current] - within) + after


def _height(seconds: float, middle: float) -> int:
    ratio = seconds / middle if middle else 1.0
    return 1 + sum(ratio >= edge for edge in (0.4, 0.75, 1.25, 1.8))


def _end(state: RunState) -> str:
    return {RunState.SUCCEEDED: "", RunState.FAILED: "bad", RunState.LOST: "bad"}.get(state, "off")
