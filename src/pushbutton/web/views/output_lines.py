"""The numbered lines of outputs: read once for all who look, and as JSON."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from pushbutton.domain.event import Json, iso
from pushbutton.runtime.log.reader import LineReader
from pushbutton.terminal.styles import Line, classes

READERS = 200  # runs whose lines are kept


class LineReaders:
    """One `LineReader` per run, so that all who look share what was read. The longest unused go first."""

    def __init__(self, reader: Callable[[int], LineReader]) -> None:
        """`reader`: a new one for a run."""
        self._reader = reader
        self._readers: OrderedDict[int, LineReader] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, run: int) -> LineReader:
        reader = self._readers.pop(run, None) or self._reader(run)
        self._readers[run] = reader
        while len(self._readers) > READERS:
            # One that somebody still holds opens its files again at the next call.
            task = asyncio.create_task(self._readers.popitem(last=False)[1].close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return reader


def line_json(line: Line, cut: int | None = None) -> dict[str, Json]:
    """`t` is the text, or a list of `[text]` and `[text, classes]` where it is coloured; `c` marks a line that goes on
    from the one before. `cut`: at most so many characters; a shape with `cut` has not all of them.
    """
    text: Json
    if not line.spans:
        text = line.text[:cut]
    else:
        runs: list[Json] = []
        left = len(line.text) if cut is None else cut
        for piece, style in line.runs():
            if left <= 0:
                break
            runs.append([piece[:left], classes(style)] if style else [piece[:left]])
            left -= len(piece)
        text = runs
    shape: dict[str, Json] = {"n": line.number, "at": iso(line.at) if line.at else None, "t": text}
    if line.continued:
        shape["c"] = True
    if cut is not None and len(line.text) > cut:
        shape["cut"] = True
    return shape
