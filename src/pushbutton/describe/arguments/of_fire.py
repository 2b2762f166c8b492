"""Fire: what a script hands it is its command line, by the names of functions and of their arguments. It reads each
value as Python writes one, and what is no such value as text. https://google.github.io/python-fire/
"""

from __future__ import annotations

import ast
from typing import Any

from pushbutton.describe.docstring import split

from .found import Argument, Command, Script
from .library import Library
from .names import identifier
from .signature import NONE, hint_of, parts
from .values import UNKNOWN, Class, Function, Generic, Instance, Outside, known

__all__ = ["Fire"]

_DEEPEST = 4  # of subcommands within each other
_LISTS = frozenset({"list", "typing.List", "typing.Sequence", "typing.Iterable", "collections.abc.Sequence"})
_PLAIN = {"str": "str", "int": "int", "float": "float", "bool": "bool", "pathlib.Path": "path"}
_KEEP = ("staticmethod", "classmethod", "property", "functools", "contextlib", "abc", "typing", "dataclasses")
"""Decorators that leave the arguments of a function as they are."""


class Fire(Library):
    """The findings of a walk through the source."""

    kind = "fire"

    def __init__(self) -> None:
        super().__init__()
        self.found: Command | None = None

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        if name not in ("fire.Fire", "fire.core.Fire"):
            return NotImplemented
        if (args[1:] or kwargs.get("command")) and kwargs.get("command", args[1:]) is not None:
            return UNKNOWN  # it says itself what is called
        handed = args[0] if args else kwargs.get("component")
        found = self._command("", self._all() if handed is None else handed, node, _DEEPEST)
        if found is None:
            self.lost(node, "what is called is only known when it runs")
            found = Command("")
        self.found = self.found or found
        return UNKNOWN

    def script(self) -> Script | None:
        return None if self.found is None else Script(self.kind, self.found, self.gaps, self.left_out)

    def _all(self) -> dict[str, Any]:
        """The definitions of the file: each is called by its name where nothing is handed over."""
        assert self.machine is not None  # noqa: S101 - set before the walk
        return {name: one for name, one in self.machine.module.items() if isinstance(one, Function | Class)}

    def _command(self, name: str, handed: Any, node: ast.AST, deep: int) -> Command | None:
        """None: it cannot be called, or nobody knows how."""
        line = getattr(getattr(handed, "node", node), "lineno", 1)
        if isinstance(handed, Function):
            begin = len(self.gaps)
            found = self._arguments(handed)
            return Command(name, _said(handed.node)[0], found, line=line, gaps=self.lines(begin))
        if deep and isinstance(handed, Class):
            return self._class(name, handed, node, deep, line)
        if deep and isinstance(handed, Instance):
            return Command(name, _said(handed.made_of.node)[0], [], self._members(handed, node, deep, []), line=line)
        if deep and isinstance(handed, dict):
            inner = {key: one for key, one in handed.items() if isinstance(key, str) and " " not in key}
            made = [self._command(key, one, node, deep - 1) for key, one in inner.items() if not key.startswith("_")]
            if len(inner) < len(handed) or None in made:
                self.lost(node, "a subcommand that is only known when it runs is left out")
            there = [one for one in made if one is not None]
            return Command(name, "", [], there, line=line) if there else None
        return None

    def _class(self, name: str, of: Class, node: ast.AST, deep: int, line: int) -> Command | None:
        assert self.machine is not None  # noqa: S101 - set before the walk
        start = of.find("__init__")
        own: list[Argument] = []
        if isinstance(start, Function):
            own = self._arguments(Function(start.node, start.names, of), method=True)
        elif any(
            _named(self.machine.value(one, [self.machine.module])) == "dataclass" for one in of.node.decorator_list
        ):
            own = self._fields(of)
        elif of.outside() is not None and _named(of.outside()) != "object":
            self.gap(node, f"what {of.name} takes from what it is made of is only known when it runs")
        made = self.machine.call(of, node, [], {None: UNKNOWN})
        if not isinstance(made, Instance):
            return None
        text = _said(of.node)[0]
        return Command(name, text, own, self._members(made, node, deep, own), line=line)

    def _members(self, of: Instance, node: ast.AST, deep: int, own: list[Argument]) -> list[Command]:
        """Its public methods, and those of the objects that it holds. `own`: what making it takes; of two arguments of
        one name that one gets the value.
        """
        taken = {one.name for one in own}
        found: dict[str, Command] = {}
        for at in _line(of.made_of):
            for name, one in at.space.items():
                if isinstance(one, Function) and not name.startswith("_") and name not in found:
                    by = [getattr(each, "id", "") for each in getattr(one.node, "decorator_list", [])]
                    if "property" in by:
                        continue
                    begin = len(self.gaps)
                    arguments = self._arguments(Function(one.node, one.names, of), method="staticmethod" not in by)
                    twice = [each for each in arguments if each.name in taken]
                    if any(each.required for each in twice):
                        self.lost(one.node, f"{name} takes what {of.made_of.name} takes before: it is left out")
                        continue
                    for each in twice:
                        self.lost(one.node, f"{name} takes {each.name}, as {of.made_of.name} does: it is left out")
                        arguments.remove(each)
                    text = _said(one.node)[0]
                    found[name] = Command(name, text, arguments, line=one.node.lineno, gaps=self.lines(begin))
        for name, one in of.attributes.items():
            if isinstance(one, Instance) and not name.startswith("_") and name not in found:
                below = self._command(name, one, node, deep - 1)
                if below is not None and below.commands:
                    found[name] = below
        return list(found.values())

    def _fields(self, of: Class) -> list[Argument]:
        """Of a dataclass."""
        assert self.machine is not None  # noqa: S101 - set before the walk
        found = []
        for stmt in of.node.body:
            if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name):
                arg = ast.copy_location(ast.arg(stmt.target.id, stmt.annotation), stmt)
                scope = [self.machine.module]
                hint = self.machine.value(stmt.annotation, scope)
                default = self.machine.value(stmt.value, scope) if stmt.value is not None else NONE
                found.append(self._argument(arg, hint, default, {}, option=True))
        return found

    def _arguments(self, function: Function, *, method: bool = False) -> list[Argument]:
        assert self.machine is not None  # noqa: S101 - set before the walk
        node, spec = function.node, function.node.args
        read = True
        for decorator in getattr(node, "decorator_list", []):
            by = self.machine.value(decorator.func if isinstance(decorator, ast.Call) else decorator, function.names)
            name = by.name if isinstance(by, Outside) else ""
            if "SetParseFn" in name:
                read = False
                self.gap(decorator, f"how the values of {function.name} are read is only known when it runs")
            elif not name.startswith(_KEEP):
                self.gap(
                    decorator, f"what “{name or ast.unparse(decorator)}” makes of {function.name} is not known here"
                )
        helps = _said(node)[1]
        found = []
        kwonly = {id(one) for one in spec.kwonlyargs}
        for number, (arg, hint, default) in enumerate(parts(function, self.machine)):
            if method and number == 0:
                continue
            # before a list of operands, those before it are operands, too
            option = spec.vararg is None or id(arg) in kwonly
            found.append(self._argument(arg, hint, default, helps, option=option))
        if spec.vararg is not None:
            hint = hint_of(self.machine, spec.vararg.annotation, function)
            rest = self._argument(spec.vararg, hint, None, helps, option=False)
            rest.words, rest.required = "*", False
            found.append(rest)
        if spec.kwarg is not None:
            self.lost(spec.kwarg, f"{function.name} takes options of any name, which are left out", spec.kwarg.arg)
        for one in found if not read else []:
            one.literal = False
        return found

    def _argument(self, arg: ast.arg, hint: Any, default: Any, helps: dict[str, str], *, option: bool) -> Argument:
        flag = f"--{arg.arg}"
        found = Argument(identifier(arg.arg), arg.lineno, flags=(flag,) if option else (), ends=False)
        found.help = helps.get(arg.arg, "")
        found.required = default is NONE
        kind = _kind(hint, default)
        if kind == "list" and option:
            found.words, found.literal = "+" if found.required else "*", True
            found.type = _of_list(hint)
        elif kind == "bool" and option:
            found.type, found.flags, found.off = "bool", (f"{flag}=True",), f"{flag}=False"
        elif kind == "bool":
            found.choices = ("True", "False")
        elif isinstance(kind, tuple):
            found.choices, found.literal = kind, True
        elif kind:
            found.type, found.literal = kind, True
        self._default(found, None if default is NONE else default, arg)
        return found

    def _default(self, found: Argument, default: Any, arg: ast.arg) -> None:
        if default is None:
            found.default = False if found.type == "bool" and found.required else None
            found.unknown = found.type == "bool" and not found.required
        elif not known(default):
            found.unknown = True
            self.gap(arg, f"the default of {arg.arg} is only known when it runs", found.name, "default")
        elif found.choices == ("True", "False") and isinstance(default, bool):
            found.default = str(default)
        elif isinstance(default, list | tuple | dict | set | bytes):
            found.unknown = True
        else:
            found.default = default


