"""What a terminal would show of a job's output: bytes in, settled lines out. Pure, incremental, bounded.

The result depends on the bytes alone, never on how they were cut into feeds. Lines that hold nothing but text and
colours are not touched: they come out as the stretch of raw bytes that they are (`Kept`). Only lines that were
rewritten come out as new bytes (`Drawn`).

Where this is no terminal, on purpose:
  * Nothing scrolls away, wraps or clears: a line may be 65,536 columns wide, what comes after goes on in a line marked
    as continued (above the last line it is cut off); cursor moves in a line reach 4,096 columns.
  * The cursor can go up over the last 200 lines only, and not to or past a line of more than 4,096 columns.
  * `CSI J` in its first form takes nothing away by itself: the rest of the line and the lines below are cleared
    when, and only when, they are written again. All other forms of `CSI J`, scrolling and absolute rows are ignored.
  * LF goes to the first column. A tab stands at stops of 8 and stays a tab in the text; over existing text it moves.
  * Wide characters take two columns, after a table of ranges; all others one, combining ones included.
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

from . import ink
from .cells import NARROW, Kept, Row, Settled, Shown, spread, tab
from .ink import Style

REACH = 200  # lines that the cursor can go back over, the last one among them
WIDTH = 65_536  # columns of a line
PIECE = 65_536  # bytes of a `Kept`, at most
STRING = 1 << 20  # bytes of a string sequence
_LONG = WIDTH // 8  # bytes that cannot fill a line, were they all tabs

_SIMPLE = re.compile(rb"(?:[^\x08\r\x1b]++|\x1b\[(?:[0-9;:]{0,96}m|0?K)|\r{1,4}\n)*+")
_TEXT = re.compile(rb"[^\x08\t\n\r\x1b]+")
_CSI = re.compile(rb"\x1b\[([0-?]{0,96})[ -/]{0,16}([@-~])?")
_ESC = re.compile(rb"\x1b[ -/]{0,16}([0-~])?")
_LINE = re.compile(rb"[^\n]*\n")
_STOP = re.compile(rb"[\x07\x18\x1a\x1b]")
_STOP_OSC = re.compile(rb"[\x07\n\x18\x1a\x1b]")


class Terminal:
    """Feed bytes, get settled lines. `read` counts the bytes, `settled` the lines that came out for good."""

    def __init__(self) -> None:
        self.read = 0
        self.settled = 0
        self._rows = [Row(0)]
        self._at = 0  # the cursor's row
        self._column = 0
        self._style: Style = 0
        self._pending = b""  # the begun character or sequence at the end
        self._string = 0  # bytes of a string sequence dropped so far, plus one; 0: in none
        self._osc = False
        self._out: list[Settled] = []

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
        if rows[-1].raw is None and not rows[-1].cells and not rows[-1].continued:
            rows = rows[:-1]
        return [Shown(row.begin, *row.show(), row.continued) for row in rows]

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "place": [self.read, self.settled, self._at, self._column, self._style, self._string, self._osc],
            "pending": self._pending.decode("latin-1"),
            "rows": [
                [
                    row.begin,
                    row.continued,
                    row.stale,
                    row.style,
                    None if row.raw is None else row.raw.decode("latin-1"),
                    row.cells,
                    None if row.inks is None else base64.b64encode(row.inks.tobytes()).decode(),
                ]
                for row in self._rows
            ],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Terminal:
        """The terminal that `dump` was made of. Raises ValueError, TypeError or KeyError for anything else."""
        self = cls()
        self.read, self.settled, self._at, self._column, self._style, self._string, self._osc = state["place"]
        self._pending = state["pending"].encode("latin-1")
        self._rows = []
        for begin, continued, stale, style, raw, cells, inks in state["rows"]:
            row = Row(begin, None if raw is None else raw.encode("latin-1"), style, continued=continued)
            row.stale, row.cells = stale, cells
            if inks is not None:
                row.inks = array("Q")
                row.inks.frombytes(base64.b64decode(inks))
            self._rows.append(row)
        return self

    def _fresh(self, place: int) -> bool:
        """Whether a line begins here that nothing has touched yet."""
        row = self._rows[-1]
        return self._at == len(self._rows) - 1 and row.begin == place and not row.continued

    def _lines(self, data: bytes, place: int, stop: int, base: int) -> None:
        """Whole lines of text and colours, `data[place:stop]`; the cursor stands in a fresh last row."""
        self._rows.pop()
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
            self._style = ink.style_after(piece, self._style)
            place = end
        for line in _LINE.findall(data, cut, stop):
            row = Row(base + place, line, self._style)
            place += len(line)
            self._style = ink.style_after(line, self._style)
            self._rows.append(row)
            if row.width() > NARROW:
                self._settle(len(self._rows))
        self._rows.append(Row(base + stop))
        self._at = len(self._rows) - 1
        if self._at >= REACH:
            self._settle(self._at + 1 - REACH)

    def _token(self, data: bytes, place: int, base: int) -> int:
        """One text or control; where it ends, or -1 if its end is not there yet."""
        byte = data[place]
        if byte == 0x0A:
            self._newline(base + place + 1)
        elif byte == 0x0D:
            self._column = 0
        elif byte == 0x09:
            self._tab()
        elif byte == 0x08:
            self._column = max(0, self._column - 1)
        elif byte == 0x1B:
            return self._escape(data, place)
        else:
            match = _TEXT.match(data, place)
            end = match.end() if match else place + 1
            text, used = codecs.utf_8_decode(data[place:end], "replace", end < len(data))
            self._write(text)
            if place + used < end:
                self._pending = data[place + used :]
                return -1
            return end
        return place + 1

    def _escape(self, data: bytes, place: int) -> int:
        match = (_CSI if data.startswith(b"[", place + 1) else _ESC).match(data, place)
        if not match:
            return place + 1
        end, final = match.end(), match[match.re.groups]
        if final is None:
            if end == len(data):
                self._pending = data[place:]
                return -1
        elif match.re is _CSI:
            self._command(match[1], final)
        elif end == place + 2 and final in b"]PX^_":
            self._string, self._osc = 1, final == b"]"
        elif end == place + 2 and final == b"c":
            self._style = 0
        return end

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

    def _write(self, text: str) -> None:
        cells = spread(ink.cleaned(text))
        row = self._rows[self._at]
        while cells:
            room = WIDTH - self._column
            if len(cells) <= room:
                row.write(self._column, cells, self._style)
                self._column += len(cells)
                return
            while room > 0 and cells[room] == "\0":
                room -= 1
            row.write(self._column, cells[:room], self._style)
            self._column = WIDTH
            if self._at < len(self._rows) - 1:
                return
            cells = cells[room:]
            row = self._continue(row)

    def _continue(self, row: Row) -> Row:
        """The last row is full: the line goes on in another."""
        self._rows.append(Row(row.begin, continued=True))
        self._at += 1
        self._column = 0
        self._settle(self._at)
        return self._rows[-1]

    def _tab(self) -> None:
        row = self._rows[self._at]
        row.open()
        row.clear()
        if self._column >= WIDTH:
            if self._at < len(self._rows) - 1:
                return
            row = self._continue(row)
        cells = tab(self._column)
        if self._column >= len(row.cells):
            row.write(self._column, cells, self._style)
        self._column += len(cells)

    def _newline(self, begin: int) -> None:
        row = self._rows[self._at]
        row.clear()
        self._column = 0
        if self._at == len(self._rows) - 1:
            self._rows.append(Row(begin))
        self._at += 1
        if row.width() > NARROW:
            self._settle(self._at)
        elif len(self._rows) > REACH:
            self._settle(1)

    def _settle(self, count: int) -> None:
        """Let the first `count` rows go; the cursor stands below them."""
        if count:
            self._out.extend(row.settled() for row in self._rows[:count])
            del self._rows[:count]
            self.settled += count
            self._at = max(0, self._at - count)

    def _command(self, params: bytes, final: bytes) -> None:
        if final == b"m":
            if not params.strip(b"0123456789;:"):
                self._style = ink.applied(self._style, params)
            return
        first = params.split(b";", 1)[0]
        if final not in b"ABCDEFGJK" or (first and not first.isdigit()):
            return
        number = int(first or 0)
        count = max(number, 1)
        row = self._rows[self._at]
        match final:
            case b"A" | b"F":
                self._move(-count)
            case b"B" | b"E":
                self._move(count)
            case b"C":
                self._column = max(self._column, min(self._column + count, NARROW - 1))
            case b"D":
                self._column = max(0, self._column - count)
            case b"G":
                self._column = min(count, NARROW) - 1
            case b"K" if number == 0:
                row.erase(self._column, None)
            case b"K" if number == 1:
                row.erase(0, min(self._column + 1, WIDTH))
            case b"K" if number == 2:
                row.erase(0, None)
            case b"J" if number == 0:
                row.stale = self._column
                for below in self._rows[self._at + 1 :]:
                    below.stale = 0
            case _:
                pass
        if final in b"EF":
            self._column = 0

    def _move(self, count: int) -> None:
        """Up or down, within reach. A wide line is left downwards only, and then for good."""
        if self._rows[self._at].width() > NARROW:
            below = self._at + (count > 0 and self._at < len(self._rows) - 1)
            self._settle(below)
            count -= count > 0
            if count < 0 or below == 0:
                return
        self._at = min(max(0, self._at + count), len(self._rows) - 1)


def _before_long(data: bytes, place: int, stop: int) -> int:
    """Where the first line begins that could be too long for one row, or `stop`."""
    while stop - place > _LONG:
        end = data.rfind(b"\n", place, place + _LONG) + 1
        if end == 0:
            return place
        place = end
    return stop
