"""`runtime.ports.Dispatch` and `Notifier` inside one process. Nothing is kept: what waits are rows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from pushbutton.runtime.ports import Ask

POLL = 5.0  # seconds until the gate is asked without a hint


class InProcessDispatch:
    """One loop, one bell."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()

    async def run_worker(self, ask: Ask) -> None:
        while True:
            self._wake.clear()
            while await ask():
                pass
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):  # not wait_for: up to Python 3.11 it can swallow a cancellation
                    await self._wake.wait()

    def wake(self) -> None:
        self._wake.set()


class LocalNotifier:
    """Hints inside the process, and those that supervisors send to the socket `hint` as datagrams: "42" is run 42."""

    def __init__(self, path: Path | None = None) -> None:
        self._listeners: dict[str, set[Callable[[], None]]] = {}
        self._path = path
        self._socket: socket.socket | None = None

    def hint(self, topic: str) -> None:
        for heard in list(self._listeners.get(topic, ())):
            heard()

    def everything(self) -> None:
        """Any hint may have been lost."""
        for topic in list(self._listeners):
            self.hint(topic)

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
