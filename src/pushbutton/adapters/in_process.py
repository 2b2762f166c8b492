"""`runtime.ports.Dispatch` and `Notifier` inside one process. Nothing is kept: the worker rebuilds it from the rows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from pushbutton.errors import NoSuchRun
from pushbutton.runtime.ports import Claim, Deliver

POLL = 5.0  # a slot that became free without a hint


class InProcessDispatch:
    """One line of waiting runs per task, oldest first; only the head of a line is offered to the gate."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[int]] = {}
        self._known: set[int] = set()
        self._wake = asyncio.Event()

    async def submit(self, run: int, task: str) -> None:
        if run in self._known:
            return
        self._known.add(run)
        line = self._lines.setdefault(task, deque())
        line.append(run)
        # Behind others nothing changes: the head was offered, and is again when a slot is free. An older one than they
        # are is back from an attempt, and left a slot.
        if len(line) == 1 or run < line[-2]:
            self._wake.set()

    async def cancel(self, run: int) -> None:
        self._known.discard(run)
        for line in self._lines.values():
            with contextlib.suppress(ValueError):
                line.remove(run)
        self._wake.set()

    async def run_worker(self, deliver: Deliver) -> None:
        while True:
            self._wake.clear()
            await self._round(deliver)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):  # not wait_for: up to Python 3.11 it can swallow a cancellation
                    await self._wake.wait()

    async def _round(self, deliver: Deliver) -> None:
        """Offer the heads, the oldest run first, until every line is empty or busy, or nothing has a slot."""
        todo = {task: line for task, line in self._lines.items() if line}
        while todo := {task: line for task, line in todo.items() if line}:  # one may have been emptied meanwhile
            task = min(todo, key=lambda name: todo[name][0])
            line = todo[task]
            head = line[0]
            try:
                verdict = await deliver(head)
            except NoSuchRun:
                verdict = Claim.GONE
            if verdict is Claim.FULL:
                return
            if verdict is Claim.TASK_BUSY:
                del todo[task]
                continue
            self._known.discard(head)
            with contextlib.suppress(ValueError):
                line.remove(head)  # by value: somebody may have cancelled it meanwhile
            if not line:
                del todo[task]
                if not self._lines[task]:
                    del self._lines[task]

    def wake(self) -> None:
        self._wake.set()

    def stats(self) -> Mapping[str, int]:
        return {"waiting": sum(len(line) for line in self._lines.values())}


class LocalNotifier:
    """Hints inside the process, and those that supervisors send to the socket `hint` as datagrams: "42" is run 42."""

    def __init__(self, path: Path | None = None) -> None:
        self._listeners: dict[str, set[Callable[[], None]]] = {}
        self._path = path
        self._socket: socket.socket | None = None

    def hint(self, topic: str) -> None:
        for heard in list(self._listeners.get(topic, ())):
            heard()

    def listen(self, topic: str, heard: Callable[[], None]) -> Callable[[], None]:
        listening = self._listeners.setdefault(topic, set())
        listening.add(heard)

        def end() -> None:
            listening.discard(heard)
            if not listening:
                self._listeners.pop(topic, None)

        return end

    def open(self) -> None:
        if self._path is None:
            return
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Through the descriptor, because a socket's path may have no more than 107 characters.
            self._socket.bind(
                f"/proc/self/fd/{folder}/{self._path.name}" if len(str(self._path)) > 100 else str(self._path)
            )
        except OSError:
            self._socket.close()
            self._socket = None  # no hints: the collector looks by itself twice a second
            return
        finally:
            os.close(folder)
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    def close(self) -> None:
        if self._socket and self._path:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._path.unlink(missing_ok=True)
            self._socket = None

    def _hear(self) -> None:
        assert self._socket  # noqa: S101  the reader is removed first
        runs = set()
        for _ in range(1000):
            try:
                runs.add(self._socket.recv(64))
            except BlockingIOError:
                break
        for run in runs:
            if run.isdigit():
                self.hint(f"run:{int(run)}")
