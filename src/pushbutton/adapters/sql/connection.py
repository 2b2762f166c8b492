"""A database as the shared statements need it: a connection, transactions, and the few words that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .trail_end import End

if TYPE_CHECKING:
    from .turn import Work

T = TypeVar("T")


class Rows(Protocol):
    def __iter__(self) -> Iterator[tuple[Any, ...]]: ...

    def fetchone(self) -> tuple[Any, ...] | None: ...

    @property
    def get(self) -> Any:
        """The only value of the first row; None where there is no row."""
        ...


class Connection(Protocol):
    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """One statement. A `?` stands for each value."""
        ...


class Writable(Connection, Protocol):
    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> object:
        """`INSERT … VALUES (?, …)` for each row, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words that differ between databases. Everything else is the same statement for all of them."""

    like: str  # compares texts without regard to upper and lower case
    bytes_of: str  # a text column's bytes, `{}` is the column: also of what somebody else put there, in any type
    number_of: str  # a number column as a number, whatever somebody else put there
    typed: str  # whether an audit record's columns have the types that we write; "1 = 1" where others cannot be
    thaw: str  # the audit trail's records may be changed, until the end of the transaction or `freeze`
    freeze: str
    size: str  # how many bytes the database takes up
    clock: str  # the moment, in microseconds, by the database's clock
    unreadable: tuple[type[Exception], ...]  # raised where a table of ours is not there, or holds what no text is


class Database(Protocol):
    """`write` and `read` may be awaited from the event loop.

    Implementers guarantee: one writer at a time, over all processes; each `write` is one transaction, durable when it
    returns, in which a refusal (an error of ours) leaves nothing; `read` sees every write that returned before.
    `trail_end.committed` is called after each commit that holds a record of the audit trail.
    """

    @property
    def end(self) -> End: ...

    @property
    def dialect(self) -> Dialect: ...

    @property
    def name(self) -> str:
        """Its name in errors."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, work: Work[T]) -> T: ...

    async def read(self, work: Callable[[Connection], T]) -> T: ...

    async def look(self, work: Callable[[Connection], T]) -> T:
        """A read that is asked for all the time, by statements whose values do not change how they are best done."""
        ...

    async def beside(self, work: Callable[[Connection], T]) -> T:
        """A write that waits for no other and is in no order with them; a crash of the database may undo it."""
        ...

    def scrub(self) -> None:
        """Leave nothing of what was deleted or replaced in any file. Blocks; raises `StoreError`."""
        ...
