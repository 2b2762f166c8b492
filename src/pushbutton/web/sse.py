"""Streams: plain ASGI endpoints that send what `runtime.watch` has, already encoded.

Divergences from the HTML standard's wishes: `output` frames of mixed streams carry no id (they have an offset), and
a stream that has nothing more to say ever is answered 204 when it is asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pushbutton.config import Settings
from pushbutton.domain.run import Run
from pushbutton.domain.sse import PING, event_frame, frame
from pushbutton.errors import BadCursor, BadInput
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import Topics
from pushbutton.runtime.watch import Bell, Board, Channel, Encode, Tap

GRACE = 5.0
RETRY = b"retry: 2000\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_RUN = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What one client watches. `since` and `offset` are the last it has; None: it said nothing."""

    topics: Topics | None = None
    outputs: frozenset[int] = frozenset()
    boards: frozenset[str] = frozenset()
    since: int | None = None
    ends: bool = False  # one run's events: the stream ends with its last one
    last: int | None = None  # that event's id, if the run was over when the client came
    plain: bool = False  # one run's output, its offset is the id
    offset: int = 0
    encode: Encode = event_frame
    first: bytes = field(default=b"")


def cursor(request: Request) -> tuple[int | None, bool]:
    """(the last id that the client has, whether it can be trusted to be one).

    `?since=` is written by people and programs: nonsense is refused. `Last-Event-ID` comes from a browser that may
    have got it elsewhere: nonsense means that it gets everything, after a `reset`.
    """
    header = request.headers.get("last-event-id")
    if header is not None and header != "":
        return (int(header), True) if _NUMBER.fullmatch(header) else (None, False)
    since = request.query_params.get("since")
    if since is None:
        return None, True
    if not _NUMBER.fullmatch(since):
        raise BadCursor(since)
    return int(since), True


def acceptable(request: Request) -> bool:
    """Whether the client takes an event stream."""
    accept = request.headers.get("accept", "*/*")
    kinds = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    return bool(kinds & {"text/event-stream", "text/*", "*/*", ""})


def parse_topics(text: str, boards: frozenset[str]) -> Wish:
    """`runs`, `run:42`, `task:deploy`, `output:42` and the boards' topics, comma separated."""
    runs: set[int] = set()
    tasks: set[str] = set()
    outputs: set[int] = set()
    latest: set[str] = set()
    everything = False
    for topic in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = topic.partition(":")
        if topic == "runs":
            everything = True
        elif name == "task" and rest:
            tasks.add(rest)
        elif name in {"run", "output"} and _RUN.fullmatch(rest):
            (runs if name == "run" else outputs).add(int(rest))
        elif name in boards and rest:
            latest.add(topic)
        else:
            raise BadInput(f"There is no topic “{topic[:60]}”. There are: runs, run:NUMBER, task:NAME, output:NUMBER.")
    if len(runs) + len(tasks) + len(outputs) + len(latest) > 100:
        raise BadInput("At most 100 topics fit into one stream.")
    topics = Topics(frozenset(runs), frozenset(tasks), everything) if runs or tasks or everything else None
    return Wish(topics, frozenset(outputs), frozenset(latest))


class EventStream(Response):
    """The answer to one watcher. Everything it sends is shared; its own state is a few cursors."""

    media_type = "text/event-stream"

    def __init__(self, core: Core, wish: Wish, runs: dict[int, Run], settings: Settings) -> None:
        super().__init__()
        self._core, self._wish, self._runs = core, wish, runs
        self._stall, self._ping = settings.stall, settings.ping
        self._bell = Bell()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        pushing = asyncio.create_task(self._push(send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({pushing, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pushing, gone):
                task.cancel()
            for task in (pushing, gone):
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await task

    async def _push(self, send: Send) -> None:
        wish, quiet = self._wish, time.monotonic()

        async def out(data: bytes) -> None:
            nonlocal quiet
            # A client that takes nothing for so long is dropped: it can come back with its last id. Our own server has
            # cut the connection by then (`connection`); under another one the stream at least ends.
            async with asyncio.timeout(self._stall + GRACE):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            quiet = time.monotonic()

        with contextlib.ExitStack() as open_sources, contextlib.suppress(TimeoutError):
            sources = list(self._sources(open_sources))
            await self._ended_meanwhile()
            await out(RETRY + wish.first)
            while True:
                over = False
                busy = False
                for source in sources:
                    data = await source.more(self._core)
                    if data:
                        await out(data)
                        busy = True
                    over = over or source.over
                if (over and not busy) or self._core.hub.closing:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                if not busy and not await self._bell.wait(max(0.01, quiet + self._ping - time.monotonic())):
                    await out(PING)

    async def _ended_meanwhile(self) -> None:
        """A run that ended between being looked up and being followed says so to nobody any more: look once again."""
        for number, run in self._runs.items():
            if not run.state.over and (await self._core.store.run(number)).state.over:
                self._core.hub.grew(number, self._core.spools.size(number), over=True)

    def _sources(self, stack: contextlib.ExitStack) -> Iterator[_Events | _Output | _Latest]:
        """Output first: at the end of a run its last lines are sent before its last event."""
        wish, hub = self._wish, self._core.hub
        for number in sorted(wish.outputs):
            run = self._runs[number]
            size = self._core.spools.size(number)
            tap = stack.enter_context(hub.tap(number, self._bell, size=size, over=run.state.over))
            yield _Output(tap, wish.offset, plain=wish.plain)
        if wish.topics:
            channel = stack.enter_context(hub.channel(wish.topics, wish.encode, self._bell))
            since = channel.tip if wish.since is None else wish.since
            yield _Events(channel, since, wish)
        for topic in sorted(wish.boards):
            yield _Latest(stack.enter_context(hub.board(topic, self._bell)))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Events:
    def __init__(self, channel: Channel, since: int, wish: Wish) -> None:
        self._channel, self._cursor, self._wish = channel, since, wish

    @property
    def over(self) -> bool:
        last = self._wish.last or self._channel.ended
        return self._wish.ends and last is not None and self._cursor >= last

    async def more(self, core: Core) -> bytes:
        data = b""
        while not data and self._cursor < self._channel.tip:  # what is left out by the encoding moves the cursor only
            data, self._cursor = await core.hub.frames(self._channel, self._cursor)
        return data


class _Output:
    def __init__(self, tap: Tap, offset: int, *, plain: bool) -> None:
        self._tap, self._offset, self._plain = tap, offset, plain

    @property
    def over(self) -> bool:
        return self._plain and self._tap.over and self._offset >= self._tap.size

    async def more(self, core: Core) -> bytes:
        del core
        data, self._offset = self._tap.after(self._offset, plain=self._plain)
        return data


class _Latest:
    over = False

    def __init__(self, board: Board) -> None:
        self._board, self._version = board, 0

    async def more(self, core: Core) -> bytes:
        del core
        data, self._version = self._board.after(self._version)
        return data


def reset(tip: int) -> bytes:
    """Tells a page to fetch anew: what it has seen does not lead up to what follows."""
    return frame("reset", {"last": tip})
