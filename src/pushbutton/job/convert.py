"""Inside the job: the canonical JSON inputs become the Python values that the function's hints ask for."""

from __future__ import annotations

import builtins
import datetime as dt
import inspect
import pathlib
import typing
from collections.abc import Callable, Mapping
from typing import Any

from .annotations import canonical, choices_of, unwrap
from .declare import SecretStr

__all__ = ["arguments"]

_MAKE: Mapping[Any, Callable[[Any], Any]] = {
    dt.date: dt.date.fromisoformat,
    dt.time: dt.time.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat,
    pathlib.Path: pathlib.Path,
    pathlib.PosixPath: pathlib.Path,
    pathlib.PurePath: pathlib.PurePath,
    float: float,
    SecretStr: SecretStr,
}


def arguments(work: Callable[..., Any], inputs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments to call `work` with. Inputs that it does not take are left out.

    An argument without input keeps its default, and gets None when it has none (its hint allows that); one whose input
    is None gets None. Raises
    ValueError for a value that is no longer among the choices.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name, parameter in inspect.signature(work).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        given = inputs.get(name)
        if given is not None:
            value = _value(work, name, parameter, given)
        elif name in inputs or parameter.default is parameter.empty:
            value = None
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            value = parameter.default  # a later one may be given, and they go by place
        else:
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[name] = value
    return args, kwargs


def _value(work: Callable[..., Any], name: str, parameter: inspect.Parameter, given: Any) -> Any:
    def resolve(source: str) -> Any:
        unwrapped = inspect.unwrap(work)
        return eval(source, getattr(unwrapped, "__globals__", vars(builtins)))  # noqa: S307 - the author's own hint

    hint = parameter.annotation
    if hint is parameter.empty:
        default = parameter.default
        make = _MAKE.get(type(default)) if default is not parameter.empty else None
        return make(given) if make else given
    try:
        hint = unwrap(hint, resolve)[0]
        choices = choices_of(hint, resolve)
        inner = [arg for arg in typing.get_args(hint) if arg is not Ellipsis]
        items = choices_of(inner[0], resolve) if isinstance(given, list) and inner else None
    except NameError:  # a hint that only type checkers can see
        return given
    if choices is not None:
        return _member(name, choices, given)
    if isinstance(given, list) and inner:
        origin = typing.get_origin(hint)
        if items is not None:
            many = [_member(name, items, item) for item in given]
        else:
            make = _MAKE.get(unwrap(inner[0], resolve)[0])
            many = [make(item) for item in given] if make else list(given)
        return origin(many) if origin in (set, frozenset, tuple) else many
    if isinstance(hint, type) and hint.__name__ == "SecretStr":
        return hint(given)
    make = _MAKE.get(hint) if isinstance(hint, type) else None
    return make(given) if make else given


def _member(name: str, choices: list[Any], given: Any) -> Any:
    for choice in choices:
        plain = canonical(choice)
        if plain == given and isinstance(plain, bool) == isinstance(given, bool):
            return choice
    raise ValueError(f"“{name}” has no choice {given!r} any more")
