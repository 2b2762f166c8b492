"""The arguments of a function of the file, with their hints and defaults as values."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from .machine import Machine
from .values import UNKNOWN, Function

__all__ = ["NONE", "hint_of", "parts"]

NONE = inspect.Parameter.empty
"""Where there is no default."""


def parts(function: Function, machine: Machine) -> list[tuple[ast.arg, Any, Any]]:
    """Of each argument: itself, its hint (None: none), and its default."""
    spec = function.node.args
    places = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(places) - len(spec.defaults)) + spec.defaults
    pairs = [*zip(places, defaults, strict=True), *zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
    return [
        (
            arg,
            hint_of(machine, arg.annotation, function),
            machine.value(default, function.names) if default is not None else NONE,
        )
        for arg, default in pairs
    ]


def hint_of(machine: Machine, node: ast.expr | None, function: Function) -> Any:
    if node is None:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return UNKNOWN
    return machine.value(node, function.names)
