"""What may stand between a client and a server: it passes everything on, until it is told to cut or to fall silent.

with Relay(port) as relay:
    connect(relay.port)
    relay.lose_answers(5)   # the next five COMMITs are carried out, or not, and nobody is told
    relay.lose_answers(1, "silence")   # the next that says COMMIT stays connected, and nothing comes through any more
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
from typing import Self

COMMIT = b"COMMIT\0"


class Relay:
    def __init__(self, port: int, dice: random.Random) -> None:
        self._target, self._dice = port, dice
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._to_lose: list[str] = []
        self.lost = 0  # answers to a COMMIT that were lost

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        for pair in self._pairs:
            pair.cut()

    def lose_answers(self, count: int, *ways: str) -> None:
        """`ways`: cut before the server gets it, or behind that; or silence."""
        with self._lock:
            self._to_lose += self._dice.choices(ways or ("before", "behind"), k=count)

    def cut(self) -> None:
        """Every connection that there is; new ones are passed on."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.cut()

    def loses(self) -> str:
        """What becomes of this COMMIT."""
        with self._lock:
            if not self._to_lose:
                return ""
            self.lost += 1
            return self._to_lose.pop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            pair = _Pair(self, client, server)
            self._pairs.append(pair)
            threading.Thread(target=pair.pass_on, daemon=True).start()


class _Pair:
    def __init__(self, relay: Relay, client: socket.socket, server: socket.socket) -> None:
        self._relay, self._client, self._server = relay, client, server
        self._silent = False

    def pass_on(self) -> None:
        with selectors.DefaultSelector() as both, contextlib.suppress(OSError):
            both.register(self._client, selectors.EVENT_READ, self._server)
            both.register(self._server, selectors.EVENT_READ, self._client)
            swallowed = False
            while True:
                for key, _ in both.select():
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    data = source.recv(65_536)
                    if self._silent and data:
                        continue  # taken, and never passed on
                    if self._silent:  # the other side never hears of it
                        both.unregister(source)
                        continue
                    if not data or (swallowed and source is self._server):
                        return self.cut()
                    if source is self._client and COMMIT in data and (lost := self._relay.loses()):
                        if lost == "before":
                            return self.cut()
                        self._silent = lost == "silence"
                        if self._silent:
                            continue
                        swallowed = True
                    target.sendall(data)
        return self.cut()

    def cut(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
