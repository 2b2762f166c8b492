"""The meaning of a `type=` or a hint for a typed value."""

from __future__ import annotations

from typing import Any

from .values import Outside

__all__ = ["meant"]

_NAMED = {
    "int": "int",
    "float": "float",
    "str": "str",
    "complex": "str",
    "pathlib.Path": "path",
    "pathlib.PurePath": "path",
    "datetime.date.fromisoformat": "date",
    "datetime.datetime.fromisoformat": "datetime",
    "datetime.time.fromisoformat": "time",
    "open": "file",
    "decimal.Decimal": "str",
}


def meant(told: Any) -> str:
    """The type of an `Argument`. Whatever is not known here takes text: the script refuses what it cannot use."""
    return _NAMED.get(told.name, "str") if isinstance(told, Outside) else "str"
