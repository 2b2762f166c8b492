"""Which span of a trace a run is (W3C Trace Context). Pure.

Nothing but the caller's context is kept with a run: its own span follows from its number and the server's key, so that
whichever process tells of it, however often, tells of the same one.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final

from .run import Run

_CONTEXT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True)
class Span:
    trace: str  # 32 hexadecimal digits
    id: str  # 16
    parent: str = ""  # the caller's span; "": there is none
    sampled: bool = True  # whether the caller wants it told

    @property
    def traceparent(self) -> str:
        """For the job, whose spans are below it."""
        return f"00-{self.trace}-{self.id}-{_SAMPLED if self.sampled else 0:02x}"


def usable(traceparent: str) -> str:
    """A caller's header, as it is kept; "" where it is no context."""
    found = _CONTEXT.fullmatch(traceparent.strip())
    return f"00-{found[1]}-{found[2]}-{found[3]}" if found else ""


def span_of(run: Run, key: bytes) -> Span:
    """Tries at one press are spans of one trace."""
    own = _digits(key, "span", run.id)[:16]
    if found := _CONTEXT.fullmatch(run.trace):
        return Span(found[1], own, found[2], sampled=bool(int(found[3], 16) & _SAMPLED))
    return Span(_digits(key, "trace", run.series or run.id)[:32], own)


def _digits(key: bytes, kind: str, number: int) -> str:
    return hmac.digest(key, f"{kind}:{number}".encode(), "sha256").hex()
