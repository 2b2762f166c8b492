"""The connections to one database: made, watched, and made anew, for a while, when it was away."""

from __future__ import annotations

import logging
import threading
import time

import psycopg

from .address import Address
from .link import Link, Watch, lost, why

__all__ = ["Connections", "Patience"]

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds for which a database that is away is waited for, before who asks is told
PAUSE = 0.25  # seconds between two tries


class Connections:
    def __init__(self, address: Address) -> None:
        self.address = address
        self.closing = threading.Event()
        self._watch = Watch()
        self._lock = threading.Lock()
        self._away = False

    def connect(self, first: str = "") -> Link:
        """`first` is said on it before anything else. Raises what psycopg raises."""
        link = Link(self.address)
        self._watch.add(link)
        try:
            if first:
                link.execute(first)
        except BaseException:
            self._watch.drop(link)
            raise
        self._there()
        return link

    def drop(self, link: Link | None) -> None:
        if link:
            self._watch.drop(link)

    def lost(self, error: Exception, link: Link | None) -> bool:
        """Whether the error tells that the connection is gone, or that there is none to be had: it is then dropped."""
        if not lost(error, link):
            return False
        self.drop(link)
        with self._lock:
            before, self._away = self._away, True
        if not before and not self.closing.is_set():
            log.warning("%s was lost: %s. What is to be written waits.", self.address.shown, why(self.address, error))
        return True

    def end(self) -> None:
        self._watch.end()

    def _there(self) -> None:
        with self._lock:
            before, self._away = self._away, False
        if before:
            log.warning("%s answers again", self.address.shown)


class Patience:
    """How long somebody goes on trying."""

    def __init__(self, connections: Connections) -> None:
        self._closing = connections.closing
        self._until = time.monotonic() + PATIENCE

    def wait(self, error: psycopg.Error) -> None:
        """A moment, before another try; raises the error where there is none any more."""
        if self._closing.wait(PAUSE) or time.monotonic() > self._until:
            raise error
