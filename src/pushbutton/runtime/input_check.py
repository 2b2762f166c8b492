"""Inputs are checked by pure code, and some patterns can only be compared in another process: the two, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pushbutton.domain.pattern import Fits, here

from .ports import Patterns

__all__ = ["fitted"]

T = TypeVar("T")


async def fitted(patterns: Patterns, read: Callable[[Fits], T]) -> T:
    """What `read` gives when it can ask which texts match which patterns. It is called twice if a pattern is slow."""
    dear: dict[tuple[str, str], bool | None] = {}

    def note(pattern: str, text: str) -> bool:
        found = here(pattern, text)
        if found is None:
            dear[pattern, text] = None
        return found is not False

    result = read(note)
    if not dear:
        return result
    dear |= await patterns.fits(list(dear))
    return read(lambda pattern, text: dear[pattern, text] if (pattern, text) in dear else here(pattern, text))
