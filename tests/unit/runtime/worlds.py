"""A server's core with two tasks and Ada, who may do what the test says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pushbutton.domain.actor import Actor
from pushbutton.domain.person import Entry, User
from pushbutton.domain.policy import Grant
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports.people import Change
from pushbutton.testing import opened

TASKS = '''
from typing import Literal
from pathlib import Path
from pushbutton import SecretStr, task

@task(group="Deployments")
def deploy(where: Literal["test", "live"] = "test", servers: int = 2, note: str = "") -> str:
    """Deploys."""
    return f"{where} {servers} {note}"

@task
def unlock(user: str, password: SecretStr, sheet: Path | None = None) -> str:
    """Unlocks."""
    return "unlocked"
'''


@asynccontextmanager
async def a_core(tmp_path: Path, *entries: Entry, gives: str = "admin", where: str = "*") -> AsyncIterator[Core]:
    (tmp_path / "tasks.py").write_text(TASKS)
    async with opened(tmp_path / "tasks.py") as app:
        core = await app.open()
        await put(core, User("ada", "Ada"), User("eve", "Eve"), Grant("user:ada", gives, where), *entries)
        yield core
        if await core.store.counts():  # what still runs would write into a folder that goes
            async for _ in app.events(since=0):
                if not await core.store.counts():
                    break


async def put(core: Core, *entries: Entry, drop: tuple[Entry, ...] = ()) -> None:
    await core.directory.change(lambda _: Change(put=entries, drop=drop))


def somebody(core: Core, name: str = "ada") -> Actor:
    """Signed in in a browser."""
    return core.directory.actor(core.directory.all.users[name])


def at() -> int:
    return time.time_ns() // 1000
