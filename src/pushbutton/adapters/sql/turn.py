"""One transaction of the writer as its works see it: what may wait for its end is written then, together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pushbutton.domain.audit import Head

from .connection import Rows, Writable

T = TypeVar("T")

_LAST: Final = "SELECT name, value FROM meta WHERE name IN ('runs', 'events')"


class Turn:
    """A connection that gathers. Whoever reads events or records in the transaction that may have written some calls
    `flush` before.
    """

    def __init__(self, db: Writable, *, ahead: bool = False) -> None:
        """`ahead`: the numbers are asked for now, where an answer is not waited for before it is looked at."""
        self._db, self.execute = db, db.execute
        self._asked: Rows | None = db.execute(_LAST) if ahead else None
        self._last: dict[str, int] = {}
        self._rows: dict[str, list[Sequence[Any]]] = {}
        self._ends: dict[str, tuple[str, Sequence[Any]]] = {}
        self.head: Head | None = None  # of the audit trail, once it was looked at here

    def numbers(self, of: str, count: int) -> int:
        """The first of so many numbers ("runs", "events") in a row. They rise in the order of commits, without gaps,
        and none is given twice, also not one whose row is gone.
        """
        if self._asked:
            self._last, self._asked = {str(name): int(value) for name, value in self._asked}, None
        elif of not in self._last:
            self._last[of] = int(self.execute("SELECT value FROM meta WHERE name = ?", (of,)).get)
        self._last[of] += count
        self.at_end(of, "UPDATE meta SET value = ? WHERE name = ?", (self._last[of], of))
        return self._last[of] - count + 1

    def insert(self, sql: str, row: Sequence[Any]) -> None:
        """`INSERT … VALUES (?, …)`; rows of the same statement stay in their order."""
        self._rows.setdefault(sql, []).append(row)

    def at_end(self, name: str, sql: str, values: Sequence[Any]) -> None:
        """Of all statements with that name the last one."""
        self._ends[name] = sql, values

    def flush(self) -> None:
        for sql, rows in self._rows.items():
            self._db.executemany(sql, rows)
        for sql, values in self._ends.values():
            self.execute(sql, values)
        self._rows.clear()
        self._ends.clear()


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
