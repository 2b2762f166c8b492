"""Work out what a plain expression of a Python file means, without running the file.

The names of a module are bound to what its source says of them and are worked out only when they are asked for.
Constants, containers, names, attributes, subscripts, operators, enums and a short list of harmless calls have a
value; whatever else there is raises `NotPlain`. Modules of the standard library are imported for real (except
those that act when they are imported); everything else that is imported becomes a `Foreign` name.
"""

from __future__ import annotations

import ast
import builtins
import datetime as dt
import enum
import importlib
import pathlib
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from pushbutton.job import context, declare, result, secret

from .operators import BINARY, COMPARE, UNARY

__all__ = ["Foreign", "Function", "NotPlain", "Scope", "real"]

_ACTING = frozenset({"antigravity", "this", "idlelib", "turtle", "turtledemo", "tkinter", "test", "__main__"})

_OF_A_MODULE = frozenset({"__package__", "__loader__", "__spec__"})
"""Names that every module has, so the one of the builtins is not meant."""

_OURS: Mapping[str, object] = {
    "Field": declare.Field,
    "SecretStr": declare.SecretStr,
    "task": declare.task,
    "artifact": context.artifact,
    "progress": context.progress,
    "result": result,
    "secret": secret.secret,
    "status": context.status,
    "step": context.step,
}

_CALLS: tuple[object, ...] = (
    *(bool, dict, float, frozenset, int, list, range, set, sorted, str, tuple, len, min, max, abs, round),
    *(dt.date, dt.time, dt.datetime, dt.timedelta, dt.timezone),
    *(pathlib.Path, pathlib.PurePath, re.compile, enum.auto, types.MappingProxyType),
    *(typing.cast, typing.NewType, typing.TypeVar, declare.Field, declare.SecretStr),
)
_METHODS: Mapping[type, tuple[str, ...]] = {
    str: ("split", "lower", "upper", "title", "strip", "replace", "join", "format", "removeprefix", "removesuffix"),
    dict: ("keys", "values", "items", "get"),
}
_OPERATORS = {**BINARY, **UNARY, **COMPARE}


class NotPlain(Exception):
    """The expression has no value unless the file runs."""

    def __init__(self, node: ast.AST | None, why: str) -> None:
        super().__init__(why)
        self.node = node


