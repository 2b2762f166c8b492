"""Where stored secrets are: in the data folder, or in the database that nodes share."""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters.seal import Seal
from pushbutton.adapters.secrets import EncryptedStore, Stored
from pushbutton.adapters.secrets.value import text
from pushbutton.config import Settings
from pushbutton.runtime.ports import Store

from . import stores

__all__ = ["beside", "of_store"]


def of_store(store: Store, folder: Path, settings: Settings, key: bytes, *, shared: bool) -> Stored:
    """Those of a node. `store`: opened; `shared`: others may have it, too."""
    if not shared:
        return EncryptedStore(folder, settings.key_path)
    from pushbutton.adapters.postgres import PostgresStore, SharedSecrets  # noqa: PLC0415  only where it is asked for

    assert isinstance(store, PostgresStore)  # noqa: S101  nothing else is shared
    return SharedSecrets.of(store.connections, Seal(key), text)


async def beside(folder: Path, settings: Settings) -> Stored:
    """The same, beside a server that may run. Raises `StoreError` where the key is not the database's."""
    if not settings.store:
        return EncryptedStore(folder, settings.key_path)
    from pushbutton.adapters.postgres import Address, SharedSecrets  # noqa: PLC0415  only where it is asked for
    from pushbutton.adapters.postgres.connections import Connections  # noqa: PLC0415

    key = stores.made(folder, settings)
    store = await stores.opened(folder, settings, key, None)  # which compares the key
    await store.close()
    return SharedSecrets.of(Connections(Address.of(settings.store)), Seal(key), text)
