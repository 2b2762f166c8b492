"""The ways through a piece of a shell script, and what each does with the words that the script was given.

Nothing is expanded: of a value it is only known which word it comes from, or its text where that stands there. Where a
condition decides, both ways are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .tree import (
    Arithmetic,
    Assignment,
    Body,
    Case,
    Chain,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Loop,
    NotFollowed,
    Parameter,
    Pipeline,
    Simple,
    Substitution,
    Test,
    Word,
)

__all__ = ["ALL", "Follower", "Path", "Set", "sets_arguments"]

ALL = -1
"""Every word that is left was looked at."""
_MOST = 200  # ways
_DEEPEST = 6  # calls
_SURE = frozenset({":", "true", "echo", "printf", "export", "local", "declare", "typeset", "readonly", "let", "unset"})
_COUNTS = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(?:\+\+|\+=\s*1\b)|\+\+\s*(?P<other>[A-Za-z_]\w*)", re.ASCII)
_MOVES = re.compile(r"\b(?:shift|set\s+--)")


@dataclass(frozen=True, slots=True)
class Set:
    """A variable that is given a value: that of `word`, if it is not None, or `text`."""

    name: str
    word: int | None = None
    text: str | None = None
    adds: bool = False  # to what it holds
    counts: bool = False  # one more


@dataclass(frozen=True, slots=True)
class Path:
    """`shifted`: so many words are done with. `read`: the words that were looked at, from 0 where it began."""

    shifted: int = 0
    read: frozenset[int] = frozenset()
    sets: tuple[Set, ...] = ()
    ends: str = ""  # "exit", "break" or "continue"
    code: int | None = 0  # of an exit; None is not known
    succeeded: bool | None = True  # the last command; None: it depends

    def holding(self, name: str) -> Set | None:
        """The value that a variable was given last."""
        return next((one for one in reversed(self.sets) if one.name == name), None)


class Follower:
    """`words`: names besides the numbers that stand for a word, such as OPTARG. `numbered`: whether `$1` does."""

    def __init__(
        self, functions: Mapping[str, Function], words: Mapping[str, int] | None = None, *, numbered: bool = True
    ) -> None:
        self._functions, self._words, self._numbered = functions, dict(words or {}), numbered
        self._called: list[tuple[str | None, ...]] = []  # what the functions that are gone through were given

    def through(self, body: Body, begun: Iterable[Path]) -> list[Path]:
        """Raises `NotFollowed` for what cannot be followed."""
        paths = list(begun)
        for one in body:
            going = [path for path in paths if not path.ends]
            over = [path for path in paths if path.ends]
            paths = list(dict.fromkeys([*over, *(after for path in going for after in self._one(one, path))]))
            if len(paths) > _MOST:
                raise NotFollowed(one.line, "there are too many ways through it")
        return paths

    # -- commands

    def _one(self, one: Command, path: Path) -> list[Path]:
        if isinstance(one, Simple):
            return self._simple(one, path)
        if isinstance(one, Chain):
            return self._chain(one, path)
        if isinstance(one, Pipeline):
            return self._pipeline(one, path)
        if isinstance(one, Group):
            if one.apart:
                return [self._apart(one.body, path)]
            return self.through(one.body, [path])
        if isinstance(one, If):
            return self._if(one, path)
        if isinstance(one, Case):
            return self._case(one, path)
        if isinstance(one, (Loop, For)):
            return self._loop(one, path)
        if isinstance(one, Arithmetic):
            return [replace(self._calculated(one.text, path), succeeded=None)]
        if isinstance(one, Test):
            return [replace(self._looked(one.words, path), succeeded=None)]
        return [path]  # a function that is defined

    def _chain(self, one: Chain, path: Path) -> list[Path]:
        paths = self._one(one.first, path)
        for sign, other in one.others:
            after: list[Path] = []
            for now in paths:
                goes = now.succeeded if sign == "&&" else None if now.succeeded is None else not now.succeeded
                if now.ends or goes is not True:
                    after.append(now)
                if not now.ends and goes is not False:
                    after += self._one(other, now)
            paths = list(dict.fromkeys(after))
        return paths

    def _pipeline(self, one: Pipeline, path: Path) -> list[Path]:
        if len(one.parts) > 1:
            return [self._apart(one.parts, path)]
        paths = self._one(one.parts[0], path)
        return [replace(now, succeeded=None if now.succeeded is None else not now.succeeded) for now in paths]

    def _apart(self, body: Body, path: Path) -> Path:
        """What a process of its own does stays there, but what it looks at."""
        read = path.read
        for after in self.through(body, [path]):
            read |= after.read
        return replace(path, read=read, succeeded=None)

    def _if(self, one: If, path: Path) -> list[Path]:
        found: list[Path] = []
        open_ = [path]
        for condition, body in one.branches:
            decided = self.through(condition, open_)
            found += [now for now in decided if now.ends]
            open_ = [now for now in decided if not now.ends and now.succeeded is not True]
            found += self.through(body, [now for now in decided if not now.ends and now.succeeded is not False])
        return list(dict.fromkeys([*found, *self.through(one.otherwise, open_)]))

    def _case(self, one: Case, path: Path) -> list[Path]:
        path = self._looked([one.word], path)
        found: list[Path] = []
        for item in one.items:
            if item.ending != ";;":
                raise NotFollowed(item.line, "a branch falls through to the next one")
            found += self.through(item.body, [path])
        if not any(pattern.literal == "*" for item in one.items for pattern in item.patterns):
            found.append(path)
        return list(dict.fromkeys(found))

    def _loop(self, one: Loop | For, path: Path) -> list[Path]:
        if isinstance(one, Loop):
            path = self._apart(one.condition, path)
        elif one.words is None:
            path = self._looked([Word((Parameter("@"),), one.line)], path)
        else:
            path = self._looked(one.words, path)
        found = [path]
        for after in self.through(one.body, [path]):
            if after.shifted != path.shifted and after.ends != "exit":
                raise NotFollowed(one.line, "a loop inside of it takes words as well")
            found.append(replace(after, ends="") if after.ends in ("break", "continue") else after)
        return list(dict.fromkeys(found))

    # -- simple commands

    def _simple(self, one: Simple, path: Path) -> list[Path]:
        for redirect in one.redirects:
            path = self._looked([redirect.target], path)
        for assignment in one.assignments:
            path = self._assigned(assignment, path)
        if not one.words:
            calls = any(isinstance(part, Substitution) for each in one.assignments for part in _parts(each))
            return [replace(path, succeeded=None if calls else True)]
        name, given = one.name, one.words[1:]
        path = self._looked(one.words, path)
        if name in self._functions and len(self._called) < _DEEPEST:
            return self._call(self._functions[name], given, path)
        if self._called and name in ("shift", "set"):
            return [path]  # it is about what the function was given
        if name == "shift":
            number = given[0].literal if given else "1"
            if number is None or not number.isdigit():
                raise NotFollowed(one.line, "how far it shifts is only known when it runs")
            return [replace(path, shifted=path.shifted + int(number), succeeded=True)]
        if name in ("exit", "return", "exec") and (name != "exec" or given):
            return [self._ended(name, given, path)]
        if name in ("break", "continue"):
            return [replace(path, ends=name)]
        if sets_arguments(one):
            raise NotFollowed(one.line, "it sets its arguments anew")
        if name == "eval" and any(
            _MOVES.search(str(getattr(part, "text", ""))) for word in given for part in word.parts
        ):
            raise NotFollowed(one.line, "it sets its arguments anew")
        if name == "getopts":
            raise NotFollowed(one.line, "it uses getopts inside of that")
        if name == "let":
            for word in given:
                path = self._calculated(word.literal or "", path)
        return [replace(path, succeeded=True if name in _SURE else False if name == "false" else None)]

    def _ended(self, name: str, given: Sequence[Word], path: Path) -> Path:
        if name == "return" and self._called:
            return replace(path, ends="return", succeeded=None)
        text = self.value(given[0], path).text if given and name != "exec" else "0"
        return replace(path, ends="exit", code=int(text) if text and text.isdigit() else None)

    def _call(self, function: Function, given: Sequence[Word], path: Path) -> list[Path]:
        values = tuple(self.value(word, path).text for word in given)
        if any(part.name in "@*" for word in given for part in word.parts if isinstance(part, Parameter)):
            values = ()  # how many there are is not known
        self._called.append(values)
        try:
            after = self.through(function.body, [path])
        finally:
            self._called.pop()
        return [
            now if now.ends == "exit" else replace(now, ends="" if now.ends == "return" else now.ends, succeeded=None)
            for now in after
        ]

    # -- words

    def value(self, word: Word, path: Path) -> Set:
        """Of a variable without a name."""
        if word.literal is not None:
            return Set("", text=word.literal)
        read = self._looked([word], replace(path, read=frozenset())).read
        index = next(iter(read)) if len(read) == 1 else None
        only = word.only
        text: str | None = None
        if only is not None and not only.operator and index is None:
            if self._called and only.name.isdigit():
                given = self._called[-1]
                text = given[int(only.name) - 1] if 0 < int(only.name) <= len(given) else None
            elif held := path.holding(only.name):
                text = held.text
        if only is not None and only.operator in (":-", "-") and self._called and only.name.isdigit():
            given = self._called[-1]
            number = int(only.name)
            text = given[number - 1] if number <= len(given) else only.rest.literal if only.rest else None
        return Set("", word=index, text=text)

    def _assigned(self, one: Assignment, path: Path) -> Path:
        words = one.value if isinstance(one.value, tuple) else (one.value,)
        path = self._looked(words, path)
        whole = Word(tuple(part for word in words for part in word.parts), words[0].line if words else 0)
        found = self.value(whole, path)
        itself = any(isinstance(part, Parameter) and part.name == one.name for part in whole.parts)
        counts = any(
            isinstance(part, Substitution) and re.search(rf"\b{one.name}\b", part.arithmetic) for part in whole.parts
        )
        adds = one.append or one.element or itself
        return replace(path, sets=(*path.sets, replace(found, name=one.name, adds=adds, counts=counts)), succeeded=True)

    def _calculated(self, text: str, path: Path) -> Path:
        read = path.read | {self._index(int(number), path) for number in re.findall(r"\$\{?([1-9])", text)}
        if (match := _COUNTS.search(text)) is not None:
            name = match["name"] or match["other"]
            return replace(path, read=read, sets=(*path.sets, Set(name, adds=True, counts=True)))
        if (match := re.match(r"\s*([A-Za-z_]\w*)\s*=\s*(\d+)\s*$", text)) is not None:
            return replace(path, read=read, sets=(*path.sets, Set(match[1], text=match[2])))
        return replace(path, read=read)

    def _index(self, number: int, path: Path) -> int:
        return path.shifted + number - 1

    def _looked(self, words: Iterable[Word], path: Path) -> Path:
        """With what these words look at."""
        for word in words:
            for part in word.parts:
                if isinstance(part, Parameter):
                    path = self._parameter(part, path)
                elif isinstance(part, Substitution):
                    path = self._apart(part.body, path) if part.body else self._calculated(part.arithmetic, path)
        return path

    def _parameter(self, part: Parameter, path: Path) -> Path:
        found: set[int] = set()
        if part.name in self._words:
            found = {self._words[part.name]}
        elif (held := path.holding(part.name)) is not None and held.word is not None:
            found = {held.word}
        elif not self._called and part.name in "@*" and part.operator != "#":
            found = {ALL}
        elif not self._called and part.name.isdigit() and part.name != "0":
            found = {self._index(int(part.name), path) if self._numbered else ALL}
        path = replace(path, read=path.read | found)
        return self._looked([part.rest], path) if part.rest is not None else path


def sets_arguments(one: Simple) -> bool:
    given = one.words[1:]
    if one.name != "set" or not given:
        return False
    return any(word.literal == "--" for word in given) or not (given[0].literal or "").startswith(("-", "+"))


def _parts(one: Assignment) -> Sequence[Literal | Parameter | Substitution]:
    words = one.value if isinstance(one.value, tuple) else (one.value,)
    return [part for word in words for part in word.parts]
