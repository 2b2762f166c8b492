"""How many operands a script takes whose library hands them on as a list, from how it looks at that list."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .found import Argument
from .names import identifier

__all__ = ["Operands"]

_ENDS = frozenset({"error", "exit", "_exit", "usage", "die", "fail"})
_SAYS = frozenset({"print", "print_help", "print_usage", "write", "echo", "secho"})
_TEXT = frozenset({"format", "join", "str", "len", "basename", "dedent", "strip", "systemexit"})


class Operands:
    """Of the words that a call of `called` gives as the second of two."""

    def __init__(self, tree: ast.Module, *called: str) -> None:
        self._names = _names(tree, called)
        self._tests: set[int] = set()  # the nodes of conditions on which the script refuses
        self.least = 0
        self.most: int | None = None
        self.told = False  # whether it says how many it wants
        for test in _refusals(tree.body):
            self._counted(test)
        others = self._tests | {id(node) for name in self._names for node in _shadowed(tree, name)}
        looks = [node for node in ast.walk(tree) if self._is_list(node) and id(node) not in others]
        self.node: ast.AST = looks[0] if looks else tree
        self.taken = bool(looks) and self.most != 0

    def arguments(self, called: Sequence[str]) -> list[Argument]:
        """`called`: how its usage names them, one by one; they are a list where that is not as many as there are."""
        line = getattr(self.node, "lineno", 1)
        names = [identifier(name.strip("<>").lower()) for name in called]
        if self.most == len(names) and len(set(names)) == len(names):
            return [Argument(name, line, required=number < self.least) for number, name in enumerate(names)]
        made = Argument("arg" if self.most == 1 else "args", line, required=self.least > 0)
        if self.most is not None and self.most > 1 and self.least == self.most:
            made.words = str(self.most)
        elif self.most != 1:
            made.words = "+" if self.least else "*"
        return [made]

    def _is_list(self, node: ast.AST) -> bool:
        return isinstance(getattr(node, "ctx", None), ast.Load) and _called(node) in self._names

    def _counted(self, test: ast.expr) -> None:
        """A condition on which it refuses."""
        found = self._bounds(test)
        if found is None:
            return
        least, most = found
        self.told = True
        self.least = max(self.least, least)
        self.most = most if self.most is None else self.most if most is None else min(self.most, most)
        self._tests |= {id(node) for node in ast.walk(test)}

    def _bounds(self, test: ast.expr) -> tuple[int, int | None] | None:
        """(least, most) of what is left when this is refused; None: it is about something else."""
        if self._is_list(test):
            return 0, 0
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and self._is_list(test.operand):
            return 1, None
        if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and self._is_length(test.left)):
            return None
        number = getattr(test.comparators[0], "value", None)
        if not isinstance(number, int):
            return None
        bounds: dict[type[ast.cmpop], tuple[int, int | None]] = {
            ast.NotEq: (number, number), ast.Lt: (number, None), ast.LtE: (number + 1, None), ast.Gt: (0, number),
            ast.GtE: (0, number - 1),
        }  # fmt: skip
        if isinstance(test.ops[0], ast.Eq) and number == 0:
            return 1, None
        return bounds.get(type(test.ops[0]))

    def _is_length(self, node: ast.expr) -> bool:
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"
        return called and bool(node.args) and self._is_list(node.args[0])  # type: ignore[attr-defined]


def _called(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _names(tree: ast.Module, called: Sequence[str]) -> set[str]:
    """The names of the list wherever it is handed on to."""
    calls, names = set(called), set()
    for _ in range(3):  # `return parser.parse_args()` of a function, which others call
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(_gives(one, calls) for one in ast.walk(node)):
                calls.add(node.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_call(node.value, calls):
            for target in node.targets:
                pair = isinstance(target, ast.Tuple) and len(target.elts) == 2
                names.add(_called(target.elts[1] if pair else target))  # type: ignore[attr-defined]
    return names - {""}


def _gives(node: ast.AST, calls: set[str]) -> bool:
    return isinstance(node, ast.Return) and node.value is not None and _is_call(node.value, calls)


def _is_call(node: ast.AST, calls: set[str]) -> bool:
    return isinstance(node, ast.Call) and _called(node.func) in calls


def _refusals(body: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    """The conditions, under no other one, on which the script ends."""
    for stmt in body:
        if isinstance(stmt, ast.If):
            while True:
                if _ends(stmt.body):
                    yield stmt.test
                elif _is_main(stmt.test):
                    yield from _refusals(stmt.body)
                if not (_ends(stmt.body) and len(stmt.orelse) == 1 and isinstance(stmt.orelse[0], ast.If)):
                    break
                stmt = stmt.orelse[0]  # noqa: PLW2901 - the next “elif”
        elif isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.With | ast.Try):
            yield from _refusals(stmt.body)


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and _called(test.left) == "__name__"


def _ends(body: Sequence[ast.stmt]) -> bool:
    """Whether it refuses: it says something at most, and ends."""
    done: set[str] = set()
    for stmt in body:
        if isinstance(stmt, ast.Raise):
            return stmt.exc is None or _called(getattr(stmt.exc, "func", stmt.exc)) not in ("NotImplementedError", "")
        if not isinstance(stmt, ast.Expr | ast.Return):
            return False
        done |= {_called(one.func).lower() for one in ast.walk(stmt) if isinstance(one, ast.Call)}
    ended = bool(done & _ENDS) or (bool(done & _SAYS) and isinstance(body[-1], ast.Return))
    return ended and done <= _ENDS | _SAYS | _TEXT


def _shadowed(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    """All that is in functions which have an argument of that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            spec = node.args
            more = [one for one in (spec.vararg, spec.kwarg) if one is not None]
            if any(one.arg == name for one in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *more]):
                yield from ast.walk(node)
