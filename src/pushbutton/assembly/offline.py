"""A data folder without the rest: a server may be running on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pushbutton.adapters import totp
from pushbutton.adapters.passwords import Passwords
from pushbutton.adapters.seal import Seal
from pushbutton.config import Settings
from pushbutton.domain.audit import Act
from pushbutton.runtime.directory import Directory
from pushbutton.runtime.people import People
from pushbutton.runtime.ports import Store
from pushbutton.runtime.throttle import Throttle
from pushbutton.services.publisher import Published

from . import publishing, sign_in, stores


class Offline:
    def __init__(self, settings: Settings, folder: Path, store: Store | None) -> None:
        """`store` None: the one in that folder."""
        self._settings, self._folder, self._store = settings, folder, store

    async def closed(self) -> bool:
        """Whether one has to sign in here. Nothing is made for the question."""
        if sign_in.elsewhere(self._settings):
            return True
        if self._store is None and not stores.is_there(self._folder, self._settings):
            return False
        async with self.people() as people:
            return people.directory.closed

    @contextlib.asynccontextmanager
    async def people(self) -> AsyncIterator[People]:
        key = stores.made(self._folder, self._settings)
        store, passwords = await stores.opened(self._folder, self._settings, key, self._store), Passwords()
        directory = Directory(store.people)
        try:
            await directory.open()
            yield People(directory, passwords, totp, Seal(key), Throttle(store.memos, key))
        finally:
            await directory.close()
            passwords.close()
            await store.close()

    async def publish(self, folder: Path, actor: str) -> Published:
        """Publish a folder of tasks, also one that was published before. Raises `ConfigError`, `StoreError`."""
        store = await stores.opened(
            self._folder, self._settings, stores.made(self._folder, self._settings), self._store
        )
        try:
            async with publishing.offline(store, folder, self._settings, actor) as publisher:
                return await publisher.publish(again=True)
        finally:
            await store.close()

    async def record(self, act: Act) -> None:
        store = await stores.opened(
            self._folder, self._settings, stores.made(self._folder, self._settings), self._store
        )
        try:
            await store.audit.record(act)
        finally:
            await store.close()
