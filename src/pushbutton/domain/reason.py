"""The reason that somebody gives: of a press, an answer to one, a pause."""

from __future__ import annotations

from typing import Final

from pushbutton.sentence import say

from .encodable import is_encodable

LONGEST: Final = 2000
"""Characters."""


def unfit_reason(reason: str) -> str:
    """Why it cannot be kept; "": it can."""
    if len(reason) > LONGEST:
        return say("The reason is too long: write at most {n:,} characters.", n=LONGEST)
    if not is_encodable(reason):
        return say("Half of a character is missing in the reason: type or paste it again.")
    return ""
