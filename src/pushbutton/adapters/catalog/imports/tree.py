"""YAML and JSON whose every value knows the line that it stands on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pushbutton.adapters.catalog.numbers import bare, remembered
from pushbutton.adapters.catalog.yaml_fault import yaml_fault
from pushbutton.job.kinds import text_of

from .kind import Source

__all__ = ["Node", "read_json", "read_yaml"]

_MOST = 100_000  # values; an alias may stand for any number of them


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its line; of what stands under a key, the key's. What is not there is a node without a value, so
    that a reader asks for what it wants, at any depth, without looking whether it is there.
    """

    value: Mapping[str, Node] | Sequence[Node] | str | float | bool | None
    line: int
    begins: int = 0  # where a text of several lines in the file has its first one

    def __getitem__(self, key: str | int) -> Node:
        there = self.value
        if isinstance(there, Mapping) and isinstance(key, str):
            return there.get(key, Node(None, self.line))
        if isinstance(there, list) and isinstance(key, int) and 0 <= key < len(there):
            found: Node = there[key]
            return found
        return Node(None, self.line)

    def __iter__(self) -> Iterator[Node]:
        """The items of a list; of anything else nothing."""
        return iter(self.value if isinstance(self.value, list) else ())

    def __contains__(self, key: object) -> bool:
        return self.is_table and key in self.table

    def __bool__(self) -> bool:
        """Whether there is anything: false for null, "", an empty list and an empty table, but not for 0 and false."""
        return self.value is not None and self.value not in ("", [], {})

    @property
    def table(self) -> Mapping[str, Node]:
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def is_table(self) -> bool:
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str)

    @property
    def text(self) -> str:
        """A scalar as it was written; "" for anything else."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return text_of(self.value) if isinstance(self.value, str | int | float) else ""

    def at(self, line: int) -> int:
        """Where a line of the text stands, counted from 0."""
        return self.begins + line if self.begins else self.line

    @property
    def truth(self) -> bool | None:
        """True or false, also where it is written as a text or a number; None for anything else."""
        return _TRUTH.get(self.text.strip().lower())

    @property
    def number(self) -> int | float | None:
        """A number, also one that is written as a text."""
        if re.fullmatch(r"[-+]?[0-9]{1,15}", self.text.strip()):
            return int(self.text)
        if re.fullmatch(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}", self.text.strip()):
            return float(self.text)
        return None

    @property
    def whole(self) -> int | None:
        """A whole number, also one that is written as a text."""
        return self.number if isinstance(self.number, int) else None

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.value, Mapping):
            return {key: one.plain for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain for one in self.value]
        return bare(self.value)


_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "y", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "0"), False),
}


def read_yaml(source: Source) -> Node:
    """The first document. “on” and “yes” are texts. Raises `ConfigError`."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - not every kind is YAML
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return _Composed().node(YAML(typ="safe", pure=True).compose(source.text), 1)
    except (YAMLError, ValueError, RecursionError) as error:
        line, _, sentence = yaml_fault(error)
        raise source.wrong(sentence, line) from None


class _Composed:
    """Nodes of ours from those of the YAML reader, without making objects of their tags."""

    def __init__(self) -> None:
        self._left = _MOST

    def node(self, given: Any, line: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise ValueError("it holds itself, or more than anybody can look through")
        if given is None:
            return Node(None, line)
        if isinstance(given.value, str):
            begins = given.start_mark.line + 2 if given.style in ("|", ">") else 0
            return Node(_scalar(given.tag, given.value, plain=given.style in (None, "")), line, begins)
        if (given.value and isinstance(given.value[0], tuple)) or given.tag == "tag:yaml.org,2002:map":
            return Node(self._table(given.value), line)
        return Node([self.node(one, one.start_mark.line + 1) for one in given.value], line)

    def _table(self, pairs: Any) -> dict[str, Node]:
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in pairs:
            at = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                for one in [value] if isinstance(value.value[:1], str) or _is_map(value) else value.value:
                    merged = {**self.node(one, at).table, **merged}
            elif isinstance(key.value, str):
                found[key.value] = self.node(value, at)
        return {**merged, **found}


def _is_map(given: Any) -> bool:
    return bool(given.tag == "tag:yaml.org,2002:map")


def _scalar(tag: str, text: str, *, plain: bool) -> Any:
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind == "null" and plain:
        return None
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "int" and re.fullmatch(r"[-+]?[0-9]{1,18}", text):
        return remembered(int(text), text)
    if kind == "float" and re.fullmatch(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", text):
        return remembered(float(text), text)
    return text


def read_json(source: Source, line: int = 1) -> Node:
    """JSON, with comments and a comma behind the last item, as some tools have it; `line` is that of its beginning.
    Raises `ConfigError`.
    """
    try:
        return _Json(source, line).whole()
    except RecursionError:
        raise source.wrong("Lists or tables in one another go too deep.") from None


class _Json:
    """A reader that knows its lines; `json` has none, apart from errors."""

    _BLANK = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
    _NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
    _WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}

    def __init__(self, source: Source, line: int) -> None:
        self._source, self._text, self._at = source, source.text, 0
        self._line, self._counted = line, 0

    def whole(self) -> Node:
        self._skip()
        found = self._value(self._here())
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("Behind the end of the JSON value stands more")
        return found

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _wrong(self, what: str) -> Exception:
        return self._source.wrong(f"This cannot be read as JSON: {what}.", self._here())

    def _skip(self) -> None:
        match = self._BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _next(self) -> str:
        self._skip()
        return self._text[self._at : self._at + 1]

    def _value(self, line: int) -> Node:
        sign = self._next()
        if sign == "{":
            return Node(self._table(), line)
        if sign == "[":
            return Node(self._list(), line)
        if sign == '"':
            return Node(self._string(), line)
        if match := self._NUMBER.match(self._text, self._at):
            self._at = match.end()
            return Node(_number(match[0]), line)
        for word, value in self._WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return Node(value, line)
        raise self._wrong("a value is missing here" if sign else "it ends too early")

    def _string(self) -> str:
        try:
            text, self._at = json.decoder.scanstring(self._text, self._at + 1, False)  # type: ignore[attr-defined]
        except json.JSONDecodeError:
            raise self._wrong("a text is not closed, or has a “\\” before what needs none") from None
        return str(text)

    def _table(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        self._at += 1
        while (sign := self._next()) != "}":
            if sign != '"':
                raise self._wrong("a key in quotes is missing here" if sign else "it ends too early")
            line = self._here()
            key = self._string()
            if self._next() != ":":
                raise self._wrong("a “:” is missing here")
            self._at += 1
            found[key] = self._value(line)
            self._part("}")
        self._at += 1
        return found

    def _list(self) -> list[Node]:
        found: list[Node] = []
        self._at += 1
        while self._next() != "]":
            found.append(self._value(self._here()))
            self._part("]")
        self._at += 1
        return found

    def _part(self, end: str) -> None:
        sign = self._next()
        if sign == ",":
            self._at += 1
        elif sign != end:
            raise self._wrong(f"a “,” or “{end}” is missing here" if sign else "it ends too early")


def _number(text: str) -> Any:
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return remembered(int(text), text)
    if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", text):
        return remembered(float(text), text)
    return text
