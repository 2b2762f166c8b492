"""Bookmarks of version 0.2.0: how far each webhook had come, in one small file for each. They are in the store now."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from pushbutton import threads
from pushbutton.runtime.ports import Store


async def moved(folder: Path, store: Store, prefix: str) -> None:
    """Bring them into the store, with `prefix` in front of their names, so that nobody misses what happened during the
    upgrade. Raises `OSError`.
    """
    for name, event in (await threads.notifying(_found, folder)).items():
        if await store.bookmark(f"{prefix}{name}") is None:
            await store.keep(f"{prefix}{name}", event)
    removed(folder)


def _found(folder: Path) -> dict[str, int]:
    """A bookmark that is half written or damaged is left out, as if its follower had never followed."""
    found = {}
    for file in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(ValueError):
            if file.suffix != ".new":
                found[file.name] = int(file.read_text())
    return found


def removed(folder: Path) -> None:
    """As if nobody had ever followed. Raises `OSError`."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
