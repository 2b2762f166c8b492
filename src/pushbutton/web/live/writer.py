"""Where a stream's frames go: through ASGI, as every server takes them, or straight to a connection of our own server.

The second is the first without what lies between: while a client takes what it gets, new frames are written
where they are made, and no task wakes for it. What a stream sends, and when it ends, is the same on both.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from pushbutton.web.http.scope import CONNECTION


class Outlet(Protocol):
    open: bool
    """False once the client has gone."""

    def offer(self, data: bytes) -> bool:
        """Send it now. False: that takes waiting, and nothing was sent; `put` it."""
        ...

    async def put(self, data: bytes) -> None:
        """Send it when the client can take it. Raises `TimeoutError` when it takes nothing for too long."""
        ...

    async def close(self) -> None:
        """Nothing more is sent here."""
        ...


class Direct(Outlet, Protocol):
    def take(self, changed: Callable[[], None]) -> None:
        """From here on it is a stream's, which reads nothing more of its request; `changed`: the client has gone."""
        ...


class Plain:
    """Any server's way."""

    def __init__(self, receive: Receive, send: Send, changed: Callable[[], None], patience: float) -> None:
        self.open = True
        self._send, self._patience = send, patience
        self._listening = asyncio.create_task(self._listen(receive, changed))

    async def _listen(self, receive: Receive, changed: Callable[[], None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.open = False
        changed()

    def offer(self, data: bytes) -> bool:
        """A `send` may wait for anything, and only a task can wait."""
        del data
        return False

    async def put(self, data: bytes) -> None:
        async with asyncio.timeout(self._patience):
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def close(self) -> None:
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._listening


def outlet(scope: Scope, receive: Receive, send: Send, changed: Callable[[], None], patience: float) -> Outlet:
    """The best one that there is for a response that has begun; `changed` is called when its client has gone."""
    direct: Direct | None = scope.get(CONNECTION)
    if direct is None:
        return Plain(receive, send, changed, patience)
    direct.take(changed)
    return direct
