"""A usage text as docopt understands it: the ways in which a script is called. http://docopt.org/"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["BadUsage", "Item", "Option", "Usage"]

_USAGE = re.compile(r"^[^\n]*usage:(?P<body>[^\n]*\n?(?:[ \t][^\n]*(?:\n|$))*)", re.IGNORECASE | re.MULTILINE)
_DESCRIBED = re.compile(r"^(?:.*options:)?[ \t]*(?=-\S)", re.IGNORECASE | re.MULTILINE)
_DEFAULT = re.compile(r"\[default: (.*)\]", re.IGNORECASE)
_TOKEN = re.compile(r"\s*(\.\.\.|[][()|]|(?:<[^>]*>|[^][()|\s.]|\.(?!\.\.))+)")
_MOST = 64  # ways of calling


class BadUsage(Exception):
    """Why it is not read, as the end of a sentence."""


@dataclass(eq=False)
class Option:
    short: str = ""
    long: str = ""
    takes: str = ""  # what its value is called; "": it takes none
    default: str | None = None
    help: str = ""

    @property
    def harmless(self) -> bool:
        """Whether docopt itself answers it, and the script does nothing."""
        return self.long in ("--help", "--version") or (self.short == "-h" and not self.long)


@dataclass
class Item:
    """Of one way of calling: a word as it is, an operand (by its name), an option, or "--"."""

    word: str = ""
    operand: str = ""
    option: Option | None = None
    needed: bool = True
    repeat: bool = False
    one_of: int = 0  # of those with the same number at most one is given, and one if they are needed


@dataclass
class _Node:
    kind: str  # "all" in their order, "any" of them, "one", "many", "group" in brackets, "shortcut", or "item"
    parts: list[_Node] = field(default_factory=list)
    item: Item = field(default_factory=Item)


class Usage:
    """`ways`: in which order what can stand. Raises `BadUsage`."""

    def __init__(self, text: str) -> None:
        found = list(_USAGE.finditer(text))
        if len(found) != 1:
            raise BadUsage("there is no usage in its text" if not found else "there are two usages in its text")
        body = found[0]["body"]
        self.help = text[: found[0].start()].strip()
        self._options = [*_described(text[: found[0].start()]), *_described(text[found[0].end() :])]
        self._told = list(self._options)
        name, *words = body.split() or [""]
        if not name:
            raise BadUsage("its usage is empty")
        tokens: list[str] = _TOKEN.findall("( " + " ".join(") | (" if word == name else word for word in words) + " )")
        self._tokens, self._at, self._groups = tokens, 0, 0
        top = self._one()
        if self._at < len(tokens):
            raise BadUsage("a bracket of its usage is never opened")
        used = {id(item.option) for item in _items(top)}
        self._shortcut = [one for one in self._told if id(one) not in used]
        ways = [_without_help(way) for way in self._ways(top, needed=True) if not _asks_only(way)]
        self.ways = [way for number, way in enumerate(ways) if way not in ways[:number]] or [[]]

    # -- what stands there

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _one(self) -> _Node:
        parts = [self._all()]
        while self._next() == "|":
            self._take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else _Node("one", parts)

    def _all(self) -> _Node:
        parts: list[_Node] = []
        while self._next() not in ("", "]", ")", "|"):
            found = self._atom()
            if self._next() == "...":
                self._take()
                found = [_Node("many", found)]
            parts += found
        return parts[0] if len(parts) == 1 else _Node("all", parts)

    def _atom(self) -> list[_Node]:
        token = self._take()
        if token in ("(", "["):
            inside = self._one()
            if self._next() != {"(": ")", "[": "]"}[token]:
                raise BadUsage("a bracket of its usage is never closed")
            self._take()
            if token == "(":
                return [_Node("group", [inside])]
            return [_Node("any", inside.parts if inside.kind == "all" else [inside])]
        if token == "options":
            return [_Node("shortcut")]
        if token.startswith("--") and token != "--":
            return [self._long(token)]
        if token.startswith("-") and token not in ("-", "--"):
            return list(self._shorts(token))
        if (token.startswith("<") and token.endswith(">")) or token.isupper():
            return [_Node("item", item=Item(operand=token))]
        return [_Node("item", item=Item(word=token))]

    def _long(self, token: str) -> _Node:
        flag, equals, value = token.partition("=")
        found = next((one for one in self._options if one.long == flag), None)
        if found is None:
            found = Option(long=flag, takes=value if equals else "")
            self._options.append(found)
        elif found.takes and not equals:
            self._value()
        elif equals and not found.takes:
            raise BadUsage(f"its usage gives {flag} a value, and its options give it none")
        return _Node("item", item=Item(option=found))

    def _shorts(self, token: str) -> Iterator[_Node]:
        left = token[1:]
        while left:
            flag, left = f"-{left[0]}", left[1:]
            found = next((one for one in self._options if one.short == flag), None)
            if found is None:
                found = Option(short=flag)
                self._options.append(found)
            elif found.takes:
                if not left:
                    self._value()
                left = ""
            yield _Node("item", item=Item(option=found))

    def _value(self) -> None:
        if self._next() in ("", "--", "]", ")", "|"):
            raise BadUsage("an option of its usage has no value")
        self._take()

    # -- what can be

    def _ways(self, node: _Node, *, needed: bool) -> list[list[Item]]:
        made = self._made(node, needed=needed)
        if len(made) > _MOST:
            raise BadUsage("it can be called in too many ways")
        return made

    def _made(self, node: _Node, *, needed: bool) -> list[list[Item]]:
        if node.kind == "item":
            return self._of_item(node.item, needed=needed)
        if node.kind == "shortcut":
            return [[Item(option=one, needed=False) for one in self._shortcut]]
        if node.kind == "many":
            return self._many(node, needed=needed)
        if node.kind == "one":
            return self._alternatives(node.parts, needed=needed)
        if node.kind == "group":
            inside = node.parts[0]
            if inside.kind == "all" and not needed:  # all of them or none
                return _or_nothing(self._ways(inside, needed=True))
            return self._ways(inside, needed=needed)
        found: list[list[Item]] = [[]]
        for part in node.parts:
            ways = self._ways(part, needed=needed and node.kind == "all")
            if len(found) * len(ways) > _MOST:
                raise BadUsage("it can be called in too many ways")
            found = [[*before, *map(replace, after)] for before in found for after in ways]
        return found

    def _of_item(self, item: Item, *, needed: bool) -> list[list[Item]]:
        if item.word == "--" and needed:
            raise BadUsage("it wants “--” in any case")
        if item.word == "-":
            return [[]] if not needed else [[item]]
        if item.word and item.word != "--" and not needed:
            return [[replace(item)], []]
        return [[replace(item, needed=needed)]]

    def _many(self, node: _Node, *, needed: bool) -> list[list[Item]]:
        ways = self._ways(node.parts[0], needed=needed)
        for way in ways:
            operands = [item for item in way if item.operand or item.word]
            if len(operands) > 1 or any(item.word or item.one_of for item in way) or (operands and len(way) > 1):
                raise BadUsage("it repeats several words together")
        if len(ways) > 1:
            raise BadUsage("it repeats what can be one thing or another")
        return [[replace(item, repeat=True) for item in way] for way in ways]

    def _alternatives(self, parts: Sequence[_Node], *, needed: bool) -> list[list[Item]]:
        single = [part.item for part in parts if part.kind == "item" and part.item.option]
        asked = [item for item in single if item.option and not item.option.harmless]
        if len(single) == len(parts) and len(asked) > 1:
            self._groups += 1
            return [[replace(item, needed=needed, one_of=self._groups) for item in asked]]
        plain = [part for part in parts if part.item.word != "-" or part.kind != "item"]
        found = [way for part in plain for way in self._ways(part, needed=True)]
        return found if needed else _or_nothing(found)


def _or_nothing(ways: list[list[Item]]) -> list[list[Item]]:
    return ways if any(all(not item.needed for item in way) for way in ways) else [*ways, []]


def _items(node: _Node) -> Iterator[Item]:
    if node.kind == "item":
        yield node.item
    for part in node.parts:
        yield from _items(part)


def _asks_only(way: list[Item]) -> bool:
    """Whether it is only there to say what the script is."""
    return bool(way) and all(item.option is not None and item.option.harmless for item in way)


def _without_help(way: list[Item]) -> list[Item]:
    return [item for item in way if item.option is None or not item.option.harmless]


def _described(text: str) -> Iterator[Option]:
    starts = list(_DESCRIBED.finditer(text))
    ends = [*(found.start() for found in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=False):
        flags, said = re.split(r"  |$", text[start.end() : end].strip(), maxsplit=1, flags=re.MULTILINE)
        made = Option()
        for word in flags.replace(",", " ").replace("=", " ").split():
            if word.startswith("--"):
                made.long = word
            elif word.startswith("-"):
                made.short = word
            else:
                made.takes = word
        default = _DEFAULT.search(said) if made.takes else None
        made.default = default[1] if default else None
        paragraph = re.split(r"\n[ \t]*\n|\n(?=\S)", said)[0]
        made.help = re.sub(r"\s+", " ", re.sub(r"\s*\[default: .*\]", "", paragraph, flags=re.IGNORECASE)).strip()
        yield made
