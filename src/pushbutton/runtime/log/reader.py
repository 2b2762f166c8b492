"""A run's output as numbered lines, as a terminal would have left them: pages, search, times, plain text.

One `LineReader` per run serves all readers. It reads each byte of output once, in short steps in a thread; a reader
that asks while a step is going on waits for that step and not for one of its own.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from pushbutton.domain.run import Micros
from pushbutton.runtime.ports import Log
from pushbutton.terminal.styles import Line

from . import pages
from .index import LineIndex, View
from .pages import COUNTED, PAGE_LINES, Query

__all__ = ["COUNTED", "PAGE_LINES", "Hit", "LinePage", "LineReader", "SearchResult"]

# One thread for each kind of work, for all runs together: any more would only wait for each other, and each one that
# computes may keep the event loop waiting for another 5 ms.
_GROWING, _READING, _SEARCHING = (ThreadPoolExecutor(1, f"lines-{name}") for name in ("grow", "read", "search"))
_T = TypeVar("_T")
_QUERIES = 8  # whose counts are kept
_BATCH = 16  # extents of plain text at a time, up to 1 MiB


@dataclass(frozen=True, slots=True)
class LinePage:
    total: int  # lines known of, an unfinished last one among them
    first: int  # number of the first line asked for, counted from 1
    lines: tuple[Line, ...]
    bytes_read: int  # of output; what comes after begins here
    done: bool  # the run is over and all of its output is in


@dataclass(frozen=True, slots=True)
class Hit:
    """`start` and `end` are the characters of the first place in the line."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    hits: tuple[Hit, ...]  # nearest first
    total: int  # lines that hold it, in all of the output
    more: bool  # there are more than `total`: counting stopped at `COUNTED`


@dataclass(frozen=True, slots=True)
class _Counted:
    """Line numbers that a query has found in the first extents."""

    extents: int
    numbers: tuple[int, ...]


