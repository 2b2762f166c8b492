"""Follows the store once for all watchers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from pushbutton.domain.event import Event
from pushbutton.domain.run import is_last
from pushbutton.errors import PushbuttonError, StoreError
from pushbutton.runtime.ports import EVERYTHING, Notifier, Output, Store, Topics

from . import pace
from .board import Board, Producer
from .channel import Channel, Encode
from .frames import event_frame
from .keepalive import Keepalive
from .tap import Tap
from .wakeup import Listener, Wakeup

log = logging.getLogger(__name__)

POLL = 1.0  # how often to look without a hint
PAGE = 500  # events read from the store at once, for a watcher that is behind


class Hub:
    """Follows the store once for everybody and wakes the watchers."""

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
                    await self._bring([event.run for event in events if event.run is not None and is_last(event)])
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
            await self._bring([run for run, tap in self._taps.items() if tap.ended and not tap.over])
            for tap in self._taps.values():
                if not tap.over:
                    tap.look()

    async def _bring(self, runs: Iterable[int]) -> None:
        """The last output of these, which are over, comes before their last event; but others do not wait for long."""
        for run in runs:
            if run in self._taps and self._output.lags(run):
                with contextlib.suppress(TimeoutError, PushbuttonError):
                    async with asyncio.timeout(POLL):
                        await self._output.bring(await self._store.run(run))

    @property
    def pace(self) -> float:
        """Seconds between two wakes of the same watchers, at least. The first after a silence waits for nothing."""
        sources: list[Channel | Tap] = [*self._channels.values(), *self._taps.values()]
        return pace.TICK if sum(len(source.listeners) for source in sources) <= pace.CROWD else pace.CROWDED

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

    # -- watchers

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
        """A source without listeners is dropped."""
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
    def _inside(self, topics: Topics, listener: Listener) -> Iterator[Channel]:
        """For somebody in this process, who is no watcher."""
        with self.channel(topics, event_frame, listener) as channel:
            self.watchers -= 1
            try:
                yield channel
            finally:
                self.watchers += 1

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
        with self._inside(topics, wakeup) as channel:
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
        """The events after `cursor`, from memory or, when it is further behind, from the store."""
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
            if parts and size + len(encoded) > pace.CHUNK:
                return b"".join(parts), cursor
            parts.append(encoded)
            size += len(encoded)
            cursor = event.id
        return b"".join(parts), cursor if len(page) == PAGE else floor
