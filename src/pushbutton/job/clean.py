"""A job's words, made safe to store and show."""

from __future__ import annotations

import re

__all__ = ["LIMIT", "clean"]

LIMIT = 64 * 1024
"""Characters of a line that are looked at."""

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str, limit: int = LIMIT) -> str:
    """Text that is safe to store and show: no terminal escapes, control characters as "\ufffd", marked when cut."""
    length = len(text)
    text = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text[:limit].rstrip("\r\n")))
    return text if length <= limit else f"{text} … (cut: {length:,} characters)"
