"""Output that is not UTF-8: its bytes stay as they came, and are decoded where they are shown. Pure.

An encoding is what `job.kinds.ENCODING` lets through: ASCII in it is ASCII, byte by byte, so that lines and escape
sequences are found in the bytes themselves. "" stands for UTF-8.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import Any, Self

__all__ = ["AsUtf8", "begun", "charset", "likely", "text"]


def text(data: bytes, encoding: str) -> str:
    """All of it; bytes that are no character become U+FFFD."""
    return data.decode(encoding or "utf-8", "replace")


def likely(data: bytes, encoding: str) -> str:
    """UTF-8 if it is valid UTF-8, since not everything in a task uses the encoding of its job; else as `text`."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return text(data, encoding)


def begun(data: bytes, encoding: str) -> int:
    """How many bytes at the end are the beginning of a character."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])


def charset(encoding: str) -> str:
    """Its name in HTTP and browsers."""
    name = re.sub(r"^cp(125\d)$", r"windows-\1", encoding or "utf-8")
    return {"cp932": "windows-31j"}.get(name, name.replace("_", "-"))


class AsUtf8:
    """Bytes in, UTF-8 out, incrementally. `read` counts bytes of the one; `place` says where a line of the other began.

    The result depends on the bytes alone, never on how they were cut into feeds.
    """

    def __init__(self, encoding: str) -> None:
        self.encoding, self.read = encoding, 0
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._made = 0  # bytes of UTF-8
        self._made_at, self._read_at = [0], [0]  # where lines begin, in the one and in the other

    def feed(self, data: bytes) -> bytes:
        made = self._decoder.decode(data).encode("utf-8", "replace")
        self._made_at += _behind_ends(made, self._made)
        self._read_at += _behind_ends(data, self.read)
        self.read += len(data)
        self._made += len(made)
        return made

    @property
    def unfinished(self) -> bool:
        """Whether what came so far ends within a character."""
        return bool(self._decoder.getstate()[0])

    def place(self, begin: int) -> int:
        """Where in the source the line begins in which this place of the result lies. The line was not forgotten."""
        return self._read_at[bisect_right(self._made_at, begin) - 1]

    def forget(self, begin: int) -> None:
        """Lines that begin before this place of the result are not asked for any more."""
        done = bisect_right(self._made_at, begin) - 1
        del self._made_at[:done], self._read_at[:done]

    def dump(self) -> dict[str, Any]:
        """All of it as JSON."""
        pending, state = self._decoder.getstate()
        return {
            "encoding": self.encoding,
            "counts": [self.read, self._made],
            "decoder": [pending.decode("latin-1"), state],
            "at": [self._made_at, self._read_at],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The object that `dump` was made of. Raises LookupError, ValueError, TypeError or KeyError for others."""
        self = cls(state["encoding"])
        self.read, self._made = state["counts"]
        pending, flags = state["decoder"]
        self._decoder.setstate((pending.encode("latin-1"), flags))
        self._made_at, self._read_at = state["at"]
        return self


def _behind_ends(data: bytes, base: int) -> list[int]:
    """Where lines begin behind the line ends in `data`, which lies at `base`."""
    found, place = [], data.find(b"\n") + 1
    while place:
        found.append(base + place)
        place = data.find(b"\n", place) + 1
    return found
