"""Watching: a client is a cursor in a shared, append-only log of frames that are already encoded.

One reader follows the store for everybody (`Hub`). A `Channel` is the log of one set of topics: a bounded tail in
memory, everything older in the store. A `Tap` is the same for a run's output: its log is the file itself. A `Board`
has only a latest value. Nothing is queued per client, so a slow one costs nothing, and a late one misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import cached_property
from typing import Protocol, TypeVar

from pushbutton.domain.encoding import begun, text
from pushbutton.domain.event import Event, Json, Kind
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreError
from pushbutton.runtime.frames import complete, event_frame, frame

from .keepalive import Keepalive
from .ports import Notifier, Output, Store, Topics

log = logging.getLogger(__name__)

TICK = 0.020  # when busy, wake watchers at most this often
CROWD, CROWDED = 5000, 0.100  # with more watchers than this, so often
POLL = 1.0  # how often to look without a hint
CHUNK = 64 << 10  # the most that is sent at once
TAIL = 1 << 20  # bytes of frames that a channel keeps in memory
PAGE = 500  # events read from the store at once, for a watcher that is behind
EVERYTHING = Topics(everything=True)

Encode = Callable[[Event], bytes | None]
"""An event as a frame; None leaves it out."""
T = TypeVar("T")


def is_last(event: Event) -> bool:
    """Whether it ends its run: nothing of that run follows."""
    return event.kind is Kind.STATE and RunState(str(event.data["state"])).over


class Listener(Protocol):
    """A watcher. `wake` is called in the event loop's thread when something grew; it must not wait nor raise."""

    def wake(self) -> None: ...


