"""Reading from a `View` of a run's lines: pages, search, times, plain text. All of this blocks."""

from __future__ import annotations

import os
import re
import struct
import sys
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import AnyStr, Self

from pushbutton.runtime.ports import Log
from pushbutton.terminal import styles
from pushbutton.terminal.styles import Line, Span

from .index import BREATH, Extent, View

PAGE_LINES = 2_000
PAGE_CHARS = 1 << 20  # a page ends early, but not before its first line
COUNTED = 10_000  # lines that a search counts before it says "or more"
_TIME = struct.Struct("<QQ")
_AT_ONCE = 1 << 16  # time records read in one piece

_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_CODE = re.compile(rb"\x1b\[(?:[0-9;:]*m|0?[Kk])")  # also in data whose capitals were made small
_PICTURED = re.compile(rb"[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class _Found:
    """A line before it has its number and time."""

    begin: int
    text: str
    spans: tuple[Span, ...]
    continued: bool


class Files:
    """The output, and `lines`, which is open while one thing is read from it. What is missing is empty."""

    def __init__(self, log: Log, place: Path) -> None:
        self._log = log
        self._paths = {"lines": place / "lines", "lines.at": place / "lines.at"}
        self._open: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            os.close(file)

    def read(self, name: str, size: int, offset: int) -> bytes:
        if name not in self._open:
            try:
                self._open[name] = os.open(self._paths[name], os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
        return os.pread(self._open[name], size, offset)

    def extent(self, extent: Extent) -> bytes:
        if extent.drawn:
            return self.read("lines", extent.size, extent.offset)
        return self._log.read(extent.offset, extent.size)

    def begins(self, extent: Extent, skip: int, count: int) -> array[int]:
        """Begin times 2 plus continued, for lines of a drawn extent."""
        values = array("Q")
        values.frombytes(self.read("lines.at", count * 8, (extent.extra + skip) * 8))
        return values

    def lines(self, extent: Extent, skip: int, count: int) -> Iterator[_Found]:
        """Lines of one extent, from the one after `skip` on."""
        data = self.extent(extent)
        parts = data.split(b"\n")[:-1]
        chosen = parts[skip : skip + count]
        if extent.drawn:
            for line, begin in zip(chosen, self.begins(extent, skip, len(chosen)), strict=True):
                text, spans, _ = styles.read_line(line, 0)
                yield _Found(begin >> 1, text, spans, bool(begin & 1))
            return
        place = sum(map(len, parts[:skip])) + len(parts[:skip])
        style = styles.style_after(data[:place], extent.extra)
        for line in chosen:
            text, spans, style = styles.read_line(line.rstrip(b"\r"), style)
            yield _Found(extent.begin + place, text, spans, False)
            place += len(line) + 1


def page(log: Log, view: View, first: int, count: int) -> tuple[Line, ...]:
    """Lines from number `first` on, at most `count`, fewer where they are very long."""
    found: list[_Found] = []
    chars = 0
    with Files(log, view.place) as files:
        for line in _from(files, view, first - 1, min(count, PAGE_LINES)):
            chars += len(line.text)
            if found and chars > PAGE_CHARS:
                break
            found.append(line)
    times = _times(log, [line.begin for line in found])
    return tuple(
        Line(first + place, line.text, line.spans, at, line.continued)
        for place, (line, at) in enumerate(zip(found, times, strict=True))
    )


def _from(files: Files, view: View, line: int, count: int) -> Iterator[_Found]:
    while count > 0 and line < view.settled:
        index = view.holding(line)
        extent = view.extent(index)
        after = view.extent(index + 1).first if index + 1 < view.extents else view.settled
        size = min(count, after - line)
        yield from files.lines(extent, line - extent.first, size)
        line += size
        count -= size
    for shown in view.reach[max(0, line - view.settled) :][: max(0, count)]:
        yield _Found(shown.begin, shown.text, shown.spans, shown.continued)


# times


def _times(log: Log, begins: Sequence[int]) -> list[int]:
    """When the byte at each of these rising offsets came; 0 where it is not known."""
    if not begins:
        return []
    count = log.times()
    if not count:
        return [0] * len(begins)

    def offset(index: int) -> int:
        return _note(log, index)[0]

    low = max(0, bisect_right(range(count), begins[0], key=offset) - 1)
    high = bisect_right(range(count), begins[-1], lo=low, key=offset)
    if high - low > _AT_ONCE:
        places = [max(low, bisect_right(range(count), begin, lo=low, hi=high, key=offset) - 1) for begin in begins]
        return [_note(log, place)[1] for place in places]
    block = array("Q")
    block.frombytes(log.noted(low, max(1, high - low)))
    if sys.byteorder == "big":
        block.byteswap()
    offsets, times = block[0::2], block[1::2]
    return [times[max(0, bisect_right(offsets, begin) - 1)] for begin in begins]


def _note(log: Log, index: int) -> tuple[int, int]:
    """(offset, microseconds since the epoch)"""
    offset, micros = _TIME.unpack(log.noted(index, 1))
    return offset, micros


def line_at(log: Log, view: View, micros: int) -> int:
    """The number of the line that was written to at that moment or next; the last one after the end, 0 if none."""
    count = log.times()
    index = bisect_left(range(count), micros, key=lambda at: _note(log, at)[1])
    if index == count:
        return view.total
    return line_of(log, view, _note(log, index)[0])


def line_of(log: Log, view: View, offset: int) -> int:
    """The number of the line that this byte of `output` is in. At the end: of the one that is written next."""
    if offset >= view.read and (not view.read or log.read(view.read - 1, 1) == b"\n"):
        return view.total + 1
    if view.reach and view.reach[0].begin <= offset:
        return view.settled + bisect_right(view.reach, offset, key=lambda shown: shown.begin)
    place = view.reaching(offset)
    if place < 0:
        return min(1, view.total)
    extent = view.extent(place)
    with Files(log, view.place) as files:
        if extent.drawn:
            after = view.extent(place + 1).first if place + 1 < view.extents else view.settled
            begins = files.begins(extent, 0, after - extent.first)
            return extent.first + max(1, bisect_right(begins, offset, key=lambda begin: begin >> 1))
        return extent.first + 1 + files.extent(extent).count(b"\n", 0, offset - extent.offset)


# text


def _stripped(data: bytes) -> bytes:
    """Lines of an extent as text, still in UTF-8, with the same line ends."""
    if b"\x1b" in data:
        data = styles.CODE.sub(b"", data)
    if b"\r" in data:
        data = data.replace(b"\r", b"")
    if _CONTROL.search(data):
        data = _PICTURED.sub(lambda match: chr(0x2400 + match[0][0]).encode(), data.translate(None, styles.SILENT))
    return data


def plain(log: Log, view: View, extents: Iterable[int]) -> Iterator[bytes]:
    """Text of these extents; `view.extents` stands for the lines within reach. Lines that go on are joined.

    What comes begins with the line end of what came before it, but for the very first line.
    """
    with Files(log, view.place) as files:
        for index in extents:
            if index < view.extents and not (extent := view.extent(index)).drawn:
                data = files.extent(extent)
                text = _stripped(data) if data.isascii() else _whole(_stripped(data), data)
                yield (b"\n" if extent.first else b"") + text[:-1]
                continue
            if index < view.extents:
                found: Iterable[_Found] = files.lines(extent, 0, view.settled - extent.first)
                first = extent.first
            else:
                found, first = _from(files, view, view.settled, len(view.reach)), view.settled
            yield b"".join(
                (b"" if line.continued or first + place == 0 else b"\n") + line.text.encode()
                for place, line in enumerate(found)
            )


def _whole(text: bytes, data: bytes) -> bytes:
    """Valid UTF-8: what was broken in `data` is U+FFFD."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return b"".join(styles.read_line(line.rstrip(b"\r"), 0)[0].encode() + b"\n" for line in data.split(b"\n")[:-1])
    return text


@dataclass(frozen=True, slots=True)
class Query:
    """The search text, in the form in which it is compared."""

    text: str
    exact: bool = False  # capitals matter

    def numbers(self, data: bytes) -> Iterator[int]:
        """Which lines of an extent hold it, counted from 0."""
        if not (self.exact or self.text.isascii()):
            yield from _hits(_stripped(data).decode("utf-8", "replace").lower(), self.text.lower(), "\n")
            return
        needle = self.text.encode("utf-8", "replace")
        needle, folded = (needle, data) if self.exact else (needle.lower(), data.lower())
        if b"\x1b" not in data or b"\r" in data or _CONTROL.search(data.replace(b"\x1b", b"")):
            yield from _hits(_stripped(data) if self.exact else _stripped(data).lower(), needle, b"\n")
        else:
            yield from self._among_codes(folded, needle)

    @staticmethod
    def _among_codes(data: bytes, needle: bytes) -> Iterator[int]:
        """Look past colours without taking them out of every line first: only out of lines that may hold it."""
        pattern = _spaced(needle)
        line = done = 0
        while match := pattern.search(data, done):
            line += data.count(b"\n", done, match.start())
            start = data.rfind(b"\n", 0, match.start()) + 1
            done = data.find(b"\n", match.start())
            if needle in _CODE.sub(b"", data[start:done]):
                yield line

    def columns(self, text: str) -> tuple[int, int]:
        """Where it stands first in the text of a line that holds it."""
        start = text.find(self.text) if self.exact else text.lower().find(self.text.lower())
        return (start, min(len(text), start + len(self.text))) if start >= 0 else (0, 0)


@lru_cache(maxsize=32)
def _spaced(needle: bytes) -> re.Pattern[bytes]:
    """The text, with any number of colours between its characters."""
    return re.compile(rb"(?:\x1b\[[0-9;:]*m|\x1b\[0?[Kk])*+".join(re.escape(bytes([byte])) for byte in needle))


def _hits(data: AnyStr, needle: AnyStr, end: AnyStr) -> Iterator[int]:
    line = done = 0
    while (place := data.find(needle, done)) >= 0:
        line += data.count(end, done, place)
        yield line
        done = data.find(end, place)
        if done < 0:
            return


def scan(log: Log, view: View, query: Query, extents: Iterable[int], *, back: bool = False) -> Iterator[int]:
    """Numbers of lines that hold it, extent by extent; `view.extents` stands for the lines within reach."""
    with Files(log, view.place) as files:
        for index in extents:
            if index < view.extents:
                extent = view.extent(index)
                first, data = extent.first, files.extent(extent)
            else:
                first, data = view.settled, "\n".join(shown.text for shown in view.reach).encode()
            if index % 16 == 15:
                time.sleep(BREATH)
            numbers = [first + 1 + line for line in query.numbers(data)]
            yield from reversed(numbers) if back else numbers
