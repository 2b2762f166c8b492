"""An input from the keys of a table, as `pushbutton.yaml` and the head of a script have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.job.options import FIELD, INPUTS, SCRIPT

from .numbers import as_offered, bare
from .schema import KeyPath

__all__ = ["KINDS", "PLAIN", "can_have", "input_of", "when_as_offered"]

PLAIN = [key for key, row in FIELD.items() if INPUTS[key] is row and SCRIPT in row.only]
"""The attributes of an input that stay as its file says them."""
KINDS = ("type", "choices", "choices_from")
"""The keys that say what values an input has."""
_NUMBERS = (ParamType.INT, ParamType.FLOAT)
_MOMENTS = (ParamType.DATE, ParamType.TIME, ParamType.DATETIME)
_TEXTS = (ParamType.STR, ParamType.SECRET)
_LONG = (*_TEXTS, ParamType.CHOICES, ParamType.LIST, ParamType.FILE)
_HAVING: Mapping[str, Sequence[ParamType]] = {
    "of": (ParamType.LIST,),
    "min": (*_NUMBERS, *_MOMENTS),
    "max": (*_NUMBERS, *_MOMENTS),
    "min_length": _LONG,
    "max_length": _LONG,
    "pattern": (*_TEXTS, ParamType.LIST),
    "pattern_text": _TEXTS,
    "example": (ParamType.STR, *_NUMBERS),
    "multiline": _TEXTS,
}


def can_have(kind: ParamType, each: ParamType, key: str) -> bool:
    """Whether a key has a meaning for an input of this type; `each`: what the values of a list are."""
    numbers = kind is ParamType.LIST and each in _NUMBERS and key in ("min", "max")
    return numbers or kind in _HAVING.get(key, (kind,))


def input_of(name: str, keys: Mapping[str, Any], at: KeyPath, wrong: list[tuple[KeyPath, str]]) -> Param:
    """Its mistakes are added to `wrong`, with their places."""
    if any(place in [(*at, key) for key in KINDS] for place, _ in wrong):
        return Param(name, ParamType.STR, required=False)  # of which nothing more can be said
    choices = tuple(Choice(*choice) for choice in keys.get("choices", ()))
    told = tuple(keys.get("choices_from", ()))
    kind = ParamType(keys.get("type", "choice" if choices or told else "file" if keys.get("upload") else "str"))
    if not name.isascii() or not name.isidentifier():
        wrong.append((at, f"“{name}” cannot be the name of an input: use letters, digits and “_”."))
    if choices and told:
        wrong.append(((*at, "choices_from"), f"“{name}” has choices already: leave one of the two out."))
    if bool(choices or told) != (kind in (ParamType.CHOICE, ParamType.CHOICES)):
        if choices or told:
            key = "choices" if choices else "choices_from"
            wrong.append(((*at, key), f"“{name}” has choices, so its type must be choice or choices."))
        else:
            wrong.append((at, f"“{name}” has nothing to choose from: add “choices”."))
    if "upload" in keys and keys["upload"] != (kind is ParamType.FILE):
        right = (
            "which nobody can bring along: make it file" if keys["upload"] else "which is brought along: make it str"
        )
        wrong.append(((*at, "upload"), f"“{name}” is {kind}, {right}, or leave “upload” out."))
    each = ParamType(keys.get("of", "str"))
    several = kind is ParamType.LIST
    wrong += [
        ((*at, key), f"“{name}” is {kind}, which can have no “{key}”.") for key in keys if not can_have(kind, each, key)
    ]
    numbers = (each if several else kind) in _NUMBERS
    right = "a number" if numbers else "in quotes"
    wrong += [
        ((*at, key), f"“{key}” of “{name}” must be {right}.")
        for key in ("min", "max")
        if key in keys and isinstance(keys[key], str) == numbers
    ]
    default = _default(keys.get("default"), kind, [choice.value for choice in choices])
    if several and default is not None and not isinstance(default, list):
        wrong.append(((*at, "default"), f"“default” of “{name}” must be a list."))
        default = None
    if kind is ParamType.STR and isinstance(default, bool | int | float):
        wrong.append(((*at, "default"), f"“default” of “{name}” must be text; put it in quotes."))
        default = None
    if kind in (ParamType.SECRET, ParamType.FILE) and default is not None:
        wrong.append(((*at, "default"), f"“{name}” is {kind}, which can have no default."))
        default = None
    if kind is ParamType.FLOAT and type(default) is int:
        default = float(default)
    return Param(
        name=name,
        type=kind,
        required=keys.get("required", default is None and kind is not ParamType.BOOL),
        default=False if kind is ParamType.BOOL and default is None else default,
        nullable=keys.get("required") is False and default is not None and kind is not ParamType.BOOL,
        choices=choices,
        choices_from=told,
        of=each,
        **{key: keys[key] for key in PLAIN if key in keys},
    )


def _default(given: Any, kind: ParamType, choices: list[Any]) -> Any:
    if kind is ParamType.CHOICES and isinstance(given, list):
        return [as_offered(one, choices) for one in given]
    if kind is ParamType.LIST and isinstance(given, list):
        return [bare(one) for one in given]
    return as_offered(given, choices) if kind is ParamType.CHOICE else bare(given)


def when_as_offered(param: Param, params: list[Param]) -> Param:
    """With the values that its “when” names as the other inputs have them."""
    if not param.when:
        return param
    offered = {other.name: [choice.value for choice in other.choices] for other in params}
    when = {name: [as_offered(one, offered.get(name, [])) for one in wanted] for name, wanted in param.when.items()}
    return replace(param, when=when)
