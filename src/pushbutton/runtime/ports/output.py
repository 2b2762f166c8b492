"""The port `Output`: what jobs wrote, byte for byte."""

from __future__ import annotations

from typing import Protocol


class Output(Protocol):
    """Output of runs. It only grows, and can be read while it does; a run that wrote nothing has none.

    A watcher looks at the hint `run:NUMBER`, and once a second by itself: nobody has to call it. All but `digest`
    take microseconds and are made in the event loop.
    """

    def size(self, run: int) -> int:
        """Bytes there now."""
        ...

    def read(self, run: int, offset: int, most: int) -> bytes:
        """At most so many bytes from `offset` on; fewer at the end. Raises `OSError` where they cannot be read."""
        ...

    def encoding(self, run: int) -> str:
        """Its encoding, as Python calls it; "" for UTF-8. It is known before anything is written."""
        ...

    def digest(self, run: int) -> str:
        """The SHA-256 of all of it, in hex. It blocks; what was found once is remembered while the output is the same.
        Raises `OSError`.
        """
        ...
