"""Help texts as they are written in the source, made ready for terminals of any width."""

from __future__ import annotations

import re

__all__ = ["flow"]


def flow(text: str) -> str:
    """Each paragraph on one line; one that begins with a backspace is a block whose lines stay."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(part if part.startswith("\b") else re.sub(r"\s*\n\s*", " ", part) for part in paragraphs)
