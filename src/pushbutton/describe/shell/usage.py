"""Options in a text for people: “-k, --keep DAYS   how long (default: 7)”, as a usage text or a comment has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

__all__ = ["Told", "options_in"]

_METAVAR = r"(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|[A-Z][A-Z0-9_.:/|-]*(?:\.\.\.|…)?|[a-z_]+(?=\s{2}|\t|$))"
_FLAG = re.compile(rf"(?P<flag>--?[A-Za-z0-9?][\w-]*)(?:\[?=|[ ])?(?P<metavar>{_METAVAR})?\]?")
_BETWEEN = re.compile(r"\s*(?:,|\||/|\bor\b)\s*|\s(?=-)")
_BEHIND = re.compile(r"(?:\s{2,}|\t+\s*|\s*:\s+|\s+[-–—]+\s+|\s*\)\s+)(?P<help>\S.*)$|\s*:?\s*$")


@dataclass(frozen=True, slots=True)
class Told:
    """One option, as its line has it. `indent`: of the line, and where its help begins."""

    flags: tuple[str, ...]
    metavar: str = ""
    help: str = ""
    line: int = 0
    indent: int = 0


def options_in(lines: Iterable[tuple[int, str]]) -> Iterator[Told]:
    """In order. Lines that go on below an option's belong to its help: those that are indented more."""
    last: Told | None = None
    for number, text in lines:
        found = _told(number, text)
        indent = len(text.expandtabs()) - len(text.expandtabs().lstrip())
        if found is not None:
            if last is not None:
                yield last
            last = found
        elif last is not None:
            if text.strip() and indent > last.indent + 3 and len(last.help) < 400:
                last = replace(last, help=f"{last.help} {text.strip()}".strip())
            else:
                yield last
                last = None
    if last is not None:
        yield last


def _told(number: int, text: str) -> Told | None:
    bare = re.sub(r"^[\s#*│|]*", "", text).rstrip("│ \t")
    if not bare.startswith("-"):
        return None
    indent = len(text.expandtabs()) - len(text.expandtabs().lstrip())
    flags: list[str] = []
    metavar, at = "", 0
    while match := _FLAG.match(bare, at):
        flags.append(match["flag"])
        metavar = match["metavar"] or metavar
        at = match.end()
        between = _BETWEEN.match(bare, at)
        if between is None or not bare.startswith("-", between.end()):
            break
        at = between.end()
    behind = _BEHIND.match(bare, at)
    if not flags or behind is None:
        return None
    return Told(tuple(flags), metavar.strip("<>"), (behind["help"] or "").strip(), number, indent)
