"""Which line of an output names a failure. A guess by its words; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NAMED: Final = re.compile(
    r"^\s*(?:[\w.]+(?:Error|Exception|Exit|Interrupt|Expired|Timeout)\b(?::|$)"  # as Python and Java name it
    r"|.{0,80}?(?:^|[\s\[(:])(?:error|fatal|panic|critical)\b\s*[\]):!]"
    r"|.{0,40}\b(?:ERROR|FATAL|CRITICAL|PANIC)\b)",
)
_TOLD: Final = re.compile(
    r"\b(?:errors?|fail(?:ed|ure)?|fatal|abort(?:ed|ing)?|exception|denied|refused|cannot|can't|could not|unable to"
    r"|not found|no such|timed out|no space left|out of memory|killed|segmentation fault|unbound variable)\b",
    re.IGNORECASE,
)
_NONE: Final = re.compile(r"\b(?:0|no|without)\s+(?:errors?|failures?|failed)\b", re.IGNORECASE)
"""Such words, and all is well."""
_LONGEST: Final = 2000  # characters of a line that are looked at


def error_line(lines: Iterable[tuple[int, str]]) -> int:
    """The number of the last line that says outright that something is an error, else of the last that speaks of
    something that did not work; 0 where none does.
    """
    named = told = 0
    for number, whole in lines:
        text = _NONE.sub("", whole[:_LONGEST])
        if _NAMED.match(text):
            named = number
        elif _TOLD.search(text):
            told = number
    return named or told
