"""Sizes in words."""

from __future__ import annotations

from pushbutton.sentence import Sentence, say


def size(count: float) -> Sentence:
    """Bytes in words: "1.1 GB", "4.2 MB"."""
    if count < 1000:
        return say("{n:.0f} bytes", n=count)
    if count < 1e6:
        return say("{n:.1f} kB", n=count / 1e3)
    if count < 1e9:
        return say("{n:.1f} MB", n=count / 1e6)
    return say("{n:.1f} GB", n=count / 1e9)
