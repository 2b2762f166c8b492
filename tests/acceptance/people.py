"""A world with people in it: written into a data folder before its server starts, with what each is let in by."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pushbutton.adapters.sql.store import SqlStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.person import Entry, Session, Token, User
from pushbutton.domain.policy import EVERYONE, Grant
from pushbutton.domain.token import hashed, new_token
from pushbutton.runtime.ports.people import Change

_YEAR = 365 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    token: str  # may do whatever they may
    session: str  # for the cookie “pushbutton”

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    @property
    def cookie(self) -> dict[str, str]:
        return {"pushbutton": self.session}


def people(data: Path, grants: Mapping[str, Sequence[str]], store: str = "") -> dict[str, Person]:
    """Somebody for each name, with these roles or rights; what EVERYONE gets is for all of them. The server that is to
    use the folder, and the database at `store` instead of a file in it, must not have started yet.
    """
    at = time.time_ns() // 1000
    entries: list[Entry] = []
    found: dict[str, Person] = {}
    for name, gives in grants.items():
        who = name if name == EVERYONE else f"user:{name}"
        entries += [Grant(who, one) for one in gives]
        if name == EVERYONE:
            continue
        person = found[name] = Person(name, new_token("pbt"), new_token("pbs"))
        scope = tuple(Right(verb) for verb in Verb)
        entries += [
            User(name, title=name.title(), added_at=at),
            Token(hashed(person.token), "all", name, scope, at, used_at=at),
            Session(hashed(person.session), name, at, at + _YEAR, at),
        ]
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_hex(32)  # as the server makes it, so that the trail goes on
    (data / "server.key").write_text(key)
    (data / "server.key").chmod(0o600)

    _write(data, entries, store)
    return found


def written(data: Path, *entries: Entry) -> None:
    """Put these into a data folder, whether a server uses it or not."""
    _write(data, entries)


def _write(data: Path, entries: Sequence[Entry], address: str = "") -> None:
    async def write() -> None:
        store = _store(data, address, bytes.fromhex((data / "server.key").read_text()))
        await store.open()
        await store.people.change(lambda _: Change(put=entries))
        await store.close()

    # In a thread of its own: a browser's test has a loop already.
    writing = threading.Thread(target=lambda: asyncio.run(write()))
    writing.start()
    writing.join()


def _store(data: Path, address: str, key: bytes) -> SqlStore:
    if not address:
        return SqliteStore(data / "history.db", key)
    from pushbutton.adapters.postgres import PostgresStore

    return PostgresStore(address, key)


class Signed:
    """A port whose requests reach the server as one person's, for programs that cannot say who they are."""

    def __init__(self, port: int, person: Person) -> None:
        self._to, self._line = port, f"authorization: Bearer {person.token}\r\n\r\n".encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                end, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(end,), daemon=True).start()

    def _serve(self, end: socket.socket) -> None:
        with end, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as server:
            back = threading.Thread(target=_pump, args=(server, end), daemon=True)
            back.start()
            head = b""
            while data := end.recv(65536):
                head += data
                while (cut := head.find(b"\r\n\r\n")) >= 0:  # bodies here are JSON on one line: no blank line in them
                    server.sendall(head[: cut + 2] + self._line)
                    head = head[cut + 4 :]
                if head.startswith((b"{", b"n")):
                    server.sendall(head)
                    head = b""
            server.shutdown(socket.SHUT_WR)
            back.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


def _pump(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)
