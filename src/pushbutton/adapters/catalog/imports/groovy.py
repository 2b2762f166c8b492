"""Groovy as far as pipelines are declared in it: statements with their arguments and blocks. Nothing is worked out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["COMPUTED", "Code", "Computed", "Group", "Hole", "Statement", "Text", "Token", "Value", "read_groovy"]

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\n": ""}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 100
_WORD = re.compile(r"[A-Za-z_][\w]*(?:\??\.[A-Za-z_]\w*)*")
_NUMBER = re.compile(r"\d[\d_]*(?:\.\d+)?[LlGgFfDd]?")
_INSIDE = re.compile(r"\$(?:\{|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*))")
_AFTER_TEXT: Mapping[str, Callable[[str], str]] = {"stripIndent": textwrap.dedent, "trim": str.strip}
"""Calls behind a text that can be done here, where nothing is filled in."""


@dataclass(frozen=True, slots=True)
class Hole:
    """`${…}` in a text between double quotes, filled in by Groovy."""

    code: str
    line: int


@dataclass(frozen=True, slots=True)
class Text:
    parts: tuple[str | Hole, ...]

    @property
    def plain(self) -> str | None:
        """None: something is filled in."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # "word", "number", "mark", "end" (of a line)
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    """The text between brackets."""

    opened: str
    items: tuple[Item, ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Quoted:
    text: Text
    line: int
    source: str


Item = Token | Group | Quoted


class Computed:
    """Only running tells."""

    def __repr__(self) -> str:
        return "COMPUTED"


COMPUTED = Computed()
Value = Text | bool | float | list["Value"] | Computed


@dataclass(frozen=True, slots=True)
class Code:
    """Statements between braces, and as they are written."""

    statements: tuple[Statement, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Statement:
    """`name(arguments) { block }`, with or without each. `assigned`: `name = arguments`."""

    name: str
    line: int
    arguments: tuple[tuple[str, Value], ...] = ()  # by keyword; "": by place
    block: Code | None = None
    assigned: bool = False
    calls: tuple[Statement, ...] = ()  # calls that stand among its arguments

    def value(self, keyword: str = "", place: int = 0) -> Value | None:
        """None: it is not given."""
        found = [value for key, value in self.arguments if key == keyword]
        return found[place] if len(found) > place else None


def read_groovy(text: str) -> Code:
    """Raises `ValueError`: (a sentence, the line)."""
    items, _ = _Lexer(text.replace("\r\n", "\n")).items("", 0)
    return Code(tuple(_statements(items)), text)


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def items(self, closing: str, depth: int) -> tuple[list[Item], int]:
        """Up to this bracket, or the end; and where that stands."""
        if depth > _DEEPEST:
            raise ValueError("brackets in one another go too deep", self._line)
        found: list[Item] = []
        begun = self._line
        while self._at < len(self._text):
            here = self._text[self._at]
            if here == closing:
                self._at += 1
                return found, self._at - 1
            if here in ")]}":
                raise ValueError(f"“{here}” closes nothing that is open", self._line)
            if (item := self._item(here, depth)) is not None:
                found.append(item)
        if closing:
            raise ValueError(f"what is opened here is not closed by “{closing}”", begun)
        return found, self._at

    def _item(self, here: str, depth: int) -> Item | None:
        text, at, line = self._text, self._at, self._line
        if here == "\n":
            self._at, self._line = at + 1, line + 1
            return Token("end", "\n", line)
        if here.isspace():
            self._at += 1
            return None
        if text.startswith("//", at) or (here == "#" and at == 0):
            end = text.find("\n", at)
            self._at = len(text) if end < 0 else end
            return None
        if text.startswith("/*", at):
            end = text.find("*/", at + 2)
            self._move(len(text) if end < 0 else end + 2)
            return None
        if here in "'\"":
            found = Text(tuple(self._quoted(here)))
            return Quoted(found, line, text[at : self._at])
        if here in _CLOSING:
            self._at += 1
            items, end = self.items(_CLOSING[here], depth + 1)
            return Group(here, tuple(items), line, text[at + 1 : end])
        for kind, pattern in (("word", _WORD), ("number", _NUMBER)):
            if match := pattern.match(text, at):
                self._at = match.end()
                return Token(kind, match[0], line)
        if here == "\\" and text[at + 1 : at + 2] == "\n":
            self._move(at + 2)
            return None
        self._at += 1
        return Token("end" if here == ";" else "mark", here, line)

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _quoted(self, quote: str) -> Iterator[str | Hole]:
        begun = self._line
        marks = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(marks)
        piece: list[str] = []
        while not self._text.startswith(marks, self._at):
            if self._at >= len(self._text) or (len(marks) == 1 and self._text[self._at] == "\n"):
                raise ValueError("the text that begins here is not closed", begun)
            match = _INSIDE.match(self._text, self._at) if quote == '"' else None
            if match:
                if piece:
                    yield "".join(piece)
                piece = []
                yield self._hole(match)
                continue
            piece.append(self._character())
        self._move(self._at + len(marks))
        if piece:
            yield "".join(piece)

    def _hole(self, match: re.Match[str]) -> Hole:
        line = self._line
        if match[1]:
            self._at = match.end()
            return Hole(match[1], line)
        depth, end = 1, match.end()
        while end < len(self._text) and depth:
            depth += {"{": 1, "}": -1}.get(self._text[end], 0)
            end += 1
        code = self._text[match.end() : end - 1].strip()
        self._move(end)
        return Hole(code, line)

    def _character(self) -> str:
        here = self._text[self._at]
        if here == "\\" and self._at + 1 < len(self._text):
            following = self._text[self._at + 1]
            if following == "u" and re.match(r"[0-9a-fA-F]{4}", self._text[self._at + 2 : self._at + 6]):
                code = int(self._text[self._at + 2 : self._at + 6], 16)
                self._move(self._at + 6)
                return chr(code)
            self._move(self._at + 2)
            return _ESCAPES.get(following, following)
        self._move(self._at + 1)
        return here


def _statements(items: Sequence[Item]) -> Iterator[Statement]:
    for line in _lines(items):
        if (statement := _statement(line)) is not None:
            yield statement


def _lines(items: Sequence[Item]) -> Iterator[list[Item]]:
    """A statement each: one that ends in a comma goes on in the next line, and one with a block ends with it."""
    line: list[Item] = []
    for item in items:
        if line and isinstance(item, Token) and item.kind == "word" and _block(line[-1]):
            yield line
            line = []
        if not (isinstance(item, Token) and item.kind == "end"):
            line.append(item)
        elif line and not _mark(line[-1], ","):
            yield line
            line = []
    if line:
        yield line


def _block(item: Item) -> bool:
    return isinstance(item, Group) and item.opened == "{"


def _statement(items: Sequence[Item]) -> Statement | None:
    first = items[0]
    if isinstance(first, Token) and first.text in ("def", "return", "final") and len(items) > 1:
        items = items[1:]
        first = items[0]
    if not isinstance(first, Token) or first.kind != "word":
        return Statement("", first.line, calls=tuple(_calls(items)))
    rest = list(items[1:])
    if rest and _mark(rest[0], "=") and not (len(rest) > 1 and _mark(rest[1], "=")):
        return Statement(
            first.text, first.line, (("", _value(rest[1:])),), assigned=True, calls=tuple(_calls(rest[1:]))
        )
    block = next((item for item in rest if isinstance(item, Group) and item.opened == "{"), None)
    given = rest[: rest.index(block)] if block is not None else rest
    if len(given) == 1 and isinstance(given[0], Group) and given[0].opened == "(":
        given = [item for item in given[0].items if not (isinstance(item, Token) and item.kind == "end")]
    code = Code(tuple(_statements(block.items)), block.source) if block is not None else None
    return Statement(first.text, first.line, tuple(_arguments(given)), code, calls=tuple(_calls(given)))


def _calls(items: Sequence[Item]) -> Iterator[Statement]:
    """Calls among values: `cron('…')`, `choice(…)` in a list, `properties([parameters([…])])`."""
    for at, item in enumerate(items):
        following = items[at + 1] if at + 1 < len(items) else None
        if isinstance(item, Token) and item.kind == "word" and isinstance(following, Group) and following.opened == "(":
            found = _statement([item, following])
            if found is not None:
                yield found
        elif isinstance(item, Group) and item.opened != "{" and not _called(items, at):
            yield from _calls(item.items)


def _called(items: Sequence[Item], at: int) -> bool:
    before = items[at - 1] if at else None
    return isinstance(before, Token) and before.kind == "word"


def _arguments(items: Sequence[Item]) -> Iterator[tuple[str, Value]]:
    for part in _split(items):
        first = part[0]
        if len(part) > 2 and isinstance(first, Token) and first.kind == "word" and _mark(part[1], ":"):
            yield first.text, _value(part[2:])
        else:
            yield "", _value(part)


def _split(items: Sequence[Item]) -> Iterator[list[Item]]:
    part: list[Item] = []
    for item in items:
        if _mark(item, ","):
            if part:
                yield part
            part = []
        elif not (isinstance(item, Token) and item.kind == "end"):
            part.append(item)
    if part:
        yield part


def _value(items: Sequence[Item]) -> Value:
    if len(items) == 1:
        return _single(items[0])
    if len(items) > 1 and isinstance(items[0], Quoted):
        return _joined(items)
    return COMPUTED


def _single(item: Item) -> Value:
    if isinstance(item, Quoted):
        return item.text
    if isinstance(item, Group):
        return [_value(part) for part in _split(item.items)] if item.opened == "[" else COMPUTED
    if item.text in ("true", "false"):
        return item.text == "true"
    if item.kind == "number":
        return float(item.text.replace("_", "").rstrip("LlGgFfDd"))
    return COMPUTED


def _joined(items: Sequence[Item]) -> Value:
    """`'a' + "b"`, and a text with a call behind it that changes nothing that matters here."""
    parts: list[str | Hole] = []
    at = 0
    while at < len(items):
        item = items[at]
        if not isinstance(item, Quoted):
            return COMPUTED
        here = item.text
        at += 1
        if at + 2 < len(items) and _mark(items[at], "."):
            word = items[at + 1]
            if not isinstance(word, Token) or word.text not in _AFTER_TEXT:
                return COMPUTED
            if here.plain is not None:
                here = Text((_AFTER_TEXT[word.text](here.plain),))
            at += 3
        parts += here.parts
        if at < len(items):
            if not _mark(items[at], "+") or at + 1 == len(items):
                return COMPUTED
            at += 1
    return Text(tuple(parts))


def _mark(item: Item, text: str) -> bool:
    return isinstance(item, Token) and item.kind == "mark" and item.text == text
