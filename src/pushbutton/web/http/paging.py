"""Lists that grow without end, a page at a time: what comes behind a place, and the address of what follows.

A place names an item by what it is sorted by, so that it holds although the item itself goes.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from pushbutton.errors import BadInput

from .numbers import whole
from .viewer import root_of

PAGE = 50
"""Of a page."""
MOST = 500
"""The default number in an answer of the API."""


class Made(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def made_at(self) -> int: ...


T = TypeVar("T")
M = TypeVar("M", bound=Made)


def newest(found: Iterable[M], before: str, most: int) -> tuple[list[M], str]:
    """The newest behind the place `before` ("": from the newest on), and the place where more follow, or "". Raises
    `BadInput`.
    """
    place = _place(before)
    behind = (one for one in found if place is None or (-one.made_at, one.id) > place)
    shown = heapq.nsmallest(most + 1, behind, key=lambda one: (-one.made_at, one.id))
    last = shown[most - 1] if len(shown) > most else None
    return shown[:most], f"{last.made_at}-{last.id}" if last else ""


def _place(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,20})-(.{1,200})", text, re.ASCII)
    if found is None:
        raise BadInput("“before” is what the header “Link” of the page before says.")
    return -int(found[1]), found[2]


def cut(found: Sequence[T], most: int, place: Callable[[T], object]) -> tuple[Sequence[T], str]:
    """Of one more than `most`: those that are shown, and the place where more follow, or ""."""
    return (found[:most], str(place(found[most - 1]))) if len(found) > most else (found, "")


def asked(request: Request) -> tuple[str, int]:
    """`?before=&limit=`. Raises `BadInput`."""
    limit = request.query_params.get("limit", "")
    if limit and not whole(limit):
        raise BadInput("“limit” is a number.")
    return request.query_params.get("before", ""), min(int(limit or MOST), MOST)


def number(before: str) -> int:
    """Of a run. Raises `BadInput`."""
    found = whole(before or "0")
    if found is None:
        raise BadInput("“before” is the number of the last run that you have.")
    return found


def link(request: Request, path: str, more: str, limit: int, **kept: str) -> dict[str, str]:
    """The header with the address of the next page, if there is one."""
    if not more:
        return {}
    query = urlencode({**kept, "before": more, "limit": limit})
    return {"link": f'<{root_of(request)}{path}?{query}>; rel="next"'}
