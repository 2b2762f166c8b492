"""Texts that can be encoded."""

from __future__ import annotations


def is_encodable(text: str) -> bool:
    """Whether any store can keep it: JSON and file names can bring halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
