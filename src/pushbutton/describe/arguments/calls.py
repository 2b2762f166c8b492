"""Calls, while a source is walked through: functions and classes of the file are entered, harmless ones of Python's own
are done, and those of a library are told by whoever knows it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from .expressions import CHANGES, LONGEST, Expressions, calm
from .values import (
    UNKNOWN,
    Class,
    Function,
    Instance,
    Left,
    Model,
    Names,
    Outside,
    Returned,
    Unknown,
    known,
    merged,
    same,
    size,
)

__all__ = ["Calls"]

_DEEPEST = 60  # calls within each other
_CALLS = frozenset(
    {
        *("bool", "dict", "float", "frozenset", "int", "list", "range", "set", "sorted", "str", "tuple", "len", "min"),
        *("max", "abs", "round", "zip", "enumerate", "reversed"),
    }
)
_KEEPS = frozenset(
    {"argparse", "optparse", "click", "typer", "functools", "signal", "atexit", "logging", "map", "filter", "sorted"}
)
"""They keep a function that they are given for later, or hand it on."""


class Calls(Expressions):
    """`outside(name, node, args, kwargs)` tells what a call of something imported gives, `NotImplemented` where nobody
    knows. `kwargs` has the key None where some are unknown; of `args`, an `ast.Starred` stands for those.
    """

    outside: Callable[..., Any]
    depth = 0

    def __init__(self) -> None:
        self.running: list[list[Any]] = []  # what each function that is entered may have given
        self._entered: list[Any] = []

    def body(self, body: list[ast.stmt], names: Names) -> None:
        raise NotImplementedError

    def _of_Call(self, node: ast.Call, names: Names) -> Any:
        called = self.value(node.func, names)
        args: list[Any] = []
        for one in node.args:
            if isinstance(one, ast.Starred):
                items = self.items(self.value(one.value, names))
                args.extend([one] if items is None else items)
            else:
                args.append(self.value(one, names))
        kwargs: dict[Any, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, names)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, dict):
                kwargs.update(value)
            else:
                kwargs[None] = UNKNOWN
        if isinstance(called, Outside) and called.name == "super":
            return _Super(self, names)
        return self.call(called, node, args, kwargs)

    def call(self, called: Any, node: ast.AST, args: list[Any], kwargs: dict[Any, Any], *, follow: bool = True) -> Any:
        if isinstance(called, Function):
            return self.enter(called, args, kwargs) if follow else UNKNOWN
        if isinstance(called, Class):
            return self._make(called, node, args, kwargs)
        if isinstance(called, Model):
            return called.apply(args[0] if args else None, node)
        if isinstance(called, Outside):
            return self._call_outside(called.name, node, args, kwargs)
        if callable(called):
            owner = getattr(called, "__self__", None)
            if isinstance(owner, Model):
                return (
                    called(node, *args, **kwargs)
                    if None not in kwargs
                    else called(node, *args, **named(kwargs), unknown=True)
                )
            if isinstance(owner, (list, dict, set)) and called.__name__ in CHANGES.get(type(owner), ()):
                return called(*args, **kwargs)
            if all(known(one) or isinstance(one, (list, tuple, dict)) for one in (*args, *kwargs.values())):
                return self._plain(called, args, kwargs)
        return UNKNOWN

    def _plain(self, called: Any, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        """Of something of Python's own, with plain arguments; `UNKNOWN` where it could make much of little."""
        owner, name, given = getattr(called, "__self__", ""), getattr(called, "__name__", ""), [*args, *kwargs.values()]
        if name in ("format", "join") and not all(known(one) for one in given):
            return UNKNOWN
        if name == "format" and isinstance(owner, str) and not calm(owner):
            return UNKNOWN
        if sum(map(size, [owner, *given])) > LONGEST or any(isinstance(one, int) and one > LONGEST for one in given):
            return UNKNOWN
        return called(*args, **kwargs)

    def _call_outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        if name in ("sys.exit", "exit", "quit", "os._exit"):
            raise Left
        told = self.outside(name, node, args, kwargs)
        if told is not NotImplemented:
            return told
        if name in _CALLS and None not in kwargs:
            if name in ("list", "tuple", "sorted", "set", "frozenset") and len(args) == 1 and not kwargs:
                items = self.items(args[0])
                if items is None:
                    return UNKNOWN
                if name in ("list", "tuple"):
                    return items if name == "list" else tuple(items)
                if not all(known(item) for item in items):
                    return UNKNOWN
                return sorted(items) if name == "sorted" else list(dict.fromkeys(items))
            if name in ("zip", "enumerate", "dict", "len", "reversed") or all(
                known(one) for one in (*args, *kwargs.values())
            ):
                return self._plain(getattr(builtins, name), args, kwargs)
            return UNKNOWN
        if name in {"isinstance", "hasattr"}:
            return UNKNOWN
        if name in ("textwrap.dedent", "inspect.cleandoc") and args and isinstance(args[0], str):
            return textwrap.dedent(args[0]) if name == "textwrap.dedent" else inspect.cleandoc(args[0])
        if name == "os.path.join" and all(isinstance(one, str) for one in args):
            return "/".join(args)
        if name in ("pathlib.Path", "pathlib.PurePath") and len(args) == 1 and isinstance(args[0], str):
            return args[0]
        if name == "os.path.basename" and args and isinstance(args[0], str):
            return args[0].rpartition("/")[2]
        if name == "print":
            return None
        for one in (*args, *kwargs.values()):  # `app.run(main)`, `Thread(target=main)`
            if isinstance(one, Function) and name.partition(".")[0] not in _KEEPS:
                self.enter(one, [], {None: UNKNOWN})
        return UNKNOWN

    def made(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        return self.outside(name, node, args, kwargs)

    def _make(self, made_of: Class, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        made = Instance(made_of)
        start = made_of.find("__init__")
        base = made_of.outside()
        if isinstance(start, Function):
            self.enter(Function(start.node, start.names, made), args, kwargs)
        elif base is not None:
            told = self.outside(base.name, node, args, kwargs)
            if told is not NotImplemented:
                made.attributes["base "] = told
        return made

    def enter(self, function: Function, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        """The function's result with these arguments."""
        node = function.node
        if self.depth >= _DEEPEST or sum(one is node for one in self._entered) > 1:
            return UNKNOWN
        local = self._arguments(function, args, kwargs)
        if isinstance(node, ast.Lambda):
            return self.value(node.body, [*function.names, local])
        self.depth += 1
        self._entered.append(node)
        self.running.append([])
        try:
            self.body(node.body, [*function.names, local])
            given: Any = None
        except Returned as done:
            given = done.value
        finally:
            self.depth -= 1
            self._entered.pop()
            perhaps = self.running.pop()
        found = [one for one in [*perhaps, given] if one is not None and not isinstance(one, Unknown)]
        if not found:
            return UNKNOWN if perhaps else given
        return found[0] if all(same(found[0], one) for one in found) else merged(found)

    def _arguments(self, function: Function, args: list[Any], kwargs: dict[Any, Any]) -> dict[str, Any]:
        spec = function.node.args
        places = [one.arg for one in [*getattr(spec, "posonlyargs", []), *spec.args]]
        given = [function.of, *args] if function.of is not None else list(args)
        local: dict[str, Any] = {}
        for name, default in zip(reversed(places), reversed(spec.defaults), strict=False):
            local[name] = self.value(default, function.names)
        for one, default_node in zip(spec.kwonlyargs, spec.kw_defaults, strict=False):
            local[one.arg] = self.value(default_node, function.names) if default_node is not None else UNKNOWN
        if any(isinstance(one, ast.Starred) for one in given) or None in kwargs:
            local = dict.fromkeys(local, UNKNOWN)
        else:
            for name, value in zip(places, given, strict=False):
                local[name] = value
        local.update({name: value for name, value in kwargs.items() if name is not None})
        for name in places:
            local.setdefault(name, UNKNOWN)
        if function.of is not None and places:
            local[places[0]] = function.of
        if spec.vararg is not None:
            local[spec.vararg.arg] = tuple(given[len(places) :])
        if spec.kwarg is not None:
            own = {*places, *(one.arg for one in spec.kwonlyargs)}
            local[spec.kwarg.arg] = {
                name: value for name, value in kwargs.items() if name not in own and name is not None
            }
        return local


def named(kwargs: dict[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if name is not None}


class _Super(Model):
    """`super()` in a method: the calls go to what is imported, and what comes of it is the object's base."""

    def __init__(self, machine: Calls, names: Names) -> None:
        self._machine = machine
        self._owner = next(
            (value for scope in reversed(names) for value in scope.values() if isinstance(value, Instance)), None
        )

    def attribute(self, name: str) -> Any:
        owner = self._owner
        if owner is None:
            return UNKNOWN
        for base in owner.made_of.bases:
            found = base.find(name) if isinstance(base, Class) else None
            if isinstance(found, Function):
                return Function(found.node, found.names, owner)
        if name == "__init__":
            return self.begin
        base = owner.attributes.get("base ")
        return self._machine.attribute(base, name) if base is not None else UNKNOWN

    def begin(self, node: ast.AST, *args: Any, unknown: bool = False, **kwargs: Any) -> None:
        owner = self._owner
        base = owner.made_of.outside() if owner is not None else None
        if owner is not None and base is not None:
            told = self._machine.made(base.name, node, list(args), {**kwargs, **({None: UNKNOWN} if unknown else {})})
            if told is not NotImplemented:
                owner.attributes["base "] = told
