"""The wall clock: for what is written down and shown, and for what ends on a day.

No other limit is measured with it. Nodes that share a database go by its clock: a process whose own is more than
`SKEW` off takes away what it is ahead.
"""

from __future__ import annotations

import time

from pushbutton.domain.node import SKEW

_ahead = 0  # microseconds that are taken away, of this process


def now() -> int:
    """Microseconds since the epoch."""
    return machine() - _ahead


def machine() -> int:
    """The same, as the clock of this machine has it."""
    return time.time_ns() // 1000


def corrected(at: int) -> int:
    """A moment that another process of this machine wrote down."""
    return at - _ahead


def set_ahead(ahead: int) -> bool:
    """By how many microseconds this machine's clock is ahead of the one that counts. Whether that changes anything:
    within `SKEW` it does not, for a clock that is behind by a second is better than one that goes back and forth.
    """
    global _ahead  # noqa: PLW0603  a process has one clock
    wanted = ahead if abs(ahead) > SKEW * 1_000_000 else 0
    if abs(wanted - _ahead) <= SKEW * 1_000_000:
        return False
    _ahead = wanted
    return True
