"""Orders to a supervisor: lines of JSON, made whole, each order carried out once.

    {"n": 17, "do": "stop", "grace": 10, "by": "…"}
    {"n": 18, "do": "report", "lines": "…"}

`n` is the order's number: from 1 on, without gaps. One that was heard is a repetition; one behind a gap is not heard,
because what is missing was spoiled on its way and comes again, and it as well. What has no number is carried out
whenever it comes, as servers up to 0.2.0 wrote it.
"""

from __future__ import annotations

from . import slim_json

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

LONGEST = 1 << 20
"""Bytes of a line: an order is at most 64 kB of text, of which JSON makes six times as much in the worst case."""


class Control:
    """`heard`: the number of the last order that came."""

    def __init__(self) -> None:
        self.heard = 0
        self._begun = b""  # a line that is not complete
        self._long = False  # it was too long: the rest of it is no order either

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The orders that are complete with this and were not heard before, in their order. Anything else is skipped:
        other processes of the same user can write here, too.
        """
        *lines, rest = (self._begun + data).split(b"\n")
        if lines and self._long:
            del lines[0]
            self._long = False
        self._long = self._long or len(rest) > LONGEST
        self._begun = b"" if self._long else rest
        return [order for line in lines if len(line) <= LONGEST and (order := self._taken(line))]

    def _taken(self, line: bytes) -> dict[str, Any]:
        """Empty for what is no order, or not the next one."""
        try:
            order = slim_json.loads(line.decode())
        except (ValueError, RecursionError):
            return {}
        if not isinstance(order, dict):
            return {}
        if "n" in order:
            if type(order["n"]) is not int or order["n"] != self.heard + 1:
                return {}
            self.heard += 1
        return order
