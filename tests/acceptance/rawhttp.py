"""HTTP by hand over a real socket: for tests that cut, stall, stammer or lie, as no client library does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Self

PATIENCE = 120.0
"""Seconds that one answer may take before it is a failure."""


class Dechunked:
    """The body of a chunked answer: `feed` raw bytes. `over` only after the final chunk."""

    def __init__(self) -> None:
        self.over = False
        self._raw = b""

    def feed(self, raw: bytes) -> bytes:
        self._raw += raw
        parts = []
        while not self.over:
            head, found, rest = self._raw.partition(b"\r\n")
            if not found:
                break
            size = int(head, 16)
            if len(rest) < size + 2:
                break
            parts.append(rest[:size])
            assert rest[size : size + 2] == b"\r\n", "a chunk that is longer than it says"
            self._raw, self.over = rest[size + 2 :], size == 0
        return b"".join(parts)

    @property
    def torn(self) -> bool:
        return not self.over or bool(self._raw)


class Answer:
    """What came back: status and headers are there; the body comes with `pieces`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader, self.writer, self.raw_head = reader, writer, head
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ", 2)[1])
        pairs = (line.partition(":") for line in lines if line)
        self.headers: dict[str, str] = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self.chunks = Dechunked()

    @property
    def complete(self) -> bool:
        """The final chunk came, and nothing is behind it."""
        return not self.chunks.torn

    async def pieces(self, upto: int | None = None) -> AsyncIterator[bytes]:
        """The body as it comes, to its end, to the end of the connection, or to `upto` raw bytes of it."""
        while not self.chunks.over and upto != 0:
            raw = await asyncio.wait_for(self.reader.read(65536 if upto is None else upto), PATIENCE)
            if not raw:
                return
            if upto is not None:
                upto -= len(raw)
            yield self.chunks.feed(raw)

    async def body(self) -> bytes:
        if "content-length" in self.headers:
            return await asyncio.wait_for(self.reader.readexactly(int(self.headers["content-length"])), PATIENCE)
        if self.headers.get("transfer-encoding") != "chunked":
            return b""
        return b"".join([piece async for piece in self.pieces()])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up at once, whatever is still under way."""
        self.writer.transport.abort()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def request(
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    host: str = "localhost",
) -> bytes:
    more = {"content-length": str(len(body))} if body else {}
    lines = [f"{name}: {value}" for name, value in {"host": host, **more, **(headers or {})}.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


async def sent(port: int, raw: bytes) -> Answer:
    """Send these bytes; raises `ConnectionError` when the server hangs up without an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    except asyncio.IncompleteReadError as error:
        writer.transport.abort()
        raise ConnectionError(f"closed after {error.partial!r}") from None
    except BaseException:
        writer.transport.abort()
        raise
    return Answer(reader, writer, head[:-4])


async def ask(port: int, path: str, **given: object) -> Answer:
    return await sent(port, request(path, **given))  # type: ignore[arg-type]
