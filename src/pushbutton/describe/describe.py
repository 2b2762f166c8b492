"""The tasks of a Python file, as JSON: `python -m pushbutton.describe.describe FILE [--main] [--all] [--import]`.

The file is read, not run: its tree tells the names, hints, defaults and decorators (`evaluate`). A default that only
running tells leaves its field empty, a type that only running tells breaks the task or leaves the input to its default.
With `--import`, a task that says `@task(dynamic=True)` has its file run for what its source alone does not tell.

    {"tasks": [{"name", "title", "line", "help", "options": {…}, "params": [{…}], "errors": [PLACE], "places": {…},
                "doubted": null | [NAME]}],
     "warnings": [PLACE], "error": null | PLACE}             PLACE is {"line", "column", "sentence"}, from 1

"errors" are all mistakes of a task; "places" says where its options ("title") and inputs ("params.name") stand, as
[line, column]; "doubted" names the inputs that are missing because of a mistake, null where nobody knows which.

Which functions and classes are tasks: those decorated with `task`; with `--main`, also those that the file calls when
it is run itself; with `--all`, and when there are none of these, every public function of the file and every public
class with a `run` method. Exit code 1 when the file as a whole is broken.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pushbutton.job import declare, options
from pushbutton.job.kinds import Unfit
from pushbutton.job.load import load

from . import docstring, hints
from .evaluate import Foreign, NotPlain, Scope
from .hints import MISSING, UNKNOWN, WrongHint
from .title import title_of

__all__ = ["describe", "main", "run"]

Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = dict[str, Any]

_REPLACING = frozenset({"asyncclick", "click", "click_extra", "cloup", "rich_click"})
"""Packages whose decorators put an object in a function's place that takes a command line, and no arguments."""

_MARKERS = {"typer": ("Argument", "Option")}
"""Calls that stand where a default would, by package; their first argument is the default."""

_PLAINLY = "write it plainly, or let the file be run for it with @task(dynamic=True)"


class _Wrong(Exception):
    """The author wrote something that cannot work: one sentence or more."""

    def __init__(self, node: ast.AST, *sentences: str) -> None:
        super().__init__(*sentences)
        self.places = [_place(node, sentence) for sentence in sentences]


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument of a function, as the file has it."""

    name: str
    node: ast.arg
    default: ast.expr | None
    function: str  # dotted, inside the module


def describe(
    path: str,
    *,
    every: bool = False,
    main: bool = False,
    execute: bool = False,
    runs: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The shape at the top of this file. `execute` allows to run the file for a task that says `dynamic=True`; `runs`
    is called right before.
    """
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), filename=path)
    except SyntaxError as error:
        return _broken(error.lineno or 1, error.offset or 1, _sentence(error.msg))
    except (ValueError, RecursionError, MemoryError) as error:
        return _broken(1, 1, f"Python cannot read it: {str(error) or type(error).__name__}")
    except OSError as error:
        return _broken(1, 1, f"it cannot be read: {error.strerror}")
    return _Reader(tree, path, execute=execute, runs=runs).read(every=every, main=main)


