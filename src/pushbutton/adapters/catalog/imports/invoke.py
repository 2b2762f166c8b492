"""A tasks.py of Invoke or Fabric: a task for each function with `@task`. It is read, not run."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from shlex import split
from typing import Any

from pushbutton.describe.arguments.machine import Machine
from pushbutton.describe.arguments.values import UNKNOWN, Function, Model, TooLong, Unknown, known
from pushbutton.describe.title import title_of

from .kind import Draft, Left, Param, Source, Task, literal
from .limits import Limit, Taken, Use, limit, take
from .names import Names
from .place import beside, option

__all__ = ["read"]

_PACKAGES = ("invoke", "fabric")
_SHOWS = frozenset({"print", "Exit", "ParseError", "info", "debug", "warning", "error", "echo", "format_help"})
"""Calls whose texts are for people."""

_NO_FLAG = Limit("(?!-).*", "It cannot begin with “-”, for Invoke takes that for an option.")


def read(source: Source) -> Draft:
    try:
        tree = ast.parse(source.text)
    except SyntaxError as error:
        raise source.wrong(f"This is not Python as it is here: {error.msg}.", error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise source.wrong(f"Python cannot read it: {type(error).__name__}.") from None
    library = _Library()
    machine = Machine(tree, library.outside)
    try:
        machine.run()
    except TooLong:
        raise source.wrong("It is too much to work out.") from None
    root = next((one for name in ("ns", "namespace") if isinstance(one := machine.module.get(name), _Collection)), None)
    if root is None:
        root = _Collection([one for one in machine.module.values() if isinstance(one, _Task)], {}, library.left)
    called = list(root.below("", 0))
    if not called and not library.left:
        raise source.wrong("It is no tasks.py of Invoke: no function of it has @task above it.")
    readers = [_Reader(source, name, one, machine, library.left) for name, one in called]
    tasks = [task for one in readers if (task := one.task()) is not None]
    return Draft(tuple(tasks), tuple(library.left))


class _Library:
    """The results of Invoke's calls, while the source is walked through."""

    def __init__(self) -> None:
        self.left: list[Left] = []

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        package, _, rest = name.partition(".")
        if package not in _PACKAGES:
            return NotImplemented
        made = rest.rpartition(".")[2]
        if made == "task":
            return _Task(args[0], {}) if args and isinstance(args[0], Function) else _Decorator(kwargs)
        if made == "Collection":
            return _Collection(args, kwargs, self.left)
        if made == "from_module":
            line = getattr(node, "lineno", 1)
            self.left.append(Left(line, "The tasks of another file are not read.", "Import that file by itself."))
        return UNKNOWN


class _Task(Model):
    def __init__(self, function: Function, kwargs: Mapping[Any, Any]) -> None:
        self.function, self.kwargs = function, kwargs

    @property
    def name(self) -> str:
        given = self.kwargs.get("name")
        return given if isinstance(given, str) and given else self.function.name

    def said(self, key: str) -> list[str]:
        """Names of arguments that the decorator tells something of."""
        found = self.kwargs.get(key)
        return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else []


class _Decorator(Model):
    def __init__(self, kwargs: Mapping[Any, Any]) -> None:
        self._kwargs = kwargs

    def apply(self, made: Any, node: ast.AST) -> Any:  # noqa: ARG002 - as all models have it
        return _Task(made, self._kwargs) if isinstance(made, Function) else UNKNOWN


class _Collection(Model):
    def __init__(self, args: list[Any], kwargs: Mapping[Any, Any], left: list[Left]) -> None:
        self.name = args[0] if args and isinstance(args[0], str) else ""
        self._left = left
        self._items: list[tuple[str, Any]] = [("", one) for one in args if not isinstance(one, str)]
        self._items += [(str(name), one) for name, one in kwargs.items() if isinstance(one, _Task | _Collection)]

    def call_add_task(self, node: ast.AST, task: Any, name: Any = None, **_: Any) -> None:  # noqa: ARG002
        self._items.append((name if isinstance(name, str) else "", task))

    def call_add_collection(self, node: ast.AST, coll: Any, name: Any = None, **_: Any) -> None:
        if not isinstance(coll, _Collection):
            self._left.append(Left(getattr(node, "lineno", 1), "The tasks of another file are not read.",
                                   "Import that file by itself."))  # fmt: skip
        self._items.append((name if isinstance(name, str) else "", coll))

    def below(self, path: str, depth: int) -> Iterator[tuple[str, _Task]]:
        """Its tasks, and those of the collections in it, by what is typed."""
        for given, one in self._items if depth < 20 else ():
            name = _dashed(given or getattr(one, "name", ""))
            if isinstance(one, _Task) and name:
                yield f"{path}{name}", one
            elif isinstance(one, _Collection) and name:
                yield from one.below(f"{path}{name}.", depth + 1)


def _dashed(name: str) -> str:
    return name.strip("_").replace("_", "-")


@dataclass(frozen=True, slots=True)
class _Argument:
    name: str
    default: Any = None
    required: bool = False


