"""A type hint becomes a param. The keys of the result are those of `domain.param.Param`, as plain JSON."""

from __future__ import annotations

import collections.abc
import datetime as dt
import enum
import math
import pathlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pushbutton.job.annotations import Resolve, canonical, choices_of, unwrap
from pushbutton.job.declare import Field, SecretStr
from pushbutton.job.kinds import Unfit
from pushbutton.job.options import FIELD, INPUTS, PYTHON, unknown

from .brought import is_brought
from .evaluate import Foreign, NotPlain
from .title import title_of

__all__ = ["MISSING", "UNKNOWN", "WrongHint", "describe"]

MISSING: Any = object()
"""There is no hint, or no default."""
UNKNOWN: Any = object()
"""There is a default that only running tells."""

_PLAIN: Mapping[Any, str] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    dt.date: "date",
    dt.time: "time",
    dt.datetime: "datetime",
    pathlib.Path: "file",
    pathlib.PosixPath: "file",
    pathlib.PurePath: "file",
    SecretStr: "secret",
}
_LISTED: Mapping[Any, str] = {
    str: "str",
    int: "int",
    float: "float",
    pathlib.Path: "str",
    pathlib.PurePath: "str",
}
"""Of a list: what each of its values is. A path in a list is one on the server: only a single file is uploaded."""
_MANY = (list, set, frozenset, tuple, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_LENGTHS = ("min_length", "max_length")


class WrongHint(Exception):
    """The hint is understood, and no form can ask for it: one sentence or more."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


def describe(name: str, hint: Any, default: Any, resolve: Resolve) -> dict[str, Any]:
    """The param. `hint` and `default` may be MISSING, `default` also UNKNOWN. Raises `WrongHint`, `NotPlain`."""
    if hint is MISSING:
        hint = str if default is MISSING or default is None or type(default) not in _PLAIN else type(default)
    hint, optional, metadata = unwrap(hint, resolve)
    param: dict[str, Any] = {"name": name, "required": default is MISSING and not optional}
    offering = next(
        (found for data in metadata if isinstance(data, Field) and (found := data.given.get("choices"))), None
    )
    param.update(_typed(name, hint, resolve) if offering is None else _offered(name, hint, offering))
    wrong: list[str] = []
    for data in metadata:
        if isinstance(data, Field):
            _say(param, data, wrong)
        else:
            _constrain(param, data)
    wrong += _not_a_path(param, hint)
    _bring(param, default)
    wrong += [] if wrong else _unfitting(param)
    if (
        default is not MISSING
        and default is not UNKNOWN
        and default is not None
        and param["type"] not in ("secret", "file")
    ):
        try:
            param["default"] = _default(param, _as_written(default))
        except WrongHint as another:
            wrong += another.sentences
        if optional:
            param["nullable"] = True
    low, high = param.get("min"), param.get("max")
    if not wrong and low is not None and high is not None and low > high:
        wrong.append(f"the least value of “{name}” ({low}) is above its greatest ({high})")
    if wrong:
        raise WrongHint(*wrong)
    return param


def _bring(param: dict[str, Any], default: Any) -> None:
    """A path without a default is brought along, unless its name says that it is where something goes; any other is
    one on the server. `Field(upload=…)` says otherwise.
    """
    said = param.pop("upload", None)
    if param["type"] == "file" and not (
        said if said is not None else default in (MISSING, None) and is_brought(param["name"])
    ):
        param["type"] = "str"


def _not_a_path(param: Mapping[str, Any], hint: Any) -> Iterator[str]:
    if "upload" in param and param["type"] != "file":
        yield f"“upload” is about a path, and “{param['name']}” is {_name(hint)}"


def _as_written(default: Any) -> Any:
    return str(default) if isinstance(default, pathlib.PurePath) else default


def _typed(name: str, hint: Any, resolve: Resolve) -> dict[str, Any]:
    if isinstance(hint, collections.abc.Hashable) and hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if _name(hint).rpartition(".")[2] == "SecretStr":
        return {"type": "secret"}
    if (choices := choices_of(hint, resolve)) is not None:
        return {"type": "choice", "choices": _choices(name, choices)}
    if isinstance(hint, Foreign):
        raise NotPlain(None, f"the type of “{name}” ({hint.name}) is only known when the file runs")
    args = [arg for arg in typing.get_args(hint) if arg is not Ellipsis]
    if typing.get_origin(hint) in _MANY and len(args) == 1:
        inner = unwrap(args[0], resolve)[0]
        if (choices := choices_of(inner, resolve)) is not None:
            return {"type": "choices", "choices": _choices(name, choices)}
        if isinstance(inner, Foreign):
            raise NotPlain(None, f"the type of “{name}” ({inner.name}) is only known when the file runs")
        if isinstance(inner, collections.abc.Hashable) and inner in _LISTED:
            return {"type": "list", "of": _LISTED[inner]}
        raise WrongHint(
            f"a form cannot ask for “{name}: {_name(hint)}”; use list[str], list[int], list[float], list[Path], "
            "list[Literal[…]] or list of an Enum"
        )
    raise WrongHint(
        f"a form cannot ask for “{name}: {_name(hint)}”; use str, int, float, bool, date, time, datetime, "
        "Literal, Enum, list[Literal[…]], Path or SecretStr"
    )


def _offered(name: str, hint: Any, function: Any) -> dict[str, Any]:
    """Choices that a function of the file tells when they are asked for."""
    args = [arg for arg in typing.get_args(hint) if arg is not Ellipsis]
    many = typing.get_origin(hint) in _MANY and args == [str]
    if hint is not str and not many:
        raise WrongHint(f"“{name}” takes its choices from a function, so its type must be str or list[str]")
    called = function.name.rpartition(".")[2] if isinstance(function, Foreign) else getattr(function, "__name__", "")
    if not called.isidentifier():
        raise WrongHint(f"the choices of “{name}” must be a function of this file, by its name")
    return {"type": "choices" if many else "choice", "choices_from": called}


def _choices(name: str, values: list[Any]) -> list[dict[str, Any]]:
    if not values:
        raise WrongHint(f"“{name}” has nothing to choose from")
    choices: list[dict[str, Any]] = []
    for value in values:
        plain = canonical(value)
        if type(plain) not in (str, int, float, bool):
            raise WrongHint(f"“{name}” offers {value!r}; a choice must be text, a number, or true or false")
        if any(type(one["value"]) is type(plain) and one["value"] == plain for one in choices):
            raise WrongHint(f"“{name}” offers {plain!r} twice, once as {value}: give one of them another value")
        label = title_of(value.name) if isinstance(value, enum.Enum) else ""
        choices.append({"value": plain, "label": label})
    return choices


def _constrain(param: dict[str, Any], data: Any) -> None:
    """A text (help), or anything with the attributes of annotated_types and of pydantic's Field."""
    if isinstance(data, str):
        param.setdefault("help", data)
        return
    for inner in _get(data, "metadata") or ():
        _constrain(param, inner)
    for key, theirs in (("label", "title"), ("help", "description"), ("pattern", "pattern")):
        text = _get(data, theirs)
        if isinstance(text, str) and text:
            param[key] = text
    if isinstance(data, Foreign) and data.name.startswith("typer."):
        for key, kind in (("help", str), ("min", (int, float)), ("max", (int, float))):
            if isinstance(given := data.kwargs.get(key), kind):
                param[key] = given
    for key in _LENGTHS:
        if isinstance(length := _get(data, key), int):
            param[key] = length
    for key, theirs, way in (("min", "ge", 0), ("max", "le", 0), ("min", "gt", 1), ("max", "lt", -1)):
        if (bound := _get(data, theirs)) is not None:
            param[key] = _beyond(param, bound, way)


def _say(param: dict[str, Any], data: Field, wrong: list[str]) -> None:
    """The facts of our `Field` about it. Impossible ones are added to `wrong`, a sentence each."""
    for key, given in data.given.items():
        if key not in FIELD:
            hint = unknown(key, PYTHON, {**INPUTS, **FIELD})
            wrong.append(f"there is no option named “{key}” for Field.{hint}")
            continue
        if given in (None, "", {}):
            continue
        value = {name: _wanted(one) for name, one in given.items()} if key == "when" and _is_table(given) else given
        try:
            found = FIELD[key].kind.read(canonical(value))
        except Unfit as error:
            wrong.append(f"“{key}” of “{param['name']}” must be {error}")
            continue
        if key == "labels":
            _label(param, found)
        elif key != "choices":
            param[key] = found


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _label(param: dict[str, Any], labels: Mapping[Any, tuple[str, ...]]) -> None:
    for choice in param.get("choices", ()):
        for value, (label, *more) in labels.items():
            if canonical(value) == choice["value"]:
                choice["label"], choice["help"] = label, "".join(more)


def _wanted(value: Any) -> list[Any]:
    """One value or several, as JSON has them."""
    many = isinstance(value, list | tuple | set | frozenset)
    return [canonical(one) for one in value] if many else [canonical(value)]


def _get(data: Any, name: str) -> Any:
    """An attribute; for a package that was not imported, what its call was given: Ge(1) as ge, Field(ge=1) too."""
    if not isinstance(data, Foreign):
        found = getattr(data, name, None)
        return None if callable(found) else found
    last = data.name.rpartition(".")[2]
    if {"Ge": "ge", "Gt": "gt", "Le": "le", "Lt": "lt", "MinLen": "min_length", "MaxLen": "max_length"}.get(
        last
    ) == name:
        return data.args[0] if data.args else data.kwargs.get(name)
    if last == "Len" and name in _LENGTHS and len(data.args) > _LENGTHS.index(name):
        return data.args[_LENGTHS.index(name)]
    return data.kwargs.get(name)


def _beyond(param: Mapping[str, Any], bound: Any, way: int) -> Any:
    """The nearest value inside an open range; our ranges are closed."""
    if not way:
        return canonical(bound)
    if param["type"] == "int":
        return math.floor(bound) + 1 if way > 0 else math.ceil(bound) - 1
    if isinstance(bound, int | float):
        return math.nextafter(bound, math.inf * way)
    unit = dt.timedelta(days=way) if type(bound) is dt.date else dt.timedelta(seconds=way)
    return canonical(bound + unit)


def _unfitting(param: Mapping[str, Any]) -> Iterator[str]:
    """The constraints that are not of a kind that the type can have, a sentence each."""
    name, kind = param["name"], param["type"]
    if kind not in ("str", "secret", "choices", "list", "file"):
        for key in (*_LENGTHS, "pattern"):
            if key in param:
                yield f"“{name}” is no text, so it can have no {key}"
    right = {"int": (int, float), "float": (int, float), "date": (str,), "time": (str,), "datetime": (str,)}
    for key in ("min", "max"):
        if key in param and type(param[key]) not in right.get(param.get("of", kind), ()):
            yield f"“{name}” is {kind}, so its {key} cannot be {param[key]!r}"


def _default(param: Mapping[str, Any], default: Any) -> Any:
    name, kind = param["name"], param["type"]
    if kind == "choices":
        given = [canonical(value) for value in default]
        if "choices_from" in param:
            return given
        offered = [choice["value"] for choice in param["choices"]]
        if any(value not in offered for value in given):
            raise WrongHint(f"the default of “{name}” is not among its choices")
        return [value for value in offered if value in given]
    if kind == "list":
        if not isinstance(default, list | tuple | set | frozenset):
            raise WrongHint(f"the default of “{name}” is {type(default).__name__}, and the hint says list")
        one = {"name": name, "type": param["of"]}
        return [_default(one, _as_written(item)) for item in default]
    plain = canonical(default)
    if (
        kind == "choice"
        and "choices_from" not in param
        and plain not in [choice["value"] for choice in param["choices"]]
    ):
        raise WrongHint(f"the default of “{name}” is not among its choices")
    if kind == "float" and type(plain) is int:
        plain = float(plain)
    if isinstance(plain, float) and not math.isfinite(plain):
        raise WrongHint(f"the default of “{name}” is no number that can be written down")
    right = {"int": int, "float": float, "bool": bool, "choice": type(plain)}.get(kind, str)
    if type(plain) is not right:
        raise WrongHint(f"the default of “{name}” is {type(default).__name__}, and the hint says {kind}")
    return plain


def _name(hint: Any) -> str:
    if isinstance(hint, Foreign):
        return hint.name
    if isinstance(hint, type) and not typing.get_args(hint):
        return hint.__qualname__
    return str(hint).replace("typing.", "")
