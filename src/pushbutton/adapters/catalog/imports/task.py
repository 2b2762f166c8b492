"""A Taskfile: a task for each of its tasks that is not internal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import split

from pushbutton.describe.title import title_of
from pushbutton.domain.environment import inherited

from .kind import Draft, Left, Param, Source, Task, literal
from .limits import Taken, Use, limit, take, uses
from .names import Names
from .place import beside, option
from .tree import Node, read_yaml

__all__ = ["read"]

_USUAL = tuple(f"{name}.{end}" for name in ("Taskfile", "taskfile") for end in ("yml", "yaml", "dist.yml", "dist.yaml"))
_OWN = frozenset(
    {"ALIAS", "CHECKSUM", "CLI_ARGS_LIST", "CLI_ASSUME_YES", "CLI_FORCE", "CLI_OFFLINE", "CLI_SILENT", "CLI_VERBOSE"}
    | {"EXIT_CODE", "ITEM", "KEY", "MATCH", "ROOT_DIR", "ROOT_TASKFILE", "TASK", "TASKFILE", "TASKFILE_DIR", "TASK_DIR"}
    | {"TASK_EXE", "TASK_VERSION", "TIMESTAMP", "USER_WORKING_DIR", "OS", "ARCH"}
)
"""Variables that Task sets itself."""
_ARGS = "CLI_ARGS"
_SHELL, _NOBODY, _ANOTHER = "a shell", "nobody", "another task, in whatever way"
"""The readers of a text in which values are filled in."""
_HOLE = re.compile(r"\{\{-?(?P<code>(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|.){0,1000}?)-?\}\}", re.DOTALL)
_NAME = re.compile(r"(?<![\w.)\"])\.([A-Za-z_]\w*)")
_QUOTED = re.compile(r"\s*(?:(?:shellQuote|q)\s+\.(\w+)|\.(\w+)\s*\|\s*(?:shellQuote|q))\s*")
_DEFAULT = re.compile(
    r"\{\{-?\s*(?:\.(?P<first>\w+)\s*\|\s*default\s+(?P<text>\"[^\"\\]*\"|'[^'\\]*'|`[^`]*`|\d+)"
    r"|default\s+(?P<other>\"[^\"\\]*\"|`[^`]*`|\d+)\s+\.(?P<last>\w+))\s*-?\}\}"
)


@dataclass(frozen=True, slots=True)
class _Variable:
    text: str  # "" where only running tells
    default: str | None = None  # it is this where nobody gives another
    by_shell: bool = False  # the text is run, and what it says is the value
    line: int = 1


def read(source: Source) -> Draft:
    tree = read_yaml(source)
    tasks = tree["tasks"]
    if not tasks.is_table and not tree["includes"].table:
        raise source.wrong("It is no Taskfile: below “tasks:” its tasks would stand, each by its name.")
    left: list[Left] = []
    for name, one in tree["includes"].table.items():
        left.append(Left(one.line, f"What is included is not read: {name}", "Import that file by itself."))
    found = []
    for name, node in tasks.table.items():
        if why := _passed(name, node):
            left.append(Left(node.line, f"The task “{name}” is passed over: {why}."))
        elif (task := _Reader(source, tree, left).task(name, node)) is not None:
            found.append(task)
    return Draft(tuple(found), tuple(left))


def _passed(name: str, node: Node) -> str:
    if node["internal"].truth:
        return "it is internal"
    if "*" in name:
        return "its name stands for many; write a task for each one that people call"
    if name.startswith("-") or not name.strip():
        return "its name would be taken for an option"
    return ""


class _Reader:
    def __init__(self, source: Source, tree: Node, left: list[Left]) -> None:
        self._source, self._tree, self._left = source, tree, left

    def task(self, name: str, node: Node) -> Task | None:
        required = dict(_required(node))
        taken = self._taken(name)
        for one in required:
            taken.setdefault(one, Taken(node.line))
        variables = self._variables(name)
        asked = {one: how for one, how in taken.items() if how.unsafe is None}
        for one, how in taken.items():
            if how.unsafe is None:
                continue
            what = how.unsafe.what
            if one in required or one not in variables:
                self._left.append(Left(how.unsafe.line, f"The task “{name}” is left out: {what}", how.unsafe.do))
                return None
            self._left.append(Left(how.unsafe.line, f"{one} is left as the Taskfile sets it: {what}"))
        names = Names()
        params = {one: self._param(names.of(one), one, how, required, variables) for one, how in asked.items()}
        confirm = self._confirm(node["prompt"], params)
        return Task(
            title_of(re.sub(r"\W+", "_", name).strip("_") or name),
            self._command(name, params, yes=bool(node["prompt"])),
            node.line,
            params=tuple(params.values()),
            slug=name,
            help="\n\n".join(filter(None, (node["desc"].text, node["summary"].text))),
            confirm=confirm,
            cwd=beside(self._source),
        )

    def _command(self, name: str, params: Mapping[str, Param], *, yes: bool) -> tuple[str | tuple[str, ...], ...]:
        words = ["task", *(["--yes"] if yes else [])]
        own = option("--taskfile", self._source, _USUAL)
        items = [f"{one}={{{param.name}}}" for one, param in params.items() if one != _ARGS]
        more = [("--", f"{{{params[_ARGS].name}}}")] if _ARGS in params else []
        return (*words, *split(literal(own)), literal(name), *items, *more)

    def _confirm(self, prompt: Node, params: Mapping[str, Param]) -> str:
        """Task's question, with what is filled in; several are one."""
        texts = [one.text for one in (prompt if prompt.is_list else [prompt]) if one.text]

        def hole(match: re.Match[str]) -> str:
            found = re.fullmatch(r"\s*\.(\w+)\s*", match["code"])
            param = params.get(found[1]) if found else None
            return f"{{{param.name}}}" if param else "…"

        asked = []
        for text in texts:
            pieces, before = [], 0
            for match in _HOLE.finditer(text):
                pieces += [literal(text[before : match.start()]), hole(match)]
                before = match.end()
            asked.append("".join([*pieces, literal(text[before:])]))
        return " ".join(asked)

    def _param(
        self, name: str, called: str, one: Taken, required: Mapping[str, Node], variables: Mapping[str, _Variable]
    ) -> Param:
        allowed = limit(one.how, never="{", program="Task")
        label = title_of(called.lower())
        if called == _ARGS:
            return Param(name, "list", words="*", label="More arguments", required=False, pattern=allowed.pattern)
        choices = {item.text: "" for item in required[called]["enum"] if item.text} if called in required else {}
        if choices:
            return Param(name, label=label, required=True, choices=choices)
        variable = variables.get(called)
        default = variable.default if variable else None
        told = ""
        if default is not None and not allowed.fits(default):
            told, default = f"Left empty, it is: {default}", None
        return Param(
            name,
            label=label,
            help=told,
            required=None if default else called in required,
            default=default or None,
            pattern=allowed.pattern,
            pattern_text=allowed.text,
        )

    # -- what becomes of a value

    def _variables(self, name: str) -> dict[str, _Variable]:
        own = self._tree["tasks"][name]["vars"].table
        return {key: _variable(key, value) for key, value in {**self._tree["vars"].table, **own}.items()}

    def _taken(self, name: str) -> dict[str, Taken]:
        """By variable from outside, in the task itself and in those that it calls."""
        found: dict[str, Taken] = {}
        seen: set[str] = set()
        waiting: list[tuple[str, Mapping[str, _Variable]]] = [(name, {})]
        while waiting:
            one, given = waiting.pop(0)
            node = self._tree["tasks"][one]
            if one in seen or node.value is None:
                continue
            seen.add(one)
            variables = {**self._variables(one), **given}
            for line, text, read_by in _texts(node):
                self._in_text(line, text, variables, found, read_by)
            for other, handed in _called(node):
                known = self._tree["tasks"][other].value is not None
                for value in () if known else handed.values():
                    self._in_text(value.line, value.text, variables, found, _ANOTHER)
                resolved = {key: _Variable(self._resolved(value.text, variables)) for key, value in handed.items()}
                waiting.append((other, resolved))
        return found

    @staticmethod
    def _resolved(text: str, variables: Mapping[str, _Variable]) -> str:
        """A text as the called task has it: what the caller's own variables hold, in their place."""
        own = {name: one.text for name, one in variables.items() if one.default is None and not one.by_shell}
        return _HOLE.sub(
            lambda match: own.get(match["code"].strip().removeprefix("."), match[0]),
            text,
        )

    def _in_text(
        self, line: int, text: str, variables: Mapping[str, _Variable], found: dict[str, Taken], read_by: str
    ) -> None:
        holes: dict[str, dict[int, tuple[int, str]]] = {}
        for match in _HOLE.finditer(text):
            for name in dict.fromkeys(_NAME.findall(match["code"])):
                for outside in self._through(name, variables, found):
                    one = found.setdefault(outside, Taken(line + text.count("\n", 0, match.start())))
                    if read_by != _SHELL:
                        one.how.add(Use.DATA if read_by == _NOBODY else Use.BARE)
                    elif outside == name and self._quoted(match["code"]):
                        use = uses(text, {match.start()}).get(match.start(), Use.BARE)
                        one.how.add(Use.DATA if use is Use.BARE else use)
                    else:
                        one.how |= {Use.BARE} if outside != name else set()
                        holes.setdefault(outside, {})[match.start()] = (match.end(), outside)
        for places in holes.values():
            take(found, line, text, places)

    @staticmethod
    def _quoted(code: str) -> bool:
        """Whether Task puts quotes around it; it does that with what follows “--” by itself."""
        return _QUOTED.fullmatch(code) is not None or code.strip() == f".{_ARGS}"

    def _through(self, name: str, variables: Mapping[str, _Variable], found: dict[str, Taken]) -> dict[str, None]:
        """The variables from outside that this one stands for, itself among them."""
        outside: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            one = waiting.pop(0)
            if one in seen or one in _OWN or inherited(one):
                continue
            seen.add(one)
            variable = variables.get(one)
            if variable is None or variable.default is not None:
                outside[one] = None
                continue
            inner = [other for match in _HOLE.finditer(variable.text) for other in _NAME.findall(match["code"])]
            if variable.by_shell and inner:
                self._in_text(variable.line, variable.text, variables, found, _SHELL)
            elif one in inner:
                outside[one] = None  # “{{.X | …}}”: it is what is given, changed
            else:
                waiting += inner
        return outside


