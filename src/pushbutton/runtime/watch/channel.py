"""The events of one set of topics, as frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable

from pushbutton.domain.event import Event
from pushbutton.domain.run import is_last
from pushbutton.runtime.ports import Topics

from . import pace
from .wakeup import Listener

TAIL = 1 << 20  # bytes of frames that a channel keeps in memory

Encode = Callable[[Event], bytes | None]
"""An event as a frame; None leaves it out."""


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
        """At most `pace.CHUNK` bytes of frames behind `cursor` (which is not below `floor`), and the new cursor."""
        if cursor >= self.tip:
            return b"", cursor
        start, end, chunk = self._shared
        if start != cursor or end > self.tip or (end < self.tip and len(chunk) < pace.CHUNK):
            chunk, end = self._join(cursor)
            self._shared = (cursor, end, chunk)
        return chunk, end

    def _join(self, cursor: int) -> tuple[bytes, int]:
        first = last = bisect_right(self._ids, cursor)
        size = 0
        while last < len(self._frames) and (size == 0 or size + len(self._frames[last]) <= pace.CHUNK):
            size += len(self._frames[last])
            last += 1
        end = self._ids[last - 1] if last < len(self._frames) else self.tip
        return b"".join(self._frames[first:last]), end
