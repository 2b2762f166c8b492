"""The path below which the pages lie: "" or such as "/buttons"."""

from __future__ import annotations

import re

from pushbutton.errors import ConfigError

PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]{1,60}){1,8}", re.ASCII)
"""It cannot lead to another site, or up."""


def prefix(text: str, *, where: str) -> str:
    """A setting, without the slash at its end. Raises `ConfigError`."""
    found = text.rstrip("/")
    if found and not PREFIX.fullmatch(found):
        raise ConfigError(f"“{text[:80]}” is no path; write it like /buttons.", file=where)
    return found
