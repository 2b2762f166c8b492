"""Walks through a Python source as a run of it would, without running anything.

Plain values have their value; whatever only running tells is `UNKNOWN`. Where a condition is unknown, both ways are
gone. Functions and classes of the file are followed where they are called;
what an import brings is handed to whoever knows that library. There is a limit to the steps.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from .calls import Calls
from .expressions import MOST_STEPS
from .values import (
    UNKNOWN,
    Broken,
    Class,
    Function,
    Instance,
    Left,
    Model,
    Names,
    Outside,
    Returned,
    TooLong,
    Unknown,
    Ways,
    known,
    merged,
    same,
)

__all__ = ["Machine"]

_STARS = {
    "argparse": (
        *("ArgumentParser", "Action", "FileType", "Namespace", "SUPPRESS", "REMAINDER", "OPTIONAL", "ZERO_OR_MORE"),
        *("ONE_OR_MORE", "RawDescriptionHelpFormatter", "ArgumentDefaultsHelpFormatter", "RawTextHelpFormatter"),
        "BooleanOptionalAction",
    ),
    "optparse": ("OptionParser", "OptionGroup", "Option", "make_option", "SUPPRESS_HELP"),
}
"""The names that `from … import *` brings."""


class Machine(Calls):
    """`outside` is as `Calls` says. `old`: it is Python 2. A method `_do_X` is for statements that are X."""

    def __init__(self, tree: ast.Module, outside: Callable[..., Any], *, old: bool = False) -> None:
        super().__init__()
        self.module: dict[str, Any] = {
            "__name__": "__main__",
            "__doc__": ast.get_docstring(tree, clean=False),
            "__file__": UNKNOWN,
        }
        self.outside = outside
        self.whole_parts = old
        self.ways: Ways = ()
        self.sides: dict[int, int] = {}  # of a condition that cannot be known: how many it has
        self.tree = tree

    def run(self) -> None:
        """Raises `TooLong`."""
        try:
            for stmt in self.tree.body:
                self._alone(partial(self.body, [stmt], [self.module]))
        except RecursionError:
            raise TooLong from None

    def body(self, body: list[ast.stmt], names: Names) -> None:
        for stmt in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise TooLong
            self._statement(stmt, names)

    def _statement(self, stmt: ast.stmt, names: Names) -> None:
        kind = type(stmt).__name__
        done = getattr(self, f"_do_{kind}", None)
        if done is not None:
            done(stmt, names)

    def _do_Import(self, stmt: ast.Import, names: Names) -> None:
        for alias in stmt.names:
            whole = alias.name if alias.asname else alias.name.partition(".")[0]
            names[-1][alias.asname or whole] = Outside(whole)

    def _do_ImportFrom(self, stmt: ast.ImportFrom, names: Names) -> None:
        module = "." * (stmt.level or 0) + (stmt.module or "")
        if module == "__future__" and any(alias.name == "division" for alias in stmt.names):
            self.whole_parts = False
        for alias in stmt.names:
            if alias.name == "*":
                for name in _STARS.get(module, ()):
                    names[-1][name] = Outside(f"{module}.{name}")
            else:
                names[-1][alias.asname or alias.name] = Outside(f"{module}.{alias.name}")

    def _do_FunctionDef(self, stmt: ast.FunctionDef | ast.AsyncFunctionDef, names: Names) -> None:
        made: Any = Function(stmt, list(names))
        for decorator in reversed(stmt.decorator_list):
            made = self._decorated(decorator, made, names)
        names[-1][stmt.name] = made

    _do_AsyncFunctionDef = _do_FunctionDef

    def _decorated(self, decorator: ast.expr, made: Any, names: Names) -> Any:
        by = self.value(decorator, names)
        if isinstance(by, Outside) and by.name in ("staticmethod", "classmethod", "property", "functools.wraps"):
            return made
        given = self.call(by, decorator, [made], {})
        plain = isinstance(by, Function) and not isinstance(given, Model)
        return made if plain or isinstance(given, Unknown) else given

    def _do_ClassDef(self, stmt: ast.ClassDef, names: Names) -> None:
        bases = [self.value(base, names) for base in stmt.bases if not isinstance(base, ast.Starred)]
        space: dict[str, Any] = {}
        self._alone(lambda: self.body(stmt.body, [*names, space]))
        made: Any = Class(stmt, space, bases)
        for decorator in reversed(stmt.decorator_list):
            made = self._decorated(decorator, made, names)
        names[-1][stmt.name] = made

    def _do_Assign(self, stmt: ast.Assign, names: Names) -> None:
        value = self.value(stmt.value, names)
        for target in stmt.targets:
            self.bind(target, value, names)

    def _do_AnnAssign(self, stmt: ast.AnnAssign, names: Names) -> None:
        if stmt.value is not None:
            self.bind(stmt.target, self.value(stmt.value, names), names)

    def _do_AugAssign(self, stmt: ast.AugAssign, names: Names) -> None:
        load = ast.copy_location(ast.parse(ast.unparse(stmt.target), mode="eval").body, stmt)
        before, more = self.value(load, names), self.value(stmt.value, names)
        self.bind(stmt.target, self.binary(type(stmt.op), before, more), names)

    def _do_Delete(self, stmt: ast.Delete, names: Names) -> None:
        for target in stmt.targets:
            if isinstance(target, ast.Name):
                names[-1].pop(target.id, None)

    def _do_Global(self, stmt: ast.Global, names: Names) -> None:
        names[-1].setdefault("global ", set()).update(stmt.names)

    def _do_Expr(self, stmt: ast.Expr, names: Names) -> None:
        self.value(stmt.value, names)

    def _do_Return(self, stmt: ast.Return, names: Names) -> None:
        raise Returned(self.value(stmt.value, names) if stmt.value is not None else None)

    def _do_Raise(self, stmt: ast.Raise, names: Names) -> None:
        if stmt.exc is not None:  # `raise SystemExit(main())`
            self.value(stmt.exc, names)
        raise Left

    def _do_Break(self, stmt: ast.stmt, names: Names) -> None:
        raise Broken

    _do_Continue = _do_Break

    def _do_Assert(self, stmt: ast.Assert, names: Names) -> None:
        self.value(stmt.test, names)

    def _do_If(self, stmt: ast.If, names: Names) -> None:
        test = self.truth(self.value(stmt.test, names))
        if test is None:
            self._either([lambda: self.body(stmt.body, names), lambda: self.body(stmt.orelse, names)], names)
        else:
            self.body(stmt.body if test else stmt.orelse, names)

    def _do_Match(self, stmt: Any, names: Names) -> None:
        self.value(stmt.subject, names)
        ways = [lambda case=case: self.body(case.body, names) for case in stmt.cases]
        self._either([*ways, lambda: None], names)

    def _do_For(self, stmt: ast.For | ast.AsyncFor, names: Names) -> None:
        items = self.items(self.value(stmt.iter, names))
        if items is None:
            self.bind(stmt.target, UNKNOWN, names)
            self._either([lambda: self.body(stmt.body, names), lambda: None], names)
            return
        for item in items:
            self.bind(stmt.target, item, names)
            try:
                self.body(stmt.body, names)
            except Broken:
                continue
        self.body(stmt.orelse, names)

    _do_AsyncFor = _do_For

    def _do_While(self, stmt: ast.While, names: Names) -> None:
        self.value(stmt.test, names)
        self._either([lambda: self.body(stmt.body, names), lambda: None], names)

    def _do_With(self, stmt: ast.With | ast.AsyncWith, names: Names) -> None:
        for item in stmt.items:
            value = self.value(item.context_expr, names)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value if isinstance(value, (Model, Instance)) else UNKNOWN, names)
        self.body(stmt.body, names)

    _do_AsyncWith = _do_With

    def _do_Try(self, stmt: ast.Try, names: Names) -> None:
        imports = any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in stmt.body)
        before = dict(names[-1])
        try:
            self.body([*stmt.body, *stmt.orelse], names)
        finally:
            if (
                imports
            ):  # whether it is there is not known here: what its absence sets, and it sets otherwise, is neither
                self._absent(stmt, before, names)
            self.body(stmt.finalbody, names)

    _do_TryStar = _do_Try

    def _absent(self, stmt: ast.Try, before: dict[str, Any], names: Names) -> None:
        for handler in stmt.handlers:
            aside = dict(before)
            try:
                self.body(handler.body, [*names[:-1], aside])
            except Left:
                continue
            for name, value in aside.items():
                if name not in before and name not in names[-1]:
                    names[-1][name] = value
                elif known(value) and name in names[-1] and known(names[-1][name]) and names[-1][name] != value:
                    names[-1][name] = UNKNOWN

    def _either(self, ways: list[Callable[[], None]], names: Names) -> None:
        """Go each way from the same names; afterwards, what differs between those that go on is unknown."""
        before = dict(names[-1])
        after: Names = []
        returned: list[Returned] = []
        outer, number = self.ways, len(self.sides)
        self.sides[number] = len(ways)
        for side, way in enumerate(ways):
            names[-1].clear()
            names[-1].update(before)
            self.ways = (*outer, (number, side))
            try:
                way()
            except Returned as done:
                returned.append(done)
            except Left:
                pass
            else:
                after.append(dict(names[-1]))
            finally:
                self.ways = outer
        names[-1].clear()
        names[-1].update(before)
        if after:
            for name in {name for one in after for name in one}:
                found = [one[name] for one in after if name in one]
                names[-1][name] = found[0] if all(same(found[0], other) for other in found) else merged(found)
        for one in returned:
            self.running[-1].append(one.value) if self.running else None
        if not after:
            raise returned[0] if returned else Left

    def _alone(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Left:
            pass

    def bind(self, target: ast.expr, value: Any, names: Names) -> None:
        if isinstance(target, ast.Name):
            scope = names[0] if target.id in names[-1].get("global ", ()) else names[-1]
            scope[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = self.items(value)
            fits = items is not None and len(items) == len(target.elts)
            starred = any(isinstance(one, ast.Starred) for one in target.elts)
            for at, one in enumerate(target.elts):
                inner = one.value if isinstance(one, ast.Starred) else one
                self.bind(inner, items[at] if items is not None and fits and not starred else UNKNOWN, names)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, names)
            if isinstance(owner, Instance):
                owner.attributes[target.attr] = value
            elif isinstance(owner, Class):
                owner.space[target.attr] = value
            elif isinstance(owner, Model):
                owner.__dict__.setdefault("assigned", {})[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value, names), self.value(target.slice, names)
            if isinstance(owner, dict) and known(key):
                try:
                    owner[key] = value
                except TypeError:
                    pass
            elif isinstance(owner, list) and isinstance(key, int) and -len(owner) <= key < len(owner):
                owner[key] = value