class Foreign:
    """Something that another package defines; only its dotted name is known, and what it was called with."""

    __slots__ = ("args", "kwargs", "name")

    def __init__(self, name: str, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> None:
        self.name, self.args, self.kwargs = name, args, kwargs or {}

    def __call__(self, *args: Any, **kwargs: Any) -> Foreign:
        return Foreign(self.name, args, kwargs)

    def __getattr__(self, name: str) -> Foreign:
        if name.startswith("__"):  # so that nobody takes it for what it is not
            raise AttributeError(name)
        return Foreign(f"{self.name}.{name}")

    def __getitem__(self, item: Any) -> Foreign:
        return Foreign(f"{self.name}[…]")

    # These would tell something of its value. Without `__iter__`, Python would ask `__getitem__` for one item after the
    # other, and never come to an end.

    def __iter__(self) -> Any:
        raise NotPlain(None, f"what is in {self.name} is only known when the file runs")

    def __contains__(self, item: Any) -> bool:
        return bool(self.__iter__())

    __len__ = __iter__

    def __bool__(self) -> bool:
        raise NotPlain(None, f"{self.name} is only known when the file runs")

    def __or__(self, other: Any) -> Any:
        return typing.Union[self, other]  # noqa: UP007 - `|` is what this defines

    def __ror__(self, other: Any) -> Any:
        return typing.Union[other, self]  # noqa: UP007


class Function:
    """A function of the file, which is not run: only its name is known."""

    __slots__ = ("__name__",)

    def __init__(self, name: str) -> None:
        self.__name__ = name


class Scope:
    """The names of one module. `value(node)` works an expression out or raises `NotPlain`."""

    def __init__(self, module: ast.Module, name: str, file: str) -> None:
        self._bound: dict[str, ast.AST | tuple[str, str] | None] = {}  # None: bound in a way that only running tells
        self._known: dict[str, Any] = {"__name__": name, "__file__": file, "__doc__": ast.get_docstring(module)}
        self._asked: set[str] = set()
        self._collect(module.body)

    def value(self, node: ast.expr) -> Any:
        try:
            return self._value(node)
        except NotPlain:
            raise
        except RecursionError:
            raise NotPlain(node, "it is too deep") from None
        except MemoryError:
            raise NotPlain(node, "it needs more memory than reading a file may take") from None
        except Exception as error:  # noqa: BLE001 - whatever the author's expression raises
            raise NotPlain(node, f"{type(error).__name__}: {error}") from None

    def text(self, source: str) -> Any:
        """The value of an expression that stands in a string, as hints may."""
        try:
            return self.value(ast.parse(source.strip(), mode="eval").body)
        except SyntaxError:
            raise NotPlain(None, f"“{source}” is no type") from None

    def origin(self, node: ast.AST | None, depth: int = 20) -> str:
        """The package outside of the standard library that an expression is of or is made by: "click" for
        `@cli.command()`, where `cli` is a function below `@click.group()`; "" where there is none.
        """
        if depth == 0:
            return ""
        match node:
            case ast.Name(id=name):
                bound = self._bound.get(name)
                if isinstance(bound, tuple):
                    top = bound[0].partition(".")[0]
                    return "" if real(top) else top
                return self.origin(bound, depth - 1)
            case ast.Attribute(value=owner) | ast.Subscript(value=owner) | ast.Call(func=owner):
                return self.origin(owner, depth - 1)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return next(filter(None, (self.origin(one, depth - 1) for one in node.decorator_list)), "")
        return ""

    # -- names

    def _collect(self, body: list[ast.stmt]) -> None:
        for stmt in body:
            match stmt:
                case ast.Import(names=names):
                    for alias in names:
                        whole = alias.name if alias.asname else alias.name.partition(".")[0]
                        self._bound[alias.asname or whole] = (whole, "")
                case ast.ImportFrom(module=module, names=names, level=level):
                    for alias in names:
                        self._bound[alias.asname or alias.name] = ("." * level + (module or ""), alias.name)
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self._bound[name] = stmt
                case ast.Assign(targets=targets, value=value) if all(isinstance(one, ast.Name) for one in targets):
                    self._bound.update((one.id, value) for one in targets if isinstance(one, ast.Name))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._bound[name] = value
                case ast.Try(body=tried, orelse=orelse):
                    self._collect([*tried, *orelse])
                case ast.If(test=test, body=then, orelse=orelse):
                    self._choose(test, then, orelse)
                case ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    # loops, `X += …`, `X.append(…)`: a name that is stored or worked on here is known only by running
                    stored = _stored(stmt)
                    for node in ast.walk(stmt):
                        if isinstance(node, ast.Name) and (node.id in stored or self._changeable(node.id)):
                            self._bound[node.id] = None

    def _changeable(self, name: str) -> bool:
        """Imports, classes, functions and constants stay what they are when something is done with them."""
        return name in self._bound and not isinstance(
            self._bound[name], tuple | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Constant
        )

    def _choose(self, test: ast.expr, then: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        try:
            self._collect(then if self.value(test) else orelse)
        except NotPlain:
            for name in _stored(ast.If(test, then, orelse)):
                self._bound[name] = None

    def _name(self, node: ast.Name) -> Any:
        name = node.id
        if name in self._known:
            return self._known[name]
        if name not in self._bound:
            if name in _OF_A_MODULE:
                raise NotPlain(node, f"“{name}” is only known when the file runs")
            if hasattr(builtins, name):
                return getattr(builtins, name)
            raise NotPlain(node, f"there is no “{name}” in this file")
        if name in self._asked:
            raise NotPlain(node, f"“{name}” is made from itself")
        self._asked.add(name)
        try:
            self._known[name] = known = self._bind(node, self._bound[name])
        finally:
            self._asked.discard(name)
        return known

    def _bind(self, node: ast.Name, bound: ast.AST | tuple[str, str] | None) -> Any:
        match bound:
            case (module, name):
                return imported(module, name)
            case ast.ClassDef():
                return self._class(bound)
            case ast.FunctionDef():
                return Function(bound.name)
            case ast.expr():
                return self._value(bound)
        raise NotPlain(node, f"“{node.id}” is only known when the file runs")

    def _class(self, node: ast.ClassDef) -> Any:
        """An enum with its members, any other class with its name only: enough to tell what a hint means."""
        bases = tuple(self._value(base) for base in node.bases)
        if any(isinstance(base, Foreign) for base in bases):
            return Foreign(node.name)
        if not any(isinstance(base, type) and issubclass(base, enum.Enum) for base in bases):
            return type(node.name, (), {})
        meta, space, _ = types.prepare_class(node.name, bases)
        for stmt in node.body:
            match stmt:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    space[name] = self._value(value)
                case ast.FunctionDef(name="__new__" | "__init__" | "_generate_next_value_" | "_missing_"):
                    raise NotPlain(stmt, f"“{node.name}” makes its members itself")
                case _:
                    pass
        return meta(node.name, bases, space)

    # -- expressions

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name():
                return self._name(node)
            case ast.Attribute(value=owner, attr="__doc__"):
                return self._doc(owner)
            case ast.Attribute(value=owner, attr=attr):
                return getattr(self._value(owner), attr)
            case ast.Subscript(value=owner, slice=item):
                return self._value(owner)[self._value(item)]
            case ast.Tuple(elts=elts):
                return tuple(self._elements(elts))
            case ast.List(elts=elts):
                return self._elements(elts)
            case ast.Set(elts=elts):
                return set(self._elements(elts))
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
            case ast.BinOp(left=left, op=op, right=right):
                return self._operator(node, op)(self._value(left), self._value(right))
            case ast.UnaryOp(op=op, operand=operand):
                return self._operator(node, op)(self._value(operand))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sides = self._value(left), self._value(right)
                for side in sides:
                    if isinstance(side, Foreign):
                        raise NotPlain(node, f"{side.name} is only known when the file runs")
                return self._operator(node, op)(*sides)
            case ast.BoolOp(op=op, values=values):
                return self._bool(op, values)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(body if self._value(test) else orelse)
            case ast.JoinedStr(values=values):
                return "".join(
                    format(self._value(part.value)) if isinstance(part, ast.FormattedValue) else self._value(part)
                    for part in values
                )
            case ast.Call():
                return self._call(node)
        raise NotPlain(node, "it is only known when the file runs")

    def _doc(self, owner: ast.expr) -> Any:
        """The docstring of what the file defines: what stands for it here has another one."""
        bound = self._bound.get(owner.id) if isinstance(owner, ast.Name) else None
        if isinstance(bound, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return ast.get_docstring(bound)
        found = self._value(owner)
        if isinstance(found, Foreign | Function):
            raise NotPlain(owner, "it is only known when the file runs")
        return found.__doc__

    def _elements(self, nodes: list[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found.extend(self._value(node.value))
            else:
                found.append(self._value(node))
        return found

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr]) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if key is None:
                made.update(self._value(value))
            else:
                made[self._value(key)] = self._value(value)
        return made

    def _bool(self, op: ast.boolop, values: list[ast.expr]) -> Any:
        found: Any = None
        for value in values:
            found = self._value(value)
            if bool(found) == isinstance(op, ast.Or):
                break
        return found

    def _operator(self, node: ast.expr, op: ast.AST) -> Callable[..., Any]:
        if type(op) not in _OPERATORS:
            raise NotPlain(node, "it is only known when the file runs")
        return _OPERATORS[type(op)]

    def _call(self, node: ast.Call) -> Any:
        called = self._value(node.func)
        if not _harmless(called):
            raise NotPlain(node, f"“{ast.unparse(node.func)}(…)” is only known when the file runs")
        args = self._elements(node.args)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                kwargs.update(self._value(keyword.value))
            else:
                kwargs[keyword.arg] = self._value(keyword.value)
        return called(*args, **kwargs)


def _stored(stmt: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(stmt) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _harmless(called: Any) -> bool:
    if isinstance(called, Foreign):
        return called.name.partition(".")[0] in ("pydantic", "annotated_types", "typer")
    if isinstance(called, type) and issubclass(called, enum.Enum):
        return True
    owner = getattr(called, "__self__", None)
    if any(isinstance(owner, kind) and called.__name__ in names for kind, names in _METHODS.items()):
        return True
    return any(called is one for one in _CALLS)


def real(module: str) -> bool:
    """Whether a module is imported for real: the standard library, but not what acts on import."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names and top not in _ACTING


def imported(module: str, name: str) -> Any:
    """The value that `import module` (name "") or `from module import name` binds."""
    if module == "pushbutton" or module.startswith("pushbutton.job"):
        if not name:
            return types.SimpleNamespace(**_OURS)
        return _OURS.get(name, Foreign(f"{module}.{name}"))
    if real(module) or module == "typing_extensions":
        try:
            found = importlib.import_module(module)
            return getattr(found, name) if name else found
        except (ImportError, AttributeError):
            pass
    return Foreign(f"{module}.{name}" if name else module)
