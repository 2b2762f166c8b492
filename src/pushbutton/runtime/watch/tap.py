"""A run's output, as frames."""

from __future__ import annotations

import asyncio
import math
import time
from functools import cached_property

from pushbutton.domain.encoding import begun, text
from pushbutton.domain.event import Json
from pushbutton.runtime.ports import Output

from . import pace
from .frames import complete, frame
from .wakeup import Listener


class Tap:
    """A run's output as it grows. `size` counts bytes; after `over` it does not grow any more. `ended`: its run has,
    but of a run of another machine not all may have come here yet.
    """

    def __init__(self, output: Output, run: int, *, over: bool) -> None:
        self.run, self.size = run, output.size(run)
        self.ended, self.over = over, over and not output.lags(run)
        self.listeners: set[Listener] = set()
        self._output = output
        self._shared: dict[bool, tuple[int, int, bytes]] = {}
        self._rung = -math.inf  # when, monotonic; the supervisor's batches keep it above 15 ms
        self._later: asyncio.TimerHandle | None = None

    def look(self, *, over: bool = False) -> None:
        """Whether there is more. `over`: the run is known to be over, so that what is there now is all, or comes."""
        self.ended = self.ended or over
        try:
            size = self._output.size(self.run)
        except OSError:
            size = self.size  # the next look may see more
        self._grow(size, over=self.over or (self.ended and not self.lags))

    @property
    def lags(self) -> bool:
        """Whether a client may have more, which is not here yet."""
        return not self.over and self._output.lags(self.run)

    def _grow(self, size: int, *, over: bool) -> None:
        if size > self.size or over != self.over:
            self.size, self.over = max(size, self.size), over
            early = self._rung + pace.CROWDED - time.monotonic() if len(self.listeners) > pace.CROWD else 0.0
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
        if start != offset or (end < self.size and end - start < pace.CHUNK // 2):
            chunk, end = self._read(offset, plain)
            self._shared[plain] = (offset, end, chunk)
        return chunk, end

    @cached_property
    def encoding(self) -> str:
        """Asked for when there is something to decode: by then it is known."""
        return self._output.encoding(self.run)

    def _read(self, offset: int, plain: bool) -> tuple[bytes, int]:
        data = self._output.read(self.run, offset, min(pace.CHUNK // 2, self.size - offset))
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
