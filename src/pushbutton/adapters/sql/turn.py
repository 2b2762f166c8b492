"""One transaction of the writer as its works see it: numbers are read once, events are written at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from .connection import Rows, Writable

T = TypeVar("T")

_LAST: Final = "SELECT name, value FROM meta WHERE name IN ('runs', 'events')"
_EVENT: Final = "INSERT INTO events (id, run, task, at, kind, data) VALUES (?, ?, ?, ?, ?, ?)"


class Turn:
    """A connection that gathers. Whoever reads events in the transaction that may have written some calls `flush`."""

    def __init__(self, db: Writable, *, ahead: bool = False) -> None:
        """`ahead`: the numbers are asked for now, where an answer is not waited for before it is looked at."""
        self._db, self.execute = db, db.execute
        self._asked: Rows | None = db.execute(_LAST) if ahead else None
        self._last: dict[str, int] = {}
        self._given: set[str] = set()  # of which there are new ones
        self._events: list[Sequence[Any]] = []

    def numbers(self, of: str, count: int) -> int:
        """The first of so many numbers ("runs", "events") in a row. They rise in the order of commits, without gaps,
        and none is given twice, also not one whose row is gone.
        """
        if self._asked:
            self._last, self._asked = {str(name): int(value) for name, value in self._asked}, None
        elif of not in self._last:
            self._last[of] = int(self.execute("SELECT value FROM meta WHERE name = ?", (of,)).get)
        self._given.add(of)
        self._last[of] += count
        return self._last[of] - count + 1

    def event(self, *row: Any) -> None:
        """(id, run, task, at, kind, data)"""
        self._events.append(row)

    def flush(self) -> None:
        """All that was gathered is in the tables: before the end, and before events are read or removed."""
        if self._events:
            rows, self._events = self._events, []
            self._db.executemany(_EVENT, rows)
        for name in sorted(self._given):
            self.execute("UPDATE meta SET value = ? WHERE name = ?", (self._last[name], name))
        self._given.clear()


Work = Callable[[Turn], T]
"""May be called once more, in a transaction of its own, when another one of its group was refused."""


@dataclass(frozen=True, slots=True)
class Halves(Generic[T]):
    """A work in two halves: `ask` sends a statement, `told` reads its answer. Where several stand side by side, all may
    ask before the first is told; so what one asks does not depend on what another writes when it is told.
    """

    ask: Callable[[Turn], Rows]
    told: Callable[[Turn, Rows], T]

    def __call__(self, turn: Turn) -> T:
        return self.told(turn, self.ask(turn))
