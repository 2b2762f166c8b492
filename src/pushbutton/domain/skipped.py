"""A file or folder among the tasks that is no task."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Skipped"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could be taken for a script, or a folder."""

    path: str
    why: str  # the end of a sentence: “it is a test, by its name”
    mend: str = ""  # a command that makes a task of it
