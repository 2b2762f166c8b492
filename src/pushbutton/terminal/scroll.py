"""Lines that a command puts in, takes out, or scrolls.

What falls out of the rows that scroll is gone if a program has drawn it there. A line of a log that is pushed out at
the bottom goes above the screen, and so does what is scrolled out at the top. A line that is deleted is gone.
"""

from __future__ import annotations

from .cells import NARROW, Row
from .screen import REACH, ROWS, Screen


class Scroll(Screen):
    """The rows are those of the screen, or of the margins if there are some; each command keeps their number. Where no
    size is known, and no row was called by its number, lines can be put in and taken out at the cursor only.
    """

    def _lines_in(self, count: int) -> None:
        """`CSI L`: empty rows from the cursor on, which is in the first column then."""
        row = self._row_here()
        first, behind = self._scrolling()
        if first <= row < behind:
            self._push_down(row, behind, count)
            self._place(row, 0)

    def _lines_out(self, count: int) -> None:
        """`CSI M`: the rows from the cursor on go, which is in the first column then."""
        row = self._row_here()
        first, behind = self._scrolling()
        if first <= row < behind:
            self._pull_up(row, behind, count, keep=False)
            self._place(row, 0)

    def _scroll_up(self, count: int) -> None:
        """`CSI S`: the first rows go, empty ones come in at the bottom; the cursor stays where it is."""
        row, column = self._row_here(), self._column - self._base
        if row >= 0 <= self._home:
            self._pull_up(*self._scrolling(), count, keep=True)
            self._place(row, column)

    def _scroll_down(self, count: int) -> None:
        """`CSI T`: empty rows come in at the top, the last ones go; the cursor stays where it is."""
        row, column = self._row_here(), self._column - self._base
        if row >= 0 <= self._home:
            self._push_down(*self._scrolling(), count)
            self._place(row, column)

    def _back_up(self) -> None:
        """`ESC M`: a row up; at the top of what was drawn it scrolls."""
        if self._painting and self._home >= 0 and self._row_here() == self._scrolling()[0]:
            self._scroll_down(1)
        else:
            self._move(-1)

    # where

    def _row_here(self) -> int:
        """The cursor's row, counted from the first that there is; -1: it is above the screen, or out of reach."""
        if self._rows[self._at].width() > NARROW:
            return -1
        if self._home < 0:
            return self._at
        return self._row_number() if (self._at, self._line_row()) >= self._top() else -1

    def _line_row(self) -> int:
        return self._base // self._columns if self._columns else 0

    def _scrolling(self) -> tuple[int, int]:
        """The first of the rows that scroll, and the one behind the last."""
        if self._margins[1]:
            return self._margins
        if self._height:
            return 0, self._height
        return 0, REACH if self._home < 0 else max(min(ROWS, REACH), len(self._rows) - self._home)

    def _cut(self, row: int) -> int:
        """The line that begins in this row; one that was wrapped into it is cut in two. Where all lines end, if it is
        below them.
        """
        if self._home < 0:
            return min(row, len(self._rows))
        index, part = self._find(row)
        if part and index < len(self._rows):
            self._insert(index + 1, self._rows[index].part(part * self._columns))
            index += 1
        return min(index, len(self._rows))

    def _place(self, row: int, column: int) -> None:
        """Put the cursor into a row, which may not be there yet."""
        index, part = (self._at, 0) if self._home < 0 else self._find(row)
        if index >= len(self._rows):
            self._rows += self._empty(index + 1 - len(self._rows))
        self._at, self._column, self._edge = index, part * self._columns + column, False
        if self._rows[index].empty:
            self._rows[index].painted = self._painting
        self._settle_beyond()

    # what

    def _empty(self, count: int) -> list[Row]:
        rows = [Row(self._offset, columns=self._columns) for _ in range(count)]
        for row in rows:
            row.painted = True
        return rows

    def _push_down(self, first: int, behind: int, count: int) -> None:
        """`count` empty rows come in at `first`, and what was in as many in front of `behind` goes."""
        count = min(count, behind - first)
        place, start, end = self._cut(first), self._cut(behind - count), self._cut(behind)
        top = self._top()[0] if self._home >= 0 else 0
        rows = self._rows
        kept = [row for row in rows[start:end] if not (row.painted or row.blank)]
        self._replace([*rows[:top], *kept, *rows[top:place], *self._empty(count), *rows[place:start], *rows[end:]])
        if self._home < 0:
            self._at += len(kept)
        elif kept:
            self._home = max(self._home, top + len(kept))

    def _pull_up(self, first: int, behind: int, count: int, *, keep: bool) -> None:
        """The `count` rows from `first` on go, and as many empty ones come in in front of `behind`. `keep`: they stay,
        above the screen.
        """
        count = min(count, behind - first)
        start, stop, end = self._cut(first), self._cut(first + count), self._cut(behind)
        top, above = self._top() if self._home >= 0 else (0, 0)
        rows = self._rows
        gone = rows[start:stop] if keep else []
        full = end < len(rows) or (top, above) != (max(self._home, 0), 0)
        new = self._empty(count if full else 0)
        self._replace([*rows[:top], *gone, *rows[top:start], *rows[stop:end], *new, *rows[end:]])
        if gone:
            self._home = max(self._home, top + len(gone))

    def _replace(self, rows: list[Row]) -> None:
        """Lines begin in the order of the bytes; the saved place stays in its line, or in its row if that is gone."""
        rows = rows or self._empty(1)
        if self._saved:
            held = self._rows[self._saved[0]]
            self._saved[0] = rows.index(held) if held in rows else min(self._saved[0], len(rows) - 1)
        begin = 0
        for row in rows:
            begin = row.begin = max(begin, row.begin)
        self._rows = rows