class LineReader:
    """Lines of one run's output. `final` says that the run is over: its output will not grow."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._index = LineIndex(log)
        self._step: asyncio.Task[None] | None = None
        self._counts: dict[Query, _Counted] = {}
        self._numbers: dict[int, int] = {}  # of lines that do not change any more, by an offset in them

    async def lines(self, start: int, count: int, *, final: bool) -> LinePage:
        """At most `count` lines (2,000, 1 Mi characters) from `start` on; -200 is the 200th from the end.

        A page that lies within what is known already does not wait for the rest of the output: ask again when
        neither `done` nor following the run, and `total` will have grown.
        """
        count = max(0, min(count, PAGE_LINES))
        await self._grown(final=final, enough=start + count if start >= 0 else None)

        def read() -> LinePage:
            view = self._index.view(final=final)
            first = max(1, start if start >= 0 else view.total + 1 + start)
            lines = pages.page(self._log, view, first, count)
            return LinePage(view.total, first, lines, view.read, final and view.read >= self._index.size())

        return await _in(_READING, read)

    async def search(
        self,
        query: str,
        *,
        start: int = 1,
        forward: bool = True,
        limit: int = 100,
        exact: bool = False,
        final: bool = False,
    ) -> SearchResult:
        """Lines that hold the text, from line `start` on (itself among them) to the end, or back to the beginning.

        Plain text, as shown; capitals do not matter unless `exact`. A negative `start` counts from the end.
        """
        await self._grown(final=final)

        def look() -> SearchResult:
            view = self._index.view(final=final)
            return self._find(
                view, Query(query, exact), start if start >= 0 else view.total + 1 + start, forward, limit
            )

        return await _in(_SEARCHING, look) if query and "\n" not in query else SearchResult((), 0, more=False)

    async def find_time(self, micros: Micros, *, final: bool = False) -> int:
        """The number of the line that was written to at that moment, or next after it; the last one after the end.

        0 if there are no lines.
        """
        await self._grown(final=final)
        return await _in(_READING, lambda: pages.line_at(self._log, self._index.view(final=final), micros))

    async def numbers(self, offsets: Collection[int], *, final: bool = False) -> dict[int, int]:
        """By offset in the output, the number of the line that this byte is in; at the end, of the one that is next."""
        await self._grown(final=final)

        def read() -> dict[int, int]:
            view = self._index.view(final=final)
            settled = view.reach[0].begin if view.reach else view.read
            for offset in offsets:
                if offset not in self._numbers:
                    found[offset] = pages.line_of(self._log, view, offset)
            self._numbers.update({offset: number for offset, number in found.items() if offset < settled})
            return {offset: found.get(offset) or self._numbers[offset] for offset in offsets}

        found: dict[int, int] = {}
        return await _in(_READING, read)

    async def plain(self, *, final: bool = False) -> AsyncIterator[bytes]:
        """All lines as UTF-8 text without colours, in pieces of up to about 1 MiB. Continued lines are joined."""
        await self._grown(final=final)
        view = await _in(_READING, lambda: self._index.view(final=final))
        for low in range(0, view.extents + 1, _BATCH):
            extents = range(low, min(low + _BATCH, view.extents + 1))
            if text := await _in(_SEARCHING, partial(self._text, view, extents)):
                yield text
        if view.total:
            yield b"\n"

    def _text(self, view: View, extents: range) -> bytes:
        return b"".join(pages.plain(self._log, view, extents))

    async def close(self) -> None:
        """Leave the derived files to others; a later call opens them again."""
        if self._step:
            await asyncio.wait([self._step])
        await _in(_GROWING, self._index.close)

    async def _grown(self, *, final: bool, enough: int | None = None) -> None:
        """Everything that was in `output` when we were asked is in the index, or `enough` lines are."""
        index = self._index
        size = index.size()
        while (enough is None or index.settled < enough) and (index.read != size or (final and index.worth_saving)):
            before, step = index.read, self._step
            mine = step is None or step.done()
            if step is None or mine:
                step = self._step = asyncio.create_task(_in(_GROWING, partial(index.grow, final=final)))
            await asyncio.shield(step)
            if mine and index.read == before:  # the output has become shorter, or there was only saving left to do
                return

    def _find(self, view: View, query: Query, start: int, forward: bool, limit: int) -> SearchResult:
        numbers = self._count(view, query)
        if len(numbers) > COUNTED:
            index = view.holding(start - 1) if start <= view.settled else view.extents
            extents = range(max(0, index), view.extents + 1) if forward else range(min(index, view.extents), -1, -1)
            found = pages.scan(self._log, view, query, extents, back=not forward)
            chosen = tuple(islice((n for n in found if (n >= start if forward else n <= start)), limit))
        elif forward:
            chosen = numbers[bisect_left(numbers, start) :][:limit]
        else:
            chosen = numbers[: bisect_right(numbers, start)][::-1][:limit]
        hits = []
        for number in chosen:
            line = pages.page(self._log, view, number, 1)[0]
            hits.append(Hit(number, *query.columns(line.text)))
        return SearchResult(tuple(hits), min(len(numbers), COUNTED), len(numbers) > COUNTED)

    def _count(self, view: View, query: Query) -> tuple[int, ...]:
        """All lines that hold it, or `COUNTED` and one. What was looked through is not looked through again."""
        known = self._counts.pop(query, None)
        if known is None or known.extents > view.closed:
            known = _Counted(0, ())
        if len(known.numbers) <= COUNTED:
            fresh = pages.scan(self._log, view, query, range(known.extents, view.closed))
            numbers = (*known.numbers, *islice(fresh, COUNTED + 1 - len(known.numbers)))
            known = _Counted(view.closed, numbers)
        self._counts[query] = known
        while len(self._counts) > _QUERIES:
            self._counts.pop(next(iter(self._counts)), None)
        rest = pages.scan(self._log, view, query, range(view.closed, view.extents + 1))
        return (*known.numbers, *islice(rest, max(0, COUNTED + 1 - len(known.numbers))))


async def _in(threads: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
