"""A retry: what is tried again, and when. Each try at a press is a run of its own; together they are a series.
Pure: the moment and the jitter are passed in. A wait is in seconds, a moment in microseconds since the epoch.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from .audit import Act, Deed
from .cause import Cause, CauseKind
from .event import Draft, Json, iso
from .run import Micros, Run, RunState

AGAIN: Final = 75
"""The exit code with which a job of any language asks to be tried again: EX_TEMPFAIL of sysexits.h."""
_SHELL: Final = 128
"""A shell whose command a signal ended exits with this and the signal's number."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The retries of a task. The words of `on`: failed, timeout, lost, "exit 75", "signal KILL"."""

    times: int = 3  # tries in all, the first among them
    wait: float = 30.0  # before the second one
    factor: float = 2.0  # each wait is so many times as long as the one before
    most: float = 600.0  # no wait is longer
    jitter: float = 0.1  # a wait is longer or shorter by up to this part of it
    on: tuple[str, ...] = ("failed", "timeout")

    def to_json(self) -> dict[str, Json]:
        return {**asdict(self), "on": list(self.on)}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Retry:
        return Retry(**{**found, "on": tuple(found["on"])})


@dataclass(frozen=True, slots=True)
class Asked:
    """A job's word on its next try."""

    never: bool = False
    after: float | None = None  # seconds; None: as the task says


BY_ITSELF: Final = Asked()
"""It said nothing."""
NEVER: Final = Asked(never=True)


def wait(retry: Retry, attempt: int, jitter: float, asked: Asked = BY_ITSELF) -> float:
    """Between this attempt, which counts from 1, and the next. `jitter`: from -1 to 1, by chance. What a job asked for
    is not made longer or shorter by chance; `most` counts for it, too.
    """
    if asked.after is not None:
        return min(asked.after, retry.most)
    first = min(retry.wait * retry.factor ** (attempt - 1), retry.most)
    return min(first * (1 + retry.jitter * jitter), retry.most)


def wanted(retry: Retry, state: RunState, code: int | None = None, *, timeout: bool = False) -> bool:
    """Whether such an end is tried again. A job that exits with `AGAIN` says so itself."""
    if state is RunState.LOST:
        return "lost" in retry.on
    if state is not RunState.FAILED:
        return False
    if timeout:
        return "timeout" in retry.on
    return code == AGAIN or "failed" in retry.on or not _words(code).isdisjoint(retry.on)


def more(run: Run) -> bool:
    """Whether there may be a try after this one."""
    return run.retry is not None and run.cause.attempt < run.retry.times


def following(run: Run, number: int, at: Micros, not_before: Micros) -> Run:
    """The try after this one, which has ended by itself: the same press, as it was approved."""
    return Run(
        id=number,
        task=run.task,
        title=run.title,
        state=RunState.WAITING,
        epoch=0,
        actor=run.actor,
        inputs=run.inputs,
        pressed_at=at,
        why=run.why,
        hold=replace(run.hold, again=0) if run.hold else None,
        group=run.group,
        aside=run.aside,
        cause=Cause(CauseKind.RETRY, run.id, run.cause.attempt + 1),
        digest=run.digest,
        tags=run.tags,
        locks=run.locks,
        not_before=not_before,
        bundle=run.bundle,
        trace=run.trace,
        retry=run.retry,
        series=run.series or run.id,
    )


def told(drafts: Sequence[Draft], made: Run) -> list[Draft]:
    """The last events of a run, of which the last one ends it, with the number of the next try."""
    *others, last = drafts
    return [*others, replace(last, data={**last.data, "next": made.id, "not_before": iso(made.not_before or 0)})]


def act(made: Run) -> Act:
    """For the audit trail: no person made it."""
    data: dict[str, Json] = {"task": made.task, "title": made.title, "attempt": made.cause.attempt}
    return Act(f"run:{made.cause.parent}", Deed.RUN_RETRY, f"run {made.id}", made.pressed_at, data)


def _words(code: int | None) -> frozenset[str]:
    """The word of `on` for this exit code."""
    if code is None:
        return frozenset()
    number = -code if code < 0 else code - _SHELL
    try:
        name = signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return frozenset({f"exit {code}"})
    return frozenset({f"signal {name}"} if code < 0 else {f"exit {code}", f"signal {name}"})
