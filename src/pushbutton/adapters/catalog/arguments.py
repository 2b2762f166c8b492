"""Whether a script looks at its arguments, told from its source. Nothing of it is run.

A script that nobody has described is started without any; a form should not say that there is nothing to fill in
where there is. So `NONE` is said only where nothing in the source can be such a look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pushbutton.describe.shebang import program_of
from pushbutton.domain.targets import Arguments

__all__ = ["arguments"]

_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"})
_LOOKS: Final[Mapping[str, re.Pattern[str]]] = {
    "python": re.compile(
        r"\bargv\b|\b(?:import|from)\s+(?:\w+\s*,\s*)*"
        r"(?:argparse|optparse|getopt|click|typer|docopt|fire|plac|absl|cyclopts|tyro|fileinput)\b"
    ),
    "perl": re.compile(r"\bARGV\b|\bshift\b|\bGetopt\b|<>"),
    "ruby": re.compile(r"\bARGV\b|\bARGF\b|\bOptionParser\b|\bThor\b"),
    "node": re.compile(r"\bargv\b|\bparseArgs\b|\bcommander\b|\byargs\b|\bminimist\b"),
    "php": re.compile(r"\bargv\b|\bgetopt\b"),
    "lua": re.compile(r"\barg\b|\.\.\."),
}
_PARAMETER: Final = re.compile(r"\$(?:[0-9]*[1-9@*#]|\{(?:[!#]?[0-9]*[1-9@*]|#\}))|\b(?:getopts?|shift)\b")
_FUNCTION: Final = re.compile(r"(?:function\s+[\w:.-]+\s*(?:\(\s*\))?|[\w:.-]+\s*\(\s*\))\s*\{")
_HERE: Final = re.compile(r"<<(?P<tabs>-?)\s*(?P<quote>['\"\\]?)(?P<word>\w+)['\"]?")


def arguments(source: str, shebang: str) -> Arguments:
    """`shebang`: the first line. A language that is not known here is `UNKNOWN`, and so is a file without one."""
    program = program_of(shebang)
    if program in _SHELLS:
        return Arguments.READ if _PARAMETER.search("".join(_top_level(source))) else Arguments.NONE
    looks = _LOOKS.get({"nodejs": "node"}.get(program, program))
    if looks is None:
        return Arguments.UNKNOWN
    return Arguments.READ if looks.search(source) else Arguments.NONE


def _top_level(source: str) -> Iterator[str]:
    """The expansions of a shell outside of functions: the `$1` of a function is its own, and one in quotes is text."""
    at, depth, awaited = 0, 0, list[re.Match[str]]()
    while at < len(source):
        here = source[at]
        if here == "\n" and awaited:
            at, text = _here_document(source, at + 1, awaited.pop(0))
            yield "" if depth else text
            at -= bool(awaited)  # the next one begins behind the same line end
        elif here == "\\":
            at += 2
        elif here == "'":
            end = source.find("'", at + 1)
            at = len(source) if end < 0 else end + 1
        elif here == '"':
            end = _closing(source, at + 1)
            yield "" if depth else source[at:end]
            at = end
        elif here == "#" and source[at - 1 : at] in ("", " ", "\t", "\n", ";"):
            end = source.find("\n", at)
            at = len(source) if end < 0 else end
        elif source.startswith("<<", at) and not source.startswith("<<<", at) and (found := _HERE.match(source, at)):
            awaited.append(found)
            at = found.end()
        elif not depth and source[at - 1 : at] in ("", " ", "\t", "\n", ";") and (body := _FUNCTION.match(source, at)):
            depth, at = 1, body.end()
        else:
            if depth and source[at - 1 : at] in (" ", "\t", "\n", ";", ")"):
                depth += {"{": 1, "}": -1}.get(here, 0)
            yield "" if depth else here
            at += 1


def _closing(source: str, at: int) -> int:
    """Behind the end of a text in double quotes that begins at `at`."""
    while at < len(source) and source[at] != '"':
        at += 2 if source[at] == "\\" else 1
    return at + 1


def _here_document(source: str, at: int, opened: re.Match[str]) -> tuple[int, str]:
    """(where the text behind it begins, what of it the shell expands)."""
    tabs = "\t*" if opened["tabs"] else ""
    end = re.compile(rf"^{tabs}{re.escape(opened['word'])}$", re.MULTILINE).search(source, at)
    stop, after = (end.start(), end.end()) if end else (len(source), len(source))
    return after, "" if opened["quote"] else source[at:stop]
