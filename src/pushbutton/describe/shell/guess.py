"""Likely inputs of a shell script besides its options: operands, variables of its environment, what is required.

Nothing says so for certain; it is for the author of the script to look at, never for a form by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pushbutton.describe.arguments.found import Argument
from pushbutton.describe.arguments.names import identifier
from pushbutton.describe.usage import operands_in

from . import tree
from .paths import Follower, Path, sets_arguments
from .read import Reading, own_commands, words_of
from .tree import Assignment, Case, For, Literal, Parameter, Simple, Word, commands

__all__ = ["Guess", "Variable", "guess"]

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_ENDING = frozenset({"usage", "die", "fail", "error", "abort", "fatal", "help", "show_help", "print_usage"})
_WORDS = re.compile(r"\^?\(?(?P<words>[\w-]+(?:\|[\w-]+)+)\)?\$?")


@dataclass(frozen=True, slots=True)
class Variable:
    """One that the script takes from its environment."""

    name: str
    line: int
    default: str | None = None
    required: bool = False
    help: str = ""


@dataclass
class Guess:
    operands: list[Argument] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    required: set[str] = field(default_factory=set)  # variables without which it ends
    before: int = 0  # the line at which it takes a word before its options; 0: it does not


def guess(reading: Reading) -> Guess:
    return _Guesses(reading).made()


class _Guesses:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._steps = list(reading.steps())
        self._found = Guess()
        self._by_place: dict[int, Argument] = {}
        self._rest: Argument | None = None
        self._least = 0  # so many operands there must be

    def made(self) -> Guess:
        self._gone_through()
        self._named_by_usage()
        self._checks()
        self._environment()
        operands = [self._by_place[place] for place in sorted(self._by_place)]
        for number, one in enumerate(operands, 1):
            one.required = one.required or number <= self._least
        rest = [self._rest] if self._rest is not None else []
        self._found.operands = [*operands, *rest]
        return self._found

    # -- operands

    def _gone_through(self) -> None:
        """`$1` and its kin, in order: each `shift` on the way takes some away."""
        gone, options = 0, any(self._reading.is_loop(one) for one in self._steps)
        for one in self._steps:
            if self._reading.is_loop(one):
                if gone:
                    self._found.before = one.line
                continue
            for inner in own_commands((one,)):
                for word in () if _asks_for_option(inner) else words_of(inner):
                    self._looked(inner, word, gone)
                if isinstance(inner, For) and inner.words is None:
                    self._all(inner, inner.name)
                if isinstance(inner, Case):
                    self._cases(inner, gone)
            if isinstance(one, Simple) and one.name == "shift" and not self._ends_options(one):
                number = one.words[1].literal if len(one.words) > 1 else "1"
                gone += int(number) if number and number.isdigit() else 0
            if isinstance(one, tree.Chain) and _names(one.first) == "shift":
                gone += 1
            if isinstance(one, Simple) and sets_arguments(one) and options:
                gone = 0

    def _ends_options(self, one: Simple) -> bool:
        """`shift $((OPTIND - 1))`"""
        return any(isinstance(part, tree.Substitution) for word in one.words for part in word.parts)

    def _looked(self, command: tree.Command, word: Word, gone: int) -> None:
        for part in word.parts:
            if not isinstance(part, Parameter):
                continue
            if part.name.isdigit() and part.name != "0" and part.operator != "#":
                self._operand(command, part, gone)
            elif part.name in ("@", "*") and part.operator in ("", ":"):
                loud = _names(command) in ("echo", "printf", "exec", "sudo")
                if not loud:
                    self._all(command, command.name if isinstance(command, For) else "")

    def _operand(self, command: tree.Command, part: Parameter, gone: int) -> None:
        place = gone + int(part.name)
        made = self._by_place.setdefault(place, Argument(f"argument_{place}", command.line))
        for put in command.assignments if isinstance(command, Simple) else ():
            only = put.value.only if isinstance(put.value, Word) else None
            if only is part and made.name.startswith("argument_"):
                made.name, made.variable = identifier(put.name.lower()), put.name
        told = part.rest.literal if part.rest is not None else None
        if part.operator in (":?", "?"):
            made.required, made.help = True, made.help or (told or "").strip()
        elif part.operator in (":-", "-") and told and made.default is None:
            made.default = told

    def _all(self, command: tree.Command, name: str) -> None:
        if self._rest is None:
            called = f"{name.lower()}s" if name and not name.lower().endswith("s") else name.lower() or "arguments"
            self._rest = Argument(identifier(called), command.line, words="*")

    def _cases(self, one: Case, gone: int) -> None:
        """`case "$1" in start) …` says what it can be."""
        only = one.word.only
        if only is None or not (only.name.isdigit() or self._is_operand(only.name)):
            return
        place = gone + int(only.name) if only.name.isdigit() else 0
        made = self._by_place.get(place) or next(
            (known for known in self._by_place.values() if known.variable == only.name), None
        )
        words = [pattern.literal for item in one.items for pattern in item.patterns if _is_word(pattern)]
        if made is not None and len(words) > 1 and not made.choices:
            made.choices = tuple(dict.fromkeys(filter(None, words)))

    def _is_operand(self, variable: str) -> bool:
        return any(one.variable == variable for one in self._by_place.values())

    def _named_by_usage(self) -> None:
        """The names that the usage text has are better than `argument_1`, and it knows what may be left out."""
        lines = [line for _, text in self._reading.source.texts for line in text.replace("\\n", "\n").split("\n")]
        told = operands_in(lines)
        single = [one for one in told if not one.words]
        many = next((one for one in told if one.words), None)
        for place, one in enumerate(single, 1):
            made = self._by_place.get(place)
            if made is None:
                continue
            if made.name.startswith("argument_"):
                made.name = one.name
            made.required = made.required or (one.required and made.default is None)
            made.choices = made.choices or one.choices
        if many is not None and self._rest is not None:
            self._rest.name = many.name

    # -- what is required

    def _checks(self) -> None:
        for one in self._steps:
            for inner in own_commands((one,)):
                if isinstance(inner, tree.Chain) and inner.others:
                    sign, behind = inner.others[0]
                    if self._ends((behind,)):
                        self._check(inner.first, "-z" if sign == "&&" else "-n")
                elif isinstance(inner, tree.If):
                    condition, body = inner.branches[0]
                    if condition and self._ends(body):
                        self._check(condition[-1], "-z")
                elif isinstance(inner, (Simple, tree.Test)):
                    self._matched(list(words_of(inner)))

    def _ends(self, body: tree.Body) -> bool:
        if any(_names(one) in _ENDING for one in body):
            return True
        try:
            paths = Follower(self._reading.functions).through(body, [Path()])
        except tree.NotFollowed:
            return False
        return all(path.ends == "exit" for path in paths)

    def _check(self, test: tree.Command, sign: str) -> None:
        """`test` is asked, and the script ends where `sign` says that something is missing."""
        words = list(words_of(test))
        texts = [word.literal or "" for word in words]
        only = [word.only for word in words]
        for at, text in enumerate(texts[:-1]):
            named = only[at + 1]
            if text == sign and named is not None:
                self._needs(named)
        for number_of, compared, number in zip(only, texts[1:], texts[2:], strict=False):
            if number_of is not None and number_of.name == "#" and number.isdigit() and sign == "-z":
                self._least = max(self._least, _least(compared, int(number)))

    def _matched(self, words: list[Word]) -> None:
        """`[[ $1 =~ ^(backup|restore)$ ]]`"""
        for at, word in enumerate(words[1:-1], 1):
            named = words[at - 1].only
            if word.literal != "=~" or named is None or not named.name.isdigit():
                continue
            match = _WORDS.fullmatch("".join(getattr(part, "text", "") for part in words[at + 1].parts))
            made = self._by_place.get(int(named.name))
            if match and made:
                made.choices = made.choices or tuple(match["words"].split("|"))
                made.required = True

    def _needs(self, named: Parameter) -> None:
        if named.name.isdigit() and int(named.name) in self._by_place:
            self._by_place[int(named.name)].required = True
        elif made := next((one for one in self._by_place.values() if one.variable == named.name), None):
            made.required = True
        else:
            self._found.required.add(named.name)

    # -- the environment

    def _environment(self) -> None:
        body = self._reading.source.body
        own = {put.name for one in commands(body) for put in _assigned(one) if not _from_outside(put)}
        own |= {one.name for one in commands(body) if isinstance(one, For)}
        found: dict[str, Variable] = {}
        for one in commands(body):
            for word in words_of(one):
                for part in word.parts:
                    if not isinstance(part, Parameter) or not _VARIABLE.fullmatch(part.name):
                        continue
                    told = _variable(part, one.line)
                    if told is not None and part.operator in (":?", "?"):
                        self._found.required.add(part.name)
                    if told is not None and part.name not in own:
                        known = found.get(part.name)
                        if known is None or (told.required and not known.required):
                            found[part.name] = told
        self._found.variables = list(found.values())


def _least(sign: str, number: int) -> int:
    """So many operands there are where `[ $# SIGN NUMBER ]` does not end the script."""
    zero = {"-eq": 1, "=": 1, "==": 1} if number == 0 else {}
    return {"-lt": number, "<": number, "-ne": number, "!=": number, "-le": number + 1, **zero}.get(sign, 0)


def _variable(part: Parameter, line: int) -> Variable | None:
    told = part.rest.literal if part.rest is not None else ""
    if part.operator in (":?", "?"):
        return Variable(part.name, line, required=True, help=(told or "").strip())
    if part.operator in (":-", "-", ":=", "="):
        return Variable(part.name, line, default=told)
    return None


def _from_outside(put: Assignment) -> bool:
    """`NAME=${NAME:-text}`"""
    only = put.value.only if isinstance(put.value, Word) else None
    return only is not None and only.name == put.name and only.operator in (":-", "-", ":=", "=", ":?", "?")


def _assigned(one: tree.Command) -> Iterator[Assignment]:
    if isinstance(one, Simple):
        yield from one.assignments


def _asks_for_option(one: tree.Command) -> bool:
    """`[ "$1" = --help ]`"""
    if not isinstance(one, tree.Test) and _names(one) not in ("[", "test"):
        return False
    signs = {"-z", "-n", "-lt", "-le", "-gt", "-ge", "-eq", "-ne", "-a", "-o", "-f", "-d", "-e", "-r", "-w", "-x", "-s"}
    return any((word.literal or "").startswith("-") and word.literal not in signs for word in words_of(one))


def _names(one: tree.Command) -> str:
    return one.name if isinstance(one, Simple) else ""


def _is_word(pattern: Word) -> bool:
    text = pattern.literal
    plain = all(
        not isinstance(part, Literal) or part.quoted or not re.search(r"[*?\[]", part.text) for part in pattern.parts
    )
    return bool(text) and plain and not str(text).startswith("-")
