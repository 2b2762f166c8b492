"""Streams: plain ASGI endpoints that send what `runtime.watch` has, already encoded.

Divergences from the HTML standard's wishes: `output` frames of mixed streams carry no id (they have an offset), and
a stream that has nothing more to say ever is answered 204 when it is asked for again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pushbutton.config import Settings
from pushbutton.domain.actor import LOCAL, Actor
from pushbutton.errors import BadCursor
from pushbutton.runtime.core import Core
from pushbutton.runtime.stream_permits import Permit
from pushbutton.runtime.watch.frames import PING, frame
from pushbutton.web.http.errors import problem
from pushbutton.web.http.limits import Crowd
from pushbutton.web.http.scope import MORE

from .subscription import Events, Output, Source, Subscription
from .writer import outlet

GRACE = 5.0
TOO_MANY = "You have too many streams open; close some pages or programs that watch."
RETRY = b"retry: 2000\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
_WAITING = "pushbutton.streams"
"""The key in a request's scope under which `Shallow` takes streams."""
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)


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


class EventStream(Response):
    """The answer to one watcher. Everything it sends is shared; its own state is a few cursors.

    While its client takes what it gets, the caller of `wake` writes to it, and its task sleeps. The task wakes for what
    takes waiting: a client that is slow, events that are in the store only, the end.
    """

    media_type = "text/event-stream"

    def __init__(
        self, core: Core, subscription: Subscription, settings: Settings, permit: Permit | None = None
    ) -> None:
        """`permit`: the stream ends when it is withdrawn; None where the application decides who may watch."""
        super().__init__()
        self._permit = permit
        self._core, self._subscription = core, subscription
        self._stall, self._ping = settings.stall, settings.ping
        self._sources: list[Source] = []
        self._round: Iterator[Source] = iter(())
        self._held = b""  # taken from a source, not sent yet
        self._quiet = 0.0  # when something was sent last
        self._asleep: asyncio.Future[None] | None = None
        self._more: Sequence[tuple[bytes, bytes]] = ()
        self.actor = ""  # whose it is; "": of nobody who logged in
        self.person = ""  # the user who watches; "": nobody with a name, such as the holder of a link

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        waiting: list[EventStream] | None = scope.get(_WAITING)
        if waiting is None:
            await self.serve(scope, receive, send)
            return
        self._more = scope.get(MORE, ())
        actor: Actor = scope.get("state", {}).get("actor", LOCAL)
        self.actor = actor.user or actor.name if actor.credential else ""
        self.person = "" if actor.own else actor.user
        waiting.append(self)

    def _head(self) -> list[tuple[bytes, bytes]]:
        others = {name for name, _ in self._more}
        return [*(pair for pair in HEADERS if pair[0] not in others), *self._more]

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._head()})
        if scope["method"] != "HEAD":
            # A client that takes nothing for so long is dropped: it can come back with its last id. Our own server has
            # cut the connection by then (`http.connection`); under another one the stream at least ends.
            self._out = outlet(scope, receive, send, self._wake, self._stall + GRACE)
            try:
                await self._run()
            except TimeoutError:
                pass  # the client may come back later, as everybody may
            finally:
                await self._out.close()
        with contextlib.suppress(OSError):  # the client has gone
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _run(self) -> None:
        try:
            self._open()
            await self._ended_meanwhile()
            await self._out.put(RETRY + self._subscription.first)
            self._quiet = time.monotonic()
            self._core.hub.keepalive(self._ping).join(self)
            while self._out.open and not self._ending:
                data = self._held or self._next()
                if not data and self._behind:
                    data = await self._from_store()
                    if not data:
                        continue  # who rang while we were reading was not heard: look again
                if data:
                    self._held = b""
                    await self._out.put(data)
                    self._quiet = time.monotonic()
                elif self._over:
                    return
                else:
                    await self._sleep()
        finally:
            self._close()

    # -- asleep, and rung

    async def _sleep(self) -> None:
        """Nothing is there to send. Until `_wake`."""
        self._asleep = asyncio.get_running_loop().create_future()
        try:
            await self._asleep
        finally:
            self._asleep = None

    def _wake(self) -> None:
        if self._asleep and not self._asleep.done():
            self._asleep.set_result(None)

    def wake(self) -> None:
        """Something grew: send it here and now, or leave it to the task."""
        if self._asleep is None or self._asleep.done():
            return  # the task is looking anyway
        if self._ending:
            self._wake()
            return
        try:
            for source in self._sources:
                while data := source.ready():
                    if not self._out.offer(data):
                        self._held = data
                        self._wake()
                        return
                    self._quiet = time.monotonic()
                if source.over or source.behind:
                    self._wake()
        except Exception:  # noqa: BLE001  met again in the task, which is where it belongs
            self._wake()

    def tick(self, now: float) -> None:
        """A comment where nothing was sent for so long."""
        if now < self._quiet + self._ping:
            return
        self._quiet = now
        try:
            if self._asleep and not self._held and not self._out.offer(PING):
                self._held = PING
                self._wake()
        except Exception:  # noqa: BLE001  as with `ring`
            self._wake()

    # -- what there is to send

    def _next(self) -> bytes:
        """A chunk of a source that has one in memory; empty when none has.

        In turn, so that none starves another; but what is over is sent to its end first, so that the last event of a
        run comes behind its last output.
        """
        for source in self._sources:
            if isinstance(source, Output) and source.followed.over and (data := source.ready()):
                return data
        for _ in range(2):
            for source in self._round:
                if data := source.ready():
                    return data
            self._round = iter(self._sources)
        return b""

    @property
    def _behind(self) -> bool:
        """Whether what follows has to be read from the store."""
        return any(source.behind for source in self._sources)

    async def _from_store(self) -> bytes:
        for source in self._sources:
            if isinstance(source, Events) and source.behind:
                return await source.fetch(self._core)
        return b""

    @property
    def _ending(self) -> bool:
        return self._core.hub.closing or (self._permit is not None and self._permit.withdrawn)

    @property
    def _over(self) -> bool:
        return any(source.over for source in self._sources)

    async def _ended_meanwhile(self) -> None:
        """A run that ended between being looked up and being followed says so to nobody any more: look once again."""
        for run in self._subscription.runs_written:
            if not run.state.over and (await self._core.store.run(run.id)).state.over:
                self._core.hub.ended(run.id)

    # -- what it follows

    def _open(self) -> None:
        if self._permit:
            self._permit.listeners.add(self)
        for source in self._subscription.sources(self._core.hub, self):
            self._sources.append(source)

    def _close(self) -> None:
        if self._permit:
            self._permit.listeners.discard(self)
        for source in self._sources:
            self._core.hub.leave(source.followed, self)
        self._core.hub.keepalive(self._ping).leave(self)


class Shallow:
    """In front of an application: serves the streams that it answers with, when it has returned.

    A stream lasts for hours, and all the while it would keep alive what every layer between here and there has on its
    stack, which is more than the stream itself has.
    """

    def __init__(self, app: ASGIApp, crowd: Crowd) -> None:
        self._app, self._crowd = app, crowd

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        waiting: list[EventStream] = []
        await self._app({**scope, _WAITING: waiting}, receive, send)  # a copy: the layers leave things in it, too
        while waiting:
            stream = waiting.pop()
            if not self._crowd.enter(stream.actor):
                await problem(429, TOO_MANY)(scope, receive, send)
                return
            try:
                await stream.serve(scope, receive, send)
            finally:
                self._crowd.leave(stream.actor)


def reset(tip: int) -> bytes:
    """Tells a page to fetch anew: what it has seen does not lead up to what follows."""
    return frame("reset", {"last": tip})
