"""Streams that are open while rights change: each ends, and a client that comes back gets what it may still see.

All streams of an actor share a permit. Permits are looked at after each change of the directory or the catalogue, and
every few seconds, because sessions end by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from dataclasses import replace

from pushbutton.domain.actor import Actor
from pushbutton.domain.reach import Reach

from . import clock, visibility
from .directory import Directory
from .ports import Catalog, Notifier
from .watch.wakeup import Listener

LOOK = 2.0  # seconds


class Permit:
    """Whether an actor is still let in, with the same rights over the same tasks."""

    __slots__ = ("__weakref__", "_actor", "_catalog", "_directory", "_seen", "listeners", "withdrawn")

    def __init__(self, catalog: Catalog, directory: Directory, actor: Actor) -> None:
        self._catalog, self._directory, self._actor = catalog, directory, actor
        self._seen = _reach(catalog, actor)
        self.withdrawn = False
        self.listeners: set[Listener] = set()  # woken when it is withdrawn

    def look(self) -> None:
        again = self._directory.again(self._actor, clock.now())
        same = again.known == self._actor.known and again.audience == self._actor.audience
        if same and _reach(self._catalog, again) == self._seen:
            return
        self.withdrawn = True
        for listener in list(self.listeners):
            listener.wake()


def _reach(catalog: Catalog, actor: Actor) -> Reach | None:
    return visibility.reach(catalog, replace(actor, own=False))


class Permits:
    """Those that are given out; one that is not held any more is forgotten."""

    def __init__(self, catalog: Catalog, directory: Directory, notifier: Notifier) -> None:
        self._catalog, self._directory, self._notifier = catalog, directory, notifier
        self._given: weakref.WeakValueDictionary[Actor, Permit] = weakref.WeakValueDictionary()

    def of(self, actor: Actor) -> Permit:
        """One that counts now. The caller keeps it, with a listener in it, for as long as it is needed."""
        known = self._given.get(actor)
        if known is None or known.withdrawn:
            known = self._given[actor] = Permit(self._catalog, self._directory, actor)
        return known

    async def run(self) -> None:
        """Look until cancelled."""
        changed = asyncio.Event()
        unlisten = [self._directory.listen(changed.set), self._notifier.listen("catalog", changed.set)]
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await changed.wait()
                changed.clear()
                for permit in list(self._given.values()):
                    permit.look()
        finally:
            for end in unlisten:
                end()
