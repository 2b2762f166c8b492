"""A task's declaration as text, one fact a line: two of them can be compared, and a person can read what changed.

What may be secret stands there as a keyed hash: one sees that it changed, not what it is.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from .param import Param, ParamType
from .task import CommandTarget, Task

_HIDDEN = frozenset({"env"})  # fields whose values are shown as hashes
_LEFT_OUT = frozenset({"line"})  # moves when something above it grows


def text(task: Task, key: bytes) -> str:
    """Everything that is not as it is by default, in the order of the declaration."""
    # A command is written out whole; of other jobs the file says what they do.
    left_out = {"digest"} if isinstance(task.target, CommandTarget) else set()
    facts = _facts(task, "", key, left_out | _LEFT_OUT)
    return "".join(f"{path}: {json.dumps(value, ensure_ascii=False)}\n" for path, value in facts)


def digest(declared: str) -> str:
    return hashlib.sha256(declared.encode(errors="surrogatepass")).hexdigest()


def diff(before: str, after: str) -> str:
    """The lines that went ("-…") and came ("+…"), with one unchanged line around them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def _facts(value: Any, path: str, key: bytes, left_out: frozenset[str] | set[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        items = [(str(name), held) for name, held in value.items()]
    elif is_dataclass(value):
        items = [("kind", type(value).__name__)] if path == "target" else []
        items += [
            (spec.name, getattr(value, spec.name))
            for spec in fields(value)
            if spec.name not in left_out and not _by_default(spec, getattr(value, spec.name))
        ]
    elif isinstance(value, tuple | list) and any(is_dataclass(item) for item in value):
        items = [(str(getattr(item, "name", getattr(item, "value", place))), item) for place, item in enumerate(value)]
    else:
        yield path, list(value) if isinstance(value, tuple | frozenset) else value
        return
    for name, held in items:
        inner = f"{path}.{name}" if path else name
        if path in _HIDDEN or (isinstance(value, Param) and value.type is ParamType.SECRET and name == "default"):
            yield inner, f"(hash {_hidden(held, key)})"
        else:
            yield from _facts(held, inner, key, left_out)


def _by_default(spec: Any, value: Any) -> bool:
    default = spec.default_factory() if spec.default_factory is not MISSING else spec.default
    return bool(default is not MISSING and value == default and type(value) is type(default))


def _hidden(value: Any, key: bytes) -> str:
    return hmac.new(key, json.dumps(value).encode(), hashlib.sha256).hexdigest()[:16]
