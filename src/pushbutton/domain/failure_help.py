"""Help for a run that failed, by what it said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureHelp:
    """`match`: a text in one line of what the run said, where * stands for anything; empty: whatever it said. `help` is
    Markdown, `task` the name of another task, which mends it; either may be empty.
    """

    match: str = ""
    help: str = ""
    task: str = ""


def fitting(helps: Sequence[FailureHelp], said: Iterable[str]) -> FailureHelp | None:
    """The first that fits one of the lines; capitals do not matter."""
    lines = [line.casefold() for line in said] if helps else []
    return next((one for one in helps if not one.match or any(_holds(line, one.match) for line in lines)), None)


def _holds(line: str, match: str) -> bool:
    place = 0
    for part in match.casefold().split("*"):
        found = line.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True
