"""What was found in a folder, and what reading one file of it gave."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pushbutton.domain.command import BadTemplate, holes, variables
from pushbutton.domain.credentials import concealed
from pushbutton.domain.inputs import bounds_fault, in_order, parse
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.pattern import maybe
from pushbutton.domain.secret import Secret
from pushbutton.domain.task import PythonTarget, Task
from pushbutton.errors import InvalidInputs
from pushbutton.job.kinds import nearest

__all__ = [
    "NOTHING",
    "Form",
    "Found",
    "Problem",
    "Reading",
    "broken",
    "digest",
    "fault",
    "slug_of",
]


class Form(StrEnum):
    SCRIPT = "script"  # an executable file
    PYTHON = "python"  # tasks are what `task` decorates, if it imports `task` at all
    NAMED = "named"  # a Python file that somebody named: every public function may be a task
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
class Problem:
    """Line and column count from 1. A warning leaves the task usable. The sentence may quote what stands in the file,
    but nothing that lets somebody in.
    """

    file: str
    line: int
    column: int
    sentence: str
    warning: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", concealed(self.sentence))

    @property
    def reason(self) -> str:
        """As a broken task shows it."""
        return f"{Path(self.file).name} line {self.line}: {self.sentence}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{self.sentence}"


@dataclass(frozen=True, slots=True)
class Shared:
    """What a configuration file says once for many tasks."""

    env: Mapping[str, str] = field(default_factory=dict)  # of all tasks
    contacts: Mapping[str, str] = field(default_factory=dict)  # whom to ask, by the heading of the group


NOTHING = Shared()


@dataclass(frozen=True, slots=True)
class Reading:
    """The tasks of one file. `whole` is set when the file as a whole is broken, so that nobody knows its tasks."""

    tasks: tuple[Task, ...] = ()
    problems: tuple[Problem, ...] = ()
    whole: Problem | None = None
    secrets: tuple[Secret, ...] = ()
    passed: str = ""  # why the file is no task, where it could be taken for one
    shared: Shared = NOTHING


def slug_of(name: str) -> str:
    """A name as it stands in URLs: a-z, 0-9 and "-". A name without any such letter gets a short digest."""
    plain = (
        unicodedata.normalize("NFKD", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)).encode("ascii", "ignore").decode()
    )
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return slug[:80].strip("-") or f"task-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def broken(task: Task, problem: Problem) -> Task:
    return replace(task, broken=problem.reason)


def fault(task: Task) -> tuple[str, str]:
    """What does not fit together in a task: (the key that is wrong, a sentence), or ("", "")."""
    for param in task.params:
        key, sentence = bounds_fault(param)
        if sentence:
            return f"params.{param.name}.{key}", sentence
    for param in task.params:  # only now: a default and a “when” are compared with the bounds
        if sentence := _param_fault(param):
            return f"params.{param.name}", sentence
        if sentence := _when_fault(param, task.params):
            return f"params.{param.name}.when", sentence
    if endless := in_order(task.params)[1]:
        return f"params.{endless[0].name}.when", f"“{endless[0].name}” waits for itself: nobody could ever be asked."
    names = [param.name for param in task.params]
    if task.dry_run and ParamType.BOOL not in [param.type for param in task.params if param.name == task.dry_run]:
        return "dry_run", f"“dry_run” names “{task.dry_run}”, and there is no such input that is yes or no."
    if clash := _two_in_one(task):
        return clash
    asked = () if isinstance(task.target, PythonTarget) else [param.name.upper() for param in task.params]
    for name, variable in task.named_secrets.items():
        if variable in asked or variable in task.env:
            other = f"the input “{variable.lower()}”" if variable in asked else "“env”"
            return "secrets", f"the secret “{name}” and {other} would both be ${variable}: give one another name."
    for key in ("button", "confirm"):
        text = getattr(task, key)
        try:
            unknown = [name for name in holes(text) if name not in names]
        except BadTemplate as error:
            return key, str(error)
        if unknown:
            return key, f"“{key}” names “{{{unknown[0]}}}”, and there is no such input."
    return "", ""


def _two_in_one(task: Task) -> tuple[str, str] | None:
    """Inputs that the job could not tell apart, or not take apart."""
    taken: dict[str, str] = {}
    for name, variable in variables(task).items():
        if other := taken.get(variable):
            return f"params.{name}", f"“{other}” and “{name}” would both be ${variable}: give one another name."
        taken[variable] = name
    for param in () if isinstance(task.target, PythonTarget) else task.params:
        if param.type is ParamType.CHOICES and any("," in str(choice.value) for choice in param.choices):
            return f"params.{param.name}.choices", (
                f"a choice of “{param.name}” holds a comma, and the job is given several with commas between: "
                "write it without, and put the comma into what is shown."
            )
    return None


def _param_fault(param: Param) -> str:
    try:
        re.compile(param.pattern)
    except re.error as error:
        return f"the pattern of “{param.name}” is wrong: {error}."
    if param.default is None:
        return ""
    try:
        parse([param], {param.name: param.default}, fits=maybe)
    except InvalidInputs as error:
        return f"the default of “{param.name}” does not fit: {next(iter(error.fields.values()))}"
    return ""


def _when_fault(param: Param, params: Sequence[Param]) -> str:
    known = {other.name: other for other in params if other.type not in (ParamType.SECRET, ParamType.FILE)}
    for name, wanted in param.when.items():
        if name not in known:
            return f"“when” of “{param.name}” names “{name}”, and there is no such input.{nearest(name, list(known))}"
        other = known[name]
        for value in wanted:
            try:
                given = {name: [value] if other.type is ParamType.CHOICES else value}
                parse([replace(other, when={})], given, fits=maybe)
            except InvalidInputs as error:
                return f"“when” of “{param.name}” cannot be: {next(iter(error.fields.values()))}"
    return ""
