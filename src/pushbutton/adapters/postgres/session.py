"""The writer's side of a database.

Every transaction that writes takes the pen first, a lock of the whole database: so event ids are in the order of
commits, what is counted stays true, and writers cannot wait for each other in a circle. A node's writer holds another
lock for as long as its connection lives: so no second one of its name can write, and one that was cut off and comes
back late finds it taken.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import time
from typing import Final

import psycopg

from pushbutton.adapters.sql.trail import Trail
from pushbutton.adapters.sql.trail_end import End
from pushbutton.adapters.sql.writer import Outcomes, Works, grouped
from pushbutton.errors import StoreError, StoreInUse

from .connections import PAUSE, Connections, Patience
from .dialect import POSTGRES
from .link import SILENT_WRITING, Link, translated
from .locks import HOLDER, NODE, PEN
from .schema import prepare

__all__ = ["Session"]

HANDOVER = 5.0  # seconds for which a node waits for one of its name that is ending
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_PEN: Final = f"SELECT pg_advisory_xact_lock({PEN})"
_NOTE: Final = """INSERT INTO turns (writer, turn) SELECT '{}', {} WHERE pg_current_xact_id_if_assigned() IS NOT NULL
ON CONFLICT (writer) DO UPDATE SET turn = excluded.turn, at = now()"""
"""A turn that wrote nothing (the gate had no run to give) is not noted, and waits for no disk."""
_END_OF: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND backend_start::text = ?"


class Session:
    """See `sql.writer.Session`."""

    def __init__(self, connections: Connections, end: End, node: str) -> None:
        """`node`: the name that it holds; "": none, it is a command's."""
        self._connections, self._end, self._node = connections, end, node
        self._address = connections.address
        self._trail = Trail(end, POSTGRES)
        self._name, self._turn = secrets.token_hex(8), 0
        self._link: Link | None = None

    def start(self) -> None:
        with translated(self._address):
            link = self._linked()
            link.silent = math.inf  # making tables may take as long as it does
            prepare(link, self._address, self._end.key)
            link.silent = SILENT_WRITING
        self._end.open()

    def commit(self, works: Works) -> Outcomes:
        patience = Patience(self._connections)
        with translated(self._address):
            while True:
                try:
                    return self._written(self._linked(), works)
                except BaseException as error:
                    if not (isinstance(error, psycopg.Error) and self._connections.lost(error, self._link)):
                        self._roll_back()
                        raise
                    patience.wait(error)

    def end(self) -> None:
        if self._link and not self._link.gone:
            with contextlib.suppress(psycopg.Error, StoreError):
                self._link.execute("DELETE FROM turns WHERE writer = ?", (self._name,))
        self._connections.drop(self._link)
        self._end.close()

    def _written(self, link: Link, works: Works) -> Outcomes:
        self._turn += 1
        sent: list[Outcomes] = []

        def commit(outcomes: Outcomes) -> None:
            sent.append(outcomes)
            link.execute(_NOTE.format(self._name, self._turn))
            link.execute("COMMIT")

        try:
            outcomes = grouped(link, lambda: _begin(link), works, commit, link.pipeline)
        except psycopg.Error as error:
            if not (sent and self._connections.lost(error, link) and self._landed()):
                raise
            outcomes = sent[-1]
        if self._end.touched:
            with contextlib.suppress(psycopg.Error, StoreError):  # it is written all the same; the next turn notes it
                self._end.committed(self._trail.head(self._linked()))
        return outcomes

    def _landed(self) -> bool:
        """Whether the last COMMIT was carried out, of which no answer came. Nobody is told anything before it is known.
        With the pen it is: the connection that was lost has it no more, and so will do nothing any more.
        """
        while True:
            link: Link | None = None
            try:
                link = self._connections.connect()
                self._retire(link)
                _begin(link)
                found = link.execute("SELECT turn FROM turns WHERE writer = ?", (self._name,)).get
                return bool(found == self._turn)
            except psycopg.Error as error:
                self._connections.lost(error, link)
            finally:
                self._connections.drop(link)
            if self._connections.closing.wait(PAUSE):
                raise StoreError(
                    f"{self._address.shown} was lost while it was writing; whether it wrote is not known before it is "
                    "back."
                )

    def _linked(self) -> Link:
        """The connection that writes, made anew where it is gone."""
        if self._link is None or self._link.gone:
            link = self._connections.connect()
            try:
                self._retire(link)
                if self._node:
                    self._take(link)
            except BaseException:
                self._connections.drop(link)
                raise
            link.silent = SILENT_WRITING
            self._link = link
        return self._link

    def _retire(self, link: Link) -> None:
        """End what is left of our connection that was lost: the database may not have noticed, and keep its locks."""
        if self._link:
            link.execute(_END_OF, self._link.identity)

    def _take(self, link: Link) -> None:
        """Raises `StoreInUse`."""
        until = time.monotonic() + HANDOVER
        while not link.execute(f"SELECT pg_try_advisory_lock({NODE})", (self._node,)).get:
            if time.monotonic() > until:
                holder = link.execute(HOLDER, (self._node,)).get
                raise StoreInUse(
                    f"The name {self._node} at {self._address.shown}",
                    f"another server ({holder})" if holder else "another server",
                    "give this one another name with --name and another folder with --data",
                )
            time.sleep(PAUSE)

    def _roll_back(self) -> None:
        if self._link and not self._link.gone:
            with contextlib.suppress(psycopg.Error):
                self._link.execute("ROLLBACK")


def _begin(link: Link) -> None:
    """With the pen, once it has answered."""
    link.execute(_BEGIN)
    link.execute(_PEN)
