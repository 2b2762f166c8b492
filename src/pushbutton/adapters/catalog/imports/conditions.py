"""Conditions over inputs, as pipelines and workflows write them, and the same for a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Condition", "Either", "Every", "Input", "Not", "in_shell", "read_condition"]

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>==|!=|&&|\|\||!|\(|\))|'(?P<single>(?:''|[^'])*)'|\"(?P<double>[^\"$\\]*)\""
    r"|(?P<word>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))"
)
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Input:
    """An input is this text; with None: it says yes, or is filled in."""

    name: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Not:
    of: Condition


@dataclass(frozen=True, slots=True)
class Every:
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    of: tuple[Condition, ...]


Condition = Input | Not | Every | Either


def read_condition(text: str, name_of: Callable[[str], str | None]) -> Condition | None:
    """None: something else than inputs and texts is asked. `name_of` gives the input that a dotted word means."""
    tokens = _tokens(text)
    if tokens is None:
        return None
    reader = _Reader(tokens, name_of)
    found = reader.any(0)
    return found if reader.at == len(tokens) else None


def in_shell(condition: Condition, variable: Callable[[str], str], yes_no: Callable[[str], bool]) -> str:
    """As a command that ends well where it is so. `yes_no`: whether the input is one that says yes or no."""
    match condition:
        case Input(name, None):
            value = f'"${variable(name)}"'
            return f"[ {value} = true ]" if yes_no(name) else f"[ -n {value} ]"
        case Input(name, text):
            return f'[ "${variable(name)}" = {shlex.quote(text or "")} ]'
        case Not(inner):
            asked = in_shell(inner, variable, yes_no)
            return f"! {{ {asked}; }}" if asked.startswith("!") else f"! {asked}"  # “! !” is no shell
        case Every(parts):
            return f"{{ {' && '.join(in_shell(part, variable, yes_no) for part in parts)}; }}"
        case Either(parts):
            return f"{{ {' || '.join(in_shell(part, variable, yes_no) for part in parts)}; }}"


def _tokens(text: str) -> list[tuple[str, str]] | None:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        kind = match.lastgroup or ""
        found.append(("text", match[kind].replace("''", "'")) if kind in ("single", "double") else (kind, match[kind]))
        at = match.end()
    return found


class _Reader:
    """Or, and, not, comparison: each binds tighter than the one before."""

    def __init__(self, tokens: Sequence[tuple[str, str]], name_of: Callable[[str], str | None]) -> None:
        self._tokens, self._name_of = tokens, name_of
        self.at = 0

    def any(self, depth: int) -> Condition | None:
        parts = self._several("||", lambda: self._all(depth))
        return None if parts is None else parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Condition | None:
        parts = self._several("&&", lambda: self._one(depth))
        return None if parts is None else parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _several(self, mark: str, one: Callable[[], Condition | None]) -> list[Condition] | None:
        parts = []
        while True:
            part = one()
            if part is None:
                return None
            parts.append(part)
            if not self._take("mark", mark):
                return parts

    def _one(self, depth: int) -> Condition | None:
        if depth > _DEEPEST:
            return None
        if self._take("mark", "!"):
            inner = self._one(depth + 1)
            return None if inner is None else Not(inner)
        if self._take("mark", "("):
            within = self.any(depth + 1)
            return within if within is not None and self._take("mark", ")") else None
        return self._comparison()

    def _comparison(self) -> Condition | None:
        left = self._next()
        if left is None or left[0] not in ("word", "text"):
            return None
        same = next((mark for mark in ("==", "!=") if self._take("mark", mark)), "")
        if not same:
            name = self._name_of(left[1]) if left[0] == "word" else None
            return Input(name) if name is not None else None
        right = self._next()
        if right is None:
            return None
        word, text = (left, right) if left[0] == "word" else (right, left)
        if text in (("word", "true"), ("word", "false")):
            text = ("text", text[1])
        name = self._name_of(word[1]) if word[0] == "word" and text[0] == "text" else None
        if name is None:
            return None
        return Input(name, text[1]) if same == "==" else Not(Input(name, text[1]))

    def _take(self, kind: str, text: str) -> bool:
        if self.at < len(self._tokens) and self._tokens[self.at] == (kind, text):
            self.at += 1
            return True
        return False

    def _next(self) -> tuple[str, str] | None:
        self.at += 1
        return self._tokens[self.at - 1] if self.at <= len(self._tokens) else None
