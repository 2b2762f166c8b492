"""A task from the keys of a table: what `pushbutton.yaml` and the head of a script have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pushbutton.domain.command import BadTemplate, holes, protected
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.program import REMOTE, SHELLS, program_items
from pushbutton.domain.task import CommandTarget, ScriptTarget, Source, Target, Task
from pushbutton.job.kinds import nearest
from pushbutton.job.options import CONFIG, OPTIONS, SCRIPT
from pushbutton.job.title import title_of

from .built import beside, built
from .keys import PARAM, Place, Table
from .reading import faults
from .written import as_offered, bare

__all__ = ["Origin", "declare"]

_NUMBERS = (ParamType.INT, ParamType.FLOAT)
_KINDS = ("type", "choices", "choices_from")  # the keys that say what values an input has
_MOMENTS = (ParamType.DATE, ParamType.TIME, ParamType.DATETIME)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a task comes from, and what it is where its table says nothing."""

    path: Path
    slug: str
    name: str  # its title is made from it
    line: int = 1
    group: str = ""
    help: str = ""
    digest: str = ""
    shebang: str | None = None  # None: a command of a configuration file

    @property
    def form(self) -> str:
        return CONFIG if self.shebang is None else SCRIPT


def declare(origin: Origin, table: Any, at: Place, wrong: list[tuple[Place, str]]) -> Task:
    """The task; what is wrong with it is added to `wrong`, with its place."""
    keys = Table(OPTIONS, origin.form, wrong).read(table, at)
    passing: dict[str, str] = {}
    params = []
    for name, given in keys.get("params", {}).items():
        where = (*at, "params", name)
        values = Table(PARAM, origin.form, wrong).read({} if given is None else given, where)
        params.append(_param(str(name), values, where, wrong))
        passing[str(name)] = values.get("pass", "env")
    target: Target
    if origin.shebang is None:
        if "command" not in keys and not any(place[: len(at) + 1] == (*at, "command") for place, _ in wrong):
            wrong.append((at, "It has no “command”: a list with the program and its arguments."))
        target = CommandTarget(keys.get("command", ()))
        elsewhere = _check_command(target, params, (*at, "command"), wrong)
        if any(place[: len(at) + 1] == (*at, "command") for place, _ in wrong):
            elsewhere = set(passing)  # what it does not name may stand in what could not be read
    else:
        target = ScriptTarget(str(origin.path), passing, origin.shebang)
        elsewhere = {name for name, way in passing.items() if way != "env"}
    params = [_when_as_offered(param, params) for param in params]
    for param in params:
        _check_passing(param, passing[param.name], elsewhere, (*at, "params", param.name), wrong)
    bare = Task(
        slug=origin.slug,
        title=title_of(origin.name),
        target=target,
        source=Source(str(origin.path), origin.line),
        help=origin.help,
        group=origin.group,
        params=tuple(params),
        cwd=beside(origin.path, ""),
        digest=origin.digest,
    )
    task = built(bare, keys)
    if not any(place == (*at, "params") for place, _ in wrong):  # else nobody knows which inputs there are
        said = {place for place, _ in wrong}
        for key, sentence in faults(_naming(task, elsewhere), _doubted(at, said)):
            if (place := (*at, *key.split("."))) not in said:
                wrong.append((place, sentence[:1].upper() + sentence[1:]))
    return task


def _naming(task: Task, names: set[str]) -> Task:
    """A command as one that names these inputs, also where it could not be read."""
    if not isinstance(task.target, CommandTarget):
        return task
    known = (name for name in names if name.isascii() and name.isidentifier())
    return replace(task, target=CommandTarget(tuple(f"{{{name}}}" for name in known)))


def _doubted(at: Place, said: Collection[Place]) -> set[str]:
    """The inputs of which nobody knows what their values are."""
    inside = [place[len(at) + 1 :] for place in said if place[: len(at) + 1] == (*at, "params")]
    return {str(place[0]) for place in inside if len(place) == 1 or (place and place[1] in _KINDS)}


