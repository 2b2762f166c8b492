"""People who are signed in: written into a data folder before its server starts."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.person import Entry, Session, User
from pushbutton.domain.policy import Grant, Role
from pushbutton.domain.token import hashed, new_token
from pushbutton.runtime.ports.people import Change

ROLES = (Role.ADMIN, Role.PRESSER, Role.VIEWER)
DAY = 86_400_000_000


def people(data: Path, many: int) -> Sequence[str]:
    """The Cookie header of each one's session; the first may do everything, the roles take turns."""
    at = time.time_ns() // 1000
    entries: list[Entry] = []
    held: list[str] = []
    for number in range(many):
        name, secret = f"person-{number}", new_token("pbs")
        entries += [
            User(name, title=f"Person {number}", added_at=at),
            Grant(f"user:{name}", ROLES[number % len(ROLES)]),
            Session(hashed(secret), name, at, at + DAY, at),
        ]
        held.append(f"pushbutton={secret}")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_hex(32)  # as the server makes it, so that its trail goes on
    (data / "server.key").write_text(key)

    async def write() -> None:
        store = SqliteStore(data / "history.db", bytes.fromhex(key))
        await store.open()
        await store.people.change(lambda _: Change(put=entries))
        await store.close()

    asyncio.run(write())
    return held
