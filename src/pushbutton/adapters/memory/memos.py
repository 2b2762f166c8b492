"""`runtime.ports.memos` in a plain dictionary."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pushbutton.domain.run import Micros
from pushbutton.runtime.ports import memos
from pushbutton.runtime.ports.memos import Look, Memo


class MemoryMemos:
    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Memo]] = {}  # by kind and name

    async def read(self, kind: str, names: Collection[str] | None = None, *, at: Micros) -> Mapping[str, Memo]:
        kept = self._kept.get(kind, {})
        return {name: memo for name, memo in kept.items() if at < memo.until and (names is None or name in names)}

    async def change(self, kind: str, names: Collection[str] | None, look: Look, *, at: Micros) -> Mapping[str, Memo]:
        seen = await self.read(kind, names, at=at)
        if put := look(seen):
            every = {**await self.read(kind, at=at), **{memo.name: memo for memo in put if at < memo.until}}
            for memo in put:
                if memo.until <= at:
                    every.pop(memo.name, None)
            longest = sorted(every.values(), key=lambda memo: memo.until, reverse=True)[: memos.MOST]
            self._kept[kind] = {memo.name: memo for memo in longest}
        return seen
