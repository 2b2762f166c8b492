"""An uploaded file as the value of an input: `<key>-<sha256>-<name>`. Pure.

The key is random, so that other people's files cannot be guessed; the digest says what the content has to be, wherever
the value is kept, shown, approved or recorded; the name is the one that the file had.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["LONGEST", "Upload", "given_name", "is_key", "of_value"]

LONGEST = 255
"""Bytes of a file's name: file systems take no more."""

_VALUE = re.compile(r"([0-9a-f]{24})-(?:([0-9a-f]{64})-)?(.+)", re.DOTALL)
_KEY = re.compile(r"[0-9a-f]{24}")
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reverse the text beside them, and no word is written with them."""


@dataclass(frozen=True, slots=True)
class Upload:
    key: str
    sha256: str  # "": an earlier version took it, without a digest
    name: str  # as it was given

    @property
    def value(self) -> str:
        return "-".join(part for part in (self.key, self.sha256, self.name) if part)

    @property
    def stored(self) -> str:
        """The name of the stored file."""
        return self.key if self.sha256 else self.value


def of_value(value: str) -> Upload:
    """Of any text: one that is no value of ours is a name in the folder of uploads, of which nothing else is known."""
    found = _VALUE.fullmatch(value)
    return Upload(found[1], found[2] or "", found[3]) if found else Upload("", "", value)


def is_key(name: str) -> bool:
    """Whether it is what a stored file is called; an earlier version called them as their values."""
    return bool(_KEY.fullmatch(name))


def given_name(path: str) -> str:
    """The last part of whatever path was sent: every letter, mark, bracket, blank and picture of it stays, composed
    (NFC). What cannot be seen and ends a line, or turns what stands beside it, becomes "_"; of more than 255 bytes the
    end stays, because that says what it is.
    """
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", path)[-1])
    kept = "".join("_" if _unfit(char) else char for char in last)
    kept = kept.encode(errors="replace")[-LONGEST:].decode(errors="ignore")
    return kept if kept.strip(" .") else "file"


def _unfit(char: str) -> bool:
    return char in _TURNING or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
