"""A line in cells, one per column, so that a cursor can go back over it; and what becomes of it in the end."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from itertools import groupby, takewhile

from . import ink
from .ink import Span, Style

NARROW = 4_096  # columns that cursor moves reach; a wider line is out of reach once it is left
# A quick look first: bars are made of U+2500 to U+25FC and U+2800 to U+28FF, and rewritten a hundred thousand times.
_MAYBE_WIDE = re.compile("[\u1100-\u24ff\u25fd-\u27ff\u2900-\U0003fffd]")
_WIDE = re.compile(
    "[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693"
    "\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b"
    "\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\u3247"
    "\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60"
    "\uffe0-\uffe6\U00016fe0-\U00018d08\U0001aff0-\U0001b2fb\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a"
    "\U0001f200-\U0001f320\U0001f32d-\U0001f335\U0001f337-\U0001f37c\U0001f37e-\U0001f393\U0001f3a0-\U0001f3ca"
    "\U0001f3cf-\U0001f3d3\U0001f3e0-\U0001f3f0\U0001f3f4\U0001f3f8-\U0001f43e\U0001f440\U0001f442-\U0001f4fc"
    "\U0001f4ff-\U0001f53d\U0001f54b-\U0001f54e\U0001f550-\U0001f567\U0001f57a\U0001f595\U0001f596\U0001f5a4"
    "\U0001f5fb-\U0001f64f\U0001f680-\U0001f6c5\U0001f6cc\U0001f6d0-\U0001f6d2\U0001f6d5-\U0001f6d7\U0001f6dc-\U0001f6df"
    "\U0001f6eb\U0001f6ec\U0001f6f4-\U0001f6fc\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f93a\U0001f93c-\U0001f945"
    "\U0001f947-\U0001f9ff\U0001fa70-\U0001faff\U00020000-\U0003fffd]"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whole lines that are shown as they came, `offset` bytes into the output; the first starts in `style`."""

    offset: int
    data: bytes
    lines: int
    style: Style


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line that was rewritten, without its end; it starts in style 0 and sets its own colours."""

    begin: int  # offset of the first byte of the line in the output
    data: bytes
    continued: bool


Settled = Kept | Drawn


@dataclass(frozen=True, slots=True)
class Shown:
    """A line within the cursor's reach, as it is now."""

    begin: int
    text: str
    spans: tuple[Span, ...]
    continued: bool


class Row:
    """A line within reach: raw bytes as long as nothing was rewritten, else cells.

    `cells` has one character per column; NUL follows a wide character or a tab for each further column that it
    takes. `inks` has a style per cell, or is None while all are 0.
    """

    __slots__ = ("begin", "cells", "continued", "inks", "raw", "stale", "style")

    def __init__(self, begin: int, raw: bytes | None = None, style: Style = 0, *, continued: bool = False) -> None:
        self.begin, self.raw, self.style, self.continued = begin, raw, style, continued
        self.cells = ""
        self.inks: array[int] | None = None
        self.stale = -1  # columns from here on are cleared when the line is written again; -1: none

    def open(self) -> None:
        """Turn raw bytes into cells."""
        raw, style, stale = self.raw, self.style, self.stale
        if raw is None:
            return
        self.raw, self.style, self.stale = None, 0, -1
        text, spans, _ = ink.read_line(raw[:-1].rstrip(b"\r"), style)
        done = 0
        for start, end, span in (*spans, (len(text), len(text), 0)):
            self._add(text[done:start], 0)
            self._add(text[start:end], span)
            done = end
        self.stale = stale

    def _add(self, text: str, style: Style) -> None:
        for index, piece in enumerate(text.split("\t")):
            if index:
                self.write(len(self.cells), tab(len(self.cells)), style)
            self.write(len(self.cells), spread(piece), style)

    def width(self) -> int:
        if self.raw is not None:
            if len(self.raw) <= NARROW // 8 or (len(self.raw) <= NARROW and b"\t" not in self.raw):
                return len(self.raw)  # no less than its columns
            self.open()
        return len(self.cells)

    def write(self, column: int, cells: str, style: Style) -> None:
        """Put `cells` over what is there."""
        if not cells:
            return
        self.open()
        self.clear()
        old, end = self.cells, column + len(cells)
        size = len(old)
        if style and self.inks is None:
            self.inks = array("Q", bytes(8 * size))
        if column >= size:
            self.cells = old + " " * (column - size) + cells
            if self.inks is not None:
                self.inks.extend(array("Q", bytes(8 * (column - size))))
                self.inks.extend(array("Q", [style]) * len(cells))
        elif column == 0 and end >= size:
            self.cells = cells
            self.inks = array("Q", [style]) * len(cells) if style else None
        else:
            self._split(column)
            self._split(end)
            self.cells = self.cells[:column] + cells + self.cells[end:]
            if self.inks is not None:
                self.inks[column:end] = array("Q", [style]) * len(cells)

    def erase(self, start: int, end: int | None) -> None:
        """Blank the columns from `start` up to `end`, or cut the line off at `start`."""
        self.open()
        self.clear()
        if end is None:
            self._split(start)
            self.cells = self.cells[:start]
            if self.inks is not None:
                del self.inks[start:]
        else:
            self.write(start, " " * (min(end, len(self.cells)) - start), 0)

    def clear(self) -> None:
        """Take away what `CSI J` has marked."""
        if self.stale >= 0:
            start, self.stale = self.stale, -1
            self.erase(start, None)

    def _split(self, column: int) -> None:
        """A wide character or tab that spans `column` falls apart into blanks."""
        cells = self.cells
        if column < len(cells) and cells[column] == "\0":
            start = len(cells[:column].rstrip("\0")) - 1
            end = column + sum(1 for _ in takewhile(lambda cell: cell == "\0", cells[column:]))
            self.cells = cells[:start] + " " * (end - start) + cells[end:]

    def show(self) -> tuple[str, tuple[Span, ...]]:
        if self.raw is not None:
            return ink.read_line(self.raw[:-1].rstrip(b"\r"), self.style)[:2]
        text = self.cells.replace("\0", "")
        if self.inks is None:
            return text, ()
        spans: list[Span] = []
        place = 0
        styles = (style for cell, style in zip(self.cells, self.inks, strict=True) if cell != "\0")
        for style, group in groupby(styles):
            size = sum(1 for _ in group)
            ink.add_span(spans, place, place + size, style)
            place += size
        return text, tuple(spans)

    def settled(self) -> Settled:
        if self.raw is not None:
            return Kept(self.begin, self.raw, 1, self.style)
        text, spans = self.show()
        if not spans:
            return Drawn(self.begin, text.encode(), self.continued)
        parts = [
            part for piece, style in ink.Line(0, text, spans).runs() for part in (ink.sequence(style), piece.encode())
        ]
        return Drawn(self.begin, b"".join(parts) + (b"\x1b[m" if spans[-1][1] == len(text) else b""), self.continued)


def spread(text: str) -> str:
    """Text as cells: a NUL after each wide character."""
    return _WIDE.sub("\\g<0>\0", text) if not text.isascii() and _MAYBE_WIDE.search(text) else text


def tab(column: int) -> str:
    """The cells of a tab that starts in `column`."""
    return "\t" + "\0" * (7 - column % 8)
