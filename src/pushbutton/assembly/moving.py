"""`pushbutton move`: the whole history of a data folder into a database, or back. What lies beside it stays.

    folder ─▶ database   the folder stays the data folder, its history.db is set aside, and its note names the database
    database ─▶ folder   the folder is one that a server of this database has: it gets a history.db, and loses its note

Killed anywhere, the same command goes on: what is in the target is marked as a part of a history, or lies beside the
name that a server looks for, until all of it is there and was compared.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pushbutton.adapters import copy_check, data_folder
from pushbutton.adapters.seal import Seal
from pushbutton.adapters.secrets import EncryptedStore
from pushbutton.adapters.secrets.value import text
from pushbutton.adapters.sql import moving
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.adapters.sqlite import moving as sqlite
from pushbutton.config import Settings
from pushbutton.domain.audit_chain import Checked
from pushbutton.errors import StoreError
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Store

from . import stores

if TYPE_CHECKING:
    from pushbutton.adapters.postgres.moving import PostgresSide

__all__ = ["ASIDE", "Moved", "Said", "into_database", "into_folder"]

ASIDE: Final = f"{stores.FILE}.moved"
"""The history of a folder that was moved into a database."""
_PART: Final = f"{stores.FILE}.moving"
_HOMES: Final = "homes"
Said = Callable[[str, int], None]
"""Is told of each table that is there, and how many rows it has."""


@dataclass(frozen=True, slots=True)
class Moved:
    database: str  # what it is called
    rows: Mapping[str, int]  # by table; empty where everything was there already
    files: int  # that other nodes wrote, or people brought, and that are in the folder now
    secrets: int  # that are kept
    trail: Checked  # the audit trail of the target, read as a whole


async def into_database(folder: Path, settings: Settings, said: Said) -> Moved:
    """The history of this folder into the database of the settings. Raises `StoreError`, also where a server runs on
    either side; the source is then as it was.
    """
    from pushbutton.adapters.postgres import Address, PostgresStore  # noqa: PLC0415  only where it is asked for
    from pushbutton.adapters.postgres.moving import connected  # noqa: PLC0415

    address = Address.of(settings.store)
    file = folder / stores.FILE
    if not file.exists():
        raise StoreError(_not_there(folder))
    with _held(folder):
        key = _key(folder, settings)
        await _brought_up_to_date(SqliteStore(file, key))
        with sqlite.read(file) as source, connected(address, key) as target:
            every = sqlite.tables(source)
            mark = str(file.resolve())
            if (found := target.comes_from()) and found != mark:
                raise StoreError(f"{address.shown} holds a part of another history, which is moved from {found}.")
            if not found and not moving.is_empty(target, every):
                rows = _there_already(source, target, every)
                secrets = _secrets_into(target, folder, key)
            else:
                if not found:
                    target.mark(mark)
                rows = moving.move(source, target, every, said)
                _at_home(target, "", _known_by(folder))
                secrets = _secrets_into(target, folder, key)
                target.unmark()
            trail = await _checked(PostgresStore(address, key, apart=settings.end_path(folder)))
        with data_folder.writing(folder):
            _set_aside(EncryptedStore(folder).file)
            file.rename(folder / ASIDE)
            (folder / stores.NOTE).write_text(f"{address.place}\n")
            copy_check.sync(folder)
    return Moved(address.shown, rows, 0, secrets, trail)


async def into_folder(folder: Path, settings: Settings, said: Said) -> Moved:
    """The way back, see `into_database`."""
    from pushbutton.adapters.postgres import Address  # noqa: PLC0415  only where it is asked for
    from pushbutton.adapters.postgres.moving import connected  # noqa: PLC0415

    address = Address.of(settings.store)
    if (there := stores.kept_in(folder)) != address.place:
        belongs = f"the history of {folder} is in {there}" if there else f"{folder} is none"
        raise StoreError(
            f"A history is moved into the data folder of a server of {address.place}, where its key and outputs are: "
            f"{belongs}."
        )
    file, part = folder / stores.FILE, folder / _PART
    with _held(folder):
        key = _key(folder, settings)
        with connected(address, key) as source:
            if source.comes_from():
                raise StoreError(f"{address.shown} holds a part of a history only, which is being moved there.")
            _none_goes_on_elsewhere(source, folder)
            with data_folder.writing(folder):
                files = source.bring_files(folder)
            secrets = _secrets_from(source, folder, key)
            if file.exists():
                with sqlite.read(file) as target:
                    rows = _there_already(source, target, sqlite.tables(target))
            else:
                await _brought_up_to_date(SqliteStore(part, key))
                with sqlite.written(part) as target:
                    rows = moving.move(source, target, sqlite.tables(target), said)
                    _at_home(target, _known_by(folder), "")
                part.rename(file)
                copy_check.sync(folder)
            trail = await _checked(SqliteStore(file, key, apart=settings.end_path(folder)))
        with data_folder.writing(folder):
            (folder / stores.NOTE).unlink()
    return Moved(address.shown, rows, files, secrets, trail)


def _secrets_into(target: PostgresSide, folder: Path, key: bytes) -> int:
    """How many are kept. They go under the key that all nodes share."""
    from pushbutton.adapters.postgres import SharedSecrets  # noqa: PLC0415  only where it is asked for

    kept, shared = EncryptedStore(folder), SharedSecrets(target.execute, Seal(key), text)
    for name in kept.names():
        shared.put(name, kept.get(name).encode())
    return len(shared.names())


def _secrets_from(source: PostgresSide, folder: Path, key: bytes) -> int:
    """How many are kept. They go under a key of their own."""
    from pushbutton.adapters.postgres import SharedSecrets  # noqa: PLC0415  only where it is asked for

    kept, found = EncryptedStore(folder), SharedSecrets(source.execute, Seal(key), text).all()
    for name in set(kept.names()) - found.keys():
        kept.remove(name)
    for name, value in found.items():
        kept.put(name, value.encode())
    return len(found)


def _set_aside(file: Path) -> None:
    if file.exists():
        file.rename(file.with_name(f"{file.name}.moved"))


def _not_there(folder: Path) -> str:
    if (folder / ASIDE).exists() and (there := stores.kept_in(folder)):
        return f"The history of {folder} is in {there} already."
    return f"There is no {stores.FILE} in {folder}: name a data folder with a history of its own."


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """No server begins on the folder meanwhile. Raises `StoreInUse`."""
    with data_folder.writing(folder):
        held = data_folder.lock(folder)
    try:
        yield
    finally:
        os.close(held)


def _key(folder: Path, settings: Settings) -> bytes:
    """Of a folder that has one: none is made, because nothing fits a new one."""
    if not settings.server_key_path and not (folder / "server.key").is_file():
        raise StoreError(f"There is no server.key in {folder}, which belongs to its history: bring it back first.")
    return stores.key(folder, settings)


async def _brought_up_to_date(store: Store) -> None:
    """With the tables of today, on both sides."""
    await store.open()
    await store.close()


def _there_already(source: moving.Side, target: moving.Side, every: list[moving.Table]) -> Mapping[str, int]:
    """The last try was killed when everything was there. Raises `StoreError` for another history."""
    if not moving.equal(source, target, [table for table in every if table.name != _HOMES]):
        raise StoreError(
            f"{target.name} has a history of its own. Nothing was changed: name an empty database, or the data folder "
            "whose history is in that database."
        )
    return {}


def _known_by(folder: Path) -> str:
    """The name of a data folder where several share a database; alone it has none."""
    file = folder / "worker"
    return file.read_text().strip() if file.exists() else ""


def _at_home(target: moving.Side, before: str, after: str) -> None:
    """So that the folder is not taken for a copy of itself."""
    if before != after:
        target.execute(f"DELETE FROM {_HOMES} WHERE folder = ?", (after,))
        target.execute(f"UPDATE {_HOMES} SET folder = ? WHERE folder = ?", (after, before))


def _none_goes_on_elsewhere(source: moving.Side, folder: Path) -> None:
    """Raises `StoreError`: only its own machine finds out what became of a run."""
    mine = _known_by(folder)
    rows = source.execute(
        "SELECT r.id, r.worker FROM runs AS r LEFT JOIN nodes AS n ON n.name = r.worker"
        " WHERE r.state IN ('asking', 'running') AND r.worker <> ? AND coalesce(n.folder, '') <> ?"
        " ORDER BY r.id LIMIT 5",
        (mine, mine),
    )
    if elsewhere := [f"{number} ({worker})" for number, worker in rows]:
        raise StoreError(
            f"At other workers of {source.name} runs go on, of which {folder} would never hear again: "
            f"{', '.join(elsewhere)}. Let them end first."
        )


async def _checked(store: Store) -> Checked:
    """The word on the audit trail in a store that was not opened."""
    try:
        return await check(store.audit)
    finally:
        await store.close()
