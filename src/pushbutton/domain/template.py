"""`{name}` in a text stands for the value of an input; `{{` and `}}` stand for braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BadTemplate", "Filled", "fill", "holes"]

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class BadTemplate(ValueError):
    """An argv item with braces that do not fit; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One argv item with its values in it."""

    text: str
    empty: bool  # it had holes, and none of them has a value
    leads: str  # the name of the hole that it begins with


def holes(item: str) -> list[str]:
    """The names in an argv item, in order. Raises `BadTemplate`."""
    names = []
    for match in _PART.finditer(item):
        if match[0] in ("{", "}"):
            raise BadTemplate(f"“{item}” has a single “{match[0]}”; write it twice where a brace is meant.")
        if match[1] is not None:
            if not match[1].isidentifier():
                raise BadTemplate(
                    f"“{match[0]}” in “{item}” is no name of an input; write {{{{ where a brace is meant."
                )
            names.append(match[1])
    return names


def fill(item: str, values: Mapping[str, str]) -> Filled:
    """With the values of those inputs that have one."""
    names = holes(item)
    text = _PART.sub(lambda match: values.get(match[1], "") if match[1] is not None else match[0][0], item)
    first = _PART.match(item)
    leads = first[1] if first and first[1] is not None else ""
    return Filled(text, bool(names) and not values.keys() & set(names), leads)
