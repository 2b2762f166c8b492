"""The findings in a folder, and the result of reading one file of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from pushbutton.domain.event import Json
from pushbutton.domain.inputs import bounds_fault, check, in_order, parse
from pushbutton.domain.messages import Channel, Rule
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.pattern import maybe
from pushbutton.domain.problem import Problem
from pushbutton.domain.schedule import Schedule, fault, is_zone
from pushbutton.domain.secret import Secret
from pushbutton.domain.slug import slug
from pushbutton.domain.task import Task
from pushbutton.domain.template import BadTemplate, holes
from pushbutton.errors import InvalidInputs
from pushbutton.job.kinds import nearest

__all__ = [
    "NOTHING",
    "Ask",
    "FileTasks",
    "Form",
    "Found",
    "broken",
    "digest",
    "faults",
    "slug_of",
]


class Form(StrEnum):
    SCRIPT = "script"  # an executable file
    PYTHON = "python"  # tasks are what `task` decorates, if it imports `task` at all
    NAMED = "named"  # a Python file that somebody named: what it calls as `__main__`, else every public function
    CONFIG = "config"  # pushbutton.yaml


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may hold tasks. Two with the same `stamp` are taken to have the same content."""

    path: Path  # absolute
    form: Form
    group: str = ""
    function: str = ""  # only this one of a named file
    stamp: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """The options that a configuration file gives once for many tasks."""

    env: Mapping[str, str] = field(default_factory=dict)  # of all tasks
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by heading, with the keys of `schema.GROUP`
    tell: tuple[Rule, ...] = ()  # of all tasks
    channels: tuple[Channel, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)  # by lock, how many runs hold it at once


NOTHING = Shared()


@dataclass(frozen=True, slots=True)
class Ask:
    """Of a script whose source may tell its form."""

    sha256: str  # of all that it holds; "": it is too long to say
    laid: Callable[[Mapping[str, Any]], FileTasks]  # the reading with what `describe.arguments` tells of these bytes


@dataclass(frozen=True, slots=True)
class FileTasks:
    """The tasks of one file. `whole` is set when the file as a whole is broken, so that nobody knows its tasks."""

    tasks: tuple[Task, ...] = ()
    problems: tuple[Problem, ...] = ()
    whole: Problem | None = None
    secrets: tuple[Secret, ...] = ()
    passed: str = ""  # why the file is no task, where it could be taken for one
    shared: Shared = NOTHING
    ask: Ask | None = field(default=None, compare=False)
    notes: tuple[str, ...] = ()  # what reading its source told, a sentence each

    @property
    def mistakes(self) -> tuple[Problem, ...]:
        """The mistakes to mend, those of the whole file first."""
        whole = (self.whole,) if self.whole else ()
        return (*whole, *(problem for problem in self.problems if not problem.warning))

    @property
    def all(self) -> tuple[Problem, ...]:
        """The mistakes to mend, and the doubts."""
        return (*self.mistakes, *(problem for problem in self.problems if problem.warning))


def slug_of(name: str) -> str:
    """A name as it stands in URLs: a-z, 0-9 and "-". A name without any such letter gets a short digest."""
    return slug(name) or f"task-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def broken(task: Task, problems: Iterable[Problem]) -> Task:
    """The task with these mistakes, besides those that it has."""
    reasons = [*task.broken.splitlines(), *(problem.reason for problem in problems)]
    return replace(task, broken="\n".join(dict.fromkeys(reasons)))


def faults(task: Task, doubted: Collection[str] = ()) -> list[tuple[str, str]]:
    """What does not fit together in a task, as far as that can be said at once: (the key that is wrong, a sentence)
    each. Of the inputs in `doubted` something is wrong already, so nothing is said that may follow from it.
    """
    doubted = set(doubted)
    found: list[tuple[str, str]] = []
    for param in task.params:
        for key, sentence in [] if param.name in doubted else _param_faults(param):
            found.append((f"params.{param.name}{key}", sentence))
            doubted.add(param.name)
    conditions = [  # only now: a “when” is compared with the bounds of other inputs
        (f"params.{param.name}.when", sentence)
        for param in task.params
        for sentence in _when_faults(param, task.params, doubted)
    ]
    found += conditions
    if not conditions and (endless := in_order(task.params)[1]):
        sentence = f"“{endless[0].name}” waits for itself: nobody could ever be asked."
        found.append((f"params.{endless[0].name}.when", sentence))
    kinds = [param.type for param in task.params if param.name == task.dry_run]
    if task.dry_run and task.dry_run not in doubted and ParamType.BOOL not in kinds:
        sentence = f"“dry_run” names “{task.dry_run}”, and there is no such input that is yes or no."
        found.append(("dry_run", sentence))
    found += _schedule_faults(task, doubted)
    found += _on_file_faults(task, doubted)
    found += _two_in_one(task)
    found += _secrets_in_the_way(task)
    found += _unknown_holes(task, {param.name for param in task.params} | doubted)
    return found


