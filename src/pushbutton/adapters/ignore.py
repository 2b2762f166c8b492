"""The file `.pushbuttonignore` of a folder that is served: what in it is no button, in the syntax of `.gitignore`.

All of that syntax: blank lines and those that begin with `#`; `*`, `?`, `[…]`, `**`; `/` at the front or in the
middle for a path from this folder, at the end for folders only; `!` takes something in again, also what is passed over
by its name; the last line that fits decides; `\\` before a character that is meant as it is. As there, nothing below a
folder that is left out can be taken in again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NAME", "Ignore", "read_ignore"]

NAME = ".pushbuttonignore"
_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    out: bool
    folders_only: bool


@dataclass(frozen=True, slots=True)
class Ignore:
    """`says(path)` of a path from the folder on: True leaves it out, False takes it in, None says nothing of it."""

    rules: tuple[_Rule, ...] = ()

    def says(self, path: str, *, folder: bool = False) -> bool | None:
        for rule in reversed(self.rules):
            if (folder or not rule.folders_only) and rule.pattern.fullmatch(path):
                return rule.out
        return None


def read_ignore(folder: Path) -> Ignore:
    """A file that cannot be read counts as empty."""
    try:
        with (folder / NAME).open("rb") as file:
            text = file.read(_LARGEST).decode("utf-8-sig", "replace")
    except OSError:
        return Ignore()
    return Ignore(tuple(rule for line in text.splitlines() if (rule := _rule(line))))


def _rule(line: str) -> _Rule | None:
    line = re.sub(r"(?<!\\)[ \t]+$", "", line)
    if not line or line.startswith("#"):
        return None
    out = not line.startswith("!")
    line = line if out else line[1:]
    folders_only = line.endswith("/")
    line = line.rstrip("/") if folders_only else line
    anchored = "/" in line
    try:
        pattern = re.compile(("" if anchored else "(?:.*/)?") + _translated(line.removeprefix("/")), re.DOTALL)
    except re.error:
        return None  # a set such as [z-a], which fits nothing
    return _Rule(pattern, out, folders_only)


_TOKENS = re.compile(
    r"(?P<first>^\*\*/)|(?P<between>/\*\*/)|(?P<last>/\*\*$)|(?P<star>\*+)|(?P<one>\?)"
    r"|\[(?P<set>[!^]?\]?[^\]]*)\]|\\(?P<quoted>.)|(?P<plain>.)",
    re.DOTALL,
)
_ALWAYS = {"first": "(?:.*/)?", "between": "/(?:.*/)?", "last": "/.*", "star": "[^/]*", "one": "[^/]"}


def _translated(glob: str) -> str:
    parts = []
    for match in _TOKENS.finditer(glob):
        kind = str(match.lastgroup)
        if kind in _ALWAYS:
            parts.append(_ALWAYS[kind])
        elif kind == "set":
            inside = match["set"].replace("\\", r"\\").replace("[", r"\[")
            parts.append(f"(?!/)[{f'^{inside[1:]}' if inside[0] in '!^' else inside}]")
        else:
            parts.append(re.escape(match[kind]))
    return "".join(parts)
