"""How text is coloured: a style packed into one number, and a line of output as a page shows it.

A style is an int: 7 bits of attributes, 25 bits of text colour, 25 bits of background. A colour is 0 (the reader's
own), 1 to 256 (the palette's entry, plus one), or 2**24 + 0xRRGGBB.

What a page gets are classes, separated by blanks:

    f0 … f7    text, the eight colours        b0 … b7    background
    F0 … F7    text, the bright eight         B0 … B7    background
    x16 … x255 text, the palette of 256       y16 … y255 background
    #rrggbb    text, exact                    @rrggbb    background, exact
    b bold   d dim   i italic   u underlined   v inverse   s struck through   h hidden (concealed)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pushbutton.domain.event import Json, iso

Style = int
"""0 is text as the reader's page shows it."""

Span = tuple[int, int, Style]
"""(start, end, style) of a stretch of characters; spans rise, do not touch when equal, and skip style 0."""

_FRONT, _BACK = 7, 32
_COLOUR = (1 << 25) - 1
_EXACT = 1 << 24
_LETTERS = "bdiuvsh"
_ON = {1: 1, 2: 2, 3: 4, 4: 8, 7: 16, 8: 64, 9: 32, 21: 8}
_OFF = {22: 3, 23: 4, 24: 8, 27: 16, 28: 64, 29: 32}
_CODES = (1, 2, 3, 4, 7, 9, 8)