class _Reader:
    """Of one task."""

    def __init__(self, source: Source, name: str, one: _Task, machine: Machine, left: list[Left]) -> None:
        self._source, self._name, self._one, self._machine, self._left = source, name, one, machine, left

    def task(self) -> Task | None:
        node = self._one.function.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return None
        arguments = list(self._arguments(node.args))
        taken = _taken(node, {one.name for one in arguments})
        if (unsafe := next((one.unsafe for one in taken.values() if one.unsafe), None)) is not None:
            what = f"The task “{self._name}” is left out: {unsafe.what}"
            self._left.append(Left(unsafe.line, what, unsafe.do))
            return None
        names = Names()
        params = [self._param(names.of(one.name), one, taken.get(one.name)) for one in arguments]
        start = f"invoke{_collection(self._source)} {self._name}"
        return Task(
            title_of(re.sub(r"\W+", "_", self._name)),
            tuple(split(literal(start))),
            node.lineno,
            params=tuple(params),
            slug=self._name,
            help=inspect.cleandoc(ast.get_docstring(node) or ""),
            cwd=beside(self._source),
        )

    def _arguments(self, spec: ast.arguments) -> Iterator[_Argument]:
        """Those behind the context, which is the first."""
        places = [*spec.posonlyargs, *spec.args]
        defaults = [None] * (len(places) - len(spec.defaults)) + list(spec.defaults)
        pairs = [*zip(places[1:], defaults[1:], strict=True), *zip(spec.kwonlyargs, spec.kw_defaults, strict=True)]
        for arg, default in pairs:
            if default is None:
                yield _Argument(arg.arg, required=True)
            else:
                yield _Argument(arg.arg, self._machine.value(default, self._one.function.names))

    def _param(self, name: str, one: _Argument, taken: Taken | None) -> Param:
        flag = f"-{one.name}" if len(one.name) == 1 else f"--{_dashed(one.name)}"
        allowed = limit(taken.how if taken else ())
        allowed = allowed if allowed.pattern else _NO_FLAG
        helps = self._one.kwargs.get("help")
        help_text = helps.get(one.name, helps.get(_dashed(one.name))) if isinstance(helps, dict) else ""
        told = [help_text] if isinstance(help_text, str) else []
        plain = Param(name, label=title_of(one.name), help="\n".join(told), flag=flag)
        default = one.default
        if one.name in self._one.said("incrementable"):
            return replace(plain, type="int", count=True, default=0, min=0, max=9)
        if one.name in self._one.said("iterable") or isinstance(default, list):
            first = [str(item) for item in default] if isinstance(default, list) and known(default) else None
            return replace(
                plain, type="list", repeat=True, required=False, default=first or None, pattern=allowed.pattern
            )
        if isinstance(default, bool):
            if default:
                return replace(plain, type="bool", default=True, flag="", off=f"--no-{_dashed(one.name)}")
            return replace(plain, type="bool")
        if isinstance(default, Unknown):
            told.append("Left empty, it is as the file works it out.")
            default = None
        kind = {int: "int", float: "float"}.get(type(default), "")
        if isinstance(default, str) and not allowed.fits(default):
            told.append(f"Left empty, it is: {default}")
            default = ""
        elif not isinstance(default, str | int | float):
            default = None
        return replace(
            plain,
            type=kind,
            help="\n".join(filter(None, told)),
            required=None if default not in (None, "") else one.required,
            default=None if default == "" else default,
            pattern="" if kind else allowed.pattern,
            pattern_text="" if kind else allowed.text,
        )


def _collection(source: Source) -> str:
    """The option that names the file to Invoke, where it has another name than it looks for."""
    found = option("-c", source, ("tasks.py",))
    return found.removesuffix(".py") if PurePath(source.name).suffix == ".py" else found


def _taken(node: ast.FunctionDef | ast.AsyncFunctionDef, names: set[str]) -> dict[str, Taken]:
    """The fate of its arguments in texts that it puts together, which it may give to a shell."""
    found: dict[str, Taken] = {}
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.Raise) or (isinstance(one, ast.Call) and _called(one) in _SHOWS):
            continue
        if isinstance(one, ast.JoinedStr):
            _in_text(one, names, found)
            continue
        if isinstance(one, ast.BinOp | ast.Call):
            _put_together(one, names, found)
        waiting += ast.iter_child_nodes(one)
    return found


def _put_together(one: ast.BinOp | ast.Call, names: set[str], found: dict[str, Taken]) -> None:
    """`"…%s" % shop`, `"…" + shop`, `"…{}".format(shop)`, `c.run(shop)`."""
    parts: list[ast.AST] = []
    if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add | ast.Mod):
        parts = [one.left, one.right] if _is_text(one.left) or _is_text(one.right) else []
    elif isinstance(one, ast.Call) and _called(one) in ("format", "join"):
        parts = [*one.args, *(keyword.value for keyword in one.keywords)]
    elif isinstance(one, ast.Call) and _called(one) in ("run", "sudo", "local"):
        for arg in one.args[:1]:
            if isinstance(arg, ast.Name) and arg.id in names:
                take(found, one.lineno, "x", {0: (1, arg.id)})
    for name in {name for part in parts for name in _names(part)} & names:
        found.setdefault(name, Taken(one.lineno)).how.add(Use.BARE)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr | ast.BinOp) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _in_text(text: ast.JoinedStr, names: set[str], found: dict[str, Taken]) -> None:
    whole = ""
    holes: dict[str, dict[int, tuple[int, str]]] = {}
    for part in text.values:
        if isinstance(part, ast.Constant):
            whole += str(part.value)
            continue
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Call) and _called(part.value) == "quote":
            for name in _names(part.value) & names:
                found.setdefault(name, Taken(text.lineno)).how.add(Use.DATA)
        else:
            for name in _names(part) & names:
                holes.setdefault(name, {})[len(whole)] = (len(whole) + 1, name)
        whole += "x"
    for places in holes.values():
        take(found, text.lineno, whole, places)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _called(node: ast.Call) -> str:
    func = node.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
