"""`runtime.ports.bundles.Bundles` in plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from pushbutton.domain.bundle import Publishing
from pushbutton.errors import NoSuchBundle
from pushbutton.runtime.ports.bundles import CONTENTS

from .people import MemoryAudit


class MemoryBundles:
    def __init__(self, audit: MemoryAudit, needed: Callable[[], Collection[str]]) -> None:
        self._audit, self._needed = audit, needed
        self._contents: dict[str, bytes] = {}
        self._published: list[Publishing] = []

    async def keep(self, digest: str, content: bytes, *, at: int) -> None:  # noqa: ARG002  nothing is kept for long
        self._contents[digest] = content

    async def content(self, digest: str) -> bytes:
        if digest not in self._contents:
            raise NoSuchBundle(digest)
        return self._contents[digest]

    async def publish(self, new: Publishing, *, again: bool) -> Publishing | None:
        last = await self.newest()
        if (last and last.bundle == new.bundle) or (not again and await self.of(new.bundle)):
            return None
        if len(self._contents.get(new.bundle, b"")) != new.size:
            raise NoSuchBundle(new.bundle)
        made = replace(new, number=len(self._published) + 1)
        self._published.append(made)
        self._audit.add(made.act(last))
        gone = {one.bundle for one in self._published[:-CONTENTS]}
        gone -= {one.bundle for one in self._published[-CONTENTS:]} | set(self._needed())
        self._contents = {digest: content for digest, content in self._contents.items() if digest not in gone}
        return made

    async def last(self) -> int:
        return len(self._published)

    async def newest(self) -> Publishing | None:
        return self._published[-1] if self._published else None

    async def of(self, digest: str) -> Publishing | None:
        return next((one for one in reversed(self._published) if one.bundle == digest), None)

    async def needed(self) -> Collection[str]:
        return self._needed()
