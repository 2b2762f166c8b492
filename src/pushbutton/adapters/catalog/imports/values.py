"""Values of other tools' inputs, as inputs of ours have them."""

from __future__ import annotations

import re

from .kind import Left

__all__ = ["IPV4", "IPV6", "pattern"]

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
IPV6 = "(?=.*:)[0-9A-Fa-f:.]{2,45}"


def pattern(text: str, line: int, name: str, left: list[Left]) -> str:
    """A regular expression, if Python reads it as one; without what says that it begins and ends, which it always does
    here. What is none is told.
    """
    bare = text.removeprefix("^")
    bare = bare[:-1] if bare.endswith("$") and not bare.endswith("\\$") else bare
    for found in (bare, text):
        try:
            re.compile(found)
        except (re.error, RecursionError, OverflowError):
            continue
        return found
    left.append(
        Left(line, f"The pattern of “{name}” is none that Python knows: “{text}”.", "Write one, as “pattern” of it.")
    )
    return ""
