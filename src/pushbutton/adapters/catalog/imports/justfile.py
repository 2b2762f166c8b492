"""A justfile as far as its text tells it: recipes, their parameters and what is said of them.

Expressions are worked out where they are plain: texts, variables, `env("NAME", "what else")`, and these joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["Attribute", "Dependency", "Justfile", "Parameter", "Recipe", "read_justfile"]

_HEADER = re.compile(r"(?P<quiet>@?)(?P<name>[A-Za-z_][\w-]*)(?P<rest>(?:\s[^\n]*?)?)$")
_PARAMETER = re.compile(r"\s*(?P<many>[+*]?)(?P<exported>\$?)(?P<name>[A-Za-z_][\w-]*)(?P<default>\s*=)?")
_SET = re.compile(r"set\s+(?P<name>[\w-]+)(?:\s*:=\s*(?P<value>.*))?$")
_ASSIGN = re.compile(r"(?P<export>export\s+|unexport\s+)?(?P<name>[A-Za-z_][\w-]*)\s*:=\s*(?P<value>.*)$")
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<long>'''.*?'''|\"\"\".*?\"\"\")|(?P<raw>'[^']*')|(?P<text>"(?:\\.|[^"\\])*")"""
    r"""|(?P<shell>```.*?```|`[^`]*`)|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>[-+/(),:=!<>~&|$@*{}\[\]]+?)""",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ENV = ("env", "env_var_or_default")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    many: str = ""  # "+": one or more values, "*": any number
    exported: bool = False  # its recipe has it in the environment
    optional: bool = False  # there is a default
    default: str | None = None  # None: there is none, or only running tells it


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another recipe that goes before or after it, with what it is given: a parameter's name, or None."""

    name: str
    given: tuple[str | None, ...] = ()
    mixed: frozenset[str] = frozenset()  # names that stand in what is put together for it


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    value: str = ""  # its first text


@dataclass(frozen=True, slots=True)
class Recipe:
    name: str
    line: int
    help: str = ""
    parameters: tuple[Parameter, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    body: tuple[tuple[int, str], ...] = ()
    attributes: tuple[Attribute, ...] = ()

    def attribute(self, name: str) -> Attribute | None:
        return next((one for one in self.attributes if one.name == name), None)

    @property
    def private(self) -> bool:
        return self.name.startswith("_") or self.attribute("private") is not None


@dataclass(slots=True)
class Justfile:
    recipes: dict[str, Recipe] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    values: dict[str, str | None] = field(default_factory=dict)  # of variables; None: only running tells
    aliases: list[tuple[int, str, str]] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)  # files that it brings in
    odd: list[tuple[int, str]] = field(default_factory=list)  # lines that are not understood


