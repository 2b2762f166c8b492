"""What of a line that is rewritten without end can be passed over, because nothing of it is seen in the end.

A bar or a spinner writes megabytes into one line. To draw each of its states takes seconds; to find the last ones that
show does not. Whoever takes in only those gets the same line.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from itertools import pairwise

from .cells import NARROW
from .widths import marked, spread

__all__ = ["rewrites", "turns"]

_WORTH = 512  # bytes; a shorter rest is as quickly written
_FEW = 4  # rewrites
_MOST = 1 << 16  # bytes that are decoded at once
_RETURN = re.compile(rb"\r|\x1b\[[01]?G")
_REWRITES = re.compile(rb"(?:[^\x00-\x1f\x7f]++|\r|\x1b\[(?:[0-9;:]{0,96}m|[02]?K|[01]?G))*+")
_ERASES = re.compile(rb"\x1b\[[02]?K")
_ERASE = re.compile(rb"\x1b\[0?K")
_CODES = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_COLOURS = r"(?:\x1b\[[0-9;:]{0,96}m)*+"


def rewrites(data: bytes, place: int, columns: int) -> tuple[list[tuple[int, int]] | None, int]:
    """What follows the returns to the first column from `place` on and is seen (begin and end of each, first to last),
    and the last such return.

    None instead: there are not many, or something else than plain text, colours and erasing is among it, or one does
    not fit into a row of so many `columns` (0: of any width); it need not be tried again in front of the second.
    """
    if not _RETURN.search(data, place + 1, place + _WORTH):
        return None, place
    line = data.find(b"\n", place)
    if (line if line >= 0 else len(data)) - place < _WORTH:
        return None, line
    match = _REWRITES.match(data, place)
    returns = [(one.start(), one.end()) for one in _RETURN.finditer(data, place, match.end() if match else place)]
    if len(returns) < _FEW:
        return None, place
    last = returns[-1][0]
    pieces = [data[begin:end] for (_, begin), (end, _) in pairwise(returns)]
    if max(map(len, pieces)) > NARROW or marked(data[place:last].decode("utf-8", "replace")):
        return None, last  # how marks are kept depends on those before
    if columns and any(len(piece) > columns and _width(piece) > columns for piece in pieces):
        return None, last
    kept = []
    covered = 0
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        erases = b"\x1b" in piece and _ERASES.search(piece)
        if len(piece) <= covered and not erases:
            continue
        width = _width(piece)
        if erases and width == columns:
            return None, last  # behind the last column there is nothing to erase
        if width > covered or erases:
            kept.append((returns[index][1], returns[index + 1][0]))
            covered = max(width, covered)
        if erases:
            break
    return kept[::-1], last


def _width(piece: bytes) -> int:
    text = _CODES.sub(b"", piece) if b"\x1b" in piece else piece
    return len(text) if text.isascii() else len(spread(text.decode("utf-8", "replace")))


def turns(data: bytes, place: int, move: bytes, count: int) -> int:
    """Where the last of many turns begins, each of which goes back by `move`, `count` columns, and writes as many."""
    erases = _ERASE.match(data, place + len(move))
    if erases:
        move += erases[0]
    if data.find(move, place + len(move), place + len(move) + 8 * count + 64) < 0:
        return 0
    match = _plain(move, count).match(data, place)
    last = data.rfind(move, place, match.end()) if match else -1
    if last > place:
        return last
    size, done = 256, place
    while found := _turns(data[done : done + size], move, count):
        done += found
        size = min(2 * size, _MOST)
    return done if done > place else 0


def _turns(data: bytes, move: bytes, count: int) -> int:
    """The same for a piece that may hold other text than ASCII: how far it can be passed over."""
    if data.isascii() or b"\0" in data:
        return 0
    try:
        text, _ = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        return 0
    if marked(text):
        return 0
    match = _spread(move, count).match(spread(text))
    seen = match[0] if match else ""
    last = seen.rfind(move.decode())
    return len(seen[:last].replace("\0", "").encode()) if last > 0 else 0


@lru_cache(maxsize=256)
def _plain(move: bytes, count: int) -> re.Pattern[bytes]:
    colours = _COLOURS.encode()
    return re.compile(rb"(?:%b(?:%b[ -~]){%d}%b)*+" % (re.escape(move), colours, count, colours))


@lru_cache(maxsize=256)
def _spread(move: bytes, count: int) -> re.Pattern[str]:
    cell = "[^\x01-\x1f\x7f]"
    return re.compile(f"(?:{re.escape(move.decode())}(?:{_COLOURS}{cell}){{{count}}}{_COLOURS})*+")
