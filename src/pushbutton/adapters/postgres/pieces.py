"""The tables `pieces` and `sizes`: bytes of files, for machines that do not have the files.

Nothing here takes the pen. A piece has one content, whoever sends it and however often, so each of these may be done
again: after a lost answer it simply is. Where two senders cut the same bytes otherwise, the longer piece stays.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import psycopg

from pushbutton.adapters.sql.connection import Connection
from pushbutton.domain.pieces import BLOCK

from .connections import Connections, Patience
from .link import Link, translated

__all__ = ["GREW", "Kept", "Piece", "Pieces", "Place", "forget", "joined", "take"]

T = TypeVar("T")

GREW: Final = "'pushbutton_pieces_' || md5(current_schema())"
"""The channel of notifications: the runs that grew, with commas; none where they are too many for one."""
_LONGEST: Final = 7000  # bytes of such a text

_LARGE: Final = 512 << 10  # bytes from which on another way of sending is quicker
_COPY: Final = "COPY pieces (run, name, at, bytes) FROM STDIN (FORMAT BINARY)"
_COLUMNS: Final = ("int8", "text", "int8", "bytea")
_GROWN: Final = f"""grown AS (
    INSERT INTO sizes (run, name, size, since)
    SELECT run, name, size, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM unnest(?::bigint[], ?::text[], ?::bigint[]) AS grown (run, name, size) ORDER BY run, name
    ON CONFLICT (run, name) DO UPDATE SET size = excluded.size, since = excluded.since
    WHERE excluded.size > sizes.size
) SELECT pg_notify({GREW}, ?),
    set_config('synchronous_commit', CASE WHEN ? THEN current_setting('synchronous_commit') ELSE 'off' END, true)"""
_PUT: Final = f"""WITH sent AS (
    INSERT INTO pieces (run, name, at, bytes) SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bytea[])
    ON CONFLICT (run, name, at) DO UPDATE SET bytes = excluded.bytes
    WHERE length(excluded.bytes) > length(pieces.bytes)
), {_GROWN}"""
_MERGED: Final = """INSERT INTO pieces VALUES (?, ?, ?, ?)
ON CONFLICT (run, name, at) DO UPDATE SET bytes = excluded.bytes WHERE length(excluded.bytes) > length(pieces.bytes)"""
_TAKE: Final = f"""SELECT w.run, w.name, p.at, p.bytes
FROM unnest(?::bigint[], ?::text[], ?::bigint[]) AS w (run, name, have) CROSS JOIN LATERAL (
    SELECT greatest(at, w.have) AS at,
        CASE WHEN at < w.have THEN substr(bytes, (w.have - at + 1)::int) ELSE bytes END AS bytes
    FROM (
        SELECT at, bytes FROM pieces WHERE run = w.run AND name = w.name AND at = w.have - w.have % {BLOCK}
        UNION ALL (
            SELECT at, bytes FROM pieces WHERE run = w.run AND name = w.name AND at > w.have - w.have % {BLOCK}
                AND at >= coalesce((SELECT max(b.at) FROM pieces AS b
                    WHERE b.run = w.run AND b.name = w.name AND b.at <= w.have), 0)
            ORDER BY at LIMIT ?)
    ) AS near WHERE at + length(bytes) > w.have
) AS p"""
"""The bytes that follow in a block are in the last piece before them, or in the one that is all of the block.
Others may lie in it: of a sender that was killed, and whose last statement came late.
"""


_NEXT: Final = """SELECT w.run, w.name, p.at, p.bytes
FROM unnest(?::bigint[], ?::text[], ?::bigint[]) AS w (run, name, have) CROSS JOIN LATERAL (
    SELECT at, bytes FROM pieces WHERE run = w.run AND name = w.name AND at >= w.have ORDER BY at LIMIT ?
) AS p"""
"""The same behind the end of a piece, as long as what follows has not become one with what was before."""
_ENDS: Final = f"""SELECT w.run, w.name, max(p.at + length(p.bytes))
FROM unnest(?::bigint[], ?::text[]) AS w (run, name) CROSS JOIN LATERAL (
    SELECT max(at) AS at FROM pieces WHERE run = w.run AND name = w.name
) AS last JOIN pieces AS p
    ON p.run = w.run AND p.name = w.name AND p.at IN (last.at, last.at - last.at % {BLOCK})
