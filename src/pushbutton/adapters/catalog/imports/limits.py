"""The values that another program may put into a shell's text.

`make`, `just` and `task` fill values into the text of their recipes, and a shell reads that text: a value with a blank
becomes two words, and one with `;` a command. Recipes stay as they are, so it is the value that is kept to what means
only itself at every place where it goes in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .shell_text import Hole, Unsafe, rewritten

__all__ = ["SHELLS", "Limit", "Taken", "Use", "limit", "take", "uses"]


SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"})


class Use(Enum):
    """How a value stands in a shell's text. The value: the characters that it may not hold there."""

    DATA = ""  # not in the text at all: quoted by whoever fills it in, or in the environment
    DOUBLE = '"$`\\'
    SINGLE = "'"
    BARE = None  # none but letters, digits and a few more

    @property
    def refused(self) -> str:
        return self.value or ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A pattern of an input; both are empty where any value will do."""

    pattern: str = ""
    text: str = ""

    def fits(self, value: str) -> bool:
        return not self.pattern or re.fullmatch(self.pattern, value) is not None


_MARKS = "@%+=:,./_-"


def limit(found: Iterable[Use], *, never: str = "", never_begins: str = "-", program: str = "") -> Limit:
    """For a value that is used in these ways. `never`: characters that the program itself would act on;
    `never_begins`: those that it, or what its recipe starts, would act on at the beginning.
    """
    why = ", for a shell reads it." if set(found) - {Use.DATA} else f", for {program} acts on it."
    found = set(found)
    begins = never_begins if found - {Use.DATA} else ""
    head = f"(?![{_in_class(begins)}])" if begins else ""
    if Use.BARE in found:
        marks = "".join(mark for mark in _MARKS if mark not in never)
        said = f"Only letters, digits and {' '.join(marks)}"
        return Limit(f"{head}[A-Za-z0-9{_in_class(marks)}]*", f"{said}{_not_first(begins)}{why}")
    refused = "".join(dict.fromkeys("".join(use.refused for use in found) + never))
    if not refused and not begins:
        return Limit()
    body = rf"[^{_in_class(refused)}]*" if refused else ".*"
    said = f"No {' '.join(refused)}" if refused else "One line"
    return Limit(f"{head}{body}", f"{said}{_not_first(begins)}{why}")


def _in_class(signs: str) -> str:
    """These characters between the brackets of a pattern."""
    return "".join(f"\\{sign}" if sign in "\\]^[" else sign for sign in sorted(signs, key=lambda sign: sign == "-"))


def _not_first(begins: str) -> str:
    return ", not beginning with “-”" if "-" in begins else ""


@dataclass(slots=True)
class Taken:
    """The fate of one value: the line of its first use, how it is used, and why no value may stand there."""

    line: int
    how: set[Use] = field(default_factory=set)
    unsafe: Unsafe | None = None

    def add(self, other: Taken) -> None:
        self.how |= other.how
        self.unsafe = self.unsafe or other.unsafe


def take(found: dict[str, Taken], line: int, text: str, holes: Mapping[int, tuple[int, str]]) -> None:
    """Add to `found` what a shell's text does with values. `line`: where the text begins; `holes`: where one begins,
    with its end and its name.
    """
    how = uses(text, holes)
    for at, (_, name) in holes.items():
        found.setdefault(name, Taken(line + text.count("\n", 0, at))).how.add(how.get(at, Use.BARE))
    if (unsafe := _unsafe(text, holes, line)) is None:
        return
    names = {name for _, name in holes.values()}
    for name in names:
        one = found[name]
        one.unsafe = one.unsafe or (_unsafe(text, holes, line, name) if len(names) <= _APART else unsafe)


def _unsafe(text: str, holes: Mapping[int, tuple[int, str]], line: int, only: str = "") -> Unsafe | None:
    """Why no value may stand there; of one name `only`, with what stands there for the others."""
    names: list[str] = []
    pieces, before = [], 0
    for begin, (end, name) in holes.items():
        if only in ("", name):
            pieces += [text[before:begin], _MARK]
            names.append(name)
            before = end
    marked = iter(names)
    try:
        rewritten("".join([*pieces, text[before:]]), re.compile(_MARK), lambda _: Hole(next(marked)))
    except Unsafe as error:
        return Unsafe(line + error.line, error.what, error.do)
    return None


_APART = 50  # names in one text of which each is looked at by itself
_MARK = "\ue000"


def uses(text: str, places: Collection[int]) -> dict[int, Use]:
    """How what begins at these places of a shell's text stands in it."""
    found: dict[int, Use] = {}
    state: list[str] = []  # the quotes and substitutions that are open
    at = 0
    here_document = "<<" in text.replace("<<<", "")
    while at < len(text):
        inner = state[-1] if state else ""
        if at in places:
            found[at] = Use.BARE if here_document else _use(state)
        sign = text[at]
        if inner == "'":
            if sign == "'":
                state.pop()
        elif sign == "\\":
            at += 1
        elif sign == inner:
            state.pop()
        elif sign in '"`' or (sign == "'" and inner != '"'):
            state.append(sign)
        elif text.startswith("$(", at) and at not in places:
            state.append(")")
            at += 1
        elif sign == "(" and inner == ")":
            state.append(")")
        at += 1
    return found


def _use(state: Sequence[str]) -> Use:
    if not state:
        return Use.BARE
    if state == ["'"]:
        return Use.SINGLE
    return Use.DOUBLE if state == ['"'] else Use.BARE
