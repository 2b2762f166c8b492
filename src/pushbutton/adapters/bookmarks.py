"""How far each follower of the events has come, in one small file for each: a restart goes on from there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from pathlib import Path


class Bookmarks:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str) -> int | None:
        """The last event that was dealt with; None: it never followed, or its file is damaged."""
        try:
            return int(await asyncio.to_thread((self._folder / name).read_text))
        except (FileNotFoundError, ValueError):
            return None

    async def keep(self, name: str, event: int) -> None:
        """Durable when it returns. Raises `OSError`; then the earlier one stands."""
        await asyncio.to_thread(self._keep, name, event)

    def clear(self) -> None:
        """As if nobody had ever followed. Raises `OSError`."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    def _keep(self, name: str, event: int) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place, fresh = self._folder / name, self._folder / f"{name}.new"
        with fresh.open("w") as file:
            file.write(str(event))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(place)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