GROUP BY 1, 2"""


class Place(NamedTuple):
    """Something with bytes: `output` of run 7, an upload (of run 0)."""

    run: int
    name: str


class Piece(NamedTuple):
    place: Place
    at: int
    bytes: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    size: int
    since: int  # microseconds since the epoch, by the database's clock


class AnotherLink(Exception):
    """The connection is another one than that on which the pieces before were put."""


class Pieces:
    """One connection, used by one thread at a time; any may call. All of it blocks, and raises `StoreError`."""

    def __init__(self, connections: Connections) -> None:
        self.links = 0
        """Connections that were made: with each one but the first, what was put without waiting may be gone."""
        self._connections = connections
        self._link: Link | None = None
        self._closed = False
        self._lock = threading.Lock()

    def put(
        self, pieces: Sequence[Piece], sizes: Mapping[Place, int], *, wait: bool = True, link: int | None = None
    ) -> None:
        """Both, or nothing; whoever listens is told. `sizes`: of what is whole with it, or does not grow just now.

        It is on the database's disk, and so is whatever was put before on the same connection. Without `wait` it is
        there for everybody, but may be gone after a crash of the database, which ends the connection, see `links`. With
        `link`, the number of the connection that has what was put before, raises `AnotherLink` on any other one: what
        follows would stand behind a gap.
        """
        runs = ",".join({str(place.run) for place in (*sizes, *(piece.place for piece in pieces))})
        sized = [
            *_columns(3, ((*place, size) for place, size in sizes.items())),
            runs if len(runs) <= _LONGEST else "",
            wait,
        ]
        rows = [(run, name, at, content) for (run, name), at, content in pieces]
        self.do(lambda link: _put(link, rows, sized), only=link)

    def merge(self, whole: Piece) -> None:
        """The one piece in place of those that lie where it does."""

        def work(link: Link) -> None:
            with link.transaction():
                link.execute(
                    "DELETE FROM pieces WHERE run = ? AND name = ? AND at >= ? AND at < ?",
                    (*whole.place, whole.at, whole.at + len(whole.bytes)),
                )
                link.send(_MERGED, (*whole.place, whole.at, whole.bytes))

        self.do(work)

    def take(self, have: Mapping[Place, int], most: int) -> list[Piece]:
        return self.do(lambda link: take(link, have, most))

    def part(self, place: Place, offset: int) -> bytes:
        """From there to the end of its piece."""
        found = [piece.bytes for piece in self.take({place: offset}, 1) if piece.at == offset]
        return max(found, key=len, default=b"")

    def kept(self, places: Collection[Place]) -> Mapping[Place, Kept]:
        """Those that there are."""
        sql = (
            "SELECT run, name, size, since FROM sizes"
            " WHERE (run, name) IN (SELECT * FROM unnest(?::bigint[], ?::text[]))"
        )
        values = _columns(2, places)
        return self.do(lambda link: _kept(link.execute(sql, values)))

    def ends(self, places: Collection[Place]) -> Mapping[Place, int]:
        """How far the pieces go of each that has any: those of a file that is not whole, too."""
        rows = self.do(lambda link: link.send(_ENDS, _columns(2, places)))
        return {Place(run, name): end for run, name, end in rows}

    def below(self, run: int, prefix: str) -> Mapping[Place, Kept]:
        sql = "SELECT run, name, size, since FROM sizes WHERE run = ? AND starts_with(name, ?)"
        return self.do(lambda link: _kept(link.execute(sql, (run, prefix))))

    def copy(self, source: Place, target: Place) -> bool:
        """Whole or not at all; whether the source is there."""
        pieces = (
            "INSERT INTO pieces SELECT ?, ?, at, bytes FROM pieces WHERE run = ? AND name = ? ON CONFLICT DO NOTHING"
        )
        sizes = """INSERT INTO sizes SELECT ?, ?, size, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
            FROM sizes WHERE run = ? AND name = ? ON CONFLICT DO NOTHING"""
        both = f"WITH copied AS ({pieces}), sized AS ({sizes}) SELECT 1 FROM sizes WHERE run = ? AND name = ?"
        return bool(self.do(lambda link: link.execute(both, (*target, *source, *target, *source, *source)).get))

    def touch(self, place: Place) -> bool:
        """Its age counts from now; whether it is there."""
        sql = """UPDATE sizes SET since = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
            WHERE run = ? AND name = ? RETURNING 1"""
        return bool(self.do(lambda link: link.execute(sql, place).get))

    def rename(self, place: Place, to: Place) -> None:
        values = (*to, *place)
        sizes = "UPDATE sizes SET run = ?, name = ? WHERE run = ? AND name = ?"
        pieces = "UPDATE pieces SET run = ?, name = ? WHERE run = ? AND name = ?"
        self.do(lambda link: link.execute(f"WITH sized AS ({sizes}) {pieces}", (*values, *values)))

    def tidy(self, run: int, folder: str) -> None:
        """Remove what lies below it since a day."""
        old = (
            "SELECT name FROM sizes WHERE run = ? AND starts_with(name, ?)"
            " AND since < (extract(epoch FROM clock_timestamp()) - 86400) * 1000000"
        )
        for (name,) in self.do(lambda link: list(link.execute(old, (run, f"{folder}/")))):
            self.remove(run, name)

    def remove(self, run: int, name: str, *, below: bool = False) -> None:
        """`below`: and all whose name goes on with a slash."""
        which = "run = ? AND (name = ? OR starts_with(name, ?))" if below else "run = ? AND name = ?"
        values = (run, name, f"{name}/") if below else (run, name)
        gone = f"WITH gone AS (DELETE FROM sizes WHERE {which}) DELETE FROM pieces WHERE {which}"
        self.do(lambda link: link.execute(gone, (*values, *values)))

    def close(self) -> None:
        """Give up the statement under way; it may have been carried out all the same."""
        self._closed = True
        if link := self._link:
            link.hang_up()

    def do(self, work: Callable[[Link], T], *, only: int | None = None) -> T:
        """Again, for a while, where the connection was lost; with `only`, raises `AnotherLink` then."""
        patience = Patience(self._connections)
        with self._lock, translated(self._connections.address):
            while True:
                try:
                    if self._link is None or self._link.gone:
                        self._link = None
                        self._link = self._connections.connect()
                        self.links += 1
                    if only not in (None, self.links):
                        raise AnotherLink
                    return work(self._link)
                except psycopg.Error as error:
                    if not self._connections.lost(error, self._link) or self._closed:
                        raise
                    patience.wait(error)


def _put(link: Link, rows: Sequence[tuple[int, str, int, bytes]], sized: Sequence[object]) -> None:
    if sum(len(row[-1]) for row in rows) >= _LARGE:
        with contextlib.suppress(psycopg.errors.UniqueViolation):  # some of it is there, from before a kill
            return _copy(link, rows, sized)
    link.send(_PUT, [*_columns(4, rows), *sized])
    return None


def _copy(link: Link, rows: Iterable[Sequence[object]], sized: Sequence[object]) -> None:
    with link.transaction():
        link.copy(_COPY, _COLUMNS, rows)
        link.send(f"WITH {_GROWN}", sized)


def take(link: Link, have: Mapping[Place, int], most: int, *, quick: bool = False) -> list[Piece]:
    """For each place what follows so many bytes, in order: about `most` pieces. They may overlap, see `joined`. With
    `quick` some of it may be missing, and comes without.
    """
    values = [*_columns(3, ((*place, size) for place, size in have.items())), most]
    rows = link.send(_NEXT if quick else _TAKE, values)
    return sorted(Piece(Place(run, name), at, bytes(content)) for run, name, at, content in rows)


def joined(have: int, pieces: Iterable[Piece]) -> bytes:
    """The bytes of these, in order, that follow so many others without a gap."""
    found = []
    for piece in pieces:
        if piece.at <= have < piece.at + len(piece.bytes):
            found.append(piece.bytes[have - piece.at :])
            have += len(found[-1])
    return b"".join(found)


def forget(link: Connection, runs: Sequence[int]) -> None:
    """All of them; one after the other, because they may be large."""
    for run in runs:
        link.execute("DELETE FROM sizes WHERE run = ?", (run,))
        link.execute("DELETE FROM pieces WHERE run = ?", (run,))


def _columns(count: int, rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]


def _kept(rows: Iterable[tuple[object, ...]]) -> Mapping[Place, Kept]:
    return {Place(int(str(run)), str(name)): Kept(int(str(size)), int(str(since))) for run, name, size, since in rows}
