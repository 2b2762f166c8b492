"""Moving a whole history from one database into another, table by table.

Which tables there are is read from the schema, so that none can be forgotten. Rows are copied in the order of their
keys, some at a time, each time in one transaction. Killed anywhere, the next try goes on behind the last row that
arrived. At the end both sides of each table are read as a whole and compared; a table that came to differ, because the
source was written to between two tries, is copied anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pushbutton.errors import StoreError

from .connection import Rows

__all__ = ["MARK", "Side", "Table", "equal", "is_empty", "move", "quoted"]

MARK: Final = "moving"
"""The table in a database that a history is being moved into. It holds where that comes from."""
_AT_ONCE: Final = 100  # rows in one transaction, each of which may be large
_ROW = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def select(self) -> str:
        return f"SELECT {_listed(self.columns)} FROM {quoted(self.name)}"

    def key_of(self, row: _ROW) -> _ROW:
        return tuple(row[self.columns.index(name)] for name in self.key)


class Side(Protocol):
    """A database that nobody else writes into meanwhile."""

    @property
    def name(self) -> str: ...

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows: ...

    def empty(self, table: Table) -> None:
        """Also one that only grows for everybody else."""
        ...


def move(source: Side, target: Side, every: Sequence[Table], said: Callable[[str, int], None]) -> Mapping[str, int]:
    """How many rows each table has. `said` is told when one is done. Raises `StoreError`."""
    counts = {}
    for table in every:
        counts[table.name] = _moved(source, target, table)
        said(table.name, counts[table.name])
    return counts


def equal(source: Side, target: Side, every: Sequence[Table]) -> bool:
    """Whether the target holds exactly what the source does."""
    return all(_content(source, table) == _content(target, table) for table in every)


def is_empty(db: Side, every: Sequence[Table]) -> bool:
    """Whether it is as it was made. In `meta` the tables' steps put something themselves."""
    return not any(db.execute(f"{table.select} LIMIT 1").fetchone() for table in every if table.name != "meta")


def _moved(source: Side, target: Side, table: Table) -> int:
    for _ in range(2):
        _copy(source, target, table)
        count, digest = _content(source, table)
        if (count, digest) == _content(target, table):
            return count
        target.empty(table)
    raise StoreError(f"The table “{table.name}” of {source.name} changes while it is moved: stop what writes there.")


def _copy(source: Side, target: Side, table: Table) -> None:
    backwards = ", ".join(f"{quoted(name)} DESC" for name in table.key)
    last = target.execute(f"{table.select} ORDER BY {backwards} LIMIT 1").fetchone()
    one = f"({', '.join('?' * len(table.columns))})"
    for rows in _pages(source, table, table.key_of(last) if last else None):
        target.execute("BEGIN")
        target.execute(
            f"INSERT INTO {quoted(table.name)} ({_listed(table.columns)}) VALUES {', '.join([one] * len(rows))}",
            [value for row in rows for value in row],
        )
        target.execute("COMMIT")


def _pages(db: Side, table: Table, after: _ROW | None = None) -> Iterator[list[_ROW]]:
    """All rows behind that key, in its order."""
    keys, marks = _listed(table.key), ", ".join("?" * len(table.key))
    while True:
        where = f"WHERE ({keys}) > ({marks})" if after else ""
        found = list(db.execute(f"{table.select} {where} ORDER BY {keys} LIMIT {_AT_ONCE}", after or ()))
        if not found:
            return
        after = table.key_of(found[-1])
        yield [_kept(table, row) for row in found]


def _content(db: Side, table: Table) -> tuple[int, str]:
    count, digest = 0, hashlib.sha256()
    for rows in _pages(db, table):
        count += len(rows)
        for row in rows:
            digest.update(repr(row).encode(errors="surrogatepass"))
    return count, digest.hexdigest()


def _kept(table: Table, row: _ROW) -> _ROW:
    """With texts that every database takes; the audit trail as it is or not at all, for its chain is of its bytes."""
    if table.name == "audit":
        return row
    return tuple(value.replace("\0", "␀") if isinstance(value, str) else value for value in row)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def quoted(name: str) -> str:
    return f'"{name}"'
