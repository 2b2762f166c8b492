"""The meaning of type hints: for the reading of a file, and for the job that gets its values."""

from __future__ import annotations

import datetime as dt
import enum
import types
import typing
from collections.abc import Callable
from typing import Any

Resolve = Callable[[str], Any]
"""Gives the meaning of a hint that stands in a string."""


def unwrap(hint: Any, resolve: Resolve) -> tuple[Any, bool, list[Any]]:
    """The hint without Annotated and Optional around it, whether None is allowed, and what Annotated said."""
    metadata: list[Any] = []
    optional = False
    while True:
        if isinstance(hint, str):
            hint = resolve(hint)
        elif isinstance(hint, typing.ForwardRef):
            hint = resolve(hint.__forward_arg__)
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif typing.get_origin(hint) is typing.Annotated:
            metadata = [*hint.__metadata__, *metadata]
            hint = hint.__origin__
        elif typing.get_origin(hint) in (typing.Union, types.UnionType):
            rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
            optional = optional or len(rest) < len(typing.get_args(hint))
            if len(rest) != 1:
                return hint, optional, metadata
            hint = rest[0]
        elif typing.get_origin(hint) in (typing.Final, typing.Required):
            hint = typing.get_args(hint)[0]
        else:
            return hint, optional, metadata


def choices_of(hint: Any, resolve: Resolve) -> list[Any] | None:
    """The values of a Literal or an Enum, as Python values; None for any other hint."""
    hint = unwrap(hint, resolve)[0]
    if typing.get_origin(hint) is typing.Literal:
        return [value for value in typing.get_args(hint) if value is not None]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return list(hint)
    return None


def canonical(value: Any) -> Any:
    """A value's JSON form: an enum member's value if that is text or a whole number, else its name; dates in ISO."""
    if isinstance(value, enum.Enum):
        inner = value.value
        return inner if type(inner) in (str, int) else value.name
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value
