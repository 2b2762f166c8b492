"""The port `Output`: what jobs wrote, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pushbutton.domain.run import Run


class Log(Protocol):
    """The output of one run for somebody who reads it at length, and how it came. All of it blocks."""

    def size(self) -> int: ...

    def read(self, offset: int, most: int) -> bytes: ...

    def encoding(self) -> str: ...

    def screen(self) -> tuple[int, int] | None:
        """(rows, columns) of the run's terminal; None if it has none, or another release started it."""
        ...

    def times(self) -> int:
        """How many notes there are of when what came."""
        ...

    def noted(self, first: int, count: int) -> bytes:
        """So many of these notes, fewer at the end: 16 bytes each, the offset from which on it came and the microsecond
        since the epoch, little-endian.
        """
        ...

    def place(self) -> Path:
        """A folder on this machine for what is derived from it; it goes with the output, and may be gone."""
        ...


class Output(Protocol):
    """Output of runs. It only grows, and can be read while it does; a run that wrote nothing has none.

    Of a run of another machine there is as much as was brought here, in order and without gaps.

    A watcher looks at the hint `run:NUMBER`, and once a second by itself, without being called. All but `bring` and
    `digest` take microseconds and are made in the event loop.
    """

    async def bring(self, run: Run) -> None:
        """Whoever is about to show output of a run, or to follow it, calls this with the run as it was looked up. When
        it returns, all is here that any other machine could have shown by then; of a run that is over, all that there
        is. It goes on coming while somebody asks for its size now and then. Raises `StoreError`.
        """
        ...

    def lags(self, run: int) -> bool:
        """Whether others may have seen more of it than is here: who has more is not mistaken, and waits."""
        ...

    def size(self, run: int) -> int:
        """Bytes there now."""
        ...

    def read(self, run: int, offset: int, most: int) -> bytes:
        """At most so many bytes from `offset` on; fewer at the end. Raises `OSError` where they cannot be read."""
        ...

    def encoding(self, run: int) -> str:
        """Its encoding, as Python calls it; "" for UTF-8. It is known before anything is written."""
        ...

    def log(self, run: int) -> Log: ...

    def digest(self, run: int) -> str:
        """The SHA-256 of all of it, in hex. It blocks; what was found once is remembered while the output is the same.
        Raises `OSError`.
        """
        ...
