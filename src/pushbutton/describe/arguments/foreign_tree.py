"""The tree of a source as another Python has it, 2.7 to the newest, made into one of ours."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

__all__ = ["ASK", "tree_of"]

ASK = """\
import ast, json, resource, sys
try:
    text = unicode
except NameError:
    text = str
def plain(node):
    if isinstance(node, ast.AST):
        made = dict((name, plain(getattr(node, name, None))) for name in node._fields)
        made[""] = type(node).__name__
        if hasattr(node, "lineno"):
            made["lineno"] = node.lineno
        return made
    if isinstance(node, (list, tuple)):
        return [plain(one) for one in node]
    if isinstance(node, bytes) and bytes is str:
        try:
            return node.decode("utf-8")
        except UnicodeDecodeError:
            return node.decode("latin-1")
    if isinstance(node, bytes):
        return {"": "bytes", "value": node.decode("latin-1")}
    if node is None or isinstance(node, (bool, int, text)) or (isinstance(node, float) and node - node == 0):
        return node
    if type(node).__name__ == "long":
        return node
    return {"": "other"}
def limit():
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 3
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))
for line in iter(sys.stdin.readline, ""):
    path = json.loads(line)
    limit()
    try:
        with open(path.encode("utf-8") if bytes is str else path, "rb") as file:
            found = {"tree": plain(ast.parse(file.read())), "version": list(sys.version_info[:2])}
    except SyntaxError as error:
        found = {"line": error.lineno or 1, "version": list(sys.version_info[:2])}
    except Exception as error:
        found = None
    sys.stdout.write(json.dumps(found) + "\\n")
    sys.stdout.flush()
"""
"""The program that the other Python runs: for the path on each line it writes its tree as JSON, or the line that it
cannot read. Each may take it two or three seconds of a processor.
"""

_LISTS = frozenset(
    {
        *("body", "orelse", "finalbody", "handlers", "decorator_list", "args", "keywords", "defaults", "kw_defaults"),
        *("kwonlyargs", "posonlyargs", "bases", "targets", "names", "elts", "values", "keys", "generators", "ifs"),
        *("ops", "comparators", "items", "type_ignores", "cases", "type_params"),
    }
)
_STATEMENTS = frozenset({"body", "orelse", "finalbody"})


def tree_of(found: dict[str, Any]) -> ast.Module:
    made = _node(found, "")
    assert isinstance(made, ast.Module)  # noqa: S101 - what was asked for
    return ast.fix_missing_locations(made)


def _node(found: Any, place: str) -> Any:
    if isinstance(found, list):
        return [_node(one, place) for one in found]
    if not isinstance(found, dict):
        return found
    kind = found.pop("")
    if kind in ("bytes", "other"):
        return found["value"].encode("latin-1") if kind == "bytes" else None
    parts = {name: _node(value, name) for name, value in found.items()}
    made = _OLD[kind](parts) if kind in _OLD else _plain(kind, parts, place)
    if isinstance(made, ast.AST) and "lineno" in parts:
        for name in ("lineno", "end_lineno"):
            setattr(made, name, parts["lineno"])
        for name in ("col_offset", "end_col_offset"):
            setattr(made, name, 0)
    return made


def _plain(kind: str, parts: dict[str, Any], place: str) -> ast.AST:
    made_of = getattr(ast, kind, None)
    if made_of is None or kind == "ExtSlice":  # newer than ours, or much older
        return ast.Pass() if place in _STATEMENTS else ast.Name("…", ast.Load())
    fields = {name: parts.get(name, [] if name in _LISTS else None) for name in made_of._fields}
    return made_of(**fields)  # type: ignore[no-any-return]


# -- what older ones have otherwise


def _name(parts: dict[str, Any]) -> ast.AST:
    constants = {"True": True, "False": False, "None": None}
    called = parts["id"]
    return ast.Constant(constants[called]) if called in constants else ast.Name(called, parts["ctx"])


def _call(parts: dict[str, Any]) -> ast.AST:
    more = [ast.Starred(parts["starargs"], ast.Load())] if parts.get("starargs") else []
    named = [ast.keyword(None, parts["kwargs"])] if parts.get("kwargs") else []
    return ast.Call(parts["func"], [*parts["args"], *more], [*parts["keywords"], *named])


def _arguments(parts: dict[str, Any]) -> ast.AST:
    def one(found: Any) -> ast.arg | None:
        if found is None or isinstance(found, ast.arg):
            return found
        return ast.arg(found.id if isinstance(found, ast.Name) else found if isinstance(found, str) else "…", None)

    given = [one(each) for each in parts["args"]]
    return ast.arguments(
        posonlyargs=parts.get("posonlyargs", []), args=[each for each in given if each], vararg=one(parts["vararg"]),
        kwonlyargs=parts.get("kwonlyargs", []), kw_defaults=parts.get("kw_defaults", []), kwarg=one(parts["kwarg"]),
        defaults=parts["defaults"],
    )  # fmt: skip


def _with(parts: dict[str, Any]) -> ast.AST:
    items = parts.get("items") or [ast.withitem(parts["context_expr"], parts["optional_vars"])]
    return ast.With(items, parts["body"], None)


def _handler(parts: dict[str, Any]) -> ast.AST:
    name = parts["name"]
    return ast.ExceptHandler(parts["type"], name.id if isinstance(name, ast.Name) else name, parts["body"])


def _try(parts: dict[str, Any]) -> ast.AST:
    return ast.Try(parts["body"], parts.get("handlers", []), parts.get("orelse", []), parts.get("finalbody", []))


def _raise(parts: dict[str, Any]) -> ast.AST:
    return ast.Raise(parts["type"] if "type" in parts else parts["exc"], None)


def _print(parts: dict[str, Any]) -> ast.AST:
    return ast.Expr(ast.Call(ast.Name("print", ast.Load()), parts["values"], []))


_OLD: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Num": lambda parts: ast.Constant(parts["n"]),
    "Str": lambda parts: ast.Constant(parts["s"]),
    "Bytes": lambda parts: ast.Constant(parts["s"]),
    "NameConstant": lambda parts: ast.Constant(parts["value"]),
    "Ellipsis": lambda _: ast.Constant(...),
    "Index": lambda parts: parts["value"],
    "Name": _name,
    "Call": _call,
    "arguments": _arguments,
    "With": _with,
    "ExceptHandler": _handler,
    "TryExcept": _try,
    "TryFinally": _try,
    "Raise": _raise,
    "Print": _print,
    "Exec": lambda _: ast.Pass(),
    "Repr": lambda _: ast.Name("…", ast.Load()),
}
