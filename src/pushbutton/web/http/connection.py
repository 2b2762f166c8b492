"""One client's connection, with limits that uvicorn does not have.

A request's head has to be there in time and may not be endless, a body has to go on coming, and a client that takes
nothing is cut: otherwise each of them holds a descriptor and memory for as long as it likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .limits import Crowd
from .scope import CONNECTION, PEER

LARGEST_HEAD = 64 << 10
"""Bytes of a request line and its headers together."""
HEAD_SECONDS = 30.0
"""From the connection, or from the first byte of a later request, to the end of the head."""
BODY_SECONDS = 60.0
"""Between two pieces of a body."""
STALL_SECONDS = 60.0
LEFT_SECONDS = 2.0
LEFT = 256 << 10
"""How much is still read of a body that is not needed any more, and for how long. A shorter one is skipped, and the
connection goes on. For a longer one, the answer says that the connection closes: so much of it is thrown away, and its
sender has so long to read the answer.
"""

_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 27\r\n"
    b"connection: close\r\n\r\nThe request took too long.\n"
)
_FULL = (
    b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 49\r\n"
    b"retry-after: 5\r\nconnection: close\r\n\r\nToo many connections are open from your address.\n"
)

_latest = (b"", b"")


def _chunk(data: bytes) -> bytes:
    """`data` as a chunk of a response; the same object again, which is for the next watcher, costs nothing."""
    global _latest  # noqa: PLW0603  one process, one event loop
    if _latest[0] is not data:
        _latest = (data, b"%x\r\n%b\r\n" % (len(data), data))
    return _latest[1]


class _Flow(FlowControl):
    """uvicorn's has an event for each client; here it is made only when something has to wait."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.read_paused = False
        self.write_paused = False

    async def drain(self) -> None:
        if self.write_paused:
            await self._is_writable_event.wait()

    def pause_writing(self) -> None:
        self.write_paused = True
        self._is_writable_event = asyncio.Event()

    def resume_writing(self) -> None:
        if self.write_paused:
            self.write_paused = False
            self._is_writable_event.set()


class _Pipeline(list[Any]):
    """uvicorn has a deque for each client, which takes 600 bytes also while it is empty, as it nearly always is."""

    def appendleft(self, value: object) -> None:
        self.insert(0, value)


class _Unheard:
    """Takes the place of a request's event for which nothing waits any more."""

    def set(self) -> None:
        """Nothing waits."""


_UNHEARD = _Unheard()


class _Cycle(RequestResponseCycle):
    """uvicorn's, which closes at once where an answer says that the connection ends: with what is still to come of a
    body, that would be a reset, and might take the answer with it. Here the
    connection ends a moment later.
    """

    __slots__ = ()

    async def send(self, message: Any) -> None:
        connection = cast("Any", self.on_response).__self__
        if self.response_started or not self.more_body or not connection.ends_with_answer(goes_on=self.keep_alive):
            await super().send(message)
            return
        self.keep_alive = False  # which makes the header
        await super().send(message)
        self.keep_alive = True


def _ending_later(cycle: RequestResponseCycle) -> None:
    cycle.__class__ = _Cycle  # uvicorn makes them, of its own class


class _HeadTooLarge(Exception):
    """Raised inside the parser, which makes a 400 of it."""