# A line that holds only these is kept as it came: text, colours, and an erase-to-end where there is nothing to erase.
CODE = re.compile(rb"\x1b\[(?:([0-9;:]{0,96})m|0?K)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_SILENT = (0x00, 0x05, 0x07, 0x0E, 0x0F, 0x11, 0x13, 0x7F)  # NUL ENQ BEL SO SI XON XOFF DEL: terminals show nothing
_PICTURES: dict[int, int | None] = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_PICTURES.update(dict.fromkeys(_SILENT))
SILENT = bytes(_SILENT)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a terminal would show it."""

    number: int  # counts from 1
    text: str  # no control characters but tabs
    spans: tuple[Span, ...] = ()
    at: int = 0  # when its first byte came, microseconds since the epoch; 0: not known
    continued: bool = False  # belongs to the line before, which was too long

    def runs(self) -> list[tuple[str, Style]]:
        """The text cut into stretches of one style, all of it."""
        found: list[tuple[str, Style]] = []
        done = 0
        for start, end, style in self.spans:
            if start > done:
                found.append((self.text[done:start], 0))
            found.append((self.text[start:end], style))
            done = end
        if done < len(self.text):
            found.append((self.text[done:], 0))
        return found

    def to_json(self) -> dict[str, Json]:
        """`runs` is a list of `[text]` or `[text, classes]`; `continued` is there only where it is true."""
        runs: list[Json] = [[text, classes(style)] if style else [text] for text, style in self.runs()]
        shape: dict[str, Json] = {"number": self.number, "at": iso(self.at) if self.at else None, "runs": runs}
        if self.continued:
            shape["continued"] = True
        return shape


@lru_cache(maxsize=4096)
def applied(style: Style, params: bytes) -> Style:
    """The style after `ESC [ params m`. What is not understood changes nothing."""
    items = params.split(b";")
    place = 0
    while place < len(items):
        item = items[place]
        place += 1
        if b":" in item:
            style = _colons(style, item.split(b":"))
            continue
        code = int(item or 0)
        if code in (38, 48, 58):
            mode = items[place] if place < len(items) else b""
            size = {b"5": 2, b"2": 4}.get(mode, 1)
            style = _painted(style, code, _colour(items[place : place + size]))
            place += size
        else:
            style = _coded(style, code)
    return style


def _coded(style: Style, code: int) -> Style:
    if code == 0:
        return 0
    if code in _ON:
        return style | _ON[code]
    if code in _OFF:
        return style & ~_OFF[code]
    tens, ones = divmod(code, 10)
    if tens in (3, 4) and ones < 8:
        return _painted(style, tens * 10 + 8, ones + 1)
    if tens in (3, 4) and ones == 9:
        return _painted(style, code - 1, 0)
    if tens in (9, 10) and ones < 8:
        return _painted(style, 38 if tens == 9 else 48, ones + 9)
    return style


def _colons(style: Style, parts: list[bytes]) -> Style:
    """`4:3` and `38:2::r:g:b`, with and without the empty place for a colour space."""
    code = int(parts[0] or 0)
    if code == 4:
        return style & ~8 if parts[1] == b"0" else style | 8
    if code not in (38, 48):
        return style
    exact = parts[1] == b"2" and len(parts) > 5
    return _painted(style, code, _colour([b"2", *parts[3:6]] if exact else parts[1:5]))


def _colour(parts: list[bytes]) -> int | None:
    if not all(part.isdigit() or not part for part in parts):
        return None
    values = [int(part or 0) for part in parts]
    if any(value > 255 for value in values):
        return None
    if len(values) >= 2 and values[0] == 5:
        return values[1] + 1
    if len(values) == 4 and values[0] == 2:
        return _EXACT | values[1] << 16 | values[2] << 8 | values[3]
    return None


def _painted(style: Style, code: int, colour: int | None) -> Style:
    if colour is None or code == 58:
        return style
    shift = _FRONT if code == 38 else _BACK
    return style & ~(_COLOUR << shift) | colour << shift


@lru_cache(maxsize=4096)
def classes(style: Style) -> str:
    """The style as a page's classes, "f1 b"."""
    names = [
        _named(style >> _FRONT & _COLOUR, "fFx#"),
        _named(style >> _BACK & _COLOUR, "bBy@"),
        *(letter for bit, letter in enumerate(_LETTERS) if style >> bit & 1),
    ]
    return " ".join(name for name in names if name)


def _named(colour: int, letters: str) -> str:
    if colour == 0:
        return ""
    if colour & _EXACT:
        return f"{letters[3]}{colour & 0xFFFFFF:06x}"
    if colour <= 16:
        return f"{letters[(colour - 1) // 8]}{(colour - 1) % 8}"
    return f"{letters[2]}{colour - 1}"


@lru_cache(maxsize=4096)
def sequence(style: Style) -> bytes:
    """The bytes that set exactly this style, whatever was set before."""
    codes = ["0", *(str(code) for bit, code in enumerate(_CODES) if style >> bit & 1)]
    for colour, base in ((style >> _FRONT & _COLOUR, 38), (style >> _BACK & _COLOUR, 48)):
        if colour & _EXACT:
            codes.append(f"{base};2;{colour >> 16 & 255};{colour >> 8 & 255};{colour & 255}")
        elif colour:
            codes.append(f"{base};5;{colour - 1}")
    return f"\x1b[{';'.join(codes)}m".encode() if style else b"\x1b[m"


def cleaned(text: str) -> str:
    """Control characters become their pictures (␁), or nothing where a terminal shows nothing; tabs stay."""
    return text.translate(_PICTURES) if _CONTROL.search(text) else text


def style_after(data: bytes, style: Style) -> Style:
    """The style that holds after `data`, which starts in `style` and was found to be kept as it came."""
    if b"\x1b" not in data:
        return style
    reset = max(data.rfind(b"\x1b[m"), data.rfind(b"\x1b[0m"))
    if reset >= 0:
        style = 0
    for params in CODE.findall(data, max(reset, 0)):
        # `findall` gives b"" for an erase as for `ESC [ m`; the last reset is behind us, so what is left is an erase
        if params:
            style = applied(style, params)
    return style


def read_line(raw: bytes, style: Style) -> tuple[str, tuple[Span, ...], Style]:
    """Text, spans and the style after it of one line without its end, which starts in `style`."""
    if b"\x1b" not in raw:
        text = cleaned(raw.decode("utf-8", "replace"))
        return text, ((0, len(text), style),) if style and text else (), style
    texts: list[str] = []
    spans: list[Span] = []
    place = 0
    pieces = CODE.split(raw)
    for index in range(0, len(pieces), 2):
        if index and pieces[index - 1] is not None:
            style = applied(style, pieces[index - 1])
        piece = cleaned(pieces[index].decode("utf-8", "replace"))
        if piece:
            texts.append(piece)
            add_span(spans, place, place + len(piece), style)
            place += len(piece)
    return "".join(texts), tuple(spans), style


def add_span(spans: list[Span], start: int, end: int, style: Style) -> None:
    """Append, one with the span before where they touch and are equal."""
    if not style or start == end:
        return
    if spans and spans[-1][1] == start and spans[-1][2] == style:
        spans[-1] = (spans[-1][0], end, style)
    else:
        spans.append((start, end, style))


def drawn(raw: bytes, style: Style) -> bytes:
    """One line without its end as a line that needs nothing from the lines before it."""
    after = style_after(raw, style)
    return (sequence(style) if style else b"") + raw + (b"\x1b[m" if after else b"")
