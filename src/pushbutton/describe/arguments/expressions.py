"""The values of expressions while a source is walked through. Nothing runs; only plain values are worked with."""

from __future__ import annotations

import ast
import builtins
import operator
import re
import sys
from collections.abc import Callable
from typing import Any

from pushbutton.describe.operators import BINARY, COMPARE, UNARY

from .values import (
    UNKNOWN,
    Class,
    Function,
    Generic,
    Instance,
    Left,
    Model,
    Names,
    Outside,
    TooLong,
    Unknown,
    known,
    same,
    size,
)

__all__ = ["LONGEST", "MOST_STEPS", "Expressions"]

MOST_STEPS = 200_000
LONGEST = 100_000  # characters or items of a value that is made here
MOST_ROUNDS = 2_000  # of one loop

_BINARY = {**BINARY, ast.Pow: operator.pow}
_UNARY = {**UNARY, ast.Invert: operator.invert}
METHODS: dict[type, tuple[str, ...]] = {
    str: (
        *("split", "rsplit", "splitlines", "lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip"),
        *("replace", "join", "format", "startswith", "endswith", "removeprefix", "removesuffix", "partition"),
        *("rpartition", "isdigit", "center", "ljust", "rjust"),
    ),
    dict: ("keys", "values", "items", "get", "copy"),
    list: ("copy", "index", "count"),
    tuple: ("index", "count"),
    set: ("union", "copy", "difference", "intersection"),
    frozenset: ("union",),
}
CHANGES: dict[type, tuple[str, ...]] = {
    list: ("append", "extend", "insert", "pop", "sort", "reverse", "remove"),
    dict: ("update", "setdefault", "pop"),
    set: ("add", "update", "discard"),
}
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), type(reversed([])))


def calm(template: str | bytes) -> bool:
    """Whether what is filled in gets no width that takes much: "%1000000d", "%*d", "{:>1000000}"."""
    text = template if isinstance(template, str) else template.decode("latin-1")
    return re.search(r"[0-9]{5}|%[^a-zA-Z%]*\*|\{[^}]*\{", text) is None