class _Reader:
    def __init__(self, tree: ast.Module, path: str, *, execute: bool, runs: Callable[[], None]) -> None:
        self._tree, self._path, self._execute = tree, path, execute
        self._runs = runs
        self._dynamic = False  # the task that is read lets its file be run
        self._scope = Scope(tree, os.path.splitext(os.path.basename(path))[0], path)
        self._warnings: list[Place] = []
        self._module: Any = None  # the file as it is when it has run; set only when that is needed
        self._failed = ""

    def read(self, *, every: bool, main: bool) -> dict[str, Any]:
        named = {node.name: node for node in _definitions(self._tree.body)}
        chosen = [(node, call) for node in named.values() if (call := self._decorator(node)) is not None]
        if main:
            decorated = [node for node, _ in chosen]
            called = [node for node in _called(self._tree, named) if node not in decorated]
            chosen += [(node, ()) for node in called if self._callable(node, named)]
        if not chosen and every:
            chosen = [(node, ()) for node in named.values() if self._public(node, named)]
        tasks = [self._task(node, call, named) for node, call in sorted(chosen, key=lambda one: one[0].lineno)]
        return {"tasks": tasks, "warnings": self._warnings, "error": None}

    # -- which

    def _decorator(self, node: Function | ast.ClassDef) -> tuple[ast.Call, ...] | None:
        """The call of `task` above it: () for a bare `@task`, None for no task."""
        for decorator in node.decorator_list:
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            try:
                if self._scope.value(target) is declare.task:
                    return (decorator,) if isinstance(decorator, ast.Call) else ()
            except NotPlain:
                continue
        return None

    def _public(self, node: Function | ast.ClassDef, named: dict[str, Function | ast.ClassDef]) -> bool:
        return not node.name.startswith("_") and self._callable(node, named)

    def _callable(self, node: Function | ast.ClassDef, named: dict[str, Function | ast.ClassDef]) -> bool:
        return not isinstance(node, ast.ClassDef) or _method(node, "run", named) is not None

    # -- one task

    def _task(
        self, node: Function | ast.ClassDef, call: tuple[ast.Call, ...], named: dict[str, Function | ast.ClassDef]
    ) -> dict[str, Any]:
        task: dict[str, Any] = {"name": node.name, "line": node.lineno, "title": title_of(node.name), "help": ""}
        errors: list[Place] = []
        places: dict[str, list[int]] = {}
        task |= {"options": {}, "params": [], "errors": errors, "places": places, "doubted": None}
        try:
            if (package := self._scope.origin(node)) in _REPLACING:
                raise _Wrong(
                    node,
                    f"“{node.name}” is a command of {package}, which takes a command line and no inputs: begin the "
                    "file with #! and make it executable, so that it is a script, or move the work into a function",
                )
            self._dynamic = self._says_dynamic(call)
            task["options"] = self._options(call, errors, places)
            task["options"].pop("dynamic", None)
            task["title"] = task["options"].pop("title", "") or task["title"]
            arguments, docs = self._arguments(node, named)
            task["help"], sentences = docs
            task["help"] = task["options"].pop("help", "") or task["help"]
        except _Wrong as wrong:
            errors += wrong.places
            return task
        doubted = task["doubted"] = []
        for argument in arguments:
            places[f"params.{argument.name}"] = _position(argument.node)
            try:
                param = self._param(argument)
            except _Wrong as wrong:
                errors += wrong.places
                doubted.append(argument.name)
                continue
            if param is not None:
                param.setdefault("help", sentences.get(argument.name, ""))
                task["params"].append(param)
        return task

    def _arguments(
        self, node: Function | ast.ClassDef, named: dict[str, Function | ast.ClassDef]
    ) -> tuple[list[_Argument], tuple[str, dict[str, str]]]:
        if not isinstance(node, ast.ClassDef):
            return list(_arguments(node, node.name)), docstring.split(ast.get_docstring(node))
        run = _method(node, "run", named)
        if run is None:
            raise _Wrong(node, f"the class “{node.name}” has no method named “run”")
        init = _method(node, "__init__", named)
        found: dict[str, _Argument] = {}
        sentences: dict[str, str] = {}
        text, own = docstring.split(ast.get_docstring(node))
        for method, bound in ((init, "__init__"), (run, "run")):
            if method is None:
                continue
            if not method.args.posonlyargs and not method.args.args:
                raise _Wrong(method, f"the method “{bound}” takes no “self”")
            found |= {one.name: one for one in _arguments(method, f"{node.name}.{bound}", method=True)}
            more, theirs = docstring.split(ast.get_docstring(method))
            text = text or (more if bound == "run" else "")
            sentences |= theirs
        return list(found.values()), (text, sentences | own)

    def _param(self, argument: _Argument) -> dict[str, Any] | None:
        """None: it is left to its default, because no form can ask for it or its name is private."""
        name, node = argument.name, argument.node
        if name.startswith("_"):
            if argument.default is None:
                raise _Wrong(node, f"“{name}” has no default, and a name that begins with “_” is asked of nobody")
            return None
        try:
            try:
                return self._read(argument, self._scope.value, self._scope.text)
            except NotPlain as unknown:
                return self._unknown(argument, unknown)
        except WrongHint as wrong:
            if argument.default is None:
                raise _Wrong(node, *map(_sentence, wrong.sentences)) from None
            why = "; and ".join(wrong.sentences)
            self._warnings.append(_place(node, f"“{name}” is left to its default, because {why}"))
            return None
        except (TypeError, ValueError) as error:
            raise _Wrong(node, f"the hint of “{name}” makes no sense: {error}") from None

    def _unknown(self, argument: _Argument, unknown: NotPlain) -> dict[str, Any] | None:
        """The input for an argument whose type or default the source does not tell. Raises `_Wrong`."""
        name, node = argument.name, argument.node
        if (marker := self._marker(argument.default)) is not None:
            return self._marked(argument, marker)
        if self._dynamic and self._execute:
            try:
                self._run(unknown)
                return self._read(argument, self._live, self._live_text)
            except NotPlain as why:
                raise _Wrong(node, f"the type or default of “{name}” cannot be worked out: {why}") from None
        if self._dynamic:
            self._warnings.append(_place(node, f"the type or default of “{name}” is only known when the file runs"))
            return {"name": name, "type": "str", "required": argument.default is None}
        if argument.default is None:
            raise _Wrong(node, f"the type of “{name}” is only known when the file runs: {_PLAINLY}")
        if argument.node.annotation is not None:
            try:
                param = hints.describe(name, self._scope.value(argument.node.annotation), UNKNOWN, self._scope.text)
            except NotPlain:
                pass
            else:
                sentence = f"the default of “{name}” is only known when the file runs: left empty, the job takes it"
                self._warnings.append(_place(node, sentence))
                return param
        sentence = f"“{name}” is left to its default, because its type is only known when the file runs: {_PLAINLY}"
        self._warnings.append(_place(node, sentence))
        return None

    def _marker(self, default: ast.expr | None) -> ast.Call | None:
        """The call of another package that stands where the default would, as in `count: int = typer.Option(2)`."""
        if not isinstance(default, ast.Call):
            return None
        names = _MARKERS.get(self._scope.origin(default.func), ())
        called = default.func.attr if isinstance(default.func, ast.Attribute) else self._imported(default.func)
        return default if called in names else None

    def _imported(self, node: ast.expr) -> str:
        try:
            found = self._scope.value(node)
        except NotPlain:
            return ""
        return found.name.rpartition(".")[2] if isinstance(found, Foreign) else ""

    def _marked(self, argument: _Argument, marker: ast.Call) -> dict[str, Any] | None:
        """The function itself would take the marker for a value, so each such input has to be passed. Raises `_Wrong`
        where it could be left out.
        """
        given = [*marker.args[:1], *(keyword.value for keyword in marker.keywords if keyword.arg == "default")]
        help_text = next((keyword.value for keyword in marker.keywords if keyword.arg == "help"), None)
        inside = given[0] if given else None
        if isinstance(inside, ast.Constant) and inside.value is Ellipsis:
            inside = None
        if any(keyword.arg in ("default_factory", "callback", "parser", "click_type") for keyword in marker.keywords):
            inside = marker  # nobody knows what it makes of the value
        try:
            param = self._read(replace(argument, default=inside), self._scope.value, self._scope.text)
        except NotPlain:
            param = None
        if param is None or (not param["required"] and param.get("default") is None):
            package, called = self._scope.origin(marker.func), ast.unparse(marker.func)
            sentence = f"the default of “{argument.name}” is a marker of {package}, which only it understands"
            raise _Wrong(marker, f"{sentence}: write Annotated[…, {called}(…)] = … instead")
        if isinstance(help_text, ast.Constant) and isinstance(help_text.value, str):
            param.setdefault("help", help_text.value)
        return param

    def _says_dynamic(self, call: tuple[ast.Call, ...]) -> bool:
        """`dynamic=True`, written out: what says whether the file may be run cannot depend on running it."""
        return any(
            keyword.arg == "dynamic" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            for one in call
            for keyword in one.keywords
        )

    def _read(
        self, argument: _Argument, value: Callable[[ast.expr], Any], text: Callable[[str], Any]
    ) -> dict[str, Any]:
        hint = MISSING if argument.node.annotation is None else value(argument.node.annotation)
        if argument.default is None:
            default = MISSING
        elif value != self._live:
            default = _certain(value(argument.default), argument.default)
        else:  # what it is, not what it would be a second time
            found = self._module
            for part in argument.function.split("."):
                found = getattr(found, part)
            default = inspect.signature(found).parameters[argument.name].default
        return hints.describe(argument.name, hint, default, text)

    def _options(self, call: tuple[ast.Call, ...], errors: list[Place], places: dict[str, list[int]]) -> dict[str, Any]:
        """Those that are well; `errors` and `places` grow meanwhile."""
        found: dict[str, Any] = {}
        by_name = "task(…) takes options by name only, as in @task(title='…')"
        errors += [_place(argument, by_name) for one in call for argument in one.args]
        for keyword in (keyword for one in call for keyword in one.keywords):
            name = keyword.arg or "**"
            places[name] = _position(keyword)
            try:
                known, value = self._given(keyword, name)
                if known:
                    found[name] = _option(keyword, name, value)
            except _Wrong as wrong:
                errors += wrong.places
        return found

    def _given(self, keyword: ast.keyword, name: str) -> tuple[bool, Any]:
        """Whether the value of an option is known, and it. Raises `_Wrong`."""
        if name not in options.known(options.PYTHON):
            hint = options.unknown(name, options.PYTHON)
            raise _Wrong(keyword, f"there is no option named “{name}” for a task.{hint}")
        try:
            try:
                return True, _certain(self._scope.value(keyword.value), keyword.value)
            except NotPlain as unknown:
                if not (self._dynamic and self._execute):
                    raise
                self._run(unknown)
                return True, self._live(keyword.value)
        except NotPlain as unknown:
            if self._dynamic and self._execute:
                raise _Wrong(keyword, f"“{name}” cannot be worked out: {unknown}") from None
            if not self._dynamic and not options.OPTIONS[name].words:
                raise _Wrong(keyword, f"“{name}” is only known when the file runs: {_PLAINLY}") from None
            self._warnings.append(_place(keyword, f"“{name}” is only known when the file runs"))
            return False, None

    # -- what an expression means when the file runs

    def _run(self, unknown: NotPlain) -> None:
        if self._module is None and not self._failed:
            self._runs()
            try:
                self._module = load(self._path)
            except BaseException as error:  # noqa: BLE001 - `sys.exit()` at the top level is one of them
                self._failed = f"running the file failed with {type(error).__name__}: {error}"
        if self._failed:
            raise NotPlain(unknown.node, self._failed)

    def _live(self, node: ast.expr) -> Any:
        code = compile(ast.Expression(node), self._path, "eval")
        try:
            return eval(code, self._module.__dict__)  # noqa: S307 - the author's own file, in a process of its own
        except Exception as error:  # noqa: BLE001 - whatever the author's expression raises
            raise NotPlain(node, f"{type(error).__name__}: {error}") from None

    def _live_text(self, source: str) -> Any:
        try:
            return self._live(ast.parse(source.strip(), mode="eval").body)
        except SyntaxError:
            raise NotPlain(None, f"“{source}” is no type") from None