def _param(name: str, keys: Mapping[str, Any], at: Place, wrong: list[tuple[Place, str]]) -> Param:
    if any(place in [(*at, key) for key in _KINDS] for place, _ in wrong):
        return Param(name, ParamType.STR, required=False)  # of which nothing more can be said
    choices = tuple(Choice(*choice) for choice in keys.get("choices", ()))
    told = tuple(keys.get("choices_from", ()))
    kind = ParamType(keys.get("type", "choice" if choices or told else "str"))
    if not name.isascii() or not name.isidentifier():
        wrong.append((at, f"“{name}” cannot be the name of an input: use letters, digits and “_”."))
    if choices and told:
        wrong.append(((*at, "choices_from"), f"“{name}” has choices already: leave one of the two out."))
    if bool(choices or told) != (kind in (ParamType.CHOICE, ParamType.CHOICES)):
        if choices or told:
            key = "choices" if choices else "choices_from"
            wrong.append(((*at, key), f"“{name}” has choices, so its type must be choice or choices."))
        else:
            wrong.append((at, f"“{name}” has nothing to choose from: add “choices”."))
    for key, kinds in (
        ("min", (*_NUMBERS, *_MOMENTS)),
        ("max", (*_NUMBERS, *_MOMENTS)),
        ("min_length", (ParamType.STR, ParamType.SECRET, ParamType.CHOICES, ParamType.FILE)),
        ("max_length", (ParamType.STR, ParamType.SECRET, ParamType.CHOICES, ParamType.FILE)),
        ("pattern", (ParamType.STR, ParamType.SECRET)),
        ("pattern_text", (ParamType.STR, ParamType.SECRET)),
        ("multiline", (ParamType.STR, ParamType.SECRET)),
    ):
        if key in keys and kind not in kinds:
            wrong.append(((*at, key), f"“{name}” is {kind}, which can have no “{key}”."))
    right = "a number" if kind in _NUMBERS else "in quotes"
    wrong += [
        ((*at, key), f"“{key}” of “{name}” must be {right}.")
        for key in ("min", "max")
        if key in keys and isinstance(keys[key], str) == (kind in _NUMBERS)
    ]
    default = _default(keys.get("default"), kind, [choice.value for choice in choices])
    if kind is ParamType.STR and isinstance(default, bool | int | float):
        wrong.append(((*at, "default"), f"“default” of “{name}” must be text; put it in quotes."))
        default = None
    if kind in (ParamType.SECRET, ParamType.FILE) and default is not None:
        wrong.append(((*at, "default"), f"“{name}” is {kind}, which can have no default."))
        default = None
    if kind is ParamType.FLOAT and type(default) is int:
        default = float(default)
    return Param(
        name=name,
        type=kind,
        label=keys.get("label", ""),
        help=keys.get("help", ""),
        required=keys.get("required", default is None and kind is not ParamType.BOOL),
        default=False if kind is ParamType.BOOL and default is None else default,
        nullable=keys.get("required") is False and default is not None and kind is not ParamType.BOOL,
        choices=choices,
        choices_from=told,
        min=keys.get("min"),
        max=keys.get("max"),
        min_length=keys.get("min_length"),
        max_length=keys.get("max_length"),
        pattern=keys.get("pattern", ""),
        pattern_text=keys.get("pattern_text", ""),
        multiline=keys.get("multiline", False),
        dash=keys.get("dash", False),
        controls=keys.get("controls", False),
        when=keys.get("when", {}),
    )


def _default(given: Any, kind: ParamType, choices: list[Any]) -> Any:
    if kind is ParamType.CHOICES and isinstance(given, list):
        return [as_offered(one, choices) for one in given]
    return as_offered(given, choices) if kind is ParamType.CHOICE else bare(given)


def _when_as_offered(param: Param, params: list[Param]) -> Param:
    """With the values that its “when” names as the other inputs have them."""
    offered = {other.name: [choice.value for choice in other.choices] for other in params}
    when = {name: [as_offered(one, offered.get(name, [])) for one in wanted] for name, wanted in param.when.items()}
    return replace(param, when=when)


def _check_command(target: CommandTarget, params: list[Param], at: Place, wrong: list[tuple[Place, str]]) -> set[str]:
    """The inputs that the command names; each must exist, and none may be a secret."""
    names = {param.name: param for param in params}
    used: set[str] = set()
    programs = program_items(target.argv, _has_hole)
    for index, item in enumerate(target.argv):
        try:
            named = holes(item)
        except BadTemplate as error:
            wrong.append(((*at, index), str(error)))
            continue
        if index in programs:
            wrong.append(((*at, index), _program(named[0], programs[index])))
            continue
        for name in named:
            used.add(name)
            if name not in names:
                sentence = f"There is no input named “{name}”.{nearest(name, list(names))}"
                wrong.append(((*at, index), sentence))
            elif names[name].type is ParamType.SECRET:
                sentence = f"“{name}” is a secret, and everybody on the machine can read a command line: "
                wrong.append(((*at, index), f"{sentence}let the program read it from ${name.upper()}."))
    return used


def _has_hole(item: str) -> bool:
    try:
        return bool(holes(item))
    except BadTemplate:
        return False  # said of that item by itself


def _program(name: str, reader: str) -> str:
    """Why an input may not stand there, and where it may."""
    if reader in SHELLS:
        return (
            f"“{name}” would become part of a shell's program text: give it as an item of its own after that text "
            f"and a name, and write $1 there; or use ${name.upper()}."
        )
    if reader in REMOTE:
        return (
            f"“{name}” would become part of a shell's program text on the other side, for {reader} joins its words: "
            f"use the environment variable ${name.upper()} (SendEnv), or write a script that quotes it."
        )
    return (
        f"“{name}” would become part of a program that {reader} reads: use the environment variable "
        f"${name.upper()} there, or write a script."
    )


def _check_passing(param: Param, way: str, elsewhere: set[str], at: Place, wrong: list[tuple[Place, str]]) -> None:
    if param.type is ParamType.SECRET and way != "env":
        wrong.append(((*at, "pass"), f"“{param.name}” is a secret, so it can only be passed by “env”."))
    if param.name not in elsewhere and protected(param.name.upper()):
        sentence = f"“{param.name}” would set ${param.name.upper()}, which programs act on: give it another name"
        wrong.append((at, f"{sentence}, or pass it as an argument."))
