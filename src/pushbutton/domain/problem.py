"""A problem in a file of tasks, and its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .credentials import concealed

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Line and column count from 1. A warning leaves the task usable. The sentence may quote what stands in the file,
    but no credentials.
    """

    file: str
    line: int
    column: int
    sentence: str
    warning: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", concealed(" ".join(self.sentence.splitlines())))

    @property
    def reason(self) -> str:
        """As a broken task shows it: one line."""
        return f"{Path(self.file).name} line {self.line}: {self.sentence}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{self.sentence}"
