"""`runtime.ports.files_seen` in a plain dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.domain.on_file import FileSeen, Lying


class MemoryFilesSeen:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, Lying], FileSeen] = {}

    async def keep(self, seen: Sequence[FileSeen]) -> Sequence[FileSeen]:
        return self.add(seen)

    def add(self, seen: Sequence[FileSeen]) -> Sequence[FileSeen]:
        return [self._keep(one) for one in seen]

    def _keep(self, one: FileSeen) -> FileSeen:
        before = self._kept.get((one.task, one.file))
        last = max((known.number for known in self._kept.values() if known.task == one.task), default=0)
        kept = replace(one, number=before.number if before else last + 1)
        self._kept[one.task, one.file] = kept
        return kept

    async def of(self, task: str) -> Sequence[FileSeen]:
        return sorted((one for one in self._kept.values() if one.task == task), key=lambda one: -one.number)

    async def forget(self, seen: Sequence[FileSeen]) -> None:
        for one in seen:
            self._kept.pop((one.task, one.file), None)
