"""The offer of a worker that asks the gate for a run, and the needs of a run. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

ONE: Final = 1
"""How many runs of a task go at the same time, and how many hold a lock, where nobody says otherwise."""
NONE: Final[Mapping[str, int]] = MappingProxyType({})
"""Nothing is said of any."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A worker asks for one run. What it has besides is counted by the gate, from the rows, in the deciding step: a
    number that the worker had counted before could be wrong by then.
    """

    worker: str  # its name; the run that it gets carries it
    slots: int  # runs that it may have at the same time, all tasks together
    tags: frozenset[str] = frozenset()  # what it has to offer: a run that needs another one is not for it
    without: frozenset[str] = frozenset()  # tasks that it cannot start now
    task: str = ""  # of this task only
    child: int = 0  # this run only, which needs no slot: it takes the place of its parent, which waits for it here

    def leaving_out(self, tasks: Collection[str]) -> Offer:
        return replace(self, without=self.without | frozenset(tasks))