class Expressions:
    """The part of the walk that works values out. `value` gives one, or `UNKNOWN`; methods `_of_X` are those of the
    syntax tree's nodes.
    """

    steps = 0
    whole_parts = False  # 3 / 2 is 1

    def call(self, called: Any, node: ast.AST, args: list[Any], kwargs: dict[Any, Any], *, follow: bool = True) -> Any:
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Any, names: Names) -> None:
        raise NotImplementedError

    def value(self, node: ast.expr, names: Names) -> Any:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooLong
        found = getattr(self, f"_of_{type(node).__name__}", None)
        if found is None:
            return UNKNOWN
        try:
            return found(node, names)
        except (Left, TooLong, RecursionError):
            raise
        except Exception:  # noqa: BLE001 - whatever the author's expression would raise
            return UNKNOWN

    def _of_Constant(self, node: ast.Constant, names: Names) -> Any:
        return node.value

    def _of_Name(self, node: ast.Name, names: Names) -> Any:
        for scope in reversed(names):
            if node.id in scope:
                return scope[node.id]
        return Outside(node.id) if hasattr(builtins, node.id) else UNKNOWN

    def _of_Attribute(self, node: ast.Attribute, names: Names) -> Any:
        return self.attribute(self.value(node.value, names), node.attr)

    def attribute(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Outside):
            return self._of_outside(f"{owner.name}.{name}")
        if isinstance(owner, Instance):
            if name in owner.attributes:
                return owner.attributes[name]
            found = owner.made_of.find(name)
            if isinstance(found, Function):
                return self._method(found, owner)
            if found is not None:
                return found
            base = owner.attributes.get("base ")
            return self.attribute(base, name) if base is not None else UNKNOWN
        if isinstance(owner, Class):
            found = owner.find(name)
            return (name, found) if found is not None and self.is_enum(owner) else UNKNOWN if found is None else found
        if isinstance(owner, Model):
            return owner.__dict__.get("assigned", {}).get(name, owner.attribute(name))
        if isinstance(owner, Function):
            return ast.get_docstring(owner.node) if name == "__doc__" and hasattr(owner.node, "body") else UNKNOWN
        if isinstance(owner, tuple) and len(owner) == 2 and name in ("name", "value") and isinstance(owner[0], str):
            return owner[0] if name == "name" else owner[1]
        if name in METHODS.get(type(owner), ()) or name in CHANGES.get(type(owner), ()):
            return getattr(owner, name)
        return UNKNOWN

    def _method(self, found: Function, owner: Instance) -> Any:
        by = [self._decorator(one) for one in getattr(found.node, "decorator_list", [])]
        if "staticmethod" in by:
            return found
        bound = Function(found.node, found.names, owner)
        return self.call(bound, found.node, [], {}) if "property" in by else bound

    def _decorator(self, node: ast.expr) -> str:
        return node.id if isinstance(node, ast.Name) else ""

    def is_enum(self, made: Any) -> bool:
        base = made.outside() if isinstance(made, Class) else None
        named = [one.name for one in (made.bases if isinstance(made, Class) else []) if isinstance(one, Outside)]
        return base is not None and any(name.startswith("enum.") or name.endswith("Enum") for name in named)

    def members(self, made: Class) -> list[tuple[str, Any]]:
        """Of an enum: (name, value) of each."""
        found = []
        for stmt in made.node.body:
            if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
                name = stmt.targets[0].id
                if not name.startswith("_"):
                    found.append((name, made.space.get(name, UNKNOWN)))
        return found

    def _of_outside(self, name: str) -> Any:
        if name == "sys.version_info":
            return tuple(sys.version_info)
        if name == "sys.platform":
            return sys.platform
        if name == "os.linesep":
            return "\n"
        return Outside(name)

    def _of_Subscript(self, node: ast.Subscript, names: Names) -> Any:
        owner = self.value(node.value, names)
        if isinstance(owner, Outside):
            inner = self.value(node.slice, names)
            return Generic(owner, inner if isinstance(inner, tuple) else (inner,))
        if isinstance(owner, (str, list, tuple, dict)):
            return owner[self.value(node.slice, names)]
        if isinstance(owner, Class) and isinstance(name := self.value(node.slice, names), str):
            return self.attribute(owner, name) if self.is_enum(owner) else UNKNOWN
        return UNKNOWN

    def _of_Slice(self, node: ast.Slice, names: Names) -> Any:
        return slice(
            *(self.value(one, names) if one is not None else None for one in (node.lower, node.upper, node.step))
        )

    def _of_Index(self, node: Any, names: Names) -> Any:
        return self.value(node.value, names)  # Python 3.8

    def elements(self, nodes: list[ast.expr], names: Names) -> list[Any] | None:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                items = self.items(self.value(node.value, names))
                if items is None:
                    return None
                found.extend(items)
            else:
                found.append(self.value(node, names))
        return found

    def _of_Tuple(self, node: ast.Tuple, names: Names) -> Any:
        found = self.elements(node.elts, names)
        return UNKNOWN if found is None else tuple(found)

    def _of_List(self, node: ast.List, names: Names) -> Any:
        found = self.elements(node.elts, names)
        return UNKNOWN if found is None else found

    def _of_Set(self, node: ast.Set, names: Names) -> Any:
        found = self.elements(node.elts, names)
        return UNKNOWN if found is None else dict.fromkeys(found).keys() and list(dict.fromkeys(found))

    def _of_Dict(self, node: ast.Dict, names: Names) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=False):
            if key is None:
                more = self.value(value, names)
                if not isinstance(more, dict):
                    return UNKNOWN
                made.update(more)
            else:
                made[self.value(key, names)] = self.value(value, names)
        return made

    def _of_BinOp(self, node: ast.BinOp, names: Names) -> Any:
        return self.binary(type(node.op), self.value(node.left, names), self.value(node.right, names))

    def binary(self, op: type, left: Any, right: Any) -> Any:
        if op is ast.BitOr and not (known(left) and known(right)):
            return Generic(Outside("typing.Union"), (left, right)) if not isinstance(left, Unknown) else UNKNOWN
        plain = known(left) and known(right)
        listed = op is ast.Add and type(left) is type(right) and isinstance(left, (list, tuple))
        if not (plain or listed) or op not in _BINARY:
            return UNKNOWN
        if op is ast.Mod and isinstance(left, (str, bytes)) and not calm(left):
            return UNKNOWN
        if op is ast.Pow and (not isinstance(right, int) or right > 64):
            return UNKNOWN
        if (
            op in (ast.Mult, ast.LShift)
            and size(left) * max(size(right), right if isinstance(right, int) else 1) > LONGEST
        ):
            return UNKNOWN
        if op is ast.Div and self.whole_parts and isinstance(left, int) and isinstance(right, int):
            op = ast.FloorDiv
        made = _BINARY[op](left, right)
        return made if size(made) <= LONGEST else UNKNOWN

    def _of_UnaryOp(self, node: ast.UnaryOp, names: Names) -> Any:
        value = self.value(node.operand, names)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return UNKNOWN if truth is None else not truth
        return _UNARY[type(node.op)](value) if known(value) else UNKNOWN

    def _of_BoolOp(self, node: ast.BoolOp, names: Names) -> Any:
        found: Any = None
        for one in node.values:
            found = self.value(one, names)
            truth = self.truth(found)
            if truth is None:
                return UNKNOWN
            if truth == isinstance(node.op, ast.Or):
                return found
        return found

    def _of_Compare(self, node: ast.Compare, names: Names) -> Any:
        left = self.value(node.left, names)
        for op, one in zip(node.ops, node.comparators, strict=False):
            right = self.value(one, names)
            if not (known(left) and known(right)):
                return UNKNOWN
            if not COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _of_IfExp(self, node: ast.IfExp, names: Names) -> Any:
        test = self.truth(self.value(node.test, names))
        if test is None:
            one, other = self.value(node.body, names), self.value(node.orelse, names)
            return one if same(one, other) else UNKNOWN
        return self.value(node.body if test else node.orelse, names)

    def _of_JoinedStr(self, node: ast.JoinedStr, names: Names) -> Any:
        parts = [self.value(one, names) for one in node.values]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else UNKNOWN

    def _of_FormattedValue(self, node: ast.FormattedValue, names: Names) -> Any:
        value = self.value(node.value, names)
        how = self.value(node.format_spec, names) if node.format_spec is not None else ""
        if not known(value) or not isinstance(how, str) or (any(c.isdigit() for c in how) and len(how) > 6):
            return UNKNOWN
        if node.conversion != -1:
            shown: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}
            value = shown[chr(node.conversion)](value)
        return format(value, how)

    def _of_NamedExpr(self, node: ast.NamedExpr, names: Names) -> Any:
        value = self.value(node.value, names)
        self.bind(node.target, value, names)
        return value

    def _of_Await(self, node: ast.Await, names: Names) -> Any:
        return self.value(node.value, names)

    def _of_Lambda(self, node: ast.Lambda, names: Names) -> Any:
        return Function(node, list(names))

    def _of_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, names: Names) -> Any:
        made: list[Any] = []
        inner = [*names, {}]

        def through(at: int) -> bool:
            if at == len(node.generators):
                made.append(self.value(node.elt, inner))
                return len(made) <= MOST_ROUNDS
            part = node.generators[at]
            items = self.items(self.value(part.iter, inner))
            if items is None:
                return False
            for item in items:
                self.bind(part.target, item, inner)
                tests = [self.truth(self.value(test, inner)) for test in part.ifs]
                if None in tests:
                    return False
                if all(tests) and not through(at + 1):
                    return False
            return True

        return made if through(0) else UNKNOWN

    _of_GeneratorExp = _of_ListComp
    _of_SetComp = _of_ListComp

    def _of_DictComp(self, node: ast.DictComp, names: Names) -> Any:
        pairs = ast.ListComp(elt=ast.Tuple(elts=[node.key, node.value], ctx=ast.Load()), generators=node.generators)
        made = self._of_ListComp(ast.copy_location(pairs, node), names)
        return UNKNOWN if isinstance(made, Unknown) else dict(made)

    def truth(self, value: Any) -> bool | None:
        if known(value):
            return bool(value)
        if isinstance(value, (list, tuple, dict)):
            return len(value) > 0
        return True if isinstance(value, (Model, Function, Class, Instance)) else None

    def items(self, value: Any) -> list[Any] | None:
        if isinstance(value, Class) and self.is_enum(value):
            return [(name, item) for name, item in self.members(value)]
        if isinstance(
            value,
            (
                str,
                list,
                tuple,
                dict,
                set,
                frozenset,
                range,
                zip,
                enumerate,
                type({}.keys()),
                type({}.values()),
                type({}.items()),
                type(reversed([])),
            ),
        ):
            found = []
            for item in value:
                found.append(item)
                if len(found) > MOST_ROUNDS:
                    return None
            return found
        return None
