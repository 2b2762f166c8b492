"""A task from the keys of a table: what `pushbutton.yaml` and the head of a script have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pushbutton.describe.title import title_of
from pushbutton.domain.argument_text import protected
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.targets import IN_CONFIG, Arguments, ScriptTarget, Target, flat
from pushbutton.domain.task import Source, Task
from pushbutton.domain.ways import Way
from pushbutton.job.options import CONFIG, INPUTS, OPTIONS, SCRIPT

from .build import beside, built
from .correction import corrected
from .input_table import KINDS, input_of, when_as_offered
from .model import faults
from .schema import KeyPath, Table
from .script_form import ScriptForm
from .way_keys import clashes, implied, says_way, way_faults, way_of, with_subcommands

__all__ = ["Origin", "declare"]


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
    shebang: str | None = None  # None: it stands in a configuration file
    arguments: Arguments = Arguments.UNKNOWN
    command: str = ""  # the subcommand of the script that it is

    @property
    def title(self) -> str:
        title, command = title_of(self.name), title_of(self.command)
        inside = command[:1].lower() + command[1:] if command[1:2].islower() else command
        return f"{title}: {inside}" if self.command else title

    @property
    def form(self) -> str:
        return CONFIG if self.shebang is None else SCRIPT


def declare(
    origin: Origin, table: Any, at: KeyPath, wrong: list[tuple[KeyPath, str]], form: ScriptForm | None = None
) -> Task:
    """The task; what is wrong with it is added to `wrong`, with its place. `form`: what the script's source tells of
    its inputs, which the table corrects by their names, and adds to.
    """
    keys = Table(OPTIONS, origin.form, wrong).read(table, at)
    passing: dict[str, str | Way] = {}
    params: list[Param] = []
    standing = _standing(keys)
    for name, given in keys.get("params", {}).items():
        where = (*at, "params", name)
        values = Table(INPUTS, origin.form, wrong).read({} if given is None else given, where)
        if form and (name in form.names or not (says_way(values) or name in form.variables)):
            form = corrected(form, str(name), values, where, wrong)
            continue
        if "hide" in values:
            wrong.append(((*where, "hide"), f"“{name}” stands here only: leave it out instead of hiding it."))
        params.append(input_of(str(name), {**implied(values), **values}, where, wrong))
        doubtful = _wrong_below(where, wrong)
        amiss = [] if doubtful else list(way_faults(str(name), values, params[-1].type, standing=name in standing))
        wrong += [((*where, key), sentence) for key, sentence in amiss]
        way = way_of(values) if not amiss and not doubtful else None
        passing[str(name)] = way or values.get("pass", "env")
    params, passing = _in_line(params, passing, form, (*at, "params"), wrong)
    target, known = _target(origin, keys, params, passing, at, wrong, form)
    asked = [*(form.params if form else ()), *params]
    inputs = [when_as_offered(param, asked) for param in asked]
    for param in params:
        _check_passing(param, passing[param.name], known.elsewhere, (*at, "params", param.name), wrong)
    bare = Task(
        slug=origin.slug,
        title=origin.title,
        target=target,
        source=Source(str(origin.path), origin.line),
        help=origin.help,
        group=origin.group,
        params=tuple(inputs),
        cwd=beside(origin.path, ""),
        digest=origin.digest,
    )
    task = built(bare, keys)
    if not any(place == (*at, "params") for place, _ in wrong):  # else nobody knows which inputs there are
        said = {place for place, _ in wrong}
        for key, sentence in faults(replace(task, target=known), _doubted(at, said)):
            if (place := (*at, *key.split("."))) not in said:
                wrong.append((place, sentence[:1].upper() + sentence[1:]))
    return task


def _standing(keys: Mapping[str, Any]) -> set[str]:
    """The inputs that are items of a command."""
    return {item[1:-1] for item in flat(keys.get("command", ())) if item.startswith("{")}


def _wrong_below(where: KeyPath, wrong: Sequence[tuple[KeyPath, str]]) -> bool:
    return any(place[: len(where)] == where for place, _ in wrong)


def _in_line(
    params: Sequence[Param],
    passing: Mapping[str, str | Way],
    form: ScriptForm | None,
    at: KeyPath,
    wrong: list[tuple[KeyPath, str]],
) -> tuple[list[Param], dict[str, str | Way]]:
    """The inputs that stand here, with their places in one command line with those that were read."""
    read, ways = (form.params, form.passing) if form else ((), {})
    if any(place[: len(at)] == at for place, _ in wrong):
        return list(params), dict(passing)
    together = {**ways, **passing}
    wrong += [
        ((*at, name, key), sentence) for name, key, sentence in clashes((*read, *params), together) if name in passing
    ]
    commands, command = (form.commands, form.words) if form else ((), "")
    made, passed, amiss = with_subcommands((*read, *params), together, commands, command)
    wrong += [((*at, name, "under"), sentence) for name, sentence in amiss if name in passing]
    return [param for param in made if param.name in passing], {
        name: passed[name] for name in passing if name in passed
    }


def _target(
    origin: Origin,
    keys: Mapping[str, Any],
    params: Sequence[Param],
    passing: Mapping[str, str | Way],
    at: KeyPath,
    wrong: list[tuple[KeyPath, str]],
    form: ScriptForm | None,
) -> tuple[Target, Target]:
    """The target, and the same as far as anybody can know it: of what could not be read, it may name every input."""
    if origin.shebang is not None:
        script = ScriptTarget(str(origin.path), passing, origin.shebang, origin.arguments)
        script = form.target(script) if form else script  # with those that the table adds
        return script, script
    there = {*keys, *(place[len(at)] for place, _ in wrong if len(place) > len(at) and place[: len(at)] == at)}
    held = next((key for key in IN_CONFIG if key in there), "")
    if not held:
        wrong.append((at, "It has no “command”: a list with the program and its arguments."))
    target = IN_CONFIG[held or "command"](keys.get(held, ()))
    target = target.taking({name: way for name, way in passing.items() if isinstance(way, Way)})
    wrong += [((*at, *place), sentence) for place, sentence in target.faults(params)]
    unread = any(place[: len(at) + 1] == (*at, held) for place, _ in wrong)
    return target, target.naming(list(passing)) if unread else target


def _doubted(at: KeyPath, said: Collection[KeyPath]) -> set[str]:
    """The inputs of which nobody knows what their values are."""
    inside = [place[len(at) + 1 :] for place in said if place[: len(at) + 1] == (*at, "params")]
    return {str(place[0]) for place in inside if len(place) == 1 or (place and place[1] in KINDS)}


def _check_passing(
    param: Param, way: str | Way, elsewhere: Collection[str], at: KeyPath, wrong: list[tuple[KeyPath, str]]
) -> None:
    if param.type is ParamType.SECRET and way != "env":
        wrong.append(((*at, "pass"), f"“{param.name}” is a secret, so it can only be passed by “env”."))
    if param.name not in elsewhere and protected(param.name.upper()):
        sentence = f"“{param.name}” would set ${param.name.upper()}, which programs act on: give it another name"
        wrong.append((at, f"{sentence}, or pass it as an argument."))
