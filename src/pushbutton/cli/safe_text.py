"""Words of others on a terminal: nothing in them moves it, and what cannot be seen is shown (`domain.visible`).

What is printed as JSON stays as it is: programs read it, and are to get what will run.
"""

from __future__ import annotations

from pushbutton.domain.visible import visible
from pushbutton.job.protocol import clean

__all__ = ["line", "text"]

_MOST = 1 << 20  # characters


def text(words: object) -> str:
    """On as many lines as it has."""
    return visible(clean(str(words), _MOST), lines=True)


def line(words: object) -> str:
    """On one line, blanks that the eye passes over as signs."""
    return visible(clean(str(words), _MOST))
