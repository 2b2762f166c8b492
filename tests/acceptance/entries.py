"""People in a server's store before it starts: users, what they may do, and what lets them in.

`a_session` and `a_token` give the entry and its secret; the session's stands in the cookie `pushbutton`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.actor import Right
from pushbutton.domain.person import Entry, Session, Token, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.token import hashed, new_token, personal
from pushbutton.runtime.ports.people import Change

COOKIE = "pushbutton"
DAY = 86_400 * 1_000_000


def put(data: Path, *entries: Entry, drop: Iterable[Entry] = ()) -> None:
    """Into the store of a data folder. A server that runs sees it within a second."""
    data.mkdir(parents=True, exist_ok=True)

    async def write() -> None:
        store = SqliteStore(data / "history.db")
        await store.open()
        await store.people.change(lambda _: Change(put=list(entries), drop=list(drop)))
        await store.close()

    # In a thread of its own: a browser's test has a loop already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(write())).result()


def ada(gives: str = "admin", where: str = "*") -> list[Entry]:
    return [User("ada", "Ada Lovelace"), Grant("user:ada", gives, where)]


def a_session(user: str = "ada") -> tuple[Session, str]:
    secret, now = new_token("pbs"), time.time_ns() // 1000
    return Session(hashed(secret), user, now, now + DAY, now), secret


def a_token(*scope: Right, user: str = "ada", name: str = "test", until: int | None = None) -> tuple[Token, str]:
    secret = personal()
    return Token(hashed(secret), name, user, scope, time.time_ns() // 1000, until), secret
