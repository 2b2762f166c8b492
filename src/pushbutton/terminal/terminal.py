"""A job's output as a terminal would show it: bytes in, settled lines out. Pure, incremental, bounded.

The result depends on the bytes alone, never on how they were cut into feeds. Lines that hold nothing but text and
colours are not touched: they come out as the stretch of raw bytes that they are (`Kept`). Only lines that were
rewritten come out as new bytes (`Drawn`). `screen` does what is found here, `widths` says how wide a character is.

Where this is no terminal, on purpose:
  * Nothing scrolls away. A line is one line, however often a screen would have wrapped it: its rows count for the
    cursor only. It may be 65,536 columns wide, what comes after goes on in a line marked as continued (above the last
    line it is cut off); cursor moves in a line reach 4,096 columns.
  * A job without a terminal was told no size: its lines do not wrap, and its screen has rows as far as they are used.
  * The cursor can go up over the last 200 lines only, and not to or past a line of more than 4,096 columns.
  * `CSI J` in its first form takes nothing of a log away by itself: the rest of the line and the lines below are
    cleared when, and only when, they are written again. What a program drew by the numbers of rows, it clears.
  * A screen that is cleared stays above, and the next begins below it; so does one whose rows would cover a log.
  * A saved cursor goes back to its line, also when that has moved. Setting margins leaves the cursor where it is.
  * What is scrolled away goes above the screen, also from below a margin at the top, and so do lines of a log that are
    pushed out at the bottom. A job without a terminal whose cursor was sent to no row scrolls nothing.
  * LF goes to the first column. A tab stands at stops of 8 and stays a tab in the text; over existing text it moves.
  * A mark stands with the character before it, in any row; where there is none, or that has another colour, or there
    are very many in a line, it takes a column.
  * NUL, ENQ, BEL, SO, SI, XON, XOFF and DEL show nothing; other control characters show their picture (␁).
  * A string sequence (OSC, DCS, APC, PM, SOS) ends at its terminator, BEL, CAN, SUB, another ESC, an OSC also at the
    end of the line, and at the latest after 1 MiB; a broken CSI is dropped, what broke it is text.
"""

from __future__ import annotations

import base64
import codecs
import re
from array import array
from typing import Any

from . import styles, sweep
from .cells import NARROW, Kept, Row, Settled, Shown
from .screen import REACH, WIDTH
from .scroll import Scroll

PIECE = 65_536  # bytes of a `Kept`, at most
STRING = 1 << 20  # bytes of a string sequence
_LONG = WIDTH // 8  # bytes that cannot fill a line, were they all tabs

_SIMPLE = re.compile(rb"(?:[^\x08\r\x1b]++|\x1b\[(?:[0-9;:]{0,96}m|0?K)|\r{1,4}\n)*+")
_TEXT = re.compile(rb"[^\x08\t\n\r\x1b]+")
_BACK = re.compile(rb"\x08+")
_CSI = re.compile(rb"\x1b\[([0-?]{0,96})[ -/]{0,16}([@-~])?")
_ESC = re.compile(rb"\x1b[ -/]{0,16}([0-~])?")
_LINE = re.compile(rb"[^\n]*\n")
_STOP = re.compile(rb"[\x07\x18\x1a\x1b]")
_STOP_OSC = re.compile(rb"[\x07\n\x18\x1a\x1b]")
_OTHER_SCREEN = {b"?47", b"?1047", b"?1049"}


