"""From a task and its inputs to what a supervisor starts. Nothing passes through a shell.

`{name}` in a command's argv item is filled in, and the item stays one argument whatever the value holds; `{{` and
`}}` stand for braces. A list becomes its values with commas between, so none of them may hold one. An input that is
passed by the environment and has no value is an empty variable, so that `set -u` has nothing to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pushbutton.errors import InvalidInputs

from .environment import inherited
from .event import Json
from .interpreter import module_command
from .param import Inputs, Param, ParamType
from .task import Command, CommandTarget, PythonTarget, ScriptTarget, Task

__all__ = ["BadTemplate", "build", "holes", "protected", "refusals", "variables"]

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PROTECTED = frozenset(
    {
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "HOME",
        "SHELL",
        "SHELLOPTS",
        "BASHOPTS",
        "BASH_FUNC",
        "CDPATH",
        "GLOBIGNORE",
        "PS4",
        "PROMPT_COMMAND",
        "ZDOTDIR",
        "NODE_OPTIONS",
        "RUBYOPT",
        "RUBYLIB",
        "PERL5LIB",
        "PERL5OPT",
        "PERL5DB",
        "JAVA_TOOL_OPTIONS",
        "GCONV_PATH",
        "TMPDIR",
        "USER",
        "LOGNAME",
    }
)
_PROTECTED_HEADS = ("LD_", "DYLD_", "PYTHON", "PUSHBUTTON_", "BASH_FUNC_", "GIT_", "_")


class BadTemplate(ValueError):
    """An argv item with braces that do not fit; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """One argv item with its values in it."""

    text: str
    empty: bool  # it had holes, and none of them has a value
    leads: str  # the name of the hole that it begins with


def build(task: Task, inputs: Inputs, *, python: str, secrets: Mapping[str, str] = MappingProxyType({})) -> Command:
    """The command of one run. A file's value must be the path at which the job finds it; `secrets` are the values of
    the task's named secrets, by name.

    Raises `InvalidInputs` with every value that begins with "-" where it could be taken for an option.
    """
    if wrong := refusals(task, inputs):
        raise InvalidInputs(wrong)
    argv: Sequence[str]
    payload, script, env = "", False, dict(task.env)
    match task.target:
        case PythonTarget(file=file, name=name):
            argv = module_command(python, "child", file, name)
            payload = json.dumps(inputs, ensure_ascii=True)
        case ScriptTarget(file=file, passing=passing, shebang=shebang):
            argv = (file, *_script_arguments(task, passing, inputs, {}))
            env |= _environment(task, inputs)
            script = bool(shebang)
        case CommandTarget(argv=items):
            argv = _command_arguments(task, items, inputs, {})
            env |= _environment(task, inputs)
    env |= {task.named_secrets[name]: value for name, value in secrets.items()}
    return Command(tuple(argv), task.cwd, env, payload, script, task.tty)


def refusals(task: Task, inputs: Inputs) -> dict[str, str]:
    """A sentence for each input that the command cannot take, also where other inputs are still missing."""
    wrong: dict[str, str] = {}
    match task.target:
        case ScriptTarget(passing=passing):
            _script_arguments(task, passing, inputs, wrong)
        case CommandTarget(argv=items):
            _command_arguments(task, items, inputs, wrong)
    if not isinstance(task.target, PythonTarget):
        wrong |= {name: _COMMA for name, value in inputs.items() if _not_apart(value)}
    return wrong


def variables(task: Task) -> dict[str, str]:
    """By param, the environment variable in which the job finds it; a secret always is in one."""
    elsewhere: set[str] = set()
    match task.target:
        case PythonTarget():
            return {}
        case ScriptTarget(passing=passing):
            elsewhere = {name for name, way in passing.items() if way != "env"}
        case CommandTarget(argv=items):
            elsewhere = {name for item in items for name in holes(item)}
    return {
        param.name: param.name.upper()
        for param in task.params
        if param.type is ParamType.SECRET or param.name not in elsewhere
    }


def holes(item: str) -> list[str]:
    """The names in an argv item, in order. Raises `BadTemplate`."""
    names = []
    for match in _PART.finditer(item):
        if match[0] in ("{", "}"):
            raise BadTemplate(f"“{item}” has a single “{match[0]}”; write it twice where a brace is meant.")
        if match[1] is not None:
            if not match[1].isidentifier():
                raise BadTemplate(
                    f"“{match[0]}” in “{item}” is no name of an input; write {{{{ where a brace is meant."
                )
            names.append(match[1])
    return names


def protected(variable: str) -> bool:
    """Whether an input may not set this environment variable, because programs act on it."""
    return variable in _PROTECTED or variable.startswith(_PROTECTED_HEADS)


def _command_arguments(task: Task, items: Sequence[str], inputs: Inputs, wrong: dict[str, str]) -> list[str]:
    """The items with values in them; what the command cannot take is added to `wrong`."""
    params = {param.name: param for param in task.params}
    argv: list[str] = []
    operands = False  # a "--" has been passed: whatever follows is no option
    for item in items:
        filled = _fill(item, inputs)
        for name in holes(item):
            if name in params and params[name].type is ParamType.SECRET:
                wrong[name] = "A secret cannot stand in a command line; the job finds it in its environment."
        if filled.empty:
            continue
        if filled.leads and not operands:
            _refuse_option(params.get(filled.leads), filled.leads, filled.text, wrong)
        operands = operands or item == "--"
        argv.append(filled.text)
    return argv


def _script_arguments(task: Task, passing: Mapping[str, str], inputs: Inputs, wrong: dict[str, str]) -> list[str]:
    options: list[str] = []
    operands: list[str] = []
    for param in task.params:
        value = inputs.get(param.name)
        way = "env" if param.type is ParamType.SECRET else passing.get(param.name, "env")
        if value is None or way == "env":
            continue
        if way == "argument":
            _refuse_option(param, param.name, _text(value), wrong)
            operands.append(_text(value))
        elif param.type is ParamType.BOOL:
            options += [f"--{_dashed(param.name)}"] if value else []
        else:
            options.append(f"--{_dashed(param.name)}={_text(value)}")
    return [*options, *operands]


def _environment(task: Task, inputs: Inputs) -> dict[str, str]:
    """The inputs that are passed no other way. One without a value is empty, unless the variable has one without it."""
    found = {}
    for name, variable in variables(task).items():
        value = inputs.get(name)
        if protected(variable):
            continue
        if value is not None:
            found[variable] = _text(value)
        elif variable not in task.env and not inherited(variable):
            found[variable] = ""
    return found


def _fill(item: str, inputs: Inputs) -> _Filled:
    names = holes(item)
    values = {name: _text(value) for name in names if (value := inputs.get(name)) is not None}
    text = _PART.sub(lambda match: values.get(match[1], "") if match[1] is not None else match[0][0], item)
    first = _PART.match(item)
    leads = first[1] if first and first[1] is not None else ""
    return _Filled(text, bool(names) and not values, leads)


def _refuse_option(param: Param | None, name: str, text: str, wrong: dict[str, str]) -> None:
    if text.startswith("-") and not (param and param.dash):
        wrong[name] = "Begin this with something other than “-”: the job would take it for an option."


_COMMA = "One of these holds a comma, and the job is given them with commas between: leave it out."


def _not_apart(value: Json) -> bool:
    """Whether nobody could take these values apart again."""
    return isinstance(value, list | tuple) and any("," in _text(item) for item in value)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(_text(item) for item in value)
    return str(value)