def _required(node: Node) -> Iterator[tuple[str, Node]]:
    for one in node["requires"]["vars"]:
        name = one.text or one["name"].text
        if name:
            yield name, one


def _variable(name: str, node: Node) -> _Variable:
    if node.is_table:
        return _Variable(node["sh"].text, by_shell=True, line=node.line)
    match = _DEFAULT.fullmatch(node.text.strip())
    if match and name in (match["first"], match["last"]):
        return _Variable(node.text, (match["text"] or match["other"]).strip("\"'`"), line=node.line)
    return _Variable(node.text, line=node.line)


def _texts(node: Node) -> Iterator[tuple[int, str, str]]:
    """(line, text, who reads it)."""
    if node.text or node.is_list:
        yield from _commands(node)
        return
    for key in ("cmd", "cmds", "status"):
        yield from _commands(node[key])
    for one in node["preconditions"]:
        yield from _commands(one["sh"] if one.is_table else one)
    for value in node["env"].table.values():
        yield (value.line, value["sh"].text, _SHELL) if value.is_table else (value.line, value.text, _NOBODY)
    for key in ("dir", "prompt", "label"):
        yield node[key].line, node[key].text, _NOBODY
    for one in (*node["sources"], *node["generates"]):
        yield one.line, one.text, _NOBODY


def _commands(node: Node) -> Iterator[tuple[int, str, str]]:
    for one in node if node.is_list else [node]:
        if one.text:
            yield one.line, one.text, _SHELL
        for key in ("cmd", "defer"):
            if one[key].text:
                yield one[key].line, one[key].text, _SHELL


def _called(node: Node) -> Iterator[tuple[str, Mapping[str, Node]]]:
    """The tasks that it calls, and the variables that it hands to each."""
    for key in ("deps", "cmds"):
        for one in node[key]:
            call = one["defer"] if one["defer"].is_table else one
            name = call["task"].text or (one.text if key == "deps" else "")
            if name:
                yield name, call["vars"].table
