"""Hands orders to supervisors through the pipes in their spools, without ever waiting for one.

What goes out to one is a sequence of pieces. What a pipe has no room for stays here and goes out first the next time,
so an order may lie there torn for a while. If this process dies then, the next one begins with a line break, which ends
what was torn, and repeats what was not heard.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pushbutton.domain.order import Order, OrderKind
from pushbutton.supervisor import spool

AGAIN = 5.0
"""Seconds after which what went out and was not heard goes out once more: something else has written between."""
_OPEN = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC


class OrderSender:
    """As `runtime.ports.Supervisors` says, for spools by their folders."""

    def __init__(self) -> None:
        self._connections: dict[int, _Connection] = {}

    def tell(self, run: int, folder: Path, orders: Sequence[Order], room: Callable[[], None] | None = None) -> int:
        connection = self._connections.get(run)
        if connection is None:
            connection = self._connections[run] = _Connection(folder)
        unanswered = connection.tell(orders)
        if room:
            connection.when_there_is_room(room)
        return unanswered

    def told(self, run: int) -> int:
        return self._connections[run].told if run in self._connections else 0

    def hang_up(self, run: int) -> None:
        if connection := self._connections.pop(run, None):
            connection.close()


class _Connection:
    """To one supervisor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._protocol = 0
        self.told = 0  # the number of the last order that has gone out whole
        self._going = 0  # the number of that which goes out now
        self._rest: deque[tuple[str, bytes]] = deque()  # of it: pipes, and what is to be written into them
        self._ended = False  # what a process before us may have torn was ended by a line break
        self._first, self._since = 0, 0.0  # the number of the first that is not heard, and since when it is that
        self._fd, self._open = -1, ""  # a pipe that is open, and which
        self._loop: asyncio.AbstractEventLoop | None = None  # that watches it

    def tell(self, orders: Sequence[Order]) -> int:
        """See `runtime.ports.Supervisors.tell`."""
        self._protocol = self._protocol or spool.protocol(self._folder)
        if not self._protocol or not orders:
            return 0
        if self._protocol > 1 and self._was_lost(orders[0].n):
            self.told, self._going, self._ended = orders[0].n - 1, 0, False
        try:
            if self._go_on():
                for order in orders:
                    if order.n > self.told:
                        self._begin(order)
                        if not self._go_on():
                            break
        except OSError:  # no reader: nobody is there
            self.told, self._going = min(self.told, orders[0].n - 1), 0
            self._rest.clear()
            self._ended = False
            self.close()
        if not self._rest:
            self.close()
        return 0 if self._protocol > 1 else self.told

    def _was_lost(self, first: int) -> bool:
        """Whether the first that is not heard has gone out long ago. What is torn is still on its way."""
        now = time.monotonic()
        if first != self._first:
            self._first, self._since = first, now
        lost = first <= self.told and not self._rest and now - self._since > AGAIN
        self._since = now if lost else self._since
        return lost

    def when_there_is_room(self, call: Callable[[], None]) -> None:
        """Once, if something waits for it now."""
        if self._rest and self._fd >= 0 and not self._loop:
            self._loop = asyncio.get_running_loop()
            self._loop.add_writer(self._fd, self._there_is, call)

    def _there_is(self, call: Callable[[], None]) -> None:
        self._unwatch()
        call()

    def _unwatch(self) -> None:
        if self._loop:
            self._loop.remove_writer(self._fd)
            self._loop = None

    def close(self) -> None:
        self._unwatch()
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._open = -1, ""

    def _begin(self, order: Order) -> None:
        self._going = order.n
        if self._protocol > 1:
            lead = b"" if self._ended else b"\n"
            told = {"n": order.n, "do": order.kind.value, **order.data}
            self._rest.append((spool.CONTROL, lead + json.dumps(told).encode() + b"\n"))
            self._ended = True
        elif order.kind is OrderKind.STOP:
            self._rest.append((spool.CONTROL, json.dumps({"do": "stop", **order.data}).encode() + b"\n"))
        elif order.kind is OrderKind.REPORT:
            # A supervisor of 0.2.0 has no `elsewhere`: its jobs write to the same pipe, in turns by a lock.
            pipe = spool.ELSEWHERE if (self._folder / spool.ELSEWHERE).exists() else spool.CHANNEL
            self._rest.extend((pipe, piece) for piece in _pieces(str(order.data.get("lines", ""))))

    def _go_on(self) -> bool:
        """Whether all that was begun has gone out. Raises `OSError` where there is no reader."""
        while self._rest:
            pipe, piece = self._rest[0]
            if not self._opened(pipe):
                return False
            try:
                written = os.write(self._fd, piece)
            except BlockingIOError:
                return False
            if written < len(piece):
                self._rest[0] = (pipe, piece[written:])
            else:
                self._rest.popleft()
        self.told = max(self.told, self._going)
        return True

    def _opened(self, pipe: str) -> bool:
        """False: a job has the lock. It is ours until the line is whole: while it is not, the pipe is full anyway."""
        if self._open == pipe:
            return True
        self.close()
        fd = os.open(self._folder / pipe, _OPEN)
        if pipe == spool.CHANNEL:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return False
        self._fd, self._open = fd, pipe
        return True


def _pieces(text: str) -> Iterator[bytes]:
    """Lines, as many as a pipe takes in one step or not at all; a longer one stands alone."""
    found: list[bytes] = []
    size = 0
    for line in text.encode(errors="replace").split(b"\n"):
        if found and size + len(line) >= select.PIPE_BUF:
            yield b"".join(found)
            found, size = [], 0
        found.append(line + b"\n")
        size += len(line) + 1
    if found:
        yield b"".join(found)
