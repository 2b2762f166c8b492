"""getopt: the letters and words that a source asks for, put together as it compares them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from .found import Argument, Command, NotRead, Script
from .library import Library
from .names import identifier
from .operands import Operands
from .values import UNKNOWN, known

__all__ = ["Getopt"]

_HELP = frozenset({"-h", "--help", "-?", "--usage", "--version", "-V"})


class Getopt(Library):
    """The findings of a walk through the source."""

    kind = "getopt"

    def __init__(self) -> None:
        super().__init__()
        self.asked: tuple[Any, Any] | None = None
        self.line = 1

    def outside(self, name: str, node: ast.AST, args: list[Any], kwargs: dict[Any, Any]) -> Any:
        if name not in ("getopt.getopt", "getopt.gnu_getopt"):
            return NotImplemented
        if self.asked is None and args and not isinstance(args[0], list):  # a list is not what the script is given
            longs = args[2] if len(args) > 2 else kwargs.get("longopts", [])
            self.asked = (args[1] if len(args) > 1 else kwargs.get("shortopts"), longs)
            self.line = getattr(node, "lineno", 1)
        return UNKNOWN

    def script(self) -> Script | None:
        """Raises `NotRead`."""
        if self.asked is None or self.machine is None:
            return None
        shorts, longs = self.asked
        longs = [longs] if isinstance(longs, str) else longs
        if not isinstance(shorts, str) or not isinstance(longs, list | tuple) or not known(longs):
            raise NotRead(f"line {self.line}: which options it takes is only known when it runs")
        takes = dict([*_shorts(shorts), *((f"--{one.rstrip('=?')}", one.endswith(("=", "=?"))) for one in longs)])
        tests = list(_tests(self.machine.tree))
        found = Command("", line=self.line)
        for flags in _together(takes, [flags for flags, _, _ in tests]):
            if not _HELP & set(flags):
                found.arguments.append(self._option(flags, takes=takes[flags[0]], tests=tests))
        operands = Operands(self.machine.tree, "getopt", "gnu_getopt")
        if operands.taken:
            made = operands.arguments(())
            found.arguments += made
            if not operands.told:
                self.gap(operands.node, "how many operands it takes is only known when it runs", made[0].name)
        return Script(self.kind, found, self.gaps, self.left_out)

    def _option(self, flags: Sequence[str], *, takes: bool, tests: Sequence[_Test]) -> Argument:
        made = Argument("", self.line, flags=tuple(flags))
        made.name = identifier(made.flag)
        done = [node for told, body, _ in tests if set(flags) & told for stmt in body for node in ast.walk(stmt)]
        value = next((value for told, _, value in tests if set(flags) & told), "")
        called = {_called(node.func) for node in done if isinstance(node, ast.Call) and _takes(node, value)}
        if takes:
            made.repeat = "append" in called
            made.type = "int" if "int" in called else "float" if "float" in called else "str"
        elif any(isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) for node in done):
            made.type, made.count, made.default, made.min = "int", True, 0, 0
        else:
            made.type, made.default = "bool", False
        return made


_Test = tuple[frozenset[str], list[ast.stmt], str]
"""The flags that a condition names, what is done then, and what the value is called there."""


def _shorts(spec: str) -> Iterator[tuple[str, bool]]:
    letters = spec.lstrip("+-")
    for at, letter in enumerate(letters):
        if letter != ":":
            yield f"-{letter}", letters[at + 1 : at + 2] == ":"


def _tests(tree: ast.Module) -> Iterator[_Test]:
    """In loops over pairs."""
    for loop in ast.walk(tree):
        if not (isinstance(loop, ast.For) and isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2):
            continue
        flag, value = map(_called, loop.target.elts)
        for node in ast.walk(loop):
            if isinstance(node, ast.If):
                about = any(_called(one) == flag for one in ast.walk(node.test))
                words = {one.value for one in ast.walk(node.test) if isinstance(one, ast.Constant)}
                flags = frozenset(word for word in words if isinstance(word, str) and word.startswith("-"))
                if about and flags:
                    yield flags, node.body, value


def _together(takes: dict[str, bool], told: Sequence[frozenset[str]]) -> Iterator[list[str]]:
    """Flags that mean the same: they are compared together, and take a value alike."""
    done: set[str] = set()
    for flag, value in takes.items():
        if flag not in done:
            others = {one for flags in told if flag in flags for one in flags}
            same = [one for one in takes if one == flag or (one in others and takes[one] == value and one not in done)]
            done |= set(same)
            yield same


def _called(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _takes(call: ast.Call, value: str) -> bool:
    """Whether it is a call with the value."""
    return bool(value) and any(_called(one) == value for arg in call.args for one in ast.walk(arg))
