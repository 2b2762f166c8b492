"""The text of a script, of whatever language, as the argument of the interpreter that its first line names."""

from __future__ import annotations

import re
import shlex

from pushbutton.domain.program_text import SHELLS

__all__ = ["LONGEST", "in_shell", "is_shell", "starter"]

LONGEST = 100_000
"""Bytes of a text: the system takes no longer argument than 128 KiB."""
_TAKES: dict[str, str] = {
    **dict.fromkeys(SHELLS, "-c"),
    **dict.fromkeys(("python", "pypy"), "-c"),
    **dict.fromkeys(("perl", "ruby", "node"), "-e"),
}


def starter(text: str, interpreter: str = "", usual: str = "sh") -> tuple[str, ...] | None:
    """The words before the text: `("bash", "-e", "-c")`. `interpreter` is said beside the script, and `usual` is for
    a text that names none. None: nobody knows how it is given a text.
    """
    line = text.partition("\n")[0]
    said = interpreter or (line[2:] if line.startswith("#!") else usual)
    try:
        words = shlex.split(said)
    except ValueError:
        return None
    if words and _program(words[0]) == "env":
        words = words[2:] if words[1:2] == ["-S"] else words[1:]
    option = next((_TAKES[_program(word)] for word in reversed(words) if _program(word) in _TAKES), "")
    return (*words, option) if option else None


def is_shell(start: tuple[str, ...]) -> bool:
    return any(_program(word) in SHELLS for word in start)


def in_shell(start: tuple[str, ...], text: str, name: str, arguments: str = "") -> str:
    """The same as a line of a shell script. `name` is what the text finds as its own; `arguments` are shell text."""
    mark = "STEP"
    while mark in text.split("\n"):
        mark += "_"
    behind = f" {arguments}" if arguments else ""
    text = text.rstrip("\n")
    return f"{shlex.join(start)} \"$(cat <<'{mark}'\n{text}\n{mark}\n)\" {shlex.quote(name)}{behind}"


def _program(word: str) -> str:
    return re.sub(r"(?<=[a-z])[\d.]+$", "", word.rpartition("/")[2])
