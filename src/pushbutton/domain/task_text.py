"""A task's declaration as text, one fact a line: two of them can be compared, and a person can read what changed.

What may be secret stands there as a keyed hash (`credentials`), which shows that it changed, not what it is.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from .bundle import portable
from .credentials import Mark, concealed, concealed_words, hashed_with, hidden, names_secret
from .param import Param, ParamType
from .task import Task

_HIDDEN = frozenset({"env"})  # fields whose values are shown as hashes
_LEFT_OUT = frozenset(
    {
        "line",  # moves when something above it grows
        "inherited",  # names the place that sets a field, not the value
        "bundled",  # where it lies on this machine
    }
)
_DEFAULTS: dict[type[Any], tuple[tuple[str, Any], ...]] = {}  # by dataclass: (name, default) of each field
_PLAIN = frozenset({str, int, float, bool})
_written = json.JSONEncoder(ensure_ascii=False, default=str).encode


def text(task: Task, key: bytes) -> str:
    """Every field that has not its default value, in the order of the declaration."""
    # A command is written out whole; of other jobs the file says what they do.
    left_out = {"digest"} if task.target.whole else set()
    task = portable(task, task.bundled)
    mark = hashed_with(key)
    return "".join(_line(path, value, mark) for path, value in _facts(task, mark, left_out | _LEFT_OUT))


def again(recorded: str, key: bytes) -> str:
    """A text that was recorded, as it would be recorded now: an earlier release hid less."""
    mark = hashed_with(key)
    return "".join(_recorded(line, mark) for line in recorded.splitlines(keepends=True))


def _recorded(line: str, mark: Mark) -> str:
    path, colon, said = line.partition(": ")
    try:
        return _line(path, json.loads(said), mark) if colon else line
    except ValueError:
        return line


def _line(path: str, value: Any, mark: Mark) -> str:
    if isinstance(value, str):
        *_, above, last = "", "", *path.split(".")
        whole = last == "default" and names_secret(above)
        value = hidden(value, mark) if whole else concealed(value, mark)
    elif isinstance(value, tuple | list) and all(isinstance(item, str) for item in value):
        value = concealed_words(value, mark)
    return f"{path}: {_written(value)}\n"


def digest(declared: str) -> str:
    return hashlib.sha256(declared.encode(errors="surrogatepass")).hexdigest()


def diff(before: str, after: str) -> str:
    """The lines that went ("-…") and came ("+…"), with one unchanged line around them."""
    lines = difflib.unified_diff(_lines(before), _lines(after), lineterm="", n=1)
    return "\n".join(list(lines)[2:])  # behind file names, of which there are none


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")  # nothing else ends a line: typed text may hold U+2028


def _facts(value: Any, mark: Mark, left_out: frozenset[str] | set[str]) -> list[tuple[str, Any]]:
    """(path, value) of all that it states. A list: of thousands of tasks, generators within each other would cost."""
    facts: list[tuple[str, Any]] = []

    def add(value: Any, path: str) -> None:
        if isinstance(value, Mapping):
            items = [(str(name), held) for name, held in value.items()]
        elif is_dataclass(value):
            items = [("kind", type(value).__name__)] if path == "target" else []
            items += [(name, held) for name, held in stated(value) if name not in left_out]
        elif isinstance(value, tuple | list) and any(is_dataclass(item) for item in value):
            items = [(str(getattr(item, "name", getattr(item, "value", at))), item) for at, item in enumerate(value)]
        else:
            facts.append((path, sorted(map(str, value)) if isinstance(value, frozenset) else value))
            return
        secret = isinstance(value, Param) and value.type is ParamType.SECRET
        for name, held in items:
            inner = f"{path}.{name}" if path else name
            if path in _HIDDEN or (secret and name == "default"):
                facts.append((inner, mark(json.dumps(held, default=str))))
            elif held is None or type(held) in _PLAIN:
                facts.append((inner, held))
            else:
                add(held, inner)

    add(value, "")
    return facts


def stated(value: Any) -> Iterator[tuple[str, Any]]:
    """(name, value) of the fields of a dataclass that have not their default value, in their order."""
    kind = type(value)
    if kind not in _DEFAULTS:
        _DEFAULTS[kind] = tuple((spec.name, _default(spec)) for spec in fields(kind))
    for name, default in _DEFAULTS[kind]:
        held = getattr(value, name)
        if default is MISSING or held != default or type(held) is not type(default):
            yield name, held


def _default(spec: Any) -> Any:
    """The product of a factory is only compared, so one of them will do."""
    return spec.default if spec.default_factory is MISSING else spec.default_factory()
