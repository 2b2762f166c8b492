"""The store of a data folder, in it or in a database elsewhere, and its key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pushbutton.adapters import data_folder
from pushbutton.adapters.in_process import LocalNotifier
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.config import Settings
from pushbutton.errors import StoreError
from pushbutton.runtime.ports import Store

if TYPE_CHECKING:
    from pushbutton.adapters.postgres import Hints

__all__ = ["NOTE", "hints", "is_there", "kept_in", "key", "made", "of_folder", "opened"]

FILE: Final = "history.db"
NOTE: Final = "store"
"""The file in a data folder that says in which database its history is: a server without it, or with another, would
number its runs anew, over the output of those that are there.
"""


def of_folder(folder: Path, settings: Settings, key: bytes, *, node: str = "") -> Store:
    """Not opened. `node`: for the node of that name. Raises `StoreError`, `ConfigError`."""
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
    return PostgresStore(address, key, apart=apart, node=node)


async def opened(folder: Path, settings: Settings, key: bytes, store: Store | None, *, node: str = "") -> Store:
    """`store`, or the one of the folder. Raises what opening it raises."""
    given = store or of_folder(folder, settings, key, node=node)
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


def made(folder: Path, settings: Settings) -> bytes:
    """The key of a data folder, which is made where it is not there; or the one that all nodes share."""
    with data_folder.writing(folder):
        data_folder.make(folder)
    return key(folder, settings)


def key(folder: Path, settings: Settings) -> bytes:
    """The same, of a folder that is there. Raises `StoreError`."""
    if settings.server_key_path:
        return data_folder.shared_key(settings.server_key_path)
    with data_folder.writing(folder):
        return data_folder.key(folder)


def hints(store: Store, notifier: LocalNotifier) -> Hints:
    """Of everybody who writes into a shared store, for the notifier of this process."""
    from pushbutton.adapters.postgres import Hints, PostgresStore  # noqa: PLC0415

    assert isinstance(store, PostgresStore)  # noqa: S101  nothing else is shared
    return Hints(store.connections, notifier.hint, notifier.everything)
