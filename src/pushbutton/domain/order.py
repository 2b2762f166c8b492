"""An order: what a run's supervisor is told. It waits as a row until the supervisor has heard it.

What `data` holds, by kind:

    stop     by (the actor's name), grace (seconds that the job gets to end by itself; missing: as it was started with)
    report   lines (what was reported from elsewhere, one line after the other, sealed)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .event import Json

__all__ = ["MOST", "MOST_SIZE", "PIECE", "Order", "OrderKind", "fits", "pieces"]

PIECE = 64 << 10
"""Bytes of the lines in one report, and of one line: a longer one is cut."""
_BEYOND = 8
"""Bytes that are kept beyond it of a line that is too long, so that the reader sees that it was cut."""
MOST = 1000
"""Reports that may wait for one supervisor."""
MOST_SIZE = 1_000_000
"""Characters of all of them, as they are kept. One request that is larger is taken where nothing waits."""


class OrderKind(StrEnum):
    STOP = "stop"  # end the job, by asking and then by making
    REPORT = "report"  # take these lines like the job's own


@dataclass(frozen=True, slots=True)
class Order:
    kind: OrderKind
    data: Mapping[str, Json] = field(default_factory=dict)
    at: int = 0  # microseconds since the epoch
    n: int = 0  # its number in the run, from 1 on without gaps; the store gives it

    @property
    def bounded(self) -> bool:
        """Whether the number of these is limited: an order to stop is always taken."""
        return self.kind is not OrderKind.STOP


def fits(count: int, size: int, new: Sequence[Order], more: int) -> bool:
    """Whether `new` have their place behind `count` others; `size` and `more`: the characters of these, and of them."""
    if not any(order.bounded for order in new) or not count:
        return True
    return count + len(new) <= MOST and size + more <= MOST_SIZE


def pieces(text: str) -> Iterator[str]:
    """The lines of a report in pieces that an order holds; blank ones are left out, too long ones cut."""
    piece: list[str] = []
    size = 0
    for line in text.split("\n"):
        if not line.strip():
            continue
        data = line.encode(errors="replace")[: PIECE + _BEYOND]
        if piece and size + len(data) >= PIECE:
            yield "\n".join(piece)
            piece, size = [], 0
        piece.append(data.decode(errors="replace"))
        size += len(data) + 1
    if piece:
        yield "\n".join(piece)