class Connection(HttpToolsProtocol):
    """Additions to the parser's protocol: two timers, two counts, a short way out for streams (`live.writer`)."""

    __slots__ = (  # with these in it, its dictionary would be too large for Python to share its keys
        "_body",
        "_closes",
        "_completed",
        "_head",
        "_heard",
        "_in_head",
        "_incoming",
        "_inside",
        "_left",
        "_open_end",
        "_outgoing",
        "_piece",
        "_place",
        "_size",
        "changed",
        "open",
    )
    direct = True  # False: what it serves may change bodies on their way
    stall = STALL_SECONDS
    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    crowd = Crowd(0)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.pipeline = cast("Any", _Pipeline())
        self._in_head = True
        self._size = 0  # bytes of its request line and headers
        self._head = 0  # bytes of the present request that are not its body
        self._body = 0
        self._piece = 0  # bytes of bodies in the piece that is being read
        self._completed = False  # a request became complete in the piece that is being read
        self._heard = 0.0  # when the last piece came
        self._incoming: asyncio.TimerHandle | None = None  # runs while a request is not complete
        self._outgoing: asyncio.TimerHandle | None = None  # runs while the client takes nothing
        self._left = 0
        self._closes = False  # the answer that is given says that the connection ends with it
        self._open_end = 0  # bytes that may still come of a body whose request has its answer; 0: there is none
        self._place = ""  # what it is counted as
        self._inside = True  # False: it was turned away
        self.open = True
        self.changed: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        if self._enter(transport):
            self._expect(self.head_seconds)

    def _enter(self, transport: asyncio.Transport) -> bool:
        self._place = self.crowd.place(self.client[0] if self.client else "")
        self._inside = self.crowd.enter(self._place)
        if not self._inside:
            self._place = ""
            transport.write(_FULL)
            transport.close()
        return self._inside

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._incoming, self._outgoing):
            if timer:
                timer.cancel()
        self._incoming = None
        self.crowd.leave(self._place)
        super().connection_lost(exc)
        self._outgoing = None
        self.open = False
        if self.changed:
            self.changed()

    # -- what comes in

    def data_received(self, data: bytes) -> None:
        if not self._inside:
            return
        if self._closes:
            self._throw_away(len(data))
            return
        if self._open_end:
            self._open_end -= len(data)
            if self._open_end <= 0:
                self.transport.close()  # the body is longer than was announced
                return
        self._heard = self.loop.time()
        if self._incoming is None:
            self._expect(self.head_seconds)
        self._completed, self._piece = False, 0
        super().data_received(data)
        # Many small chunks of a body are mostly not body: they may have eight times its size.
        self._head = 0 if self._completed else self._head + len(data) - self._piece
        if self._head > LARGEST_HEAD + 8 * self._body and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        if self.direct:
            scope[CONNECTION] = self
        else:
            scope[PEER] = self.client  # what stands in front of the application may put another into its place
        self._in_head, self._body, self._size = True, 0, 0

    def on_url(self, url: bytes) -> None:
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._grow(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > LARGEST_HEAD:
            raise _HeadTooLarge

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if self.cycle is not None:  # else it is to become another protocol
            _ending_later(self.cycle)

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        self._piece += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._completed = True
        if self._incoming:
            self._incoming.cancel()
            self._incoming = None
        super().on_message_complete()
        if self._open_end:  # it was short: the connection is as any other that waits for the next request
            self._open_end = 0
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def ends_with_answer(self, *, goes_on: bool) -> bool:
        """Whether the connection has to end with the answer that is about to be given: its request's body is still
        coming, and is too long, or of unknown length, to be waited for; or it does not go on anyway.
        """
        headers = dict(cast("dict[str, Any]", self.scope)["headers"])
        length = headers.get(b"content-length", b"")
        self._closes = not goes_on or not length.isdigit() or int(length) - self._body > LEFT
        if self._closes:
            self._open_end = LEFT
        return self._closes

    def _throw_away(self, size: int) -> None:
        """So much of what comes behind the last answer; nothing more is read when it was enough."""
        self._open_end = max(0, self._open_end - size)
        if not self._open_end:
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        if self._closes:
            self.pipeline.clear()  # whatever came behind is not answered any more
        unwanted = not self.pipeline and self.cycle.more_body  # else the last one read is another request, which waits
        super().on_response_complete()
        if unwanted and not self.transport.is_closing():
            if self._incoming:
                self._incoming.cancel()
            self._incoming = self.loop.call_later(LEFT_SECONDS, self._cut)
            if self._closes:
                self._throw_away(0)
                self.transport.write_eof()
            else:
                self._open_end = LEFT

    def _cut(self) -> None:
        self._incoming = None
        self.transport.close()

    def _expect(self, seconds: float) -> None:
        self._incoming = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._incoming = None
        if self.transport.is_closing():
            return
        if not self._in_head:
            quiet = 0.0 if self.flow.read_paused else self.loop.time() - self._heard
            if quiet < self.body_seconds:
                self._expect(self.body_seconds - quiet)
                return
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self.transport.write(_LATE)
            self.transport.close()
        else:
            self.transport.abort()

    # -- what goes out

    def take(self, changed: Callable[[], None]) -> None:
        """A stream lasts for hours: what only its request needed is let go."""
        self.changed = changed
        if not self.pipeline:  # else what was read last is another request, which waits
            cycle = cast("Any", self.cycle)
            cycle.scope["headers"].clear()
            cycle.message_event = _UNHEARD

    def offer(self, data: bytes) -> bool:
        if self.flow.write_paused or not self.open:
            return False
        self.transport.write(_chunk(data))
        return True

    async def put(self, data: bytes) -> None:
        """A client that takes nothing is cut by `_look`: this does not wait for ever."""
        while not self.offer(data) and self.open:
            await self.flow.drain()

    async def close(self) -> None:
        self.changed = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._left = self.transport.get_write_buffer_size()
        self._outgoing = self.loop.call_later(self.stall, self._look)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._outgoing:
            self._outgoing.cancel()
            self._outgoing = None

    def _look(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= self._left:
            # Not `close`: it would wait for the client to take what is left.
            self.transport.abort()
            return
        self._left = left
        self._outgoing = self.loop.call_later(self.stall, self._look)
