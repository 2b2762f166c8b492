"""A line in cells, one per column, so that a cursor can go back over it; and what becomes of it in the end."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from itertools import groupby, takewhile

from . import styles
from .styles import Span, Style
from .widths import MARKS, marked, spread

NARROW = 4_096  # columns that cursor moves reach; a wider line is out of reach once it is left
CLUSTERS = 256  # different characters with marks in a line; further ones have their marks in columns of their own
DEEP = 16  # characters of one of them
_FIRST = 0xD800  # a surrogate, which no text holds, stands in a cell for a character with its marks
_CLUSTER = re.compile("[\ud800-\ud8ff]")


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
    takes, U+0001 stands where a wide character did not fit into what was left of the screen's row. `inks` has a style
    per cell, or is None while all are 0. `columns` is the width at which the screen wraps the line, 0 if it does not.
    """

    __slots__ = ("begin", "cells", "columns", "continued", "inks", "marks", "painted", "raw", "stale", "style")

    def __init__(
        self, begin: int, raw: bytes | None = None, style: Style = 0, *, columns: int = 0, continued: bool = False
    ) -> None:
        self.begin, self.raw, self.style, self.continued = begin, raw, style, continued
        self.columns = columns
        self.cells = ""
        self.inks: array[int] | None = None
        self.marks: list[str] = []  # characters with their marks; their cell is `_FIRST` and the place in this list
        self.stale = -1  # columns from here on are cleared when the line is written again; -1: none
        self.painted = False  # the cursor was put here by a screen's row, so it is no line of a log

    def open(self) -> None:
        """Turn raw bytes into cells."""
        raw, style, stale = self.raw, self.style, self.stale
        if raw is None:
            return
        self.raw, self.style, self.stale = None, 0, -1
        text, spans, _ = styles.read_line(raw[:-1].rstrip(b"\r"), style)
        column = done = 0
        for start, end, span in (*spans, (len(text), len(text), 0)):
            column = self._add(column, text[done:start], 0)
            column = self._add(column, text[start:end], span)
            done = end
        self.stale = stale

    def _add(self, column: int, text: str, style: Style) -> int:
        for index, piece in enumerate(text.split("\t")):
            if index:
                column = self._put(column, tab(column, self.columns), style)
            column = self.lay(column, piece, style)
        return column

    def width(self) -> int:
        """Its columns, or for raw bytes something that is no less."""
        if self.raw is not None:
            if len(self.raw) <= NARROW // 8 or (len(self.raw) <= NARROW and b"\t" not in self.raw):
                return len(self.raw)
            self.open()
        return len(self.cells)

    def height(self) -> int:
        """How many rows of the screen it takes."""
        if not self.columns:
            return 1
        if self.raw is not None:
            if len(self.raw) <= self.columns // 8 or (len(self.raw) <= self.columns and b"\t" not in self.raw):
                return 1
            self.open()
        return max(1, -(-len(self.cells) // self.columns))

    @property
    def blank(self) -> bool:
        return not self.continued and not (self.cells.strip(" ") if self.raw is None else self.raw.strip())

    @property
    def empty(self) -> bool:
        return self.raw is None and not self.cells and not self.continued

    # writing

    def lay(self, column: int, text: str, style: Style) -> int:
        """Put text without tabs over what is there; the column behind it."""
        if not marked(text):
            return self._put(column, spread(text), style)
        self.open()
        plain, *rest = MARKS.split(text)
        pieces = [spread(plain)] if plain else []
        for mark, after in zip(rest[::2], rest[1::2], strict=True):
            if not pieces:
                column = self._mark(column, mark, style)
            else:
                last = pieces[-1]
                stem = last.rstrip("\0")
                cell = self._cluster(stem[-1], mark)
                if cell:
                    pieces[-1] = stem[:-1] + cell + last[len(stem) :]
                else:
                    pieces.append(mark)
            if after:
                pieces.append(spread(after))
        return self._put(column, "".join(pieces), style)

    def _mark(self, column: int, mark: str, style: Style) -> int:
        """Put a mark to the character before `column`, or into a column of its own where there is none to take it."""
        self.open()
        self.clear()
        cells, head = self.cells, column - 1
        while 0 < head < len(cells) and cells[head] == "\0":
            head -= 1
        if 0 <= head < len(cells) and cells[head] != "\1" and (self.inks[head] if self.inks else 0) == style:
            cell = self._cluster(cells[head], mark)
            if cell:
                self.cells = cells[:head] + cell + cells[head + 1 :]
                return column
        return self._put(column, mark, style)

    def _cluster(self, head: str, mark: str) -> str:
        """The cell of both, or "" when there are too many already."""
        text = self._read(head) + mark
        if text not in self.marks:
            if len(self.marks) == CLUSTERS or len(text) > DEEP:
                return ""
            self.marks.append(text)
        return chr(_FIRST + self.marks.index(text))

    def know(self, clusters: list[str]) -> bool:
        """Take in characters with marks that were passed over, as if they had been written. False: there are too many,
        and what becomes of each depends on those before it.
        """
        if clusters:
            self.open()
            new = [cluster for cluster in clusters if cluster not in self.marks]
            if len(self.marks) + len(new) > CLUSTERS:
                return False
            self.marks += new
        return True

    def _read(self, cell: str) -> str:
        return self.marks[ord(cell) - _FIRST] if _CLUSTER.match(cell) else cell

    def _put(self, column: int, cells: str, style: Style) -> int:
        if self.columns and "\0" in cells and cells[0] != "\t":
            cells = _folded(cells, column, self.columns)
        self.write(column, cells, style)
        return column + len(cells)

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

    def insert(self, column: int, count: int, end: int) -> None:
        """Push what stands from `column` up to `end` to the right by blanks; what passes `end` is lost."""
        self._move(column, max(0, end - column), " " * min(count, end - column), 0)

    def delete(self, column: int, count: int, end: int) -> None:
        """Pull what stands behind the next `count` columns, up to `end`, to the left."""
        self._move(column, max(0, end - column), "", count)

    def _move(self, column: int, room: int, blanks: str, skip: int) -> None:
        self.open()
        self.clear()
        if column >= len(self.cells):
            return
        skip = min(skip, room)
        for place in (column, column + skip, column + room):
            self._split(place)
        rest = self.cells[column + room :]
        moved = blanks + self.cells[column + skip : column + room].replace("\1", " ")
        if rest:
            moved = moved.ljust(room)
        moved, lost = moved[:room], moved[room : room + 1]
        if lost == "\0":  # a wide character at the end was cut in two
            stem = moved.rstrip("\0")
            moved = stem[:-1].ljust(room)
        if self.inks is not None:
            inks = array("Q", bytes(8 * len(blanks))) + self.inks[column + skip : column + room]
            inks.extend(array("Q", bytes(8 * max(0, len(moved) - len(inks)))))
            self.inks[column : column + room] = inks[: len(moved)]
        self.cells = self.cells[:column] + moved + rest

    def part(self, column: int) -> Row:
        """Cut the line off at `column`; what stood there, as a line of its own."""
        self.open()
        self.clear()
        self._split(column)
        row = Row(self.begin, columns=self.columns)
        row.painted, row.marks = self.painted, list(self.marks)
        row.cells, self.cells = self.cells[column:], self.cells[:column]
        if self.inks is not None:
            row.inks, self.inks = self.inks[column:], self.inks[:column]
        return row

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

    # what is there

    def show(self) -> tuple[str, tuple[Span, ...]]:
        if self.raw is not None:
            return styles.read_line(self.raw[:-1].rstrip(b"\r"), self.style)[:2]
        text = self.cells.replace("\0", "").replace("\1", "")
        if self.marks:
            text = _CLUSTER.sub(lambda match: self._read(match[0]), text)
        if self.inks is None:
            return text, ()
        spans: list[Span] = []
        place = 0
        seen = ((cell, style) for cell, style in zip(self.cells, self.inks, strict=True) if cell > "\1")
        for style, group in groupby(seen, key=lambda one: one[1]):
            size = sum(len(self._read(cell)) if self.marks else 1 for cell, _ in group)
            styles.add_span(spans, place, place + size, style)
            place += size
        return text, tuple(spans)

    def settled(self) -> Settled:
        if self.raw is not None:
            return Kept(self.begin, self.raw, 1, self.style)
        text, spans = self.show()
        if not spans:
            return Drawn(self.begin, text.encode(), self.continued)
        parts = [
            part
            for piece, style in styles.Line(0, text, spans).runs()
            for part in (styles.sequence(style), piece.encode())
        ]
        return Drawn(self.begin, b"".join(parts) + (b"\x1b[m" if spans[-1][1] == len(text) else b""), self.continued)


def _folded(cells: str, column: int, columns: int) -> str:
    """A wide character that does not fit into what is left of a screen's row stands in the next one."""
    parts, done = [], 0
    place = columns - column % columns
    while place < len(cells):
        if cells[place] == "\0":
            parts += [cells[done : place - 1], "\1"]
            done = place = place - 1
        place += columns
    return "".join([*parts, cells[done:]])


def tab(column: int, columns: int = 0) -> str:
    """The cells of a tab that starts in `column`. One that comes to the end of a screen's row ends there."""
    place = column % columns if columns else column
    stop = place - place % 8 + 8
    return "\t" + "\0" * ((min(stop, columns) if columns else stop) - place - 1)
