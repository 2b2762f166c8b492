"""The server: a socket to listen on, and an ASGI application served on it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from pushbutton import threads
from pushbutton.config import Settings
from pushbutton.domain.networks import networks

from .api import lazily
from .http.connection import Connection
from .http.limits import Crowd

log = logging.getLogger(__name__)

SEND_BUFFER = 128 << 10
"""The kernel's send buffer for one client. More would only hide a stalled one, at up to 4 MB each."""
FREED = 1.0
"""Seconds for which a taken port is tried again: a server that was killed while it began a program has left a child
that holds its port until it is that program.
"""
_BETWEEN = 0.02  # seconds


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # It serves already; whoever presses the first button waits no longer than the others.
        self._loading = asyncio.create_task(threads.showing(lazily.load))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_shutdown()
        await super().shutdown(sockets)


class _Beside(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They are for whoever it serves beside."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Blocks while the port is taken, up to `FREED` seconds. Raises `OSError`."""
    until = time.monotonic() + FREED
    while True:
        try:
            return _listening(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                raise
        time.sleep(_BETWEEN)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # inherited by what is accepted
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError:
        sock.close()
        raise
    return sock


def address(sock: socket.socket) -> str:
    """Where this machine reaches a listening socket."""
    host, port = sock.getsockname()[:2]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  what was asked for, not what we choose
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"


def _make_room() -> None:
    """Every watcher takes a descriptor, and the usual limit of 1,024 is there for programs that could not take more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # a system that promises more than it gives
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(
    asgi: ASGIApp,
    sock: socket.socket,
    settings: Settings,
    before_shutdown: Callable[[], None],
    *,
    mounted: bool = False,
) -> None:
    """Serve `asgi` until SIGTERM or SIGINT; jobs go on.

    `before_shutdown` lets the streams send what they have and end, while their connections are still open. `mounted`:
    ours is a part of it, so that others stand in front.
    """
    _make_room()
    with contextlib.closing(sock):
        await _Server(_config(asgi, settings, mounted=mounted), before_shutdown).serve(sockets=[sock])


@contextlib.asynccontextmanager
async def serving(asgi: ASGIApp, sock: socket.socket, settings: Settings) -> AsyncIterator[None]:
    """Serve `asgi` until the block is left, beside something else."""
    server = _Beside(_config(asgi, settings))
    with contextlib.closing(sock):
        serves = asyncio.create_task(server.serve(sockets=[sock]))
        try:
            yield
        finally:
            server.should_exit = True
            await serves


def _config(asgi: ASGIApp, settings: Settings, *, mounted: bool = False) -> uvicorn.Config:
    crowd = Crowd(settings.connections, networks(settings.trust_proxy, where="trust_proxy"))
    return uvicorn.Config(
        asgi,
        interface="asgi3",
        loop="none",
        http=type("Connection", (Connection,), {"stall": settings.stall, "direct": not mounted, "crowd": crowd}),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=mounted,  # ours is `http.forwarded`
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
