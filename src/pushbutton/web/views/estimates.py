"""Estimates for the next run from past ones: how long, by which steps, how far. Pure.

Below `ENOUGH` runs that succeeded nothing is estimated. Only runs that succeeded count: a failure is often quick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pushbutton.domain.run import Run, RunState
from pushbutton.domain.usual import ENOUGH, SPARE, lasted, quantile

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
    dry_run: str = ""  # the input that tells dry runs from others: one kind says nothing about the other
    dry: bool = False  # what is estimated is a dry run

    @property
    def good(self) -> tuple[Run, ...]:
        """Those to go by: they succeeded, and are of the same kind."""
        return tuple(
            run
            for run in self.runs
            if run.state is RunState.SUCCEEDED and (run.inputs.get(self.dry_run) is True) is self.dry
        )

    @property
    def durations(self) -> list[float]:
        return sorted(seconds for run in self.good if (seconds := lasted(run)))

    @property
    def samples(self) -> int:
        return len(self.durations)

    @property
    def usual(self) -> float | None:
        """The median in seconds, or None where there is too little to go by."""
        return quantile(self.durations, 0.5) if self.samples >= ENOUGH else None

    @property
    def slow(self) -> float | None:
        """The duration that nine of ten runs stay below."""
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
    by_time: bool = False  # an estimate that grows with every second
    left: float | None = None
    late: bool = False  # it takes longer than nine of ten runs did
    samples: int = 0
    usual: float | None = None
    slow: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. Times in seconds."""

    elapsed: float
    done: Sequence[str] = ()  # names of steps
    step: str = ""  # the one that it is in
    within: float = 0.0  # since it began
    step_percent: float | None = None  # what the job said of this step
    reported: float | None = None  # the highest percent that the job gave for the whole
    reported_at: float = 0.0  # when it first gave one


def outlook(past: Past, progress: Progress) -> Outlook:
    """The percent shown before the job's first own one is a floor, so that progress never goes backwards."""
    usual, slow, reported = past.usual, past.slow, progress.reported
    if usual is None or slow is None:
        return Outlook(percent=reported, reported=reported is not None, samples=past.samples)
    by_steps = progress.step in past.steps
    late = progress.elapsed > max(slow, usual + SPARE)
    if reported is not None:
        percent = max(reported, _share(progress.reported_at, usual))
    else:
        percent = _by_steps(past.steps, progress) if by_steps else _share(progress.elapsed, usual)
    remaining = _remaining(past.steps, progress) if by_steps else usual - progress.elapsed
    return Outlook(
        percent=percent,
        reported=reported is not None,
        by_time=reported is None and not by_steps,
        left=None if late else max(0.0, remaining),
        late=late,
        samples=past.samples,
        usual=usual,
        slow=slow,
    )


def _share(seconds: float, of: float) -> float:
    return min(_CAP, 100 * seconds / max(of, 0.001))


def _in_step(steps: Mapping[str, float], progress: Progress) -> float:
    """Percent of the current step."""
    return _share(progress.within, steps[progress.step]) if progress.step_percent is None else progress.step_percent


def _by_steps(steps: Mapping[str, float], progress: Progress) -> float:
    done = sum(seconds for name, seconds in steps.items() if name in progress.done)
    return _share(done + steps[progress.step] * _in_step(steps, progress) / 100, sum(steps.values()))


def _remaining(steps: Mapping[str, float], progress: Progress) -> float:
    after = sum(seconds for name, seconds in steps.items() if name not in progress.done and name != progress.step)
    return max(0.0, steps[progress.step] - progress.within) + after


def _height(seconds: float, middle: float) -> int:
    ratio = seconds / middle if middle else 1.0
    return 1 + sum(ratio >= edge for edge in (0.4, 0.75, 1.25, 1.8))


def _end(state: RunState) -> str:
    return {RunState.SUCCEEDED: "", RunState.FAILED: "bad", RunState.LOST: "bad"}.get(state, "off")
