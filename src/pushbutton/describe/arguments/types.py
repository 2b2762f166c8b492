"""What a `type=` or a hint means for a value that is typed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .machine import Machine
from .values import Class, Function, Outside

__all__ = ["Meant", "meant"]

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


@dataclass
class Meant:
    type: str = "str"
    choices: tuple[Any, ...] = ()
    min: Any = None
    max: Any = None


def meant(told: Any, machine: Machine | None) -> Meant:
    """Whatever it does not know takes text: the script itself refuses what it cannot use."""
    if isinstance(told, Outside):
        return Meant(_NAMED.get(told.name, "str"))
    if isinstance(told, Class) and machine is not None and machine.is_enum(told):
        return Meant()  # it is called with the value, and its choices are shown by their names: text
    if isinstance(told, Function):
        return Meant()
    return Meant()
