"""Inputs as a file says them: the keys of `job.options.INPUTS` from a param and its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.ways import By, Way

__all__ = ["correcting", "declaring"]

_BOUNDS = ("min", "max")


def correcting(param: Param, read: Param) -> dict[str, Any]:
    """A head's options for an input that is read from the source as `read`, so that it is `param`. Its default is said
    only where it is another one: one that is said may be cleared.
    """
    keys: dict[str, Any] = {key: getattr(param, key) for key in ("label", "help") if getattr(param, key)}
    if param.choices:
        keys["choices"] = _choices(param.choices)
    if param.default != read.default:
        keys["default"] = param.default
    if param.required and param.type is not ParamType.BOOL:
        keys["required"] = True
    return keys


def declaring(param: Param, way: Way, place: int = 0, *, last: bool = True) -> dict[str, Any]:
    """The whole of an input. `place`: which operand it is, where it is one; `last`: no other stands behind it."""
    keys: dict[str, Any] = {key: getattr(param, key) for key in ("label", "help") if getattr(param, key)}
    passed = _passed(param, way, place, last=last)
    several = param.type in (ParamType.LIST, ParamType.CHOICES)
    plain = param.type in (ParamType.STR, ParamType.CHOICE) or several or "count" in passed or "off" in passed
    if not plain or (several and not {"repeat", "place", "words"} & passed.keys()):
        keys["type"] = str(param.type)
    if param.type is ParamType.LIST and param.of is not ParamType.STR:
        keys["of"] = str(param.of)
    keys |= passed
    if param.choices:
        keys["choices"] = _choices(param.choices)
    if "count" in keys:
        return keys
    if param.default is not None and not (param.type is ParamType.BOOL and param.default is False):
        keys["default"] = param.default
    implied = param.default is None and param.type is not ParamType.BOOL
    if param.required != implied and param.type is not ParamType.BOOL:
        keys["required"] = param.required
    keys |= {key: getattr(param, key) for key in _BOUNDS if getattr(param, key) is not None}
    return keys | ({"dash": True} if param.dash else {})


def _passed(param: Param, way: Way, place: int, *, last: bool) -> dict[str, Any]:
    if way.by is By.ENV:
        return {"pass": "env"}
    if way.by is not By.OPTION:
        several = param.type in (ParamType.LIST, ParamType.CHOICES)
        if several and not last:
            return {"place": place, "words": _number(param)}
        return {"place": "rest" if several else place}
    keys: dict[str, Any] = {"flag": way.flag or f"--{param.name.replace('_', '-')}"}
    if way.off:
        return keys | {"off": way.off}
    if way.count:
        return keys | {"count": True}
    if way.repeat:
        return keys | {"repeat": True}
    if way.words:
        return keys | {"words": _number(param)}
    return keys | ({"words": 1} if way.split else {})


def _number(param: Param) -> int | str:
    if param.max_length is not None and param.max_length == param.min_length:
        return param.max_length
    return "+" if param.min_length else "*"


def _choices(choices: Sequence[Choice]) -> list[Any] | Mapping[Any, Any]:
    """A list, or a table where texts stand beside the values."""
    if not any(choice.label or choice.help for choice in choices):
        return [choice.value for choice in choices]
    return {
        choice.value: [choice.label or str(choice.value), choice.help] if choice.help else choice.label
        for choice in choices
    }
