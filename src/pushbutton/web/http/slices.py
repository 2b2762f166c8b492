"""Bytes that are sent a block at a time: all of them, or the one range that was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pushbutton.errors import BadRange

from .origin_guard import DOWNLOAD

__all__ = ["BLOCK", "Read", "sliced"]

BLOCK: Final = 1 << 20
"""Bytes in memory at once."""

Read = Callable[[int, int], bytes]
"""(offset, most): at most so many bytes from there on; it blocks."""


def sliced(
    request: Request,
    read: Read,
    size: int,
    name: str,
    *,
    media_type: str = "application/octet-stream",
    headers: Mapping[str, str] | None = None,
    close: Callable[[], object] = lambda: None,
) -> Response:
    """An answer with `size` bytes, for browsers a download under this name. `close` is called when nothing more is
    read, however it ends. Raises `BadRange`.
    """
    own = {
        "accept-ranges": "bytes",
        "cache-control": "no-cache",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "content-security-policy": DOWNLOAD,
        **(headers or {}),
    }
    start, end, status = 0, size, 200
    try:
        if (wanted := request.headers.get("range")) is not None:
            start, end = _range(wanted, size)
            own["content-range"] = f"bytes {start}-{end - 1}/{size}"
            status = 206
        own["content-length"] = str(end - start)
        if request.method == "HEAD" or start == end:
            close()
            return Response(status_code=status, headers=own, media_type=media_type)
    except BaseException:
        close()
        raise
    return _Slice(read, close, start, end, status, own, media_type)


class _Slice(StreamingResponse):
    """Closed as soon as nobody takes it any more: a generator that is cut is closed much later."""

    def __init__(
        self,
        read: Read,
        close: Callable[[], object],
        start: int,
        end: int,
        status: int,
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        super().__init__(_blocks(read, start, end), status, headers, media_type)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


def _blocks(read: Read, at: int, end: int) -> Iterator[bytes]:  # a plain generator: starlette runs it in a thread
    while at < end and (block := read(at, min(BLOCK, end - at))):
        at += len(block)
        yield block


def _range(text: str, size: int) -> tuple[int, int]:
    """(start, end) of one byte range. Raises `BadRange`."""
    found = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", text.strip(), re.ASCII)
    if not found or found[0] == "bytes=-":
        raise BadRange("Ask for one range, like “bytes=0-1023”.")
    first, last = found.groups()
    start, end = int(first or 0), int(last) + 1 if last else size
    if not first:
        start, end = max(0, size - int(last)), size
    if start >= size or end <= start:
        raise BadRange(f"There are {size} bytes; “{text[:60]}” lies outside.")
    return start, min(end, size)