def _said(node: Any) -> tuple[str, dict[str, str]]:
    """Its docstring: the text, and what it says of each argument."""
    return split(ast.get_docstring(node)) if hasattr(node, "body") and not isinstance(node, ast.Lambda) else ("", {})


def _line(of: Class) -> list[Class]:
    """It and the classes of the file that it is made of."""
    return [of, *(one for base in of.bases if isinstance(base, Class) for one in _line(base))]


def _named(one: Any) -> str:
    return one.name.rpartition(".")[2] if isinstance(one, Outside) else ""


def _plain(hint: Any) -> Any:
    """Without `Annotated` and `Optional` around it."""
    while isinstance(hint, Generic):
        name = hint.of.name.rpartition(".")[2]
        there = [one for one in hint.parts if one is not None and _named(one) not in ("None", "NoneType")]
        if name in ("Annotated", "Optional") or (name == "Union" and len(there) == 1):
            hint = there[0]
        else:
            break
    return hint


def _kind(hint: Any, default: Any) -> str | tuple[Any, ...]:
    """One of the types of an `Argument`, "list", or choices; "": what fire makes of it."""
    hint = _plain(hint)
    if hint is None:
        kinds = {bool: "bool", int: "int", float: "float", str: "str", list: "list"}
        return kinds.get(type(default), "")
    if isinstance(hint, Generic) and hint.of.name.rpartition(".")[2] == "Literal":
        return hint.parts if all(isinstance(one, str | int) for one in hint.parts) else ""
    hint = hint.of if isinstance(hint, Generic) else hint
    if isinstance(hint, Outside):
        return "list" if hint.name in _LISTS else _PLAIN.get(hint.name, "")
    return ""


def _of_list(hint: Any) -> str:
    hint = _plain(hint)
    inner = _plain(hint.parts[0]) if isinstance(hint, Generic) and hint.parts else None
    return _PLAIN.get(inner.name, "str") if isinstance(inner, Outside) else "str"