def _certain(value: Any, node: ast.AST) -> Any:
    """The value, unless it is only a name of another package."""
    if isinstance(value, Foreign):
        raise NotPlain(node, f"{value.name} is only known when the file runs")
    return value


def _called(tree: ast.Module, named: dict[str, Function | ast.ClassDef]) -> list[Function | ast.ClassDef]:
    """The functions of the file that it calls, or hands to something that calls them, when it is run itself."""
    mains = [stmt for stmt in tree.body if isinstance(stmt, ast.If) and _is_main(stmt.test)]
    names = {
        node.id
        for stmt in mains
        for part in stmt.body
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return [node for name, node in named.items() if name in names]


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [ast.unparse(side).strip("\"'") for side in (test.left, test.comparators[0])]
    return sorted(sides) == ["__main__", "__name__"]


def _definitions(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    for stmt in body:
        if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield stmt
        elif isinstance(stmt, ast.If | ast.Try):
            yield from _definitions([*stmt.body, *stmt.orelse])


def _method(
    node: ast.ClassDef, name: str, named: dict[str, Function | ast.ClassDef], depth: int = 8
) -> Function | None:
    for stmt in node.body:
        if isinstance(stmt, Function) and stmt.name == name:
            return stmt
    for base in node.bases:
        above = named.get(base.id) if isinstance(base, ast.Name) else None
        if isinstance(above, ast.ClassDef) and depth and (found := _method(above, name, named, depth - 1)):
            return found
    return None


def _arguments(node: Function, function: str, *, method: bool = False) -> Iterator[_Argument]:
    """Every argument that can be filled by name or place; `*args` and `**kwargs` stay empty."""
    args = [*node.args.posonlyargs, *node.args.args]
    defaults: list[ast.expr | None] = [None] * (len(args) - len(node.args.defaults))
    defaults += node.args.defaults
    pairs = [*zip(args, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    for arg, default in pairs[1:] if method else pairs:
        yield _Argument(arg.arg, arg, default, function)


def _option(node: ast.AST, name: str, value: Any) -> Any:
    try:
        found = options.OPTIONS[name].kind.read(value)
    except Unfit as error:
        raise _Wrong(node, f"“{name}” must be {error}") from None
    return list(found) if isinstance(found, tuple) else found


def _place(node: ast.AST, sentence: str) -> Place:
    line, column = _position(node)
    return {"line": line, "column": column, "sentence": sentence}


def _position(node: ast.AST) -> list[int]:
    return [getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1]


def _broken(line: int, column: int, sentence: str) -> dict[str, Any]:
    place = {"line": line, "column": column, "sentence": sentence}
    return {"tasks": [], "warnings": [], "error": place}


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def main(argv: list[str]) -> int:
    flags = {word for word in argv if word in ("--all", "--import", "--main")}
    paths = [word for word in argv if word not in flags]
    if len(paths) != 1:
        sys.stderr.write("usage: python -m pushbutton.describe.describe FILE [--main] [--all] [--import]\n")
        return 2
    answer = os.dup(1)  # what the author's file prints when it is run must not mix with the answer
    os.dup2(2, 1)
    found = describe(paths[0], every="--all" in flags, main="--main" in flags, execute="--import" in flags)
    with os.fdopen(answer, "w", encoding="utf-8") as out:
        json.dump(found, out, ensure_ascii=True)
    return 1 if found["error"] else 0


def run() -> None:
    """The whole process: `sys.argv` names the file."""
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # a thread that the author's file started must not hold it


if __name__ == "__main__":
    run()
