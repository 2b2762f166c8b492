"""A function's return value, as JSON can hold it. Nothing of it is lost, and nothing of it makes this fail."""

from __future__ import annotations

import base64
import collections.abc
import dataclasses
import datetime as dt
import enum
import math
from typing import Any

__all__ = ["plain"]

_DEEPEST = 40
_MORE = "…"  # what holds itself, or lies too deep


def plain(value: Any) -> Any:
    """Dates and times in ISO 8601, an enum's member as its value, bytes as text (as base64 where they are none), sets
    and other collections as lists, dataclasses, named tuples and models (pydantic, attrs) as tables, numbers of other
    packages as numbers; everything else, NaN among it, as its text.
    """
    return _plain(value, 0, frozenset())


def _plain(value: Any, depth: int, above: frozenset[int]) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if depth > _DEEPEST or id(value) in above:
        return _MORE
    try:
        return _inside(value, depth + 1, above | {id(value)})
    except Exception:  # noqa: BLE001 - a class of the author's may raise whatever it likes while it is looked at
        return _text(value)


def _inside(value: Any, depth: int, above: frozenset[int]) -> Any:
    def on(one: Any) -> Any:
        return _plain(one, depth, above)

    if isinstance(value, enum.Enum):
        return on(value.value)
    for kind in (bool, int, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    if isinstance(value, type):
        return _text(value)
    if callable(dump := getattr(value, "model_dump", None)):
        return on(dump())  # a model of pydantic: a table, or with a root whatever that is
    if (fields := _fields(value)) is not None:
        return {str(name): on(one) for name, one in fields.items()}
    if isinstance(value, collections.abc.Mapping):
        return {name if type(name := on(key)) is str else _text(key): on(one) for key, one in value.items()}
    if isinstance(value, collections.abc.Set):
        return sorted((on(one) for one in value), key=lambda one: (type(one).__name__, str(one)))
    if isinstance(value, collections.abc.Sequence | collections.abc.ValuesView | collections.deque):
        return [on(one) for one in value]
    for name in ("tolist", "item"):  # arrays and numbers of numpy and its kin
        if callable(method := getattr(value, name, None)):
            return on(method())
    return _text(value)


def _fields(value: Any) -> dict[str, Any] | None:
    """The fields of a dataclass, a named tuple, a model of attrs."""
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    if (attributes := getattr(type(value), "__attrs_attrs__", None)) is not None:
        return {one.name: getattr(value, one.name) for one in attributes}
    return None


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - as above
        return f"<{type(value).__name__}>"
