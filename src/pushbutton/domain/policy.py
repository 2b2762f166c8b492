"""Who may do what: one function decides, with the reason that a page shows.

Nobody is configured yet, so everybody who reaches the server may do everything; the server listens on this machine
only. Every verb of `runtime` asks here first, so that rules need one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pushbutton.errors import Refused

LOCAL = "local"
"""The actor while nobody has to log in: somebody on this machine."""


class Verb(StrEnum):
    SEE = "see"
    PRESS = "press"
    STOP = "stop"
    SAY = "say"


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""


def decide(actor: str, verb: Verb, task: str) -> Decision:
    """`task` is a slug; "" for what belongs to no task."""
    del verb, task
    return Decision(bool(actor), "" if actor else "Sign in first.")


def require(actor: str, verb: Verb, task: str = "") -> None:
    """Raises `Refused` with the reason."""
    decision = decide(actor, verb, task)
    if not decision.allowed:
        raise Refused(decision.reason)
