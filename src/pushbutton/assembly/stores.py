"""The store of a data folder, in it or in a database elsewhere, and its key."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pushbutton.adapters import data_folder
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.config import Settings
from pushbutton.errors import StoreError
from pushbutton.runtime.ports import Store

__all__ = ["NOTE", "is_there", "kept_in", "made", "of_folder", "opened"]

FILE: Final = "history.db"
NOTE: Final = "store"
"""The file in a data folder that says in which database its history is: a server without it, or with another, would
number its runs anew, over the output of those that are there.
"""


def of_folder(folder: Path, settings: Settings, key: bytes, *, alone: bool = False) -> Store:
    """Not opened. `alone`: for a server. Raises `StoreError`, `ConfigError`."""
    apart = settings.end_path(folder)
    if not settings.store:
        if there := kept_in(folder):
            raise StoreError(
                f"The history of {folder} is in {there}: name that database with --store or PUSHBUTTON_STORE, or "
                "another data folder with --data."
            )
        return SqliteStore(folder / FILE, key, apart=apart)
    from pushbutton.adapters.postgres import Address, PostgresStore  # noqa: PLC0415  only where it is asked for

    address = Address.of(settings.store)
    if (folder / FILE).exists():
        raise StoreError(
            f"{folder} has a history of its own, {FILE}, which would not be shown: give the server of "
            f"{address.shown} another data folder with --data."
        )
    if (there := kept_in(folder)) and there != address.place:
        raise StoreError(
            f"The history of {folder} is in {there}, not in {address.place}. Was that database moved, say so in "
            f"{folder / NOTE}; otherwise name another data folder with --data."
        )
    return PostgresStore(address, key, apart=apart, alone=alone)


async def opened(folder: Path, settings: Settings, key: bytes, store: Store | None, *, alone: bool = False) -> Store:
    """`store`, or the one of the folder. Raises what opening it raises."""
    given = store or of_folder(folder, settings, key, alone=alone)
    await given.open()
    if settings.store and not store:
        from pushbutton.adapters.postgres import Address  # noqa: PLC0415

        with data_folder.writing(folder):
            (folder / NOTE).write_text(f"{Address.of(settings.store).place}\n")
    return given


def kept_in(folder: Path) -> str:
    """The database in which the history of this folder is; "" where it is in the folder, or nowhere yet."""
    try:
        return (folder / NOTE).read_text().strip()
    except OSError:
        return ""


def is_there(folder: Path, settings: Settings) -> bool:
    """Whether there may be a history. Nothing is made for the question."""
    return bool(settings.store) or bool(kept_in(folder)) or (folder / FILE).exists()


def made(folder: Path) -> bytes:
    """The key of a data folder, which is made where it is not there."""
    with data_folder.writing(folder):
        data_folder.make(folder)
        return data_folder.key(folder)
