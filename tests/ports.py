"""Ports of this machine for servers that tests start."""

from __future__ import annotations

import contextlib
import random
import socket

__all__ = ["lasting"]


def lasting() -> int:
    """A free one that the system gives to nobody who asks for any, and no connection has as its own end: a server that
    is killed finds it free again.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