def _schedule_faults(task: Task, doubted: Collection[str]) -> Iterator[tuple[str, str]]:
    for schedule in task.schedules:
        if schedule.cron and (wrong := fault(schedule.cron)):
            yield (
                "schedules",
                f"“{schedule.cron}” is no line of cron ({wrong}): write it as “30 6 * * 1-5”.",
            )
        if schedule.zone and not is_zone(schedule.zone):
            yield "schedules", f"there is no time zone “{schedule.zone}”: write one such as Europe/Berlin."
        if secret := next((name for name in schedule.inputs if name in task.secrets), ""):
            yield "schedules", f"the secret input “{secret}” cannot stand in a schedule: give the task a named secret."
        elif not doubted:
            yield from _unfit_inputs(task, schedule)


def _unfit_inputs(task: Task, schedule: Schedule) -> Iterator[tuple[str, str]]:
    for name, sentence in _unfit(task, schedule.inputs):
        yield "schedules", f"the inputs of the schedule “{schedule.name}” do not fit: “{name}”: {sentence}"


def _unfit(task: Task, inputs: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """As far as that is known before choices are asked for."""
    asked = {param.name for param in task.params if param.choices_from or param.type is ParamType.FILE}
    for name, sentence in check(task.params, inputs, fits=maybe)[1].items():
        if name not in asked:
            yield name, sentence


def _on_file_faults(task: Task, doubted: Collection[str]) -> Iterator[tuple[str, str]]:
    rule = task.on_file
    if rule is None or doubted:
        return
    into = next((param for param in task.params if param.name == rule.input), None)
    if rule.input and into is None:
        yield "on_file", f"“on_file” names the input “{rule.input}”, and there is no such input."
    elif into and into.type is not ParamType.STR:
        yield "on_file", f"the input “{into.name}” cannot be the path of a file: let it be a text."
    elif secret := next((name for name in rule.inputs if name in task.secrets), ""):
        yield "on_file", f"the secret input “{secret}” cannot stand there: give the task a named secret."
    else:
        for name, sentence in _unfit(task, rule.inputs):
            if name != rule.input:
                yield "on_file", f"the inputs of “on_file” do not fit: “{name}”: {sentence}"


def _secrets_in_the_way(task: Task) -> Iterator[tuple[str, str]]:
    asked = [param.name.upper() for param in task.params] if task.target.as_text else []
    for name, variable in task.named_secrets.items():
        if variable in asked or variable in task.env:
            other = f"the input “{variable.lower()}”" if variable in asked else "“env”"
            yield "secrets", f"the secret “{name}” and {other} would both be ${variable}: give one another name."


def _unknown_holes(task: Task, names: Collection[str]) -> Iterator[tuple[str, str]]:
    for key in ("button", "confirm"):
        try:
            named = dict.fromkeys(holes(getattr(task, key)))
        except BadTemplate as error:
            yield key, str(error)
            continue
        for name in named:
            if name not in names:
                yield key, f"“{key}” names “{{{name}}}”, and there is no such input.{nearest(name, list(names))}"


def _two_in_one(task: Task) -> Iterator[tuple[str, str]]:
    """Inputs that the job could not tell apart, or not take apart."""
    taken: dict[str, str] = {}
    for name, variable in task.target.variables(task.params).items():
        if other := taken.get(variable):
            yield f"params.{name}", f"“{other}” and “{name}” would both be ${variable}: give one another name."
        taken[variable] = name
    several = [param for param in task.params if param.type is ParamType.CHOICES and task.target.as_text]
    for param in several:
        if param.name not in task.target.apart and any("," in str(choice.value) for choice in param.choices):
            said = f"a choice of “{param.name}” holds a comma, and the job is given several with commas between: "
            yield f"params.{param.name}.choices", f"{said}write it without, and put the comma into what is shown."


def _param_faults(param: Param) -> Iterator[tuple[str, str]]:
    """(".KEY" or "", a sentence) each."""
    key, sentence = bounds_fault(param)
    if sentence:
        yield f".{key}", sentence
        param = replace(param, min=None, max=None)
    try:
        if param.pattern:
            re.compile(param.pattern)
    except re.error as error:
        yield ".pattern", f"the pattern of “{param.name}” is wrong: {error}."
        param = replace(param, pattern="")
    if param.default is None:
        return
    try:
        parse([param], {param.name: param.default}, fits=maybe)
    except InvalidInputs as error:
        yield ".default", f"the default of “{param.name}” does not fit: {next(iter(error.fields.values()))}"


def _when_faults(param: Param, params: Sequence[Param], doubted: Collection[str]) -> Iterator[str]:
    known = {other.name: other for other in params if other.type not in (ParamType.SECRET, ParamType.FILE)}
    for name, wanted in param.when.items():
        if name in doubted:
            continue
        if name not in known:
            yield f"“when” of “{param.name}” names “{name}”, and there is no such input.{nearest(name, list(known))}"
            continue
        other = known[name]
        for value in wanted:
            try:
                given = {name: [value] if other.type is ParamType.CHOICES else value}
                parse([replace(other, when={})], given, fits=maybe)
            except InvalidInputs as error:
                yield f"“when” of “{param.name}” cannot be: {next(iter(error.fields.values()))}"
