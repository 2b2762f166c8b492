"""What of a line that is rewritten without end can be passed over, because nothing of it is seen in the end.

A bar or a spinner writes megabytes into one line. To draw each of its states takes seconds; to find the last ones that
show does not. Those alone give the same line.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter

from .cells import CLUSTERS, DEEP, NARROW
from .widths import marks_of, spread

__all__ = ["rewrites", "turns"]

_WORTH = 512  # bytes; a shorter rest is as quickly written
_FEW = 4  # rewrites
_MARKED = 32  # bytes of a character with its marks, most often
_MOST = 1 << 16  # bytes that are decoded at once
_RETURN = re.compile(rb"\r|\x1b\[[01]?G")
_RETURNS = re.compile(rb"(%b)" % _RETURN.pattern)
_REWRITES = re.compile(rb"(?:[^\x00-\x1f\x7f]++|\r|\x1b\[(?:[0-9;:]{0,96}m|[02]?K|[01]?G))*+")
_ERASES = re.compile(rb"\x1b\[[02]?K")
_ERASE = re.compile(rb"\x1b\[0?K")
_CODES = re.compile(r"\x1b\[[0-9;:]*[mK]")
_COLOURS = r"(?:\x1b\[[0-9;:]{0,96}m)*+"


def rewrites(data: bytes, place: int, columns: int) -> tuple[list[tuple[int, int]] | None, int, list[str]]:
    """The visible pieces behind returns to the first column from `place` on (begin and end of each, first to last),
    the last such return, and the characters with marks that are in front of it.

    None instead: there are not many, or something else than plain text, colours and erasing is among it, or one does
    not fit into a row of so many `columns` (0: of any width); it need not be tried again in front of the second.
    """
    if not _RETURN.search(data, place + 1, place + _WORTH):
        return None, place, []
    line = data.find(b"\n", place)
    if (line if line >= 0 else len(data)) - place < _WORTH:
        return None, line, []
    match = _REWRITES.match(data, place)
    end = match.end() if match else place
    parts = _RETURNS.split(data[place:end])  # nothing, a return, what follows it, a return, and so on
    if len(parts) // 2 < _FEW:
        return None, place, []
    begins = list(accumulate(map(len, parts), initial=place))
    last = begins[-3]
    pieces = dict(zip(parts[2:-2:2], begins[2:-3:2], strict=True))  # each with where it stands for the last time
    if max(map(len, pieces)) > NARROW:
        return None, last, []
    text = data[place:last].decode("utf-8", "replace")
    marks = marks_of(text)
    clusters = _clusters(text, marks) if marks else []
    if clusters is None:
        return None, last, []
    if columns and any(len(piece) > columns and _width(piece, marks) > columns for piece in pieces):
        return None, last, []
    kept = []
    covered = 0
    for piece, begin in sorted(pieces.items(), key=itemgetter(1), reverse=True):
        erases = b"\x1b" in piece and _ERASES.search(piece)
        if len(piece) <= covered and not erases:
            continue
        width = _width(piece, marks)
        if erases and width == columns:
            return None, last, []  # behind the last column there is nothing to erase
        if width > covered or erases:
            kept.append((begin, begin + len(piece)))
            covered = max(width, covered)
        if erases:
            break
    return kept[::-1], last, clusters


def _width(piece: bytes, marks: str) -> int:
    text = piece.decode("utf-8", "replace")
    if "\x1b" in text:
        text = _CODES.sub("", text)
    if text.isascii():
        return len(text)
    return len(spread(_marks(marks).sub("", text) if marks else text))


def _clusters(text: str, marks: str) -> list[str] | None:
    """The different characters with some of the `marks`, in the order in which a line comes to know them: each with
    its first mark, with two, and so on.

    None: a mark stands at the beginning or behind a colour, where what is there already decides what becomes of it, or
    there are more of them than a line knows.
    """
    if _alone(marks).search(text):
        return None
    found = list(dict.fromkeys(_cluster(marks).findall(text)))
    if len(found) > CLUSTERS or max(map(len, found), default=0) > DEEP:
        return None
    return list(dict.fromkeys(one[:size] for one in found for size in range(2, len(one) + 1)))


def turns(data: bytes, place: int, move: bytes, count: int) -> tuple[int, list[str]]:
    """Where the last of many turns begins, each of which goes back by `move`, `count` columns, and writes as many; 0:
    there are not many. And the characters with marks that are in front of it.
    """
    erases = _ERASE.match(data, place + len(move))
    if erases:
        move += erases[0]
    if data.find(move, place + len(move), place + len(move) + _MARKED * count + 64) < 0:
        return 0, []
    match = _plain(move, count).match(data, place)
    last = data.rfind(move, place, match.end()) if match else -1
    if last > place:
        return last, []
    size, done = 256, place
    clusters: dict[str, None] = {}
    while True:
        found, more = _turns(data[done : done + size], move, count)
        if not found or len(clusters.keys() | more) > CLUSTERS:
            break
        clusters.update(dict.fromkeys(more))
        done += found
        size = min(2 * size, _MOST)
    return (done if done > place else 0), list(clusters)


def _turns(data: bytes, move: bytes, count: int) -> tuple[int, list[str]]:
    """The same for a piece that may hold other text than ASCII: how far it can be passed over."""
    if data.isascii() or b"\0" in data:
        return 0, []
    try:
        text, _ = codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        return 0, []
    marks = marks_of(text)
    match = _spread(move, count, marks).match(spread(text))
    seen = match[0] if match else ""
    last = seen.rfind(move.decode())
    if last <= 0:
        return 0, []
    passed = seen[:last].replace("\0", "")
    clusters = _clusters(passed, marks) if marks else []
    return (0, []) if clusters is None else (len(passed.encode()), clusters)


@lru_cache(maxsize=64)
def _marks(marks: str) -> re.Pattern[str]:
    return re.compile(f"[{marks}]")


@lru_cache(maxsize=64)
def _cluster(marks: str) -> re.Pattern[str]:
    return re.compile(f"[^\\x00-\\x1f\\x7f][{marks}]++")


@lru_cache(maxsize=64)
def _alone(marks: str) -> re.Pattern[str]:
    return re.compile(rf"(?:\r|\x1b\[[0-9;:]*[mKG])[{marks}]")


@lru_cache(maxsize=256)
def _plain(move: bytes, count: int) -> re.Pattern[bytes]:
    colours = _COLOURS.encode()
    return re.compile(rb"(?:%b(?:%b[ -~]){%d}%b)*+" % (re.escape(move), colours, count, colours))


@lru_cache(maxsize=256)
def _spread(move: bytes, count: int, marks: str) -> re.Pattern[str]:
    cell = f"[^\x01-\x1f\x7f{marks}]" + (f"[{marks}]*+" if marks else "")
    return re.compile(f"(?:{re.escape(move.decode())}(?:{_COLOURS}{cell}){{{count}}}{_COLOURS})*+")
