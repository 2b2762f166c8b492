"""How long runs of a task usually take. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from .run import Run

ENOUGH: Final = 3
"""Fewer runs than this are no ground for an estimate."""
SPARE: Final = 2.0
"""Seconds above the usual: nobody wants to hear of less."""

_SECOND = 1_000_000


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


def too_long(succeeded: Iterable[Run]) -> float | None:
    """Seconds above which a run takes longer than nine of ten of these did; None: there is too little to go by."""
    times = sorted(seconds for run in succeeded if (seconds := lasted(run)))
    if len(times) < ENOUGH:
        return None
    return max(quantile(times, 0.9), quantile(times, 0.5) + SPARE)
