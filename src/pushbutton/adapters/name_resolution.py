"""Other machines by their names, resolved in threads of our own: a name that nobody resolves holds up itself alone."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from pushbutton import threads
from pushbutton.errors import NoAnswer

__all__ = ["resolved"]


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system has them. Raises `OSError`."""
    try:
        found = await threads.resolving(host, socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    except NoAnswer:
        raise OSError(f"nobody says in time which address {host} has") from None
    return list(dict.fromkeys(str(item[4][0]) for item in found))
