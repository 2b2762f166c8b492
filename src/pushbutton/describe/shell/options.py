"""The options of one loop over a script's arguments: what each branch does tells what each option is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pushbutton.describe.arguments.found import Argument, Gap
from pushbutton.describe.arguments.names import identifier

from .paths import ALL, Path, Set
from .tree import Item, Literal, NotFollowed, Word

__all__ = ["UNKNOWN", "Options", "Spelling"]

_HELPS = frozenset({"-h", "-?", "-help", "--help", "--usage", "--version", "-V", "-version"})
_SURELY = _HELPS - {"-h", "-V"}
_EVERY = re.compile(r"-?-?\??\*|-?\?")  # whatever no branch is for
UNKNOWN: object = object()
"""The value of a variable that is only known when the script runs."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The options in a list such as "ab:", by flag: "" for no value, ":" for one, "::" for perhaps one."""

    kind: str  # "getopts" or "getopt"
    values: Mapping[str, str]


@dataclass
class Options:
    """`follow`: the ways through the loop by one branch. What is found is in the fields that begin empty."""

    follow: Callable[[Item], list[Path]]
    before: Mapping[str, object]  # what variables hold before the loop: a text, or UNKNOWN
    spelling: Spelling | None = None
    looked_at: frozenset[str] = frozenset()  # the variables that the loop itself looks at
    arguments: list[Argument] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    operands: int = 0  # the line at which it takes one; 0: in no branch
    _sets: dict[str, list[Set]] = field(default_factory=dict)  # by the name of a flag: what it puts where

    def read(self, items: Sequence[Item]) -> None:
        seen: set[str] = set()
        for item in items:
            if self._item(item, seen):
                break
        for flag, sign in self.spelling.values.items() if self.spelling else ():
            if flag not in seen and (sign or flag not in _HELPS):
                self._lost(items[0].line, f"{flag} has no branch, and is left out", flag)
        self._paired()

    # -- one branch

    def _item(self, item: Item, seen: set[str]) -> bool:
        """Whether nothing gets to the branches below it."""
        flags, equals, other = [], [], []
        for pattern in item.patterns:
            text = self._text(pattern)
            if text is None or (self._is_pattern(pattern) and not self._is_equals(pattern)):
                other.append(pattern)
            elif text.endswith("=*"):
                equals.append(text[:-2] if len(text) > 4 else text[:-1])  # of a letter, “=” belongs to it
            else:
                flags.append(text)
        if any(_EVERY.fullmatch(self._shown(pattern)) for pattern in other):
            seen |= {*flags, *equals}
            self._unless_refused(item)
            return self._shown(other[-1]) == "*"
        if flags == ["--"]:
            return False
        words = [*flags, *(self._shown(pattern) for pattern in other)]
        if any(not text.startswith("-") or text == "-" for text in words):
            self._unless_refused(item)
            return False
        seen |= {*flags, *equals}
        if other or (flags and equals):
            shown = " | ".join(self._shown(pattern) for pattern in item.patterns)
            if not self._refused(item):
                self._lost(item.line, f"what “{shown}” takes is not understood, and is left out")
        elif flags or equals:
            self._option(item, flags or equals, equal=bool(equals))
        return False

    def _text(self, pattern: Word) -> str | None:
        text = pattern.literal
        if self.spelling is not None and self.spelling.kind == "getopts" and text is not None:
            return text if self._is_pattern(pattern) or text in (":", "?") else f"-{text}"
        return text

    def _shown(self, pattern: Word) -> str:
        return pattern.literal if pattern.literal is not None else "…"

    def _is_pattern(self, pattern: Word) -> bool:
        return any(
            isinstance(part, Literal) and not part.quoted and re.search(r"[*?\[(]", part.text) for part in pattern.parts
        )

    def _is_equals(self, pattern: Word) -> bool:
        """`--name=*`"""
        text = pattern.literal or ""
        return text.startswith("-") and text.endswith("=*") and not re.search(r"[*?\[(]", text[:-1])

    def _unless_refused(self, item: Item) -> None:
        """A word that is no option: an operand, unless the script or the loop ends there and keeps nothing of it."""
        paths = self._paths(item)
        kept = paths is None or any(path.ends != "exit" and (path.ends != "break" or path.sets) for path in paths)
        if kept and not (self.spelling and self.spelling.kind == "getopts"):
            self.operands = self.operands or item.line

    def _refused(self, item: Item) -> bool:
        paths = self._paths(item)
        return paths is not None and all(path.ends == "exit" for path in paths)

    def _paths(self, item: Item) -> list[Path] | None:
        try:
            return self.follow(item)
        except NotFollowed:
            return None

    def _option(self, item: Item, flags: list[str], *, equal: bool) -> None:
        flags = [flag for flag in flags if not any(_shortens(flag, other) for other in flags)]
        called = next((flag for flag in flags if flag.startswith("--")), flags[0])
        try:
            paths = self.follow(item)
        except NotFollowed as error:
            self._lost(item.line, f"what {called} does is not understood ({error.text}); it is left out", called)
            return
        valued = equal or any(self.spelling.values.get(flag) for flag in flags) if self.spelling else equal
        helps = not valued and any(flag in _HELPS for flag in flags)
        going = [path for path in paths if path.ends != "exit"]
        if helps and not (any(path.sets for path in going) and not _SURELY & {*flags}):
            return
        if going:
            why = self._made(item, flags, going, equal=equal)
        elif any(path.code != 0 and path.code is not None for path in paths):
            return  # it is refused
        else:
            why = self._last(item, flags, paths, valued=valued)
        if why:
            self._lost(item.line, f"{called} {why}, and is left out", called)

    def _last(self, item: Item, flags: list[str], paths: Sequence[Path], *, valued: bool) -> str:
        """Of one that does something and ends the script."""
        if valued or any(index > 0 or index == ALL for path in paths for index in path.read):
            return "ends the script with what follows"
        self._put(Argument("", item.line, flags=tuple(flags), type="bool", default=False), [])
        return ""

    def _made(self, item: Item, flags: list[str], paths: Sequence[Path], *, equal: bool) -> str:
        """Why there is no argument made of it."""
        if any(path.ends == "break" for path in paths):
            return "ends the options"
        shifts = {path.shifted for path in paths}
        if len(shifts) != 1:
            return "may have a value or none"
        (shifted,) = shifts
        read = frozenset(index for path in paths for index in path.read)
        if ALL in read or any(one.name == "OPTIND" for path in paths for one in path.sets):
            return "takes whatever follows"
        many, why = self._values(flags, shifted, read, equal=equal)
        if why:
            return why
        made = Argument("", item.line, flags=tuple(flags))
        if not many:
            if self.spelling is None and any(one.name in self.looked_at for path in paths for one in path.sets):
                return "is looked at by the next turn of the loop"
            self._flag(made, paths)
            return ""
        taken = [one for path in paths for one in path.sets if one.word is not None and one.word >= (0 if equal else 1)]
        made.split = self.spelling is None and not equal
        if many > 1:
            made.words = str(many)
        elif any(one.adds for one in taken):
            made.repeat = True
        self._put(made, [one.name for one in taken])
        return ""

    def _values(self, flags: list[str], shifted: int, read: frozenset[int], *, equal: bool) -> tuple[int, str]:
        """How many values it takes, or why that is not known."""
        if self.spelling is None:
            if equal:
                return (1, "") if shifted == 1 and max(read, default=0) == 0 else (0, "takes more than its own word")
            if shifted == 1:
                return (0, "") if max(read, default=0) == 0 else (0, "looks at a word that it does not take")
            taken = frozenset(index for index in read if index > 0)
            if shifted < 1 or taken != frozenset(range(1, shifted)):
                return 0, f"takes {shifted} words and looks at others"
            return shifted - 1, ""
        told = {self.spelling.values.get(flag) for flag in flags}
        if len(told) != 1 or None in told:
            return 0, "is not what the list of options says"
        (sign,) = told
        if sign == "::" and not any(flag.startswith("--") for flag in flags):
            return 0, "may have a value or none"
        wanted = 0 if self.spelling.kind == "getopts" else 2 if sign else 1
        if shifted != wanted or max(read, default=0) > 1:
            return 0, "takes other words than the list of options says"
        return (1 if sign else 0), ""

    def _flag(self, made: Argument, paths: Sequence[Path]) -> None:
        made.type, made.default = "bool", False
        sets = [one for path in paths for one in path.sets]
        if any(one.counts for one in sets):
            made.count, made.type, made.default = True, "int", 0
            made.split = self.spelling is None
        self._put(made, [one.name for one in sets], sets)

    def _put(self, made: Argument, names: Sequence[str], sets: Sequence[Set] = ()) -> None:
        made.variable = next(iter(dict.fromkeys(names)), "")
        self._named(made)
        for one in self.arguments:
            if one.name == made.name or (_valued(one) and _valued(made) and _same(one, made)):
                self._merge(one, made)
                return
        if _valued(made) and made.variable:
            self._default(made)
        self.arguments.append(made)
        self._sets[made.flag] = list(sets)

    def _named(self, made: Argument) -> None:
        made.name = identifier(made.flag)
        made.called = made.variable.lower() if len(made.name) == 1 else ""

    def _merge(self, one: Argument, other: Argument) -> None:
        """`--x VALUE` and `--x=VALUE`, or a short and a long name of the same."""
        if _valued(one) != _valued(other):
            self.gaps.append(Gap(other.line, f"{one.flag} may have a value or none", one.name))
            if _valued(other):
                self.arguments[self.arguments.index(one)] = other
        elif one.split and not other.split:
            one.split, one.flags = False, other.flags  # only these may have it behind “=”
        elif one.split == other.split:
            one.flags = tuple(dict.fromkeys([*one.flags, *other.flags]))
        self._named(one)

    def _default(self, made: Argument) -> None:
        held = self.before.get(made.variable)
        if held is UNKNOWN:
            self._doubtful(made, f"the default of {made.flag} is only known when it runs")
        elif held and made.repeat:
            self._doubtful(made, f"{made.flag} adds to what is there by default")
        elif isinstance(held, str) and not made.repeat and not made.words:
            made.default = held or None

    def _doubtful(self, made: Argument, text: str) -> None:
        made.unknown = True
        self.gaps.append(Gap(made.line, text, made.name, "default"))

    def _paired(self) -> None:
        """`--x` and `--no-x` that put different texts into one variable are one input, if it is known what it holds."""
        for off in [one for one in self.arguments if one.flag.startswith("--no-") and one.type == "bool"]:
            on = next((one for one in self.arguments if one.flag == f"--{off.flag[5:]}" and one.type == "bool"), None)
            held = self.before.get(off.variable)
            if on is None or on.variable != off.variable or not isinstance(held, str):
                continue
            yes, no = self._texts(on), self._texts(off)
            if len(yes) == len(no) == 1 and yes != no and held in (*yes, *no):
                on.off, on.default = off.flag, held in yes
                self.arguments.remove(off)

    def _texts(self, one: Argument) -> set[str | None]:
        return {put.text for put in self._sets.get(one.flag, ()) if put.name == one.variable}

    def _lost(self, line: int, text: str, flag: str = "") -> None:
        self.gaps.append(Gap(line, text, identifier(flag) if flag else "", left_out=True))


def _valued(one: Argument) -> bool:
    return one.type != "bool" and not one.count


def _shortens(flag: str, other: str) -> bool:
    """As “--verb” does “--verbose”."""
    return flag.startswith("--") and other != flag and other.startswith(flag)


def _same(one: Argument, other: Argument) -> bool:
    """Whether they are the short and the long name of one option: “-n” and “--number”, which fill one variable."""
    short, long = sorted((one.flag, other.flag), key=len)
    same = one.variable == other.variable != "" and one.repeat == other.repeat and one.words == other.words
    return same and len(short) == 2 and long.startswith(f"--{short[1]}")
