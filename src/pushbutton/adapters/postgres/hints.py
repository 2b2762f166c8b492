"""Hints among all who share a database, for the `Notifier` of this process.

The database itself says what grew, in each commit (the triggers of its schema): a topic, nothing of what is in it. One
connection listens, in a thread of its own. Where it breaks it is made anew, and then everything is looked at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final

import psycopg

from .connections import Connections
from .link import Link

__all__ = ["Hints"]

AGAIN: Final = 1.0  # seconds between two tries to listen
LOOK: Final = 10.0  # seconds of silence after which the connection is asked whether it is there
_CHANNEL: Final = "SELECT 'pushbutton_' || md5(current_schema())"


class Hints:
    def __init__(self, connections: Connections, hint: Callable[[str], None], everything: Callable[[], None]) -> None:
        """Both are called in the event loop's thread: `hint` with each topic, `everything` where one may be missing."""
        self._connections, self._hint, self._everything = connections, hint, everything
        self._closing = threading.Event()
        self._link: Link | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, args=(loop,), name="store-hints", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._link:
            self._link.hang_up()

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._closing.is_set():
            try:
                self._link = self._connections.connect()
                self._listen(self._link, loop)
            except psycopg.Error as error:
                if not self._closing.is_set():
                    self._connections.lost(error, self._link)
            finally:
                self._connections.drop(self._link)
                self._link = None
            self._closing.wait(AGAIN)

    def _listen(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        link.execute(f'LISTEN "{link.execute(_CHANNEL).get}"')
        _tell(loop, self._everything)
        while not self._closing.is_set():
            for said in link.raw.notifies(timeout=LOOK):
                _tell(loop, self._hint, said.payload)
            link.execute("SELECT 1")


def _tell(loop: asyncio.AbstractEventLoop, *call: object) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]
