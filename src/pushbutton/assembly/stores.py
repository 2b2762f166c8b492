"""The store in a data folder, and its key."""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters import data_folder
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.config import Settings
from pushbutton.runtime.ports import Store


def sqlite(folder: Path, settings: Settings, key: bytes) -> Store:
    return SqliteStore(folder / "history.db", key, apart=settings.end_path(folder))


def made(folder: Path) -> bytes:
    """The key of a data folder, which is made where it is not there."""
    with data_folder.writing(folder):
        data_folder.make(folder)
        return data_folder.key(folder)