def read_justfile(text: str) -> Justfile:
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._found = Justfile()
        self._assigned: dict[str, str] = {}
        self._comments: list[str] = []
        self._attributes: list[Attribute] = []
        self._headers: list[tuple[Recipe, str]] = []

    def read(self) -> Justfile:
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if line[:1] in (" ", "\t") and self._headers and line.strip():
                at = self._body(at)
                continue
            at += 1
            number = at
            while line.endswith("\\") and at < len(self._lines):
                line, at = f"{line[:-1]} {self._lines[at].strip()}", at + 1
            while _open(line) and at < len(self._lines):  # a text or a list that goes on
                line, at = f"{line}\n{self._lines[at]}", at + 1
            self._statement(number, line)
        for name in self._assigned:
            self._found.values[name] = self._value_of(name, ())
        for recipe, rest in self._headers:
            whole = self._signature(self._found.recipes[recipe.name], rest)
            self._found.recipes[recipe.name] = whole
        return self._found

    def _body(self, at: int) -> int:
        recipe = self._headers[-1][0].name
        lines: list[tuple[int, str]] = []
        while at < len(self._lines) and (not self._lines[at].strip() or self._lines[at][:1] in (" ", "\t")):
            lines.append((at + 1, self._lines[at]))
            at += 1
        while lines and not lines[-1][1].strip():
            lines.pop()
        indents = [len(text) - len(text.lstrip()) for _, text in lines if text.strip()]
        body = tuple((number, text[min(indents) :]) for number, text in lines)
        before = self._found.recipes[recipe]
        self._found.recipes[recipe] = replace(before, body=(*before.body, *body))
        return at

    def _statement(self, number: int, line: str) -> None:
        bare = line.strip()
        if bare.startswith("#"):
            self._comments.append(bare.lstrip("#").strip() if not bare.startswith("#!") else "")
            return
        if bare.startswith("[") and not line[:1].isspace():
            self._attributes += _attributes(bare)
            return
        if bare:
            self._declaration(number, bare)
        self._comments, self._attributes = [], []

    def _declaration(self, number: int, line: str) -> None:
        if match := re.match(r"alias\s+([\w-]+)\s*:=\s*([\w:-]+)", line):
            self._found.aliases.append((number, match[1], match[2]))
        elif match := re.match(r"(?:import|mod)\??\s+(.*)", line):
            self._found.others.append((number, match[1]))
        elif match := _SET.match(line):
            self._found.settings[match["name"]] = match["value"] or "true"
        elif match := _ASSIGN.match(line):
            self._assigned[match["name"]] = match["value"]
        elif match := re.match(r"(@?)([A-Za-z_][\w-]*)((?:\s|:).*|)$", line, re.DOTALL):
            doc = self._comments[-1] if self._comments else ""  # just itself takes the line above
            attributes = tuple(self._attributes)
            told = next((one.value for one in attributes if one.name == "doc"), doc)
            recipe = Recipe(match[2], number, told, attributes=attributes)
            if ":" not in match[3]:
                self._found.odd.append((number, line))
                return
            self._found.recipes[recipe.name] = recipe
            self._headers.append((recipe, match[3]))
        else:
            self._found.odd.append((number, line))

    # -- parameters and dependencies

    def _signature(self, recipe: Recipe, rest: str) -> Recipe:
        tokens = _tokens(rest)
        parameters: list[Parameter] = []
        at = 0
        while at < len(tokens) and tokens[at] != ("mark", ":"):
            at = self._parameter(tokens, at, parameters)
        dependencies = tuple(_dependencies(tokens[at + 1 :]))
        return replace(recipe, parameters=tuple(parameters), dependencies=dependencies)

    def _parameter(self, tokens: Sequence[tuple[str, str]], at: int, into: list[Parameter]) -> int:
        many = exported = ""
        while at < len(tokens) and tokens[at][0] == "mark" and tokens[at][1] in ("+", "*", "$"):
            many, exported = (tokens[at][1], exported) if tokens[at][1] != "$" else (many, "$")
            at += 1
        if at >= len(tokens) or tokens[at][0] != "name":
            return at + 1
        name = tokens[at][1]
        at += 1
        if at < len(tokens) and tokens[at] == ("mark", "="):
            end = _expression_end(tokens, at + 1)
            default = self._value(tokens[at + 1 : end], ())
            into.append(Parameter(name, many, bool(exported), optional=True, default=default))
            return end
        into.append(Parameter(name, many, bool(exported)))
        return at

    # -- expressions

    def _value_of(self, name: str, within: Sequence[str]) -> str | None:
        if name in within or name not in self._assigned or len(within) > 50:
            return None
        return self._value(_tokens(self._assigned[name]), (*within, name))

    def _value(self, tokens: Sequence[tuple[str, str]], within: Sequence[str]) -> str | None:
        """None: only running tells."""
        found: list[str] = []
        for part in _split(tokens, "+"):
            text = self._term(part, within)
            if text is None:
                return None
            found.append(text)
        return "".join(found) if found else None

    def _term(self, tokens: Sequence[tuple[str, str]], within: Sequence[str]) -> str | None:
        kinds = [kind for kind, _ in tokens]
        if kinds == ["name"]:
            return self._value_of(tokens[0][1], within)
        if kinds in (["text"], ["raw"], ["long"]):
            return _text(*tokens[0])
        if kinds[:2] == ["name", "mark"] and tokens[0][1] in _ENV and tokens[1][1] == "(" and tokens[-1][1] == ")":
            parts = list(_split(tokens[2:-1], ","))
            return self._value(parts[1], within) if len(parts) == 2 else None
        if tokens and tokens[0] == ("mark", "(") and tokens[-1] == ("mark", ")"):
            return self._value(tokens[1:-1], within)
        return None


