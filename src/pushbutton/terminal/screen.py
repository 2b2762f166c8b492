"""The lines that a cursor can still reach, and the cursor: what each control of a terminal does to them.

Two kinds of lines are told apart. Those of a log follow each other, and nothing takes them away unless it is written
over. Those of a screen are drawn by a program that sends the cursor to rows by their number (`Row.painted`): it may
clear them. A screen that is cleared as a whole, and rows that would cover lines of a log, are drawn below what is
there already, so that what was said stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import styles
from .cells import NARROW, Row, Settled, tab
from .styles import Style

REACH = 200  # lines that the cursor can go back over, the last one among them
WIDTH = 65_536  # columns of a line
ROWS = 24  # of a screen whose size is not known
REPEATED = 256  # columns that one character fills at most, where the screen has no width


class Screen:
    """`size` is (rows, columns), None where the job has no terminal: then lines do not wrap and rows do not scroll."""

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        self.settled = 0
        self._size = size
        self._height, self._columns = size or (0, 0)
        self._height = min(self._height, REACH)
        if self._columns < 2:  # a wide character would fit nowhere
            self._columns = 0
        self._rows = [Row(0, columns=self._columns)]
        self._at = 0  # the cursor's row
        self._column = 0
        self._edge = False  # the last column was written: the next character goes to the next row of the screen
        self._style: Style = 0
        self._painting = False  # the cursor was last sent to a row by its number
        self._home = 0 if self._height else -1  # the screen begins here or below; -1: there is none
        self._margins = (0, 0)  # rows of the screen that scroll, the first and the one behind the last; (0, 0): all
        self._saved: list[Any] = []  # place of the cursor, its style, and whether it was painting
        self._last = ""  # the character before, as long as nothing else came
        self._offset = 0  # in the output, behind what is being done
        self._out: list[Settled] = []

    # text

    def _write(self, text: str) -> None:
        text = styles.cleaned(text)
        if not text:
            return
        self._last = text[-1]
        start = self._column
        if self._columns and start and not self._edge and start % self._columns == 0:
            self._begin_line()
            start = self._column
        row = self._rows[self._at]
        while text:
            room = WIDTH - self._column
            piece = text if len(text) * 3 <= room else text[: max(1, room // 3)]
            if room < 3 and Row(0).lay(0, piece, 0) > room:
                if self._at < len(self._rows) - 1:
                    self._column = WIDTH
                    break
                row = self._continue(row)
                start = -1
            self._column = row.lay(self._column, piece, self._style)
            text = text[len(piece) :]
        self._edge = self._at_edge(self._column != start or self._edge)

    def _at_edge(self, written: bool) -> bool:
        return bool(self._columns and written and self._column and self._column % self._columns == 0)

    def _continue(self, row: Row) -> Row:
        """The last row is full: the line goes on in another."""
        new = Row(row.begin, columns=self._columns, continued=True)
        new.painted = row.painted
        self._rows.append(new)
        self._at += 1
        self._column = 0
        self._settle(self._at)
        return new

    def _tab(self) -> None:
        row = self._rows[self._at]
        row.open()
        row.clear()
        if self._column >= WIDTH:
            if self._at < len(self._rows) - 1:
                return
            row = self._continue(row)
        cells = tab(self._column, self._columns)
        if self._column >= len(row.cells):
            row.write(self._column, cells, self._style)
        self._column += len(cells)
        self._edge = self._at_edge(True)

    def _begin_line(self) -> None:
        """Text in the first column of a row into which a line was wrapped begins another line there."""
        if len(self._rows) >= 2 * REACH:
            return
        self._part(self._column)
        self._at += 1
        self._column = 0
        if self._rows[self._at - 1].width() > NARROW:
            self._settle(self._at)
        self._settle_beyond()

    def _newline(self) -> None:
        row = self._rows[self._at]
        row.clear()
        self._end_row(row)
        self._column, self._edge = 0, False
        if self._margins[1] and self._scroll():
            return
        last = self._at == len(self._rows) - 1
        if last:
            self._rows.append(Row(self._offset, columns=self._columns))
        self._at += 1
        self._rows[self._at].painted = self._painting
        if last and self._painting and self._height and self._rows_from(self._home) > self._height:
            self._dry()  # it scrolls
        if row.width() > NARROW:
            self._settle(self._at)
        else:
            self._settle_beyond()

    def _scroll(self) -> bool:
        """At the bottom of the rows that scroll, a line comes in above what stands below them."""
        first, behind = self._margins
        index, top = self._find(behind - 1)[0], self._find(0)[0]
        if self._at != index:
            if index < self._at == len(self._rows) - 1:
                self._margins = (0, 0)  # nobody is there to put what is below to rights
            return False
        if first:  # what scrolls away goes above what stands fast at the top
            gone = self._find(first)[0]
            if top < gone < self._at:
                self._lift(gone, top)
        new = Row(self._offset, columns=self._columns)
        new.painted = self._painting
        self._home = max(self._home, top + 1)
        self._insert(self._at + 1, new)
        self._at += 1
        self._settle_beyond()
        return True

    # the rows

    @property
    def _base(self) -> int:
        """The first column of the screen's row that the cursor is in."""
        return (self._column - self._edge) // self._columns * self._columns if self._columns else 0

    def _leave_edge(self) -> None:
        if self._edge:
            self._column, self._edge = self._column - 1, False

    def _insert(self, index: int, row: Row) -> None:
        """Lines begin in the order of the bytes, also where one is put above another."""
        self._rows.insert(index, row)
        if self._saved and self._saved[0] >= index:
            self._saved[0] += 1
        begin = row.begin
        for below in self._rows[index + 1 :]:
            if below.begin >= begin:
                break
            below.begin = begin

    def _lift(self, index: int, to: int) -> None:
        """Put a line above others, and the saved place with it."""
        saved = self._saved[0] if self._saved else -1
        if saved > index:
            self._saved[0] -= 1
        self._insert(to, self._rows.pop(index))
        if saved == index:
            self._saved[0] = to

    def _part(self, column: int) -> None:
        """Cut the cursor's row in two."""
        self._insert(self._at + 1, self._rows[self._at].part(column))

    def _end_row(self, row: Row) -> bool:
        """Make what is in the screen's rows below, of the same line, a line of its own. False: it cannot be done."""
        if not self._columns or row.height() == 1:
            return True
        end = self._base + self._columns
        row.open()
        row.clear()
        if len(row.cells) <= end:
            return True
        if len(self._rows) >= 2 * REACH:
            return False
        self._part(end)
        return True

    def _settle(self, count: int) -> None:
        """Let the first `count` rows go; the cursor stands below them."""
        if count:
            self._out.extend(row.settled() for row in self._rows[:count])
            del self._rows[:count]
            self.settled += count
            self._at = max(0, self._at - count)
            self._gone(count)

    def _settle_beyond(self) -> None:
        if len(self._rows) > REACH:
            self._settle(min(self._at, len(self._rows) - REACH))

    def _gone(self, count: int) -> None:
        """So many rows have been settled."""
        self._home -= count
        if self._home < 0:
            self._home = 0 if self._height else -1
            if not self._height:
                self._dry()
        if self._saved:
            self._saved[0] -= count
            if self._saved[0] < 0:
                self._saved = []

    def _dry(self) -> None:
        """The drawn lines are lines of a log from now on."""
        self._painting = False
        for row in self._rows:
            row.painted = False

    # the cursor

    def _move(self, count: int) -> None:
        """Up or down, within reach. A wide line is left downwards only, and then for good."""
        if self._rows[self._at].width() > NARROW:
            below = self._at + (count > 0 and self._at < len(self._rows) - 1)
            self._settle(below)
            count -= count > 0
            if count < 0 or below == 0:
                return
        self._leave_edge()
        if not self._columns:
            self._at = min(max(0, self._at + count), len(self._rows) - 1)
            return
        row, place = divmod(self._column, self._columns)
        while count < 0 < row + self._at:
            step = min(-count, row)
            row, count = row - step, count + step
            if count < 0 and self._at:
                self._at, count = self._at - 1, count + 1
                row = self._rows[self._at].height() - 1
        while count > 0:
            below = max(0, self._rows[self._at].height() - 1 - row)
            if count <= below or self._at == len(self._rows) - 1:
                row += min(count, below)
                break
            self._at, row, count = self._at + 1, 0, count - below - 1
        self._column = row * self._columns + place

    def _goto(self, column: int) -> None:
        """To a column of the screen's row that the cursor is in."""
        base = self._base
        self._column, self._edge = base + min(max(0, column), (self._columns or NARROW) - 1), False

    def _save(self) -> None:
        self._saved = [self._at, self._column, self._edge, self._style, self._painting]

    def _restore(self) -> None:
        """The cursor goes back to its line, wherever that is now, if it is within reach still."""
        if not self._saved:
            return
        if self._saved[0] != self._at and self._rows[self._at].width() > NARROW:
            self._settle(self._at + (self._saved[0] > self._at))
            if not self._saved:
                return
        self._at, self._column, self._edge, self._style, self._painting = self._saved

    # the screen

    def _top(self) -> tuple[int, int]:
        """The line at the top of the screen, and how many of its rows are above it. Only where there is a screen."""
        index, left = len(self._rows), self._height
        while left and index > self._home:
            index -= 1
            height = self._rows[index].height()
            if height >= left:
                return index, height - left
            left -= height
        return self._home, 0

    def _rows_from(self, index: int) -> int:
        return sum(row.height() for row in self._rows[index:])

    def _find(self, row: int) -> tuple[int, int]:
        """The line in this row of the screen, counted from 0, and which of its rows. It may be below all lines."""
        index, above = self._top()
        row += above
        while index < len(self._rows):
            height = self._rows[index].height()
            if row < height:
                return index, row
            row -= height
            index += 1
        return index + row, 0

    def _send(self, row: int, column: int) -> None:
        """Put the cursor to a row and a column of the screen, counted from 0."""
        if self._home < 0 or self._rows[self._at].width() > NARROW:
            self._begin()
        last = self._height or max(min(ROWS, REACH), len(self._rows) - self._home)
        row = min(max(0, row), last - 1)
        index, part = self._find(row)
        if index < len(self._rows) and not self._rows[index].painted and not self._rows[index].blank:
            self._begin()
            index, part = self._find(row)
        while len(self._rows) <= index:
            self._rows.append(Row(self._offset, columns=self._columns))
            self._rows[-1].painted = True
        self._at, self._column, self._edge = index, part * self._columns, False
        self._goto(column)
        self._painting = self._rows[index].painted = True
        self._settle_beyond()

    def _row_number(self) -> int:
        """The row of the screen that the cursor is in, counted from 0; 0 if there is no screen or it is above it."""
        if self._home < 0:
            return 0
        top, above = self._top()
        inside = sum(row.height() for row in self._rows[top : self._at]) - above
        return max(0, inside + (self._base // self._columns if self._columns else 0))

    def _begin(self) -> None:
        """A screen begins below all that there is, and the cursor stands at its first place."""
        rows, left = self._rows, self._at
        while len(rows) > 1 and rows[-1].painted and rows[-1].blank and rows[-2].blank:
            rows.pop()
        if not rows[-1].blank:
            rows.append(Row(self._offset, columns=self._columns))
        if self._saved and self._saved[0] >= len(rows):
            self._saved = []
        wide = left < len(rows) - 1 and rows[left].width() > NARROW
        self._at = self._home = len(rows) - 1
        self._column, self._edge, self._margins = 0, False, (0, 0)
        self._painting = rows[-1].painted = True
        if wide:
            self._settle(left + 1)
        self._settle_beyond()

    def _clear(self) -> None:
        """All of the screen: what it holds stays, another begins below."""
        if self._home < 0 or not all(row.blank for row in self._rows[self._top()[0] :]):
            self._begin()

    def _end(self) -> None:
        """The program leaves its screen: what comes is a log again, below what it has drawn."""
        self._begin()
        self._painting = self._rows[self._at].painted = False
        if not self._height:
            self._home = -1

    def _set_margins(self, first: int, behind: int) -> None:
        """Rows of the screen that scroll; as long as it is known how many there are."""
        behind = min(behind or self._height, self._height)
        whole = first == 0 and behind == self._height
        self._margins = (first, behind) if first + 1 < behind and not whole else (0, 0)

    # erasing

    def _erase_below(self) -> None:
        """`CSI J`: what a screen holds goes; the rest of a log's lines is cleared when it is written again."""
        if self._painting and self._home >= 0 and self._column == 0 and self._at == self._top()[0]:
            self._clear()
            return
        row = self._rows[self._at]
        if row.painted:
            row.erase(self._column, None)
        else:
            row.stale = self._column
        for below in self._rows[self._at + 1 :]:
            if below.painted:
                below.erase(0, None)
            else:
                below.stale = 0

    def _erase_above(self) -> None:
        if self._painting:
            for row in self._rows[self._home : self._at]:
                if row.painted:
                    row.erase(0, None)
            self._erase_line(1)

    def _erase_line(self, what: int) -> None:
        """To the end of the screen's row, from its beginning, or all of it."""
        row, base = self._rows[self._at], self._base
        if what == 1:
            row.erase(base, min(self._column + 1, base + self._columns if self._columns else WIDTH))
            return
        start = base if what == 2 else self._column
        if self._edge and what == 0:
            return
        if self._end_row(row):
            row.erase(start, None)
        else:
            row.erase(start, base + self._columns)

    def _change(self, how: Callable[[Row, int, int, int], None], count: int) -> None:
        """`how` is one of the next three, for the cursor's row from the cursor's column on."""
        self._leave_edge()
        row = self._rows[self._at]
        if row.width() <= NARROW and self._column < NARROW:
            how(row, self._column, min(count, NARROW), self._base + self._columns if self._columns else NARROW)

    @staticmethod
    def _insert_cells(row: Row, column: int, count: int, end: int) -> None:
        row.insert(column, count, end)

    @staticmethod
    def _delete_cells(row: Row, column: int, count: int, end: int) -> None:
        row.delete(column, count, end)

    @staticmethod
    def _erase_cells(row: Row, column: int, count: int, end: int) -> None:
        end = min(column + count, end)
        row.open()
        row.erase(column, end if end < len(row.cells) else None)

    def _repeat(self, count: int) -> None:
        """The character before, once more and again."""
        room = min(REPEATED, NARROW - self._column)
        if self._columns:
            room = self._columns if self._edge else self._base + self._columns - self._column
        if self._last and room > 0:
            self._write(self._last * min(count, room))
