"""How often a task may be pressed. Pure; the presses that count are found by a store, in the transaction of a press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many presses within any stretch of so many seconds."""

    count: int
    seconds: int
    person: bool = False  # by each person; else by all together


def free_at(rate: Rate, newest: Sequence[int], at: int) -> int:
    """From when another press goes; `at` or earlier: now. `newest`: when the last `rate.count` presses that count were
    made, newest first. Times are microseconds.
    """
    window = rate.seconds * SECOND
    if len(newest) < rate.count:
        return at
    return min(newest[rate.count - 1], at) + window  # a clock that was put back keeps nobody out for longer


def is_by(person: str, actor: str) -> bool:
    """Whether what this actor pressed counts as that person's: also by a token, a link, a hook or a schedule of
    theirs.
    """
    through = actor.startswith(("link:", "hook:", "schedule:")) and actor.endswith(f"/{person}")
    return actor == person or actor.startswith(f"token:{person}/") or through
