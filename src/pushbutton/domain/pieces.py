"""How an output is cut, to be kept where other machines find it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["BLOCK", "block", "cut"]

BLOCK: Final = 256 << 10
"""Bytes of a piece at most. None lies across a multiple of it, so that those of a full block can become one."""


def block(offset: int) -> int:
    """Where the block begins that this offset is in."""
    return offset - offset % BLOCK


def cut(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The bytes between the two, in pieces: where each begins and ends."""
    while begin < end:
        border = min(end, block(begin) + BLOCK)
        yield begin, border
        begin = border
