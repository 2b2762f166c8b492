"""An author's `pattern`, compared without ever blocking the caller.

Python's `re` tries one way after another, and some patterns have far too many ways: with each letter, `(a+)+` has twice
as many. How many there are at most can be counted beforehand. What is cheap by that count is compared
here; the rest is compared in a process that can be ended (`Fits`).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from math import inf
from typing import Any

__all__ = ["Fits", "here", "maybe", "nested"]

Fits = Callable[[str, str], bool | None]
"""(pattern, text): whether the whole text matches; None: that could not be found out in time."""

MOST = 3_000_000
"""Steps that are taken here: about 20 ms, which is what a process costs as well."""
_ONE_WAY = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE", "AT", "FAILURE", "SUCCESS"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def here(pattern: str, text: str) -> bool | None:
    """Whether the whole text matches; None when that may take long."""
    if _ways(_tree(pattern), len(text)) * (len(text) + len(pattern) + 1) > MOST:
        return None
    return re.fullmatch(pattern, text) is not None


def maybe(pattern: str, text: str) -> bool:
    """Also True when it may take long: a first check, before the comparison that decides."""
    return here(pattern, text) is not False


def nested(pattern: str) -> str:
    """A text on which a pattern with a repeated repetition may be slow, for a trial; "" for a pattern without one.

    It is a guess: what comes before the repetition once, the repetition's shortest content thirty times, and a
    character that fits nothing.
    """
    return _pumped(_tree(pattern), "") or ""


@lru_cache(256)
def _tree(pattern: str) -> Any:
    """The pattern as `re` reads it; None where this Python has another parser than the one known."""
    try:
        return importlib.import_module("re._parser").parse(pattern)
    except (ImportError, AttributeError):
        return None


def _ways(items: Iterable[Any] | None, length: int) -> float:
    """In how many ways, at most, the items can be laid over a text of this length."""
    if items is None:
        return inf
    total = 1.0
    for op, given in items:
        total *= _of(str(op), given, length)
        if total > MOST:
            return inf
    return total


def _of(op: str, given: Any, length: int) -> float:
    if op in _ONE_WAY:
        return 1
    if op == "BRANCH":
        return sum(_ways(items, length) for items in given[1])
    if op == "SUBPATTERN":
        return _ways(given[3], length)
    if op in {"ASSERT", "ASSERT_NOT"}:
        return _ways(given[1], length)
    if op == "ATOMIC_GROUP":
        return _ways(given, length)
    if op in _REPEATS:
        return _repeated(given, length)
    return inf  # what refers back to a group, and what we do not know


def _repeated(given: Any, length: int) -> float:
    least, items = int(given[0]), given[2]
    most = min(int(given[1]), max(least, length + 1))
    inner = _ways(items, length)
    if least > MOST or (least > 1 and items.getwidth()[0] == 0):
        return inf
    if inner == 1:
        return float(most - least + 1)
    total = 0.0
    for times in range(least, most + 1):
        total += inner**times if inner < inf and times < 64 else inf
        if total > MOST:
            return inf
    return total


def _pumped(items: Iterable[Any] | None, before: str) -> str | None:
    for op, given in items or ():
        name = str(op)
        inner = {"SUBPATTERN": lambda g: g[3], "ASSERT": lambda g: g[1], "ATOMIC_GROUP": lambda g: g}.get(name)
        if name in _REPEATS:
            body = given[2]
            if int(given[1]) >= 10 and _ways(body, 30) > 1:
                return before + (_shortest(body) or _shortest(body, more=True)) * 30 + "\0"
            found = _pumped(body, before)
        elif name == "BRANCH":
            found = next((text for branch in given[1] if (text := _pumped(branch, before))), None)
        else:
            found = _pumped(inner(given), before) if inner else None
        if found:
            return found
        before += _shortest([(op, given)])
    return None


def _shortest(items: Iterable[Any], *, more: bool = False) -> str:
    """A short text that the items match, or nearly; with `more`, one round of what may be left out."""
    text = ""
    for op, given in items:
        match str(op):
            case "LITERAL":
                text += chr(given)
            case "ANY" | "NOT_LITERAL":
                text += "a"
            case "IN":
                text += _member(given)
            case "BRANCH":
                text += _shortest(given[1][0], more=more)
            case "SUBPATTERN":
                text += _shortest(given[3], more=more)
            case "ATOMIC_GROUP":
                text += _shortest(given, more=more)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text += _shortest(given[2], more=more) * min(max(int(given[0]), int(more)), 30)
    return text


def _member(given: Iterable[Any]) -> str:
    for op, value in given:
        match str(op):
            case "LITERAL":
                return chr(value)
            case "RANGE":
                return chr(value[0])
            case "CATEGORY":
                kind = str(value)
                return (
                    "1" if kind.endswith("_DIGIT") and "NOT" not in kind else " " if kind.endswith("E_SPACE") else "a"
                )
    return "a"
