"""`sql.connection.Database` on PostgreSQL."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import psycopg

from pushbutton import threads
from pushbutton.adapters.sql.trail_end import End
from pushbutton.adapters.sql.writer import Writer
from pushbutton.errors import StoreError

from .address import Address
from .connections import Connections, Patience
from .dialect import POSTGRES
from .link import Link, translated
from .session import Session

__all__ = ["PostgresDatabase"]

T = TypeVar("T")

GROUP: Final = 64  # writes in one transaction at most: others wait for the pen meanwhile
READERS: Final = 4
_READER: Final = "SET default_transaction_read_only = on"
_LOOKER: Final = f"{_READER}; SET plan_cache_mode = force_generic_plan"
"""To plan the gate's statement takes ten times as long as to carry it out, and is done each time where the planner
believes that it pays.
"""


class PostgresDatabase:
    """`write` and `read` run a function in a thread of the database; both may be awaited from the event loop."""

    dialect = POSTGRES

    def __init__(self, address: Address, end: End, node: str) -> None:
        self.name = address.shown
        self.end = end
        self._address, self.connections = address, Connections(address)
        self._writer = Writer(Session(self.connections, end, node), GROUP)
        self.write = self._writer.write
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="store-look")
        self._mine = threading.local()
        self._closed = False

    async def open(self) -> None:
        """Raises `StoreError`; the database is then as it was."""
        try:
            await self._writer.open()
        except BaseException:
            self._readers.shutdown()
            self._looker.shutdown()
            self.connections.end()
            raise

    async def close(self) -> None:
        """Everything that was asked for is written first, unless the database is away."""
        finish = self._writer.close()
        self._closed = True
        self.connections.closing.set()
        await threads.closing(self._end, finish)

    def _end(self, finish: Callable[[], None]) -> None:
        self._readers.shutdown()
        self._looker.shutdown()
        finish()
        self.connections.end()

    async def read(self, work: Callable[[Link], T]) -> T:
        """Also without `open`, to read beside another process."""
        return await self._in(self._readers, work, _READER)

    async def look(self, work: Callable[[Link], T]) -> T:
        return await self._in(self._looker, work, _LOOKER)

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[Link], T], first: str) -> T:
        if self._closed:
            raise StoreError("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(executor, self._read, work, first)

    async def beside(self, work: Callable[[Link], T]) -> T:
        return await self.read(lambda link: _beside(link, work))

    async def aside(self, work: Callable[[Link], T]) -> T:
        """In a thread, beside all that is written in order: for what takes long and takes no pen."""
        return await threads.pruning(self._aside, work)

    def _aside(self, work: Callable[[Link], T]) -> T:
        with translated(self._address):
            link = self.connections.connect()
            try:
                return work(link)
            finally:
                self.connections.drop(link)

    def scrub(self) -> None:
        """Write the audit trail's table anew. The database's own log and its backups are out of reach from here."""
        with translated(self._address):
            link = self.connections.connect("SET statement_timeout = 0")
            link.silent = math.inf
            try:
                link.execute("SET lock_timeout = '2s'")  # whoever writes the trail waits behind it: for a backup, say
                link.execute("VACUUM (FULL) audit")
            finally:
                self.connections.drop(link)

    def _read(self, work: Callable[[Link], T], first: str) -> T:
        patience = Patience(self.connections)
        with translated(self._address):
            while True:
                link: Link | None = getattr(self._mine, "link", None)
                try:
                    if link is None or link.gone:
                        link = None
                        link = self._mine.link = self.connections.connect(first)
                    return work(link)
                except psycopg.Error as error:
                    if not self.connections.lost(error, link):
                        raise
                    patience.wait(error)


def _beside(link: Link, work: Callable[[Link], T]) -> T:
    with link.transaction("BEGIN READ WRITE; SET LOCAL synchronous_commit = off"):
        return work(link)
