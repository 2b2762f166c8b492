"""Folders that tasks watch for files: `runtime.ports.files_seen.Folders` on the file system."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from pushbutton import threads
from pushbutton.domain.on_file import Lying, OnFile
from pushbutton.errors import NoAnswer

from .file_watch import FileWatch

__all__ = ["WatchedFolders"]


class WatchedFolders:
    def __init__(self) -> None:
        self._watch = FileWatch(lambda _: True)
        self._begun = False

    def over(self, folders: Sequence[str]) -> None:
        if not folders and not self._begun:
            return  # nothing is watched where no task asks for it
        self._begun = True
        self._watch.over({Path(folder): [Path(folder)] for folder in folders})

    def ring(self) -> None:
        self._watch.ring()

    async def wait(self, seconds: float) -> None:
        await self._watch.wait(seconds)

    async def look(self, rules: Mapping[str, OnFile]) -> Mapping[str, Sequence[Lying]]:
        found = await asyncio.gather(*(_look(rule) for rule in rules.values()))
        return {name: files for name, files in zip(rules, found, strict=True) if files is not None}

    async def close(self) -> None:
        await self._watch.close()


async def _look(rule: OnFile) -> Sequence[Lying] | None:
    """None: the folder is not there, cannot be read, or does not answer."""
    try:
        return await threads.incoming(rule.folder, listed, rule)
    except (OSError, NoAnswer):
        return None


def listed(rule: OnFile) -> Sequence[Lying]:
    """The files of the folder that the rule concerns, oldest first; no folders, and no links to elsewhere. A name that
    is no text stands there as Python has it, see `os.fsdecode`. Raises `OSError`.
    """
    found = []
    with os.scandir(rule.folder) as entries:
        for entry in entries:
            if not rule.concerns(entry.name):
                continue
            try:
                seen = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # removed meanwhile
            if stat.S_ISREG(seen.st_mode):
                found.append(Lying(seen.st_mtime_ns, entry.path, seen.st_ino, seen.st_size))
    return sorted(found)