class Terminal(Scroll):
    """Feed bytes, get settled lines. `read` counts the bytes, `settled` the lines that came out for good."""

    def __init__(self, size: tuple[int, int] | None = None) -> None:
        super().__init__(size)
        self.read = 0
        self._pending = b""  # the begun character or sequence at the end
        self._string = 0  # bytes of a string sequence dropped so far, plus one; 0: in none
        self._osc = False
        self._tried = 0  # in front of this offset it was found that nothing can be passed over

    def feed(self, data: bytes) -> list[Settled]:
        """Take in the next bytes. What comes out is in order and will not change any more."""
        base = self.read - len(self._pending)
        self.read += len(data)
        data = self._pending + data
        self._pending = b""
        self._out = []
        place, size, simple = 0, len(data), 0
        while place < size:
            if self._string:
                place = self._skip(data, place)
                continue
            if self._fresh(base + place):
                if simple <= place and (match := _SIMPLE.match(data, place)):
                    simple = match.end()
                stop = _before_long(data, place, data.rfind(b"\n", place, simple) + 1)
                if stop > place:
                    self._lines(data, place, stop, base)
                    place = stop
                    continue
            after = self._token(data, place, base)
            if after < 0:
                break
            place = after
        out, self._out = self._out, []
        return out

    def finish(self) -> None:
        """No more bytes will come: a begun character becomes U+FFFD, a begun sequence nothing."""
        if self._pending and self._pending[0] != 0x1B:
            self._write(self._pending.decode("utf-8", "replace"))
        self._pending = b""

    @property
    def unfinished(self) -> bool:
        """Whether the output so far ends within a character or a sequence."""
        return bool(self._pending)

    @property
    def first(self) -> int:
        """Where the first line begins that is not settled."""
        return self._rows[0].begin

    def reach(self) -> list[Shown]:
        """The lines that are not settled, first to last; a last line without text is none yet."""
        rows = self._rows
        count = len(rows)
        while count and rows[count - 1].painted and rows[count - 1].blank:
            count -= 1
        if count and rows[count - 1].empty:
            count -= 1
        return [Shown(row.begin, *row.show(), row.continued) for row in rows[:count]]

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "size": self._size,
            "place": [self.read, self.settled, self._at, self._column, self._style, self._string, self._osc],
            "screen": [self._edge, self._painting, self._home, self._margins, self._saved, self._last],
            "pending": self._pending.decode("latin-1"),
            "rows": [
                [
                    row.begin,
                    row.continued,
                    row.stale,
                    row.painted,
                    row.style,
                    None if row.raw is None else row.raw.decode("latin-1"),
                    row.cells,
                    row.marks,
                    None if row.inks is None else base64.b64encode(row.inks.tobytes()).decode(),
                ]
                for row in self._rows
            ],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Terminal:
        """The terminal that `dump` was made of. Raises ValueError, TypeError or KeyError for anything else."""
        size = state["size"]
        self = cls((size[0], size[1]) if size else None)
        self.read, self.settled, self._at, self._column, self._style, self._string, self._osc = state["place"]
        self._edge, self._painting, self._home, margins, saved, self._last = state["screen"]
        self._margins, self._saved = (margins[0], margins[1]), list(saved)
        self._pending = state["pending"].encode("latin-1")
        self._rows = []
        for begin, continued, stale, painted, style, raw, cells, marks, inks in state["rows"]:
            held = None if raw is None else raw.encode("latin-1")
            row = Row(begin, held, style, columns=self._columns, continued=continued)
            row.stale, row.painted, row.cells, row.marks = stale, painted, cells, list(marks)
            if inks is not None:
                row.inks = array("Q")
                row.inks.frombytes(base64.b64decode(inks))
            self._rows.append(row)
        return self

    def _fresh(self, place: int) -> bool:
        """Whether a line of a log begins here that nothing has touched yet."""
        row = self._rows[-1]
        return (
            row.begin == place
            and self._at == len(self._rows) - 1
            and self._column == 0
            and not (self._painting or self._margins[1] or row.continued)
            and not (row.cells or row.painted)
        )

    def _lines(self, data: bytes, place: int, stop: int, base: int) -> None:
        """Whole lines of text and colours, `data[place:stop]`; the cursor stands in a fresh last row."""
        self._rows.pop()
        self._last = ""
        cut = stop
        for _ in range(REACH - 1):
            cut = data.rfind(b"\n", place, cut - 1) + 1
            if cut == 0:
                cut = place
                break
        if cut > place:
            self._settle(len(self._rows))
        while place < cut:
            end = data.rfind(b"\n", place, min(place + PIECE, cut)) + 1
            piece = data[place:end]
            count = piece.count(b"\n")
            self._out.append(Kept(base + place, piece, count, self._style))
            self.settled += count
            self._gone(count)
            self._style = styles.style_after(piece, self._style)
            place = end
        for line in _LINE.findall(data, cut, stop):
            row = Row(base + place, line, self._style, columns=self._columns)
            place += len(line)
            self._style = styles.style_after(line, self._style)
            self._rows.append(row)
            if row.width() > NARROW:
                self._settle(len(self._rows))
        self._rows.append(Row(base + stop, columns=self._columns))
        self._at = len(self._rows) - 1
        if self._at >= REACH:
            self._settle(self._at + 1 - REACH)

    def _token(self, data: bytes, place: int, base: int) -> int:
        """One text or control; where it ends, or -1 if its end is not there yet."""
        byte = data[place]
        if byte == 0x0A:
            self._offset = base + place + 1
            self._newline()
        elif byte == 0x0D:
            after = self._rewrites(data, place, base)
            if after:
                return after
            self._column, self._edge = self._base, False
        elif byte == 0x09:
            self._tab()
        elif byte == 0x08:
            return self._back(data, place)
        elif byte == 0x1B:
            return self._escape(data, place, base)
        else:
            match = _TEXT.match(data, place)
            end = match.end() if match else place + 1
            text, used = codecs.utf_8_decode(data[place:end], "replace", end < len(data))
            self._write(text)
            if place + used < end:
                self._pending = data[place + used :]
                return -1
            return end
        self._last = ""
        return place + 1

    def _back(self, data: bytes, place: int) -> int:
        match = _BACK.match(data, place)
        end = match.end() if match else place + 1
        skipped = self._turns(data, place, data[place:end], end - place)
        if skipped:
            return skipped
        self._leave_edge()
        self._column = max(self._base, self._column - (end - place))
        self._last = ""
        return end

    def _rewrites(self, data: bytes, place: int, base: int) -> int:
        """Of a line that is rewritten again and again, take in only what is seen in the end; 0: it is not.

        The cursor is where the last of these rewrites begins: in front of its CR, or what goes to the first column.
        """
        if base + place < self._tried or self._base:
            return 0
        kept, last, clusters = sweep.rewrites(data, place, self._columns)
        if kept is None or not self._rows[self._at].know(clusters):
            self._tried = base + last
            return 0
        done = place
        for begin, end in kept:
            self._style = styles.style_after(data[done:begin], self._style)
            self._column, self._edge = 0, False
            done = begin
            while done < end:
                done = self._token(data, done, base)
        self._style = styles.style_after(data[done:last], self._style)
        return last

    def _turns(self, data: bytes, place: int, move: bytes, count: int) -> int:
        """The same for a few columns: `move` goes back by `count`, and as many are written, again and again."""
        start = self._column - count
        if self._edge or start < self._base or self._column > WIDTH - 8:
            return 0
        last, clusters = sweep.turns(data, place, move, count)
        if last and not self._rows[self._at].know(clusters):
            return 0
        if last:
            self._style = styles.style_after(data[place:last], self._style)
        return last

    def _escape(self, data: bytes, place: int, base: int) -> int:
        match = (_CSI if data.startswith(b"[", place + 1) else _ESC).match(data, place)
        if not match:
            return place + 1
        end, final = match.end(), match[match.re.groups]
        if final is None:
            if end == len(data):
                self._pending = data[place:]
                return -1
            return end
        self._offset = base + end
        if match.re is _CSI:
            if final == b"D" and (number := match[1] or b"1").isdigit() and len(number) < 4:
                skipped = self._turns(data, place, match[0], int(number))
                if skipped:
                    return skipped
            elif final == b"G" and match[1] in (b"", b"0", b"1"):
                after = self._rewrites(data, place, base)
                if after:
                    return after
            if data[end - 2] not in b" !\"#$%&'()*+,-./":  # those belong to other commands
                self._command(match[1], final)
        elif end == place + 2:
            self._single(final)
        return end

    def _single(self, final: bytes) -> None:
        """ESC and one character."""
        match final:
            case b"]" | b"P" | b"X" | b"^" | b"_":
                self._string, self._osc = 1, final == b"]"
            case b"7":
                self._save()
            case b"8":
                self._restore()
            case b"E":
                self._newline()
            case b"D":
                column = self._column - self._base - self._edge
                self._newline()
                self._goto(column)
            case b"M":
                self._back_up()
            case b"c":
                self._style, self._saved, self._margins = 0, [], (0, 0)
                self._clear()
                self._goto(0)
            case _:
                return
        self._last = ""

    def _skip(self, data: bytes, place: int) -> int:
        """Drop what belongs to a string sequence."""
        limit = min(len(data), place + STRING + 1 - self._string)
        match = (_STOP_OSC if self._osc else _STOP).search(data, place, limit)
        if match:
            self._string = 0
            return match.end() if match[0] in b"\x07\x18\x1a" else match.start()
        self._string += limit - place
        if self._string > STRING:
            self._string = 0
        return limit

    def _command(self, params: bytes, final: bytes) -> None:
        if final == b"m":
            if not params.strip(b"0123456789;:"):
                self._style = styles.applied(self._style, params)
            return
        if not params or params.isdigit():
            first, second = int(params or 0), 0
        elif final in b"hl" and not _OTHER_SCREEN.isdisjoint(params.split(b";")):
            self._clear() if final == b"h" else self._end()
            return
        elif params.strip(b"0123456789;") or final == b"T":  # with more than one number it is about the mouse
            return
        else:
            first, second = (int(part or 0) for part in (params + b";").split(b";", 2)[:2])
        if final == b"K" and first < 3:
            self._last = ""
            self._erase_line(first)
            return
        if final == b"b":
            self._repeat(max(first, 1))
            return
        self._last = ""
        if not self._move_by(final, max(first, 1), max(second, 1)) and not self._move_lines(final, max(first, 1)):
            self._erase_by(final, first)
        if final == b"r" and self._height:
            self._set_margins(max(first, 1) - 1, second)

    def _move_by(self, final: bytes, count: int, second: int) -> bool:
        """Commands that put the cursor somewhere; False: it is none of them."""
        match final:
            case b"A" | b"B" | b"E" | b"F" | b"e":
                self._move(-count if final in {b"A", b"F"} else count)
                if final in {b"E", b"F"}:
                    self._goto(0)
            case b"C" | b"a":
                self._leave_edge()
                self._column = max(self._column, self._reached(count))
            case b"D":
                self._leave_edge()
                self._column = max(self._base, self._column - count)
            case b"G" | b"`":
                self._goto(count - 1)
            case b"H" | b"f":
                self._send(count - 1, second - 1)
            case b"d":
                self._send(count - 1, self._column - self._base - self._edge)
            case b"s":
                self._save()
            case b"u":
                self._restore()
            case _:
                return False
        return True

    def _move_lines(self, final: bytes, count: int) -> bool:
        """Commands that move whole lines; False: it is none of them."""
        match final:
            case b"L":
                self._lines_in(count)
            case b"M":
                self._lines_out(count)
            case b"S":
                self._scroll_up(count)
            case b"T":
                self._scroll_down(count)
            case _:
                return False
        return True

    def _reached(self, count: int) -> int:
        """The column `count` further on, as far as a cursor gets."""
        return min(self._column + count, self._base + self._columns - 1 if self._columns else NARROW - 1)

    def _erase_by(self, final: bytes, number: int) -> None:
        """Commands that take something away, or make room."""
        match final, number:
            case b"J", 0:
                self._erase_below()
            case b"J", 1:
                self._erase_above()
            case b"J", 2:
                self._clear()
            case b"@", _:
                self._change(self._insert_cells, max(number, 1))
            case b"P", _:
                self._change(self._delete_cells, max(number, 1))
            case b"X", _:
                self._change(self._erase_cells, max(number, 1))
            case _:
                pass


def _before_long(data: bytes, place: int, stop: int) -> int:
    """Where the first line begins that could be too long for one row, or `stop`."""
    while stop - place > _LONG:
        end = data.rfind(b"\n", place, place + _LONG) + 1
        if end == 0:
            return place
        place = end
    return stop