def _open(line: str) -> bool:
    """Whether a list in brackets, or a text of several lines, goes on in the next line."""
    if line.lstrip().startswith("#"):
        return False
    bare = re.sub(r"'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*", "", line, flags=re.DOTALL)
    return "'''" in bare or '"""' in bare or bare.count("(") > bare.count(")") or bare.count("[") > bare.count("]")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or text[at] == "#":
            if text[at] == "#":
                break
            found.append(("odd", text[at]))
            at += 1
            continue
        if match.lastgroup and match.lastgroup != "blank":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


def _text(kind: str, written: str) -> str:
    if kind == "raw":
        return written[1:-1]
    if kind == "long":
        inner = "\n".join(line.strip() for line in written[3:-3].strip("\n").split("\n"))
        return inner if written.startswith("'") else _unescaped(inner)
    return _unescaped(written[1:-1])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)


def _split(tokens: Sequence[tuple[str, str]], mark: str) -> Iterator[list[tuple[str, str]]]:
    """At this mark, outside of parentheses."""
    part: list[tuple[str, str]] = []
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token[1], 0) if token[0] == "mark" else 0
        if token == ("mark", mark) and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _expression_end(tokens: Sequence[tuple[str, str]], at: int) -> int:
    """Behind a default: one term, with those that are joined to it."""
    while at < len(tokens):
        if tokens[at] == ("mark", "("):
            at = _closing(tokens, at)
        elif tokens[at][0] == "name" and tokens[at + 1 : at + 2] == [("mark", "(")]:
            at = _closing(tokens, at + 1)
        else:
            at += 1
        if at < len(tokens) and tokens[at] in (("mark", "+"), ("mark", "/")) and _joins(tokens, at):
            at += 1
            continue
        return at
    return at


def _joins(tokens: Sequence[tuple[str, str]], at: int) -> bool:
    """Whether “+” joins two texts; it also begins a parameter of one or more values."""
    behind = tokens[at + 1 : at + 3]
    if tokens[at][1] == "/" or not behind:
        return True
    return not (behind[0][0] == "name" and (len(behind) == 1 or behind[1] in (("mark", "="), ("mark", ":"))))


def _closing(tokens: Sequence[tuple[str, str]], at: int) -> int:
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index][0] == "mark":
            depth += {"(": 1, ")": -1}.get(tokens[index][1], 0)
        if depth == 0:
            return index + 1
    return len(tokens)


def _dependencies(tokens: Sequence[tuple[str, str]]) -> Iterator[Dependency]:
    at = 0
    while at < len(tokens):
        if tokens[at][0] == "name":
            yield Dependency(tokens[at][1])
            at += 1
        elif tokens[at] == ("mark", "("):
            end = _closing(tokens, at)
            inner = tokens[at + 1 : end - 1]
            if inner and inner[0][0] == "name":
                yield _dependency(inner)
            at = end
        else:
            at += 1  # “&&” parts those that go before from those that follow


def _dependency(tokens: Sequence[tuple[str, str]]) -> Dependency:
    given: list[str | None] = []
    mixed: set[str] = set()
    at = 1
    while at < len(tokens):
        end = max(_expression_end(tokens, at), at + 1)
        names = [text for kind, text in tokens[at:end] if kind == "name"]
        inner = [kind for kind, text in tokens[at:end] if (kind, text) not in (("mark", "("), ("mark", ")"))]
        alone = inner == ["name"]
        given.append(names[0] if alone else None)
        mixed |= set() if alone else set(names)
        at = end
    return Dependency(tokens[0][1], tuple(given), frozenset(mixed))


def _attributes(line: str) -> Iterator[Attribute]:
    """`[private, doc("…")]`, `[group: 'prices']`."""
    inner = line[1 : line.rfind("]")] if "]" in line else line[1:]
    for part in _split(_tokens(inner), ","):
        texts = [_text(kind, written) for kind, written in part if kind in ("text", "raw", "long")]
        if part and part[0][0] == "name":
            yield Attribute(part[0][1], texts[0] if texts else "")
