"""The form that every task must have before anybody sees it: text that is UTF-8, and numbers that JSON can write.

Names of files, escapes in Python and YAML bring halves of characters; one of them would spoil each page and each
answer in which its task stands beside others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from pushbutton.domain.encodable import is_encodable
from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task

from .model import NOTHING, FileTasks, broken

__all__ = ["readable", "sound"]

_BIGGEST = 2**63 - 1
_FIELDS: dict[type[object], tuple[str, ...]] = {}  # asked for thousands of times at a start


def readable(text: str) -> str:
    """The text, with each half of a character as "\ufffd"."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not is_encodable(text) else text


def sound(reading: FileTasks) -> FileTasks:
    """The reading; a task in it that could not be shown is broken, and all of it can be shown."""
    tasks, problems = [], []
    for task in reading.tasks:
        faults = dict.fromkeys(_faults(task))
        if not faults:
            tasks.append(task)
            continue
        sentences = [one for one in faults if one.partition(" ")[0] not in task.broken]  # else it was said already
        whole: Task = _mended(task)
        found = [Problem(whole.source.file, whole.source.line, 1, sentence) for sentence in sentences]
        problems += found
        tasks.append(broken(whole, found))
    return FileTasks(
        tuple(tasks),
        (*(_mended(problem) for problem in reading.problems), *problems),
        _mended(reading.whole) if reading.whole else None,
        _mended(reading.secrets),
        reading.passed,
        reading.shared if reading.shared is NOTHING else _mended(reading.shared),
        reading.ask,
        _mended(reading.notes),
    )


def _faults(task: Task) -> Iterator[str]:
    if not is_encodable(task.source.file):
        yield "The name of this file or of a folder above it is not UTF-8, so nobody can be shown it: rename it."
        return  # its title is made from it
    for key, value in _leaves(task, ""):
        if isinstance(value, str):
            if not is_encodable(value):
                yield f"“{key}” holds half of a character (such as \\ud800): write it anew."
        elif isinstance(value, float) and not math.isfinite(value):
            yield f"“{key}” is a number that cannot be written down."
        elif isinstance(value, int) and abs(value) > _BIGGEST:
            yield f"“{key}” is too far from zero."


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Every text and number in it, with the name of the innermost key around it."""
    left = [(key, value)]
    while left:
        key, value = left.pop()
        kind: type[object] = type(value)
        if kind is str:
            yield key, value
        elif value is None or kind is bool or value == ():
            continue
        elif names := _fields_of(kind):
            left += [(name, held) for name in reversed(names) if (held := getattr(value, name))]  # the rest is empty
        elif isinstance(value, Mapping):
            left += [one for name, item in reversed(list(value.items())) for one in ((key, item), (key, name))]
        elif isinstance(value, list | tuple):
            left += [(key, item) for item in reversed(value)]
        else:
            yield key, value


def _fields_of(kind: type[object]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()
    return _FIELDS[kind]


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return readable(value) if type(value) is str else value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _mended(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, Mapping):
        return {_mended(name): _mended(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mended(item) for item in value)
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) > _BIGGEST):
        return 0
    return value
