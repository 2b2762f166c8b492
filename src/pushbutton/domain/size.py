"""Sizes in words."""

from __future__ import annotations


def size(count: float) -> str:
    """Bytes in words: "1.1 GB", "4.2 MB"."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} GB"
