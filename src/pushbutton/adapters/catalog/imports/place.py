"""Where a source lies, for commands that have to start beside it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath
from shlex import quote

from .kind import Source

__all__ = ["STANDARD_INPUT", "beside", "option"]

STANDARD_INPUT = "standard input"


def beside(source: Source, above: str = "") -> str:
    """The folder of the source, as a task's `cwd`; "" for the folder in which the import was called. `above`: the
    folder in which such files lie, below the one that is meant.
    """
    if source.name == STANDARD_INPUT:
        return ""
    folder = PurePath(source.name).parent
    inner = PurePath(above).parts
    if inner and folder.parts[-len(inner) :] == inner:
        folder = PurePath(*folder.parts[: -len(inner)])
    return "" if str(folder) == "." else str(folder)


def option(flag: str, source: Source, usual: Collection[str]) -> str:
    """The option that names the file to a program that would not find it by itself."""
    name = PurePath(source.name).name
    return "" if source.name == STANDARD_INPUT or name in usual else f" {flag} {quote(name)}"