class Wakeup:
    """Wakes one watcher. Woken while nobody waits, it makes the next wait return at once."""

    def __init__(self) -> None:
        self._rung = False
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        self._rung = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """False when nothing rang for so long."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            timer = loop.call_later(seconds, self._expire, self._waiting)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        rung, self._rung = self._rung, False
        return rung

    @staticmethod
    def _expire(waiting: asyncio.Future[None]) -> None:
        if not waiting.done():
            waiting.set_result(None)


class Channel:
    """The frames of one set of topics, from `floor` (an event id, exclusive) up to `tip`."""

    def __init__(self, topics: Topics, encode: Encode, tip: int) -> None:
        self.topics, self.encode = topics, encode
        self.floor = self.tip = tip
        self.ended: int | None = None  # the id of an event that ended a run
        self.listeners: set[Listener] = set()
        self._ids: list[int] = []
        self._frames: list[bytes] = []
        self._size = 0
        self._shared: tuple[int, int, bytes] = (-1, -1, b"")  # the chunk that was asked for last, for the others

    def extend(self, events: Iterable[Event], tip: int) -> None:
        grown = False
        for event in events:
            if encoded := self.encode(event):
                self._ids.append(event.id)
                self._frames.append(encoded)
                self._size += len(encoded)
                grown = True
            if is_last(event):
                self.ended = event.id
        self.tip = tip
        drop = 0
        while self._size > TAIL and drop < len(self._ids) - 1:
            self._size -= len(self._frames[drop])
            self.floor = self._ids[drop]
            drop += 1
        if drop:
            del self._ids[:drop], self._frames[:drop]
        if grown:
            for listener in self.listeners:
                listener.wake()

    def after(self, cursor: int) -> tuple[bytes, int]:
        """At most `CHUNK` bytes of frames behind `cursor` (which is not below `floor`), and the new cursor."""
        if cursor >= self.tip:
            return b"", cursor
        start, end, chunk = self._shared
        if start != cursor or end > self.tip or (end < self.tip and len(chunk) < CHUNK):
            chunk, end = self._join(cursor)
            self._shared = (cursor, end, chunk)
        return chunk, end

    def _join(self, cursor: int) -> tuple[bytes, int]:
        first = last = bisect_right(self._ids, cursor)
        size = 0
        while last < len(self._frames) and (size == 0 or size + len(self._frames[last]) <= CHUNK):
            size += len(self._frames[last])
            last += 1
        end = self._ids[last - 1] if last < len(self._frames) else self.tip
        return b"".join(self._frames[first:last]), end


class Tap:
    """A run's output as it grows. `size` counts bytes; after `over` it does not grow any more."""

    def __init__(self, output: Output, run: int, *, over: bool) -> None:
        self.run, self.size, self.over = run, output.size(run), over
        self.listeners: set[Listener] = set()
        self._output = output
        self._shared: dict[bool, tuple[int, int, bytes]] = {}
        self._rung = -math.inf  # when, monotonic; the supervisor's batches keep it above 15 ms
        self._later: asyncio.TimerHandle | None = None

    def look(self, *, over: bool = False) -> None:
        """Whether there is more. `over`: the run is known to be over, so that what is there now is all."""
        try:
            size = self._output.size(self.run)
        except OSError:
            size = self.size  # the next look may see more
        self._grow(size, over=over or self.over)

    def _grow(self, size: int, *, over: bool) -> None:
        if size > self.size or over != self.over:
            self.size, self.over = max(size, self.size), over
            early = self._rung + CROWDED - time.monotonic() if len(self.listeners) > CROWD else 0.0
            if over or early <= 0:
                self._ring()
            elif self._later is None:
                self._later = asyncio.get_running_loop().call_later(early, self._ring)

    def _ring(self) -> None:
        if self._later:
            self._later.cancel()
            self._later = None
        self._rung = time.monotonic()
        for listener in self.listeners:
            listener.wake()

    def after(self, offset: int, *, plain: bool) -> tuple[bytes, int]:
        """A frame with what follows `offset`, and the offset behind it.

        `plain`: the stream of one run's output, where the offset is the frame's id.
        """
        if offset >= self.size:
            return b"", offset
        start, end, chunk = self._shared.get(plain, (-1, -1, b""))
        if start != offset or (end < self.size and end - start < CHUNK // 2):
            chunk, end = self._read(offset, plain)
            self._shared[plain] = (offset, end, chunk)
        return chunk, end

    @cached_property
    def encoding(self) -> str:
        """Asked for when there is something to decode: by then it is known."""
        return self._output.encoding(self.run)

    def _read(self, offset: int, plain: bool) -> tuple[bytes, int]:
        data = self._output.read(self.run, offset, min(CHUNK // 2, self.size - offset))
        if not (self.over and offset + len(data) >= self.size):
            data = data[: len(data) - begun(data, self.encoding) if self.encoding else complete(data)]
        if not data:
            return b"", offset
        end = offset + len(data)
        said = text(data, self.encoding)
        body: dict[str, Json] = {"run": self.run, "offset": offset, "end": end, "text": said}
        if self.encoding:
            body["encoding"] = self.encoding
        return frame("output", body, end if plain else None), end

    def close(self) -> None:
        if self._later:
            self._later.cancel()


Producer = Callable[[str], AsyncIterator[bytes]]
"""Given what follows the prefix of a topic, yields its frames, newest wins; runs only while somebody watches."""


class Board:
    """A topic with a latest value only: a slow watcher gets the newest and misses what is stale."""

    def __init__(self, topic: str, frames: AsyncIterator[bytes]) -> None:
        self.topic = topic
        self.version, self.frame = 0, b""
        self.listeners: set[Listener] = set()
        self._task = asyncio.create_task(self._follow(frames))

    async def _follow(self, frames: AsyncIterator[bytes]) -> None:
        try:
            async for latest in frames:
                self.frame = latest
                self.version += 1
                for listener in self.listeners:
                    listener.wake()
        except Exception:
            log.exception("a board stopped")

    def after(self, version: int) -> tuple[bytes, int]:
        return (self.frame, self.version) if self.version > version else (b"", version)

    def close(self) -> None:
        self._task.cancel()


class Hub:
    """Follows the store once for everybody and wakes who watches."""

    def __init__(self, store: Store, notifier: Notifier, output: Output) -> None:
        self._store, self._notifier, self._output = store, notifier, output
        self._channels: dict[tuple[Topics, Encode], Channel] = {}
        self._taps: dict[int, Tap] = {}
        self._unheard: dict[int, Callable[[], None]] = {}  # ends what a tap listens to
        self._boards: dict[str, Board] = {}
        self._producers: dict[str, Producer] = {}
        self._board_listeners: dict[str, set[Listener]] = {}
        self._keepalives: dict[float, Keepalive] = {}
        self._wakeup = Wakeup()
        self._pump: asyncio.Task[None] | None = None
        self._looks: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] = lambda: None
        self.tip = 0
        self.watchers = 0
        self.closing = False  # the server ends: streams finish what they are sending and close

    async def open(self) -> None:
        self.tip = await self._store.last_event()
        self._unlisten = self._notifier.listen("events", self._wakeup.wake)
        self._pump = asyncio.create_task(self._follow())
        self._looks = asyncio.create_task(self._look())

    async def close(self) -> None:
        self._unlisten()
        for task in filter(None, (self._pump, self._looks)):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for board in self._boards.values():
            board.close()
        for run, tap in self._taps.items():
            self._unheard[run]()
            tap.close()

    def close_streams(self) -> None:
        """Let every stream send what it has and end; a client that comes back does so with its cursor."""
        self.closing = True
        sources: list[Channel | Tap | Board] = [*self._channels.values(), *self._taps.values(), *self._boards.values()]
        for source in sources:
            for listener in source.listeners:
                listener.wake()

    def register(self, prefix: str, producer: Producer) -> None:
        """Topics `prefix:…` are boards, made by `producer`."""
        self._producers[prefix] = producer

    @property
    def prefixes(self) -> frozenset[str]:
        return frozenset(self._producers)

    async def _follow(self) -> None:
        while True:
            await self._wakeup.wait(POLL)
            try:
                while events := await self._store.events(EVERYTHING, after=self.tip):
                    self.spread(events)
            except StoreError as error:
                log.warning("watchers wait: %s", error)
                await asyncio.sleep(POLL)
            except Exception:
                log.exception("following the store failed; trying again")  # all watchers depend on this one task
                await asyncio.sleep(POLL)
            await asyncio.sleep(self.pace)

    async def _look(self) -> None:
        """A hint may be lost."""
        while True:
            await asyncio.sleep(POLL)
            for tap in self._taps.values():
                if not tap.over:
                    tap.look()

    @property
    def pace(self) -> float:
        """Seconds between two wakes of the same watchers, at least. The first after a silence waits for nothing."""
        sources: list[Channel | Tap] = [*self._channels.values(), *self._taps.values()]
        return TICK if sum(len(source.listeners) for source in sources) <= CROWD else CROWDED

    def spread(self, events: Iterable[Event]) -> None:
        """The next events, which are in the store, for everybody who watches."""
        events = list(events)
        self.tip = events[-1].id
        for event in events:  # first: the last output comes before the last event
            if event.run is not None and is_last(event):
                self.ended(event.run)
        for channel in self._channels.values():
            channel.extend([event for event in events if channel.topics.match(event)], self.tip)

    def ended(self, run: int) -> None:
        """The run is known to be over: all of its output is there."""
        if tap := self._taps.get(run):
            tap.look(over=True)

    def keepalive(self, seconds: float) -> Keepalive:
        """Shared by all who ask for the same."""
        return self._keepalives.setdefault(seconds, Keepalive(seconds))

    # -- who watches

    def follow(self, topics: Topics, encode: Encode, listener: Listener) -> Channel:
        """Until `leave`, as with the two below."""
        channel = self._channels.setdefault((topics, encode), Channel(topics, encode, self.tip))
        channel.listeners.add(listener)
        self.watchers += 1
        return channel

    def follow_output(self, run: int, listener: Listener, *, over: bool) -> Tap:
        """`over`: whether the caller knows that the run is."""
        if run not in self._taps:
            tap = self._taps[run] = Tap(self._output, run, over=over)
            self._unheard[run] = self._notifier.listen(f"run:{run}", tap.look)
        tap = self._taps[run]
        tap.look(over=over)
        tap.listeners.add(listener)
        return tap

    def follow_board(self, topic: str, listener: Listener) -> Board:
        if topic not in self._boards:
            prefix, _, rest = topic.partition(":")
            self._boards[topic] = Board(topic, self._producers[prefix](rest))
        board = self._boards[topic]
        board.listeners.add(listener)
        self._crowd(topic)
        return board

    def leave(self, source: Channel | Tap | Board, listener: Listener) -> None:
        """What nobody follows any more is let go."""
        source.listeners.discard(listener)
        if isinstance(source, Channel):
            self.watchers -= 1
        elif isinstance(source, Board):
            self._crowd(source.topic)
        if source.listeners:
            return
        if isinstance(source, Channel):
            self._channels.pop((source.topics, source.encode), None)
        elif isinstance(source, Tap):
            if self._taps.get(source.run) is source:
                del self._taps[source.run]
                self._unheard.pop(source.run)()
            source.close()
        else:
            self._boards.pop(source.topic, None)
            source.close()

    def watching(self, topics: Iterable[str]) -> frozenset[Listener]:
        """The listeners of at least one of these boards. A browser has one stream for all of its pages."""
        boards = [self._boards[topic] for topic in topics if topic in self._boards]
        return frozenset(listener for board in boards for listener in board.listeners)

    @contextlib.contextmanager
    def lookout(self, topics: Iterable[str], listener: Listener) -> Iterator[None]:
        """Rings when somebody begins or ends to follow one of these boards."""
        topics = list(topics)
        for topic in topics:
            self._board_listeners.setdefault(topic, set()).add(listener)
        try:
            yield
        finally:
            for topic in topics:
                self._board_listeners[topic].discard(listener)
                if not self._board_listeners[topic]:
                    del self._board_listeners[topic]

    def _crowd(self, topic: str) -> None:
        for listener in self._board_listeners.get(topic, ()):
            listener.wake()

    @contextlib.contextmanager
    def channel(self, topics: Topics, encode: Encode, listener: Listener) -> Iterator[Channel]:
        channel = self.follow(topics, encode, listener)
        try:
            yield channel
        finally:
            self.leave(channel, listener)

    @contextlib.contextmanager
    def tap(self, run: int, listener: Listener, *, over: bool) -> Iterator[Tap]:
        tap = self.follow_output(run, listener, over=over)
        try:
            yield tap
        finally:
            self.leave(tap, listener)

    @contextlib.contextmanager
    def board(self, topic: str, listener: Listener) -> Iterator[Board]:
        board = self.follow_board(topic, listener)
        try:
            yield board
        finally:
            self.leave(board, listener)

    # -- what they get

    async def events(self, topics: Topics, since: int) -> AsyncIterator[Event]:
        """Every event of the topics behind `since`, then each new one as it comes. For use inside the process."""
        wakeup, cursor = Wakeup(), since
        with self.channel(topics, _nothing_less, wakeup) as channel:
            while True:
                target = channel.tip
                try:
                    page = await self._store.events(topics, after=cursor, upto=target, limit=PAGE)
                except StoreError as error:
                    log.warning("a follower waits: %s", error)
                    await asyncio.sleep(POLL)
                    continue
                for event in page:
                    cursor = event.id
                    yield event
                if page:
                    continue
                if channel.tip == target:
                    await wakeup.wait(POLL)

    async def frames(self, channel: Channel, cursor: int) -> tuple[bytes, int]:
        """What follows `cursor`, from memory or, when it is further behind, from the store."""
        if cursor >= channel.floor:
            return channel.after(cursor)
        floor = channel.floor
        page = await self._store.events(channel.topics, after=cursor, upto=floor, limit=PAGE)
        size = 0
        parts: list[bytes] = []
        for event in page:
            if is_last(event):
                channel.ended = event.id  # it was there before the channel
            encoded = channel.encode(event) or b""
            if parts and size + len(encoded) > CHUNK:
                return b"".join(parts), cursor
            parts.append(encoded)
            size += len(encoded)
            cursor = event.id
        return b"".join(parts), cursor if len(page) == PAGE else floor


def _nothing_less(event: Event) -> bytes:
    return event_frame(event)
